//! Lifecycle rules of buckets.

use serde::Serialize;

/// What becomes of objects with time. A rule without a period is refused by S3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LifecycleRule {
    /// Its name.
    pub id: &'static str,
    /// Whether it holds.
    pub status: RuleStatus,
    /// Only for keys that begin so.
    pub prefix: Option<&'static str>,
    /// Objects are deleted after this.
    #[serde(rename = "ExpirationInDays")]
    pub expiration_days: Option<u32>,
    /// Earlier versions of objects are deleted after this.
    pub noncurrent_version_expiration: Option<NoncurrentVersionExpiration>,
    /// What was uploaded of objects that were never finished is deleted after this.
    #[serde(rename = "AbortIncompleteMultipartUpload")]
    pub abort_incomplete_upload: Option<AbortIncompleteUpload>,
}

impl LifecycleRule {
    /// A rule that holds, but says nothing yet.
    pub fn new(id: &'static str) -> Self {
        Self {
            id,
            status: RuleStatus::Enabled,
            prefix: None,
            expiration_days: None,
            noncurrent_version_expiration: None,
            abort_incomplete_upload: None,
        }
    }
}

choices! {
    /// Whether a rule holds.
    pub enum RuleStatus {
        /// It does
        Enabled = "Enabled",
        /// It does not
        Disabled = "Disabled",
    }
}

/// When earlier versions are deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct NoncurrentVersionExpiration {
    /// So long after they were replaced.
    #[serde(rename = "NoncurrentDays")]
    pub days: u32,
    /// But so many stay.
    #[serde(rename = "NewerNoncurrentVersions")]
    pub versions_kept: Option<u32>,
}

/// When unfinished uploads are deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct AbortIncompleteUpload {
    /// So long after they were begun.
    #[serde(rename = "DaysAfterInitiation")]
    pub days: u32,
}
