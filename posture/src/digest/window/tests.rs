use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use futures_util::FutureExt as _;
use proptest::prelude::*;

use super::*;
use crate::BucketName;

mod forged;
mod load;
mod sightings;
mod simulated;

use simulated::{Message, NOON, Queue, Topic, World, event};

/// Delivers events with faults and returns how often each was published; the DLQ is redriven at the end.
fn deliver(
    events: usize,
    deliveries: &[(usize, i64)],
    deaths: &[Option<u32>],
    a_batch: usize,
    topic_comes_after: i64,
) -> BTreeMap<String, usize> {
    let world = World::new();
    let mut queue = Queue::new(&world);
    for number in 0..events {
        queue.later(NOON, Message::event(number, NOON));
    }
    for (number, seconds) in deliveries {
        let at = NOON + Duration::seconds(*seconds);
        queue.later(at, Message::event(number % events, NOON));
    }
    let mut deaths = deaths.iter().copied();
    for second in 0..5_000 {
        queue.now = NOON + Duration::seconds(second);
        world.set_topic(if second < topic_comes_after { Topic::Missing } else { Topic::There });
        while let batch = queue.receive(a_batch)
            && !batch.is_empty()
        {
            queue.invoke(batch, deaths.next().flatten());
        }
        if second % 900 == 0 {
            queue.tick();
        }
        if second == 4_000 {
            queue.redrive();
        }
    }
    assert!(queue.is_empty());
    world.published()
}

fn once(events: usize) -> BTreeMap<String, usize> {
    (0..events).map(|number| (format!("key-{number}"), 1)).collect()
}

#[test]
fn wherever_a_function_is_terminated_each_event_is_published_once() {
    for first in 0..16 {
        for second in 0..16 {
            let deaths = [None, Some(first), Some(second)];
            assert_eq!(deliver(9, &[], &deaths, 4, 0), once(9), "{first}, {second}");
        }
    }
}

#[test]
fn events_delivered_twice_and_shuffled_are_published_once_in_one_notification() {
    let mut world = World::new();
    world.a_notification = 1;
    let batch = |name, numbers: &[usize]| {
        world.store.set_time(NOON + Duration::seconds(i64::from(name != "z")));
        let events = numbers.iter().map(|number| event(*number)).collect();
        let batch = Batch { name, events, alarming: 0 };
        world.gather().put(&batch, NOON).now_or_never().unwrap().unwrap()
    };
    assert!(batch("z", &[3, 1, 2, 1]).is_first);
    let second = batch("b", &[2, 3, 0]);
    assert!(!second.is_first);
    assert_eq!(second.events, 7);
    let gather = world.gather();
    let published = gather.close(Close::One(second.window), NOON + Duration::MINUTE).now_or_never();
    let published = published.unwrap().unwrap();
    assert_eq!(published, Published { events: 4, notifications: 1, ..Published::default() });
    assert_eq!(world.published(), once(4));
}

#[test]
fn what_comes_while_a_window_is_closed_counts_in_the_next_one() {
    let world = World::new();
    let put = |name, number| {
        let batch = Batch { name, events: vec![event(number)], alarming: 0 };
        world.gather().put(&batch, NOON).now_or_never().unwrap().unwrap()
    };
    let first = put("a", 0).window;
    let close =
        |window| world.gather().close(Close::One(window), NOON).now_or_never().unwrap().unwrap();
    assert_eq!(close(first).events, 1);
    let second = put("b", 1);
    assert_eq!((second.window.generation(), second.is_first), (1, true));
    // Its part is also in the closed window, where it does not count.
    assert_eq!(close(first), Published::default());
    assert_eq!(close(second.window).events, 1);
    assert_eq!(world.published(), once(2));
}

#[test]
fn whenever_a_window_is_closed_concurrently_each_event_is_published_once() {
    for calls in 0..30 {
        let world = World::new();
        world.closed_after.store(calls, Ordering::Relaxed);
        let batch = |name, numbers: std::ops::Range<usize>| {
            let batch = Batch { name, events: numbers.map(event).collect(), alarming: 0 };
            world.gather().put(&batch, NOON).now_or_never().unwrap().unwrap();
        };
        batch("a", 0..3);
        batch("b", 2..6);
        let close = |now| world.gather().close(Close::All, now).now_or_never().unwrap().unwrap();
        close(NOON + Duration::MINUTE);
        batch("c", 5..9);
        close(NOON + Duration::MINUTE + LEASE);
        assert_eq!(world.published(), once(9), "closed after {calls} calls");
    }
}

#[test]
fn a_topic_that_is_missing_for_a_while_gets_everything_later() {
    for back in [30, 600, 1_700] {
        assert_eq!(deliver(9, &[(3, 70), (4, 310)], &[], 4, back), once(9), "{back}");
    }
}

#[test]
fn what_is_redriven_days_later_is_not_published_again() {
    let world = World::new();
    for (name, days) in [("a", 0), ("b", 1), ("c", 13)] {
        let now = NOON + Duration::days(days);
        let batch = Batch { name, events: vec![event(0)], alarming: 0 };
        world.gather().put(&batch, now).now_or_never().unwrap().unwrap();
        let published = world.gather().close(Close::All, now).now_or_never().unwrap().unwrap();
        assert_eq!(published.events, usize::from(days == 0), "{days}");
    }
    assert_eq!(world.published(), once(1));
}

#[test]
fn old_windows_are_published_only_with_all() {
    let world = World::new();
    let batch = Batch { name: "a", events: vec![event(0)], alarming: 0 };
    world.gather().put(&batch, NOON).now_or_never().unwrap().unwrap();
    let close = |which, now| world.gather().close(which, now).now_or_never().unwrap().unwrap();
    assert_eq!(close(Close::Ended, NOON + Duration::seconds(59)), Published::default());
    assert_eq!(close(Close::Ended, NOON + Duration::days(3)), Published::default());
    assert_eq!(close(Close::All, NOON + Duration::days(3)).events, 1);
}

#[test]
fn because_of_which_buckets_a_window_was_closed_early_is_known_to_the_next() {
    let world = World::new();
    let bucket: BucketName = "reports".parse().unwrap();
    for times in 0..3 {
        let batch = Batch { name: "a", events: vec![event(times)], alarming: 0 };
        let window = world.gather().put(&batch, NOON).now_or_never().unwrap().unwrap().window;
        let before = world.gather().alerted_before(window).now_or_never().unwrap().unwrap();
        assert_eq!(before.get(&bucket).copied().unwrap_or_default() as usize, times);
        world
            .gather()
            .alert(window, std::slice::from_ref(&bucket), NOON)
            .now_or_never()
            .unwrap()
            .unwrap();
    }
    assert_eq!(world.published(), once(3));
}

proptest! {
    #[test]
    fn whatever_fails_each_event_is_published_once(
        events in 1_usize..40,
        deliveries in prop::collection::vec((0_usize..40, 0_i64..50), 0..20),
        deaths in prop::collection::vec(prop::option::of(0_u32..14), 0..30),
        a_batch in 1_usize..12,
        topic in 0_i64..1_000,
    ) {
        let published = deliver(events, &deliveries, &deaths, a_batch, topic);
        prop_assert_eq!(published, once(events));
    }
}
