//! The order of events and reconciliations.

use s3guard_posture::Grade;
use serde_json::{Value as Json, json};
use time::format_description::well_known::Rfc3339;

use crate::operations::replay::replayed::Delivery;
use crate::operations::replay::tests::{Replayed, parse, replayed, run, scene};
use crate::operations::replay::{ReplayOutcome, Scene};

fn call(name: &str, time: &str, parameters: Json) -> Json {
    let mut parameters = parameters;
    parameters["bucketName"] = json!("reports");
    json!({
        "eventVersion": "1.11",
        "eventName": name,
        "eventSource": "s3.amazonaws.com",
        "eventTime": time,
        "awsRegion": "eu-west-1",
        "recipientAccountId": "111122223333",
        "userIdentity": { "type": "Root", "arn": "arn:aws:iam::111122223333:root" },
        "requestParameters": parameters,
    })
}

fn off() -> Json {
    json!({ "PublicAccessBlockConfiguration": { "BlockPublicAcls": false } })
}

fn summary(replayed: &Replayed) -> (Vec<&str>, Vec<&str>) {
    let times = replayed.reconciliations.iter().map(|one| one.time.as_str()).collect();
    let calls = replayed
        .reconciliations
        .iter()
        .flat_map(|one| &one.writes)
        .map(|called| called.call)
        .collect();
    (times, calls)
}

#[test]
fn changes_during_the_settle_time_are_seen_after_it() {
    let events = json!([
        call("CreateBucket", "2026-11-20T12:00:00Z", json!({})),
        call("DeleteBucketWebsite", "2026-11-20T12:00:05Z", json!({})),
        call("PutBucketPublicAccessBlock", "2026-11-20T12:00:16Z", off()),
    ]);
    let replayed = replayed(&events.to_string(), Grade::Speed);
    assert_eq!(replayed[0].settles_seconds, Some(15));
    let new = vec!["PutBucketPolicy", "PutBucketNotificationConfiguration"];
    assert_eq!(summary(&replayed[0]), (vec!["2026-11-20T12:00:15Z"], new));
    let block = vec!["PutPublicAccessBlock"];
    assert_eq!(summary(&replayed[2]), (vec!["2026-11-20T12:00:16Z"], block));
}

#[test]
fn events_are_replayed_in_the_order_of_their_times() {
    let events = json!([
        call("PutBucketPublicAccessBlock", "2026-11-20T12:00:09+02:00", off()),
        call("DeleteBucketPolicy", "2026-11-20T09:00:00Z", json!({})),
    ]);
    let replayed = replayed(&events.to_string(), Grade::Speed);
    assert_eq!(replayed[0].place, "[1]");
    assert_eq!((replayed[1].number, replayed[1].place.as_str()), (2, "[0]"));
}

#[test]
fn a_bucket_that_was_deleted_and_made_again_is_new() {
    let events = json!([
        call("PutBucketWebsite", "2026-11-20T12:00:00Z", json!({})),
        call("DeleteBucket", "2026-11-20T12:01:00Z", json!({})),
        call("CreateBucket", "2026-11-20T12:02:00Z", json!({})),
    ]);
    let replayed = replayed(&events.to_string(), Grade::Speed);
    assert!(replayed[0].reconciliations[0].writes.is_empty());
    assert_eq!(replayed[2].reconciliations[0].writes.len(), 2);
}

#[test]
fn a_guard_gets_only_events_of_its_region_and_account() {
    let event = call("DeleteBucketPolicy", "2026-11-20T12:00:00Z", json!({})).to_string();
    let here = scene(Grade::Speed);
    let check = |scene: Scene, reason: &str| {
        let replayed = run(&parse(event.as_bytes()).unwrap(), &scene).remove(0);
        assert_eq!(replayed.delivery, Delivery::NotDelivered { reason: reason.to_owned() });
        assert!(
            matches!(replayed.outcome, ReplayOutcome::Ignored { .. }) && replayed.task.is_none()
        );
    };
    let elsewhere = Scene { region: Some("us-east-1".parse().unwrap()), ..here };
    check(elsewhere, "it belongs to eu-west-1, the guard is in us-east-1");
    let other = Scene { account: "444455556666".parse().unwrap(), ..scene(Grade::Speed) };
    check(other, "it belongs to account 111122223333, the guard is in 444455556666");
}

#[test]
fn a_delay_beyond_the_last_date_is_ignored() {
    let event = call("CreateBucket", "9999-12-31T23:59:59Z", json!({})).to_string();
    let replayed = replayed(&event, Grade::Speed).remove(0);
    assert!(matches!(replayed.outcome, ReplayOutcome::Ignored { .. }), "{replayed:?}");
}

#[test]
fn an_event_without_a_time_is_replayed_now() {
    let replayed =
        replayed(r#"{"s3guard":{"reconcile":{"bucket":"reports"}}}"#, Grade::Speed).remove(0);
    assert_eq!(replayed.task, Some("reconcile"));
    let now = scene(Grade::Speed).now.format(&Rfc3339).unwrap();
    assert_eq!(replayed.reconciliations[0].time, now);
}
