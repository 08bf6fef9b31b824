//! S3 and KMS.

use s3guard_synth::{
    cfn::Value,
    resources::{
        kms::{Alias, Key, KeySpec, KeyUsage},
        s3::{
            AbortIncompleteUpload, Bucket, BucketEncryption, BucketName, BucketPolicy, Encryption,
            LifecycleRule, LoggingConfiguration, NoncurrentVersionExpiration, Notifications,
            ObjectOwnership, PublicAccessBlock, RuleStatus, VersioningStatus,
        },
    },
};
use serde_json::{Value as Json, json};

use super::{Specimen, document, key, specimen, tags, words};

pub(super) fn all() -> Vec<Specimen> {
    let buckets = [
        (BucketName::Generated, Encryption::SseS3, true),
        (BucketName::Global("reports".into()), Encryption::SseKms(key()), false),
        (BucketName::AccountRegional("reports".into()), Encryption::DsseKms(key()), true),
    ];
    vec![
        specimen(Bucket::default(), buckets.map(bucket)),
        specimen(BucketPolicy::new(Value::literal("reports"), document()), [bucket_policy()]),
        specimen(Key::new(document()), [kms_key()]),
        specimen(Alias::new(Value::literal("alias/reports"), key()), [alias()]),
    ]
}

pub(super) fn vocabulary() -> Vec<(&'static str, &'static str, Vec<Json>)> {
    const BUCKET: &str = "AWS::S3::Bucket";
    const ENCRYPTION: &str = "/BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault/SSEAlgorithm";
    const BLOCKED: &str = "/BucketEncryption/ServerSideEncryptionConfiguration/0/BlockedEncryptionTypes/EncryptionType/0";
    let algorithms = ["AES256", "aws:kms", "aws:kms:dsse"].map(|word| json!(word));
    vec![
        (BUCKET, ENCRYPTION, algorithms.into()),
        (BUCKET, BLOCKED, vec![json!("SSE-C"), json!("NONE")]),
        (BUCKET, "/BucketNamespace", vec![json!("account-regional")]),
        (BUCKET, "/OwnershipControls/Rules/0/ObjectOwnership", words!(ObjectOwnership)),
        (BUCKET, "/VersioningConfiguration/Status", words!(VersioningStatus)),
        (BUCKET, "/LifecycleConfiguration/Rules/0/Status", words!(RuleStatus)),
        ("AWS::KMS::Key", "/KeySpec", words!(KeySpec)),
        ("AWS::KMS::Key", "/KeyUsage", words!(KeyUsage)),
    ]
}

fn bucket((name, default, blocks): (BucketName, Encryption, bool)) -> Bucket {
    Bucket {
        name,
        encryption: Some(BucketEncryption {
            default,
            bucket_key_enabled: true,
            blocks_customer_provided_keys: blocks,
        }),
        public_access_block: Some(PublicAccessBlock {
            block_public_acls: true,
            block_public_policy: true,
            ignore_public_acls: true,
            restrict_public_buckets: true,
        }),
        object_ownership: Some(ObjectOwnership::BucketOwnerEnforced),
        versioning: Some(VersioningStatus::Enabled),
        lifecycle: vec![LifecycleRule {
            id: "forget",
            status: RuleStatus::Enabled,
            prefix: Some("drafts/"),
            expiration_days: Some(30),
            noncurrent_version_expiration: Some(NoncurrentVersionExpiration {
                days: 30,
                versions_kept: Some(1),
            }),
            abort_incomplete_upload: Some(AbortIncompleteUpload { days: 7 }),
        }],
        logging: Some(LoggingConfiguration {
            destination_bucket_name: Value::literal("logs"),
            log_file_prefix: Some("reports/"),
        }),
        notifications: Some(Notifications { event_bridge_enabled: true }),
        tags: tags(),
    }
}

fn bucket_policy() -> BucketPolicy {
    BucketPolicy { bucket: Value::literal("reports"), policy_document: document() }
}

fn kms_key() -> Key {
    Key {
        key_policy: document(),
        description: Some("reports"),
        enabled: Some(true),
        enable_key_rotation: Some(true),
        rotation_period_days: Some(365),
        pending_window_days: Some(30),
        multi_region: Some(false),
        key_spec: Some(KeySpec::SymmetricDefault),
        key_usage: Some(KeyUsage::EncryptDecrypt),
        tags: tags(),
    }
}

fn alias() -> Alias {
    Alias { alias_name: Value::literal("alias/reports"), target_key_id: key() }
}
