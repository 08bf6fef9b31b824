//! The aspects of a bucket's protection, each of which can be kept, reported or left alone.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::text::named::named;

/// One aspect of a bucket's protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Aspect {
    /// How objects are encrypted that come without a wish of their own.
    Encryption,
    /// Whether uploads with a key that only the client has are refused.
    SseC,
    /// The bucket's public access block.
    PublicAccess,
    /// Whether the policy refuses what does not come by TLS.
    Tls,
    /// Whether ACLs count for nothing (`BucketOwnerEnforced`).
    Ownership,
    /// Whether earlier versions of objects are kept.
    Versioning,
    /// Whether S3 writes down who reads and writes.
    AccessLogs,
    /// Whether S3 tells `EventBridge` of objects.
    Notifications,
    /// Whom the policy lets in.
    Policy,
    /// Whom the ACL lets in.
    Acl,
    /// Where objects are copied to.
    Replication,
    /// When objects are deleted by themselves.
    Lifecycle,
    /// Whether objects can be locked against deletion.
    ObjectLock,
    /// The account's public access block, which stands above each bucket's.
    AccountPublicAccess,
}

/// Why a text is not an aspect.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not an aspect of a bucket's protection")]
pub struct InvalidAspect(String);

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
}

impl Aspect {
    /// In words, as in messages.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Encryption => "default encryption",
            Self::SseC => "the block on SSE-C",
            Self::PublicAccess => "public access block",
            Self::Tls => "TLS only",
            Self::Ownership => "object ownership",
            Self::Versioning => "versioning",
            Self::AccessLogs => "server access logs",
            Self::Notifications => "notifications to EventBridge",
            Self::Policy => "bucket policy",
            Self::Acl => "ACL",
            Self::Replication => "replication",
            Self::Lifecycle => "lifecycle",
            Self::ObjectLock => "object lock",
            Self::AccountPublicAccess => "the account's public access block",
        }
    }

    /// Whether s3guard has a write that mends it. What it has none for can be reported at most.
    pub const fn can_be_kept(self) -> bool {
        match self {
            Self::Encryption
            | Self::SseC
            | Self::PublicAccess
            | Self::Tls
            | Self::Ownership
            | Self::Versioning
            | Self::AccessLogs
            | Self::Notifications
            | Self::AccountPublicAccess => true,
            Self::Policy | Self::Acl | Self::Replication | Self::Lifecycle | Self::ObjectLock => {
                false
            }
        }
    }
}

impl FromStr for Aspect {
    type Err = InvalidAspect;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|aspect| aspect.name() == text);
        found.ok_or_else(|| InvalidAspect(text.to_owned()))
    }
}

/// What is done about an aspect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Mode {
    /// Nothing: it is not even read.
    Off,
    /// What is weaker than wanted is told, and left.
    Report,
    /// What is weaker than wanted is mended.
    Keep,
}

named! {
    Mode:
    Off = "off",
    Report = "report",
    Keep = "keep",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aspect_is_read_by_its_name_and_written_by_it() {
        for aspect in Aspect::ALL {
            assert_eq!(aspect.name().parse(), Ok(aspect));
            assert_eq!(serde_json::to_value(aspect).unwrap(), aspect.name());
        }
        for mode in Mode::ALL {
            assert_eq!(serde_json::to_value(mode).unwrap(), mode.name());
        }
        assert!("tables".parse::<Aspect>().is_err());
    }
}
