//! The stack's own key: for the topic, the logs, the functions' environment, the ledger and the trail.

use super::trail;
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
pub(super) fn add(template: &mut Template) -> Handle<Key> {
    let key = Key {
        key_policy: policy(),
        description: "s3guard: notices, logs, settings, ledger and trail",
        enable_key_rotation: true,
    };
    let why = "The key of notices, logs, settings, ledger and trail. Own, because alarms to a topic on alias/aws/sns vanish.";
    let attributes = Attributes {
        must: Some(
            "Stays when the stack goes: without it nobody reads the ledger or the trail's files.",
        ),
        ..Attributes::retained(why)
    };
    let key = template.add_with(KEY, attributes, key);
    let alias = Alias {
        alias_name: Sub::new().text("alias/").pseudo(Pseudo::StackName).into(),
        target_key_id: key.key_id(),
    };
    let why = "The key's name in the console, the stack's.";
    template.add_with(ALIAS, Attributes::deleted(why), alias);
    key
}

fn policy() -> PolicyDocument {
    let statement = |sid, principal, actions: &[&str]| Statement {
        sid: Some(sid),
        principal: Some(principal),
        // In a key's policy, `*` is the key itself.
        ..Statement::allow(actions.iter().copied(), [Value::literal("*")])
    };
    let allow = |sid, service: Value<_>, actions: &[&str], test: Test| Statement {
        conditions: vec![test],
        ..statement(sid, Principal::Service(service), actions)
    };
    // CloudFormation derives the names of log groups from the stack's.
    let log_groups: Value<AnyArn> = Sub::arn("logs:")
        .pseudo(Pseudo::Region)
        .text(":")
        .pseudo(Pseudo::AccountId)
        .text(":log-group:")
        .pseudo(Pseudo::StackName)
        .text("-*")
        .into();
    PolicyDocument::new([
        // Without this statement the key could never be changed again. With it, IAM policies grant the use of the key.
        statement("Account", Principal::ThisAccount, &["kms:*"]),
        allow(
            "Alarms",
            "cloudwatch.amazonaws.com".into(),
            &["kms:GenerateDataKey", "kms:Decrypt"],
            Test::equals("aws:SourceAccount", Pseudo::AccountId),
        ),
        allow(
            "Logs",
            Sub::new()
                .text("logs.")
                .pseudo(Pseudo::Region)
                .text(".")
                .pseudo(Pseudo::UrlSuffix)
                .into(),
            &[
                "kms:Encrypt",
                "kms:Decrypt",
                "kms:ReEncryptFrom",
                "kms:ReEncryptTo",
                "kms:GenerateDataKey",
                "kms:GenerateDataKeyWithoutPlaintext",
                "kms:DescribeKey",
            ],
            Test::arn_like("kms:EncryptionContext:aws:logs:arn", [log_groups]),
        ),
        // Decrypt, because the trail's bucket uses a bucket key.
        allow(
            "Trail",
            "cloudtrail.amazonaws.com".into(),
            &["kms:GenerateDataKey", "kms:Decrypt", "kms:DescribeKey"],
            Test::equals("aws:SourceArn", trail::arn()),
        ),
    ])
}
