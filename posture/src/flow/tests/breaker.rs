//! A conflict: it is counted by principal, never leaves a bucket open, and ends with a reconciliation.

use serde_json::Value as Json;

use super::refused::later;
use super::*;
use crate::events::OwnMessage;

pub(super) const ROBOT: &str = "arn:aws:iam::111122223333:role/robot";
pub(super) const OTHER: &str = "arn:aws:iam::111122223333:role/other";

/// The message of a call that a session of this role has made.
fn by(role: &str, name: &str, at: OffsetDateTime) -> String {
    let mut message: Json = serde_json::from_str(&call(name, at, None)).unwrap();
    message["detail"]["userIdentity"] = json!({
        "type": "AssumedRole",
        "arn": format!("{}/{}", role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/"), at.unix_timestamp()),
        "sessionContext": { "sessionIssuer": { "type": "Role", "arn": role } },
    });
    message.to_string()
}

/// This role opens the bucket, a minute later.
fn opens(world: &'static World, role: &str) -> Handled {
    later(world, time::Duration::MINUTE);
    world.bucket.change(|truth| truth.set(&Setting::PublicAccessBlock(None)));
    world.handle(&[by(role, "DeleteBucketPublicAccessBlock", world.now())])
}

/// This role deletes the policy, a minute later.
pub(super) fn deletes_policy(world: &'static World, role: &str) -> Handled {
    later(world, time::Duration::MINUTE);
    world.bucket.change(|truth| truth.set(&Setting::Policy(None)));
    world.handle(&[by(role, "DeleteBucketPolicy", world.now())])
}

pub(super) fn has_policy(world: &World) -> bool {
    world.bucket.truth().policy.known().is_some()
}

pub(super) fn conflicts(world: &World) -> Vec<Notification> {
    let all = world.outgoing.take().notifications;
    all.into_iter().filter(|one| one.subject.contains("conflict")).collect()
}

/// A bucket that is as wanted.
fn bucket() -> &'static World {
    let world = World::new();
    world.with(|state| state.config = Some(r#"{"aspects":{"tls":"enforce"}}"#));
    world.handle(&[task_for()]);
    world.outgoing.take();
    // What was set then is not counted any more.
    later(world, time::Duration::minutes(61));
    world
}

#[test]
fn m2_no_number_of_calls_buys_a_minute_in_which_the_bucket_is_open() {
    let world = bucket();
    let mut reported = 0;
    for times in 1..=60 {
        let handled = opens(world, ROBOT);
        assert!(world.is_closed(), "after {times} times");
        assert_eq!(count(&handled, Metric::Conflict), usize::from(times > 20), "{times}");
        let sent = world.outgoing.take().notifications;
        let conflicts = sent.iter().filter(|one| one.subject.contains("conflict"));
        for conflict in conflicts {
            reported += 1;
            assert_eq!(times, 21, "the last write closes, then the alarm");
            let text = conflict.text.replace("\n    ", " ");
            assert!(conflict.subject.contains("reports"), "{}", conflict.subject);
            assert!(text.contains("robot") && text.contains("closes it each time"), "{text}");
        }
        assert!(times <= 21 || sent.is_empty(), "the conflict was reported: {sent:?}");
    }
    assert_eq!(reported, 1);
}

#[test]
fn m2_the_conflict_of_one_principal_does_not_use_up_the_count_of_another() {
    let world = bucket();
    for _ in 0..20 {
        deletes_policy(world, ROBOT);
        assert!(has_policy(world));
    }
    deletes_policy(world, ROBOT);
    assert!(!has_policy(world), "without another principal the guard stops");
    assert_eq!(conflicts(world).len(), 1);
    deletes_policy(world, OTHER);
    assert!(has_policy(world), "what another one weakens is reverted");
    // A new session of the same role is no new principal.
    deletes_policy(world, ROBOT);
    assert!(!has_policy(world));
    assert_eq!(conflicts(world), []);
    let by = &world.state().unwrap().stops[&SettingKind::Policy];
    assert_eq!(by.iter().map(|stop| stop.by.as_deref()).collect::<Vec<_>>(), [Some(ROBOT)]);
}

#[test]
fn m2_many_principals_together_have_an_end_too() {
    let world = bucket();
    let roles: Vec<String> = (0..12).map(|one| format!("{ROBOT}-{one}")).collect();
    let mut written = 0;
    for _ in 0..15 {
        for role in &roles {
            later(world, time::Duration::SECOND * 5);
            world.bucket.change(|truth| truth.set(&Setting::Policy(None)));
            world.handle(&[by(role, "DeleteBucketPolicy", world.now())]);
            written += usize::from(has_policy(world));
        }
    }
    assert_eq!(written, 100);
}

#[test]
fn m2_the_bucket_is_reconciled_when_the_conflict_is_over() {
    let world = bucket();
    for _ in 0..21 {
        deletes_policy(world, ROBOT);
    }
    let body = OwnMessage::AfterConflict { bucket: world.id().name }.body();
    let sent = world.outgoing.take().messages;
    let mut message = sent.into_iter().find(|message| message.body == body).unwrap();
    let until = world.state().unwrap().stopped_until(world.now()).unwrap();
    let mut hops = 0;
    while world.now() < until {
        assert!(!has_policy(world) && hops < 9);
        later(world, time::Duration::seconds(message.delay_seconds.into()));
        let handled = world.handle(&[message.body.clone()]);
        assert!(handled.failed.is_empty());
        hops += 1;
        let Some(next) = world.outgoing.take().messages.into_iter().next() else { break };
        message = next;
    }
    assert!(has_policy(world) && world.now() == until, "at the end, not hours later");
    assert!(hops > 1);
    assert_eq!(world.outgoing.take().messages, [], "and then it is over");
}

#[test]
fn m2_the_sweep_names_who_keeps_changing_it() {
    let world = bucket();
    let writes = (1..=20).map(|minute| Write {
        time: world.now() - time::Duration::minutes(minute),
        setting: SettingKind::Policy,
        principal: Some(ROBOT.to_owned()),
    });
    world.update_state(&Update { writes: writes.collect(), ..Update::new(world.now()) });
    world.bucket.change(|truth| truth.set(&Setting::Policy(None)));
    world.handle(&[task_for()]);
    let conflicts = conflicts(world);
    assert_eq!(conflicts.len(), 1);
    assert!(conflicts[0].text.contains("robot"), "{}", conflicts[0].text);
}

#[test]
fn m2_a_conflict_that_could_not_be_reported_is_reported_by_the_next_attempt() {
    let world = bucket();
    for _ in 0..20 {
        opens(world, ROBOT);
    }
    assert_eq!(conflicts(world), []);
    later(world, time::Duration::MINUTE);
    world.bucket.change(|truth| truth.set(&Setting::PublicAccessBlock(None)));
    let body = [by(ROBOT, "DeleteBucketPublicAccessBlock", world.now())];
    world.with(|state| state.is_published = false);
    assert_eq!(world.handle(&body).failed, body);
    assert!(world.is_closed());
    world.with(|state| state.is_published = true);
    assert!(world.run(&delivered(&body, true), 300).unwrap().failed.is_empty());
    let reported = conflicts(world);
    assert_eq!(reported.len(), 1);
    assert!(reported[0].text.contains("robot"), "{}", reported[0].text);
}
