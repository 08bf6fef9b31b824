//! What no linter checks: that messages reach their destinations, and that policies allow what is needed.

mod senders;

use s3guard_posture::contract::metrics::{self, Metric};
use serde_json::{Value as Json, json};

use super::reading::{configured, inner, many, of_type, read, texts};
use crate::stacks::guard;
use senders::{may_publish, may_send};

const TRAIL_ARN: &str = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/s3guard-eu-west-1";

#[test]
fn the_guards_wiring_is_whole() {
    assert_eq!(faults(&guard().render().unwrap()), [] as [String; 0]);
}

#[test]
fn the_wiring_of_a_whole_configuration_is_whole() {
    let template = configured().render().unwrap();
    // An ARN of the configuration names a partition.
    let named = [
        "SubscriptionTickets",
        "SubscriptionTriagePermission",
        "SubscriptionTriage",
        "AlertSubscriptionTriagePermission",
        "AlertSubscriptionTriage",
    ];
    assert_eq!(faults(&template), named.map(|id| format!("{id} names the partition `aws`")));
    let mut cut = template;
    cut["Resources"].as_object_mut().unwrap().shift_remove("SubscriptionTriagePermission");
    let expected = "SubscriptionTriage may not call its function";
    assert!(faults(&cut).iter().any(|fault| fault == expected));
}

/// Cuts one wire, and expects one fault.
fn check(pointer: &str, put: Option<Json>, expected: &str) {
    let mut template = guard().render().unwrap();
    if let Some(value) = put {
        *template.pointer_mut(pointer).unwrap() = value;
    } else {
        let (parent, last) = pointer.rsplit_once('/').unwrap();
        let parent = template.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        assert!(parent.shift_remove(last).is_some(), "no {pointer}");
    }
    let faults = faults(&template);
    assert!(faults.iter().any(|fault| fault == expected), "{expected}: {faults:#?}");
}

#[test]
fn a_wire_that_is_cut_is_found() {
    let rule = "/Resources/BucketChanged/Properties/Targets/0";
    let get_role = json!({ "Ref": "GuardRole" });
    let aws_key = json!("alias/aws/sns");
    let no_rule = json!([]);
    check("/Resources/GuardQueuePolicy", None, "Sweep may not send to <GuardQueue.Arn>");
    check("/Resources/GuardDlqPolicy", None, "BucketChanged may not send to <GuardDlq.Arn>");
    check(
        "/Resources/ObjectQueuePolicy/Properties/PolicyDocument/Statement/0/Condition/ArnLike/aws:SourceArn",
        Some(no_rule),
        "ObjectChanged may not send to <ObjectQueue.Arn>",
    );
    check(&format!("{rule}/DeadLetterConfig"), None, "BucketChanged loses what cannot be sent");
    check(
        "/Resources/NotificationDlqPolicy",
        None,
        "EmailSubscription may not send to <NotificationDlq.Arn>",
    );
    check(
        "/Resources/GuardQueue/Properties/RedrivePolicy",
        None,
        "GuardSource never gives up on <GuardQueue.Arn>",
    );
    check("/Resources/TrailBucketPolicy", None, "Trail may not write to <TrailBucket>");
    check(
        "/Resources/Key/Properties/KeyPolicy/Statement/0",
        Some(json!({})),
        "Key could never be changed again",
    );
    check(
        "/Resources/Key/Properties/KeyPolicy/Statement/2",
        Some(json!({})),
        "logs.eu-west-1.amazonaws.com may not use <Key.Arn>",
    );
    check(
        "/Resources/Key/Properties/KeyPolicy/Statement/3",
        Some(json!({})),
        "cloudtrail.amazonaws.com may not use <Key.Arn>",
    );
    check(
        "/Resources/EmailTopic/Properties/KmsMasterKeyId",
        Some(aws_key),
        "EmailTopic is not encrypted with the key",
    );
    check("/Resources/AlertTopicPolicy", None, "EventsTampered may not send to <AlertTopic>");
    check("/Resources/AlertTopicPolicy", None, "alarms may not publish to <AlertTopic>");
    check("/Resources/SmsTopicPolicy", None, "SmsTopic has no policy");
    check(
        "/Resources/GuardFunction/Properties/Role",
        Some(get_role),
        "GuardFunction has `<GuardRole>` for a role",
    );
    check("/Resources/GuardDlqAlarm", None, "no alarm watches GuardDlq");
    check("/Resources/FailedAlarm", None, "no alarm watches `Failed`");
    check(
        "/Resources/FailedAlarm/Properties/Dimensions/0/Value",
        Some(json!("another")),
        "no alarm watches `Failed`",
    );
    check(
        "/Resources/Trail/Properties/TrailName",
        Some(json!({ "Ref": "AWS::StackName" })),
        "Trail is not the trail that its bucket and key know",
    );
    check(
        "/Resources/Key/Properties/KeyPolicy/Statement/3/Condition",
        Some(json!({ "StringEquals": { "aws:SourceArn": "another" } })),
        "Trail may not use <Key.Arn>",
    );
    check(
        "/Resources/ObjectWaitingAlarm/Properties/AlarmActions",
        None,
        "ObjectWaitingAlarm notifies no one",
    );
    check(
        "/Resources/AlarmChanged/Properties/EventPattern/resources",
        Some(json!([])),
        "GuardWaitingAlarm notifies no one",
    );
    check("/Resources/ObjectQueuePolicy", None, "AlarmChanged may not send to <ObjectQueue.Arn>");
    check(
        "/Resources/GuardReadPolicy/Properties/PolicyDocument/Statement/0/Resource",
        Some(json!("arn:aws:s3:::bucket")),
        "GuardReadPolicy names the partition `aws`",
    );
    check(
        "/Resources/TrailBucketPolicy/Properties/PolicyDocument/Statement/1/Resource",
        Some(json!({ "Fn::GetAtt": ["TrailBucket", "Arn"] })),
        "TrailBucketPolicy allows `s3:PutObject` on a bucket, which has no effect",
    );
}

#[test]
fn evidence_that_is_lost_is_found() {
    for (alarm, lost) in [
        ("ConflictAlarm", "Conflict"),
        ("NotRecordedAlarm", "NotRecorded"),
        ("CoverageGapsAlarm", "CoverageGaps"),
        ("RefusedAlarm", "Refused"),
        ("ForeignObjectAlarm", "ForeignObject"),
        ("LedgerNotReadableAlarm", "LedgerNotReadable"),
    ] {
        check(&format!("/Resources/{alarm}"), None, &format!("no alarm watches `{lost}`"));
    }
    check("/Resources/LogBucketPolicy", None, "LedgerBucket cannot be logged to <LogBucket>");
    check(
        "/Resources/GuardFunction/Properties/Environment/Variables/S3GUARD_LEDGER",
        Some(json!({ "Ref": "LogBucket" })),
        "GuardFunction may not record in `<LogBucket>`",
    );
}

/// Everything that is wrong with the wiring.
fn faults(written: &Json) -> Vec<String> {
    let template = &read(written);
    [
        partition_faults(written),
        rule_faults(template),
        subscription_faults(template),
        source_faults(template),
        trail_faults(template),
        log_faults(template),
        ledger_faults(template),
        key_faults(template),
        topic_faults(template),
        alarm_faults(template),
        policy_faults(template),
    ]
    .concat()
}

fn rule_faults(template: &Json) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, rule) in of_type(template, "AWS::Events::Rule") {
        let targets = rule["Properties"]["Targets"].as_array().unwrap();
        for target in targets {
            let same_id = targets.iter().filter(|other| other["Id"] == target["Id"]).count();
            if same_id != 1 {
                faults.push(format!("{id} has two targets `{}`", target["Id"]));
            }
            if target["DeadLetterConfig"]["Arn"].is_null() {
                faults.push(format!("{id} loses what cannot be sent"));
            }
            for arn in [&target["Arn"], &target["DeadLetterConfig"]["Arn"]] {
                let source = format!("<{id}.Arn>");
                let service = "events.amazonaws.com";
                if !may_send(template, service, &source, arn)
                    && !may_publish(template, service, &source, arn)
                {
                    faults.push(format!(
                        "{id} may not send to {}",
                        arn.as_str().unwrap_or("nothing")
                    ));
                }
            }
        }
    }
    faults
}

fn subscription_faults(template: &Json) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, subscription) in of_type(template, "AWS::SNS::Subscription") {
        let properties = &subscription["Properties"];
        let dead_letters = &properties["RedrivePolicy"]["deadLetterTargetArn"];
        let topic = properties["TopicArn"].as_str().unwrap();
        if !may_send(template, "sns.amazonaws.com", topic, dead_letters) {
            let to = dead_letters.as_str().unwrap_or("nothing");
            faults.push(format!("{id} may not send to {to}"));
        }
        let may_call = of_type(template, "AWS::Lambda::Permission").any(|(_, permission)| {
            let permission = &permission["Properties"];
            permission["FunctionName"] == properties["Endpoint"]
                && permission["Principal"] == "sns.amazonaws.com"
                && permission["SourceArn"] == topic
        });
        if properties["Protocol"] == "lambda" && !may_call {
            faults.push(format!("{id} may not call its function"));
        }
    }
    faults
}

fn source_faults(template: &Json) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, source) in of_type(template, "AWS::Lambda::EventSourceMapping") {
        let queue_arn = source["Properties"]["EventSourceArn"].as_str().unwrap();
        let queue = &template["Resources"][inner(queue_arn)]["Properties"];
        if queue["RedrivePolicy"]["deadLetterTargetArn"].is_null() {
            faults.push(format!("{id} never gives up on {queue_arn}"));
        }
        let function =
            &template["Resources"][inner(source["Properties"]["FunctionName"].as_str().unwrap())];
        let call_seconds = function["Properties"]["Timeout"].as_u64().unwrap();
        let window_seconds =
            source["Properties"]["MaximumBatchingWindowInSeconds"].as_u64().unwrap();
        if queue["VisibilityTimeout"].as_u64().unwrap() < 6 * call_seconds + window_seconds {
            faults.push(format!("{id} gets messages twice while it handles them"));
        }
    }
    for (id, function) in of_type(template, "AWS::Lambda::Function") {
        let role = function["Properties"]["Role"].as_str().unwrap();
        if !role.ends_with(".Arn>") {
            faults.push(format!("{id} has `{role}` for a role"));
        }
    }
    faults
}

fn trail_faults(template: &Json) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, trail) in of_type(template, "AWS::CloudTrail::Trail") {
        let bucket = trail["Properties"]["S3BucketName"].as_str().unwrap();
        let policy = of_type(template, "AWS::S3::BucketPolicy")
            .find(|(_, policy)| policy["Properties"]["Bucket"] == bucket);
        let Some((_, policy)) = policy else {
            faults.push(format!("{id} may not write to {bucket}"));
            continue;
        };
        let allowed: Vec<&str> = many(&policy["Properties"]["PolicyDocument"]["Statement"])
            .into_iter()
            .filter(|one| one["Principal"]["Service"] == "cloudtrail.amazonaws.com")
            .filter(|one| texts(&one["Condition"]["ArnLike"]["aws:SourceArn"]) == [TRAIL_ARN])
            .flat_map(|one| texts(&one["Action"]))
            .collect();
        if allowed != ["s3:GetBucketAcl", "s3:PutObject"] {
            faults.push(format!("{id} may not write to {bucket}"));
        }
        // With the Region: a multi-Region trail has its name in all of them.
        if trail["Properties"]["TrailName"] != "s3guard-eu-west-1" {
            faults.push(format!("{id} is not the trail that its bucket and key know"));
        }
        let may_use_key =
            many(&template["Resources"]["Key"]["Properties"]["KeyPolicy"]["Statement"])
                .into_iter()
                .filter(|one| one["Principal"]["Service"] == "cloudtrail.amazonaws.com")
                .any(|one| one["Condition"]["StringEquals"]["aws:SourceArn"] == TRAIL_ARN);
        if !may_use_key {
            faults.push(format!("{id} may not use <Key.Arn>"));
        }
    }
    faults
}

/// The log service may write for every bucket of the account, and for no other account.
fn log_faults(template: &Json) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, bucket) in of_type(template, "AWS::S3::Bucket") {
        let logs = &bucket["Properties"]["LoggingConfiguration"]["DestinationBucketName"];
        let Some(logs) = logs.as_str() else { continue };
        let may_write = of_type(template, "AWS::S3::BucketPolicy")
            .filter(|(_, policy)| policy["Properties"]["Bucket"] == logs)
            .flat_map(|(_, policy)| many(&policy["Properties"]["PolicyDocument"]["Statement"]))
            .any(|one| {
                one["Principal"]["Service"] == "logging.s3.amazonaws.com"
                    && one["Action"] == "s3:PutObject"
                    && one["Condition"]["StringEquals"]["aws:SourceAccount"] == "111122223333"
                    && one["Condition"]["ArnLike"]["aws:SourceArn"] == "arn:aws:s3:::*"
            });
        if !may_write {
            faults.push(format!("{id} cannot be logged to {logs}"));
        }
    }
    faults
}

/// A function can write to the ledger in its environment.
fn ledger_faults(template: &Json) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, function) in of_type(template, "AWS::Lambda::Function") {
        let ledger = &function["Properties"]["Environment"]["Variables"]["S3GUARD_LEDGER"];
        let Some(ledger) = ledger.as_str() else { continue };
        let role = inner(function["Properties"]["Role"].as_str().unwrap());
        let own = format!("<{role}>");
        let records = of_type(template, "AWS::IAM::ManagedPolicy")
            .filter(|(_, policy)| texts(&policy["Properties"]["Roles"]) == [own.as_str()])
            .flat_map(|(_, policy)| many(&policy["Properties"]["PolicyDocument"]["Statement"]))
            .filter(|one| texts(&one["Action"]).contains(&"s3:PutObject"))
            .any(|one| {
                let in_ledger = format!("<{}.Arn>/", inner(ledger));
                texts(&one["Resource"]).iter().all(|on| on.starts_with(&in_ledger))
            });
        if !records {
            faults.push(format!("{id} may not record in `{ledger}`"));
        }
    }
    faults
}

fn key_faults(template: &Json) -> Vec<String> {
    let mut faults = Vec::new();
    let key = &template["Resources"]["Key"]["Properties"];
    let statements = many(&key["KeyPolicy"]["Statement"]);
    let root = statements.iter().any(|one| {
        one["Principal"]["AWS"] == "arn:aws:iam::111122223333:root" && one["Action"] == "kms:*"
    });
    if !root {
        faults.push("Key could never be changed again".to_owned());
    }
    let services = ["logs.eu-west-1.amazonaws.com", "cloudtrail.amazonaws.com"];
    for service in services {
        let may_use = statements.iter().any(|one| {
            let actions = if one.get("Action").is_some() { texts(&one["Action"]) } else { vec![] };
            one["Principal"]["Service"] == service
                && actions.contains(&"kms:GenerateDataKey")
                && actions.contains(&"kms:Decrypt")
                && one.get("Condition").is_some()
        });
        if !may_use {
            faults.push(format!("{service} may not use <Key.Arn>"));
        }
    }
    for (id, group) in of_type(template, "AWS::Logs::LogGroup") {
        if group["Properties"]["KmsKeyId"] != "<Key.Arn>" {
            faults.push(format!("{id} is not encrypted with the key"));
        }
    }
    faults
}

fn topic_faults(template: &Json) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, topic) in of_type(template, "AWS::SNS::Topic") {
        // Who disables the key would silence the alert about it.
        let key = &topic["Properties"]["KmsMasterKeyId"];
        match id {
            "AlertTopic" if !key.is_null() => faults.push(format!("{id} depends on a key")),
            "AlertTopic" => {}
            _ if key != "<Key.Arn>" => faults.push(format!("{id} is not encrypted with the key")),
            _ => {}
        }
        let topic = format!("<{id}>");
        let policies: Vec<_> = of_type(template, "AWS::SNS::TopicPolicy")
            .map(|(_, policy)| &policy["Properties"])
            .filter(|policy| policy["Topics"] == json!([topic]))
            .collect();
        // A second policy replaces the first.
        assert!(policies.len() <= 1, "{id} has two policies");
        if policies.is_empty() {
            faults.push(format!("{id} has no policy"));
        }
        let publish = policies
            .iter()
            .flat_map(|policy| many(&policy["PolicyDocument"]["Statement"]))
            .any(|one| {
                one["Effect"] == "Allow"
                    && one["Principal"]["Service"] == "cloudwatch.amazonaws.com"
                    && one["Action"] == "sns:Publish"
                    && one["Resource"] == topic
                    && one["Condition"]["StringEquals"]["aws:SourceAccount"] == "111122223333"
            });
        if publish != (id == "AlertTopic") {
            faults.push(format!(
                "alarms {} publish to <{id}>",
                if publish { "may" } else { "may not" }
            ));
        }
    }
    faults
}

fn alarm_faults(template: &Json) -> Vec<String> {
    let mut faults = Vec::new();
    let alarms: Vec<_> = of_type(template, "AWS::CloudWatch::Alarm").collect();
    let composites = of_type(template, "AWS::CloudWatch::CompositeAlarm");
    let rules: Vec<String> =
        composites.map(|(_, one)| one["Properties"]["AlarmRule"].to_string()).collect();
    for (id, alarm) in &alarms {
        // What another alarm reads notifies no one itself.
        if rules.iter().any(|rule| rule.contains(&format!("<{id}.Arn>"))) {
            continue;
        }
        let rule = &template["Resources"]["AlarmChanged"]["Properties"]["EventPattern"];
        let is_reported = texts(&rule["resources"]).contains(&&*format!("<{id}.Arn>"));
        // Exactly one of both.
        if is_reported == (alarm["Properties"]["AlarmActions"] == json!(["<AlertTopic>"])) {
            faults.push(format!("{id} notifies no one"));
        }
    }
    for metric in [
        Metric::Failed,
        Metric::Conflict,
        Metric::NotRecorded,
        Metric::CoverageGaps,
        Metric::Refused,
        Metric::ForeignObject,
        Metric::LedgerNotReadable,
    ] {
        let has_alarm = alarms.iter().any(|(_, alarm)| {
            let properties = &alarm["Properties"];
            properties["Namespace"] == metrics::NAMESPACE
                && properties["MetricName"] == metric.name()
                && properties["Dimensions"]
                    == json!([{ "Name": metrics::DIMENSION, "Value": "s3guard" }])
                && properties["Statistic"] == "Sum"
                && properties["Threshold"] == 1
                && properties["Period"] == 300
                && properties["TreatMissingData"] == "notBreaching"
        });
        if !has_alarm {
            faults.push(format!("no alarm watches `{}`", metric.name()));
        }
    }
    for (id, _) in of_type(template, "AWS::SQS::Queue").filter(|(id, _)| id.ends_with("Dlq")) {
        let is_watched = alarms.iter().any(|(_, alarm)| {
            alarm["Properties"]["MetricName"] == "ApproximateNumberOfMessagesVisible"
                && alarm["Properties"]["Dimensions"][0]["Value"] == format!("<{id}.QueueName>")
        });
        if !is_watched {
            faults.push(format!("no alarm watches {id}"));
        }
    }
    faults
}

fn policy_faults(template: &Json) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, resource) in template["Resources"].as_object().unwrap() {
        for statement in many(&resource["Properties"]["PolicyDocument"]["Statement"]) {
            for (action, on) in pairs(&texts(&statement["Action"]), &texts(&statement["Resource"]))
            {
                let on_objects = action.starts_with("s3:") && action.ends_with("Object");
                if on_objects && !on.contains('/') {
                    faults.push(format!("{id} allows `{action}` on a bucket, which has no effect"));
                }
            }
        }
    }
    faults
}

/// A literal text must not name a partition.
fn partition_faults(written: &Json) -> Vec<String> {
    let resources = written["Resources"].as_object().unwrap().iter();
    let named = resources.filter(|(_, one)| one["Properties"].to_string().contains("arn:aws"));
    named.map(|(id, _)| format!("{id} names the partition `aws`")).collect()
}

fn pairs<'a>(left: &[&'a str], right: &[&'a str]) -> Vec<(&'a str, &'a str)> {
    left.iter().flat_map(|one| right.iter().map(|other| (*one, *other))).collect()
}
