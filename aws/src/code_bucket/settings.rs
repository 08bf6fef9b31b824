//! The settings of the code bucket, each one read first and written only when it is not as it should be.

use std::fmt;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{
    BlockedEncryptionTypes, BucketVersioningStatus, EncryptionType, ObjectOwnership,
    OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration, ServerSideEncryption,
    ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
    VersioningConfiguration,
};
use s3guard_posture::BucketName;
use serde_json::{Value as Json, json};

use super::{CodeBucket, CodeBucketError};
use crate::AwsError;

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
    let call = Call {
        client: &bucket.client,
        bucket: &bucket.name,
        owner: bucket.owner.as_str(),
        partition: &bucket.partition,
    };
    match setting {
        Setting::PublicAccessBlock => call.block_public_access().await,
        Setting::Ownership => call.enforce_ownership().await,
        Setting::Encryption => call.encrypt().await,
        Setting::Versioning => call.keep_versions().await,
        Setting::TlsOnly => call.require_tls().await,
    }
}

struct Call<'a> {
    client: &'a Client,
    bucket: &'a BucketName,
    owner: &'a str,
    partition: &'a str,
}

impl Call<'_> {
    async fn block_public_access(&self) -> Result<bool, CodeBucketError> {
        let wanted = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .ignore_public_acls(true)
            .block_public_policy(true)
            .restrict_public_buckets(true)
            .build();
        let read = self.client.get_public_access_block();
        let read = read.bucket(self.bucket.as_str()).expected_bucket_owner(self.owner).send().await;
        let missing = "NoSuchPublicAccessBlockConfiguration";
        let found = self.found("GetPublicAccessBlock", missing, read)?;
        if found.and_then(|found| found.public_access_block_configuration).as_ref() == Some(&wanted)
        {
            return Ok(false);
        }
        let write = self.client.put_public_access_block();
        let write = write.bucket(self.bucket.as_str()).expected_bucket_owner(self.owner);
        let write = write.public_access_block_configuration(wanted).send().await;
        self.written("PutPublicAccessBlock", write)
    }

    async fn enforce_ownership(&self) -> Result<bool, CodeBucketError> {
        let read = self.client.get_bucket_ownership_controls();
        let read = read.bucket(self.bucket.as_str()).expected_bucket_owner(self.owner).send().await;
        let missing = "OwnershipControlsNotFoundError";
        let found = self.found("GetBucketOwnershipControls", missing, read)?;
        let rules = found.and_then(|found| found.ownership_controls);
        let is_enforced = rules.is_some_and(|controls| {
            matches!(controls.rules(), [rule] if rule.object_ownership == ObjectOwnership::BucketOwnerEnforced)
        });
        if is_enforced {
            return Ok(false);
        }
        let rule = OwnershipControlsRule::builder()
            .object_ownership(ObjectOwnership::BucketOwnerEnforced)
            .build()
            .expect("the only required field is set");
        let controls = OwnershipControls::builder().rules(rule).build();
        let write = self.client.put_bucket_ownership_controls();
        let write = write.bucket(self.bucket.as_str()).expected_bucket_owner(self.owner);
        let controls = controls.expect("the only required field is set");
        let write = write.ownership_controls(controls).send().await;
        self.written("PutBucketOwnershipControls", write)
    }

    async fn encrypt(&self) -> Result<bool, CodeBucketError> {
        let read = self.client.get_bucket_encryption();
        let read = read.bucket(self.bucket.as_str()).expected_bucket_owner(self.owner).send().await;
        let missing = "ServerSideEncryptionConfigurationNotFoundError";
        let found = self.found("GetBucketEncryption", missing, read)?;
        let rules = found.and_then(|found| found.server_side_encryption_configuration);
        let rule = rules.and_then(|configuration| configuration.rules.into_iter().next());
        let is_blocked = rule.as_ref().and_then(ServerSideEncryptionRule::blocked_encryption_types);
        let is_blocked = is_blocked
            .is_some_and(|blocked| blocked.encryption_type().contains(&EncryptionType::SseC));
        let algorithm = rule
            .as_ref()
            .and_then(|rule| Some(&rule.apply_server_side_encryption_by_default()?.sse_algorithm));
        match algorithm {
            Some(ServerSideEncryption::Aes256) if is_blocked => return Ok(false),
            Some(ServerSideEncryption::Aes256) | None => {}
            // Somebody chose a key: that is stronger, and theirs.
            Some(_) => return Ok(false),
        }
        let by_default = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(ServerSideEncryption::Aes256)
            .build()
            .expect("the only required field is set");
        let blocked = BlockedEncryptionTypes::builder().encryption_type(EncryptionType::SseC);
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(by_default)
            .blocked_encryption_types(blocked.build())
            .build();
        let configuration = ServerSideEncryptionConfiguration::builder().rules(rule).build();
        let configuration = configuration.expect("the only required field is set");
        let write = self.client.put_bucket_encryption();
        let write = write.bucket(self.bucket.as_str()).expected_bucket_owner(self.owner);
        let write = write.server_side_encryption_configuration(configuration).send().await;
        self.written("PutBucketEncryption", write)
    }

    async fn keep_versions(&self) -> Result<bool, CodeBucketError> {
        let read = self.client.get_bucket_versioning();
        let read = read.bucket(self.bucket.as_str()).expected_bucket_owner(self.owner).send().await;
        // A bucket that never had versions answers with nothing, not with an error.
        let found = self.found("GetBucketVersioning", "", read)?;
        if found.and_then(|found| found.status) == Some(BucketVersioningStatus::Enabled) {
            return Ok(false);
        }
        let versioning = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled);
        let write = self.client.put_bucket_versioning();
        let write = write.bucket(self.bucket.as_str()).expected_bucket_owner(self.owner);
        let write = write.versioning_configuration(versioning.build()).send().await;
        self.written("PutBucketVersioning", write)
    }

    async fn require_tls(&self) -> Result<bool, CodeBucketError> {
        let read = self.client.get_bucket_policy();
        let read = read.bucket(self.bucket.as_str()).expected_bucket_owner(self.owner).send().await;
        let found = self.found("GetBucketPolicy", "NoSuchBucketPolicy", read)?;
        let found = found.and_then(|found| found.policy);
        let not_json = || CodeBucketError::Policy(self.bucket.clone());
        let policy = match found.as_deref() {
            Some(text) => serde_json::from_str(text).map_err(|_| not_json())?,
            None => json!({ "Version": "2012-10-17", "Statement": [] }),
        };
        let Some(merged) =
            with_tls_only(&policy, self.partition, self.bucket).ok_or_else(not_json)?
        else {
            return Ok(false);
        };
        let write = self.client.put_bucket_policy();
        let write = write.bucket(self.bucket.as_str()).expected_bucket_owner(self.owner);
        let write = write.policy(merged.to_string()).send().await;
        self.written("PutBucketPolicy", write)
    }

    /// A reading; `missing` is the code with which S3 says that there is no such setting.
    fn found<T, E, R>(
        &self,
        call: &'static str,
        missing: &str,
        answer: Result<T, SdkError<E, R>>,
    ) -> Result<Option<T>, CodeBucketError>
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
        R: fmt::Debug + 'static,
    {
        match answer {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.code() == Some(missing) => Ok(None),
            Err(error) => Err(self.failed(call, &error)),
        }
    }

    fn written<T, E, R>(
        &self,
        call: &'static str,
        answer: Result<T, SdkError<E, R>>,
    ) -> Result<bool, CodeBucketError>
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
        R: fmt::Debug + 'static,
    {
        answer.map(|_| true).map_err(|error| self.failed(call, &error))
    }

    fn failed<E, R>(&self, call: &'static str, error: &SdkError<E, R>) -> CodeBucketError
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
        R: fmt::Debug + 'static,
    {
        AwsError::new(call, format!("bucket `{}`", self.bucket), error).into()
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
