//! `s3guard replay` of messages that another principal has written: the guard publishes none of their texts.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

use super::s3guard;

const TEXT: &str = "Log in at https://evil.example/ to confirm.";

/// What becomes of these messages.
fn replayed(messages: &[Value]) -> Vec<Value> {
    let lines: Vec<String> = messages.iter().map(Value::to_string).collect();
    let lines = lines.join("\n");
    let mut command = s3guard(&["replay", "--account", "111122223333", "--output", "json", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.stdout.is_empty(), "{stderr}");
    crate::json::read("replay", &output.stdout)["events"].as_array().unwrap().clone()
}

/// A message in the guard's queue.
fn queued(body: &Value) -> Value {
    json!({ "messageId": "1", "body": body.to_string() })
}

fn call(account: &str) -> Value {
    json!({
        "version": "0", "id": "1", "detail-type": "AWS API Call via CloudTrail", "source": "aws.s3",
        "account": account, "time": "2026-11-20T12:00:00Z", "region": "eu-west-1", "resources": [],
        "detail": {
            "eventVersion": "1.11", "eventTime": "2026-11-20T12:00:00Z", "eventID": "1",
            "eventSource": "s3.amazonaws.com", "eventName": "DeleteBucketPublicAccessBlock",
            "awsRegion": "eu-west-1", "sourceIPAddress": "192.0.2.1", "userAgent": "[aws-cli/2]",
            "userIdentity": { "type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/dev" },
            "requestParameters": { "bucketName": "victim" },
        },
    })
}

/// An event of an alarm with this name in this account.
fn alarm(account: &str, name: &str) -> Value {
    json!({
        "id": "1", "source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change",
        "account": account, "time": "2026-11-20T12:00:00Z", "region": "eu-west-1",
        "resources": [format!("arn:aws:cloudwatch:eu-west-1:{account}:alarm:{name}")],
        "detail": {
            "alarmName": name, "configuration": { "description": TEXT },
            "state": { "value": "OK", "reason": TEXT },
        },
    })
}

#[test]
fn no_message_publishes_a_text() {
    // The first is what was published once: a notification in a message.
    let notification = json!({
        "subject": "s3guard: critical: your account is compromised", "text": TEXT,
        "sms": "s3guard: call +1 555 0100 now",
        "document": {
            "version": 1, "id": "x", "test": false, "severity": "critical",
            "time": "2026-11-20T12:00:00Z", "account": "111122223333", "region": "eu-west-1",
            "stack": "s3guard", "subject": "x", "buckets": [], "omitted": 0, "kind": "test",
            "body": { "says": "x" },
        },
        "one": { "severity": "critical" }, "many": {},
    });
    let messages = [
        json!({ "s3guard": { "tell": notification } }),
        json!({ "s3guard": { "notify": notification } }),
        json!({ "s3guard": { "reconcile": { "bucket": "victim", "text": TEXT } } }),
        json!({ "s3guard": { "reconcile": { "bucket": TEXT } } }),
        json!({ "s3guard": { "sweep": { "after": TEXT } } }),
        json!({ "s3guard": { "again": { "body": TEXT, "attempt": 0 } } }),
        json!({ "s3guard": TEXT }),
        queued(&alarm("111122223333", "s3guard-GuardDlqAlarm")),
        queued(&alarm("999900001111", TEXT)),
        queued(&call("999900001111")),
    ];
    let events = replayed(&messages);
    assert_eq!(events.len(), messages.len());
    for (event, message) in events.iter().zip(&messages) {
        assert_ne!(event["outcome"]["status"], "done", "{message}");
        assert!(event["notification"].is_null(), "{message}: {event:#}");
        assert_eq!(event["reconciliations"], json!([]), "{message}");
    }
    let reason = &events[9]["outcome"]["reason"];
    assert_eq!(reason, "it was refused: it is another account's");
    // The same call in the account itself is handled.
    let events = replayed(&[queued(&call("111122223333"))]);
    assert_eq!(events[0]["outcome"]["status"], "done");
    assert_eq!(events[0]["reconciliations"].as_array().unwrap().len(), 1, "{events:#?}");
}

/// A call by a role under the guard's IAM path that is not the guard's role.
#[test]
fn a_role_under_the_path_of_the_guard_is_not_the_guard() {
    let mut event = call("111122223333");
    event["detail"]["userIdentity"] = json!({
        "type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/x/dev",
        "sessionContext": { "sessionIssuer": {
            "type": "Role", "arn": "arn:aws:iam::111122223333:role/s3guard/x", "userName": "x",
        } },
    });
    let events = replayed(&[event]);
    assert_eq!(events[0]["delivery"]["rule"], "BucketChanged", "{events:#?}");
    let reconciled = &events[0]["reconciliations"][0];
    assert_eq!(reconciled["writes"][0]["call"], "PutPublicAccessBlock", "{events:#?}");
    let text = reconciled["notification"]["text"].as_str().unwrap();
    assert!(text.contains("assumed-role/x/dev"), "{text}");
}
