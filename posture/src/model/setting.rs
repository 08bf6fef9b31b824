//! A setting of a bucket, whole, as S3 has it: what was seen, what is written, what the ledger keeps.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

mod access_logs;
mod encryption;
mod notifications;
mod public_access;

pub use access_logs::AccessLogs;
pub use encryption::{Algorithm, Encryption, Key, SseC};
pub use notifications::Notifications;
pub use public_access::PublicAccessBlock;

use crate::text::named::named;
use crate::{BucketName, On};

/// A setting as it is to be, whole, because S3 replaces the whole. `None` is a setting that is not set.
///
/// This is the form in which the ledger keeps what was there before a write and after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
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
#[serde(rename_all = "camelCase")]
pub enum SettingKind {
    /// Of [`Setting::Policy`].
    Policy,
    /// Of [`Setting::PublicAccessBlock`].
    PublicAccessBlock,
    /// Of [`Setting::Encryption`].
    Encryption,
    /// Of [`Setting::Ownership`].
    Ownership,
    /// Of [`Setting::Versioning`].
    Versioning,
    /// Of [`Setting::AccessLogs`].
    AccessLogs,
    /// Of [`Setting::Notifications`].
    Notifications,
    /// Of [`Setting::AccountPublicAccessBlock`].
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
}

impl Setting {
    /// The value, in words, without what it is the value of.
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

/// Whose the objects are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ownership {
    /// The bucket owner's, and ACLs count for nothing: the default of new buckets since April 2023.
    BucketOwnerEnforced,
    /// The bucket owner's, if the writer says so.
    BucketOwnerPreferred,
    /// The writer's: the old default.
    ObjectWriter,
}

impl fmt::Display for Ownership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BucketOwnerEnforced => "BucketOwnerEnforced",
            Self::BucketOwnerPreferred => "BucketOwnerPreferred",
            Self::ObjectWriter => "ObjectWriter",
        })
    }
}

/// Whether earlier versions of objects are kept. A bucket for which it was never set has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Versioning {
    /// Whether it is enabled; else it is suspended.
    pub enabled: bool,
    /// Whether deleting a version needs a second factor. Only root can change it.
    pub mfa_delete: bool,
}

impl fmt::Display for Versioning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.enabled { "enabled" } else { "suspended" })?;
        if self.mfa_delete { f.write_str(", with MFA delete") } else { Ok(()) }
    }
}

/// The tags of a bucket.
pub type Tags = BTreeMap<String, String>;

/// What the ACL grants to others than the owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Acl {
    /// Something to everybody, or to everybody with an AWS account.
    pub is_public: bool,
    /// Writing to S3's log delivery group.
    pub admits_log_delivery: bool,
    /// Something to anybody else, other accounts or the log delivery group.
    pub grants_others: bool,
}

/// Where objects are copied to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replication {
    /// The accounts that own the copies, where a rule names one other than the bucket's.
    pub other_accounts: Vec<String>,
    /// The buckets that the copies go to.
    pub buckets: Vec<BucketName>,
}

/// When objects are deleted by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lifecycle {
    /// After how many days the first current objects are, by a rule that is enabled.
    pub expires_after_days: Option<u32>,
}
