//! Stacks in the emulated account: what MiniStack drops or accepts, and AWS does not.

use s3guard_emulator::{Account, Client};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;

#[path = "setup/new.rs"]
mod new;
#[path = "setup/stacks.rs"]
mod stacks;
#[path = "setup/trail.rs"]
mod trail;

use new::account;
use stacks::{between, cloudformation, deploy, end_of, eventually, template};
use trail::{record, records_up_to, watch};

/// A function behind a queue; `polling` is what its role may do with the queue.
fn function_with(account: &Account, polling: &Value) -> Value {
    let bucket = format!("code-{}", account.number());
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive
        .start_file("bootstrap", SimpleFileOptions::default().unix_permissions(0o755))
        .expect("a file");
    archive.write_all(include_bytes!("fixtures/bootstrap.py")).expect("it fits");
    let code = archive.finish().expect("an archive").into_inner();
    account.client().create_bucket(&bucket).expect("a bucket");
    account.client().put_object(&bucket, "code.zip", &code).expect("an object");
    let assume = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "Service": "lambda.amazonaws.com" } }] });
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": polling, "Resource": "*" },
        { "Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*" } ] });
    json!({
        "Role": { "Type": "AWS::IAM::Role", "Properties": { "AssumeRolePolicyDocument": assume, "Path": "/s3guard/",
            "Policies": [{ "PolicyName": "poll", "PolicyDocument": policy }] } },
        "Dead": { "Type": "AWS::SQS::Queue", "Properties": { "QueueName": "dead" } },
        "Queue": { "Type": "AWS::SQS::Queue", "Properties": { "QueueName": "work", "VisibilityTimeout": 360,
            "RedrivePolicy": { "deadLetterTargetArn": { "Fn::GetAtt": ["Dead", "Arn"] }, "maxReceiveCount": 2 } } },
        "Function": { "Type": "AWS::Lambda::Function", "Properties": { "FunctionName": "worker", "Runtime": "provided.al2023",
            "Handler": "guard", "Timeout": 2, "Role": { "Fn::GetAtt": ["Role", "Arn"] },
            "Code": { "S3Bucket": bucket, "S3Key": "code.zip" } } },
        "Mapping": { "Type": "AWS::Lambda::EventSourceMapping", "Properties": { "BatchSize": 1,
            "EventSourceArn": { "Fn::GetAtt": ["Queue", "Arn"] }, "FunctionName": { "Ref": "Function" } } },
        "Topic": { "Type": "AWS::SNS::Topic", "Properties": { "TopicName": "words" } },
        "Mail": { "Type": "AWS::SNS::Subscription", "Properties": { "Protocol": "email", "Endpoint": "owner@example.com",
            "TopicArn": { "Ref": "Topic" } } },
        "Alarm": { "Type": "AWS::CloudWatch::Alarm", "Properties": { "AlarmName": "dead-letters", "Namespace": "AWS/SQS",
            "MetricName": "ApproximateNumberOfMessagesVisible", "Dimensions": [{ "Name": "QueueName", "Value": "dead" }],
            "Statistic": "Maximum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold", "AlarmActions": [{ "Ref": "Topic" }] } },
    })
}

fn queue_url(client: &Client) -> String {
    let answer = client.json("sqs", "GetQueueUrl", &json!({ "QueueName": "work" }));
    answer.expect("an answer")["QueueUrl"].as_str().expect("a URL").to_owned()
}

fn polling() -> Value {
    json!(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"])
}

#[test]
fn a_function_runs_and_a_message_in_the_dlq_raises_the_alarm_and_an_email() {
    let account = account();
    let client = account.client();
    let (status, events) = deploy(&client, &template(&function_with(&account, &polling())));
    assert_eq!(status, "CREATE_COMPLETE", "{events}");
    assert_eq!(account.confirm_mail("owner@example.com").expect("the hook"), 1);
    let queue = queue_url(&client);
    client.send(&queue, "hello").expect("it is sent");
    let run = eventually("a run", || account.runs().expect("the runs").into_iter().next());
    assert!(run.function == "worker" && !run.failed && run.log.contains("hello"), "{run:?}");

    client.send(&queue, "fail").expect("it is sent");
    eventually("the alarm", || {
        account.end_visibility_timeouts().expect("the hook");
        let alarms = account.alarms().expect("the alarms");
        (alarms["dead-letters"] == "ALARM").then_some(())
    });
    // CloudWatch's current protocol; `A0` is an empty map.
    let cbor = client
        .with_header("content-type", "application/cbor")
        .with_header("smithy-protocol", "rpc-v2-cbor");
    let path = "/service/GraniteServiceVersion20100801/operation/DescribeAlarms";
    let described = cbor.call("monitoring", "POST", path, [0xA0]).expect("the alarms");
    assert!(described.contains("dead-letters"), "{described}");
    let logged = json!({ "logGroupName": "/aws/lambda/worker" });
    let logged = client.json("logs", "FilterLogEvents", &logged);
    let logged = logged.expect("the log")["events"].take();
    let ids = logged.as_array().expect("lines").iter().map(|line| line["eventId"].as_str());
    let ids: Option<BTreeSet<&str>> = ids.collect();
    assert_eq!(ids.map(|ids| ids.len()), logged.as_array().map(Vec::len), "each has its own id");

    let mails = account.mails().expect("the mails");
    assert!(mails[0].subject.contains("Subscription Confirmation"), "{mails:?}");
    assert!(
        mails.iter().any(|mail| mail.subject.starts_with("ALARM: \"dead-letters\"")),
        "{mails:?}"
    );

    let calls = account.calls().expect("the calls");
    let polled = calls.iter().filter(|call| call.by.as_deref() == Some("lambda.amazonaws.com"));
    assert!(polled.clone().any(|call| call.action.as_deref() == Some("logs:PutLogEvents")));
    assert!(polled.clone().all(|call| call.allowed && call.role.is_some()));
}

#[test]
fn a_change_set_lists_only_what_is_created() {
    let client = account().client();
    let topic = |condition: &str| json!({ "Type": "AWS::SNS::Topic", "Condition": condition });
    let mut template = template(&json!({ "Made": topic("Yes"), "Left": topic("No") }));
    let is_empty = json!({ "Fn::Equals": [{ "Fn::Join": [",", { "Ref": "Nobody" }] }, ""] });
    template["Parameters"] = json!({ "Nobody": { "Type": "CommaDelimitedList", "Default": "" } });
    template["Conditions"] = json!({ "Yes": is_empty, "No": { "Fn::Not": [is_empty] } });
    let template = template.to_string();
    let set = ("ChangeSetName", "all");
    let create = [set, ("ChangeSetType", "CREATE"), ("TemplateBody", template.as_str())];
    cloudformation(&client, "CreateChangeSet", &create);
    let changes = cloudformation(&client, "DescribeChangeSet", &[set]);
    assert!(changes.contains(">Made<") && !changes.contains(">Left<"), "{changes}");
}

#[test]
fn a_role_without_the_permission_to_poll_gets_no_mapping() {
    let account = account();
    let client = account.client();
    let too_little = json!(["sqs:ReceiveMessage", "sqs:DeleteMessage"]);
    let (status, events) = deploy(&client, &template(&function_with(&account, &too_little)));
    assert_eq!(status, "ROLLBACK_COMPLETE");
    assert!(
        events.contains("does not have permissions to call GetQueueAttributes on SQS"),
        "{events}"
    );
}

#[test]
fn a_killed_function_receives_its_message_again() {
    let account = account();
    let client = account.client();
    let (status, events) = deploy(&client, &template(&function_with(&account, &polling())));
    assert_eq!(status, "CREATE_COMPLETE", "{events}");
    client.send(&queue_url(&client), "wait").expect("it is sent");
    eventually("a process to kill", || {
        (account.kill_function("worker").expect("the hook") > 0).then_some(())
    });
    eventually("a second run of the same message", || {
        account.end_visibility_timeouts().expect("the hook");
        let runs = account.runs().expect("the runs");
        (runs.iter().filter(|run| run.failed).count() >= 2).then_some(())
    });
}

#[test]
fn a_batching_window_collects_messages_into_one_run() {
    let account = account();
    let client = account.client();
    let mut resources = function_with(&account, &polling());
    // It ends with the third message, and not by the clock.
    resources["Mapping"]["Properties"]["BatchSize"] = json!(3);
    resources["Mapping"]["Properties"]["MaximumBatchingWindowInSeconds"] = json!(300);
    let (status, events) = deploy(&client, &template(&resources));
    assert_eq!(status, "CREATE_COMPLETE", "{events}");
    let queue = queue_url(&client);
    for body in ["one", "two", "three"] {
        client.send(&queue, body).expect("it is sent");
    }
    let run = eventually("a run", || account.runs().expect("the runs").into_iter().next());
    assert!(["one", "two", "three"].iter().all(|body| run.log.contains(body)), "{run:?}");
}

#[test]
fn a_bucket_of_a_stack_has_all_its_properties_and_is_not_deleted_with_objects() {
    let account = account();
    let client = account.client();
    let rule = json!({ "ServerSideEncryptionByDefault": { "SSEAlgorithm": "aws:kms:dsse" },
        "BlockedEncryptionTypes": { "EncryptionType": ["NONE"] } });
    let properties = json!({ "BucketName": "kept-bucket",
        "BucketEncryption": { "ServerSideEncryptionConfiguration": [rule] } });
    let resources = json!({ "Bucket": { "Type": "AWS::S3::Bucket", "Properties": properties } });
    let (status, events) = deploy(&client, &template(&resources));
    assert_eq!(status, "CREATE_COMPLETE", "{events}");
    let encryption = client.encryption("kept-bucket").expect("an encryption");
    assert!(encryption.contains("aws:kms:dsse") && encryption.contains(">NONE<"), "{encryption}");
    client.put_object("kept-bucket", "a", b"1").expect("an object");
    cloudformation(&client, "DeleteStack", &[]);
    assert_eq!(end_of(&client).0, "DELETE_FAILED");
    client.empty_bucket("kept-bucket").expect("it is emptied");
    cloudformation(&client, "DeleteStack", &[]);
    eventually("the bucket's end", || {
        client.list_buckets().expect("a list").is_empty().then_some(())
    });
}

#[test]
fn a_trail_of_a_stack_needs_the_policy_and_logs_the_calls_of_stacks() {
    let account = account();
    let client = account.client();
    let name = format!("tried-trail-{}-eu-west-1-an", account.number());
    let service = json!({ "Service": "cloudtrail.amazonaws.com" });
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": format!("arn:aws:s3:::{name}") },
        { "Effect": "Allow", "Principal": service, "Action": "s3:PutObject", "Resource": format!("arn:aws:s3:::{name}/AWSLogs/*") } ] });
    let mut resources = json!({
        "Bucket": { "Type": "AWS::S3::Bucket", "Properties": { "BucketName": name, "BucketNamespace": "account-regional" } },
        "Policy": { "Type": "AWS::S3::BucketPolicy", "Properties": { "Bucket": { "Ref": "Bucket" }, "PolicyDocument": policy } },
        "Trail": { "Type": "AWS::CloudTrail::Trail", "DependsOn": "Policy",
            "Properties": { "S3BucketName": { "Ref": "Bucket" }, "IsLogging": true } },
        "Later": { "Type": "AWS::S3::Bucket", "DependsOn": "Trail", "Properties": { "BucketName": "made-by-a-stack" } },
    });
    let (status, events) = deploy(&client, &template(&resources));
    assert_eq!(status, "CREATE_COMPLETE", "{events}");
    // The trail's next log file has CloudFormation's calls since the trail was created.
    let logs = eventually("a log file", || {
        let logs = client.list_objects(&name).expect("a list");
        (!logs.is_empty()).then_some(logs)
    });
    assert!(
        logs[0].starts_with(&format!("AWSLogs/{}/CloudTrail/eu-west-1/", account.number())),
        "{logs:?}"
    );

    let other = self::account();
    // Bucket names are global, so the other account cannot have the same.
    resources
        .as_object_mut()
        .expect("an object")
        .retain(|name, _| ["Bucket", "Trail"].contains(&name.as_str()));
    resources["Trail"]["DependsOn"] = json!("Bucket");
    resources["Bucket"]["Properties"] = json!({ "BucketName": "without-a-policy" });
    let (status, events) = deploy(&other.client(), &template(&resources));
    assert_eq!(status, "ROLLBACK_COMPLETE");
    assert!(events.contains("InsufficientS3BucketPolicyException"), "{events}");
}

#[test]
fn a_template_that_is_too_large_for_a_call_is_read_from_a_bucket() {
    let account = account();
    let root = account.client();
    root.create_bucket("templates").expect("it is free");
    let resources = json!({ "Queue": { "Type": "AWS::SQS::Queue" } });
    let mut large = template(&resources);
    large["Metadata"] = json!({ "padding": "x".repeat(60_000) });
    let large = large.to_string();
    let in_call = [("Action", "CreateStack"), ("StackName", "tried"), ("TemplateBody", &large)];
    let refused = root.query("cloudformation", "2010-05-15", &in_call).expect_err("too large");
    assert_eq!(refused.code, "ValidationError", "{refused}");
    root.put_object("templates", "s3guard/template.json", large.as_bytes()).expect("it is ours");
    let url = "https://s3.eu-west-1.amazonaws.com/templates/s3guard/template.json";
    cloudformation(&root, "CreateStack", &[("TemplateURL", url)]);
    let (status, events) = end_of(&root);
    assert_eq!(status, "CREATE_COMPLETE", "{events}");
}

#[test]
fn a_stack_in_progress_is_in_its_buckets_tags_and_is_described_with_the_permission() {
    let account = account();
    let root = account.client();
    let resources = json!({
        "Bucket": { "Type": "AWS::S3::Bucket", "Properties": { "BucketName": "in-progress",
            "Tags": [{ "Key": "team", "Value": "data" }] } },
        "Handle": { "Type": "AWS::CloudFormation::WaitConditionHandle" },
        "Wait": { "Type": "AWS::CloudFormation::WaitCondition", "DependsOn": "Bucket",
            "Properties": { "Handle": { "Ref": "Handle" }, "Timeout": "600" } },
    });
    let body = template(&resources).to_string();
    cloudformation(&root, "CreateStack", &[("TemplateBody", &body)]);
    let tags =
        eventually("the bucket's tags", || root.bucket_setting("in-progress", "tagging").ok());
    for part in ["logical-id</Key><Value>Bucket<", "stack-name</Key><Value>tried<", "team</Key>"] {
        assert!(tags.contains(part), "{part} is not in {tags}");
    }
    let id = between(&tags, "<Key>aws:cloudformation:stack-id</Key><Value>", "</Value>");
    let statement =
        json!({ "Effect": "Allow", "Action": "cloudformation:DescribeStacks", "Resource": id });
    let policy = json!({ "Version": "2012-10-17", "Statement": statement });
    let reader = account.client_of(account.user("reader", &policy).expect("a user"));
    let describe = |name: &str| {
        let parameters = [("Action", "DescribeStacks"), ("StackName", name)];
        reader.query("cloudformation", "2010-05-15", &parameters)
    };
    let stack = describe(&id).expect("it may describe it");
    assert!(stack.contains("<StackStatus>CREATE_IN_PROGRESS</StackStatus>"), "{stack}");
    let other = id.replace("stack/tried/", "stack/other/");
    assert_eq!(describe(&other).expect_err("it may not").code, "AccessDenied");
    let missing = root.query(
        "cloudformation",
        "2010-05-15",
        &[("Action", "DescribeStacks"), ("StackName", &other)],
    );
    assert_eq!(missing.expect_err("there is none").code, "ValidationError");

    let own = "<Tagging><TagSet><Tag><Key>team</Key><Value>data</Value></Tag></TagSet></Tagging>";
    let removed = root.put_bucket_setting("in-progress", "tagging", own);
    assert_eq!(removed.expect_err("the stack's tags stay").code, "InvalidTag");
    root.put_bucket_setting("in-progress", "tagging", &tags).expect("they are all there");
}

#[test]
fn a_policy_of_a_stack_does_not_replace_another_one_or_pass_a_block() {
    let account = account();
    let client = account.client();
    let bucket = format!("taken-{}", account.number());
    client.create_bucket(&bucket).expect("a bucket");
    let statement = |effect: &str| {
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": effect, "Principal": "*", "Action": "s3:GetObject",
            "Resource": format!("arn:aws:s3:::{bucket}/*") }] })
    };
    let resources = |effect: &str| {
        template(&json!({ "Policy": { "Type": "AWS::S3::BucketPolicy",
            "Properties": { "Bucket": bucket, "PolicyDocument": statement(effect) } } }))
    };
    client.put_bucket_setting(&bucket, "policy", &statement("Deny").to_string()).expect("a policy");
    let (status, events) = deploy(&client, &resources("Deny"));
    assert_eq!(status, "ROLLBACK_COMPLETE");
    assert!(events.contains("The bucket policy already exists on bucket"), "{events}");
    let kept = client.bucket_setting(&bucket, "policy").expect("it is still there");
    assert!(kept.contains("Deny"), "{kept}");

    client.delete_bucket_setting(&bucket, "policy").expect("a delete");
    cloudformation(&client, "DeleteStack", &[]);
    eventually("the stack's end", || {
        let parameters = [("Action", "DescribeStacks"), ("StackName", "tried")];
        client.query("cloudformation", "2010-05-15", &parameters).is_err().then_some(())
    });
    let (status, events) = deploy(&client, &resources("Allow"));
    assert_eq!(status, "ROLLBACK_COMPLETE");
    assert!(events.contains("BlockPublicPolicy"), "{events}");
}

#[test]
fn calls_of_a_stack_on_a_bucket_are_published_as_its_callers() {
    let account = account();
    let client = account.client();
    let queue = watch(&account);
    let name = format!("recorded-{}", account.number());
    let statement = json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": format!("arn:aws:s3:::{name}/*") });
    let resources = |properties: &Value, with_policy: bool| {
        let mut all = json!({ "Bucket": { "Type": "AWS::S3::Bucket", "Properties": properties } });
        if with_policy {
            all["Policy"] = json!({ "Type": "AWS::S3::BucketPolicy", "Properties": { "Bucket": { "Ref": "Bucket" },
                "PolicyDocument": { "Version": "2012-10-17", "Statement": [statement] } } });
        }
        template(&all)
    };
    let full = json!({ "BucketName": name,
        "OwnershipControls": { "Rules": [{ "ObjectOwnership": "ObjectWriter" }] },
        "AccessControl": "LogDeliveryWrite",
        "VersioningConfiguration": { "Status": "Enabled" },
        "LoggingConfiguration": { "LogFilePrefix": "log/" },
        "WebsiteConfiguration": { "IndexDocument": "a.html" },
        "NotificationConfiguration": { "EventBridgeConfiguration": { "EventBridgeEnabled": true } } });
    let (status, events) = deploy(&client, &resources(&full, true));
    assert_eq!(status, "CREATE_COMPLETE", "{events}");
    let names = |records: &[Value]| -> Vec<String> {
        let own = records
            .iter()
            .filter(|record| record["requestParameters"]["bucketName"] == name.as_str());
        own.map(|record| record["eventName"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let records = records_up_to(&client, &queue, "PutBucketPolicy");
    assert_eq!(
        names(&records),
        [
            "CreateBucket",
            "PutBucketTagging",
            "PutBucketOwnershipControls",
            "PutBucketAcl",
            "PutBucketVersioning",
            "PutBucketLogging",
            "PutBucketNotification",
            "PutBucketWebsite",
            "PutBucketPolicy"
        ]
    );
    assert_eq!(records[0]["userIdentity"]["invokedBy"], "cloudformation.amazonaws.com");
    assert_eq!(records[0]["userAgent"], "cloudformation.amazonaws.com");
    let acl = client.bucket_setting(&name, "acl").expect("an ACL");
    assert!(acl.contains("groups/s3/LogDelivery"), "{acl}");

    let body = resources(&json!({ "BucketName": name }), false).to_string();
    cloudformation(&client, "UpdateStack", &[("TemplateBody", &body)]);
    assert_eq!(end_of(&client).0, "UPDATE_COMPLETE");
    record(&client, &queue, "DeleteBucketPolicy");
    let versioning = client.bucket_setting(&name, "versioning").expect("it was on");
    assert!(versioning.contains("<Status>Suspended</Status>"), "{versioning}");
    let logging = client.bucket_setting(&name, "logging").expect("it was on");
    assert!(!logging.contains("LoggingEnabled"), "{logging}");
}
