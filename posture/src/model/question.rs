//! What can be asked of a bucket and what surrounds it, and the permission that each question needs.

/// One thing to read: one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// `GetBucketEncryption`.
    Encryption,
    /// `GetPublicAccessBlock`.
    PublicAccessBlock,
    /// `GetBucketPolicy`.
    Policy,
    /// `GetBucketPolicyStatus`.
    PolicyStatus,
    /// `GetBucketAcl`.
    Acl,
    /// `GetBucketWebsite`.
    Website,
    /// `GetBucketOwnershipControls`.
    Ownership,
    /// `GetBucketVersioning`.
    Versioning,
    /// `GetBucketLogging`.
    AccessLogs,
    /// `GetBucketNotificationConfiguration`.
    Notifications,
    /// `GetBucketTagging`.
    Tags,
    /// `GetBucketReplication`.
    Replication,
    /// `GetBucketLifecycleConfiguration`.
    Lifecycle,
    /// `GetObjectLockConfiguration`.
    ObjectLock,
    /// `GetPublicAccessBlock` of the account, from S3 Control.
    AccountBlock,
    /// `DescribeKey` of the wanted key, from KMS.
    Key,
    /// `DescribeStacks` of the bucket's stack, from `CloudFormation`.
    Stack,
    /// `ListObjectsV2` of the ledger: what the guard has done to the bucket lately.
    History,
}

/// On what an IAM action is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum On {
    /// The account's buckets.
    Buckets,
    /// The account: no resource can be named.
    Account,
    /// The account's KMS keys.
    Keys,
    /// The account's `CloudFormation` stacks.
    Stacks,
    /// The ledger bucket.
    Ledger,
}

impl Question {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Encryption,
        Self::PublicAccessBlock,
        Self::Policy,
        Self::PolicyStatus,
        Self::Acl,
        Self::Website,
        Self::Ownership,
        Self::Versioning,
        Self::AccessLogs,
        Self::Notifications,
        Self::Tags,
        Self::Replication,
        Self::Lifecycle,
        Self::ObjectLock,
        Self::AccountBlock,
        Self::Key,
        Self::Stack,
        Self::History,
    ];

    /// The call that asks it.
    pub const fn call(self) -> &'static str {
        match self {
            Self::Encryption => "GetBucketEncryption",
            Self::PublicAccessBlock | Self::AccountBlock => "GetPublicAccessBlock",
            Self::Policy => "GetBucketPolicy",
            Self::PolicyStatus => "GetBucketPolicyStatus",
            Self::Acl => "GetBucketAcl",
            Self::Website => "GetBucketWebsite",
            Self::Ownership => "GetBucketOwnershipControls",
            Self::Versioning => "GetBucketVersioning",
            Self::AccessLogs => "GetBucketLogging",
            Self::Notifications => "GetBucketNotificationConfiguration",
            Self::Tags => "GetBucketTagging",
            Self::Replication => "GetBucketReplication",
            Self::Lifecycle => "GetBucketLifecycleConfiguration",
            Self::ObjectLock => "GetObjectLockConfiguration",
            Self::Key => "DescribeKey",
            Self::Stack => "DescribeStacks",
            Self::History => "ListObjectsV2",
        }
    }

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
            Self::Stack => ("cloudformation:DescribeStacks", On::Stacks),
            Self::History => ("s3:ListBucket", On::Ledger),
        }
    }

    /// Whether it is a call on the bucket itself.
    pub fn is_of_bucket(self) -> bool {
        self.permission().1 == On::Buckets
    }
}
