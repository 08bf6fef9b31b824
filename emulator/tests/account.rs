//! The emulated account behaves as AWS documents it, where MiniStack alone does not.

use std::collections::BTreeMap;
use std::thread;

use s3guard_emulator::{CallError, Client, Fault, until};
use serde_json::{Value, json};

#[path = "setup/new.rs"]
mod new;
#[path = "setup/trail.rs"]
mod trail;

use new::account;
use trail::{record, watch};

#[test]
fn a_new_bucket_has_the_defaults_of_2026() {
    let account = account();
    let client = account.client();
    client.create_bucket("fresh").expect("a bucket");
    let encryption = client.encryption("fresh").expect("an encryption");
    assert!(encryption.contains("AES256") && encryption.contains(">SSE-C<"), "{encryption}");
    let block = client.public_access_block("fresh").expect("a block");
    assert_eq!(block.matches("true").count(), 4, "{block}");
}

#[test]
fn a_bucket_from_before_2023_has_neither_encryption_nor_block() {
    let account = account();
    let client = account.client();
    client.create_bucket("old").expect("a bucket");
    account.make_legacy("old").expect("the hook");
    let error = client.encryption("old").expect_err("there is none");
    assert_eq!(error.code, "ServerSideEncryptionConfigurationNotFoundError");
    let error = client.public_access_block("old").expect_err("there is none");
    assert_eq!(error.code, "NoSuchPublicAccessBlockConfiguration");
    let rule = "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault>";
    client.put_encryption("old", rule).expect("it can be set");
    assert!(client.encryption("old").expect("it has one now").contains(">NONE<"));
}

#[test]
fn blocked_encryption_types_are_returned_and_kept_by_a_put_without_them() {
    let account = account();
    let client = account.client();
    client.create_bucket("types").expect("a bucket");
    let default = "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault>";
    let none =
        "<BlockedEncryptionTypes><EncryptionType>NONE</EncryptionType></BlockedEncryptionTypes>";
    client.put_encryption("types", &format!("{default}{none}")).expect("a put");
    assert!(client.encryption("types").expect("an encryption").contains(">NONE<"));
    client.put_encryption("types", default).expect("a put");
    let encryption = client.encryption("types").expect("an encryption");
    assert!(encryption.contains(">NONE<") && encryption.contains("aws:kms"), "{encryption}");
}

#[test]
fn a_trail_needs_a_bucket_with_its_policy() {
    let account = account();
    let client = account.client();
    client.create_bucket("closed").expect("a bucket");
    for (bucket, code) in [
        ("closed", "InsufficientS3BucketPolicyException"),
        ("missing", "S3BucketDoesNotExistException"),
    ] {
        let trail = json!({ "Name": "trail", "S3BucketName": bucket });
        let error = client.json("cloudtrail", "CreateTrail", &trail).expect_err("it is refused");
        assert_eq!((error.status, error.code.as_str()), (400, code));
    }
}

#[test]
fn a_write_on_a_bucket_is_published_with_cloudtrails_names_and_its_caller() {
    let account = account();
    let queue = watch(&account);
    let root = account.client();
    let policy = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "s3:*", "Resource": "*" } });
    let careless = account.user("careless", &policy).expect("a user");
    account.client_of(careless).create_bucket("made").expect("a bucket");
    let made = record(&root, &queue, "CreateBucket");
    let parameters = &made["requestParameters"];
    assert_eq!(parameters["bucketName"], "made");
    assert_eq!(parameters["CreateBucketConfiguration"]["LocationConstraint"], "eu-west-1");
    assert_eq!(made["userIdentity"]["type"], "IAMUser");
    assert_eq!(made["userIdentity"].get("sessionContext"), None);
    assert_eq!((made.get("errorCode"), &made["resources"]), (None, &Value::Null));

    root.delete_public_access_block("made").expect("a delete");
    let weakened = record(&root, &queue, "DeleteBucketPublicAccessBlock");
    assert_eq!(weakened["userIdentity"]["type"], "Root");
    assert_eq!(weakened["requestParameters"]["publicAccessBlock"], "");
    root.put_notification("made", "<EventBridgeConfiguration/>").expect("a put");
    record(&root, &queue, "PutBucketNotification");
}

#[test]
fn a_refused_call_is_published_with_its_error() {
    let account = account();
    let queue = watch(&account);
    let nothing = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Deny", "Action": "*", "Resource": "*" } });
    let powerless = account.client_of(account.user("powerless", &nothing).expect("a user"));
    let error = powerless.create_bucket("refused").expect_err("it may not");
    assert_eq!(error.code, "AccessDenied");
    assert_eq!(record(&account.client(), &queue, "CreateBucket")["errorCode"], "AccessDenied");
    let calls = account.calls().expect("the calls");
    let call = calls
        .iter()
        .rfind(|call| call.principal.ends_with(":user/powerless"))
        .expect("it is recorded");
    assert_eq!(call.action.as_deref(), Some("s3:CreateBucket"));
    assert_eq!((call.allowed, call.error.as_str()), (false, "AccessDenied"));
}

#[test]
fn without_a_trail_nothing_is_published() {
    let account = account();
    let queue = watch(&account);
    let client = account.client();
    client.json("cloudtrail", "StopLogging", &json!({ "Name": "trail" })).expect("it stops");
    client.receive(&queue, 0).expect("what came before");
    client.create_bucket("unseen").expect("a bucket");
    assert!(client.receive(&queue, 1).expect("messages").is_empty());
}

#[test]
fn a_target_without_a_policy_receives_nothing() {
    let account = account();
    let queue = watch(&account);
    let client = account.client();
    let policy = json!({ "QueueUrl": queue, "Attributes": { "Policy": "" } });
    client.json("sqs", "SetQueueAttributes", &policy).expect("a put");
    client.create_bucket("undelivered").expect("a bucket");
    assert!(client.receive(&queue, 1).expect("messages").is_empty());
}

#[test]
fn an_objects_event_names_its_version_where_the_bucket_has_versions() {
    let account = account();
    let queue = watch(&account);
    let client = account.client();
    let pattern = json!({ "source": ["aws.s3"], "detail-type": [{ "prefix": "Object " }] });
    let rule = json!({ "Name": "all", "EventPattern": pattern.to_string() });
    client.json("events", "PutRule", &rule).expect("a rule");
    let bucket = format!("versions-{}", account.number());
    client.create_bucket(&bucket).expect("a bucket");
    client.put_notification(&bucket, "<EventBridgeConfiguration/>").expect("it is ours");
    client.put_object(&bucket, "plain", b"1").expect("an object");
    let enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    client.put_bucket_setting(&bucket, "versioning", enabled).expect("it is ours");
    client.put_object(&bucket, "kept", b"1").expect("an object");
    client.delete_object(&bucket, "kept").expect("it is ours");
    let mut versions = BTreeMap::new();
    until("three events", || {
        for message in client.receive(&queue, 1).expect("messages") {
            let event: Value = serde_json::from_str(&message).expect("it is JSON");
            let object = &event["detail"]["object"];
            let (kind, key) = (event["detail-type"].as_str(), object["key"].as_str());
            let of = format!("{} {}", kind.expect("a kind"), key.expect("a key"));
            versions.insert(of, object["version-id"].as_str().map(str::to_owned));
        }
        Ok((versions.len() == 3).then_some(()))
    })
    .expect("they come");
    let listed = client.bucket_setting(&bucket, "versions").expect("a list");
    assert_eq!(versions["Object Created plain"], None);
    for event in ["Object Created kept", "Object Deleted kept"] {
        let version = versions[event].as_ref().expect("a version");
        assert!(listed.contains(version), "{event}: {version} is not in {listed}");
    }
}

#[test]
fn a_held_call_waits_for_its_release_and_a_failed_one_fails_once() {
    let account = account();
    let client = account.client();
    client.create_bucket("held").expect("a bucket");
    let held = account.add_fault(&Fault::hold("s3:GetEncryptionConfiguration")).expect("a fault");
    let other = client.clone();
    let call = thread::spawn(move || other.encryption("held"));
    account.wait_until_held(held.number).expect("it is held");
    assert!(!call.is_finished());
    account.release_fault(held.number).expect("a release");
    call.join().expect("it ran").expect("and was answered");

    account.add_fault(&Fault::fail("s3:PutBucketPublicAccessBlock", "SlowDown")).expect("a fault");
    let error = client.put_public_access_block("held", true).expect_err("it fails");
    assert_eq!(error.code, "SlowDown");
    client.put_public_access_block("held", true).expect("only once");
}

#[test]
fn a_test_can_fire_a_schedule() {
    let account = account();
    let queue = watch(&account);
    let client = account.client();
    let rule = json!({ "Name": "all", "ScheduleExpression": "rate(6 hours)" });
    client.json("events", "PutRule", &rule).expect("a rule");
    client.receive(&queue, 0).expect("what came before");
    assert_eq!(account.fire_schedules().expect("the hook"), 1);
    let messages = client.receive(&queue, 20).expect("messages");
    assert!(messages[0].contains("\"Scheduled Event\""), "{messages:?}");
}

#[test]
fn a_policy_has_a_status_and_another_owner_is_refused() {
    let account = account();
    let client = account.client();
    let bucket = format!("status-{}", account.number());
    client.create_bucket(&bucket).expect("a bucket");
    let status = || client.bucket_setting(&bucket, "policyStatus");
    assert_eq!(status().expect_err("there is no policy").code, "NoSuchBucketPolicy");
    client.put_public_access_block(&bucket, false).expect("a put");
    let policy = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Principal": "*",
        "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/*") } });
    client.put_bucket_setting(&bucket, "policy", &policy.to_string()).expect("a put");
    assert!(status().expect("a status").contains("<IsPublic>true</IsPublic>"));
    let other = client.with_header("x-amz-expected-bucket-owner", "999999999999");
    let error = other.encryption(&bucket).expect_err("it is refused");
    assert_eq!((error.status, error.code.as_str()), (403, "AccessDenied"));
}

#[test]
fn another_account_sees_nothing() {
    let (one, two) = (account(), account());
    one.client().create_bucket("mine-alone").expect("a bucket");
    assert_eq!(two.client().list_buckets().expect("a list"), Vec::<String>::new());
    assert_eq!(
        two.calls()
            .expect("the calls")
            .iter()
            .filter(|call| call.resource.contains("mine-alone"))
            .count(),
        0
    );
}

#[test]
fn a_key_is_described_to_callers_with_the_permission() {
    let account = account();
    let root = account.client();
    let key = root.create_key().expect("a key");
    let alias = json!({ "AliasName": "alias/mine", "TargetKeyId": key });
    root.json("kms", "CreateAlias", &alias).expect("an alias");
    let describe = |client: &Client, key: &str| {
        let answer = client.json("kms", "DescribeKey", &json!({ "KeyId": key }))?;
        Ok::<_, CallError>(answer["KeyMetadata"].clone())
    };
    let statement = json!({ "Effect": "Allow", "Action": "kms:DescribeKey", "Resource": key });
    let policy = json!({ "Version": "2012-10-17", "Statement": statement });
    let reader = account.client_of(account.user("reader", &policy).expect("a user"));
    for name in [key.as_str(), "alias/mine"] {
        let metadata = describe(&reader, name).expect("the metadata");
        assert_eq!(metadata["Arn"], key.as_str());
        assert_eq!(metadata["AWSAccountId"], account.number());
        let described =
            ["KeyState", "KeyUsage", "KeySpec", "KeyManager"].map(|name| metadata[name].clone());
        assert_eq!(described, ["Enabled", "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "CUSTOMER"]);
    }
    root.json("kms", "DisableKey", &json!({ "KeyId": key })).expect("it can be disabled");
    assert_eq!(describe(&reader, &key).expect("the metadata")["KeyState"], "Disabled");
    let deletion = json!({ "KeyId": key, "PendingWindowInDays": 7 });
    root.json("kms", "ScheduleKeyDeletion", &deletion).expect("it can be deleted");
    assert_eq!(describe(&reader, &key).expect("the metadata")["KeyState"], "PendingDeletion");
    let refusal = |client: &Client, key: &str| {
        let error = describe(client, key).expect_err("it is refused");
        error.code
    };
    assert_eq!(refusal(&root, "alias/none"), "NotFoundException");
    assert_eq!(describe(&root, "alias/aws/s3").expect("the metadata")["KeyManager"], "AWS");
    let other = root.create_key().expect("a key");
    assert_eq!(refusal(&reader, &other), "AccessDeniedException");
    account.add_fault(&Fault::fail("kms:DescribeKey", "ThrottlingException")).expect("a fault");
    assert_eq!(refusal(&reader, &key), "ThrottlingException");
}

#[test]
fn a_test_can_end_a_delay() {
    let account = account();
    let queue = watch(&account);
    let client = account.client();
    client.receive(&queue, 0).expect("what came before");
    let later = json!({ "QueueUrl": queue, "MessageBody": "later", "DelaySeconds": 900 });
    client.json("sqs", "SendMessage", &later).expect("it is sent");
    assert!(client.receive(&queue, 0).expect("messages").is_empty());
    assert_eq!(account.end_delays().expect("the hook"), 1);
    assert_eq!(client.receive(&queue, 20).expect("messages")[0], "later");
}

#[test]
fn a_bucket_can_be_created_without_an_event_and_an_event_published_without_a_call() {
    let account = account();
    let queue = watch(&account);
    let client = account.client();
    client.receive(&queue, 0).expect("what came before");
    let prefix = format!("silent-{}", account.number());
    let made = account.make_silent_buckets(&prefix, 2).expect("the hook");
    assert_eq!(made, [format!("{prefix}-00000"), format!("{prefix}-00001")]);
    let location = client.bucket_setting(&made[1], "location").expect("it is there");
    assert!(location.contains("eu-west-1"), "{location}");
    let parameters = json!({ "resourceArn": format!("arn:aws:s3:::{}", made[0]) });
    account.publish_event("TagResource", &parameters).expect("the hook");
    let event = record(&client, &queue, "TagResource");
    assert_eq!(event["requestParameters"], parameters);
}

#[test]
fn a_failed_call_can_have_another_message() {
    let account = account();
    let client = account.client();
    client.create_bucket("message").expect("a bucket");
    let message = "User: a & b is not authorized to perform: \"s3:PutBucketPublicAccessBlock\"";
    let fault = Fault::fail("s3:PutBucketPublicAccessBlock", "AccessDenied");
    account.add_fault(&Fault { message: Some(message.to_owned()), ..fault }).expect("a fault");
    let error = client.put_public_access_block("message", true).expect_err("it fails");
    assert!(error.to_string().contains("User: a"), "{error}");
}
