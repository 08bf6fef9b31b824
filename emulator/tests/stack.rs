//! Stacks in the emulated account: what MiniStack drops or forgives, and AWS does not.

use std::io::{Cursor, Write as _};
use std::sync::OnceLock;

use s3guard_emulator::{Account, Client, EmulatorError, Late, Server, until};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

fn account() -> Account {
    static SERVER: OnceLock<Result<Server, EmulatorError>> = OnceLock::new();
    match SERVER.get_or_init(Server::start) {
        Ok(server) => server.new_account(),
        Err(error) => panic!("{error}; {:?}", error.hint()),
    }
}

fn cloudformation(client: &Client, action: &str, parameters: &[(&str, &str)]) -> String {
    let mut all = vec![("Action", action), ("StackName", "tried")];
    all.extend(parameters);
    client.query("cloudformation", "2010-05-15", &all).expect("it goes well")
}

/// Makes the stack and gives its status with what happened on the way.
fn deploy(client: &Client, template: &Value) -> (String, String) {
    let template = template.to_string();
    let parameters =
        [("TemplateBody", template.as_str()), ("Capabilities.member.1", "CAPABILITY_NAMED_IAM")];
    cloudformation(client, "CreateStack", &parameters);
    end_of(client)
}

fn end_of(client: &Client) -> (String, String) {
    let status = eventually("the stack's end", || {
        let answer = cloudformation(client, "DescribeStacks", &[]);
        let status = between(&answer, "<StackStatus>", "</StackStatus>");
        (!status.ends_with("IN_PROGRESS")).then_some(status)
    });
    (status, cloudformation(client, "DescribeStackEvents", &[]))
}

fn between(text: &str, open: &str, close: &str) -> String {
    let after = text.split_once(open).map(|(_, after)| after).unwrap_or_default();
    after.split_once(close).map(|(found, _)| found.to_owned()).unwrap_or_default()
}

fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    until(what, || Ok::<_, Late>(look())).unwrap_or_else(|late| panic!("{late}"))
}

fn template(resources: &Value) -> Value {
    json!({ "AWSTemplateFormatVersion": "2010-09-09", "Resources": resources })
}

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
    let headers =
        [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", "AmazonSQS.GetQueueUrl")];
    let answer = client
        .request("sqs", "POST", "/", &[], &headers, br#"{"QueueName":"work"}"#)
        .expect("an answer");
    let answer: Value = serde_json::from_str(&answer.body).expect("it is JSON");
    answer["QueueUrl"].as_str().expect("a URL").to_owned()
}

fn polling() -> Value {
    json!(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"])
}

#[test]
fn a_function_runs_and_what_cannot_be_handled_raises_the_alarm_and_a_mail() {
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
        alarms.contains(&("dead-letters".to_owned(), "ALARM".to_owned())).then_some(())
    });
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
fn a_role_that_may_not_poll_its_queue_gets_no_mapping() {
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
fn a_function_killed_in_the_middle_gets_its_message_again() {
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
fn the_policies_of_a_role_can_be_read_its_own_and_attached_ones() {
    let account = account();
    let client = account.client();
    let allow = |action: &str| {
        json!({ "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": action, "Resource": "*" }] })
    };
    let assume = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "Service": "lambda.amazonaws.com" } }] });
    let resources = json!({
        "Attached": { "Type": "AWS::IAM::ManagedPolicy", "Properties": { "Path": "/s3guard/",
            "PolicyDocument": allow("sns:Publish") } },
        "Role": { "Type": "AWS::IAM::Role", "Properties": { "RoleName": "reader", "AssumeRolePolicyDocument": assume,
            "ManagedPolicyArns": [{ "Ref": "Attached" }],
            "Policies": [{ "PolicyName": "own", "PolicyDocument": allow("sqs:SendMessage") }] } },
    });
    let (status, events) = deploy(&client, &template(&resources));
    assert_eq!(status, "CREATE_COMPLETE", "{events}");
    let policies = client.role_policies("reader").expect("the policies");
    let actions: Vec<Value> = policies
        .iter()
        .map(|(_, document)| serde_json::from_str::<Value>(document).expect("it is JSON"))
        .map(|document| document["Statement"][0]["Action"].clone())
        .collect();
    assert_eq!(actions, ["sqs:SendMessage", "sns:Publish"]);
}

#[test]
fn a_batching_window_gathers_messages_into_one_run() {
    let account = account();
    let client = account.client();
    let mut resources = function_with(&account, &polling());
    resources["Mapping"]["Properties"]["BatchSize"] = json!(10);
    resources["Mapping"]["Properties"]["MaximumBatchingWindowInSeconds"] = json!(2);
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
fn a_bucket_of_a_stack_has_all_its_properties_and_does_not_go_while_it_holds_something() {
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
fn a_trail_of_a_stack_needs_the_policy_and_tells_what_stacks_do_with_buckets() {
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
    // The trail's next log file holds what CloudFormation did after the trail was there.
    let logs = eventually("a log file", || {
        let logs = client.list_objects(&name).expect("a list");
        (!logs.is_empty()).then_some(logs)
    });
    assert!(
        logs[0].starts_with(&format!("AWSLogs/{}/CloudTrail/eu-west-1/", account.number())),
        "{logs:?}"
    );

    let other = self::account();
    // Names of buckets are the world's, so the other account cannot have the same.
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
