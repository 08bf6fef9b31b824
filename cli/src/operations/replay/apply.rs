//! What a call does to a bucket, as its `requestParameters` say it.
//!
//! CloudTrail writes the request's XML as JSON; see [`s3guard_posture::events::field`]. What a call does not say is left
//! as it was, and said to be assumed.

mod access;
mod encryption;
mod keeping;
mod notifications;
mod policy;
mod tags;

use s3guard_posture::Observed;
use s3guard_posture::events::field::text;
use s3guard_posture::model::observed::Reading;
use s3guard_posture::model::setting::{Ownership, PublicAccessBlock, Versioning};
use serde_json::Value as Json;

const NOT_SAID: &str = "the event does not say what was set: it is as it was";

/// What had to be assumed, in words.
type Assumed = Vec<String>;

/// A new bucket that was made so.
pub(crate) fn created(bucket: &mut Observed, parameters: &Json) {
    acl(bucket, parameters);
    if let Some(ownership) = text(parameters, &["x-amz-object-ownership"]) {
        bucket.ownership = access::ownership(&ownership);
    }
    if text(parameters, &["x-amz-bucket-object-lock-enabled"]).is_some_and(|is| is_true(&is)) {
        bucket.versioning = Reading::Known(Versioning { enabled: true, mfa_delete: false });
    }
    tags::put(bucket, parameters, &["CreateBucketConfiguration", "Tags"]);
}

/// The ACL is made anew: whom the parameters do not name has nothing.
pub(crate) fn acl(bucket: &mut Observed, parameters: &Json) {
    bucket.acl = Reading::Known(access::acl(parameters).unwrap_or_default());
}

/// A bucket that a call has changed. Returns what had to be assumed.
pub(crate) fn changed(bucket: &mut Observed, event_name: &str, parameters: &Json) -> Assumed {
    let said = match event_name {
        "PutBucketEncryption" => encryption::put(bucket, parameters),
        "DeleteBucketEncryption" => Some(encryption::delete(bucket)),
        "PutBucketPublicAccessBlock" => {
            put(&mut bucket.public_access_block, access::block(parameters))
        }
        "DeleteBucketPublicAccessBlock" => delete(&mut bucket.public_access_block),
        "PutBucketPolicy" => policy::put(bucket, parameters),
        "DeleteBucketPolicy" => {
            bucket.policy_is_public = Reading::Absent;
            delete(&mut bucket.policy)
        }
        "PutBucketAcl" => {
            let acl = access::acl(parameters);
            // S3 refuses a grant where ACLs count for nothing.
            let is_enforced = bucket.ownership == Reading::Known(Ownership::BucketOwnerEnforced);
            if is_enforced && acl.is_some_and(|acl| acl.grants_others) {
                bucket.ownership = Reading::Known(Ownership::ObjectWriter);
            }
            put(&mut bucket.acl, acl)
        }
        "PutBucketOwnershipControls" => {
            let path = ["OwnershipControls", "Rule", "ObjectOwnership"];
            text(parameters, &path).map(|ownership| {
                bucket.ownership = access::ownership(&ownership);
                Vec::new()
            })
        }
        "DeleteBucketOwnershipControls" => delete(&mut bucket.ownership),
        "PutBucketVersioning" => keeping::versioning(bucket, parameters),
        "PutBucketLogging" => keeping::access_logs(bucket, parameters),
        "PutBucketNotification" => put(&mut bucket.notifications, notifications::read(parameters)),
        "PutBucketWebsite" => put(&mut bucket.website, Some(())),
        "PutBucketReplication" => {
            let replication = keeping::replication(&bucket.id.account, parameters);
            put(&mut bucket.replication, replication)
        }
        "DeleteBucketReplication" => delete(&mut bucket.replication),
        "PutBucketLifecycle" => put(&mut bucket.lifecycle, keeping::lifecycle(parameters)),
        "DeleteBucketLifecycle" => delete(&mut bucket.lifecycle),
        "PutBucketObjectLockConfiguration" | "PutObjectLockConfiguration" => {
            keeping::object_lock(bucket, parameters)
        }
        "PutBucketTagging" => Some(tags::replace(bucket, parameters)),
        "DeleteBucketTagging" => Some(tags::replace(bucket, &Json::Null)),
        "TagResource" => {
            tags::put(bucket, parameters, &["TagResourceRequest", "Tags"]);
            Some(Vec::new())
        }
        "UntagResource" => tags::remove(bucket, parameters),
        _ => None,
    };
    said.unwrap_or_else(|| vec![NOT_SAID.to_owned()])
}

/// Changes the account's block. Returns what had to be assumed.
pub(crate) fn changed_account(
    block: &mut Reading<PublicAccessBlock>,
    event_name: &str,
    parameters: &Json,
) -> Assumed {
    let said = match event_name {
        "DeleteAccountPublicAccessBlock" => delete(block),
        _ => put(block, access::block(parameters)),
    };
    said.unwrap_or_else(|| vec![NOT_SAID.to_owned()])
}

/// Sets what was said; nothing if it was not said.
fn put<T>(setting: &mut Reading<T>, value: Option<T>) -> Option<Assumed> {
    *setting = Reading::Known(value?);
    Some(Vec::new())
}

#[expect(clippy::unnecessary_wraps, reason = "it is said by the call's name")]
fn delete<T>(setting: &mut Reading<T>) -> Option<Assumed> {
    *setting = Reading::Absent;
    Some(Vec::new())
}

/// Whether a text is XML's or JSON's word for yes.
fn is_true(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text == "1"
}
