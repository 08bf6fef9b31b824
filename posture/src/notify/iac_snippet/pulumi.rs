//! Pulumi: a resource beside the bucket's, in Pulumi YAML.
//!
//! Source: Pulumi Registry, AWS, `aws.s3`. The types are those of version 7; in version 6 some of them end with `V2`.

use serde_json::{Map, Value, json};

use super::{Described, blocked, key, yaml};
use crate::BucketId;
use crate::model::setting::Setting;

pub(super) fn snippet(bucket: &BucketId, setting: &Setting) -> Option<String> {
    let (comment, name, kind, own) = resource(Described::of(setting)?);
    let mut properties = Map::new();
    properties.insert("bucket".to_owned(), bucket.name.as_str().into());
    if let Value::Object(own) = own {
        properties.extend(own);
    }
    let resource = json!({ "type": format!("aws:s3:{kind}"), "properties": properties });
    let mut resources = Map::new();
    resources.insert(format!("{}-{name}", bucket.name), resource);
    let mut document = Map::new();
    document.insert("resources".to_owned(), Value::Object(resources));
    let document = document.iter().map(|(key, value)| (key.clone(), literal(value))).collect();
    Some(format!("{comment}{}", yaml::document(&document)))
}

/// What has to be said first, the last part of the resource's name, its type and its own properties.
fn resource(described: Described<'_>) -> (&'static str, &'static str, &'static str, Value) {
    match described {
        Described::Policy(statements) => {
            let document = json!({ "Version": "2012-10-17", "Statement": statements });
            (
                "# beside the statements that the policy has already\n",
                "policy",
                "BucketPolicy",
                json!({ "policy": { "fn::toJSON": document } }),
            )
        }
        Described::PublicAccessBlock([block_acls, ignore_acls, block_policy, restrict]) => (
            "",
            "public-access",
            "BucketPublicAccessBlock",
            json!({
                "blockPublicAcls": block_acls,
                "ignorePublicAcls": ignore_acls,
                "blockPublicPolicy": block_policy,
                "restrictPublicBuckets": restrict,
            }),
        ),
        Described::Encryption { algorithm, encryption } => {
            let mut by_default = json!({ "sseAlgorithm": algorithm });
            if let Some(key) = key(encryption) {
                by_default["kmsMasterKeyId"] = key.into();
            }
            let mut rule = json!({ "applyServerSideEncryptionByDefault": by_default });
            if encryption.algorithm.key().is_some() {
                rule["bucketKeyEnabled"] = encryption.bucket_key.into();
            }
            if let Some(blocked) = blocked(encryption.sse_c) {
                rule["blockedEncryptionTypes"] = json!([blocked]);
            }
            let rules = json!({ "rules": [rule] });
            ("", "encryption", "BucketServerSideEncryptionConfiguration", rules)
        }
        Described::Ownership(ownership) => (
            "",
            "ownership",
            "BucketOwnershipControls",
            json!({ "rule": { "objectOwnership": ownership } }),
        ),
        Described::Versioning(status) => (
            "",
            "versioning",
            "BucketVersioning",
            json!({ "versioningConfiguration": { "status": status } }),
        ),
        Described::AccessLogs { bucket, prefix } => (
            "",
            "access-logs",
            "BucketLogging",
            json!({ "targetBucket": bucket, "targetPrefix": prefix }),
        ),
        Described::EventBridge => (
            "# beside the queues, topics and functions that it has already\n",
            "notifications",
            "BucketNotification",
            json!({ "eventbridge": true }),
        ),
    }
}

/// The same where `${` means nothing.
fn literal(value: &Value) -> Value {
    match value {
        Value::String(text) => text.replace("${", "$${").into(),
        Value::Array(items) => items.iter().map(literal).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), literal(value))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}
