//! The settings of the code bucket: written only where they differ from what is wanted.

use s3guard_posture::evaluate::tls;
use s3guard_posture::model::policy::Policy;
use s3guard_posture::model::setting::{
    Algorithm, Encryption, Ownership, PublicAccessBlock, SseC, Versioning,
};
use s3guard_posture::{Reading, Setting};

use super::CodeBucketError;
use crate::bucket::Bucket;
use crate::buckets::settings;

/// Reads the bucket; returns the settings that must be written, in this order.
pub(super) async fn lacking(bucket: &Bucket) -> Result<Vec<Setting>, CodeBucketError> {
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
    let policy = settings::policy(bucket).await?;
    let document = policy.known().map(Policy::document);
    if document == Some(None) {
        return Err(CodeBucketError::Policy(bucket.id.name.clone()));
    }
    let merged = tls::merged(document.flatten(), &[tls::Denied::PlainHttp], &bucket.id);
    lacking.extend(merged.map(|merged| Setting::Policy(Some(merged.to_string()))));
    Ok(lacking)
}
