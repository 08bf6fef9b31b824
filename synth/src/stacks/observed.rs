//! Our own buckets, as the guard would see them: judged by the functions that judge everybody's.

use s3guard_posture::model::policy::Policy;
use s3guard_posture::model::setting::{
    AccessLogs, Acl, Algorithm, Encryption as SeenEncryption, Key, Lifecycle,
    Notifications as SeenNotifications, Ownership, PublicAccessBlock as Switches, SseC, Versioning,
};
use s3guard_posture::{BucketId, Observed, Reading};
use serde_json::{Value as Json, json};

use crate::{
    cfn::{Resolver, Value, kind::KeyArn},
    resources::s3::{
        Bucket, BucketEncryption, BucketPolicy, Encryption, LifecycleRule, LoggingConfiguration,
        Notifications, ObjectOwnership, PublicAccessBlock, RuleStatus, VersioningStatus,
    },
};

/// What the guard sees of a bucket that was made from these resources, under this name.
///
/// What is said of it elsewhere, in the account, KMS or the ledger, stays unread.
pub fn observed(bucket: &Bucket, policy: &BucketPolicy, id: BucketId) -> Observed {
    // An ACL counts for nothing where the owner's word does.
    let acl = match bucket.object_ownership {
        Some(ObjectOwnership::BucketOwnerEnforced) => Reading::Known(Acl::default()),
        Some(ObjectOwnership::BucketOwnerPreferred | ObjectOwnership::ObjectWriter) | None => {
            Reading::Unread
        }
    };
    Observed {
        encryption: known(bucket.encryption.as_ref().map(encryption)),
        public_access_block: known(bucket.public_access_block.map(switches)),
        policy: Reading::Known(Policy::new(policy_text(policy, &id))),
        acl,
        ownership: bucket
            .object_ownership
            .map_or(Reading::Unread, |it| Reading::Known(ownership(it))),
        versioning: known(bucket.versioning.map(versioning)),
        access_logs: known(bucket.logging.as_ref().map(access_logs)),
        notifications: Reading::Known(notifications(bucket.notifications)),
        tags: known(
            (!bucket.tags.is_empty()).then(|| {
                bucket.tags.iter().map(|tag| (tag.key.clone(), text(&tag.value))).collect()
            }),
        ),
        lifecycle: known((!bucket.lifecycle.is_empty()).then(|| lifecycle(&bucket.lifecycle))),
        // Not among the properties that we model.
        website: Reading::Absent,
        replication: Reading::Absent,
        object_lock: Reading::Absent,
        ..Observed::unread(id)
    }
}

fn known<T>(value: Option<T>) -> Reading<T> {
    value.map_or(Reading::Absent, Reading::Known)
}

fn encryption(encryption: &BucketEncryption) -> SeenEncryption {
    let blocks = encryption.blocks_customer_provided_keys;
    SeenEncryption {
        algorithm: match &encryption.default {
            Encryption::SseS3 => Algorithm::SseS3,
            Encryption::SseKms(key) => Algorithm::Kms(named(key)),
            Encryption::DsseKms(key) => Algorithm::Dsse(named(key)),
        },
        bucket_key: encryption.bucket_key_enabled,
        sse_c: if blocks { SseC::Blocked } else { SseC::Allowed },
    }
}

fn named(key: &Value<KeyArn>) -> Key {
    Key::Named(text(key))
}

/// A value is known when the stack is there; until then it is named by what will name it.
fn text<K>(value: &Value<K>) -> String {
    let value = json!(value);
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn switches(block: PublicAccessBlock) -> Switches {
    Switches {
        block_public_acls: block.block_public_acls,
        ignore_public_acls: block.ignore_public_acls,
        block_public_policy: block.block_public_policy,
        restrict_public_buckets: block.restrict_public_buckets,
    }
}

fn ownership(ownership: ObjectOwnership) -> Ownership {
    match ownership {
        ObjectOwnership::BucketOwnerEnforced => Ownership::BucketOwnerEnforced,
        ObjectOwnership::BucketOwnerPreferred => Ownership::BucketOwnerPreferred,
        ObjectOwnership::ObjectWriter => Ownership::ObjectWriter,
    }
}

fn versioning(status: VersioningStatus) -> Versioning {
    Versioning { enabled: status == VersioningStatus::Enabled, mfa_delete: false }
}

fn access_logs(logging: &LoggingConfiguration) -> AccessLogs {
    AccessLogs {
        target_bucket: text(&logging.destination_bucket_name),
        target_prefix: logging.log_file_prefix.unwrap_or_default().to_owned(),
    }
}

fn notifications(notifications: Option<Notifications>) -> SeenNotifications {
    let none = SeenNotifications {
        xml: "<NotificationConfiguration></NotificationConfiguration>".to_owned(),
        elements: Vec::new(),
    };
    match notifications {
        Some(Notifications { event_bridge_enabled: true }) => {
            none.with_event_bridge().expect("it is an empty configuration")
        }
        Some(Notifications { event_bridge_enabled: false }) | None => none,
    }
}

fn lifecycle(rules: &[LifecycleRule]) -> Lifecycle {
    let enabled = rules.iter().filter(|rule| rule.status == RuleStatus::Enabled);
    Lifecycle { expires_after_days: enabled.filter_map(|rule| rule.expiration_days).min() }
}

/// The policy's text. The bucket's ARN is put in where it is meant: a bucket's policy is of no other bucket. Other values
/// stay what will name them.
fn policy_text(policy: &BucketPolicy, id: &BucketId) -> String {
    let known = |name: &str| name.ends_with(".Arn").then(|| id.arn());
    let resolver = Resolver::new(&Json::Null, &known);
    let mut document = json!(policy.policy_document);
    for statement in document["Statement"].as_array_mut().into_iter().flatten() {
        if let Some(resource) = statement.get_mut("Resource") {
            *resource = resolver.value(resource);
        }
    }
    document.to_string()
}
