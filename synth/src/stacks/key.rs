//! The stack's own key: for the topic, the logs, the functions' environment, the ledger and the trail.

use super::{
    bucket::{self, Purpose},
    parameters::Parameters,
    principals::{Principals, these},
    trail,
};
use crate::{
    cfn::{
        Attributes, Handle, LogicalId, PolicyDocument, Principal, Pseudo, Statement, Sub, Template,
        Test, Value, kind::AnyArn,
    },
    resources::kms::{Alias, Key},
};

const KEY: LogicalId = LogicalId::new("Key");
const ALIAS: LogicalId = LogicalId::new("KeyAlias");

/// Adds the key and its alias.
pub(super) fn add(
    template: &mut Template,
    parameters: &Parameters,
    principals: Principals,
) -> Handle<Key> {
    let key = Key {
        key_policy: policy(parameters, principals),
        description: "s3guard: notifications, logs, settings, ledger and trail",
        enable_key_rotation: true,
    };
    let why = "Encrypts notifications, logs, settings, ledger and trail.";
    let attributes = Attributes {
        must: Some(
            "Retained when the stack is deleted: without it, the ledger and the trail's log files cannot be read.",
        ),
        ..Attributes::retained(why)
    };
    let key = template.add_with(KEY, attributes, key);
    let alias = Alias {
        alias_name: Sub::new().text("alias/").pseudo(Pseudo::StackName).into(),
        target_key_id: key.key_id(),
    };
    let why = "The key's name in the console.";
    template.add_with(ALIAS, Attributes::deleted(why), alias);
    key
}

/// What ends the use of the key.
const ENDS: [&str; 4] =
    ["kms:DisableKey", "kms:DisableKeyRotation", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"];

fn policy(parameters: &Parameters, principals: Principals) -> PolicyDocument {
    // In a key's policy, `*` is the key itself.
    let this_key = || Value::<AnyArn>::literal("*");
    let logs = Sub::new().text("logs.").pseudo(Pseudo::Region).text(".").pseudo(Pseudo::UrlSuffix);
    // CloudFormation derives the names of log groups from the stack's.
    let log_groups = Sub::arn("logs:")
        .pseudo(Pseudo::Region)
        .text(":")
        .pseudo(Pseudo::AccountId)
        .text(":log-group:")
        .pseudo(Pseudo::StackName)
        .text("-*");
    PolicyDocument::new([
        // Without this statement the key could never be changed again. With it, IAM policies grant the use of the key.
        Statement {
            principal: Some(Principal::ThisAccount),
            ..Statement::allow("Account", ["kms:*"], [this_key()])
        },
        // To the encrypted topic of emails. AWS documents this statement without a condition on the source.
        // Source: Amazon EventBridge User Guide, "Amazon SNS permissions", topics that are encrypted.
        Statement::allow_service(
            "Rules",
            "events.amazonaws.com",
            ["kms:GenerateDataKey", "kms:Decrypt"],
            this_key(),
            [],
        ),
        Statement::allow_service(
            "Logs",
            logs,
            [
                "kms:Encrypt",
                "kms:Decrypt",
                "kms:ReEncryptFrom",
                "kms:ReEncryptTo",
                "kms:GenerateDataKey",
                "kms:GenerateDataKeyWithoutPlaintext",
                "kms:DescribeKey",
            ],
            this_key(),
            [Test::arn_like("kms:EncryptionContext:aws:logs:arn", [log_groups.into()])],
        ),
        // Decrypt, because the trail's bucket uses a bucket key.
        Statement::allow_service(
            "Trail",
            "cloudtrail.amazonaws.com",
            ["kms:GenerateDataKey", "kms:Decrypt", "kms:DescribeKey"],
            this_key(),
            [Test::equals("aws:SourceArn", trail::arn(parameters))],
        ),
        only_writers(parameters, principals),
        principals.only_deployers("OnlyDeployers", these(&ENDS), this_key(), None),
    ])
}

/// Denies to encrypt objects of the ledger to all who do not write to it: an object that is not encrypted with the key does
/// not count.
///
/// S3 gives KMS the ARN of the bucket, where it has a bucket key, or that of the object.
/// Source: Amazon S3 User Guide, "Using server-side encryption with AWS KMS keys", "Encryption context".
fn only_writers(parameters: &Parameters, principals: Principals) -> Statement {
    let ledger = Sub::arn("s3:::").value(&bucket::name(parameters, Purpose::Ledger));
    let objects = ledger.clone().text("/*");
    let roles = [principals.guard, principals.notify].map(|role| role.arn().into());
    Statement::deny_where(
        "OnlyWritersOfTheLedger",
        ["kms:GenerateDataKey*"],
        [Value::literal("*")],
        [
            Test::like_any("kms:EncryptionContext:aws:s3:arn", [ledger.into(), objects.into()]),
            Principals::others_than(roles.into_iter().chain([principals.operators()])),
        ],
    )
}
