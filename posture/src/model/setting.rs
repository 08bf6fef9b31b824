//! The settings of a bucket, as they are read, written and recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

mod encryption;
mod lifecycle;
mod notifications;
mod public_access;

pub use encryption::{Algorithm, Encryption, Key, KeyOwner, SseC};
pub use lifecycle::{EXPIRES_SOON_DAYS, Expiry, ExpiryOf, Lifecycle, Retention, Scope};
pub use notifications::{Configuration, Notifications};
pub use public_access::PublicAccessBlock;

use crate::model::destination::Destination;
use crate::text::named::named;
use crate::{On, Question};

/// A whole setting, because S3 replaces the whole. `None` is a setting that is not set.
///
/// The ledger records the setting before and after a write in this form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "setting", content = "value", rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Setting {
    /// The policy's text, of `PutBucketPolicy`.
    Policy(Option<String>),
    /// Of `PutPublicAccessBlock`.
    PublicAccessBlock(Option<PublicAccessBlock>),
    /// Of `PutBucketEncryption`.
    Encryption(Option<Encryption>),
    /// Of `PutBucketOwnershipControls`.
    Ownership(Option<Ownership>),
    /// Of `PutBucketVersioning`. Once enabled it can only be suspended.
    Versioning(Option<Versioning>),
    /// Of `PutBucketLogging`.
    AccessLogs(Option<AccessLogs>),
    /// The XML of `PutBucketNotificationConfiguration`, byte for byte.
    Notifications(Notifications),
    /// Of S3 Control's `PutPublicAccessBlock`, for the whole account.
    AccountPublicAccessBlock(Option<PublicAccessBlock>),
}

/// Which setting: a [`Setting`] without its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[expect(missing_docs, reason = "each is a variant of `Setting`")]
pub enum SettingKind {
    Policy,
    PublicAccessBlock,
    Encryption,
    Ownership,
    Versioning,
    AccessLogs,
    Notifications,
    AccountPublicAccessBlock,
}

// In the order in which a plan writes them: the policy comes before the public access block, which would refuse it if it
// were public.
named! {
    SettingKind:
    Policy = "policy",
    PublicAccessBlock = "public-access-block",
    Encryption = "encryption",
    Ownership = "ownership",
    Versioning = "versioning",
    AccessLogs = "access-logs",
    Notifications = "notifications",
    AccountPublicAccessBlock = "account-public-access-block",
}

impl SettingKind {
    /// Whether it closes buckets to the public: it is written however often another party opens them.
    pub const fn closes(self) -> bool {
        matches!(self, Self::PublicAccessBlock | Self::AccountPublicAccessBlock)
    }

    /// The call that sets it.
    pub const fn call(self) -> &'static str {
        match self {
            Self::Policy => "PutBucketPolicy",
            Self::PublicAccessBlock | Self::AccountPublicAccessBlock => "PutPublicAccessBlock",
            Self::Encryption => "PutBucketEncryption",
            Self::Ownership => "PutBucketOwnershipControls",
            Self::Versioning => "PutBucketVersioning",
            Self::AccessLogs => "PutBucketLogging",
            Self::Notifications => "PutBucketNotificationConfiguration",
        }
    }

    /// The IAM action that the call needs, and on what. IAM's names are not the API's.
    ///
    /// Source: Service Authorization Reference, "Actions defined by Amazon S3".
    pub const fn permission(self) -> (&'static str, On) {
        match self {
            Self::Policy => ("s3:PutBucketPolicy", On::Buckets),
            Self::PublicAccessBlock => ("s3:PutBucketPublicAccessBlock", On::Buckets),
            Self::Encryption => ("s3:PutEncryptionConfiguration", On::Buckets),
            Self::Ownership => ("s3:PutBucketOwnershipControls", On::Buckets),
            Self::Versioning => ("s3:PutBucketVersioning", On::Buckets),
            Self::AccessLogs => ("s3:PutBucketLogging", On::Buckets),
            Self::Notifications => ("s3:PutBucketNotification", On::Buckets),
            Self::AccountPublicAccessBlock => ("s3:PutAccountPublicAccessBlock", On::Account),
        }
    }

    /// The question whose answer is this setting.
    pub const fn question(self) -> Question {
        match self {
            Self::Policy => Question::Policy,
            Self::PublicAccessBlock => Question::PublicAccessBlock,
            Self::Encryption => Question::Encryption,
            Self::Ownership => Question::Ownership,
            Self::Versioning => Question::Versioning,
            Self::AccessLogs => Question::AccessLogs,
            Self::Notifications => Question::Notifications,
            Self::AccountPublicAccessBlock => Question::AccountBlock,
        }
    }
}

impl Setting {
    /// Which setting it is.
    pub const fn kind(&self) -> SettingKind {
        match self {
            Self::Policy(_) => SettingKind::Policy,
            Self::PublicAccessBlock(_) => SettingKind::PublicAccessBlock,
            Self::Encryption(_) => SettingKind::Encryption,
            Self::Ownership(_) => SettingKind::Ownership,
            Self::Versioning(_) => SettingKind::Versioning,
            Self::AccessLogs(_) => SettingKind::AccessLogs,
            Self::Notifications(_) => SettingKind::Notifications,
            Self::AccountPublicAccessBlock(_) => SettingKind::AccountPublicAccessBlock,
        }
    }

    /// The value, in words, without the name of the setting.
    pub fn value(&self) -> String {
        fn or_none<T: fmt::Display>(value: Option<&T>) -> String {
            value.map_or_else(|| "not set".to_owned(), ToString::to_string)
        }
        match self {
            Self::Policy(Some(text)) => format!("{} bytes", text.len()),
            Self::Policy(None) => "not set".to_owned(),
            Self::PublicAccessBlock(block) | Self::AccountPublicAccessBlock(block) => {
                or_none(block.as_ref())
            }
            Self::Encryption(encryption) => or_none(encryption.as_ref()),
            Self::Ownership(ownership) => or_none(ownership.as_ref()),
            Self::Versioning(versioning) => or_none(versioning.as_ref()),
            Self::AccessLogs(logs) => or_none(logs.as_ref()),
            Self::Notifications(notifications) => notifications.to_string(),
        }
    }

    const fn title(&self) -> &'static str {
        match self {
            Self::Policy(_) => "bucket policy",
            Self::PublicAccessBlock(_) => "public access block",
            Self::Encryption(_) => "default encryption",
            Self::Ownership(_) => "object ownership",
            Self::Versioning(_) => "versioning",
            Self::AccessLogs(_) => "server access logs",
            Self::Notifications(_) => "notifications",
            Self::AccountPublicAccessBlock(_) => "the account's public access block",
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.title(), self.value())
    }
}

/// Object ownership.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Ownership {
    /// The bucket owner owns all objects and ACLs are disabled: the default of new buckets since April 2023.
    BucketOwnerEnforced,
    /// The bucket owner, if the writer says so.
    BucketOwnerPreferred,
    /// The writer: the old default.
    ObjectWriter,
}

named! {
    Ownership:
    BucketOwnerEnforced = "BucketOwnerEnforced",
    BucketOwnerPreferred = "BucketOwnerPreferred",
    ObjectWriter = "ObjectWriter",
}

/// Versioning. It is not set in a bucket where it was never enabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Versioning {
    /// Whether it is enabled; else it is suspended.
    pub enabled: bool,
    /// MFA delete, which only root can change.
    pub mfa_delete: bool,
}

impl fmt::Display for Versioning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.enabled { "enabled" } else { "suspended" })?;
        if self.mfa_delete { f.write_str(", with MFA delete") } else { Ok(()) }
    }
}

/// Server access logging.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccessLogs {
    /// The bucket for the logs, in the same Region and account.
    pub target_bucket: String,
    /// The prefix of the keys of the logs.
    pub target_prefix: String,
}

impl fmt::Display for AccessLogs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "to {}/{}", self.target_bucket, self.target_prefix)
    }
}

/// The tags of a bucket.
pub type Tags = BTreeMap<String, String>;

/// What the ACL grants to grantees other than the owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each grantee is independent of the others")]
pub struct Acl {
    /// Access to everybody, or to everybody with an AWS account.
    pub is_public: bool,
    /// Write access to them: to objects, or to the ACL itself.
    pub public_writes: bool,
    /// Write access to S3's log delivery group.
    pub admits_log_delivery: bool,
    /// Access to any other grantee, such as other accounts or the log delivery group.
    pub grants_others: bool,
}

/// Where objects are replicated to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replication {
    /// The destinations of the rules that are enabled.
    pub destinations: BTreeSet<Destination>,
    /// Whether a rule copies no objects with SSE-KMS.
    pub without_kms: bool,
}
