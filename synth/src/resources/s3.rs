//! S3: buckets and their policies.

use serde::{Serialize, Serializer};
use serde_json::json;

use crate::cfn::{
    ConditionHandle, PolicyDocument, Value,
    kind::{BucketName, KeyArn, Text},
};

/// `AWS::S3::Bucket`: never public, with versions, without ACLs, and without objects that are encrypted with a key of the
/// sender (SSE-C).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its name in the account's own namespace, `…-<account>-<region>-an`; without one, CloudFormation generates it.
    pub name: Option<Value<Text>>,
    /// The default encryption.
    pub encryption: Encryption,
    /// When objects are deleted.
    pub lifecycle: Vec<LifecycleRule>,
    /// Where access is logged.
    pub logging: Option<LoggingConfiguration>,
    /// Whether its versions are locked against deletion.
    pub object_lock: Option<ObjectLock>,
}

resource! {
    Bucket = "AWS::S3::Bucket";
    ref {
        /// The bucket's name.
        name: BucketName
    }
    get {
        /// The bucket's ARN.
        arn: BucketArn = "Arn"
    }
}

impl Serialize for Bucket {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (by_default, bucket_key) = match &self.encryption {
            Encryption::SseS3 => (json!({ "SSEAlgorithm": "AES256" }), false),
            Encryption::SseKms(key) => {
                (json!({ "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key }), true)
            }
        };
        let lock = self.object_lock.map(|lock| {
            let default = json!({ "Mode": "GOVERNANCE", "Days": lock.retention_days });
            let rule = json!({ "DefaultRetention": default });
            let configuration = json!({ "ObjectLockEnabled": "Enabled", "Rule": rule });
            [json!(true), configuration].map(|property| lock.only_if.only(&property))
        });
        let [is_locked, lock] = lock.map_or_else(Default::default, |lock| lock.map(Some));
        json!({
            "BucketName": self.name,
            "BucketNamespace": self.name.as_ref().map(|_| "account-regional"),
            "BucketEncryption": { "ServerSideEncryptionConfiguration": [{
                "ServerSideEncryptionByDefault": by_default,
                "BucketKeyEnabled": bucket_key,
                "BlockedEncryptionTypes": { "EncryptionType": ["SSE-C"] },
            }] },
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": true,
                "BlockPublicPolicy": true,
                "IgnorePublicAcls": true,
                "RestrictPublicBuckets": true,
            },
            "OwnershipControls": { "Rules": [{ "ObjectOwnership": "BucketOwnerEnforced" }] },
            "VersioningConfiguration": { "Status": "Enabled" },
            "LifecycleConfiguration":
                (!self.lifecycle.is_empty()).then(|| json!({ "Rules": self.lifecycle })),
            "LoggingConfiguration": self.logging,
            "ObjectLockEnabled": is_locked,
            "ObjectLockConfiguration": lock,
        })
        .serialize(serializer)
    }
}

/// The default encryption of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// S3 managed keys
    SseS3,
    /// A KMS key, with a bucket key
    SseKms(Value<KeyArn>),
}

/// A lock on each version for some time after it was written. Principals with `s3:BypassGovernanceRetention` can delete it
/// earlier, as far as the bucket's policy lets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectLock {
    /// The versions are locked only where this holds.
    pub only_if: ConditionHandle,
    /// How long a version is locked.
    pub retention_days: u32,
}

/// When objects are deleted. Incomplete multipart uploads are deleted after a week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LifecycleRule {
    /// The rule's name.
    pub id: &'static str,
    /// The prefix of the keys to which it applies; without one, it applies to all.
    pub prefix: Option<&'static str>,
    /// The age at which an object is deleted; without one, only replaced and deleted versions are.
    pub expiration_days: Option<u32>,
    /// How long a version is retained after it was replaced or deleted.
    pub noncurrent_days: u32,
}

impl Serialize for LifecycleRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({
            "Id": self.id,
            "Status": "Enabled",
            "Prefix": self.prefix,
            "ExpirationInDays": self.expiration_days,
            "NoncurrentVersionExpiration": { "NoncurrentDays": self.noncurrent_days },
            "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": 7 },
        })
        .serialize(serializer)
    }
}

/// Where access to a bucket is logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LoggingConfiguration {
    /// The bucket for the logs. Its policy must allow S3's log service to write.
    pub destination_bucket_name: Value<BucketName>,
    /// The prefix of the logs' keys.
    pub log_file_prefix: &'static str,
}

/// `AWS::S3::BucketPolicy`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct BucketPolicy {
    /// The bucket. A bucket has one policy: CloudFormation does not replace another one.
    pub bucket: Value<BucketName>,
    /// Who may do what with it.
    pub policy_document: PolicyDocument,
}

resource! { BucketPolicy = "AWS::S3::BucketPolicy"; }
