//! The rules about tampering, tried on records as CloudTrail writes them: each call that blinds or stops the guard matches
//! one rule, and nothing that happens every day matches any.
//!
//! Sources: AWS CloudTrail User Guide, "CloudTrail log file examples"; AWS KMS Developer Guide, "Logging AWS KMS API calls
//! with AWS CloudTrail"; AWS Lambda Developer Guide, "Logging AWS Lambda API calls using AWS CloudTrail"; Amazon SNS and
//! Amazon SQS Developer Guides, the same.

use serde_json::{Value as Json, json};

use super::reading::{of_type, read_guard};
use crate::resources::events::{KnownPattern, PLACEHOLDERS};

const USER: &str = "arn:aws:iam::111122223333:user/mallory";

/// The event of a call with these parameters.
fn event(service: &str, name: &str, parameters: &Json) -> Json {
    json!({
        "version": "0",
        "account": "111122223333",
        "region": "eu-west-1",
        "source": format!("aws.{service}"),
        "detail-type": "AWS API Call via CloudTrail",
        "detail": {
            "eventSource": format!("{service}.amazonaws.com"),
            "eventName": name,
            "awsRegion": "eu-west-1",
            "sourceIPAddress": "198.51.100.7",
            "userAgent": "aws-cli/2.31.0",
            "userIdentity": { "type": "IAMUser", "arn": USER, "accountId": "111122223333" },
            "requestParameters": parameters,
            "eventTime": "2026-11-30T12:00:00Z",
            "eventID": "6f8d4b1e-0000-4000-8000-000000000000",
        },
    })
}

/// The rules that match, by their ids.
fn matching(event: &Json) -> Vec<String> {
    let guard = read_guard();
    let rules = of_type(&guard, "AWS::Events::Rule").filter(|(id, _)| is_of_alerts(id));
    let matching = rules.filter(|(_, rule)| {
        KnownPattern::of(rule["Properties"]["EventPattern"].clone()).matches(event)
    });
    matching.map(|(id, _)| id.to_owned()).collect()
}

fn is_of_alerts(id: &str) -> bool {
    id.ends_with("Tampered") || id == "StackChanged"
}

/// Calls that blind or stop the guard, with the parameters that CloudTrail records.
#[expect(clippy::too_many_lines, reason = "a table")]
fn calls() -> Vec<(&'static str, Json)> {
    let named = |service, name, parameters: Json| event(service, name, &parameters);
    let key = |name| {
        let mut event =
            named("kms", name, json!({ "keyId": "1234abcd-12ab-34cd-56ef-1234567890ab" }));
        let arn =
            json!([{ "accountId": "111122223333", "type": "AWS::KMS::Key", "ARN": "<Key.Arn>" }]);
        event["detail"]["resources"] = arn;
        event
    };
    let mapping = |name| {
        let mut event =
            named("lambda", name, json!({ "uUID": "6f8d4b1e-0000-4000-8000-000000000000" }));
        event["detail"]["responseElements"] = json!({
            "uUID": "6f8d4b1e-0000-4000-8000-000000000000",
            "eventSourceArn": "arn:aws:sqs:eu-west-1:111122223333:s3guard-GuardQueue-1A2B3C4D5E6F",
            "functionArn": "arn:aws:lambda:eu-west-1:111122223333:function:s3guard-GuardFunction-1A2B3C4D5E6F",
            "state": "Updating",
        });
        event
    };
    let (rule, queue) = (
        "s3guard-BucketChanged-1A2B3C4D5E6F",
        "https://sqs.eu-west-1.amazonaws.com/111122223333/s3guard-GuardQueue-1A2B3C4D5E6F",
    );
    let function = "s3guard-GuardFunction-1A2B3C4D5E6F";
    let topic = "arn:aws:sns:eu-west-1:111122223333:s3guard-AlertTopic-1A2B3C4D5E6F";
    let of_guard = "s3guard-GuardRole-1A2B3C4D5E6F";
    let policy = "arn:aws:iam::111122223333:policy/s3guard/s3guard-GuardReadPolicy-1A2B3C4D5E6F";
    vec![
        ("EventsTampered", named("cloudtrail", "StopLogging", json!({ "name": "any" }))),
        ("EventsTampered", named("cloudtrail", "DeleteTrail", json!({ "name": "any" }))),
        (
            "EventsTampered",
            named(
                "cloudtrail",
                "PutEventSelectors",
                json!({ "trailName": "any", "eventSelectors": [] }),
            ),
        ),
        ("EventsTampered", named("events", "DisableRule", json!({ "name": rule }))),
        ("EventsTampered", named("events", "DeleteRule", json!({ "name": rule, "force": true }))),
        (
            "EventsTampered",
            named("events", "PutRule", json!({ "name": rule, "eventPattern": "{}" })),
        ),
        (
            "EventsTampered",
            named("events", "RemoveTargets", json!({ "rule": rule, "ids": ["queue"] })),
        ),
        ("EventsTampered", named("sqs", "SetQueueAttributes", json!({ "queueUrl": queue }))),
        ("EventsTampered", named("sqs", "PurgeQueue", json!({ "queueUrl": queue }))),
        (
            "EventsTampered",
            named(
                "sqs",
                "DeleteQueue",
                json!({ "queueUrl": "https://eu-west-1.queue.amazonaws.com/111122223333/s3guard-GuardDlq-1" }),
            ),
        ),
        (
            "FunctionsTampered",
            named("lambda", "UpdateFunctionCode20150331v2", json!({ "functionName": function })),
        ),
        (
            "FunctionsTampered",
            named(
                "lambda",
                "PutFunctionConcurrency20171031",
                json!({
                    "functionName": format!("arn:aws:lambda:eu-west-1:111122223333:function:{function}"),
                    "reservedConcurrentExecutions": 0,
                }),
            ),
        ),
        (
            "FunctionsTampered",
            named(
                "lambda",
                "DeleteFunction20150331",
                json!({ "functionName": format!("111122223333:function:{function}") }),
            ),
        ),
        (
            "FunctionsTampered",
            named("logs", "DeleteLogGroup", json!({ "logGroupName": "s3guard-GuardLogs-1A2B3C" })),
        ),
        ("FunctionsTampered", mapping("UpdateEventSourceMapping20150331")),
        ("FunctionsTampered", mapping("DeleteEventSourceMapping20150331")),
        (
            "AlertsTampered",
            named(
                "sns",
                "SetTopicAttributes",
                json!({ "topicArn": topic, "attributeName": "Policy" }),
            ),
        ),
        (
            "AlertsTampered",
            named("sns", "Subscribe", json!({ "topicArn": topic, "protocol": "email" })),
        ),
        (
            "AlertsTampered",
            named("sns", "Unsubscribe", json!({ "subscriptionArn": format!("{topic}:6f8d4b1e") })),
        ),
        (
            "AlertsTampered",
            named(
                "monitoring",
                "DeleteAlarms",
                json!({ "alarmNames": ["other", "s3guard-FailedAlarm-1"] }),
            ),
        ),
        (
            "AlertsTampered",
            named(
                "monitoring",
                "DisableAlarmActions",
                json!({ "alarmNames": ["s3guard-SilenceAlarm-1"] }),
            ),
        ),
        (
            "AlertsTampered",
            named("monitoring", "PutMetricAlarm", json!({ "alarmName": "s3guard-FailedAlarm-1" })),
        ),
        (
            "RolesTampered",
            named("iam", "PutRolePolicy", json!({ "roleName": of_guard, "policyName": "Deny" })),
        ),
        (
            "RolesTampered",
            named("iam", "DetachRolePolicy", json!({ "roleName": of_guard, "policyArn": policy })),
        ),
        ("RolesTampered", named("iam", "CreatePolicyVersion", json!({ "policyArn": policy }))),
        ("LedgerTampered", key("DisableKey")),
        ("LedgerTampered", key("ScheduleKeyDeletion")),
        ("LedgerTampered", key("PutKeyPolicy")),
        (
            "LedgerTampered",
            named(
                "s3",
                "DeleteBucketPolicy",
                json!({ "bucketName": "s3guard-ledger-111122223333-eu-west-1-an" }),
            ),
        ),
        // Reported also by a rule that this call does not switch off.
        (
            "EventsTampered RolesTampered",
            named(
                "events",
                "DisableRule",
                json!({ "name": "s3guard-EventsTampered-1A2B3C4D5E6F" }),
            ),
        ),
        ("StackChanged", named("cloudformation", "DeleteStack", json!({ "stackName": "s3guard" }))),
        (
            "StackChanged",
            named(
                "cloudformation",
                "UpdateStack",
                json!({ "stackName": "arn:aws:cloudformation:eu-west-1:111122223333:stack/s3guard/6f8d" }),
            ),
        ),
        (
            "StackChanged",
            named(
                "cloudformation",
                "ExecuteChangeSet",
                json!({ "changeSetName": "arn:aws:cloudformation:eu-west-1:111122223333:changeSet/x/1" }),
            ),
        ),
        (
            "StackChanged",
            named(
                "cloudformation",
                "UpdateTerminationProtection",
                json!({ "stackName": "s3guard", "enableTerminationProtection": false }),
            ),
        ),
    ]
}

#[test]
fn h6_each_call_that_blinds_or_stops_the_guard_matches_one_rule() {
    for (rule, event) in calls() {
        assert_eq!(matching(&event).join(" "), rule, "{event:#}");
    }
}

#[test]
fn m8_a_new_subscription_is_reported() {
    let topic = "arn:aws:sns:eu-west-1:111122223333:s3guard-EmailTopic-1A2B3C4D5E6F";
    let event = event("sns", "Subscribe", &json!({ "topicArn": topic, "protocol": "sqs" }));
    assert_eq!(matching(&event), ["AlertsTampered"]);
}

#[test]
fn a_failed_call_cloudformations_own_and_the_guards_own_match_none() {
    for (_, event) in calls() {
        let mut failed = event.clone();
        failed["detail"]["errorCode"] = json!("AccessDenied");
        assert_eq!(matching(&failed), [] as [String; 0], "{failed:#}");
        let mut of_stack = event.clone();
        of_stack["detail"]["sourceIPAddress"] = json!("cloudformation.amazonaws.com");
        assert_eq!(matching(&of_stack), [] as [String; 0], "{of_stack:#}");
        let mut own = event.clone();
        own["detail"]["userIdentity"] = json!({
            "type": "AssumedRole",
            "sessionContext": { "sessionIssuer": { "arn": "<GuardRole.Arn>" } },
        });
        assert_eq!(matching(&own), [] as [String; 0], "{own:#}");
        let mut forged = event.clone();
        forged["source"] = json!("my.application");
        assert_eq!(matching(&forged), [] as [String; 0], "{forged:#}");
        let mut elsewhere = event;
        elsewhere["account"] = json!("444455556666");
        assert_eq!(matching(&elsewhere), [] as [String; 0], "{elsewhere:#}");
    }
}

#[test]
fn the_same_calls_on_others_resources_match_none() {
    for (service, name, parameters) in [
        ("cloudtrail", "StartLogging", json!({ "name": "any" })),
        ("events", "DisableRule", json!({ "name": "nightly" })),
        (
            "sqs",
            "PurgeQueue",
            json!({ "queueUrl": "https://sqs.eu-west-1.amazonaws.com/111122223333/jobs" }),
        ),
        ("lambda", "UpdateFunctionCode20150331v2", json!({ "functionName": "thumbnails" })),
        ("lambda", "UpdateEventSourceMapping20150331", json!({ "uUID": "other" })),
        ("sns", "Subscribe", json!({ "topicArn": "arn:aws:sns:eu-west-1:111122223333:orders" })),
        ("monitoring", "DeleteAlarms", json!({ "alarmNames": ["cpu"] })),
        ("iam", "PutRolePolicy", json!({ "roleName": "ci" })),
        ("kms", "DisableKey", json!({ "keyId": "other" })),
        ("s3", "PutBucketPolicy", json!({ "bucketName": "photos" })),
        ("cloudformation", "DeleteStack", json!({ "stackName": "s3guard-demo" })),
        ("cloudformation", "ExecuteChangeSet", json!({ "stackName": "web", "changeSetName": "x" })),
        (
            "cloudformation",
            "UpdateTerminationProtection",
            json!({ "stackName": "s3guard", "enableTerminationProtection": true }),
        ),
    ] {
        let event = event(service, name, &parameters);
        assert_eq!(matching(&event), [] as [String; 0], "{event:#}");
    }
}

#[test]
fn an_alert_needs_neither_the_guard_nor_the_stacks_key() {
    let guard = read_guard();
    for (id, rule) in of_type(&guard, "AWS::Events::Rule").filter(|(id, _)| is_of_alerts(id)) {
        let target = &rule["Properties"]["Targets"][0];
        assert_eq!(target["Arn"], "<AlertTopic>", "{id}");
        assert_eq!(target["DeadLetterConfig"]["Arn"], "<NotificationDlq.Arn>", "{id}");
    }
    assert_eq!(guard["Resources"]["AlertTopic"]["Properties"].get("KmsMasterKeyId"), None);
}

#[test]
fn an_alert_says_who_did_what_and_when() {
    let guard = read_guard();
    let transformer =
        &guard["Resources"]["StackChanged"]["Properties"]["Targets"][0]["InputTransformer"];
    let event = event("cloudformation", "DeleteStack", &json!({ "stackName": "s3guard" }));
    let mut text = transformer["InputTemplate"].as_str().unwrap().to_owned();
    for (name, path) in PLACEHOLDERS {
        assert_eq!(transformer["InputPathsMap"][name], path);
        let pointer = path.trim_start_matches('$').replace('.', "/");
        let value = event.pointer(&pointer).and_then(Json::as_str).unwrap();
        text = text.replace(&format!("<{name}>"), value);
    }
    expect_test::expect![[r#"
        "s3guard CRITICAL: DeleteStack by arn:aws:iam::111122223333:user/mallory. The stack of the guard is updated or deleted, or can be."
        "At 2026-11-30T12:00:00Z in Region eu-west-1 of account 111122223333, from 198.51.100.7, CloudTrail event 6f8d4b1e-0000-4000-8000-000000000000."
        "If this was not intended: undo it, run 's3guard status --drift', and repair the stack with 's3guard deploy --revert-drift'."
    "#]]
    .assert_eq(&format!("{text}\n"));
    for line in text.lines() {
        assert!(serde_json::from_str::<String>(line).is_ok(), "{line}");
    }
}
