//! What the policies of resources deny, and to whom, as IAM evaluates their denials.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use expect_test::expect;
use s3guard_posture::contract::ledger;
use serde_json::{Value as Json, json};

use super::denials::{context, denied};
use super::reading::{many, read_with};
use crate::stacks::guard;

const DEPLOYER: &str = "arn:aws:iam::111122223333:role/*/deploy";
const OPERATOR: &str = "arn:aws:iam::111122223333:role/ops";

/// Who makes requests, by what they are in the request.
const CALLERS: [(&str, &str, &str); 8] = [
    ("guard", "aws:PrincipalArn", "<GuardRole.Arn>"),
    ("notify", "aws:PrincipalArn", "<NotifyRole.Arn>"),
    ("operator", "aws:PrincipalArn", "<OperatorRole.Arn>"),
    ("deployer", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/ci/deploy"),
    ("root", "aws:PrincipalArn", "arn:aws:iam::111122223333:root"),
    ("developer", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/s3guard/GuardRole-2"),
    ("the rule or topic", "aws:SourceArn", "source"),
    ("another rule", "aws:SourceArn", "arn:aws:events:eu-west-1:111122223333:rule/other"),
];

pub(super) fn of(operators: &str, deployers: &str) -> Json {
    let parameters = [("OperatorArns", operators), ("DeployerArns", deployers)];
    read_with(&guard().render().unwrap(), &parameters)
}

pub(super) fn locked() -> Json {
    of(OPERATOR, DEPLOYER)
}

pub(super) fn policy<'a>(template: &'a Json, id: &str) -> &'a Json {
    let properties = &template["Resources"][id]["Properties"];
    properties.get("PolicyDocument").unwrap_or(&properties["KeyPolicy"])
}

/// One line for each request: who is not denied it, and what denies it to the others.
fn lines(template: &Json, id: &str, resource: &str, requests: &[(&str, &str)]) -> String {
    let document = policy(template, id);
    let source = many(&document["Statement"]).into_iter().find_map(|one| {
        let arns = &one["Condition"]["ArnLike"]["aws:SourceArn"];
        many(arns).first().and_then(|arn| arn.as_str())
    });
    let mut text = format!("{id}\n");
    for (action, suffix) in requests {
        let (mut may, mut by) = (Vec::new(), BTreeSet::new());
        for (name, key, value) in CALLERS {
            let value = if value == "source" { source.unwrap_or(value) } else { value };
            let mut context = context(key, value);
            let arn = "kms:EncryptionContext:aws:s3:arn";
            context.insert(arn.to_owned(), json!(suffix));
            let resource = format!("{resource}{}", if id == "Key" { "" } else { suffix });
            match denied(document, action, &resource, &context) {
                None => may.push(name),
                Some(sid) => _ = by.insert(sid),
            }
        }
        let by: Vec<&str> = by.into_iter().collect();
        let request =
            if suffix.is_empty() { (*action).to_owned() } else { format!("{action} {suffix}") };
        let may = match may.len() {
            0 => "no one".to_owned(),
            count if count == CALLERS.len() => "no denial".to_owned(),
            _ => may.join(", "),
        };
        let by = if by.is_empty() { String::new() } else { format!(" ({})", by.join(", ")) };
        writeln!(text, "  {request}: {may}{by}").unwrap();
    }
    text
}

fn of_ledger(template: &Json) -> String {
    let prefixes = [&ledger::OF_GUARD[..], &ledger::OF_NOTIFY, &ledger::OF_OPERATORS].concat();
    let keys: Vec<String> = prefixes.iter().map(|prefix| format!("/{prefix}x")).collect();
    let mut requests: Vec<(&str, &str)> =
        keys.iter().map(|key| ("s3:PutObject", key.as_str())).collect();
    requests.extend([
        ("s3:PutObject", "/else"),
        ("s3:GetObject", "/records/x"),
        ("s3:DeleteObject", "/records/x"),
        ("s3:DeleteObjectVersion", "/windows/x"),
        ("s3:PutObjectAcl", "/records/x"),
        ("s3:PutObjectTagging", "/records/x"),
        ("s3:PutObjectRetention", "/records/x"),
        ("s3:PutObjectLegalHold", "/records/x"),
        ("s3:BypassGovernanceRetention", "/records/x"),
        ("s3:UpdateObjectEncryption", "/records/x"),
    ]);
    requests.extend(SETTINGS.map(|action| (action, "")));
    lines(template, "LedgerBucketPolicy", "<LedgerBucket.Arn>", &requests)
}

const SETTINGS: [&str; 13] = [
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
    "s3:DeleteBucket",
];

#[test]
fn the_ledger_is_locked() {
    expect![[r#"
        LedgerBucketPolicy
          s3:PutObject /records/x: guard (OnlyTheGuardPuts)
          s3:PutObject /state/x: guard (OnlyTheGuardPuts)
          s3:PutObject /sweeps/x: guard (OnlyTheGuardPuts)
          s3:PutObject /digests/x: guard (OnlyTheGuardPuts)
          s3:PutObject /windows/x: notify (OnlyNotifyPuts)
          s3:PutObject /suppressions/x: operator (OnlyOperatorsPut)
          s3:PutObject /runs/x: operator (OnlyOperatorsPut)
          s3:PutObject /jobs/x: operator (OnlyOperatorsPut)
          s3:PutObject /else: no one (NoOtherKeys)
          s3:GetObject /records/x: no denial
          s3:DeleteObject /records/x: the rule or topic, another rule (ObjectsAreOnlyAdded)
          s3:DeleteObjectVersion /windows/x: the rule or topic, another rule (ObjectsAreOnlyAdded)
          s3:PutObjectAcl /records/x: the rule or topic, another rule (ObjectsAreOnlyAdded)
          s3:PutObjectTagging /records/x: the rule or topic, another rule (ObjectsAreOnlyAdded)
          s3:PutObjectRetention /records/x: the rule or topic, another rule (ObjectsAreOnlyAdded)
          s3:PutObjectLegalHold /records/x: the rule or topic, another rule (ObjectsAreOnlyAdded)
          s3:BypassGovernanceRetention /records/x: the rule or topic, another rule (ObjectsAreOnlyAdded)
          s3:UpdateObjectEncryption /records/x: the rule or topic, another rule (ObjectsAreOnlyAdded)
          s3:ListBucket: no denial
          s3:GetBucketPolicy: no denial
          s3:PutBucketPolicy: guard, deployer, root (OnlyDeployersAndTheGuard)
          s3:DeleteBucketPolicy: deployer, root (OnlyDeployers)
          s3:PutLifecycleConfiguration: deployer, root (OnlyDeployers)
          s3:PutBucketVersioning: guard, deployer, root (OnlyDeployersAndTheGuard)
          s3:PutReplicationConfiguration: deployer, root (OnlyDeployers)
          s3:PutEncryptionConfiguration: guard, deployer, root (OnlyDeployersAndTheGuard)
          s3:PutBucketOwnershipControls: guard, deployer, root (OnlyDeployersAndTheGuard)
          s3:PutBucketAcl: deployer, root (OnlyDeployers)
          s3:PutBucketPublicAccessBlock: guard, deployer, root (OnlyDeployersAndTheGuard)
          s3:PutBucketObjectLockConfiguration: deployer, root (OnlyDeployers)
          s3:DeleteBucket: deployer, root (OnlyDeployers)
    "#]].assert_eq(&of_ledger(&locked()));
}

#[test]
fn without_operators_and_deployers_no_one_is_an_operator_and_settings_are_not_locked() {
    expect![[r#"
        LedgerBucketPolicy
          s3:PutObject /records/x: guard (OnlyTheGuardPuts)
          s3:PutObject /state/x: guard (OnlyTheGuardPuts)
          s3:PutObject /sweeps/x: guard (OnlyTheGuardPuts)
          s3:PutObject /digests/x: guard (OnlyTheGuardPuts)
          s3:PutObject /windows/x: notify (OnlyNotifyPuts)
          s3:PutObject /suppressions/x: no one (OnlyOperatorsPut)
          s3:PutObject /runs/x: no one (OnlyOperatorsPut)
          s3:PutObject /jobs/x: no one (OnlyOperatorsPut)
          s3:PutObject /else: no one (NoOtherKeys)
          s3:GetObject /records/x: no denial
          s3:DeleteObject /records/x: the rule or topic, another rule (ObjectsAreOnlyAdded)
          s3:DeleteObjectVersion /windows/x: the rule or topic, another rule (ObjectsAreOnlyAdded)
          s3:PutObjectAcl /records/x: the rule or topic, another rule (ObjectsAreOnlyAdded)
          s3:PutObjectTagging /records/x: the rule or topic, another rule (ObjectsAreOnlyAdded)
          s3:PutObjectRetention /records/x: the rule or topic, another rule (ObjectsAreOnlyAdded)
          s3:PutObjectLegalHold /records/x: the rule or topic, another rule (ObjectsAreOnlyAdded)
          s3:BypassGovernanceRetention /records/x: the rule or topic, another rule (ObjectsAreOnlyAdded)
          s3:UpdateObjectEncryption /records/x: the rule or topic, another rule (ObjectsAreOnlyAdded)
          s3:ListBucket: no denial
          s3:GetBucketPolicy: no denial
          s3:PutBucketPolicy: no denial
          s3:DeleteBucketPolicy: no denial
          s3:PutLifecycleConfiguration: no denial
          s3:PutBucketVersioning: no denial
          s3:PutReplicationConfiguration: no denial
          s3:PutEncryptionConfiguration: no denial
          s3:PutBucketOwnershipControls: no denial
          s3:PutBucketAcl: no denial
          s3:PutBucketPublicAccessBlock: no denial
          s3:PutBucketObjectLockConfiguration: no denial
          s3:DeleteBucket: no denial
    "#]].assert_eq(&of_ledger(&of("", "")));
}

#[test]
fn uploads_to_the_ledger_have_the_default_encryption_or_say_the_same() {
    let template = locked();
    let check = |headers: &[(&str, &str)], expected: Option<&str>| {
        let mut context = context("aws:PrincipalArn", "<GuardRole.Arn>");
        let named = |(name, value): &(&str, &str)| {
            (format!("s3:x-amz-server-side-encryption{name}"), json!(value))
        };
        context.extend(headers.iter().map(named));
        let document = policy(&template, "LedgerBucketPolicy");
        let resource = "<LedgerBucket.Arn>/records/x";
        assert_eq!(denied(document, "s3:PutObject", resource, &context), expected, "{headers:?}");
    };
    check(&[], None);
    check(&[("", "aws:kms")], None);
    check(&[("", "aws:kms"), ("-aws-kms-key-id", "<Key.Arn>")], None);
    check(&[("", "AES256")], Some("OnlyWithKms"));
    check(&[("", "aws:kms:dsse")], Some("OnlyWithKms"));
    check(&[("", "aws:kms"), ("-aws-kms-key-id", "another")], Some("OnlyWithTheStacksKey"));
}

#[test]
fn the_other_buckets_are_locked() {
    let template = locked();
    let mut requests = vec![
        ("s3:PutObject", "/AWSLogs/x"),
        ("s3:GetObject", "/AWSLogs/x"),
        ("s3:DeleteObjectVersion", "/AWSLogs/x"),
    ];
    requests.extend(SETTINGS.map(|action| (action, "")));
    let text = lines(&template, "TrailBucketPolicy", "<TrailBucket.Arn>", &requests)
        + &lines(&template, "LogBucketPolicy", "<LogBucket.Arn>", &requests);
    expect![[r#"
        TrailBucketPolicy
          s3:PutObject /AWSLogs/x: the rule or topic, another rule (OnlyServicesPut)
          s3:GetObject /AWSLogs/x: no denial
          s3:DeleteObjectVersion /AWSLogs/x: the rule or topic, another rule (ObjectsAreOnlyAdded)
          s3:ListBucket: no denial
          s3:GetBucketPolicy: no denial
          s3:PutBucketPolicy: guard, deployer, root (OnlyDeployersAndTheGuard)
          s3:DeleteBucketPolicy: deployer, root (OnlyDeployers)
          s3:PutLifecycleConfiguration: deployer, root (OnlyDeployers)
          s3:PutBucketVersioning: guard, deployer, root (OnlyDeployersAndTheGuard)
          s3:PutReplicationConfiguration: deployer, root (OnlyDeployers)
          s3:PutEncryptionConfiguration: guard, deployer, root (OnlyDeployersAndTheGuard)
          s3:PutBucketOwnershipControls: guard, deployer, root (OnlyDeployersAndTheGuard)
          s3:PutBucketAcl: deployer, root (OnlyDeployers)
          s3:PutBucketPublicAccessBlock: guard, deployer, root (OnlyDeployersAndTheGuard)
          s3:PutBucketObjectLockConfiguration: deployer, root (OnlyDeployers)
          s3:DeleteBucket: deployer, root (OnlyDeployers)
        LogBucketPolicy
          s3:PutObject /AWSLogs/x: the rule or topic, another rule (OnlyServicesPut)
          s3:GetObject /AWSLogs/x: no denial
          s3:DeleteObjectVersion /AWSLogs/x: the rule or topic, another rule (ObjectsAreOnlyAdded)
          s3:ListBucket: no denial
          s3:GetBucketPolicy: no denial
          s3:PutBucketPolicy: guard, deployer, root (OnlyDeployersAndTheGuard)
          s3:DeleteBucketPolicy: deployer, root (OnlyDeployers)
          s3:PutLifecycleConfiguration: deployer, root (OnlyDeployers)
          s3:PutBucketVersioning: guard, deployer, root (OnlyDeployersAndTheGuard)
          s3:PutReplicationConfiguration: deployer, root (OnlyDeployers)
          s3:PutEncryptionConfiguration: guard, deployer, root (OnlyDeployersAndTheGuard)
          s3:PutBucketOwnershipControls: guard, deployer, root (OnlyDeployersAndTheGuard)
          s3:PutBucketAcl: deployer, root (OnlyDeployers)
          s3:PutBucketPublicAccessBlock: guard, deployer, root (OnlyDeployersAndTheGuard)
          s3:PutBucketObjectLockConfiguration: deployer, root (OnlyDeployers)
          s3:DeleteBucket: deployer, root (OnlyDeployers)
    "#]]
    .assert_eq(&text);
}

#[test]
#[expect(clippy::too_many_lines, reason = "two tables, with a line for each request to each queue")]
fn the_queues_are_locked() {
    let template = locked();
    let requests = [
        "sqs:SendMessage",
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:PurgeQueue",
        "sqs:ChangeMessageVisibility",
        "sqs:GetQueueAttributes",
        "sqs:SetQueueAttributes",
        "sqs:AddPermission",
        "sqs:RemovePermission",
        "sqs:DeleteQueue",
    ]
    .map(|action| (action, ""));
    let queues = ["GuardQueue", "GuardDlq", "ObjectQueue", "ObjectDlq", "NotificationDlq"];
    let text = |template: &Json| -> String {
        let of = |queue: &str| {
            lines(template, &format!("{queue}Policy"), &format!("<{queue}.Arn>"), &requests)
        };
        queues.map(of).concat()
    };
    expect![[r#"
        GuardQueuePolicy
          sqs:SendMessage: guard, operator, deployer, the rule or topic (OnlyTheseRolesSend, OnlyTheseSourcesSend)
          sqs:ReceiveMessage: guard, operator (OnlyTheseRolesReceive)
          sqs:DeleteMessage: guard, operator (OnlyTheseRolesReceive)
          sqs:PurgeQueue: guard, operator (OnlyTheseRolesReceive)
          sqs:ChangeMessageVisibility: guard, operator (OnlyTheseRolesReceive)
          sqs:GetQueueAttributes: no denial
          sqs:SetQueueAttributes: deployer, root (OnlyDeployers)
          sqs:AddPermission: deployer, root (OnlyDeployers)
          sqs:RemovePermission: deployer, root (OnlyDeployers)
          sqs:DeleteQueue: deployer, root (OnlyDeployers)
        GuardDlqPolicy
          sqs:SendMessage: the rule or topic (OnlyTheseRolesSend, OnlyTheseSourcesSend)
          sqs:ReceiveMessage: operator (OnlyOperatorsReceive)
          sqs:DeleteMessage: operator (OnlyOperatorsReceive)
          sqs:PurgeQueue: operator (OnlyOperatorsReceive)
          sqs:ChangeMessageVisibility: operator (OnlyOperatorsReceive)
          sqs:GetQueueAttributes: no denial
          sqs:SetQueueAttributes: deployer, root (OnlyDeployers)
          sqs:AddPermission: deployer, root (OnlyDeployers)
          sqs:RemovePermission: deployer, root (OnlyDeployers)
          sqs:DeleteQueue: deployer, root (OnlyDeployers)
        ObjectQueuePolicy
          sqs:SendMessage: notify, operator, the rule or topic (OnlyTheseRolesSend, OnlyTheseSourcesSend)
          sqs:ReceiveMessage: notify, operator (OnlyTheseRolesReceive)
          sqs:DeleteMessage: notify, operator (OnlyTheseRolesReceive)
          sqs:PurgeQueue: notify, operator (OnlyTheseRolesReceive)
          sqs:ChangeMessageVisibility: notify, operator (OnlyTheseRolesReceive)
          sqs:GetQueueAttributes: no denial
          sqs:SetQueueAttributes: deployer, root (OnlyDeployers)
          sqs:AddPermission: deployer, root (OnlyDeployers)
          sqs:RemovePermission: deployer, root (OnlyDeployers)
          sqs:DeleteQueue: deployer, root (OnlyDeployers)
        ObjectDlqPolicy
          sqs:SendMessage: the rule or topic (OnlyTheseRolesSend, OnlyTheseSourcesSend)
          sqs:ReceiveMessage: operator (OnlyOperatorsReceive)
          sqs:DeleteMessage: operator (OnlyOperatorsReceive)
          sqs:PurgeQueue: operator (OnlyOperatorsReceive)
          sqs:ChangeMessageVisibility: operator (OnlyOperatorsReceive)
          sqs:GetQueueAttributes: no denial
          sqs:SetQueueAttributes: deployer, root (OnlyDeployers)
          sqs:AddPermission: deployer, root (OnlyDeployers)
          sqs:RemovePermission: deployer, root (OnlyDeployers)
          sqs:DeleteQueue: deployer, root (OnlyDeployers)
        NotificationDlqPolicy
          sqs:SendMessage: the rule or topic (OnlyTheseRolesSend, OnlyTheseSourcesSend)
          sqs:ReceiveMessage: operator (OnlyOperatorsReceive)
          sqs:DeleteMessage: operator (OnlyOperatorsReceive)
          sqs:PurgeQueue: operator (OnlyOperatorsReceive)
          sqs:ChangeMessageVisibility: operator (OnlyOperatorsReceive)
          sqs:GetQueueAttributes: no denial
          sqs:SetQueueAttributes: deployer, root (OnlyDeployers)
          sqs:AddPermission: deployer, root (OnlyDeployers)
          sqs:RemovePermission: deployer, root (OnlyDeployers)
          sqs:DeleteQueue: deployer, root (OnlyDeployers)
    "#]].assert_eq(&text(&template));
    expect![[r#"
        GuardQueuePolicy
          sqs:SendMessage: guard, the rule or topic (OnlyTheseRolesSend, OnlyTheseSourcesSend)
          sqs:ReceiveMessage: guard (OnlyTheseRolesReceive)
          sqs:DeleteMessage: guard (OnlyTheseRolesReceive)
          sqs:PurgeQueue: guard (OnlyTheseRolesReceive)
          sqs:ChangeMessageVisibility: guard (OnlyTheseRolesReceive)
          sqs:GetQueueAttributes: no denial
          sqs:SetQueueAttributes: no denial
          sqs:AddPermission: no denial
          sqs:RemovePermission: no denial
          sqs:DeleteQueue: no denial
        GuardDlqPolicy
          sqs:SendMessage: the rule or topic (OnlyTheseRolesSend, OnlyTheseSourcesSend)
          sqs:ReceiveMessage: no one (OnlyOperatorsReceive)
          sqs:DeleteMessage: no one (OnlyOperatorsReceive)
          sqs:PurgeQueue: no one (OnlyOperatorsReceive)
          sqs:ChangeMessageVisibility: no one (OnlyOperatorsReceive)
          sqs:GetQueueAttributes: no denial
          sqs:SetQueueAttributes: no denial
          sqs:AddPermission: no denial
          sqs:RemovePermission: no denial
          sqs:DeleteQueue: no denial
        ObjectQueuePolicy
          sqs:SendMessage: notify, the rule or topic (OnlyTheseRolesSend, OnlyTheseSourcesSend)
          sqs:ReceiveMessage: notify (OnlyTheseRolesReceive)
          sqs:DeleteMessage: notify (OnlyTheseRolesReceive)
          sqs:PurgeQueue: notify (OnlyTheseRolesReceive)
          sqs:ChangeMessageVisibility: notify (OnlyTheseRolesReceive)
          sqs:GetQueueAttributes: no denial
          sqs:SetQueueAttributes: no denial
          sqs:AddPermission: no denial
          sqs:RemovePermission: no denial
          sqs:DeleteQueue: no denial
        ObjectDlqPolicy
          sqs:SendMessage: the rule or topic (OnlyTheseRolesSend, OnlyTheseSourcesSend)
          sqs:ReceiveMessage: no one (OnlyOperatorsReceive)
          sqs:DeleteMessage: no one (OnlyOperatorsReceive)
          sqs:PurgeQueue: no one (OnlyOperatorsReceive)
          sqs:ChangeMessageVisibility: no one (OnlyOperatorsReceive)
          sqs:GetQueueAttributes: no denial
          sqs:SetQueueAttributes: no denial
          sqs:AddPermission: no denial
          sqs:RemovePermission: no denial
          sqs:DeleteQueue: no denial
        NotificationDlqPolicy
          sqs:SendMessage: the rule or topic (OnlyTheseRolesSend, OnlyTheseSourcesSend)
          sqs:ReceiveMessage: no one (OnlyOperatorsReceive)
          sqs:DeleteMessage: no one (OnlyOperatorsReceive)
          sqs:PurgeQueue: no one (OnlyOperatorsReceive)
          sqs:ChangeMessageVisibility: no one (OnlyOperatorsReceive)
          sqs:GetQueueAttributes: no denial
          sqs:SetQueueAttributes: no denial
          sqs:AddPermission: no denial
          sqs:RemovePermission: no denial
          sqs:DeleteQueue: no denial
    "#]]
    .assert_eq(&text(&of("", "")));
}

#[test]
fn the_topic_and_the_key_are_locked() {
    let template = locked();
    let on_topic = [
        "Publish",
        "Subscribe",
        "SetTopicAttributes",
        "PutDataProtectionPolicy",
        "AddPermission",
        "DeleteTopic",
    ];
    let on_topic = on_topic.map(|name| format!("sns:{name}"));
    let on_topic: Vec<(&str, &str)> = on_topic.iter().map(|name| (name.as_str(), "")).collect();
    let ledger = "arn:aws:s3:::s3guard-ledger-111122223333-eu-west-1-an";
    let object = format!("{ledger}/records/x");
    let on_key = [
        ("kms:GenerateDataKey", ledger),
        ("kms:GenerateDataKeyWithoutPlaintext", object.as_str()),
        ("kms:GenerateDataKey", "arn:aws:s3:::s3guard-trail-111122223333-eu-west-1-an"),
        ("kms:Decrypt", ledger),
        ("kms:PutKeyPolicy", ""),
        ("kms:ScheduleKeyDeletion", ""),
        ("kms:DisableKey", ""),
    ];
    let topics = ["EmailTopic", "SmsTopic", "DocumentTopic", "ChatTopic", "AlertTopic"];
    let topics = topics
        .map(|id| lines(&template, &format!("{id}Policy"), &format!("<{id}>"), &on_topic))
        .concat();
    let text = topics + &lines(&template, "Key", "key", &on_key);
    expect![[r#"
        EmailTopicPolicy
          sns:Publish: guard, notify, operator, the rule or topic, another rule (OnlyOurRolesPublish)
          sns:Subscribe: no denial
          sns:SetTopicAttributes: deployer, root (OnlyDeployers)
          sns:PutDataProtectionPolicy: deployer, root (OnlyDeployers)
          sns:AddPermission: deployer, root (OnlyDeployers)
          sns:DeleteTopic: deployer, root (OnlyDeployers)
        SmsTopicPolicy
          sns:Publish: guard, notify, operator, the rule or topic, another rule (OnlyOurRolesPublish)
          sns:Subscribe: no denial
          sns:SetTopicAttributes: deployer, root (OnlyDeployers)
          sns:PutDataProtectionPolicy: deployer, root (OnlyDeployers)
          sns:AddPermission: deployer, root (OnlyDeployers)
          sns:DeleteTopic: deployer, root (OnlyDeployers)
        DocumentTopicPolicy
          sns:Publish: guard, notify, operator, the rule or topic, another rule (OnlyOurRolesPublish)
          sns:Subscribe: no denial
          sns:SetTopicAttributes: deployer, root (OnlyDeployers)
          sns:PutDataProtectionPolicy: deployer, root (OnlyDeployers)
          sns:AddPermission: deployer, root (OnlyDeployers)
          sns:DeleteTopic: deployer, root (OnlyDeployers)
        ChatTopicPolicy
          sns:Publish: guard, notify, operator, the rule or topic, another rule (OnlyOurRolesPublish)
          sns:Subscribe: no denial
          sns:SetTopicAttributes: deployer, root (OnlyDeployers)
          sns:PutDataProtectionPolicy: deployer, root (OnlyDeployers)
          sns:AddPermission: deployer, root (OnlyDeployers)
          sns:DeleteTopic: deployer, root (OnlyDeployers)
        AlertTopicPolicy
          sns:Publish: guard, notify, operator, the rule or topic, another rule (OnlyOurRolesPublish)
          sns:Subscribe: no denial
          sns:SetTopicAttributes: deployer, root (OnlyDeployers)
          sns:PutDataProtectionPolicy: deployer, root (OnlyDeployers)
          sns:AddPermission: deployer, root (OnlyDeployers)
          sns:DeleteTopic: deployer, root (OnlyDeployers)
        Key
          kms:GenerateDataKey arn:aws:s3:::s3guard-ledger-111122223333-eu-west-1-an: guard, notify, operator (OnlyWritersOfTheLedger)
          kms:GenerateDataKeyWithoutPlaintext arn:aws:s3:::s3guard-ledger-111122223333-eu-west-1-an/records/x: guard, notify, operator (OnlyWritersOfTheLedger)
          kms:GenerateDataKey arn:aws:s3:::s3guard-trail-111122223333-eu-west-1-an: no denial
          kms:Decrypt arn:aws:s3:::s3guard-ledger-111122223333-eu-west-1-an: no denial
          kms:PutKeyPolicy: deployer, root (OnlyDeployers)
          kms:ScheduleKeyDeletion: deployer, root (OnlyDeployers)
          kms:DisableKey: deployer, root (OnlyDeployers)
    "#]].assert_eq(&text);
}
