//! The settings of the code bucket, each one read first and written only when it is not as it should be.

use std::fmt;

use aws_sdk_s3::types::{BucketVersioningStatus, ObjectOwnership};
use s3guard_posture::model::setting::{
    Algorithm, Encryption, Ownership, PublicAccessBlock, SseC, Versioning,
};
use s3guard_posture::{BucketName, Setting as Wanted};
use serde_json::{Value as Json, json};

use super::{CodeBucket, CodeBucketError};
use crate::buckets::{Place, encryption, public_access, writes};
use crate::error::Answer as _;

/// The statement of the bucket's policy that is ours, named as in the stack's own buckets.
const TLS_ONLY: &str = "S3GuardTlsOnly";

/// A setting of the code bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Nobody outside the account may be let in.
    PublicAccessBlock,
    /// Access lists mean nothing.
    Ownership,
    /// SSE-S3 or stronger, and no keys of the caller's.
    Encryption,
    /// What is overwritten or deleted can be had back.
    Versioning,
    /// No access without TLS.
    TlsOnly,
}

impl Setting {
    /// All settings, in the order in which they are mended.
    pub const ALL: [Self; 5] = [
        Self::PublicAccessBlock,
        Self::Ownership,
        Self::Encryption,
        Self::Versioning,
        Self::TlsOnly,
    ];
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PublicAccessBlock => "public access block",
            Self::Ownership => "object ownership",
            Self::Encryption => "default encryption",
            Self::Versioning => "versioning",
            Self::TlsOnly => "TLS-only policy",
        })
    }
}

/// Reads a setting and writes it if needed; tells whether it was.
pub(super) async fn mend(bucket: &CodeBucket, setting: Setting) -> Result<bool, CodeBucketError> {
    let wanted = match setting {
        Setting::PublicAccessBlock => bucket.public_access().await?,
        Setting::Ownership => bucket.ownership().await?,
        Setting::Encryption => bucket.encryption().await?,
        Setting::Versioning => bucket.versioning().await?,
        Setting::TlsOnly => bucket.tls_only().await?,
    };
    let Some(wanted) = wanted else { return Ok(false) };
    let at = Place { client: &bucket.client, owner: &bucket.owner, name: &bucket.name };
    writes::apply(at, &wanted).await?;
    Ok(true)
}

/// Sends a call on the bucket. Gives the answer, or none where there is no such setting.
macro_rules! read {
    ($bucket:ident, $name:literal, $call:ident, $absent:expr) => {{
        let answer = on_bucket!($bucket, $call).send().await;
        answer.optional($name, $bucket.object(""), &$absent)?
    }};
}

/// What has to be written of each setting; `None` if it is as it should be.
impl CodeBucket {
    async fn public_access(&self) -> Result<Option<Wanted>, CodeBucketError> {
        let absent = ["NoSuchPublicAccessBlockConfiguration"];
        let found = read!(self, "GetPublicAccessBlock", get_public_access_block, absent);
        let found = found.and_then(|found| found.public_access_block_configuration);
        let is_all =
            found.is_some_and(|found| public_access::from_sdk(&found) == PublicAccessBlock::ALL);
        Ok((!is_all).then_some(Wanted::PublicAccessBlock(Some(PublicAccessBlock::ALL))))
    }

    async fn ownership(&self) -> Result<Option<Wanted>, CodeBucketError> {
        let absent = ["OwnershipControlsNotFoundError"];
        let found =
            read!(self, "GetBucketOwnershipControls", get_bucket_ownership_controls, absent);
        let controls = found.and_then(|found| found.ownership_controls);
        let is_enforced = controls.is_some_and(|controls| {
            matches!(controls.rules(), [rule] if rule.object_ownership == ObjectOwnership::BucketOwnerEnforced)
        });
        Ok((!is_enforced).then_some(Wanted::Ownership(Some(Ownership::BucketOwnerEnforced))))
    }

    async fn encryption(&self) -> Result<Option<Wanted>, CodeBucketError> {
        let absent = ["ServerSideEncryptionConfigurationNotFoundError"];
        let found = read!(self, "GetBucketEncryption", get_bucket_encryption, absent);
        let found = found.and_then(|found| found.server_side_encryption_configuration);
        match found.as_ref().and_then(encryption::from_sdk) {
            Some(Encryption { algorithm: Algorithm::SseS3, sse_c: SseC::Blocked, .. }) => Ok(None),
            Some(Encryption { algorithm: Algorithm::SseS3, .. }) | None => {
                let (algorithm, sse_c) = (Algorithm::SseS3, SseC::Blocked);
                let wanted = Encryption { algorithm, bucket_key: false, sse_c };
                Ok(Some(Wanted::Encryption(Some(wanted))))
            }
            // Somebody chose a key: that is stronger, and theirs.
            Some(_) => Ok(None),
        }
    }

    async fn versioning(&self) -> Result<Option<Wanted>, CodeBucketError> {
        // A bucket that never had versions answers with nothing, not with an error.
        let found = read!(self, "GetBucketVersioning", get_bucket_versioning, []);
        let status = found.and_then(|found| found.status);
        let wanted = Wanted::Versioning(Some(Versioning { enabled: true, mfa_delete: false }));
        Ok((status != Some(BucketVersioningStatus::Enabled)).then_some(wanted))
    }

    async fn tls_only(&self) -> Result<Option<Wanted>, CodeBucketError> {
        let found = read!(self, "GetBucketPolicy", get_bucket_policy, ["NoSuchBucketPolicy"]);
        let not_json = || CodeBucketError::Policy(self.name.clone());
        let policy = match found.and_then(|found| found.policy) {
            Some(text) => serde_json::from_str(&text).map_err(|_| not_json())?,
            None => json!({ "Version": "2012-10-17", "Statement": [] }),
        };
        let merged = with_tls_only(&policy, &self.partition, &self.name).ok_or_else(not_json)?;
        Ok(merged.map(|merged| Wanted::Policy(Some(merged.to_string()))))
    }
}

/// The policy with our statement in its place and all others kept.
///
/// The outer `None` means that the policy is not one, the inner that it is already as it should be.
#[expect(clippy::option_option, reason = "the two have two meanings, and one caller")]
fn with_tls_only(policy: &Json, partition: &str, bucket: &BucketName) -> Option<Option<Json>> {
    let arn = format!("arn:{partition}:s3:::{bucket}");
    let ours = json!({
        "Sid": TLS_ONLY,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, format!("{arn}/*")],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    });
    // One statement may stand without its list.
    let mut statements = match policy.get("Statement")? {
        Json::Array(statements) => statements.clone(),
        single @ Json::Object(_) => vec![single.clone()],
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => return None,
    };
    if statements.contains(&ours) {
        return Some(None);
    }
    statements.retain(|statement| statement["Sid"] != TLS_ONLY);
    statements.push(ours);
    let mut merged = policy.clone();
    merged["Statement"] = Json::Array(statements);
    Some(Some(merged))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tls_statement_is_added_once_and_other_statements_stay() {
        let bucket: BucketName = "code".parse().unwrap();
        let theirs = json!({ "Sid": "Theirs", "Effect": "Allow" });
        let policy = json!({ "Version": "2012-10-17", "Statement": theirs });
        let merged = with_tls_only(&policy, "aws", &bucket).unwrap().unwrap();
        assert_eq!(merged["Statement"][0], theirs);
        assert_eq!(merged["Statement"][1]["Sid"], TLS_ONLY);
        assert_eq!(with_tls_only(&merged, "aws", &bucket), Some(None));
    }

    #[test]
    fn a_weakened_statement_of_ours_is_replaced() {
        let bucket: BucketName = "code".parse().unwrap();
        let policy = json!({ "Statement": [{ "Sid": TLS_ONLY, "Effect": "Allow" }] });
        let merged = with_tls_only(&policy, "aws", &bucket).unwrap().unwrap();
        assert_eq!(merged["Statement"].as_array().map(Vec::len), Some(1));
        assert_eq!(merged["Statement"][0]["Effect"], "Deny");
    }

    #[test]
    fn what_is_no_policy_is_not_overwritten() {
        let bucket: BucketName = "code".parse().unwrap();
        assert_eq!(with_tls_only(&json!("text"), "aws", &bucket), None);
        assert_eq!(with_tls_only(&json!({ "Statement": "text" }), "aws", &bucket), None);
    }
}
