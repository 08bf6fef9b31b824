//! A run that is killed at any of its calls, before its effect or after it, is made good by the next delivery.

use std::collections::BTreeSet;

use super::*;
use crate::model::setting::Setting;
use crate::reconcile::memory::Step;

/// A batch, and the account that it finds.
struct Scenario {
    name: &'static str,
    bodies: Vec<String>,
    prepare: fn(&World),
    /// What the notifications that are needed begin with.
    needed: &'static [&'static str],
    /// Whether the guard is to close the bucket.
    closes: bool,
}

fn scenarios() -> Vec<Scenario> {
    let open = |world: &World| {
        world.bucket.change(|truth| truth.set(&Setting::PublicAccessBlock(None)));
    };
    vec![
        Scenario {
            name: "an event of a bucket without any setting",
            bodies: vec![opened(), task_for()],
            prepare: open,
            needed: &["s3guard"],
            closes: true,
        },
        Scenario {
            name: "an event of a bucket that stays open",
            bodies: vec![opened()],
            prepare: |world| {
                world.bucket.change(|truth| truth.public_access_block = Reading::Denied);
            },
            needed: &["HIGH: bucket reports: not everything could be read"],
            closes: false,
        },
        Scenario {
            name: "a sweep, conflicts included",
            bodies: vec![task_for()],
            prepare: |world| {
                world.bucket.change(|truth| truth.set(&Setting::PublicAccessBlock(None)));
                world.with(|state| state.writes_fail = vec![Failure::Conflict; 2]);
            },
            // A known limit: the next delivery finds the bucket right, and nothing says that a run before it has written.
            // Then only the ledger's records do.
            needed: &[],
            closes: true,
        },
        Scenario {
            name: "a gap in the coverage",
            bodies: vec![scheduled()],
            prepare: World::was_swept,
            needed: &["s3guard received no event about a bucket"],
            closes: true,
        },
        Scenario {
            name: "the guard stops",
            bodies: vec![opened()],
            prepare: |world| {
                world.was_written(SettingKind::PublicAccessBlock);
                world.bucket.change(|truth| truth.set(&Setting::PublicAccessBlock(None)));
            },
            needed: &["s3guard: conflict over reports with root"],
            closes: true,
        },
    ]
}

/// The subject and the text, in one line.
fn whole(notification: &Notification) -> String {
    let all = format!("{} {}", notification.subject, notification.text);
    all.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Delivers messages, and those that are sent or fail, until none is left. Gives all notifications.
fn until_done(world: &'static World, bodies: &[String], mut is_again: bool) -> Vec<String> {
    let mut notifications = Vec::new();
    let mut bodies = bodies.to_vec();
    for _ in 0..8 {
        let handled = world.run(&delivered(&bodies, is_again), 300).unwrap();
        let sent = world.outgoing.take();
        notifications.extend(sent.notifications.iter().map(whole));
        bodies = handled.failed;
        // What waits for the end of a conflict comes later than all of this.
        let messages = sent.messages.into_iter().map(|message| message.body);
        bodies.extend(messages.filter(|body| !body.contains("afterConflict")));
        if bodies.is_empty() {
            return notifications;
        }
        is_again = false;
        world.with(|state| state.now += time::Duration::MINUTE);
    }
    panic!("it does not end: {bodies:?}")
}

/// Nothing is noted as reported before something was published.
fn check_notes(scenario: &Scenario, journal: &[String]) {
    let mut is_published = false;
    for line in journal {
        let is_note = line.contains(", notified") || line.contains("known by gap");
        is_published |= line.starts_with("publishes");
        assert!(is_published || !is_note, "{}: {journal:#?}", scenario.name);
    }
}

/// Kills a run at one of its points and has its messages delivered again. Gives whether there is such a point.
fn kill_at(scenario: &Scenario, point: usize, is_published: bool) -> bool {
    let world = World::new();
    (scenario.prepare)(world);
    world.with(|state| (state.killed_at, state.is_published) = (point, is_published));
    let first = world.run(&delivered(&scenario.bodies, false), 300);
    world.with(|state| (state.killed_at, state.is_published) = (usize::MAX, true));
    // The queue keeps what the killed run has sent to it.
    let sent = world.outgoing.take();
    let mut notifications: BTreeSet<String> = sent.notifications.iter().map(whole).collect();
    let queued: Vec<String> = sent.messages.into_iter().map(|message| message.body).collect();
    let mut bodies = match &first {
        None => scenario.bodies.clone(),
        Some(handled) => handled.failed.clone(),
    };
    bodies.extend(queued);
    world.with(|state| state.now += time::Duration::MINUTE);
    notifications.extend(until_done(world, &bodies, true));
    let context = format!("{}, killed at point {point}: {notifications:#?}", scenario.name);
    check_notes(scenario, &world.journal());
    for needed in scenario.needed {
        assert!(notifications.iter().any(|one| one.starts_with(needed)), "{context}");
    }
    assert_eq!(world.is_closed(), scenario.closes, "{context}");
    // The words of a protection that was switched off.
    let is_left = |text: &String| text.contains("what it was before is not known");
    assert!(!scenario.closes || !notifications.iter().any(is_left), "{context}");
    let records = world.with(|state| std::mem::take(&mut state.records));
    let is_record_needed = scenario.closes && scenario.needed.is_empty();
    assert!(!is_record_needed || !records.is_empty(), "{context}");
    let begun = records.values().filter(|record| record.state == State::Begun).count();
    assert!(begun <= usize::from(first.is_none()), "{context}: {records:#?}");
    let truth = world.bucket.truth();
    for record in records.values().filter(|record| record.state == State::Verified) {
        let id: RecordId = record.id.parse().unwrap();
        assert!(world.ledger.keys().contains(&id.key()), "{context}");
        let now = truth.setting(record.setting);
        assert_eq!(now, Some(record.to.clone()), "{context}");
    }
    // A sweep makes good what no event has touched; after it another writes nothing, and publishes nothing.
    until_done(world, &[task_for()], false);
    world.bucket.take_steps();
    assert!(until_done(world, &[task_for()], false).is_empty(), "{context}");
    let is_write = |step: &Step| matches!(step, Step::Wrote(_));
    assert!(!world.bucket.take_steps().iter().any(is_write), "{context}");
    first.is_none()
}

#[test]
#[expect(clippy::print_stdout, reason = "how many points there are is what the test shows")]
fn a_run_that_is_killed_at_any_point_is_made_good_by_the_next_delivery() {
    for scenario in scenarios() {
        for is_published in [true, false] {
            let points = (0..1_000_usize)
                .take_while(|point| kill_at(&scenario, *point, is_published))
                .count();
            assert!(points > 5, "{}", scenario.name);
            let how = if is_published { "published" } else { "not published" };
            println!("{}, {how}: killed at each of {points} await points", scenario.name);
        }
    }
}
