//! The patterns of the rules against real events, matched as EventBridge does.

use s3guard_posture::config::Selection;
use s3guard_posture::model::watch::{Rule, TABLE};
use serde_json::{Value as Json, json};

use super::reading::read_guard;
use crate::{
    resources::events::KnownPattern,
    stacks::{Deployed, rule_patterns},
};

/// Where the template is read.
fn here() -> Deployed {
    Deployed {
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
        bucket_prefix: "s3guard".to_owned(),
        guard_role: "<GuardRole.Arn>".to_owned(),
        selection: Selection::default(),
    }
}

/// The pattern of a rule of the template.
fn of_template(rule: &str) -> KnownPattern {
    KnownPattern::new(read_guard()["Resources"][rule]["Properties"]["EventPattern"].clone())
}

/// A call on a bucket.
fn call(name: &str, user_identity: &Json) -> Json {
    json!({
        "account": "111122223333",
        "source": "aws.s3",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": { "eventSource": "s3.amazonaws.com", "eventName": name, "userIdentity": user_identity },
    })
}

fn role(arn: &str) -> Json {
    json!({ "type": "AssumedRole", "sessionContext": { "sessionIssuer": { "type": "Role", "arn": arn } } })
}

fn object(kind: &str, bucket: &str) -> Json {
    json!({
        "account": "111122223333",
        "source": "aws.s3",
        "detail-type": kind,
        "detail": { "bucket": { "name": bucket } },
    })
}

fn check(rule: &str, event: &Json, expected: bool) {
    assert_eq!(of_template(rule).matches(event), expected, "{rule}: {event}");
}

#[test]
fn calls_on_buckets_match_for_every_caller() {
    for identity in [
        json!({ "type": "Root", "arn": "arn:aws:iam::111122223333:root" }),
        json!({ "type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ann" }),
        json!({ "type": "AWSService", "invokedBy": "cloudformation.amazonaws.com" }),
        role("arn:aws:iam::111122223333:role/deploy"),
        role("arn:aws:iam::111122223333:role/s3guard-lookalike"),
        role("arn:aws:iam::111122223333:role/s3guard/s3guard-GuardRole-Lookalike"),
        role("arn:aws:iam::444455556666:role/s3guard/elsewhere"),
    ] {
        check("BucketChanged", &call("CreateBucket", &identity), true);
    }
}

#[test]
fn our_own_calls_do_not_match() {
    let ours = role("<GuardRole.Arn>");
    check("BucketChanged", &call("PutBucketEncryption", &ours), false);
}

#[test]
fn events_of_other_accounts_do_not_match() {
    let of = |mut event: Json| {
        event["account"] = json!("444455556666");
        event
    };
    check("BucketChanged", &of(call("CreateBucket", &json!({ "type": "Root" }))), false);
    check("ObjectChanged", &of(object("Object Created", "reports")), false);
}

#[test]
fn a_failed_call_does_not_match() {
    let mut failed = call("CreateBucket", &json!({ "type": "Root" }));
    failed["detail"]["errorCode"] = json!("AccessDenied");
    check("BucketChanged", &failed, false);
}

#[test]
fn only_calls_of_the_table_match() {
    for watched in TABLE {
        let mut call = call(watched.event_name, &json!({ "type": "Root" }));
        let sources = watched.rule.sources().iter().zip(watched.rule.event_sources());
        for (source, event_source) in sources {
            call["source"] = json!(source);
            call["detail"]["eventSource"] = json!(event_source);
            for rule in Rule::ALL {
                check(rule.name(), &call, rule == watched.rule);
            }
        }
    }
    check("BucketChanged", &call("PutBucketCors", &json!({ "type": "Root" })), false);
    let mut directory = call("CreateBucket", &json!({ "type": "Root" }));
    directory["detail"]["eventSource"] = json!("s3express.amazonaws.com");
    check("BucketChanged", &directory, false);
}

#[test]
fn objects_match_except_in_our_own_buckets() {
    check("ObjectChanged", &object("Object Created", "reports"), true);
    check("ObjectChanged", &object("Object Deleted", "reports"), true);
    check(
        "ObjectChanged",
        &object("Object Created", "s3guard-ledger-111122223333-eu-west-1-an"),
        false,
    );
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

#[test]
fn a_mismatch_has_its_reason() {
    let patterns = rule_patterns(&here());
    let reason =
        |pattern: &KnownPattern, event: &Json| pattern.first_mismatch(event).unwrap().to_string();
    let mut failed = call("CreateBucket", &json!({ "type": "Root" }));
    failed["detail"]["errorCode"] = json!("AccessDenied");
    assert_eq!(
        reason(patterns.for_call("aws.s3", "CreateBucket").1, &failed),
        "`detail.errorCode` is present, the rule wants it absent"
    );
    let ours = role("<GuardRole.Arn>");
    assert_eq!(
        reason(
            patterns.for_call("aws.s3", "PutBucketEncryption").1,
            &call("PutBucketEncryption", &ours)
        ),
        "`detail.userIdentity.sessionContext.sessionIssuer.arn` is `<GuardRole.Arn>`, the rule wants anything but \
         `<GuardRole.Arn>` or it absent"
    );
    let own = object("Object Created", "s3guard-logs-111122223333-eu-west-1-an");
    assert_eq!(
        reason(&patterns.object_changed, &own),
        "`detail.bucket.name` is `s3guard-logs-111122223333-eu-west-1-an`, the rule wants anything but \
         `s3guard-ledger-111122223333-eu-west-1-an`, `s3guard-logs-111122223333-eu-west-1-an` or \
         `s3guard-trail-111122223333-eu-west-1-an`"
    );
}

#[test]
fn alarms_match_when_they_are_raised_and_when_they_end() {
    let event = |alarm: &str, from: &str, to: &str| {
        json!({
            "account": "111122223333",
            "source": "aws.cloudwatch",
            "detail-type": "CloudWatch Alarm State Change",
            "resources": [alarm],
            "detail": { "alarmName": "a", "state": { "value": to }, "previousState": { "value": from } },
        })
    };
    let alarm = "<FailedAlarm.Arn>";
    check("AlarmChanged", &event(alarm, "OK", "ALARM"), true);
    check("AlarmChanged", &event(alarm, "INSUFFICIENT_DATA", "ALARM"), true);
    check("AlarmChanged", &event(alarm, "ALARM", "OK"), true);
    check("AlarmChanged", &event(alarm, "INSUFFICIENT_DATA", "OK"), false);
    check("AlarmChanged", &event(alarm, "ALARM", "INSUFFICIENT_DATA"), false);
    check("AlarmChanged", &event("another", "OK", "ALARM"), false);
    check("AlarmChanged", &event("<ObjectDlqAlarm.Arn>", "OK", "ALARM"), false);
}

#[test]
fn the_patterns_are_those_of_the_template() {
    let patterns = rule_patterns(&here());
    for (rule, pattern) in patterns.calls {
        assert_eq!(pattern, of_template(rule.name()));
    }
    assert_eq!(patterns.object_changed, of_template("ObjectChanged"));
}

#[test]
fn the_patterns_are_of_where_the_guard_is_deployed() {
    let patterns = rule_patterns(&Deployed {
        account: "444455556666".parse().unwrap(),
        region: "cn-north-1".parse().unwrap(),
        bucket_prefix: "prod".to_owned(),
        guard_role: "arn:aws-cn:iam::444455556666:role/s3guard/prod-GuardRole-1A2B3C".to_owned(),
        ..here()
    });
    let bucket_changed = json!(patterns.for_call("aws.s3", "PutBucketPolicy").1);
    let issuer = &bucket_changed["detail"]["userIdentity"]["sessionContext"]["sessionIssuer"];
    assert_eq!(
        issuer["arn"][0],
        json!({ "anything-but": ["arn:aws-cn:iam::444455556666:role/s3guard/prod-GuardRole-1A2B3C"] })
    );
    assert_eq!(bucket_changed["account"], json!(["444455556666"]));
    let own = ["ledger", "logs", "trail"];
    let own = own.map(|name| format!("prod-{name}-444455556666-cn-north-1-an"));
    assert_eq!(
        json!(patterns.object_changed)["detail"]["bucket"]["name"],
        json!([{ "anything-but": own }])
    );
}

#[test]
fn the_longest_patterns_are_not_too_long_for_eventbridge() {
    for region in ["ap-southeast-99", "us-gov-west-1"] {
        let patterns = rule_patterns(&Deployed {
            region: region.parse().unwrap(),
            bucket_prefix: "a".repeat(25),
            // The path, and the longest name that IAM allows.
            guard_role: format!("arn:aws-us-gov:iam::111122223333:role/s3guard/{}", "r".repeat(64)),
            ..here()
        });
        let of_calls = patterns.calls.into_iter().map(|(_, pattern)| pattern);
        for pattern in of_calls.chain([patterns.object_changed]) {
            let pattern = json!(pattern);
            let length = pattern.to_string().chars().count();
            assert!(length < 2_048, "{length}: {pattern}");
        }
    }
}
