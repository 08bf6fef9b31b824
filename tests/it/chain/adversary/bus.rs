//! Events of other accounts on the bus, as organizations forward them.

use serde_json::{Value, json};

use super::{attacked, roles::rule};

/// S3's event of an object, and CloudTrail's of a call, of this account.
fn events(account: &str) -> [(&'static str, Value); 2] {
    let event = |kind: &str, detail: Value| {
        json!({ "id": "1", "version": "0", "source": "aws.s3", "detail-type": kind, "account": account,
            "region": "eu-west-1", "time": "2026-11-20T12:00:00Z", "resources": [], "detail": detail })
    };
    let object = json!({ "bucket": { "name": "theirs" }, "object": { "key": "plan.txt" }, "reason": "PutObject" });
    let call = json!({ "eventSource": "s3.amazonaws.com", "eventName": "DeleteBucketPublicAccessBlock",
        "userIdentity": { "type": "Root" }, "requestParameters": { "bucketName": "theirs" }, "recipientAccountId": account });
    [
        ("ObjectChanged", event("Object Created", object)),
        ("BucketChanged", event("AWS API Call via CloudTrail", call)),
    ]
}

#[test]
fn events_of_another_account_match_no_rule() {
    let attacked = &*attacked();
    let account = attacked.guarded.account.number();
    let matches = |pattern: &str, event: &Value| {
        let asked = json!({ "EventPattern": pattern, "Event": event.to_string() });
        let answer = attacked.root().json("events", "TestEventPattern", &asked).unwrap();
        answer["Result"].as_bool().unwrap()
    };
    let pairs = events(account).into_iter().zip(events("999900001111"));
    for ((logical_id, own), (_, theirs)) in pairs {
        let found = rule(attacked, logical_id);
        let pattern = found["EventPattern"].as_str().unwrap();
        assert!(matches(pattern, &own), "{pattern}");
        assert!(!matches(pattern, &theirs), "{pattern}");
        // A rule without this field.
        let mut any: Value = serde_json::from_str(pattern).unwrap();
        any.as_object_mut().unwrap().shift_remove("account").unwrap();
        assert!(matches(&any.to_string(), &theirs), "{logical_id}");
    }
}
