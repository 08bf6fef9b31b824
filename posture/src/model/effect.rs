//! What each change of a setting does to a bucket that is in use: the only table of it.
//!
//! `enforce-new` makes a change in an existing bucket only if its row says that it is silent. `docs/effects.md` is made
//! from it.

use crate::Aspect;
use crate::model::setting::SettingKind;
use crate::text::named::named;

/// What a change does to a bucket that is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// No client notices it.
    Silent,
    /// It costs money, and no client notices it.
    CostsMoney,
    /// A request that worked may fail, or another system may start to do something.
    MayAffectClients,
}

named! {
    Effect:
    Silent = "silent",
    CostsMoney = "costs money",
    MayAffectClients = "may affect clients",
}

/// One way in which the guard changes a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the table says what each is")]
pub enum SettingChange {
    DefaultEncryption,
    CustomerKey,
    Dsse,
    ReplaceForeignKey,
    BucketKey,
    BlockSseC,
    BlockPolicies,
    BlockUnusedAcls,
    BlockUsedAcls,
    ClosePublic,
    DenyWithoutTls,
    DisableAcls,
    EnableVersioning,
    LogAccess,
    SendEvents,
    BlockAccount,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The change.
    pub change: SettingChange,
    /// What it remediates.
    pub aspect: Aspect,
    /// The change, in words that follow "so it was left without".
    pub what: &'static str,
    /// What it does.
    pub effect: Effect,
    /// Why.
    pub why: &'static str,
    /// Where AWS says so.
    pub source: &'static str,
}

impl SettingChange {
    /// What it does to a bucket that is in use.
    pub const fn effect(self) -> Effect {
        self.row().effect
    }

    /// The change of a setting that clients notice most.
    pub const fn of(kind: SettingKind) -> Self {
        match kind {
            SettingKind::Policy => Self::DenyWithoutTls,
            SettingKind::PublicAccessBlock => Self::ClosePublic,
            SettingKind::Encryption => Self::CustomerKey,
            SettingKind::Ownership => Self::DisableAcls,
            SettingKind::Versioning => Self::EnableVersioning,
            SettingKind::AccessLogs => Self::LogAccess,
            SettingKind::AccountPublicAccessBlock => Self::BlockAccount,
            SettingKind::Notifications => Self::SendEvents,
        }
    }

    /// Its row of the table.
    #[expect(clippy::too_many_lines, reason = "it is a table")]
    pub const fn row(self) -> Row {
        use Effect::{CostsMoney, MayAffectClients, Silent};
        let (aspect, what, effect, why, source) = match self {
            Self::DefaultEncryption => (
                Aspect::Encryption,
                "SSE-S3 where no default encryption is set",
                Silent,
                "S3 has encrypted every new object with SSE-S3 since January 2023, with or without the setting",
                "Amazon S3 User Guide, \"Default encryption FAQ\"",
            ),
            Self::CustomerKey => (
                Aspect::Encryption,
                "a customer's KMS key in place of SSE-S3 or the AWS managed key",
                MayAffectClients,
                "who uploads needs `kms:GenerateDataKey` for the key, who reads needs `kms:Decrypt`; KMS requests cost money",
                "Amazon S3 User Guide, \"Using server-side encryption with AWS KMS keys\"",
            ),
            Self::Dsse => (
                Aspect::Encryption,
                "DSSE-KMS in place of SSE-KMS, with the same key",
                CostsMoney,
                "DSSE-KMS has a price for each gigabyte, and no bucket key that saves KMS requests",
                "Amazon S3 User Guide, \"Using dual-layer server-side encryption with AWS KMS keys\"",
            ),
            Self::ReplaceForeignKey => (
                Aspect::Encryption,
                "the encryption before, in place of a key of an account that is not trusted",
                MayAffectClients,
                "it is made only after a call has set that key; who uploads or reads by it since then may fail",
                "Amazon S3 User Guide, \"Using server-side encryption with AWS KMS keys\"",
            ),
            Self::BucketKey => (
                Aspect::Encryption,
                "a bucket key, with the same KMS key",
                MayAffectClients,
                "the encryption context becomes the ARN of the bucket, so a policy that names the ARN of an object no longer matches",
                "Amazon S3 User Guide, \"Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys\"",
            ),
            Self::BlockSseC => (
                Aspect::SseC,
                "uploads with SSE-C refused",
                MayAffectClients,
                "AWS left SSE-C open in April 2026 only in accounts that use it",
                "Amazon S3 User Guide, \"Default SSE-C setting FAQ\"",
            ),
            Self::BlockPolicies => (
                Aspect::PublicAccess,
                "`BlockPublicPolicy` and `RestrictPublicBuckets` where the policy is not public",
                Silent,
                "they have an effect on public policies only",
                "Amazon S3 User Guide, \"Blocking public access\"",
            ),
            Self::BlockUnusedAcls => (
                Aspect::PublicAccess,
                "`BlockPublicAcls` and `IgnorePublicAcls` where ACLs are disabled",
                Silent,
                "ACLs have no effect there, and uploads with a public ACL are refused already",
                "Amazon S3 User Guide, \"Controlling ownership of objects\"",
            ),
            Self::BlockUsedAcls => (
                Aspect::PublicAccess,
                "`BlockPublicAcls` and `IgnorePublicAcls` where ACLs are enabled",
                MayAffectClients,
                "an object may be public by an ACL of its own, and uploads of such objects are refused",
                "Amazon S3 User Guide, \"Blocking public access\"",
            ),
            Self::ClosePublic => (
                Aspect::PublicAccess,
                "the public access block of a bucket that is public",
                MayAffectClients,
                "it is no longer public; other accounts that a public policy names lose access, too",
                "Amazon S3 User Guide, \"Blocking public access\"",
            ),
            Self::DenyWithoutTls => (
                Aspect::Tls,
                "a statement in the policy that denies plain HTTP, or old TLS",
                MayAffectClients,
                "clients that use plain HTTP or old TLS are denied; a CloudFormation stack cannot create its own policy beside a first one",
                "Amazon S3 User Guide, \"Amazon S3 condition key examples\"",
            ),
            Self::DisableAcls => (
                Aspect::Ownership,
                "`BucketOwnerEnforced`",
                MayAffectClients,
                "uploads with an ACL other than `bucket-owner-full-control` fail, and grants by ACL end",
                "Amazon S3 User Guide, \"Prerequisites for disabling ACLs\"",
            ),
            Self::EnableVersioning => (
                Aspect::Versioning,
                "versioning",
                MayAffectClients,
                "for up to 15 minutes after the first time, GET requests may fail with 404; versions cost storage",
                "Amazon S3 User Guide, \"Enabling versioning on buckets\"",
            ),
            Self::LogAccess => (
                Aspect::AccessLogs,
                "server access logs",
                CostsMoney,
                "logs cost storage",
                "Amazon S3 User Guide, \"Logging requests with server access logging\"",
            ),
            Self::SendEvents => (
                Aspect::Notifications,
                "events of objects to EventBridge",
                MayAffectClients,
                "rules of the account on `aws.s3` events that name no bucket match them",
                "Amazon S3 User Guide, \"Using EventBridge\"",
            ),
            Self::BlockAccount => (
                Aspect::AccountPublicAccess,
                "the public access block of the account",
                MayAffectClients,
                "it closes every public bucket of the account, also those that are meant to be public",
                "Amazon S3 User Guide, \"Configuring block public access settings for your account\"",
            ),
        };
        Row { change: self, aspect, what, effect, why, source }
    }
}

named! {
    SettingChange:
    DefaultEncryption = "default-encryption",
    CustomerKey = "customer-key",
    Dsse = "dsse",
    ReplaceForeignKey = "replace-foreign-key",
    BucketKey = "bucket-key",
    BlockSseC = "block-sse-c",
    BlockPolicies = "block-policies",
    BlockUnusedAcls = "block-unused-acls",
    BlockUsedAcls = "block-used-acls",
    ClosePublic = "close-public",
    DenyWithoutTls = "deny-without-tls",
    DisableAcls = "disable-acls",
    EnableVersioning = "enable-versioning",
    LogAccess = "log-access",
    SendEvents = "send-events",
    BlockAccount = "block-account",
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use expect_test::expect_file;

    use super::*;

    const HEAD: &str = "\
# What a change does to a bucket in use

<!-- This page is generated: UPDATE_EXPECT=1 cargo test -p s3guard-posture effect -->

New buckets get every change that their grade asks for, and a call that weakens a setting is
reverted. In a bucket that exists already, the mode `enforce-new`, which is the default, makes only
the changes that are `silent`. The others are reported as open findings. They are made where the
mode of the aspect is `enforce`.

| aspect | change | effect | why | source |
|---|---|---|---|---|
";

    #[test]
    fn the_page_about_effects_is_the_one_checked_in() {
        let mut page = HEAD.to_owned();
        for change in SettingChange::ALL {
            let Row { aspect, what, effect, why, source, .. } = change.row();
            writeln!(page, "| {aspect} | {what} | {effect} | {why} | {source} |").unwrap();
        }
        expect_file!["../../../docs/effects.md"].assert_eq(&page);
    }

    #[test]
    fn whatever_is_written_has_a_row() {
        let with_rows: Vec<Aspect> = SettingChange::ALL.map(|change| change.row().aspect).into();
        for aspect in Aspect::ALL {
            assert_eq!(with_rows.contains(&aspect), aspect.setting().is_some(), "{aspect}");
        }
    }

    #[test]
    fn these_changes_are_silent_and_no_others() {
        let silent: Vec<SettingChange> = SettingChange::ALL
            .into_iter()
            .filter(|change| change.effect() == Effect::Silent)
            .collect();
        assert_eq!(
            silent,
            [
                SettingChange::DefaultEncryption,
                SettingChange::BlockPolicies,
                SettingChange::BlockUnusedAcls
            ]
        );
    }
}
