//! Many events through the simulated queue, with all kinds of failures.

use std::collections::BTreeSet;

use time::Duration;

use super::once;
use super::simulated::{Message, NOON, Queue, Topic, World};
use crate::digest::window::EVENTS_MAX;

const EVENTS: usize = 50_000;
/// The messages of a batch.
const A_BATCH: usize = 4_000;
/// How long events arrive, in seconds.
const COMING: i64 = 120;

/// Numbers that are the same in each run.
struct Numbers(u64);

impl Numbers {
    /// A number below this one.
    fn below(&mut self, end: u64) -> u64 {
        // Knuth's MMIX generator; its high bits are the best.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn seconds(&mut self, end: i64) -> Duration {
        Duration::seconds(i64::try_from(self.below(end.unsigned_abs())).unwrap())
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            let other = usize::try_from(self.below(at as u64 + 1)).unwrap();
            items.swap(at, other);
        }
    }
}

/// Delivers what is due in batches; the function may be terminated after so many calls.
fn run(queue: &mut Queue<'_>, second: i64, mut batch: impl FnMut() -> (usize, Option<u32>)) {
    queue.now = NOON + Duration::seconds(second);
    // It waits until a batch is full, or a third of a window has passed.
    while second % 20 == 0
        && let (messages, dies) = batch()
        && let messages = queue.receive(messages)
        && !messages.is_empty()
    {
        queue.invoke(messages, dies);
    }
    if second % 900 == 0 {
        queue.tick();
    }
}

#[test]
fn of_fifty_thousand_events_each_is_published_once_or_is_in_the_dlq() {
    let world = World::new();
    let mut queue = Queue::new(&world);
    let mut numbers = Numbers(4);
    let mut messages = Vec::new();
    for number in 0..EVENTS {
        let time = NOON + numbers.seconds(COMING);
        let message = Message::event(number, time);
        messages.push((time + numbers.seconds(3), message));
        // One of ten is delivered twice.
        if numbers.below(10) == 0 {
            messages.push((time + numbers.seconds(100), message));
        }
    }
    numbers.shuffle(&mut messages);
    for (at, message) in messages {
        queue.later(at, message);
    }
    let all = once(EVENTS);
    for second in 0..=6_000 {
        world.set_topic(match second {
            60..400 => Topic::Throttled,
            700..1_000 => Topic::Missing,
            _ => Topic::There,
        });
        // In the first half hour most functions are terminated before they have done anything.
        run(&mut queue, second, || {
            let dies = second < 1_800 && numbers.below(8) > 0;
            let calls = u32::try_from(numbers.below(2) * numbers.below(5)).unwrap();
            let messages = usize::try_from(numbers.below(A_BATCH as u64)).unwrap() + 1;
            (messages, dies.then_some(calls))
        });
        if second == 3_600 {
            let (published, dead) = (world.published(), queue.dead());
            assert!(published.values().all(|times| *times == 1), "published twice");
            let untold: BTreeSet<String> =
                all.keys().filter(|key| !published.contains_key(*key)).cloned().collect();
            assert!(untold.len() > 1_000 && untold.is_subset(&dead), "{} untold", untold.len());
            // The batch of a function that was terminated after putting it still counts and is not published again.
            assert!(dead.len() > untold.len(), "{} dead", dead.len());
            queue.redrive();
        }
    }
    assert!(queue.is_empty());
    assert!(world.published() == all, "not each once");
    let notifications = world.events_of_notifications();
    assert!(
        notifications.len() > 10 && notifications.iter().all(|events| *events <= EVENTS_MAX),
        "{notifications:?}"
    );
}

#[test]
fn more_events_than_a_digest_may_have_are_several_digests() {
    let mut world = World::new();
    world.a_notification = 1;
    let mut queue = Queue::new(&world);
    for number in 0..EVENTS_MAX + A_BATCH {
        queue.later(NOON, Message::event(number, NOON));
    }
    for second in 0..=60 {
        run(&mut queue, second, || (A_BATCH, None));
    }
    assert!(queue.is_empty());
    assert!(world.published() == once(EVENTS_MAX + A_BATCH), "not each once");
    let notifications = world.events_of_notifications();
    assert!(
        notifications.len() > 1 && notifications.iter().all(|events| *events <= EVENTS_MAX),
        "{notifications:?}"
    );
}
