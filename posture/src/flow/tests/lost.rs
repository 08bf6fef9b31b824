//! What was switched off is reported whatever happens to the run, the state, and the bucket.

use super::fallen::{published, ransom, sets, suspended, versioned};
use super::*;
use crate::evaluate::downgrade::Fall;
use crate::events::OwnMessage;
use crate::model::protection::Protection;
use crate::model::setting::{Expiry, ExpiryOf, Lifecycle, Scope, Versioning};
use crate::model::severity::Severity;
use crate::reconcile::protections::KnownFall;

type Reports = Vec<(Severity, String)>;

fn is_critical(reports: &Reports) -> bool {
    reports.iter().any(|(severity, _)| *severity == Severity::Critical)
}

fn says(reports: &Reports, words: &str) -> bool {
    reports.iter().any(|(_, text)| text.contains(words))
}

fn at(world: &World, seconds: i64) {
    world.with(|state| state.now = NOON + time::Duration::seconds(seconds));
}

fn suspend(world: &World) {
    let versioning = Versioning { enabled: false, mfa_delete: true };
    world.bucket.change(|truth| truth.versioning = Reading::Known(versioning));
}

fn no_logs() -> String {
    sets("PutBucketLogging", 64, &json!({ "BucketLoggingStatus": { "xmlns": "x" } }))
}

fn export() -> String {
    let to = json!({ "AccountId": "444455556666", "Bucket": "arn:aws:s3:::collector" });
    let inventory = json!({ "Id": "all", "Destination": { "S3BucketDestination": to } });
    let parameters = json!({ "InventoryConfiguration": inventory });
    sets("PutBucketInventoryConfiguration", 63, &parameters)
}

/// A bucket whose switched off protections have raised the alarm.
fn alarmed() -> &'static World {
    let world = versioned();
    at(world, 180);
    let [encryption, versions, _, lifecycle, ..] = ransom();
    assert!(is_critical(&published(world, &[encryption, versions, lifecycle])));
    world
}

/// The reports of a batch whose first write fails once, and of the next delivery.
fn retried(world: &'static World, bodies: &[String]) -> Reports {
    world.with(|state| state.writes_fail = vec![Failure::Other]);
    let mut reports = Reports::new();
    for is_again in [false, true] {
        let handled = world.run(&delivered(bodies, is_again), 300).unwrap();
        assert_eq!(handled.failed.is_empty(), is_again);
        let sent = world.outgoing.take().notifications.into_iter();
        reports.extend(sent.map(|one| (one.document.severity, one.text)));
    }
    reports
}

#[test]
fn a_write_that_fails_once_loses_no_downgrade_of_the_batch() {
    let world = versioned();
    world.bucket.change(|truth| truth.public_access_block = Reading::Absent);
    suspend(world);
    let bodies = [suspended(0), sets("DeleteBucketPublicAccessBlock", 1, &json!({}))];
    let reports = retried(world, &bodies);
    assert!(says(&reports, "versioning is suspended, was enabled"), "{reports:#?}");
}

#[test]
fn a_write_that_fails_once_loses_no_alarm() {
    let world = versioned();
    at(world, 180);
    world.bucket.change(|truth| truth.public_access_block = Reading::Absent);
    let reports = retried(world, &ransom());
    assert!(is_critical(&reports), "{reports:#?}");
}

#[test]
fn a_repeated_remediation_hides_nothing_else() {
    let world = versioned();
    let mut third = Reports::new();
    for n in 1..=3 {
        world.bucket.change(|truth| truth.policy = Reading::Absent);
        let seconds = 7_200 + n * 60;
        at(world, seconds + 30);
        let mut bodies = vec![sets("DeleteBucketPolicy", seconds, &json!({}))];
        if n == 3 {
            suspend(world);
            bodies.extend([suspended(seconds + 1), export()]);
        }
        third = published(world, &bodies);
    }
    assert!(says(&third, "versioning is suspended, was enabled"), "{third:#?}");
    assert!(says(&third, "444455556666"), "{third:#?}");
}

#[test]
fn what_was_switched_off_before_a_bucket_was_deleted_is_reported() {
    let deleted = sets("DeleteBucket", 100, &json!({}));
    let mut bodies = ransom().to_vec();
    bodies.push(export());
    // The event of the deletion is in the batch, or comes later.
    for (now, batches) in [
        (180, vec![[bodies.clone(), vec![deleted.clone()]].concat()]),
        (300, vec![bodies, vec![deleted]]),
    ] {
        let world = versioned();
        world.with(|state| state.is_there = false);
        at(world, now);
        let reports: Reports = batches.iter().flat_map(|bodies| published(world, bodies)).collect();
        assert!(is_critical(&reports), "{reports:#?}");
        assert!(says(&reports, "444455556666"), "{reports:#?}");
        assert_eq!(reports.len(), 1, "{reports:#?}");
        let is_seen = now == 180;
        assert_eq!(says(&reports, "The same principal then deleted the bucket"), is_seen);
        assert_eq!(says(&reports, "The bucket does not exist any more."), !is_seen);
        assert!(!says(&reports, "Then look for objects"), "{reports:#?}");
    }
}

#[test]
fn the_end_of_a_bucket_is_no_downgrade() {
    let world = versioned();
    world.with(|state| state.is_there = false);
    at(world, 180);
    let bodies = [suspended(0), no_logs(), sets("DeleteBucket", 100, &json!({}))];
    let reports = published(world, &bodies);
    assert!(reports.is_empty(), "{reports:#?}");
}

#[test]
fn what_only_an_event_shows_is_not_left_to_the_summary() {
    let world = alarmed();
    let reports = published(world, &[no_logs(), export()]);
    assert!(says(&reports, "444455556666"), "{reports:#?}");
}

#[test]
fn what_the_state_does_not_keep_is_reported_at_once() {
    let world = alarmed();
    world.with(|state| state.state_writes_fail = vec![Lost::Request]);
    let reports = published(world, &[no_logs()]);
    assert!(says(&reports, "access is not logged"), "{reports:#?}");
}

#[test]
fn the_summary_names_the_calls() {
    let world = alarmed();
    world.ledger_calls();
    assert!(published(world, &[no_logs()]).is_empty());
    // It is noted once.
    let writes = world.ledger_calls().into_iter().filter(|call| call.starts_with("writes state/"));
    assert_eq!(writes.count(), 1);
    let reports = published(world, &[task_for()]);
    assert!(says(&reports, "access is not logged"), "{reports:#?}");
    assert!(says(&reports, "(PutBucketLogging at 2026-11-20 12:01:04 UTC)"), "{reports:#?}");
    assert!(!says(&reports, "found by the sweep"), "{reports:#?}");
}

#[test]
fn what_waits_for_the_summary_outlives_the_bucket() {
    let deleted = || vec![sets("DeleteBucket", 100, &json!({}))];
    for later in [vec![vec![task_for()], deleted()], vec![deleted()]] {
        let world = alarmed();
        assert!(published(world, &[no_logs()]).is_empty());
        world.with(|state| state.is_there = false);
        let reports: Reports = later.iter().flat_map(|bodies| published(world, bodies)).collect();
        assert!(says(&reports, "access is not logged"), "{reports:#?}");
    }
}

#[test]
fn the_alarm_of_a_bucket_is_raised_if_two_functions_have_seen_parts_of_it() {
    let world = versioned();
    at(world, 180);
    let fall = |protection, seconds| KnownFall {
        fall: Fall {
            time: NOON + time::Duration::seconds(seconds),
            protection,
            principal: "arn:aws:iam::111122223333:role/Support".to_owned(),
            event_id: Some(format!("e-{seconds}")),
            was_on: true,
        },
        words: "x".to_owned(),
        notified: true,
        said: false,
    };
    let mut update = Update::new(NOON + time::Duration::minutes(3));
    update.protections.falls = vec![fall(Protection::SseC, 0), fall(Protection::AccessLogs, 5)];
    world.with(|state| state.written_by_another = vec![update]);
    assert!(world.handle(&[suspended(20)]).failed.is_empty());
    let sent = world.outgoing.take();
    let again = OwnMessage::Reconcile { bucket: world.id().name, known: None }.body();
    let queued: Vec<String> = sent.messages.into_iter().map(|message| message.body).collect();
    assert_eq!(queued, [again]);
    let reports = published(world, &queued);
    assert!(is_critical(&reports), "{reports:#?}");
    // Once.
    assert!(published(world, &queued).is_empty());
}

#[test]
fn many_lifecycle_rules_are_compared_by_the_first_that_deletes() {
    let world = versioned();
    world.handle(&[task_for()]);
    let rules = |days| {
        let rule = |n| Expiry {
            scope: Scope { prefix: format!("data/team-{n:04}/incoming/"), ..Scope::default() },
            ..Expiry::after(ExpiryOf::Objects, days)
        };
        Reading::Known(Lifecycle::new((0..400).map(rule)))
    };
    let swept = |hours: i64, days| {
        world.bucket.change(|truth| truth.lifecycle = rules(days));
        at(world, hours * 3_600);
        published(world, &[task_for()])
    };
    swept(6, 90);
    for hours in [12, 18, 24] {
        let reports = swept(hours, 90);
        assert!(reports.is_empty(), "{reports:#?}");
    }
    let reports = swept(30, 60);
    let words = "objects are deleted sooner: the first of many rules after 60 days, was the first of many rules after 90 days";
    assert!(says(&reports, words), "{reports:#?}");
}

#[test]
fn an_alarm_that_could_not_be_published_is_raised_by_the_next_attempt() {
    let world = versioned();
    at(world, 180);
    let [encryption, versions, _, lifecycle, ..] = ransom();
    world.with(|state| state.is_published = false);
    let bodies = [encryption, versions, lifecycle];
    assert!(!world.handle(&bodies).failed.is_empty());
    world.outgoing.take();
    world.with(|state| state.is_published = true);
    assert!(is_critical(&published(world, &bodies)));
}
