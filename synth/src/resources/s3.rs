//! S3: buckets and their policies.

mod bucket;
mod lifecycle;

use serde::Serialize;

pub use bucket::{
    Bucket, BucketEncryption, BucketName, Encryption, LoggingConfiguration, Notifications,
    ObjectOwnership, PublicAccessBlock, VersioningStatus,
};
pub use lifecycle::{
    AbortIncompleteUpload, LifecycleRule, NoncurrentVersionExpiration, RuleStatus,
};

use crate::cfn::{PolicyDocument, Value, kind};

/// `AWS::S3::BucketPolicy`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct BucketPolicy {
    /// The bucket. It has one policy: where it has another already, this one is not made.
    pub bucket: Value<kind::BucketName>,
    /// Who may do what with it.
    pub policy_document: PolicyDocument,
}

resource! { BucketPolicy = "AWS::S3::BucketPolicy"; }

impl BucketPolicy {
    /// The policy of a bucket.
    pub fn new(bucket: Value<kind::BucketName>, document: PolicyDocument) -> Self {
        Self { bucket, policy_document: document }
    }
}
