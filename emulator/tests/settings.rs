//! The settings of buckets: what S3 returns, what it refuses, and which events CloudTrail publishes.

use s3guard_emulator::CallError;
use serde_json::json;

#[path = "setup/new.rs"]
mod new;
#[path = "setup/new_bucket.rs"]
mod new_bucket;
#[path = "setup/trail.rs"]
mod trail;

use new_bucket::bucket;
use trail::{record, records_up_to, watch};

const NONE: &str = "999999999999";

/// A document in S3's namespace.
fn document(name: &str, inside: &str) -> String {
    format!("<{name} xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{inside}</{name}>")
}

fn ownership(of: &str) -> String {
    document("OwnershipControls", &format!("<Rule><ObjectOwnership>{of}</ObjectOwnership></Rule>"))
}

fn versioning(inside: &str) -> String {
    document("VersioningConfiguration", inside)
}

/// A setting of a bucket with versioning, and the names of its calls.
struct Setting {
    subresource: &'static str,
    document: String,
    /// What S3 returns, from the content of the document.
    kept: &'static str,
    /// IAM's names of the get, the put and the delete.
    actions: (&'static str, &'static str, &'static str),
    /// CloudTrail's names of the put and the delete.
    events: (&'static str, &'static str),
}

fn settings(bucket: &str) -> Vec<Setting> {
    let log = format!(
        "<LoggingEnabled><TargetBucket>{bucket}</TargetBucket><TargetPrefix>log/</TargetPrefix></LoggingEnabled>"
    );
    let tls = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } } }] });
    let setting = |subresource, document, kept, actions, events| Setting {
        subresource,
        document,
        kept,
        actions,
        events,
    };
    vec![
        setting(
            "encryption",
            document(
                "ServerSideEncryptionConfiguration",
                "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>",
            ),
            "aws:kms",
            (
                "s3:GetEncryptionConfiguration",
                "s3:PutEncryptionConfiguration",
                "s3:PutEncryptionConfiguration",
            ),
            ("PutBucketEncryption", "DeleteBucketEncryption"),
        ),
        setting(
            "publicAccessBlock",
            document("PublicAccessBlockConfiguration", "<IgnorePublicAcls>true</IgnorePublicAcls>"),
            "<BlockPublicAcls>false</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls>",
            (
                "s3:GetBucketPublicAccessBlock",
                "s3:PutBucketPublicAccessBlock",
                "s3:PutBucketPublicAccessBlock",
            ),
            ("PutBucketPublicAccessBlock", "DeleteBucketPublicAccessBlock"),
        ),
        setting(
            "policy",
            tls.to_string(),
            "aws:SecureTransport",
            ("s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"),
            ("PutBucketPolicy", "DeleteBucketPolicy"),
        ),
        setting(
            "ownershipControls",
            ownership("BucketOwnerPreferred"),
            "BucketOwnerPreferred",
            (
                "s3:GetBucketOwnershipControls",
                "s3:PutBucketOwnershipControls",
                "s3:PutBucketOwnershipControls",
            ),
            ("PutBucketOwnershipControls", "DeleteBucketOwnershipControls"),
        ),
        setting(
            "versioning",
            versioning("<Status>Enabled</Status>"),
            "<Status>Enabled</Status>",
            ("s3:GetBucketVersioning", "s3:PutBucketVersioning", ""),
            ("PutBucketVersioning", ""),
        ),
        setting(
            "logging",
            document("BucketLoggingStatus", &log),
            "<TargetPrefix>log/</TargetPrefix>",
            ("s3:GetBucketLogging", "s3:PutBucketLogging", ""),
            ("PutBucketLogging", ""),
        ),
        setting(
            "notification",
            document("NotificationConfiguration", "<EventBridgeConfiguration/>"),
            "<EventBridgeConfiguration",
            ("s3:GetBucketNotification", "s3:PutBucketNotification", ""),
            ("PutBucketNotification", ""),
        ),
        setting(
            "website",
            document(
                "WebsiteConfiguration",
                "<IndexDocument><Suffix>a.html</Suffix></IndexDocument>",
            ),
            "<Suffix>a.html</Suffix>",
            ("s3:GetBucketWebsite", "s3:PutBucketWebsite", "s3:DeleteBucketWebsite"),
            ("PutBucketWebsite", "DeleteBucketWebsite"),
        ),
        setting(
            "lifecycle",
            document(
                "LifecycleConfiguration",
                "<Rule><ID>a</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status><Expiration><Days>9</Days></Expiration></Rule>",
            ),
            "<Days>9</Days>",
            (
                "s3:GetLifecycleConfiguration",
                "s3:PutLifecycleConfiguration",
                "s3:PutLifecycleConfiguration",
            ),
            ("PutBucketLifecycle", "DeleteBucketLifecycle"),
        ),
        setting(
            "cors",
            document(
                "CORSConfiguration",
                "<CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule>",
            ),
            "<AllowedMethod>GET</AllowedMethod>",
            ("s3:GetBucketCORS", "s3:PutBucketCORS", "s3:PutBucketCORS"),
            ("PutBucketCors", "DeleteBucketCors"),
        ),
        setting(
            "requestPayment",
            document("RequestPaymentConfiguration", "<Payer>Requester</Payer>"),
            "<Payer>Requester</Payer>",
            ("s3:GetBucketRequestPayment", "s3:PutBucketRequestPayment", ""),
            ("PutBucketRequestPayment", ""),
        ),
        setting(
            "accelerate",
            document("AccelerateConfiguration", "<Status>Enabled</Status>"),
            "<Status>Enabled</Status>",
            ("s3:GetAccelerateConfiguration", "s3:PutAccelerateConfiguration", ""),
            ("PutAccelerateConfiguration", ""),
        ),
        setting(
            "tagging",
            document("Tagging", "<TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet>"),
            "<Key>a</Key><Value>b</Value>",
            ("s3:GetBucketTagging", "s3:PutBucketTagging", "s3:PutBucketTagging"),
            ("PutBucketTagging", "DeleteBucketTagging"),
        ),
        setting(
            "replication",
            document(
                "ReplicationConfiguration",
                "<Role>arn:aws:iam::111122223333:role/copy</Role><Rule><ID>a</ID><Priority>1</Priority><Status>Enabled</Status><Filter><Prefix></Prefix></Filter><DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication><Destination><Bucket>arn:aws:s3:::elsewhere</Bucket></Destination></Rule>",
            ),
            "<Bucket>arn:aws:s3:::elsewhere</Bucket>",
            (
                "s3:GetReplicationConfiguration",
                "s3:PutReplicationConfiguration",
                "s3:PutReplicationConfiguration",
            ),
            ("PutBucketReplication", "DeleteBucketReplication"),
        ),
        setting(
            "object-lock",
            document(
                "ObjectLockConfiguration",
                "<ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule>",
            ),
            "<Mode>GOVERNANCE</Mode>",
            ("s3:GetBucketObjectLockConfiguration", "s3:PutBucketObjectLockConfiguration", ""),
            ("PutBucketObjectLockConfiguration", ""),
        ),
    ]
}

fn code<T: std::fmt::Debug>(answer: Result<T, CallError>) -> String {
    answer.expect_err("it is refused").code
}

#[test]
fn a_setting_that_is_not_configured_has_a_code_or_a_default() {
    let (_, client, bucket) = bucket();
    for (subresource, expected) in [
        ("cors", "NoSuchCORSConfiguration"),
        ("lifecycle", "NoSuchLifecycleConfiguration"),
        ("object-lock", "ObjectLockConfigurationNotFoundError"),
        ("policy", "NoSuchBucketPolicy"),
        ("policyStatus", "NoSuchBucketPolicy"),
        ("replication", "ReplicationConfigurationNotFoundError"),
        ("tagging", "NoSuchTagSet"),
        ("website", "NoSuchWebsiteConfiguration"),
    ] {
        assert_eq!(code(client.bucket_setting(&bucket, subresource)), expected);
    }
    for (subresource, expected) in [
        ("abac", "<Status>Disabled</Status>"),
        ("accelerate", "<AccelerateConfiguration"),
        ("acl", "<Permission>FULL_CONTROL</Permission>"),
        ("logging", "<BucketLoggingStatus"),
        ("notification", "<NotificationConfiguration"),
        ("ownershipControls", "BucketOwnerEnforced"),
        ("requestPayment", "<Payer>BucketOwner</Payer>"),
        ("versioning", "<VersioningConfiguration"),
    ] {
        let answer = client.bucket_setting(&bucket, subresource).expect("a default");
        assert!(answer.contains(expected), "{subresource}: {answer}");
        assert!(!answer.contains("<Status>Enabled"), "{subresource}: {answer}");
    }
    for (subresource, expected) in [
        ("ownershipControls", "OwnershipControlsNotFoundError"),
        ("publicAccessBlock", "NoSuchPublicAccessBlockConfiguration"),
    ] {
        client.delete_bucket_setting(&bucket, subresource).expect("a delete");
        assert_eq!(code(client.bucket_setting(&bucket, subresource)), expected);
    }
    assert_eq!(code(client.bucket_setting("no-such-bucket-at-all", "versioning")), "NoSuchBucket");
    // A setting that is not emulated must not be taken for the bucket itself.
    assert_eq!(code(client.bucket_setting(&bucket, "inventory")), "NotImplemented");
}

#[test]
fn a_setting_is_returned_published_and_needs_its_own_permission() {
    let (account, root, bucket) = bucket();
    let queue = watch(&account);
    let agent = "APN/1.0 HashiCorp/1.0 Terraform/1.9.5 (+https://www.terraform.io)";
    let client = root.with_header("user-agent", agent);
    let nothing = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Deny", "Action": "*", "Resource": "*" } });
    let powerless = account.client_of(account.user("powerless", &nothing).expect("a user"));
    let mut expected = Vec::new();
    for setting in settings(&bucket) {
        let Setting { subresource, document, kept, actions, events } = &setting;
        let may_not = |call: &dyn Fn() -> bool, action: &str| {
            account.forget_calls().expect("the hook");
            assert!(call(), "{action} is refused");
            let calls = account.calls().expect("the calls");
            let checked: Vec<_> =
                calls.iter().map(|call| (call.action.as_deref(), call.allowed)).collect();
            assert_eq!(checked, [(Some(action), false)], "{subresource}");
        };
        let (get, put, delete) = *actions;
        may_not(&|| code(powerless.bucket_setting(&bucket, subresource)) == "AccessDenied", get);
        may_not(
            &|| {
                code(powerless.put_bucket_setting(&bucket, subresource, document)) == "AccessDenied"
            },
            put,
        );
        let answer = client.put_bucket_setting(&bucket, subresource, document);
        answer.unwrap_or_else(|error| panic!("{subresource}: {error}"));
        let answer = client.bucket_setting(&bucket, subresource).expect("it is there");
        assert!(answer.contains(kept), "{subresource}: {answer}");
        expected.extend([(events.0, true), (events.0, false)]);
        if !delete.is_empty() {
            may_not(
                &|| code(powerless.delete_bucket_setting(&bucket, subresource)) == "AccessDenied",
                delete,
            );
            client.delete_bucket_setting(&bucket, subresource).expect("a delete");
            expected.extend([(events.1, true), (events.1, false)]);
        }
    }
    root.delete_bucket(&bucket).expect("a delete");
    let records = records_up_to(&root, &queue, "DeleteBucket");
    let seen: Vec<(&str, bool)> = records
        .iter()
        .filter(|record| record["requestParameters"]["bucketName"] == bucket.as_str())
        .map(|record| {
            (
                record["eventName"].as_str().unwrap_or_default(),
                record["errorCode"] == "AccessDenied",
            )
        })
        .filter(|(name, _)| *name != "DeleteBucket")
        .collect();
    assert_eq!(seen, expected);
    client.create_bucket(&bucket).expect("a bucket");
    assert_eq!(record(&root, &queue, "CreateBucket")["userAgent"], format!("[{agent}]"));
}

#[test]
fn an_invalid_setting_is_refused_with_its_code() {
    let (_, client, bucket) = bucket();
    let log = |target: &str| {
        let target =
            format!("<LoggingEnabled><TargetBucket>{target}</TargetBucket></LoggingEnabled>");
        document("BucketLoggingStatus", &target)
    };
    let event = |arn: &str, event: &str| {
        let inside = format!(
            "<QueueConfiguration><Queue>{arn}</Queue><Event>{event}</Event></QueueConfiguration>"
        );
        document("NotificationConfiguration", &inside)
    };
    let lock =
        document("ObjectLockConfiguration", "<ObjectLockEnabled>Enabled</ObjectLockEnabled>");
    let nowhere = format!("arn:aws:sqs:eu-west-1:{NONE}:none");
    for (subresource, document, expected) in [
        ("versioning", "no XML".to_owned(), "MalformedXML"),
        ("versioning", ownership("ObjectWriter"), "MalformedXML"),
        ("versioning", versioning("<Status>On</Status>"), "MalformedXML"),
        ("ownershipControls", ownership("Unknown"), "MalformedXML"),
        ("logging", log("no-such-bucket-at-all"), "InvalidTargetBucketForLogging"),
        ("notification", event(&nowhere, "s3:ObjectCreated:*"), "InvalidArgument"),
        ("notification", event(&nowhere, "created"), "InvalidArgument"),
        ("object-lock", lock, "InvalidBucketState"),
        ("website", document("WebsiteConfiguration", ""), "InvalidArgument"),
        ("requestPayment", document("RequestPaymentConfiguration", ""), "MalformedXML"),
        (
            "tagging",
            document("Tagging", "<TagSet><Tag><Key>aws:a</Key><Value>b</Value></Tag></TagSet>"),
            "InvalidTag",
        ),
    ] {
        let answer = client.put_bucket_setting(&bucket, subresource, &document);
        assert_eq!(code(answer), expected, "{subresource}: {document}");
    }
}

#[test]
fn another_expected_owner_is_refused_by_every_call() {
    let (_, client, bucket) = bucket();
    let other = client.with_header("x-amz-expected-bucket-owner", NONE);
    for Setting { subresource, document, .. } in settings(&bucket) {
        let get = other.bucket_setting(&bucket, subresource);
        let put = other.put_bucket_setting(&bucket, subresource, &document);
        assert_eq!((code(get), code(put)), ("AccessDenied".into(), "AccessDenied".into()));
    }
    assert_eq!(code(other.put_object(&bucket, "a", b"1")), "AccessDenied");
    client.put_object(&bucket, "a", b"1").expect("an object");
    assert_eq!(code(other.get_object(&bucket, "a")), "AccessDenied");
    assert_eq!(client.get_object(&bucket, "a").expect("the object"), "1");
}

#[test]
fn mfa_delete_is_stored_and_needs_the_code_of_a_device() {
    let (_, client, bucket) = bucket();
    let both = versioning("<Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>");
    assert_eq!(code(client.put_bucket_setting(&bucket, "versioning", &both)), "AccessDenied");
    let device = client.with_header("x-amz-mfa", "arn:aws:iam::111122223333:mfa/root 123456");
    device.put_bucket_setting(&bucket, "versioning", &both).expect("a put");
    let kept = client.bucket_setting(&bucket, "versioning").expect("it is there");
    assert!(kept.contains("<Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>"), "{kept}");
    let without = versioning("<Status>Suspended</Status>");
    assert_eq!(code(client.put_bucket_setting(&bucket, "versioning", &without)), "AccessDenied");
}

#[test]
fn notifications_are_stored_unchanged_and_replaced_as_a_whole() {
    let (account, client, bucket) = bucket();
    let arn = |service: &str, name: &str| {
        format!("arn:aws:{service}:eu-west-1:{}:{name}", account.number())
    };
    let filter = "<Filter><S3Key><FilterRule><Name>Prefix</Name><Value>a/</Value></FilterRule></S3Key></Filter>";
    let inside = [
        format!("<QueueConfiguration><Id>one</Id><Queue>{}</Queue><Event>s3:ObjectRemoved:*</Event>{filter}</QueueConfiguration>", arn("sqs", "gone")),
        format!("<TopicConfiguration><Id>two</Id><Topic>{}</Topic><Event>s3:ObjectCreated:*</Event><Event>s3:ObjectRestore:Post</Event></TopicConfiguration>", arn("sns", "gone")),
        format!("<CloudFunctionConfiguration><Id>three</Id><CloudFunction>{}</CloudFunction><Event>s3:ObjectTagging:*</Event></CloudFunctionConfiguration>", arn("lambda", "function:gone")),
    ]
    .concat();
    let whole = document("NotificationConfiguration", &inside);
    assert_eq!(code(client.put_bucket_setting(&bucket, "notification", &whole)), "InvalidArgument");
    let skip = client.with_header("x-amz-skip-destination-validation", "true");
    let with_bridge =
        document("NotificationConfiguration", &format!("{inside}<EventBridgeConfiguration/>"));
    skip.put_bucket_setting(&bucket, "notification", &with_bridge).expect("a put");
    let kept = client.notification(&bucket).expect("it is there");
    assert!(kept.contains(&inside) && kept.contains("<EventBridgeConfiguration"), "{kept}");
    skip.put_bucket_setting(&bucket, "notification", &whole).expect("a put");
    let kept = client.notification(&bucket).expect("it is there");
    assert!(kept.contains(&inside) && !kept.contains("EventBridge"), "{kept}");
    client.put_notification(&bucket, "").expect("a put");
    assert!(!client.notification(&bucket).expect("it is empty").contains("Configuration>"));
}

#[test]
fn a_listing_is_in_byte_order_and_a_key_is_created_once() {
    let (_, client, bucket) = bucket();
    let once = client.with_header("if-none-match", "*");
    once.put_object(&bucket, "run/b", b"1").expect("an object");
    let again = once.put_object(&bucket, "run/b", b"2");
    assert_eq!(code(again), "PreconditionFailed");
    for key in ["run/é", "run/Z", "run/a", "other"] {
        client.put_object(&bucket, key, b"").expect("an object");
    }
    let keys = |answer: &str| -> Vec<String> {
        answer
            .split("<Key>")
            .skip(1)
            .map(|rest| rest.split('<').next().unwrap_or_default().to_owned())
            .collect()
    };
    let list = |query: &str| {
        let target = format!("/{bucket}?list-type=2&{query}");
        client.call("s3", "GET", &target, "").expect("a page")
    };
    let first = list("prefix=run/&max-keys=2");
    assert_eq!(keys(&first), ["run/Z", "run/a"]);
    let token =
        first.split("<NextContinuationToken>").nth(1).and_then(|rest| rest.split('<').next());
    let token = token.expect("there is more");
    let next = list(&format!("prefix=run/&continuation-token={token}"));
    assert_eq!(keys(&next), ["run/b", "run/é"]);
    assert_eq!(keys(&list("start-after=run/a")), ["run/b", "run/é"]);
}
