//! What can be asked of a bucket, what can be done to it, and the permissions that each needs.

use std::fmt;

use crate::{Encryption, PublicAccessBlock};

/// One setting to read: one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// `GetBucketEncryption`.
    Encryption,
    /// `GetPublicAccessBlock`.
    PublicAccessBlock,
    /// `GetBucketPolicyStatus`.
    PolicyStatus,
    /// `GetBucketPolicy`.
    Policy,
    /// `GetBucketAcl`.
    Acl,
    /// `GetBucketWebsite`.
    Website,
}

impl Question {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Encryption,
        Self::PublicAccessBlock,
        Self::PolicyStatus,
        Self::Policy,
        Self::Acl,
        Self::Website,
    ];

    /// The IAM action that the call needs. IAM's names are not the API's.
    ///
    /// Source: Service Authorization Reference, "Actions defined by Amazon S3".
    pub const fn iam_action(self) -> &'static str {
        match self {
            Self::Encryption => "s3:GetEncryptionConfiguration",
            Self::PublicAccessBlock => "s3:GetBucketPublicAccessBlock",
            Self::PolicyStatus => "s3:GetBucketPolicyStatus",
            Self::Policy => "s3:GetBucketPolicy",
            Self::Acl => "s3:GetBucketAcl",
            Self::Website => "s3:GetBucketWebsite",
        }
    }
}

/// One write to a bucket. It carries the whole new setting, because S3 replaces the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `PutPublicAccessBlock`.
    SetPublicAccessBlock(PublicAccessBlock),
    /// `PutBucketEncryption`.
    SetEncryption(Encryption),
}

/// What kind of write: an [`Action`] without its setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionKind {
    /// Of [`Action::SetPublicAccessBlock`].
    SetPublicAccessBlock,
    /// Of [`Action::SetEncryption`].
    SetEncryption,
}

impl ActionKind {
    /// All of them, in the order in which a plan carries them out: exposure ends first.
    pub const ALL: [Self; 2] = [Self::SetPublicAccessBlock, Self::SetEncryption];

    /// The IAM action that the call needs.
    pub const fn iam_action(self) -> &'static str {
        match self {
            Self::SetPublicAccessBlock => "s3:PutBucketPublicAccessBlock",
            Self::SetEncryption => "s3:PutEncryptionConfiguration",
        }
    }
}

impl Action {
    /// What kind of write it is.
    pub const fn kind(&self) -> ActionKind {
        match self {
            Self::SetPublicAccessBlock(_) => ActionKind::SetPublicAccessBlock,
            Self::SetEncryption(_) => ActionKind::SetEncryption,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetPublicAccessBlock(block) => write!(f, "public access block: {block}"),
            Self::SetEncryption(encryption) => write!(f, "default encryption: {encryption}"),
        }
    }
}

/// The writes that would mend a bucket, one after the other. Empty for a bucket that is right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The writes, in order.
    pub actions: Vec<Action>,
}
