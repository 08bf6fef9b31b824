//! A trail that logs, and a queue that receives CloudTrail's records of S3.

use s3guard_emulator::{Account, Client, until};
use serde_json::{Value, json};

/// Creates a trail that logs, and a queue behind a rule for CloudTrail's events of S3. Returns its URL.
pub(crate) fn watch(account: &Account) -> String {
    let client = account.client();
    let trail_bucket = format!("trail-{}", account.number());
    client.create_bucket(&trail_bucket).expect("a bucket");
    let policy = trail_policy(&trail_bucket);
    client.put_bucket_setting(&trail_bucket, "policy", &policy).expect("a policy");
    let trail = json!({ "Name": "trail", "S3BucketName": trail_bucket });
    client.json("cloudtrail", "CreateTrail", &trail).expect("a trail");
    client.json("cloudtrail", "StartLogging", &json!({ "Name": "trail" })).expect("it logs");
    let pattern =
        json!({ "source": ["aws.s3"], "detail-type": ["AWS API Call via CloudTrail"] }).to_string();
    let rule = json!({ "Name": "all", "EventPattern": pattern });
    let rule = client.json("events", "PutRule", &rule).expect("a rule");
    let rule_arn = rule["RuleArn"].as_str().expect("an ARN").to_owned();
    let (url, arn) = client.create_queue_for("events", &rule_arn).expect("a queue");
    let targets = json!({ "Rule": "all", "Targets": [{ "Id": "queue", "Arn": arn }] });
    client.json("events", "PutTargets", &targets).expect("a target");
    url
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
            messages.iter().filter_map(|message| serde_json::from_str::<Value>(message).ok());
        records.extend(events.map(|event| event["detail"].clone()));
        records.iter().any(|record| record["eventName"] == last).then_some(())
    });
    records
}

fn eventually<T>(what: &str, mut poll: impl FnMut() -> Option<T>) -> T {
    until(what, || Ok(poll())).expect("it happens")
}
