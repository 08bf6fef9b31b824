//! The policies for an organization, as the command prints them: valid, short enough, and evaluated as IAM does.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use expect_test::{expect, expect_file};
use s3guard_emulator::Account;
use s3guard_posture::model::glob::Glob;
use serde_json::{Value, json};

use crate::chain::new_account;
use crate::cli::s3guard;
use crate::tools::{Bench, KNOWN_ACTIONS};

const DEPLOYER: &str = "arn:aws:iam::*:role/ci/deployer";

fn printed(arguments: &[&str]) -> Value {
    let output = command(arguments).args(["--output", "json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    crate::json::read("guardrails", &output.stdout)
}

fn command(arguments: &[&str]) -> Command {
    s3guard(&[&["guardrails", "--stack", "s3guard"], arguments].concat())
}

fn document(name: &str) -> Value {
    let printed = printed(&["--deployer", DEPLOYER]);
    let policies = printed["policies"].as_array().unwrap();
    policies.iter().find(|policy| policy["name"] == name).unwrap()["document"].clone()
}

/// These statements, and one that allows everything.
fn with_all_allowed(document: &Value, allow: Value) -> Value {
    let mut document = document.clone();
    document["Statement"].as_array_mut().unwrap().push(allow);
    document
}

/// Principals with all permissions, under a policy of the organization.
struct Organization {
    account: Account,
    principals: Vec<(&'static str, String)>,
}

impl Organization {
    fn new(policy: &Value) -> Self {
        let account = new_account();
        let all = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
        let policy = with_all_allowed(policy, all);
        account.user("engineer", &policy).unwrap();
        let trust = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": account.number() },
        }] });
        let role = |path: &str, name: &str| account.role(name, path, &trust, &policy).unwrap();
        let principals = vec![
            ("engineer", format!("arn:aws:iam::{}:user/engineer", account.number())),
            ("administrator", role("/", "administrator")),
            ("deployer", role("/ci/", "deployer")),
            ("guard", role("/s3guard/", "s3guard-GuardRole-1")),
        ];
        Self { account, principals }
    }

    /// A line for each request: who may make it.
    fn table(&self, requests: &[(&str, &[&str], &str, Value)]) -> String {
        let (number, region) = (self.account.number(), self.account.region());
        let mut table = String::new();
        for (name, actions, resource, context) in requests {
            let resource = resource.replace("ACCOUNT", number).replace("REGION", region);
            writeln!(table, "{name}").unwrap();
            for action in *actions {
                let may = |(_, principal): &&(&str, String)| {
                    self.account.allows(principal, action, &resource, context).unwrap().allowed
                };
                let may = self.principals.iter().filter(may).map(|(name, _)| *name);
                let may = may.collect::<Vec<_>>().join(" ");
                writeln!(table, "  {action}: {}", if may.is_empty() { "no one" } else { &may })
                    .unwrap();
            }
        }
        table
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table, with a line for each request")]
fn the_service_control_policy_leaves_the_guard_to_deployers_and_itself() {
    let organization = Organization::new(&document("scp"));
    let nothing = || json!({});
    let bucket = "arn:aws:s3:::s3guard-ledger-ACCOUNT-REGION-an";
    let code = "arn:aws:s3:::s3guard-code-ACCOUNT-REGION-an";
    let function = "arn:aws:lambda:REGION:ACCOUNT:function:s3guard-GuardFunction-1";
    let mapping = "arn:aws:lambda:REGION:ACCOUNT:event-source-mapping:1";
    let key = "arn:aws:kms:REGION:ACCOUNT:key/1";
    let of_function = |arn: &str| {
        let (number, region) = (organization.account.number(), organization.account.region());
        json!({ "lambda:FunctionArn": arn.replace("ACCOUNT", number).replace("REGION", region) })
    };
    let other_function = "arn:aws:lambda:REGION:ACCOUNT:function:other";
    let stack = "arn:aws:cloudformation:REGION:ACCOUNT:stack/s3guard/1";
    let buckets: &[&str] = &[
        "s3:CreateBucket",
        "s3:DeleteBucket",
        "s3:PutBucketPolicy",
        "s3:DeleteBucketPolicy",
        "s3:PutLifecycleConfiguration",
        "s3:PutBucketPublicAccessBlock",
        "s3:ListBucket",
        "s3:GetBucketPolicy",
    ];
    let objects: &[&str] =
        &["s3:PutObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention", "s3:GetObject"];
    let mappings: &[&str] = &[
        "lambda:UpdateEventSourceMapping",
        "lambda:DeleteEventSourceMapping",
        "lambda:GetEventSourceMapping",
    ];
    let keys: &[&str] = &[
        "kms:ScheduleKeyDeletion",
        "kms:DisableKey",
        "kms:PutKeyPolicy",
        "kms:CreateGrant",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "kms:DescribeKey",
    ];
    let of_key = |name: &str| json!({ "kms:ResourceAliases": [name] });
    let roles: &[&str] = &[
        "iam:CreateRole",
        "iam:PassRole",
        "iam:PutRolePolicy",
        "iam:AttachRolePolicy",
        "iam:UpdateAssumeRolePolicy",
        "iam:DeleteRole",
        "iam:TagRole",
        "iam:GetRole",
        "sts:AssumeRole",
    ];
    let table = organization.table(&[
        (
            "stack",
            &[
                "cloudformation:UpdateStack",
                "cloudformation:DeleteStack",
                "cloudformation:ExecuteChangeSet",
                "cloudformation:DescribeStacks",
            ],
            stack,
            nothing(),
        ),
        (
            "other stack",
            &["cloudformation:UpdateStack"],
            "arn:aws:cloudformation:REGION:ACCOUNT:stack/other/1",
            nothing(),
        ),
        ("role", roles, "arn:aws:iam::ACCOUNT:role/s3guard/s3guard-GuardRole-1", nothing()),
        (
            "new role on the path",
            &["iam:CreateRole"],
            "arn:aws:iam::ACCOUNT:role/s3guard/mine",
            nothing(),
        ),
        (
            "other role",
            &["iam:CreateRole", "iam:PassRole"],
            "arn:aws:iam::ACCOUNT:role/other",
            nothing(),
        ),
        (
            "managed policy",
            &["iam:CreatePolicyVersion", "iam:DeletePolicy"],
            "arn:aws:iam::ACCOUNT:policy/s3guard/s3guard-GuardPolicy-1",
            nothing(),
        ),
        (
            "function",
            &[
                "lambda:UpdateFunctionCode",
                "lambda:PutFunctionConcurrency",
                "lambda:InvokeFunction",
                "lambda:DeleteFunction",
                "lambda:AddPermission",
                "lambda:GetFunctionConfiguration",
            ],
            function,
            nothing(),
        ),
        (
            "other function",
            &["lambda:UpdateFunctionCode", "lambda:InvokeFunction"],
            other_function,
            nothing(),
        ),
        ("event source", mappings, mapping, of_function(function)),
        ("event source of another function", mappings, mapping, of_function(other_function)),
        (
            "rule",
            &[
                "events:DisableRule",
                "events:PutRule",
                "events:RemoveTargets",
                "events:PutTargets",
                "events:DeleteRule",
                "events:DescribeRule",
            ],
            "arn:aws:events:REGION:ACCOUNT:rule/s3guard-BucketChanged-1",
            nothing(),
        ),
        (
            "queue",
            &[
                "sqs:SendMessage",
                "sqs:ReceiveMessage",
                "sqs:PurgeQueue",
                "sqs:SetQueueAttributes",
                "sqs:DeleteQueue",
                "sqs:GetQueueAttributes",
            ],
            "arn:aws:sqs:REGION:ACCOUNT:s3guard-GuardQueue-1",
            nothing(),
        ),
        (
            "topic",
            &[
                "sns:Publish",
                "sns:Subscribe",
                "sns:SetTopicAttributes",
                "sns:DeleteTopic",
                "sns:GetTopicAttributes",
            ],
            "arn:aws:sns:REGION:ACCOUNT:s3guard-AlertTopic-1",
            nothing(),
        ),
        (
            "alarm",
            &[
                "cloudwatch:DisableAlarmActions",
                "cloudwatch:DeleteAlarms",
                "cloudwatch:PutMetricAlarm",
                "cloudwatch:SetAlarmState",
                "cloudwatch:DescribeAlarms",
            ],
            "arn:aws:cloudwatch:REGION:ACCOUNT:alarm:s3guard-FailedAlarm-1",
            nothing(),
        ),
        (
            "log group",
            &[
                "logs:DeleteLogGroup",
                "logs:PutRetentionPolicy",
                "logs:PutSubscriptionFilter",
                "logs:PutLogEvents",
                "logs:FilterLogEvents",
            ],
            "arn:aws:logs:REGION:ACCOUNT:log-group:s3guard-GuardLogs-1",
            nothing(),
        ),
        (
            "trail",
            &[
                "cloudtrail:StopLogging",
                "cloudtrail:DeleteTrail",
                "cloudtrail:UpdateTrail",
                "cloudtrail:PutEventSelectors",
                "cloudtrail:GetTrailStatus",
            ],
            "arn:aws:cloudtrail:REGION:ACCOUNT:trail/s3guard-REGION",
            nothing(),
        ),
        ("ledger", buckets, bucket, nothing()),
        ("object in the ledger", objects, &format!("{bucket}/records/a"), nothing()),
        ("code bucket", buckets, code, nothing()),
        ("code", objects, &format!("{code}/s3guard/a"), nothing()),
        ("other bucket", buckets, "arn:aws:s3:::other", nothing()),
        ("key", keys, key, of_key("alias/s3guard")),
        ("other key", keys, key, of_key("alias/other")),
        (
            "alias of the key",
            &["kms:DeleteAlias", "kms:UpdateAlias"],
            "arn:aws:kms:REGION:ACCOUNT:alias/s3guard",
            nothing(),
        ),
    ]);
    expect_file!["guardrails/scp.txt"].assert_eq(&table);
}

/// The resource control policy is in force as part of the resource's own policy, which is evaluated in the same way. One
/// difference: the root user can always put a bucket's own policy, which a policy of the organization denies.
#[test]
fn the_resource_control_policy_also_denies_other_accounts_and_leaves_services_alone() {
    let mut organization = Organization::new(&json!({ "Version": "2012-10-17", "Statement": [] }));
    let elsewhere = Organization::new(&json!({ "Version": "2012-10-17", "Statement": [] }));
    let account = &organization.account;
    let (number, region) = (account.number(), account.region());
    let policy = |resource: &str, is_of_key: bool| {
        let everyone = json!({ "AWS": [number, elsewhere.account.number()], "Service": "cloudtrail.amazonaws.com" });
        let mut all = document("rcp");
        let statements = all["Statement"].as_array_mut().unwrap();
        statements.retain(|one| (one["Resource"] == "*") == is_of_key);
        assert_eq!(statements.len(), 2);
        let service = resource.split(':').nth(2).unwrap();
        for statement in statements.iter_mut() {
            // S3 and SQS accept only actions and resources of their own in a policy.
            let of_service =
                |one: &Value| one.as_str().unwrap().starts_with(&format!("{service}:"));
            statement["Action"].as_array_mut().unwrap().retain(of_service);
            if let Some(resources) = statement["Resource"].as_array_mut() {
                let is_same = |one: &&Value| {
                    let one = Glob::new(one.as_str().unwrap());
                    one.matches(resource) || one.matches(&format!("{resource}/a"))
                };
                let same: Vec<Value> = resources.iter().filter(is_same).cloned().collect();
                assert!(!same.is_empty(), "{resources:?} {resource}");
                *resources = same;
            }
        }
        let resources =
            if service == "s3" { json!([resource, format!("{resource}/*")]) } else { json!("*") };
        let allow = json!({ "Effect": "Allow", "Principal": everyone, "Action": format!("{service}:*"), "Resource": resources });
        with_all_allowed(&all, allow)
    };
    let client = account.client();
    let bucket = format!("s3guard-trail-{number}-{region}-an");
    client.create_bucket(&bucket).unwrap();
    let bucket_arn = format!("arn:aws:s3:::{bucket}");
    client.put_bucket_setting(&bucket, "policy", &policy(&bucket_arn, false).to_string()).unwrap();
    let queue_arn = format!("arn:aws:sqs:{region}:{number}:s3guard-GuardQueue-1");
    let attributes = json!({ "Policy": policy(&queue_arn, false).to_string() });
    let queue = json!({ "QueueName": "s3guard-GuardQueue-1", "Attributes": attributes });
    client.json("sqs", "CreateQueue", &queue).unwrap();
    let key_policy = policy(&format!("arn:aws:kms:{region}:{number}:key/1"), true);
    let key =
        client.json("kms", "CreateKey", &json!({ "Policy": key_policy.to_string() })).unwrap();
    let key_arn = key["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    let elsewhere = elsewhere.principals.into_iter().map(|(name, arn)| match name {
        "deployer" => ("deployer-elsewhere", arn),
        "guard" => ("guard-elsewhere", arn),
        _ => ("stranger", arn),
    });
    organization.principals.extend(elsewhere);
    organization.principals.push(("root", format!("arn:aws:iam::{number}:root")));
    organization.principals.push(("cloudtrail", "cloudtrail.amazonaws.com".to_owned()));
    let of_account = json!({ "aws:ResourceAccount": number });
    let of_key =
        |alias: &str| json!({ "aws:ResourceAccount": number, "kms:ResourceAliases": [alias] });
    let keys: &[&str] = &["kms:ScheduleKeyDeletion", "kms:PutKeyPolicy", "kms:Decrypt"];
    let table = organization.table(&[
        (
            "bucket",
            &["s3:PutBucketPolicy", "s3:DeleteBucket", "s3:ListBucket"],
            &bucket_arn,
            of_account.clone(),
        ),
        (
            "object",
            &["s3:PutObject", "s3:DeleteObject", "s3:GetObject"],
            &format!("{bucket_arn}/a"),
            of_account.clone(),
        ),
        (
            "queue",
            &[
                "sqs:SendMessage",
                "sqs:ReceiveMessage",
                "sqs:SetQueueAttributes",
                "sqs:GetQueueAttributes",
            ],
            &queue_arn,
            of_account.clone(),
        ),
        ("key", keys, &key_arn, of_key("alias/s3guard")),
        ("key with another alias", keys, &key_arn, of_key("alias/other")),
    ]);
    expect_file!["guardrails/rcp.txt"].assert_eq(&table);
}

#[test]
fn the_s3_policy_is_as_aws_organizations_spells_it() {
    expect![[r#"{"s3_attributes":{"public_access_block_configuration":{"@@assign":"all"}}}"#]]
        .assert_eq(&document("s3-policy").to_string());
}

#[test]
fn every_action_exists() {
    let known = Bench::new().run_script(KNOWN_ACTIONS, &[]);
    let known: Value = serde_json::from_str(&known.stdout).unwrap();
    let known: Vec<&String> = known.as_object().unwrap().keys().collect();
    for name in ["scp", "rcp"] {
        let document = document(name);
        for action in document["Statement"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|one| one["Action"].as_array().unwrap())
        {
            let pattern = Glob::new(action.as_str().unwrap());
            assert!(known.iter().any(|known| pattern.matches(known)), "{name}: {action}");
        }
    }
}

#[test]
fn each_policy_can_be_attached_as_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("policies");
    let printed = printed(&["--deployer", DEPLOYER, "--out", out.to_str().unwrap()]);
    for policy in printed["policies"].as_array().unwrap() {
        let text = fs::read_to_string(policy["file"].as_str().unwrap()).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), policy["document"]);
        let size = text.chars().count();
        assert_eq!(policy["sizeCharacters"], size);
        // The quota of service control policies before 2026-05-15, and still that of others.
        assert!(size < 5_120, "{size}");
        for field in ["purpose", "unnecessary", "limits"] {
            assert!(policy[field].as_str().unwrap().ends_with('.'), "{policy}");
        }
    }
    let text = command(&["--deployer", DEPLOYER]).output().unwrap().stdout;
    let text = String::from_utf8(text).unwrap();
    let documents = text.lines().filter(|line| line.starts_with('{'));
    let documents: Vec<Value> = documents.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(documents.len(), 3, "{text}");
}

#[test]
fn policies_that_aws_would_refuse_are_refused() {
    let long: Vec<String> = (0..40)
        .map(|number| {
            format!("--deployer=arn:aws:iam::1111222233{number:02}:role/{}", "d".repeat(64))
        })
        .collect();
    let long: Vec<&str> = long.iter().map(String::as_str).collect();
    let output = command(&long).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    expect![[r#"
        error: the SERVICE_CONTROL_POLICY has 14672 characters, and AWS accepts 10240

        hint: give fewer `--deployer`, with `*` for what differs between them
    "#]]
    .assert_eq(&String::from_utf8(output.stderr).unwrap());
    let without = command(&[]).output().unwrap();
    assert_eq!(without.status.code(), Some(2), "everyone would be locked out");
}

#[test]
fn the_partition_is_that_of_the_deployer() {
    let printed = printed(&["--deployer", "arn:aws-cn:iam::*:role/ci/deployer"]);
    assert!(!printed.to_string().contains("arn:aws:"), "{printed}");
    assert!(printed.to_string().contains("arn:aws-cn:s3:::s3guard-*-*-*-an"), "{printed}");
}
