//! The permissions of the roles: what the code asks for, from within its function, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use expect_test::expect;
use s3guard_posture::evaluate::permissions::{self, NotifyOn};
use s3guard_posture::{Config, On, SettingKind};
use serde_json::{Value as Json, json};

use super::reading::{configured, many, of_type, read, read_guard, read_with, texts};
use crate::cfn::Template;
use crate::stacks::{guard, guard_with};

/// Managed policies of a role. Source: AWS IAM User Guide, "IAM and AWS STS quotas".
const POLICIES_MAX: usize = 10;

/// The stack with operators and a key for buckets.
fn whole() -> Json {
    let parameters = [
        ("OperatorArns", "arn:aws:iam::111122223333:role/ops,arn:aws:iam::111122223333:user/ann"),
        ("BucketKeyArn", "arn:aws:kms:eu-west-1:111122223333:key/1"),
    ];
    read_with(&guard().render().unwrap(), &parameters)
}

fn statements<'a>(template: &'a Json, policy: &str) -> Vec<&'a Json> {
    many(&template["Resources"][policy]["Properties"]["PolicyDocument"]["Statement"])
}

fn sids(template: &Json, policy: &str) -> Vec<String> {
    let sids = statements(template, policy).into_iter().map(|one| one["Sid"].as_str().unwrap());
    sids.map(str::to_owned).collect()
}

fn of(config: &Json) -> Template {
    guard_with(&Config::read(config).unwrap())
}

#[test]
fn each_role_may_do_this_and_nothing_else() {
    let template = whole();
    let mut text = String::new();
    for (id, policy) in of_type(&template, "AWS::IAM::ManagedPolicy") {
        let roles = texts(&policy["Properties"]["Roles"]).join(" ");
        writeln!(text, "{id} of {roles}").unwrap();
        for one in statements(&template, id) {
            let condition = one.get("Condition").map(|tests| format!(" where {tests}"));
            writeln!(
                text,
                "  {}: {} on {}{}",
                one["Sid"].as_str().unwrap(),
                texts(&one["Action"]).join(" "),
                texts(&one["Resource"]).join(" "),
                condition.unwrap_or_default(),
            )
            .unwrap();
        }
    }
    expect![[r#"
        GuardPlatformPolicy of <GuardRole>
          ReceiveMessages: sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes on <GuardQueue.Arn>
          DecryptEnvironment: kms:Decrypt on <Key.Arn>
          Log: logs:CreateLogStream logs:PutLogEvents on <GuardLogs.Arn>
        GuardReadPolicy of <GuardRole>
          ReadBuckets: s3:GetBucketAcl s3:GetBucketLogging s3:GetBucketNotification s3:GetBucketObjectLockConfiguration s3:GetBucketOwnershipControls s3:GetBucketPolicy s3:GetBucketPolicyStatus s3:GetBucketPublicAccessBlock s3:GetBucketTagging s3:GetBucketVersioning s3:GetBucketWebsite s3:GetEncryptionConfiguration s3:GetLifecycleConfiguration s3:GetReplicationConfiguration on arn:aws:s3:::* where {"StringEquals":{"aws:ResourceAccount":"111122223333"},"ArnEquals":{"lambda:SourceFunctionArn":"<GuardFunction.Arn>"}}
          FindBuckets: s3:GetAccountPublicAccessBlock s3:ListAllMyBuckets on * where {"ArnEquals":{"lambda:SourceFunctionArn":"<GuardFunction.Arn>"}}
          AskForKeys: kms:DescribeKey on arn:aws:kms:eu-west-1:111122223333:key/1 where {"ArnEquals":{"lambda:SourceFunctionArn":"<GuardFunction.Arn>"}}
          AskForBucketKeys: kms:DescribeKey on arn:aws:kms:eu-west-1:111122223333:key/* where {"ArnEquals":{"lambda:SourceFunctionArn":"<GuardFunction.Arn>"}}
          AskForStacks: cloudformation:DescribeStacks on arn:aws:cloudformation:*:111122223333:stack/* where {"ArnEquals":{"lambda:SourceFunctionArn":"<GuardFunction.Arn>"}}
          ListLedger: s3:ListBucket on <LedgerBucket.Arn> where {"ArnEquals":{"lambda:SourceFunctionArn":"<GuardFunction.Arn>"}}
          ReadLedger: s3:GetObject on <LedgerBucket.Arn>/records/* <LedgerBucket.Arn>/state/* <LedgerBucket.Arn>/sweeps/* <LedgerBucket.Arn>/suppressions/* <LedgerBucket.Arn>/digests/* where {"ArnEquals":{"lambda:SourceFunctionArn":"<GuardFunction.Arn>"}}
          FindSubscribers: sns:ListSubscriptionsByTopic on <EmailTopic> <SmsTopic> <DocumentTopic> <ChatTopic> where {"ArnEquals":{"lambda:SourceFunctionArn":"<GuardFunction.Arn>"}}
        GuardWritePolicy of <GuardRole>
          WriteBuckets: s3:PutBucketLogging s3:PutBucketNotification s3:PutBucketOwnershipControls s3:PutBucketPolicy s3:PutBucketPublicAccessBlock s3:PutBucketVersioning s3:PutEncryptionConfiguration on arn:aws:s3:::* where {"StringEquals":{"aws:ResourceAccount":"111122223333"},"ArnEquals":{"lambda:SourceFunctionArn":"<GuardFunction.Arn>"}}
          Record: s3:PutObject on <LedgerBucket.Arn>/records/* <LedgerBucket.Arn>/state/* <LedgerBucket.Arn>/sweeps/* <LedgerBucket.Arn>/digests/* where {"ArnEquals":{"lambda:SourceFunctionArn":"<GuardFunction.Arn>"}}
          Requeue: sqs:SendMessage on <GuardQueue.Arn> where {"ArnEquals":{"lambda:SourceFunctionArn":"<GuardFunction.Arn>"}}
          Publish: sns:Publish on <EmailTopic> <SmsTopic> <DocumentTopic> <ChatTopic> where {"ArnEquals":{"lambda:SourceFunctionArn":"<GuardFunction.Arn>"}}
          UseKey: kms:GenerateDataKey kms:Decrypt on <Key.Arn> where {"StringLike":{"kms:ViaService":["s3.eu-west-1.amazonaws.com*","sns.eu-west-1.amazonaws.com*"]}}
        NotifyPlatformPolicy of <NotifyRole>
          ReceiveMessages: sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes on <ObjectQueue.Arn>
          DecryptEnvironment: kms:Decrypt on <Key.Arn>
          Log: logs:CreateLogStream logs:PutLogEvents on <NotifyLogs.Arn>
        NotifyReadPolicy of <NotifyRole>
          ReadWindows: s3:GetObject on <LedgerBucket.Arn>/windows/* where {"ArnEquals":{"lambda:SourceFunctionArn":"<NotifyFunction.Arn>"}}
          FindWindows: s3:ListBucket on <LedgerBucket.Arn> where {"StringLike":{"s3:prefix":"windows/*"},"ArnEquals":{"lambda:SourceFunctionArn":"<NotifyFunction.Arn>"}}
          FindGrades: s3:GetBucketTagging on arn:aws:s3:::* where {"StringEquals":{"aws:ResourceAccount":"111122223333"},"ArnEquals":{"lambda:SourceFunctionArn":"<NotifyFunction.Arn>"}}
          ReadAcls: s3:GetObjectAcl s3:GetObjectVersionAcl on arn:aws:s3:::*/* where {"StringEquals":{"aws:ResourceAccount":"111122223333"},"ArnEquals":{"lambda:SourceFunctionArn":"<NotifyFunction.Arn>"}}
          FindAclBuckets: s3:GetBucketOwnershipControls s3:GetBucketPublicAccessBlock on arn:aws:s3:::* where {"StringEquals":{"aws:ResourceAccount":"111122223333"},"ArnEquals":{"lambda:SourceFunctionArn":"<NotifyFunction.Arn>"}}
        NotifyWritePolicy of <NotifyRole>
          WriteWindows: s3:PutObject on <LedgerBucket.Arn>/windows/* where {"ArnEquals":{"lambda:SourceFunctionArn":"<NotifyFunction.Arn>"}}
          Requeue: sqs:SendMessage on <ObjectQueue.Arn> where {"ArnEquals":{"lambda:SourceFunctionArn":"<NotifyFunction.Arn>"}}
          Publish: sns:Publish on <EmailTopic> <SmsTopic> <DocumentTopic> <ChatTopic> where {"ArnEquals":{"lambda:SourceFunctionArn":"<NotifyFunction.Arn>"}}
          UseKey: kms:GenerateDataKey kms:Decrypt on <Key.Arn> where {"StringLike":{"kms:ViaService":["s3.eu-west-1.amazonaws.com*","sns.eu-west-1.amazonaws.com*"]}}
        OperatorPolicy of <OperatorRole>
          ListLedger: s3:ListBucket on <LedgerBucket.Arn>
          ReadLedger: s3:GetObject on <LedgerBucket.Arn>/*
          WriteSuppressions: s3:PutObject on <LedgerBucket.Arn>/suppressions/* <LedgerBucket.Arn>/runs/* <LedgerBucket.Arn>/jobs/*
          Send: sqs:GetQueueAttributes sqs:SendMessage on <GuardQueue.Arn> <ObjectQueue.Arn>
          Redrive: sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage on <GuardDlq.Arn> <ObjectDlq.Arn> <NotificationDlq.Arn>
          Publish: sns:Publish on <EmailTopic> <SmsTopic> <DocumentTopic> <ChatTopic> <AlertTopic>
          UseKey: kms:GenerateDataKey kms:Decrypt on <Key.Arn> where {"StringLike":{"kms:ViaService":["s3.eu-west-1.amazonaws.com*","sns.eu-west-1.amazonaws.com*"]}}
    "#]].assert_eq(&text);
}

#[test]
fn the_code_may_do_nothing_outside_its_function() {
    for (function, policies) in [
        ("GuardFunction", ["GuardReadPolicy", "GuardWritePolicy"]),
        ("NotifyFunction", ["NotifyReadPolicy", "NotifyWritePolicy"]),
    ] {
        let template = whole();
        for one in policies.iter().flat_map(|policy| statements(&template, policy)) {
            let source = &one["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"];
            // S3 and SNS use the key in the name of the role.
            let via = one["Condition"]["StringLike"].get("kms:ViaService").is_some();
            assert!(*source == format!("<{function}.Arn>") || via, "{one}");
        }
    }
    // Lambda itself polls, decrypts and logs, and does not say for which function.
    for policy in ["GuardPlatformPolicy", "NotifyPlatformPolicy"] {
        assert_eq!(sids(&whole(), policy), ["ReceiveMessages", "DecryptEnvironment", "Log"]);
    }
}

#[test]
fn reads_and_writes_are_in_policies_of_their_own() {
    let template = whole();
    for policy in ["GuardReadPolicy", "NotifyReadPolicy"] {
        for one in statements(&template, policy) {
            for action in texts(&one["Action"]) {
                let (_, name) = action.split_once(':').unwrap();
                let is_read = ["Get", "List", "Describe"].iter().any(|verb| name.starts_with(verb));
                assert!(is_read, "{action}");
            }
        }
    }
}

#[test]
fn the_roles_have_no_wildcard_action_and_touch_no_object_but_those_of_the_ledger() {
    for (id, policy) in of_type(&whole(), "AWS::IAM::ManagedPolicy") {
        for statement in many(&policy["Properties"]["PolicyDocument"]["Statement"]) {
            let on = texts(&statement["Resource"]);
            for action in texts(&statement["Action"]) {
                assert!(!action.contains('*'), "{id}: {action}");
                // The object lock configuration belongs to the bucket.
                let is_of_objects =
                    action.contains("Object") && action != "s3:GetBucketObjectLockConfiguration";
                let is_of_ledger = ["s3:GetObject", "s3:PutObject"].contains(&action)
                    && on.iter().all(|on| on.starts_with("<LedgerBucket.Arn>/"));
                // The ACL shows whether an object is public.
                let reads_acl = ["s3:GetObjectAcl", "s3:GetObjectVersionAcl"].contains(&action);
                assert!(is_of_ledger || reads_acl || !is_of_objects, "{id}: {action}");
                let deletes_a_message = action == "sqs:DeleteMessage";
                assert!(deletes_a_message || !action.contains("Delete"), "{id}: {action}");
            }
        }
    }
}

#[test]
fn each_function_may_do_what_posture_says() {
    let template = whole();
    let actions = |id: &str| -> BTreeSet<&str> {
        statements(&template, id).into_iter().flat_map(|one| texts(&one["Action"])).collect()
    };
    let all = [On::Buckets, On::Account, On::Keys, On::BucketKeys, On::Stacks, On::Ledger];
    let reads: BTreeSet<&str> = all.into_iter().flat_map(permissions::reads).collect();
    // The documents of the ledger, whose calls are no questions about a bucket.
    let reads: BTreeSet<&str> =
        reads.into_iter().chain(["s3:GetObject", permissions::SUBSCRIPTIONS]).collect();
    assert_eq!(actions("GuardReadPolicy"), reads);
    let settings = Config::default().writable();
    let writes = all.into_iter().flat_map(|on| permissions::writes(on, &settings));
    let besides =
        ["kms:Decrypt", "kms:GenerateDataKey", "s3:PutObject", "sns:Publish", "sqs:SendMessage"];
    assert_eq!(actions("GuardWritePolicy"), writes.chain(besides).collect());
    let reads = [
        NotifyOn::Gathered,
        NotifyOn::Ledger,
        NotifyOn::Buckets,
        NotifyOn::Acls,
        NotifyOn::OpenToAcls,
    ];
    let reads = reads.into_iter().flat_map(permissions::of_notify).copied().collect();
    assert_eq!(actions("NotifyReadPolicy"), reads);
    assert_eq!(actions("NotifyWritePolicy"), besides.into());
}

#[test]
fn only_settings_that_the_configuration_can_write_may_be_written() {
    let actions = |config: &Json, sid: &str| -> Vec<String> {
        let template = read(&of(config).render().unwrap());
        let one =
            statements(&template, "GuardWritePolicy").into_iter().find(|one| one["Sid"] == sid);
        one.map(|one| texts(&one["Action"]).into_iter().map(str::to_owned).collect())
            .unwrap_or_default()
    };
    let less =
        json!({ "aspects": { "versioning": "off", "access-logs": "off", "notifications": "off" } });
    let of_buckets = actions(&less, "WriteBuckets");
    for action in ["s3:PutBucketVersioning", "s3:PutBucketLogging", "s3:PutBucketNotification"] {
        assert!(!of_buckets.iter().any(|one| one == action), "{action}");
        assert!(actions(&json!({}), "WriteBuckets").iter().any(|one| one == action), "{action}");
    }
    // The stack's own buckets keep their versions, whatever the others do.
    assert_eq!(actions(&less, "RestoreOwnBuckets"), ["s3:PutBucketVersioning"]);
    assert_eq!(actions(&json!({}), "RestoreOwnBuckets"), [] as [&str; 0]);
    assert_eq!(actions(&json!({}), "WriteAccount"), [] as [&str; 0]);
    let kept = json!({ "aspects": { "account-public-access": "enforce" } });
    assert_eq!(actions(&kept, "WriteAccount"), ["s3:PutAccountPublicAccessBlock"]);
    let all: BTreeSet<SettingKind> = SettingKind::ALL.into();
    assert_eq!(of(&kept).render().is_ok(), Config::read(&kept).unwrap().writable() == all);
}

#[test]
fn only_configured_keys_are_described() {
    let asked = |config: &Json, key: &str| -> Vec<Json> {
        let template = read_with(&of(config).render().unwrap(), &[("BucketKeyArn", key)]);
        let all = statements(&template, "GuardReadPolicy").into_iter();
        all.filter(|one| one["Sid"] == "AskForKeys").map(|one| one["Resource"].clone()).collect()
    };
    let (one, other) =
        ("arn:aws:kms:eu-west-1:111122223333:key/1", "arn:aws:kms:eu-west-1:111122223333:key/2");
    let config = json!({ "keys": { "eu-west-1": one } });
    assert_eq!(asked(&json!({}), ""), [] as [Json; 0]);
    assert_eq!(asked(&json!({}), other), [json!(other)]);
    assert_eq!(asked(&config, ""), [json!([one])]);
    assert_eq!(asked(&config, other), [json!([one, other])]);
}

#[test]
fn acls_are_read_only_if_their_events_are_reported() {
    let without = json!({ "notifications": { "objects": { "exclude": { "kind": ["acl"] } } } });
    let only = json!({ "notifications": { "objects": { "include": { "kind": ["acl"] } } } });
    let has = |config: &Json, sid: &str| {
        let template = read(&of(config).render().unwrap());
        sids(&template, "NotifyReadPolicy").contains(&sid.to_owned())
    };
    for (config, of_objects, of_buckets) in
        [(&json!({}), true, true), (&without, false, false), (&only, true, false)]
    {
        assert_eq!(has(config, "ReadAcls"), of_objects, "{config}");
        // Of what is created only where that is reported, too.
        assert_eq!(has(config, "FindAclBuckets"), of_buckets, "{config}");
    }
}

#[test]
fn notify_lists_versions_only_in_configured_buckets() {
    let policy = |template: &Json| -> Vec<Json> {
        let looks = statements(template, "NotifyReadPolicy").into_iter();
        looks.filter(|one| one["Sid"] == "ReportOverwrites").cloned().collect()
    };
    assert_eq!(policy(&read_guard()), [] as [Json; 0]);
    let looks = policy(&read(&configured().render().unwrap()));
    assert_eq!(looks[0]["Action"], "s3:ListBucketVersions");
    assert_eq!(looks[0]["Resource"], json!(["arn:aws:s3:::contracts", "arn:aws:s3:::payroll-*"]));
    assert_eq!(looks[0]["Condition"]["StringEquals"]["aws:ResourceAccount"], "111122223333");
}

#[test]
fn every_role_and_policy_is_under_our_path_and_has_no_name() {
    let guard = read_guard();
    for r#type in ["AWS::IAM::Role", "AWS::IAM::ManagedPolicy"] {
        for (id, one) in of_type(&guard, r#type) {
            assert_eq!(one["Properties"]["Path"], "/s3guard/", "{id}");
            // Two stacks cannot have one name: IAM is global.
            assert!(one["Properties"].get("RoleName").is_none(), "{id}");
            assert!(one["Properties"].get("ManagedPolicyName").is_none(), "{id}");
        }
    }
}

#[test]
fn roles_refer_to_nothing_and_have_no_more_policies_than_iam_allows() {
    let template = guard().render().unwrap();
    let resources = template["Resources"].as_object().unwrap();
    let mut policies: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, policy) in of_type(&template, "AWS::IAM::ManagedPolicy") {
        for role in many(&policy["Properties"]["Roles"]) {
            *policies.entry(role["Ref"].as_str().unwrap()).or_default() += 1;
        }
    }
    for (id, role) in of_type(&template, "AWS::IAM::Role") {
        let text = role["Properties"].to_string();
        let refers = resources.keys().any(|other| {
            text.contains(&format!("\"{other}\"")) || text.contains(&format!("${{{other}"))
        });
        assert!(!refers && role.get("DependsOn").is_none(), "{id}: {text}");
        assert!((1..=POLICIES_MAX).contains(&policies[id]), "{id}: {}", policies[id]);
    }
}

#[test]
fn only_operators_of_the_parameter_may_assume_the_operator_role() {
    let template = whole();
    let trust = &template["Resources"]["OperatorRole"]["Properties"]["AssumeRolePolicyDocument"];
    let statement = &trust["Statement"][0];
    assert_eq!(statement["Principal"]["AWS"], "arn:aws:iam::111122223333:root");
    assert_eq!(
        statement["Condition"],
        json!({ "ArnLike": { "aws:PrincipalArn": [
            "arn:aws:iam::111122223333:role/ops", "arn:aws:iam::111122223333:user/ann",
        ] } })
    );
    let without = guard().render().unwrap();
    for id in ["OperatorRole", "OperatorPolicy"] {
        assert_eq!(without["Resources"][id]["Condition"], "HasOperators");
    }
}

#[test]
fn a_permissions_boundary_is_that_of_every_role() {
    let boundary = "arn:aws:iam::111122223333:policy/boundary";
    let rendered = guard().render().unwrap();
    let with = read_with(&rendered, &[("PermissionsBoundary", boundary)]);
    for (id, role) in of_type(&with, "AWS::IAM::Role") {
        assert_eq!(role["Properties"]["PermissionsBoundary"], boundary, "{id}");
    }
    for (id, role) in of_type(&read(&rendered), "AWS::IAM::Role") {
        assert!(role["Properties"].get("PermissionsBoundary").is_none(), "{id}");
    }
}
