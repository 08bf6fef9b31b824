//! Attacks of the threat model without the defence against them: each succeeds, and is reported by nothing else.

use serde_json::Value as Json;

use super::breaker::{OTHER, ROBOT, conflicts, deletes_policy, has_policy};
use super::flood::{LOUD, by};
use super::refused::{later, unreadable};
use super::*;
use crate::events::OwnMessage;
use crate::reconcile::triage::{Message, Task, triage};

/// A bucket whose policy denies the reads of the guard's role, and the call that did it.
fn hides(world: &'static World) -> Handled {
    world.handle(&[task_for()]);
    world.outgoing.take();
    unreadable(world, Cause::BucketPolicy);
    let mut put: Json = serde_json::from_str(&call("PutBucketPolicy", world.now(), None)).unwrap();
    put["detail"]["requestParameters"]["bucketPolicy"] = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Deny", "Principal": { "AWS": ROLE }, "Action": "s3:GetBucket*",
                        "Resource": "arn:aws:s3:::reports" }],
    });
    world.handle(&[put.to_string()])
}

#[test]
fn h3_a_guard_that_does_not_judge_what_it_cannot_read_is_blinded_in_silence() {
    let world = World::new();
    assert_eq!(count(&hides(world), Metric::Blinded), 1);
    assert_eq!(world.outgoing.take().notifications.len(), 1, "with the defence");
    // Without it: no aspect is judged.
    let world = World::new();
    world.with(|state| state.config = Some(r#"{"mode":"off"}"#));
    assert_eq!(count(&hides(world), Metric::Blinded), 0);
    assert_eq!(world.outgoing.take().notifications, []);
}

#[test]
fn m2_without_the_names_of_the_callers_the_conflict_of_one_lets_another_in() {
    let guarded = |principal: Option<&str>| {
        let world = World::new();
        world.handle(&[task_for()]);
        later(world, time::Duration::minutes(61));
        let writes = (1..=20).map(|minute| Write {
            time: world.now() - time::Duration::minutes(minute),
            setting: SettingKind::Policy,
            principal: principal.map(str::to_owned),
        });
        world.update_state(&Update { writes: writes.collect(), ..Update::new(world.now()) });
        world.outgoing.take();
        deletes_policy(world, OTHER);
        has_policy(world)
    };
    assert!(guarded(Some(ROBOT)), "with the defence");
    assert!(!guarded(None), "each counts for all");
}

#[test]
fn m2_without_the_message_about_its_end_the_bucket_stays_as_the_conflict_left_it() {
    let world = World::new();
    world.handle(&[task_for()]);
    later(world, time::Duration::minutes(61));
    for _ in 0..21 {
        deletes_policy(world, ROBOT);
    }
    assert_eq!(conflicts(world).len(), 1);
    let body = OwnMessage::AfterConflict { bucket: world.id().name }.body();
    let until = world.state().unwrap().stopped_until(world.now()).unwrap();
    // The message is lost.
    later(world, until - world.now());
    later(world, time::Duration::hours(1));
    assert!(!has_policy(world) && world.outgoing.take().notifications.is_empty());
    world.handle(&[body]);
    assert!(has_policy(world), "with the defence");
}

#[test]
fn m6_without_the_names_of_the_callers_a_flood_comes_first_and_is_not_reported() {
    let account = "111122223333".parse().unwrap();
    let bodies: Vec<String> =
        (0..10).map(|n| by(LOUD, if n == 9 { "zzz" } else { "aaa" }, n)).collect();
    let later = NOON + time::Duration::MINUTE;
    let messages = bodies.iter().map(|body| Message {
        id: body.clone(),
        is_again: false,
        read: crate::events::read(body, &account, later).unwrap(),
    });
    let tasks = triage(messages.collect(), later, 15);
    let last = tasks.iter().rev().find_map(|task| match &task.task {
        Task::Reconcile(task) => Some(task.bucket.to_string()),
        Task::Later { .. }
        | Task::Sweep(_)
        | Task::Digest(_)
        | Task::Tick(_)
        | Task::Nothing { .. } => None,
    });
    assert_eq!(last.as_deref(), Some("zzz"), "all have one caller: the order of names");
    // A process that counts nothing for long: each batch has a new one.
    let world = World::new();
    world.with(|state| state.now = later);
    for from in (0..400).step_by(10) {
        let batch: Vec<String> =
            (from..from + 10).map(|number| by(LOUD, "reports", number)).collect();
        assert!(world.handle(&batch).failed.is_empty());
    }
    let all = world.outgoing.take().notifications;
    assert!(!all.iter().any(|one| one.subject.contains("calls on buckets")), "{all:#?}");
}
