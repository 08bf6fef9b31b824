use time::macros::datetime;

use super::*;

const NOON: OffsetDateTime = datetime!(2026-11-20 12:00:00 UTC);

fn message(id: &str) -> Message {
    Message::new(id, &format!("body of {id}"))
}

fn changed(id: &str, bucket: &str, event_name: &str, age_milliseconds: i64) -> (Message, Request) {
    let call = Call {
        event_name: event_name.to_owned(),
        time: NOON - time::Duration::milliseconds(age_milliseconds),
        principal: "somebody".to_owned(),
    };
    let region = "eu-west-1".parse().unwrap();
    (message(id), Request::Changed(Changed { bucket: bucket.parse().unwrap(), region, call }))
}

/// One line for each task, in words.
fn sorted(requests: Vec<(Message, Request)>) -> Vec<String> {
    let words = |task: TaskOf| {
        let what = match task.task {
            Task::Look(Look { bucket, trigger: Trigger::Calls(calls), .. }) => {
                let names: Vec<String> = calls.into_iter().map(|call| call.event_name).collect();
                format!("look at {bucket} for {}", names.join("+"))
            }
            Task::Look(Look { bucket, trigger: Trigger::Sweep, .. }) => format!("look at {bucket}"),
            Task::Later { body, delay_seconds } => format!("{body} in {delay_seconds} s"),
            Task::Sweep { continuation } => format!("sweep from {continuation:?}"),
            Task::Tell(notice) => format!("tell {}", notice.subject),
            Task::Nothing { reason } => format!("nothing: {reason}"),
        };
        format!("{}: {what}", task.message_ids.join("+"))
    };
    triage(requests, NOON, 15).into_iter().map(words).collect()
}

#[test]
fn a_new_bucket_settles_by_the_events_own_time() {
    let check = |age_milliseconds, expected: &str| {
        let requests = vec![changed("m", "reports", "CreateBucket", age_milliseconds)];
        assert_eq!(sorted(requests), [expected], "{age_milliseconds}");
    };
    check(0, "m: body of m in 15 s");
    check(10_200, "m: body of m in 5 s");
    check(14_999, "m: body of m in 1 s");
    check(15_000, "m: look at reports for CreateBucket");
    check(300_000, "m: look at reports for CreateBucket");
    // An event from the future, by our clock.
    check(-60_000, "m: body of m in 15 s");
}

#[test]
fn weakening_waits_for_nothing() {
    let requests = vec![changed("m", "reports", "DeleteBucketPublicAccessBlock", 0)];
    assert_eq!(sorted(requests), ["m: look at reports for DeleteBucketPublicAccessBlock"]);
}

#[test]
fn many_events_of_a_bucket_are_one_look() {
    let requests = vec![
        changed("m1", "reports", "PutBucketEncryption", 3_000),
        changed("m2", "reports", "DeleteBucketEncryption", 1_000),
        changed("m3", "photos", "PutBucketEncryption", 1_000),
        (message("m4"), Request::LookAt("reports".parse().unwrap())),
        changed("m5", "reports", "PutBucketEncryption", 2_000),
    ];
    let expected = [
        "m3: look at photos for PutBucketEncryption",
        "m1+m2+m4+m5: look at reports for PutBucketEncryption+PutBucketEncryption+DeleteBucketEncryption",
    ];
    assert_eq!(sorted(requests), expected);
}

#[test]
fn an_event_that_is_delivered_twice_is_named_once() {
    let twice = vec![
        changed("m1", "reports", "PutBucketEncryption", 3_000),
        changed("m2", "reports", "PutBucketEncryption", 3_000),
    ];
    assert_eq!(sorted(twice), ["m1+m2: look at reports for PutBucketEncryption"]);
}

#[test]
fn every_message_belongs_to_one_task() {
    let requests = vec![
        (message("m1"), Request::Sweep(None)),
        (message("m2"), Request::Sweep(Some("next".to_owned()))),
        (message("m3"), Request::Ignore("the call failed")),
        (message("m4"), Request::LookAt("reports".parse().unwrap())),
    ];
    let expected = [
        "m1: sweep from None",
        "m2: sweep from Some(\"next\")",
        "m3: nothing: the call failed",
        "m4: look at reports",
    ];
    assert_eq!(sorted(requests), expected);
}

#[test]
fn a_new_bucket_that_is_not_to_be_seen_is_looked_for_again_for_two_minutes() {
    let again = |event_name, age_seconds: i64| {
        let (_, request) = changed("m", "reports", event_name, age_seconds * 1000);
        let Request::Changed(changed) = request else { unreachable!() };
        look_again(&Trigger::Calls(vec![changed.call]), NOON)
    };
    assert_eq!(again("CreateBucket", 20), Some(UNKNOWN_DELAY_SECONDS));
    assert_eq!(again("CreateBucket", 120), None);
    assert_eq!(again("PutBucketEncryption", 20), Some(UNKNOWN_DELAY_SECONDS));
    assert_eq!(look_again(&Trigger::Sweep, NOON), None);
}
