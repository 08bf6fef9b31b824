//! Our own buckets, as the guard would see them: judged by the functions that judge everybody's.

use s3guard_posture::{
    Algorithm, Encryption as Seen, Key, Observed, PublicAccessBlock as Switches, Reading, Region,
    SseC,
};
use serde_json::json;

use crate::{
    cfn::{Value, kind::KeyArn},
    resources::s3::{Bucket, BucketEncryption, Encryption, ObjectOwnership, PublicAccessBlock},
};

/// What the guard sees of a bucket that was made from this resource. Its policy is a resource of its own, and stays
/// unread.
pub fn observed(bucket: &Bucket, region: Region) -> Observed {
    // An ACL counts for nothing where the owner's word does.
    let acl_admits = match bucket.object_ownership {
        Some(ObjectOwnership::BucketOwnerEnforced) => Reading::Known(false),
        Some(ObjectOwnership::BucketOwnerPreferred | ObjectOwnership::ObjectWriter) | None => {
            Reading::Unread
        }
    };
    Observed {
        encryption: bucket.encryption.as_ref().map_or(Reading::Absent, |e| Reading::Known(seen(e))),
        public_access_block: bucket
            .public_access_block
            .map_or(Reading::Absent, |block| Reading::Known(switches(block))),
        // Not among the properties that we model.
        website: Reading::Absent,
        acl_is_public: acl_admits,
        acl_admits_log_delivery: acl_admits,
        ..Observed::unread(region)
    }
}

fn seen(encryption: &BucketEncryption) -> Seen {
    let blocks = encryption.blocks_customer_provided_keys;
    Seen {
        algorithm: match &encryption.default {
            Encryption::SseS3 => Algorithm::SseS3,
            Encryption::SseKms(key) => Algorithm::Kms(named(key)),
            Encryption::DsseKms(key) => Algorithm::Dsse(named(key)),
        },
        bucket_key: encryption.bucket_key_enabled,
        sse_c: if blocks { SseC::Blocked } else { SseC::Allowed },
    }
}

/// The key is known when the stack is there; until then it is named by what will name it.
fn named(key: &Value<KeyArn>) -> Key {
    Key::Named(json!(key).to_string())
}

fn switches(block: PublicAccessBlock) -> Switches {
    Switches {
        block_public_acls: block.block_public_acls,
        ignore_public_acls: block.ignore_public_acls,
        block_public_policy: block.block_public_policy,
        restrict_public_buckets: block.restrict_public_buckets,
    }
}
