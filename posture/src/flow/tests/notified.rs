//! What is published when, and that it is marked only then.

use expect_test::expect;
use serde_json::Value;

use super::*;
use crate::events::OwnMessage;
use crate::model::setting::Setting;

/// Opens the bucket; it has a website, so it is left open, and that is reported.
fn website(world: &World) {
    world.bucket.change(|truth| {
        truth.set(&Setting::PublicAccessBlock(None));
        truth.website = Reading::Known(());
    });
}

#[test]
fn what_an_event_leaves_is_published_and_then_marked() {
    let world = World::new();
    website(world);
    let handled = world.handle(&[opened()]);
    assert_eq!(count(&handled, Metric::NotRemediated), 1);
    expect![[r#"
        [
            "marks known/reports/event",
            "publishes s3guard left a bucket as it is: reports",
            "marks reported/reports/public-access/it-is-a-website--so-public-access-was-left-open/2026-11-20",
        ]"#]]
    .assert_eq(&format!("{:#?}", world.journal()));
    // A sweep does not publish it again; it finds what the event has not touched.
    world.handle(&[task_for()]);
    expect![[r#"
        [
            "publishes s3guard partially protected reports",
            "marks reported/reports/tls/it-is-a-website--whose-endpoint-speaks-plain-http-only--so-plain-http-was-left-open/2026-11-20",
        ]"#]]
    .assert_eq(&format!("{:#?}", world.journal()));
}

#[test]
fn a_sweep_publishes_again_what_is_left_if_the_ledger_cannot_be_read() {
    let world = World::new();
    website(world);
    world.handle(&[task_for()]);
    let first = world.journal();
    assert!(first[0].starts_with("publishes"), "{first:?}");
    assert!(first[1..].iter().all(|line| line.starts_with("marks reported/")), "{first:?}");
    world.handle(&[task_for()]);
    assert!(world.journal().is_empty());
    world.with(|state| state.is_ledger_readable = false);
    let handled = world.handle(&[task_for()]);
    assert!(world.journal()[0].starts_with("publishes"));
    assert_eq!(count(&handled, Metric::NotRecorded), 1);
}

#[test]
fn what_cannot_be_published_goes_through_the_queue_or_the_message_fails_and_nothing_is_marked() {
    for body in [opened(), task_for()] {
        let world = World::new();
        website(world);
        world.with(|state| state.is_published = false);
        let handled = world.handle(std::slice::from_ref(&body));
        assert!(handled.failed.is_empty());
        let sent = world.outgoing.take().messages;
        assert_eq!((sent.len(), sent[0].delay_seconds), (1, 5));
        // The queue delivers it, until it is published.
        assert_eq!(world.handle(&[sent[0].body.clone()]).failed, [sent[0].body.clone()]);
        world.with(|state| state.is_published = true);
        assert!(world.handle(&[sent[0].body.clone()]).failed.is_empty());
        assert_eq!(world.outgoing.take().notifications.len(), 1);

        let world = World::new();
        website(world);
        world.with(|state| (state.is_published, state.is_queued) = (false, false));
        assert_eq!(world.handle(std::slice::from_ref(&body)).failed, [body]);
        let is_marked = world.journal().iter().any(|line| line.starts_with("marks reported/"));
        assert!(!is_marked);
    }
}

#[test]
fn a_message_that_is_no_notification_is_counted_and_fails() {
    let world = World::new();
    let body = OwnMessage::Publish(Value::Bool(true)).body();
    for body in [body, "{}".to_owned(), "no JSON".to_owned()] {
        let handled = world.handle(std::slice::from_ref(&body));
        assert_eq!((count(&handled, Metric::NotAnEvent), handled.failed), (1, vec![body]));
    }
}

#[test]
fn where_the_guard_stops_it_is_published_once_and_marked_behind_it() {
    let world = World::new();
    let name = world.bucket.truth().id.name;
    for minute in 0..40 {
        let time = NOON - time::Duration::minutes(minute);
        let kind = SettingKind::PublicAccessBlock;
        world.ledger.put(&RecordId { bucket: name.clone(), time, kind }.key());
    }
    world.bucket.change(|truth| truth.set(&Setting::PublicAccessBlock(None)));
    let handled = world.handle(&[opened()]);
    assert!(!world.is_closed() && count(&handled, Metric::Conflict) == 1);
    expect![[r#"
        [
            "marks known/reports/event",
            "publishes s3guard: conflict over reports with root",
            "marks buckets/reports/2026-11-20T12/stopped-public-access-block.json",
        ]"#]]
    .assert_eq(&format!("{:#?}", world.journal()));
    let handled = world.handle(&[opened()]);
    assert_eq!(count(&handled, Metric::Conflict), 1);
    assert_eq!(world.journal(), ["marks known/reports/event"], "it was published before");
}
