//! What is published when, and that the state says so only then.

use expect_test::expect;

use super::*;
use crate::Aspect;
use crate::model::setting::Setting;
use crate::reconcile::memory::Step;

/// Denies the read of the block, so it is left, and that is reported.
fn hide(world: &World) {
    world.bucket.change(|truth| truth.public_access_block = Reading::Denied);
}

/// Opens the bucket, and the guard closes it.
fn open(world: &World) {
    world.bucket.change(|truth| truth.set(&Setting::PublicAccessBlock(None)));
}

fn published(world: &World) -> Vec<Notification> {
    world.outgoing.take().notifications
}

#[test]
fn what_an_event_leaves_is_published_and_then_noted() {
    let world = World::new();
    hide(world);
    let handled = world.handle(&[opened()]);
    assert_eq!(count(&handled, Metric::NotRemediated), 1);
    expect![[r#"
        [
            "publishes HIGH: bucket reports: not everything could be read (`s3:GetBucketPublicAccessBlock` is denied), so…",
            "writes state/reports.json, known by event, notified of public-access",
        ]"#]]
    .assert_eq(&format!("{:#?}", world.journal()));
    // A sweep does not publish it again; it finds what the event has not touched.
    world.handle(&[task_for()]);
    expect![[r#"
        [
            "publishes s3guard partially protected reports",
            "writes state/reports.json, known by event, notified of public-access, notified of notifications",
        ]"#]]
    .assert_eq(&format!("{:#?}", world.journal()));
    world.handle(&[task_for()]);
    assert!(world.journal().is_empty(), "nothing has changed");
    world.with(|state| state.now += time::Duration::days(30));
    world.handle(&[task_for()]);
    assert!(world.journal()[0].starts_with("publishes"), "after thirty days");
}

#[test]
fn a_sweep_publishes_again_what_is_left_if_the_ledger_cannot_be_read() {
    let world = World::new();
    hide(world);
    world.handle(&[task_for()]);
    assert!(world.journal()[0].starts_with("publishes"));
    world.handle(&[task_for()]);
    assert!(world.journal().is_empty());
    world.with(|state| state.is_ledger_readable = false);
    let handled = world.handle(&[task_for()]);
    let journal = world.journal();
    assert!(journal.len() == 1 && journal[0].starts_with("publishes"), "{journal:?}");
    assert!(count(&handled, Metric::LedgerNotReadable) > 0);
}

#[test]
fn what_cannot_be_published_is_noted_as_data_and_published_with_the_next_delivery() {
    for bodies in [[opened()], [task_for()]] {
        let world = World::new();
        open(world);
        world.with(|state| state.is_published = false);
        assert_eq!(world.handle(&bodies).failed, bodies);
        assert!(world.is_closed(), "the bucket is protected all the same");
        let sent = world.outgoing.take();
        assert!(sent.messages.is_empty() && sent.notifications.is_empty());
        let records = world.with(|state| state.records.keys().cloned().collect::<Vec<_>>());
        let unreported: Vec<String> = world.state().unwrap().unreported.into_iter().collect();
        assert_eq!(unreported, records);
        // It fails again, and nothing is lost.
        assert_eq!(world.run(&delivered(&bodies, true), 300).unwrap().failed, bodies);
        world.with(|state| state.is_published = true);
        world.bucket.take_steps();
        assert!(world.run(&delivered(&bodies, true), 300).unwrap().failed.is_empty());
        let notifications = published(world);
        assert_eq!(notifications.len(), 1);
        assert!(notifications[0].text.contains(&records[0]), "{}", notifications[0].text);
        assert!(!notifications[0].text.contains("what it was before"), "{}", notifications[0].text);
        assert!(world.state().unwrap().unreported.is_empty());
        let is_write = |step: &Step| matches!(step, Step::Wrote(_));
        assert!(!world.bucket.take_steps().iter().any(is_write));
    }
}

#[test]
fn writes_that_were_not_reported_are_reported_with_their_own_calls() {
    let world = World::new();
    open(world);
    world.with(|state| state.is_published = false);
    world.handle(&[opened()]);
    world.with(|state| state.is_published = true);
    let other = call("PutBucketVersioning", NOON, None);
    assert!(world.handle(&[other]).failed.is_empty());
    let notifications = published(world);
    assert_eq!(notifications.len(), 1);
    let text = &notifications[0].text;
    assert!(
        text.contains("DeleteBucketPublicAccessBlock") && !text.contains("PutBucketVersioning"),
        "{text}"
    );
    assert!(world.state().unwrap().unreported.is_empty());
}

#[test]
fn what_is_left_and_cannot_be_published_is_open_and_not_notified() {
    for body in [opened(), task_for()] {
        let world = World::new();
        hide(world);
        world.with(|state| state.is_published = false);
        assert_eq!(world.handle(std::slice::from_ref(&body)).failed, [body]);
        let findings = world.state().unwrap().findings;
        assert!(!findings.is_empty() && findings.iter().all(|one| one.notified.is_none()));
        world.with(|state| state.is_published = true);
        world.handle(&[task_for()]);
        assert_eq!(published(world).len(), 1);
        assert!(world.state().unwrap().findings.iter().all(|one| one.notified.is_some()));
    }
}

#[test]
fn a_finding_that_is_gone_is_closed() {
    let world = World::new();
    hide(world);
    world.handle(&[opened(), task_for()]);
    assert!(!world.state().unwrap().findings.is_empty());
    open(world);
    world.handle(&[opened(), task_for()]);
    assert!(world.is_closed());
    let findings = world.state().unwrap().findings;
    assert!(!findings.iter().any(|one| one.aspect == Aspect::PublicAccess), "{findings:#?}");
}

#[test]
fn a_message_that_is_no_event_is_counted_and_fails() {
    let world = World::new();
    // There is no message that has a text published.
    let publish = json!({ "s3guard": { "publish": { "subject": "a text" } } }).to_string();
    for body in [publish, "{}".to_owned(), "no JSON".to_owned()] {
        let handled = world.handle(std::slice::from_ref(&body));
        assert_eq!((count(&handled, Metric::NotAnEvent), handled.failed), (1, vec![body]));
        assert!(published(world).is_empty());
    }
}

#[test]
fn where_the_guard_stops_it_is_published_once_and_noted_behind_it() {
    let world = World::new();
    world.was_written(SettingKind::Policy);
    world.bucket.change(|truth| truth.set(&Setting::Policy(None)));
    let opened = || call("DeleteBucketPolicy", NOON - time::Duration::MINUTE, None);
    world.with(|state| state.is_published = false);
    assert_eq!(world.handle(&[opened()]).failed, [opened()]);
    assert!(!world.state().unwrap().stops[&SettingKind::Policy][0].notified);
    world.with(|state| state.is_published = true);
    world.journal();
    let handled = world.handle(&[opened()]);
    assert_eq!(world.bucket.truth().policy, Reading::Absent);
    assert_eq!(count(&handled, Metric::Conflict), 1);
    expect![[r#"
        [
            "sends s3guard:{after in 900 s",
            "publishes s3guard: conflict over reports with root",
            "writes state/reports.json, known by event, notified of the stop of policy",
        ]"#]]
    .assert_eq(&format!("{:#?}", world.journal()));
    let handled = world.handle(&[opened()]);
    assert_eq!(count(&handled, Metric::Conflict), 1);
    assert!(world.journal().is_empty(), "it was published before, and nothing has changed");
}
