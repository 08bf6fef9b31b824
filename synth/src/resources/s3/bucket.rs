//! `AWS::S3::Bucket`

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::{Value as Json, json};

use super::LifecycleRule;
use crate::{
    cfn::{
        Value,
        kind::{self, KeyArn, Text},
    },
    resources::Tag,
};

/// `AWS::S3::Bucket`
///
/// The default is a bucket as S3 makes it today: SSE-S3, private, and the rest left open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Bucket {
    /// Its name, and in whose space of names.
    #[serde(flatten)]
    pub name: BucketName,
    /// How objects are encrypted that come without a wish of their own.
    #[serde(rename = "BucketEncryption")]
    pub encryption: Option<BucketEncryption>,
    /// What is never public.
    #[serde(rename = "PublicAccessBlockConfiguration")]
    pub public_access_block: Option<PublicAccessBlock>,
    /// Whose the objects are.
    #[serde(rename = "OwnershipControls")]
    pub object_ownership: Option<ObjectOwnership>,
    /// Whether earlier versions of objects are kept.
    #[serde(rename = "VersioningConfiguration")]
    pub versioning: Option<VersioningStatus>,
    /// What becomes of objects with time.
    #[serde(
        rename = "LifecycleConfiguration",
        serialize_with = "lifecycle",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub lifecycle: Vec<LifecycleRule>,
    /// Where it is written down who reads and writes.
    #[serde(rename = "LoggingConfiguration")]
    pub logging: Option<LoggingConfiguration>,
    /// Whether EventBridge hears of its objects.
    #[serde(rename = "NotificationConfiguration")]
    pub notifications: Option<Notifications>,
    /// Tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

resource! {
    Bucket = "AWS::S3::Bucket";
    ref {
        /// The bucket's name.
        name: BucketName
    }
    get {
        /// The bucket's ARN.
        arn: BucketArn = "Arn",
        /// The bucket's name on the web.
        domain_name: Text = "DomainName",
        /// The bucket's name on the web, with its region.
        regional_domain_name: Text = "RegionalDomainName"
    }
}

/// A bucket's name, and in whose space of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum BucketName {
    /// CloudFormation finds one that is free.
    #[default]
    Generated,
    /// In the one space of all accounts, where others can take it first.
    Global(Value<Text>),
    /// In the account's own space: `…-<account>-<region>-an`. Nobody else can have it, or guess what is in it.
    AccountRegional(Value<Text>),
}

impl Serialize for BucketName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Generated => {}
            Self::Global(name) => map.serialize_entry("BucketName", name)?,
            Self::AccountRegional(name) => {
                map.serialize_entry("BucketName", name)?;
                map.serialize_entry("BucketNamespace", "account-regional")?;
            }
        }
        map.end()
    }
}

/// How objects are encrypted that come without a wish of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketEncryption {
    /// With what.
    pub default: Encryption,
    /// Whether S3 asks KMS once a bucket instead of once an object.
    pub bucket_key_enabled: bool,
    /// Whether objects can come with a key of the sender, which is then lost with the sender.
    pub blocks_customer_provided_keys: bool,
}

impl Serialize for BucketEncryption {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let by_default = match &self.default {
            Encryption::SseS3 => json!({ "SSEAlgorithm": "AES256" }),
            Encryption::SseKms(key) => json!({ "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key }),
            Encryption::DsseKms(key) => {
                json!({ "SSEAlgorithm": "aws:kms:dsse", "KMSMasterKeyID": key })
            }
        };
        let blocked = if self.blocks_customer_provided_keys { "SSE-C" } else { "NONE" };
        json!({ "ServerSideEncryptionConfiguration": [{
            "ServerSideEncryptionByDefault": by_default,
            "BucketKeyEnabled": self.bucket_key_enabled,
            "BlockedEncryptionTypes": { "EncryptionType": [blocked] },
        }] })
        .serialize(serializer)
    }
}

/// What objects are encrypted with, from weak to strong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// Keys of S3
    SseS3,
    /// A key of KMS
    SseKms(Value<KeyArn>),
    /// A key of KMS, in two layers
    DsseKms(Value<KeyArn>),
}

/// What is never public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_excessive_bools, reason = "these are S3's four switches")]
pub struct PublicAccessBlock {
    /// No new public ACL.
    pub block_public_acls: bool,
    /// No new public policy.
    pub block_public_policy: bool,
    /// Public ACLs count for nothing.
    pub ignore_public_acls: bool,
    /// Public policies count for nothing outside the account.
    pub restrict_public_buckets: bool,
}

impl PublicAccessBlock {
    /// Nothing is ever public.
    pub const ALL: Self = Self {
        block_public_acls: true,
        block_public_policy: true,
        ignore_public_acls: true,
        restrict_public_buckets: true,
    };
}

choices! {
    /// Whose the objects are.
    pub enum ObjectOwnership in ownership {
        /// The bucket's owner's; ACLs count for nothing
        BucketOwnerEnforced = "BucketOwnerEnforced",
        /// The bucket's owner's, if the writer says so
        BucketOwnerPreferred = "BucketOwnerPreferred",
        /// The writer's
        ObjectWriter = "ObjectWriter",
    }

    /// Whether earlier versions of objects are kept.
    pub enum VersioningStatus in versioning {
        /// They are
        Enabled = "Enabled",
        /// Those there are stay, new ones do not come
        Suspended = "Suspended",
    }
}

/// Who hears of a bucket's objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notifications {
    /// Whether EventBridge does.
    pub event_bridge_enabled: bool,
}

impl Serialize for Notifications {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let event_bridge = json!({ "EventBridgeEnabled": self.event_bridge_enabled });
        json!({ "EventBridgeConfiguration": event_bridge }).serialize(serializer)
    }
}

/// Where it is written down who reads and writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LoggingConfiguration {
    /// The bucket for it, whose policy has to let S3's log service write.
    pub destination_bucket_name: Value<kind::BucketName>,
    /// The folder for it.
    pub log_file_prefix: Option<&'static str>,
}

fn ownership(word: &str) -> Json {
    json!({ "Rules": [{ "ObjectOwnership": word }] })
}

fn versioning(word: &str) -> Json {
    json!({ "Status": word })
}

fn lifecycle<S: Serializer>(rules: &[LifecycleRule], serializer: S) -> Result<S::Ok, S::Error> {
    json!({ "Rules": rules }).serialize(serializer)
}
