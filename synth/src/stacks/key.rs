//! The stack's own key: for the topic, the logs, the functions' environment, the ledger and the trail.

use crate::{
    cfn::{
        Attributes, Handle, LogicalId, PolicyDocument, Principal, Pseudo, Statement, Sub, Template,
        Test, Value,
        kind::{AnyArn, TrailArn},
    },
    resources::kms::{Alias, Key},
};

/// The ids of the key's parts.
pub(super) struct Ids {
    pub(super) key: LogicalId,
    pub(super) alias: LogicalId,
}

/// Adds the key and its name.
pub(super) fn add(template: &mut Template, ids: &Ids, trail: &Value<TrailArn>) -> Handle<Key> {
    let key = Key {
        description: Some("s3guard: notices, logs, settings, ledger and trail"),
        enable_key_rotation: Some(true),
        ..Key::new(policy(trail))
    };
    let why = "The key of notices, logs, settings, ledger and trail. Own, because alarms to a topic on alias/aws/sns vanish.";
    let attributes = Attributes {
        must: vec![
            "Stays when the stack goes: without it nobody reads the ledger or the trail's files.",
        ],
        ..Attributes::kept(why)
    };
    let key = template.add_with(ids.key, attributes, key);
    let name = Sub::new().text("alias/").pseudo(Pseudo::StackName).into();
    template.add_with(
        ids.alias,
        Attributes::deleted("The key's name in the console, the stack's."),
        Alias::new(name, key.key_id()),
    );
    key
}

fn policy(trail: &Value<TrailArn>) -> PolicyDocument {
    // In a key's policy, `*` is the key itself.
    let this_key = || [Value::literal("*")];
    let allow = |sid, service: Value<_>, actions: &[&str], test: Test| Statement {
        sid: Some(sid),
        principal: Some(Principal::Service(service)),
        conditions: vec![test],
        ..Statement::allow(actions.iter().copied(), this_key())
    };
    let account = Statement {
        sid: Some("Account"),
        principal: Some(Principal::ThisAccount),
        // Without this statement nobody could ever change the key again. With it roles use the key by their own leave.
        ..Statement::allow(["kms:*"], this_key())
    };
    let alarms = allow(
        "Alarms",
        "cloudwatch.amazonaws.com".into(),
        &["kms:GenerateDataKey", "kms:Decrypt"],
        Test::equals("aws:SourceAccount", Pseudo::AccountId),
    );
    // CloudFormation makes the names of log groups from the stack's.
    let log_groups: Value<AnyArn> = Sub::arn("logs:")
        .pseudo(Pseudo::Region)
        .text(":")
        .pseudo(Pseudo::AccountId)
        .text(":log-group:")
        .pseudo(Pseudo::StackName)
        .text("-*")
        .into();
    let logs = allow(
        "Logs",
        Sub::new().text("logs.").pseudo(Pseudo::Region).text(".").pseudo(Pseudo::UrlSuffix).into(),
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
    );
    // Decrypt, because the trail's bucket uses a bucket key.
    let trail = allow(
        "Trail",
        "cloudtrail.amazonaws.com".into(),
        &["kms:GenerateDataKey", "kms:Decrypt", "kms:DescribeKey"],
        Test::equals("aws:SourceArn", trail.clone()),
    );
    PolicyDocument::new([account, alarms, logs, trail])
}
