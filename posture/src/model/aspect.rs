//! The aspects of a bucket's protection, each of which has a mode.

use serde::{Deserialize, Serialize};

use crate::model::setting::SettingKind;
use crate::text::named::named;

/// One aspect of a bucket's protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub enum Aspect {
    /// Default encryption.
    Encryption,
    /// Whether uploads with customer-provided keys (SSE-C) are blocked.
    SseC,
    /// The bucket's public access block.
    PublicAccess,
    /// Whether the policy denies requests without TLS.
    Tls,
    /// Whether ACLs are disabled (`BucketOwnerEnforced`).
    Ownership,
    /// Whether earlier versions of objects are kept.
    Versioning,
    /// Whether S3 logs access.
    AccessLogs,
    /// Whether S3 sends events of objects to `EventBridge`.
    Notifications,
    /// Which principals the policy allows.
    Policy,
    /// Which grantees the ACL has.
    Acl,
    /// Where objects are replicated to.
    Replication,
    /// When objects are deleted by a lifecycle rule.
    Lifecycle,
    /// Whether new objects are locked against deletion.
    ObjectLock,
    /// The account's public access block, which applies to each bucket.
    AccountPublicAccess,
    /// Ways to objects beside the bucket's policy: access points and access grants.
    AccessPoints,
    /// Where names, metadata and statistics of objects are sent to.
    Exports,
}

named! {
    Aspect:
    Encryption = "encryption",
    SseC = "sse-c",
    PublicAccess = "public-access",
    Tls = "tls",
    Ownership = "ownership",
    Versioning = "versioning",
    AccessLogs = "access-logs",
    Notifications = "notifications",
    Policy = "policy",
    Acl = "acl",
    Replication = "replication",
    Lifecycle = "lifecycle",
    ObjectLock = "object-lock",
    AccountPublicAccess = "account-public-access",
    AccessPoints = "access-points",
    Exports = "exports",
}

impl Aspect {
    /// In words, as in messages.
    pub const fn words(self) -> &'static str {
        self.facts().0
    }

    /// The setting that is written to remediate it; none for what can only be reported.
    pub const fn setting(self) -> Option<SettingKind> {
        self.facts().1
    }

    const fn facts(self) -> (&'static str, Option<SettingKind>) {
        match self {
            Self::Encryption => ("default encryption", Some(SettingKind::Encryption)),
            Self::SseC => ("the block on SSE-C", Some(SettingKind::Encryption)),
            Self::PublicAccess => ("public access block", Some(SettingKind::PublicAccessBlock)),
            Self::Tls => ("TLS only", Some(SettingKind::Policy)),
            Self::Ownership => ("object ownership", Some(SettingKind::Ownership)),
            Self::Versioning => ("versioning", Some(SettingKind::Versioning)),
            Self::AccessLogs => ("server access logs", Some(SettingKind::AccessLogs)),
            Self::Notifications => {
                ("notifications to EventBridge", Some(SettingKind::Notifications))
            }
            Self::Policy => ("bucket policy", None),
            Self::Acl => ("ACL", None),
            Self::Replication => ("replication", None),
            Self::Lifecycle => ("lifecycle", None),
            Self::ObjectLock => ("object lock", None),
            Self::AccountPublicAccess => {
                ("the account's public access block", Some(SettingKind::AccountPublicAccessBlock))
            }
            Self::AccessPoints => ("access points and grants", None),
            Self::Exports => ("exports of names and metadata", None),
        }
    }
}

/// What is done about an aspect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub enum Mode {
    /// Nothing: it is not read.
    Off,
    /// What is weaker than wanted is reported.
    Report,
    /// What is weaker than wanted is remediated in new buckets and after a call that has weakened it, and in existing
    /// buckets as far as that is silent for clients. The rest is reported.
    EnforceNew,
    /// What is weaker than wanted is remediated, even if clients are affected.
    Enforce,
}

named! {
    Mode:
    Off = "off",
    Report = "report",
    EnforceNew = "enforce-new",
    Enforce = "enforce",
}

impl Mode {
    /// Whether it writes.
    pub const fn enforces(self) -> bool {
        matches!(self, Self::EnforceNew | Self::Enforce)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aspect_is_read_by_its_name_and_written_by_it() {
        for aspect in Aspect::ALL {
            assert_eq!(Aspect::from_name(aspect.name()), Some(aspect));
            assert_eq!(serde_json::to_value(aspect).unwrap(), aspect.name());
        }
        for mode in Mode::ALL {
            assert_eq!(serde_json::to_value(mode).unwrap(), mode.name());
        }
        assert_eq!(Aspect::from_name("tables"), None);
    }
}
