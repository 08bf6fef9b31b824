//! A trail that logs, and a queue where CloudTrail's records of S3 arrive.

use s3guard_emulator::{Account, Client, Late, until};
use serde_json::{Value, json};

/// A trail that may log, and a queue behind a rule for CloudTrail's events of S3.
pub(crate) fn watch(account: &Account) -> String {
    let client = account.client();
    let trail_bucket = format!("trail-{}", account.number());
    client.create_bucket(&trail_bucket).expect("a bucket");
    let policy = trail_policy(&trail_bucket);
    let answer = client.request(
        "s3",
        "PUT",
        &format!("/{trail_bucket}"),
        &[("policy", "")],
        &[],
        policy.as_bytes(),
    );
    assert_eq!(answer.expect("an answer").status, 204);
    let prefix = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101";
    let trail = json!({ "Name": "trail", "S3BucketName": trail_bucket });
    json_call(&client, "cloudtrail", &format!("{prefix}.CreateTrail"), &trail);
    json_call(
        &client,
        "cloudtrail",
        &format!("{prefix}.StartLogging"),
        &json!({ "Name": "trail" }),
    );
    let pattern =
        json!({ "source": ["aws.s3"], "detail-type": ["AWS API Call via CloudTrail"] }).to_string();
    let rule = json!({ "Name": "all", "EventPattern": pattern });
    let rule = json_call(&client, "events", "AWSEvents.PutRule", &rule);
    let rule_arn = rule["RuleArn"].as_str().expect("an ARN").to_owned();
    let (url, arn) = client.create_queue_for("events", &rule_arn).expect("a queue");
    allow(&client, &url, &arn, &rule_arn);
    let targets = json!({ "Rule": "all", "Targets": [{ "Id": "queue", "Arn": arn }] });
    json_call(&client, "events", "AWSEvents.PutTargets", &targets);
    url
}

fn allow(client: &Client, url: &str, arn: &str, rule_arn: &str) {
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Service": "events.amazonaws.com" }, "Action": "sqs:SendMessage",
        "Resource": arn, "Condition": { "ArnEquals": { "aws:SourceArn": rule_arn } } }] });
    let input = json!({ "QueueUrl": url, "Attributes": { "Policy": policy.to_string() } });
    json_call(client, "sqs", "AmazonSQS.SetQueueAttributes", &input);
}

fn trail_policy(bucket: &str) -> String {
    let service = json!({ "Service": "cloudtrail.amazonaws.com" });
    json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": format!("arn:aws:s3:::{bucket}") },
        { "Effect": "Allow", "Principal": service, "Action": "s3:PutObject",
          "Resource": format!("arn:aws:s3:::{bucket}/AWSLogs/*"),
          "Condition": { "StringEquals": { "s3:x-amz-acl": "bucket-owner-full-control" } } },
    ]})
    .to_string()
}

/// The next CloudTrail record with this name.
pub(crate) fn record(client: &Client, queue: &str, name: &str) -> Value {
    let records = records_up_to(client, queue, name);
    records.into_iter().find(|record| record["eventName"] == name).expect("it was seen")
}

/// All records up to the first with this name.
pub(crate) fn records_up_to(client: &Client, queue: &str, last: &str) -> Vec<Value> {
    let mut records = Vec::new();
    eventually(last, || {
        let messages = client.receive(queue, 1).expect("messages");
        let events =
            messages.iter().filter_map(|message| serde_json::from_str::<Value>(&message.body).ok());
        records.extend(events.map(|event| event["detail"].clone()));
        records.iter().any(|record| record["eventName"] == last).then_some(())
    });
    records
}

/// A call of CloudFormation, EventBridge or CloudTrail that must go well.
pub(crate) fn json_call(client: &Client, service: &str, target: &str, input: &Value) -> Value {
    let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)];
    let body = input.to_string();
    let response =
        client.request(service, "POST", "/", &[], &headers, body.as_bytes()).expect("an answer");
    assert!(response.status < 300, "{target}: {}", response.body);
    serde_json::from_str(&response.body).unwrap_or_default()
}

fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    until(what, || Ok::<_, Late>(look())).unwrap_or_else(|late| panic!("{late}"))
}
