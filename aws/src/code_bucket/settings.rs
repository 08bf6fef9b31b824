//! The settings of the code bucket: written only where they differ from what is wanted.

use std::collections::BTreeSet;

use s3guard_posture::model::setting::{
    Algorithm, Encryption, Ownership, PublicAccessBlock, SseC, Versioning,
};
use s3guard_posture::{Reading, Setting};

use super::{CodeBucketError, policy};
use crate::bucket::Bucket;
use crate::buckets::settings;

/// What the bucket lacks.
pub(super) struct Lacking {
    /// The settings that must be written, in this order.
    pub(super) settings: Vec<Setting>,
    /// Further principals that the policy names as deployers.
    pub(super) others: BTreeSet<String>,
    /// Whether the policy already denies writes to all but deployers.
    pub(super) is_locked: bool,
}

/// Reads the bucket, to which only these principals may write. A policy that admits others is an error.
pub(super) async fn lacking(
    bucket: &Bucket,
    deployers: &BTreeSet<String>,
) -> Result<Lacking, CodeBucketError> {
    let mut lacking = Vec::new();
    let block = PublicAccessBlock::ALL;
    if settings::public_access_block(bucket).await? != Reading::Known(block) {
        lacking.push(Setting::PublicAccessBlock(Some(block)));
    }
    let ownership = Ownership::BucketOwnerEnforced;
    if settings::ownership(bucket).await? != Reading::Known(ownership) {
        lacking.push(Setting::Ownership(Some(ownership)));
    }
    let (algorithm, sse_c) = (Algorithm::SseS3, SseC::Blocked);
    let wanted = Encryption { algorithm: algorithm.clone(), bucket_key: false, sse_c };
    let is_right = match settings::encryption(bucket).await?.known() {
        // A KMS key is stronger, and left unchanged.
        Some(found) => found.algorithm != algorithm || found.sse_c == sse_c,
        None => false,
    };
    if !is_right {
        lacking.push(Setting::Encryption(Some(wanted)));
    }
    if !settings::versioning(bucket).await?.known().is_some_and(|found| found.enabled) {
        let versioning = Versioning { enabled: true, mfa_delete: false };
        lacking.push(Setting::Versioning(Some(versioning)));
    }
    let found = settings::policy(bucket).await?;
    if found.known().is_some_and(|found| found.document().is_none()) {
        return Err(CodeBucketError::Policy(bucket.id.name.clone()));
    }
    let wanted = policy::wanted(found.known(), deployers, &bucket.id)?;
    lacking.extend(wanted.document.map(|document| Setting::Policy(Some(document.to_string()))));
    Ok(Lacking { settings: lacking, others: wanted.others, is_locked: wanted.is_locked })
}
