//! Conflicts, stacks that are not done, buckets that are gone, and the account's block.

use expect_test::expect;

use super::*;
use crate::Aspect;
use crate::events::{Again, OwnMessage};
use crate::reconcile::triage::STACK_ATTEMPTS_MAX;

/// An account whose bucket is open.
fn open() -> &'static World {
    let world = World::new();
    world.bucket.change(|truth| truth.set(&Setting::PublicAccessBlock(None)));
    world
}

#[test]
fn after_a_conflict_the_bucket_is_inspected_again() {
    let world = open();
    world.with(|state| state.writes_fail = vec![Failure::Conflict; 2]);
    let handled = world.handle(&[opened()]);
    assert_eq!((handled.failed, world.is_closed()), (vec![], true));
    assert_eq!(handled.tally.counts, [(Metric::Protected, 1)].into());
    expect![[r#"
        [
            "pauses",
            "pauses",
            "publishes s3guard reverted a weakening of reports",
            "writes state/reports.json, known by event",
        ]"#]]
    .assert_eq(&format!("{:#?}", world.journal()));
    let failed = world.with(|state| {
        state.records.values().filter(|record| record.state == State::Failed).count()
    });
    assert_eq!(failed, 2, "each write that failed has a record");
}

#[test]
fn without_time_for_another_round_the_message_comes_again() {
    let world = open();
    world.with(|state| state.writes_fail = vec![Failure::Conflict; 1]);
    let handled = world.run(&delivered(&[opened()], false), 20).unwrap();
    assert_eq!(handled.failed, [opened()]);
    assert_eq!(count(&handled, Metric::Failed), 1);
    assert!(!world.journal().contains(&"pauses".to_owned()));
}

#[test]
fn conflicts_without_end_are_left_after_six_rounds() {
    let world = open();
    world.with(|state| state.writes_fail = vec![Failure::Conflict; 100]);
    let handled = world.handle(&[opened()]);
    assert_eq!(handled.failed, [opened()]);
    let pauses = world.journal().iter().filter(|line| *line == "pauses").count();
    assert_eq!(pauses, 6);
}

#[test]
fn what_is_denied_is_final_and_any_other_failure_is_tried_again() {
    for (failure, is_final) in [(Failure::Denied, true), (Failure::Other, false)] {
        let world = open();
        world.with(|state| state.writes_fail = vec![failure; 1]);
        let handled = world.handle(&[opened()]);
        assert_eq!(handled.failed.is_empty(), is_final, "{failure}");
        assert_eq!(count(&handled, Metric::Failed), 1);
        let is_published = world.journal().iter().any(|line| line.starts_with("publishes"));
        assert_eq!(is_published, is_final, "{failure}");
    }
}

#[test]
fn a_bucket_that_is_not_found_is_retried_if_its_call_is_recent() {
    let world = World::new();
    world.with(|state| state.is_there = false);
    let handled = world.handle(&[opened()]);
    let sent = world.outgoing.take().messages;
    assert_eq!(sent, [Delayed { body: opened(), delay_seconds: 15 }]);
    assert!(handled.failed.is_empty() && handled.tally.counts.is_empty());
    let old = call("DeleteBucketPublicAccessBlock", NOON - time::Duration::HOUR, None);
    let handled = world.handle(&[old, task_for()]);
    assert!(handled.failed.is_empty() && world.outgoing.take().messages.is_empty());
    world.with(|state| (state.is_there, state.is_queued) = (false, false));
    assert_eq!(world.handle(&[opened()]).failed, [opened()], "the queue does not take it");
}

#[test]
fn what_waits_for_a_stack_is_sent_back_and_left_after_many_times() {
    let world = World::new();
    let made =
        call("CreateBucket", NOON - time::Duration::MINUTE, Some("cloudformation.amazonaws.com"));
    let handled = world.handle(std::slice::from_ref(&made));
    assert_eq!(count(&handled, Metric::Waiting), 1);
    let again = Again { body: made.clone(), attempt: 1 }.body();
    assert_eq!(world.outgoing.take().messages, [Delayed { body: again, delay_seconds: 15 }]);
    // From the second time on the stack itself is asked.
    world.bucket.change(|truth| {
        let tag = (crate::evaluate::assess::STACK_TAG.to_owned(), "stack".to_owned());
        truth.tags = Reading::Known([tag].into());
        truth.stack_in_progress = Reading::Known(true);
        truth.policy = Reading::Absent;
    });
    let last = Again { body: made, attempt: STACK_ATTEMPTS_MAX }.body();
    let handled = world.handle(&[last]);
    assert_eq!((count(&handled, Metric::Waiting), count(&handled, Metric::NotRemediated)), (1, 1));
    let sent = world.outgoing.take();
    assert!(sent.messages.is_empty() && handled.failed.is_empty());
    assert_eq!(sent.notifications.len(), 1, "that it is left is published");
    assert!(sent.notifications[0].text.contains(Aspect::Tls.words()));
}

#[test]
fn the_accounts_block_is_reconciled_as_a_bucket_is() {
    let world = World::new();
    let handled =
        world
            .handle(&[OwnMessage::Reconcile { bucket: BucketName::account(), known: None }.body()]);
    assert_eq!(
        (handled.failed, handled.tally.counts),
        (vec![], [(Metric::NotRemediated, 1)].into())
    );
    expect![[r#"
        [
            "publishes s3guard left as it is: the account's public access block",
            "writes state/.account.json, notified of account-public-access",
        ]"#]]
    .assert_eq(&format!("{:#?}", world.journal()));
    world.handle(&[OwnMessage::Reconcile { bucket: BucketName::account(), known: None }.body()]);
    assert!(world.journal().is_empty(), "it was reported");
}
