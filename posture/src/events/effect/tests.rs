use serde_json::json;

use super::*;

fn check(event_name: &str, parameters: &Json, expected: &[(Protection, Value)]) {
    let found: Vec<_> = sets(event_name, parameters).into_iter().collect();
    assert_eq!(found, expected, "{event_name} {parameters}");
}

#[test]
fn parameters_say_what_a_call_has_switched() {
    let versioning = |it: Json| json!({ "VersioningConfiguration": it });
    check(
        "PutBucketVersioning",
        &versioning(json!({ "Status": "Suspended" })),
        &[(Protection::Versioning, Value::Off)],
    );
    check(
        "PutBucketVersioning",
        &versioning(json!({ "Status": "Enabled", "MfaDelete": "Disabled" })),
        &[(Protection::Versioning, Value::On), (Protection::MfaDelete, Value::Off)],
    );
    check(
        "PutBucketLogging",
        &json!({ "BucketLoggingStatus": { "xmlns": "x" } }),
        &[(Protection::AccessLogs, Value::Off)],
    );
    check(
        "PutBucketLogging",
        &json!({ "BucketLoggingStatus": { "LoggingEnabled": { "TargetBucket": "logs" } } }),
        &[(Protection::AccessLogs, Value::Logs("logs".to_owned()))],
    );
    check("PutBucketLogging", &json!({ "bucketName": "omitted" }), &[]);
    check(
        "PutBucketNotification",
        &json!({ "NotificationConfiguration": "" }),
        &[(Protection::EventBridge, Value::Off)],
    );
    check(
        "PutBucketNotification",
        &json!({ "NotificationConfiguration": { "EventBridgeConfiguration": "" } }),
        &[(Protection::EventBridge, Value::On)],
    );
    let rule = json!({ "ServerSideEncryptionConfiguration": { "Rule": {
        "ApplyServerSideEncryptionByDefault": { "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k" },
        "BlockedEncryptionTypes": { "EncryptionType": "NONE" },
    } } });
    check(
        "PutBucketEncryption",
        &rule,
        &[
            (Protection::Algorithm, Value::Algorithm("aws:kms".to_owned())),
            (Protection::Key, Value::Key(Key::Named("k".to_owned()))),
            (Protection::SseC, Value::Off),
        ],
    );
    check(
        "DeleteBucketReplication",
        &json!({}),
        &[(Protection::Replication, Value::Copies([].into()))],
    );
    let rules = json!({ "ReplicationConfiguration": { "Rule": [
        { "Status": "Enabled", "Destination": { "Bucket": "arn:aws:s3:::copy" } },
        { "Status": "Disabled", "Destination": { "Bucket": "arn:aws:s3:::no-copy" } },
    ] } });
    let copies = Value::Copies(["copy".to_owned()].into());
    check("PutBucketReplication", &rules, &[(Protection::Replication, copies)]);
    let lock = json!({ "ObjectLockConfiguration": { "ObjectLockEnabled": "Enabled" } });
    check("PutObjectLockConfiguration", &lock, &[(Protection::ObjectLock, Value::Off)]);
    let lock = json!({ "ObjectLockConfiguration": { "Rule": {
        "DefaultRetention": { "Mode": "COMPLIANCE", "Years": 1 } } } });
    let retention = Value::Retention(Retention { compliance: true, days: 365 });
    check("PutBucketObjectLockConfiguration", &lock, &[(Protection::ObjectLock, retention)]);
    let controls =
        json!({ "OwnershipControls": { "Rule": { "ObjectOwnership": "ObjectWriter" } } });
    check("PutBucketOwnershipControls", &controls, &[(Protection::Ownership, Value::Off)]);
    check("PutBucketPolicy", &json!({ "bucketPolicy": {} }), &[]);
}

#[test]
fn lifecycle_rules_are_read_whole() {
    let of = |rule: Json| {
        lifecycle(&json!({ "LifecycleConfiguration": { "Rule": rule } })).unwrap().expiries
    };
    let objects = |days| Expiry::after(ExpiryOf::Objects, days);
    let old = |days| Expiry::after(ExpiryOf::OldVersions, days);
    let below = |prefix: &str| Scope { prefix: prefix.to_owned(), ..Scope::default() };
    for (rule, expected) in [
        (json!({ "Filter": "", "Expiration": { "Days": "30" } }), vec![objects(30)]),
        (json!({ "Status": "Disabled", "Expiration": { "Days": 30 } }), vec![]),
        (
            json!({ "Expiration": { "Date": "2027-01-01T00:00:00.000Z" } }),
            vec![Expiry::from("2027-01-01")],
        ),
        (
            json!({
                "NoncurrentVersionExpiration": { "NoncurrentDays": 1, "NewerNoncurrentVersions": 2 },
                "Expiration": { "ExpiredObjectDeleteMarker": true },
            }),
            vec![Expiry { kept: 2, ..old(1) }],
        ),
        (json!({ "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": 1 } }), vec![]),
        (
            json!({ "Prefix": "old/", "Expiration": { "Days": 3 } }),
            vec![Expiry { scope: below("old/"), ..objects(3) }],
        ),
        (
            json!({
                "Filter": { "And": {
                    "Prefix": "a/", "Tag": { "Key": "k", "Value": true },
                    "ObjectSizeGreaterThan": 5, "ObjectSizeLessThan": "9",
                } },
                "Expiration": { "Days": 3 },
            }),
            vec![Expiry {
                scope: Scope {
                    tags: [("k".to_owned(), "true".to_owned())].into(),
                    larger_than: Some(5),
                    smaller_than: Some(9),
                    ..below("a/")
                },
                ..objects(3)
            }],
        ),
    ] {
        assert_eq!(of(rule.clone()), expected, "{rule}");
    }
}
