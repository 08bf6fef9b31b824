//! The rules' patterns against events as they really are, by EventBridge's own rules of matching.

use serde_json::{Value as Json, json};

use super::reading::read_guard;
use crate::resources::events::Matcher;

/// A call on a bucket, by someone.
fn call(name: &str, user_identity: &Json) -> Json {
    json!({
        "source": "aws.s3",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": { "eventSource": "s3.amazonaws.com", "eventName": name, "userIdentity": user_identity },
    })
}

fn role(arn: &str) -> Json {
    json!({ "type": "AssumedRole", "sessionContext": { "sessionIssuer": { "type": "Role", "arn": arn } } })
}

fn object(kind: &str, bucket: &str) -> Json {
    json!({ "source": "aws.s3", "detail-type": kind, "detail": { "bucket": { "name": bucket } } })
}

fn check(rule: &str, event: &Json, expected: bool) {
    let guard = read_guard();
    let pattern = &guard["Resources"][rule]["Properties"]["EventPattern"];
    let matcher = Matcher::parse(pattern).unwrap();
    assert_eq!(matcher.matches(event), expected, "{rule}: {event}");
}

#[test]
fn what_somebody_does_to_a_bucket_is_heard_whoever_it_is() {
    for identity in [
        json!({ "type": "Root", "arn": "arn:aws:iam::111122223333:root" }),
        json!({ "type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ann" }),
        json!({ "type": "AWSService", "invokedBy": "cloudformation.amazonaws.com" }),
        role("arn:aws:iam::111122223333:role/deploy"),
        role("arn:aws:iam::111122223333:role/s3guard-lookalike"),
        role("arn:aws:iam::444455556666:role/s3guard/elsewhere"),
    ] {
        check("BucketChanged", &call("CreateBucket", &identity), true);
    }
}

#[test]
fn what_we_do_ourselves_is_not_heard() {
    let ours = role("arn:aws:iam::111122223333:role/s3guard/s3guard-GuardRole-1A2B3C");
    check("BucketChanged", &call("PutBucketEncryption", &ours), false);
}

#[test]
fn a_call_that_failed_is_not_heard() {
    let mut failed = call("CreateBucket", &json!({ "type": "Root" }));
    failed["detail"]["errorCode"] = json!("AccessDenied");
    check("BucketChanged", &failed, false);
}

#[test]
fn only_calls_of_our_table_are_heard() {
    for watched in s3guard_posture::watch::TABLE {
        check("BucketChanged", &call(watched.event_name, &json!({ "type": "Root" })), true);
    }
    check("BucketChanged", &call("PutBucketTagging", &json!({ "type": "Root" })), false);
    let mut directory = call("CreateBucket", &json!({ "type": "Root" }));
    directory["detail"]["eventSource"] = json!("s3express.amazonaws.com");
    check("BucketChanged", &directory, false);
}

#[test]
fn objects_of_all_buckets_are_heard_but_of_our_own() {
    check("ObjectChanged", &object("Object Created", "reports"), true);
    check("ObjectChanged", &object("Object Deleted", "reports"), true);
    check(
        "ObjectChanged",
        &object("Object Created", "s3guard-trail-111122223333-eu-west-1-an"),
        false,
    );
    check(
        "ObjectChanged",
        &object("Object Created", "s3guard-logs-111122223333-eu-west-1-an"),
        false,
    );
    check("ObjectChanged", &object("AWS API Call via CloudTrail", "reports"), false);
}
