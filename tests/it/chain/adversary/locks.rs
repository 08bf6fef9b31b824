//! Who may do what with the parts of the stack, by the policies of a deployed one: a table that is read line by line.

use std::fmt::Write as _;

use expect_test::expect_file;
use s3guard_posture::contract::ledger;
use serde_json::{Value, json};

use super::{Attacked, allow, attacked, trust};

/// A principal, its ARN or its name, and the condition keys of its calls.
struct Caller {
    name: &'static str,
    principal: String,
    context: Value,
}

/// What callers may do: these actions on this resource.
struct Part {
    name: String,
    resource: String,
    actions: Vec<&'static str>,
    context: Value,
}

fn callers(attacked: &Attacked) -> Vec<Caller> {
    let guarded = &attacked.guarded;
    let account = &guarded.account;
    let (number, region) = (account.number(), account.region());
    let iam = |name: &str| format!("arn:aws:iam::{number}:{name}");
    let function = |output: &str| {
        let name = guarded.output(output);
        json!({ "lambda:SourceFunctionArn": format!("arn:aws:lambda:{region}:{number}:function:{name}") })
    };
    let elsewhere = json!({ "lambda:SourceFunctionArn": format!("arn:aws:lambda:{region}:{number}:function:other") });
    let source = |arn: &str| json!({ "aws:SourceArn": arn, "aws:SourceAccount": number });
    let rule = |id: &str| super::roles::rule(attacked, id)["Arn"].as_str().unwrap().to_owned();
    let trail = |name: &str| format!("arn:aws:cloudtrail:{region}:{number}:trail/{name}");
    let other_rule = format!("arn:aws:events:{region}:{number}:rule/other");
    let other_topic = format!("arn:aws:sns:{region}:{number}:other");
    let alarm = format!("arn:aws:cloudwatch:{region}:{number}:alarm:any");
    let files = json!({ "s3:x-amz-acl": "bucket-owner-full-control" });
    let with = |mut context: Value, more: &Value| {
        context.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        context
    };
    let of = |name, principal: String, context| Caller { name, principal, context };
    let events = || "events.amazonaws.com".to_owned();
    let sns = || "sns.amazonaws.com".to_owned();
    let cloudtrail = || "cloudtrail.amazonaws.com".to_owned();
    let guard = guarded.output("GuardRoleArn").to_owned();
    let notify = guarded.output("NotifyRoleArn").to_owned();
    vec![
        of("guard", guard.clone(), function("GuardFunctionName")),
        of("guard-role-elsewhere", guard, elsewhere.clone()),
        of("notify", notify.clone(), function("NotifyFunctionName")),
        of("notify-role-elsewhere", notify, elsewhere),
        of("operator", guarded.output("OperatorRoleArn").to_owned(), json!({})),
        of("user-operator", iam("user/operator-2"), json!({})),
        of("deployer", iam("role/ci/deployer"), json!({})),
        of("administrator", iam("role/administrator"), json!({})),
        of("engineer", iam("user/engineer"), json!({})),
        of("loader", iam("user/loader"), json!({})),
        of("root", iam("root"), json!({})),
        of("rule-of-calls", events(), source(&rule("BucketChanged"))),
        of("rule-of-sweeps", events(), source(&rule("Sweep"))),
        of("rule-of-objects", events(), source(&rule("ObjectChanged"))),
        of("other-rule", events(), source(&other_rule)),
        of("topic", sns(), source(guarded.output("EmailTopicArn"))),
        of("other-topic", sns(), source(&other_topic)),
        of("any-alarm", "cloudwatch.amazonaws.com".to_owned(), source(&alarm)),
        of("access-logs", "logging.s3.amazonaws.com".to_owned(), source("arn:aws:s3:::any")),
        of("trail", cloudtrail(), with(source(&trail(&format!("guard-{region}"))), &files)),
        of("other-trail", cloudtrail(), with(source(&trail("other")), &files)),
    ]
}

const OBJECT: [&str; 11] = [
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:PutObjectAcl",
    "s3:PutObjectTagging",
    "s3:PutObjectRetention",
    "s3:PutObjectLegalHold",
    "s3:BypassGovernanceRetention",
    "s3:ReplicateObject",
    "s3:ReplicateDelete",
];
const BUCKET: [&str; 17] = [
    "s3:ListBucket",
    "s3:GetBucketPolicy",
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    "s3:PutLifecycleConfiguration",
    "s3:PutBucketVersioning",
    "s3:PutReplicationConfiguration",
    "s3:PutEncryptionConfiguration",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketAcl",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketLogging",
    "s3:PutBucketNotification",
    "s3:PutBucketTagging",
    "s3:PutBucketWebsite",
    "s3:DeleteBucket",
];
const QUEUE: [&str; 9] = [
    "sqs:SendMessage",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:PurgeQueue",
    "sqs:SetQueueAttributes",
    "sqs:AddPermission",
    "sqs:RemovePermission",
    "sqs:DeleteQueue",
];
const TOPIC: [&str; 7] = [
    "sns:Publish",
    "sns:Subscribe",
    "sns:SetTopicAttributes",
    "sns:AddPermission",
    "sns:RemovePermission",
    "sns:PutDataProtectionPolicy",
    "sns:DeleteTopic",
];
const KEY_USE: [&str; 2] = ["kms:GenerateDataKey", "kms:Decrypt"];
const KEY: [&str; 9] = [
    "kms:GenerateDataKey",
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:CreateGrant",
    "kms:RevokeGrant",
    "kms:PutKeyPolicy",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:ScheduleKeyDeletion",
];
const FUNCTION: [&str; 3] =
    ["lambda:InvokeFunction", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"];

fn parts(attacked: &Attacked) -> Vec<Part> {
    let guarded = &attacked.guarded;
    let (number, region) = (guarded.account.number(), guarded.account.region());
    let part = |name: &str, resource: String, actions: &[&'static str]| Part {
        name: name.to_owned(),
        resource,
        actions: actions.to_vec(),
        context: json!({}),
    };
    let bucket = |output: &str| format!("arn:aws:s3:::{}", guarded.output(output));
    let ledger_bucket = bucket("LedgerBucketName");
    let mut parts = Vec::new();
    for prefix in
        [&ledger::OF_GUARD[..], &ledger::OF_NOTIFY, &ledger::OF_OPERATORS, &["other/"]].concat()
    {
        parts.push(part(
            &format!("ledger {prefix}"),
            format!("{ledger_bucket}/{prefix}a"),
            &OBJECT,
        ));
    }
    parts.push(part("ledger", ledger_bucket.clone(), &BUCKET));
    let files = format!("{}/AWSLogs/{number}/a", bucket("TrailBucketName"));
    let code = format!("arn:aws:s3:::s3guard-code-{number}-{region}-an");
    parts.extend([
        part("trail files", files, &OBJECT),
        part("trail bucket", bucket("TrailBucketName"), &BUCKET),
        part("access logs", format!("{}/a", bucket("LogBucketName")), &OBJECT),
        part("log bucket", bucket("LogBucketName"), &BUCKET),
        part("code", format!("{code}/s3guard/a"), &OBJECT),
        part("code bucket", code, &BUCKET),
    ]);
    for output in
        ["GuardQueueUrl", "ObjectQueueUrl", "GuardDlqUrl", "ObjectDlqUrl", "NotificationDlqUrl"]
    {
        let name = guarded.output(output).rsplit('/').next().unwrap();
        parts.push(part(
            output.trim_end_matches("Url"),
            format!("arn:aws:sqs:{region}:{number}:{name}"),
            &QUEUE,
        ));
    }
    for output in
        ["EmailTopicArn", "SmsTopicArn", "DocumentTopicArn", "ChatTopicArn", "AlertTopicArn"]
    {
        let name = output.trim_end_matches("Arn");
        parts.push(part(name, guarded.output(output).to_owned(), &TOPIC));
    }
    let key = guarded.output("KeyArn");
    let by_s3 = |context: &str| json!({ "kms:ViaService": format!("s3.{region}.amazonaws.com"), "kms:EncryptionContext:aws:s3:arn": context });
    let used = |name: &str, context: &str| Part {
        context: by_s3(context),
        ..part(name, key.to_owned(), &KEY_USE)
    };
    parts.extend([
        used("key for the ledger", &ledger_bucket),
        used("key for an object of the ledger", &format!("{ledger_bucket}/suppressions/a")),
        used("key for another bucket", "arn:aws:s3:::another"),
        part("key", key.to_owned(), &KEY),
    ]);
    for output in ["GuardFunctionName", "NotifyFunctionName"] {
        let name = guarded.output(output);
        let arn = format!("arn:aws:lambda:{region}:{number}:function:{name}");
        parts.push(part(output.trim_end_matches("Name"), arn, &FUNCTION));
    }
    let operator = guarded.output("OperatorRoleArn").to_owned();
    parts.push(part("operator role", operator, &["sts:AssumeRole"]));
    parts
}

#[test]
fn each_part_of_the_stack_is_locked_to_those_who_need_it() {
    let attacked = &*attacked();
    let account = &attacked.guarded.account;
    let everyone = trust(&json!({ "AWS": account.number() }));
    account.role("administrator", "/", &everyone, &allow(&json!("*"))).unwrap();
    account.user("operator-2", &allow(&json!("sts:AssumeRole"))).unwrap();
    let callers = callers(attacked);
    let mut table = String::new();
    for part in parts(attacked) {
        writeln!(table, "{}", part.name).unwrap();
        for action in &part.actions {
            let may = |caller: &&Caller| {
                let mut context = caller.context.clone();
                context.as_object_mut().unwrap().extend(part.context.as_object().unwrap().clone());
                account.allows(&caller.principal, action, &part.resource, &context).unwrap().allowed
            };
            let names: Vec<&str> = callers.iter().filter(may).map(|caller| caller.name).collect();
            let names = if names.is_empty() { "no one".to_owned() } else { names.join(" ") };
            writeln!(table, "  {action}: {names}").unwrap();
        }
    }
    expect_file!["locks.txt"].assert_eq(&table);
}
