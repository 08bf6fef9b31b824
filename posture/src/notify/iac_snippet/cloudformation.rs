//! CloudFormation: properties of the bucket, or of its policy.
//!
//! Source: AWS CloudFormation Template Reference, `AWS::S3::Bucket` and `AWS::S3::BucketPolicy`; AWS CDK API Reference,
//! `aws_s3.BucketProps`.

use serde_json::{Map, Value, json};

use super::{Described, blocked, key, yaml};
use crate::BucketId;
use crate::model::setting::Setting;

pub(super) fn snippet(bucket: &BucketId, setting: &Setting) -> Option<String> {
    let (in_cdk, property, value) = property(Described::of(setting)?);
    let mut properties = Map::new();
    let is_of_policy = property == POLICY;
    if is_of_policy {
        properties.insert("Bucket".to_owned(), bucket.name.as_str().into());
    }
    properties.insert(property.to_owned(), value);
    let kind = if is_of_policy { "AWS::S3::BucketPolicy" } else { "AWS::S3::Bucket" };
    let mut resource = Map::new();
    resource.insert("Type".to_owned(), kind.into());
    resource.insert("Properties".to_owned(), properties.into());
    Some(format!("# with the CDK: {in_cdk}\n{}", yaml::document(&resource)))
}

/// The one property that is not the bucket's, but its policy's.
const POLICY: &str = "PolicyDocument";

/// The CDK's name of a setting, the property and its value.
fn property(described: Described<'_>) -> (&'static str, &'static str, Value) {
    match described {
        Described::Policy(statements) => {
            let has_two = statements.as_array().is_some_and(|statements| statements.len() > 1);
            let tls_12 = "enforceSSL: true, minimumTLSVersion: 1.2";
            (
                if has_two { tls_12 } else { "enforceSSL: true" },
                POLICY,
                json!({ "Version": "2012-10-17", "Statement": statements }),
            )
        }
        Described::PublicAccessBlock(
            switches @ [block_acls, ignore_acls, block_policy, restrict],
        ) => (
            // The CDK's default for a switch that is not named has changed, so all four are to be named.
            if switches == [true; 4] {
                "blockPublicAccess: BlockPublicAccess.BLOCK_ALL"
            } else {
                "blockPublicAccess: new BlockPublicAccess({ … }) with these four switches"
            },
            "PublicAccessBlockConfiguration",
            json!({
                "BlockPublicAcls": block_acls,
                "IgnorePublicAcls": ignore_acls,
                "BlockPublicPolicy": block_policy,
                "RestrictPublicBuckets": restrict,
            }),
        ),
        Described::Encryption { algorithm, encryption } => {
            let mut by_default = json!({ "SSEAlgorithm": algorithm });
            if let Some(key) = key(encryption) {
                by_default["KMSMasterKeyID"] = key.into();
            }
            let mut rule = json!({ "ServerSideEncryptionByDefault": by_default });
            if encryption.algorithm.key().is_some() {
                rule["BucketKeyEnabled"] = encryption.bucket_key.into();
            }
            if let Some(blocked) = blocked(encryption.sse_c) {
                rule["BlockedEncryptionTypes"] = json!({ "EncryptionType": [blocked] });
            }
            (
                "encryption, encryptionKey, blockedEncryptionTypes",
                "BucketEncryption",
                json!({ "ServerSideEncryptionConfiguration": [rule] }),
            )
        }
        Described::Ownership(ownership) => (
            "objectOwnership",
            "OwnershipControls",
            json!({ "Rules": [{ "ObjectOwnership": ownership }] }),
        ),
        Described::Versioning(status) => {
            ("versioned: true", "VersioningConfiguration", json!({ "Status": status }))
        }
        Described::AccessLogs { bucket, prefix } => (
            "serverAccessLogsBucket, serverAccessLogsPrefix",
            "LoggingConfiguration",
            json!({ "DestinationBucketName": bucket, "LogFilePrefix": prefix }),
        ),
        Described::EventBridge => (
            "eventBridgeEnabled: true",
            "NotificationConfiguration",
            json!({ "EventBridgeConfiguration": { "EventBridgeEnabled": true } }),
        ),
    }
}
