//! The effect of each call on a bucket.

use s3guard_posture::model::observed::Reading;
use s3guard_posture::model::setting::{
    Acl, Algorithm, Encryption, Expiry, ExpiryOf, Key, Lifecycle, Ownership, PublicAccessBlock,
    Retention, SseC, Versioning,
};
use s3guard_posture::model::watch::{Answer, TABLE};
use s3guard_posture::{BucketId, Observed};
use serde_json::{Value as Json, json};

use crate::operations::replay::apply;

fn new() -> Observed {
    Observed::new_bucket(BucketId {
        name: "reports".parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
    })
}

/// A bucket after a call, and how much had to be assumed.
fn after(event_name: &str, parameters: &Json) -> (Observed, usize) {
    let mut bucket = new();
    let assumed = apply::changed(&mut bucket, event_name, parameters);
    (bucket, assumed.len())
}

#[test]
fn a_call_without_its_setting_changes_nothing_and_is_assumed() {
    for watched in TABLE.iter().filter(|watched| watched.answer == Answer::Judged) {
        let is_said = watched.event_name.starts_with("Delete")
            || ["CreateBucket", "PutBucketWebsite", "PutBucketTagging", "TagResource"]
                .contains(&watched.event_name);
        for parameters in [json!(null), json!({ "bucketName": "reports" }), json!([[7]])] {
            let (bucket, assumed) = after(watched.event_name, &parameters);
            // Whether an unknown policy is public is unknown, too.
            let is_policy = watched.event_name == "PutBucketPolicy";
            let is_unchanged = bucket == new() || is_policy;
            assert!(is_said || (is_unchanged && assumed == 1), "{}", watched.event_name);
        }
    }
}

#[test]
fn default_encryption_is_an_object_or_a_list_with_or_without_sse_c() {
    let check =
        |rule: Json, algorithm: Algorithm, bucket_key: bool, sse_c: SseC, assumed: usize| {
            let parameters = json!({ "ServerSideEncryptionConfiguration": { "Rule": rule } });
            let (bucket, is_assumed) = after("PutBucketEncryption", &parameters);
            let expected = Encryption { algorithm, bucket_key, sse_c };
            assert_eq!((bucket.encryption, is_assumed), (Reading::Known(expected), assumed));
        };
    let by = |default: Json| json!({ "ApplyServerSideEncryptionByDefault": default });
    let aes = by(json!({ "SSEAlgorithm": "AES256" }));
    check(aes.clone(), Algorithm::SseS3, false, SseC::Blocked, 1);
    check(json!([aes]), Algorithm::SseS3, false, SseC::Blocked, 1);
    let mut kms = by(json!({ "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "theirs" }));
    kms["BucketKeyEnabled"] = json!("true");
    kms["BlockedEncryptionTypes"] = json!({ "EncryptionType": ["NONE"] });
    check(kms, Algorithm::Kms(Key::Named("theirs".to_owned())), true, SseC::Allowed, 0);
    let aws = by(json!({ "SSEAlgorithm": "aws:kms:dsse", "KMSMasterKeyID": "alias/aws/s3" }));
    check(aws, Algorithm::Dsse(Key::Named("alias/aws/s3".to_owned())), false, SseC::Blocked, 1);
    let only_blocked = json!({ "BlockedEncryptionTypes": { "EncryptionType": ["SSE-C"] } });
    check(only_blocked, Algorithm::NotSaid, false, SseC::Blocked, 0);
    let new = by(json!({ "SSEAlgorithm": "aws:new" }));
    check(new, Algorithm::Other("aws:new".to_owned()), false, SseC::Blocked, 1);
}

#[test]
fn an_acl_is_canned_in_headers_or_in_grants() {
    let check = |parameters: &Json, [is_public, admits_log_delivery, grants_others]: [bool; 3]| {
        let public_writes = parameters["x-amz-acl"] == "public-read-write";
        let acl = Acl { is_public, public_writes, admits_log_delivery, grants_others };
        assert_eq!(after("PutBucketAcl", parameters).0.acl, Reading::Known(acl), "{parameters}");
    };
    check(&json!({ "x-amz-acl": "private" }), [false, false, false]);
    check(&json!({ "x-amz-acl": ["public-read"] }), [true, false, true]);
    check(&json!({ "x-amz-acl": "log-delivery-write" }), [false, true, true]);
    let all = "uri=\"http://acs.amazonaws.com/groups/global/AllUsers\"";
    check(&json!({ "x-amz-grant-read": format!("id=\"79a5\", {all}") }), [true, false, true]);
    let delivery = "uri=\"http://acs.amazonaws.com/groups/s3/LogDelivery\"";
    check(&json!({ "x-amz-grant-write": delivery }), [false, true, true]);
    check(&json!({ "x-amz-grant-read-acp": delivery }), [false, false, true]);
    let own = json!({ "Grantee": { "ID": "79a5" }, "Permission": "FULL_CONTROL" });
    let policy = |grants: Json| json!({ "AccessControlPolicy": { "Owner": { "ID": "79a5" }, "AccessControlList": { "Grant": grants } } });
    check(&policy(own.clone()), [false, false, false]);
    let other = json!({ "Grantee": { "ID": "0123" }, "Permission": "READ" });
    check(&policy(json!([own, other])), [false, false, true]);
}

#[test]
fn a_policy_is_public_as_s3_judges_it_or_that_is_unknown() {
    let check = |principal: Json, condition: Json, expected: bool| {
        let statement = json!({ "Effect": "Allow", "Principal": principal, "Action": "s3:*", "Resource": "*", "Condition": condition });
        let policy = json!({ "bucketPolicy": { "Statement": statement } });
        let (bucket, _) = after("PutBucketPolicy", &policy);
        assert_eq!(bucket.policy_is_public, Reading::Known(expected), "{policy}");
        assert_eq!(bucket.policy.known().unwrap().text(), policy["bucketPolicy"].to_string());
    };
    check(json!("*"), json!({}), true);
    check(json!({ "AWS": ["111122223333", "*"] }), json!({}), true);
    check(json!({ "AWS": "444455556666" }), json!({}), false);
    check(json!({ "Service": "logging.s3.amazonaws.com" }), json!({}), false);
    check(json!("*"), json!({ "StringEquals": { "aws:PrincipalOrgID": "o-exampleorgid" } }), false);
    check(json!("*"), json!({ "StringLike": { "aws:PrincipalOrgID": "o-*" } }), true);
    check(json!("*"), json!({ "StringNotEquals": { "aws:SourceVpc": "vpc-1" } }), true);
    check(json!("*"), json!({ "StringEquals": { "s3:prefix": "a" } }), true);
    check(
        json!("*"),
        json!({ "IpAddress": { "aws:SourceIp": ["192.0.2.0/24", "0.0.0.0/0"] } }),
        true,
    );
    let from = |range: &str| json!({ "IpAddress": { "aws:SourceIp": range } });
    check(json!("*"), from("0.0.0.0/1"), true);
    check(json!("*"), from("1.0.0.0/7"), true);
    check(json!("*"), from("172.16.0.0/12"), false);
    check(json!("*"), from("2001:db8:1234::/48"), false);
    for nothing in [json!({}), json!({ "bucketPolicy": "" }), json!({ "bucketPolicy": "{" })] {
        let (bucket, assumed) = after("PutBucketPolicy", &nothing);
        assert_eq!((bucket.policy_is_public, assumed), (Reading::Denied, 1), "{nothing}");
    }
}

#[test]
fn each_other_setting_is_read_from_the_call() {
    let known = |name: &str, parameters: Json| {
        let (bucket, assumed) = after(name, &parameters);
        assert_eq!(assumed, 0, "{name}");
        bucket
    };
    let block = json!({ "PublicAccessBlockConfiguration": { "BlockPublicAcls": "TRUE", "IgnorePublicAcls": true } });
    let expected = PublicAccessBlock {
        block_public_acls: true,
        ignore_public_acls: true,
        ..PublicAccessBlock::default()
    };
    let seen = known("PutBucketPublicAccessBlock", block).public_access_block;
    assert_eq!(seen, Reading::Known(expected));
    let ownership = |name: &str| {
        let rule = json!({ "OwnershipControls": { "Rule": [{ "ObjectOwnership": name }] } });
        known("PutBucketOwnershipControls", rule).ownership
    };
    assert_eq!(ownership("ObjectWriter"), Reading::Known(Ownership::ObjectWriter));
    assert_eq!(ownership("New"), Reading::Denied);
    let status =
        json!({ "VersioningConfiguration": { "Status": "Enabled", "MfaDelete": "Enabled" } });
    let expected = Versioning { enabled: true, mfa_delete: true };
    assert_eq!(known("PutBucketVersioning", status).versioning, Reading::Known(expected));
    let rules = json!({ "LifecycleConfiguration": { "Rule": [
        { "Status": "Disabled", "Expiration": { "Days": 1 } },
        { "Status": "Enabled", "Expiration": { "Days": "30" } },
        { "Status": "Enabled", "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": 1 } },
    ] } });
    let expected = Lifecycle::new([Expiry::after(ExpiryOf::Objects, 30)]);
    assert_eq!(known("PutBucketLifecycle", rules).lifecycle, Reading::Known(expected));
    let lock =
        json!({ "ObjectLockConfiguration": { "Rule": { "DefaultRetention": { "Days": 1 } } } });
    let expected = Retention { compliance: false, days: 1 };
    let lock = known("PutBucketObjectLockConfiguration", lock);
    assert_eq!(lock.object_lock, Reading::Known(expected));
}

#[test]
fn notifications_are_the_xml_that_the_json_was() {
    let parameters = json!({ "NotificationConfiguration": {
        "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/",
        "QueueConfiguration": [{ "Id": "a & b", "Event": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"] }, { "Id": 7 }],
        "EventBridgeConfiguration": "",
    } });
    let seen =
        after("PutBucketNotification", &parameters).0.notifications.known().cloned().unwrap();
    assert_eq!(
        seen.elements,
        ["QueueConfiguration", "QueueConfiguration", "EventBridgeConfiguration"]
    );
    assert_eq!(
        seen.xml,
        "<NotificationConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><QueueConfiguration>\
         <Id>a &amp; b</Id><Event>s3:ObjectCreated:*</Event><Event>s3:ObjectRemoved:*</Event></QueueConfiguration>\
         <QueueConfiguration><Id>7</Id></QueueConfiguration><EventBridgeConfiguration></EventBridgeConfiguration>\
         </NotificationConfiguration>"
    );
    let none = json!({ "NotificationConfiguration": "" });
    let seen = after("PutBucketNotification", &none).0.notifications.known().cloned().unwrap();
    assert!(seen.elements.is_empty() && seen.with_event_bridge().is_some());
}

#[test]
fn tags_are_replaced_added_and_removed_except_those_of_aws() {
    let mut bucket = new();
    bucket.tags = Reading::Known(
        [("aws:x".to_owned(), "1".to_owned()), ("old".to_owned(), "1".to_owned())].into(),
    );
    let mut call = |name: &str, parameters: Json| {
        apply::changed(&mut bucket, name, &parameters);
        let tags = bucket.tags.known().cloned().unwrap_or_default();
        tags.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>()
    };
    let one = json!({ "Key": "keep", "Value": true });
    let seen = call("PutBucketTagging", json!({ "Tagging": { "TagSet": { "Tag": one } } }));
    assert_eq!(seen, ["aws:x=1", "keep=true"]);
    let two = json!([{ "Key": "a", "Value": 7 }, { "Key": "b" }]);
    let seen = call("TagResource", json!({ "TagResourceRequest": { "Tags": { "Tag": two } } }));
    assert_eq!(seen, ["a=7", "aws:x=1", "b=", "keep=true"]);
    assert_eq!(call("UntagResource", json!({ "tagKeys": ["a", "b"] })), ["aws:x=1", "keep=true"]);
    assert_eq!(call("DeleteBucketTagging", json!({})), ["aws:x=1"]);
}

#[test]
fn a_new_bucket_has_the_settings_of_its_call() {
    let mut bucket = new();
    apply::created(
        &mut bucket,
        &json!({
            "x-amz-object-ownership": "ObjectWriter",
            "x-amz-acl": "log-delivery-write",
            "x-amz-bucket-object-lock-enabled": "true",
            "CreateBucketConfiguration": { "Tags": { "Tag": { "Key": "team", "Value": "finance" } } },
        }),
    );
    assert_eq!(bucket.ownership, Reading::Known(Ownership::ObjectWriter));
    assert!(bucket.acl.known().unwrap().admits_log_delivery);
    assert!(bucket.versioning.known().unwrap().enabled);
    assert_eq!(bucket.tags.known().unwrap()["team"], "finance");
}
