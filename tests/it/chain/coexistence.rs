//! A bucket of a stack: the guard waits for `CloudFormation`, and does not block what it is about to create.

use s3guard_emulator::Client;
use serde_json::{Value, json};

use super::guarded::{Guarded, has_tls, new_account, policy};

const HANDLE: &str = "Handle";

/// A bucket, then a wait condition, then a resource that is created late.
fn template(bucket: &str, late: &Value) -> String {
    let mut resources = json!({
        "Bucket": { "Type": "AWS::S3::Bucket", "Properties": { "BucketName": bucket } },
        HANDLE: { "Type": "AWS::CloudFormation::WaitConditionHandle" },
        "Wait": { "Type": "AWS::CloudFormation::WaitCondition", "DependsOn": "Bucket",
            "Properties": { "Handle": { "Ref": HANDLE }, "Timeout": "600" } },
    });
    if !late.is_null() {
        resources["Late"] = json!({ "Type": "AWS::S3::BucketPolicy", "DependsOn": "Wait",
            "Properties": { "Bucket": bucket, "PolicyDocument": late } });
    }
    json!({ "AWSTemplateFormatVersion": "2010-09-09", "Resources": resources }).to_string()
}

fn cloudformation(client: &Client, action: &str, more: &[(&str, &str)]) -> String {
    let asked = [&[("Action", action), ("StackName", "web")][..], more].concat();
    client.query("cloudformation", "2010-05-15", &asked).unwrap()
}

fn between<'a>(text: &'a str, open: &str, close: &str) -> &'a str {
    let after = text.split_once(open).map(|(_, after)| after).unwrap_or_default();
    after.split_once(close).map(|(found, _)| found).unwrap_or_default()
}

fn status(client: &Client) -> String {
    let stack = cloudformation(client, "DescribeStacks", &[]);
    between(&stack, "<StackStatus>", "</StackStatus>").to_owned()
}

/// Signals the wait condition.
fn signal(client: &Client) {
    let asked = [("LogicalResourceId", HANDLE)];
    let handle = cloudformation(client, "DescribeStackResource", &asked);
    let url = between(&handle, "<PhysicalResourceId>", "</PhysicalResourceId>");
    let path = &url[url.find("/_").unwrap()..];
    let body = json!({ "Status": "SUCCESS", "UniqueId": "1", "Reason": "", "Data": "" });
    client.call("cloudformation", "PUT", path, body.to_string()).unwrap();
}

/// Starts a reconciliation that waits for the stack, and waits for its end.
fn reconcile_again(guarded: &Guarded) {
    guarded.forget();
    guarded.wait("another reconciliation", || {
        guarded.account.end_delays().unwrap();
        guarded.runs("GuardFunctionName") > 0
    });
    until_nothing_is_handled(guarded);
}

fn until_nothing_is_handled(guarded: &Guarded) {
    let client = guarded.account.client();
    guarded.wait("an empty queue except for delayed messages", || {
        let depth = client.depth(guarded.output("GuardQueueUrl")).unwrap();
        depth.visible + depth.received == 0
    });
}

/// A guard that also creates the first policy of a stack's bucket.
fn enforcing() -> Guarded {
    Guarded::configured(new_account(), "[aspects]\ntls = \"enforce\"\n", &[])
}

/// A stack in progress, with a bucket that the guard has reconciled.
fn in_progress(guarded: &Guarded, bucket: &str, late: &Value) -> Client {
    let root = guarded.account.client();
    let body = template(bucket, late);
    cloudformation(&root, "CreateStack", &[("TemplateBody", &body)]);
    guarded.wait("the bucket's other settings", || {
        root.notification(bucket).is_ok_and(|xml| xml.contains("<EventBridgeConfiguration"))
    });
    until_nothing_is_handled(guarded);
    assert_eq!(policy(&root, bucket), None, "the stack may be about to make one");
    reconcile_again(guarded);
    assert_eq!((policy(&root, bucket), status(&root)), (None, "CREATE_IN_PROGRESS".to_owned()));
    root
}

#[test]
fn a_policy_that_a_stack_creates_late_is_created_and_then_extended() {
    let guarded = enforcing();
    let bucket = guarded.bucket("web");
    guarded.forget();
    let theirs = json!({ "Version": "2012-10-17", "Statement": [{
        "Sid": "Theirs", "Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/*"),
        "Principal": { "AWS": format!("arn:aws:iam::{}:root", guarded.account.number()) } }] });
    let root = in_progress(&guarded, &bucket, &theirs);
    signal(&root);
    guarded.wait("the stack's end", || status(&root) == "CREATE_COMPLETE");
    guarded.wait("the statement", || has_tls(&root, &bucket));
    let merged = policy(&root, &bucket).unwrap();
    assert_eq!(merged["Statement"][0], theirs["Statement"][0], "theirs stays as it is, and first");
    assert_eq!(merged["Statement"].as_array().unwrap().len(), 2);
    guarded.account.end_delays().unwrap();
    guarded.rest();
    assert_eq!(policy(&root, &bucket), Some(merged), "the delayed reconciliation adds nothing");
}

#[test]
fn a_stacks_bucket_without_a_policy_gets_one_after_the_operation_if_configured() {
    let guarded = enforcing();
    let bucket = guarded.bucket("web");
    guarded.forget();
    let root = in_progress(&guarded, &bucket, &Value::Null);
    signal(&root);
    guarded.wait("the stack's end", || status(&root) == "CREATE_COMPLETE");
    reconcile_again(&guarded);
    guarded.rest();
    assert!(has_tls(&root, &bucket));
    assert_eq!(guarded.guard_writes(), ["s3:PutBucketPolicy"]);
    assert!(guarded.mail_text().contains("CreateBucket by"), "{}", guarded.mail_text());
}

#[test]
fn a_stacks_bucket_without_a_policy_is_reported_once_and_left_to_its_stack() {
    let guarded = Guarded::new(&[]);
    let bucket = guarded.bucket("web");
    guarded.forget();
    let root = guarded.account.client();
    let of = |late: Option<&Value>| {
        let properties = json!({ "BucketName": bucket });
        let mut resources =
            json!({ "Bucket": { "Type": "AWS::S3::Bucket", "Properties": properties } });
        if let Some(late) = late {
            resources["Late"] = json!({ "Type": "AWS::S3::BucketPolicy", "DependsOn": "Bucket",
                "Properties": { "Bucket": bucket, "PolicyDocument": late } });
        }
        json!({ "Resources": resources }).to_string()
    };
    cloudformation(&root, "CreateStack", &[("TemplateBody", &of(None))]);
    let why = "CloudFormation made it";
    guarded.wait("a mail", || {
        guarded.account.end_delays().unwrap();
        guarded.mail_text().contains(why)
    });
    guarded.account.end_delays().unwrap();
    guarded.rest();
    guarded.account.fire_schedules().unwrap();
    guarded.rest();
    assert_eq!(guarded.mail_text().matches(why).count(), 1, "{}", guarded.mail_text());
    assert!(guarded.mail_text().contains("Type: AWS::S3::BucketPolicy"), "{}", guarded.mail_text());
    // Its tags have an event of their own, which another run may handle meanwhile.
    let writes = guarded.guard_writes();
    assert!(writes.iter().all(|write| write == "s3:PutBucketNotification"), "{writes:?}");
    assert_eq!(policy(&root, &bucket), None);

    let theirs = json!({ "Version": "2012-10-17", "Statement": [{ "Sid": "Theirs", "Effect": "Deny",
        "Action": "s3:DeleteBucket", "Resource": format!("arn:aws:s3:::{bucket}"), "Principal": "*" }] });
    cloudformation(&root, "UpdateStack", &[("TemplateBody", &of(Some(&theirs)))]);
    guarded.wait("the statement", || has_tls(&root, &bucket));
    assert_eq!(status(&root), "UPDATE_COMPLETE");
    assert_eq!(policy(&root, &bucket).unwrap()["Statement"][0], theirs["Statement"][0]);
    guarded.rest();
}
