//! What can be read of a bucket and its surroundings, and the permission that each question needs.

use crate::text::named::named;

/// One setting to read with one call, whose API name is [`Question::name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the table of names below says which call each one is")]
pub enum Question {
    Encryption,
    PublicAccessBlock,
    Policy,
    PolicyStatus,
    Acl,
    Website,
    Ownership,
    Versioning,
    AccessLogs,
    Notifications,
    Tags,
    Replication,
    Lifecycle,
    ObjectLock,
    /// Of the account, from S3 Control.
    AccountBlock,
    /// Of the wanted key, from KMS.
    Key,
    /// Of the key that the bucket has, from KMS.
    BucketKey,
    /// Of the bucket's stack, from `CloudFormation`.
    Stack,
    /// Of the ledger: the recent writes to the bucket.
    History,
}

/// On what an IAM action is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum On {
    /// The account's buckets.
    Buckets,
    /// The account: no resource can be named.
    Account,
    /// The configured KMS keys.
    Keys,
    /// The account's KMS keys.
    BucketKeys,
    /// The account's `CloudFormation` stacks.
    Stacks,
    /// The ledger bucket.
    Ledger,
}

named! {
    Question:
    Encryption = "GetBucketEncryption",
    PublicAccessBlock = "GetPublicAccessBlock",
    Policy = "GetBucketPolicy",
    PolicyStatus = "GetBucketPolicyStatus",
    Acl = "GetBucketAcl",
    Website = "GetBucketWebsite",
    Ownership = "GetBucketOwnershipControls",
    Versioning = "GetBucketVersioning",
    AccessLogs = "GetBucketLogging",
    Notifications = "GetBucketNotificationConfiguration",
    Tags = "GetBucketTagging",
    Replication = "GetBucketReplication",
    Lifecycle = "GetBucketLifecycleConfiguration",
    ObjectLock = "GetObjectLockConfiguration",
    AccountBlock = "GetPublicAccessBlock",
    Key = "DescribeKey",
    BucketKey = "DescribeKey",
    Stack = "DescribeStacks",
    History = "ListObjectsV2",
}

impl Question {
    /// The IAM action that the call needs, and on what. IAM's names are not the API's.
    ///
    /// Source: Service Authorization Reference, "Actions defined by Amazon S3", "… AWS KMS", "… AWS CloudFormation".
    pub const fn permission(self) -> (&'static str, On) {
        match self {
            Self::Encryption => ("s3:GetEncryptionConfiguration", On::Buckets),
            Self::PublicAccessBlock => ("s3:GetBucketPublicAccessBlock", On::Buckets),
            Self::Policy => ("s3:GetBucketPolicy", On::Buckets),
            Self::PolicyStatus => ("s3:GetBucketPolicyStatus", On::Buckets),
            Self::Acl => ("s3:GetBucketAcl", On::Buckets),
            Self::Website => ("s3:GetBucketWebsite", On::Buckets),
            Self::Ownership => ("s3:GetBucketOwnershipControls", On::Buckets),
            Self::Versioning => ("s3:GetBucketVersioning", On::Buckets),
            Self::AccessLogs => ("s3:GetBucketLogging", On::Buckets),
            Self::Notifications => ("s3:GetBucketNotification", On::Buckets),
            Self::Tags => ("s3:GetBucketTagging", On::Buckets),
            Self::Replication => ("s3:GetReplicationConfiguration", On::Buckets),
            Self::Lifecycle => ("s3:GetLifecycleConfiguration", On::Buckets),
            Self::ObjectLock => ("s3:GetBucketObjectLockConfiguration", On::Buckets),
            Self::AccountBlock => ("s3:GetAccountPublicAccessBlock", On::Account),
            Self::Key => ("kms:DescribeKey", On::Keys),
            Self::BucketKey => ("kms:DescribeKey", On::BucketKeys),
            Self::Stack => ("cloudformation:DescribeStacks", On::Stacks),
            Self::History => ("s3:ListBucket", On::Ledger),
        }
    }

    /// Whether it is a call on the bucket itself.
    pub fn is_of_bucket(self) -> bool {
        self.permission().1 == On::Buckets
    }
}
