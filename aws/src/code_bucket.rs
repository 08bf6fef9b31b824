//! The code bucket: hardened, in the stack's Region. The functions' package is uploaded to it, and the template.
//!
//! It is not part of the stack, because it must exist before the stack. Every call names the owner that it expects, so that
//! it cannot write to another account's bucket.

mod pruning;
mod settings;

use std::time::Duration;

use aws_sdk_s3::config::endpoint::{DefaultResolver, Params, ResolveEndpoint as _};
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::types::ChecksumMode;
use s3guard_posture::model::names::InvalidBucketName;
use s3guard_posture::model::setting::SettingKind;
use s3guard_posture::{AccountId, BucketName, Region};
use thiserror::Error;

use crate::bucket::Bucket;
use crate::buckets::writes;
use crate::error::Answer as _;
use crate::identity::Identity;
use crate::{AwsError, Connection, new_bucket, wait};

/// The time limit of an upload: the connection's own limit is for small calls.
const UPLOAD_LIMIT: Duration = Duration::from_mins(10);

/// The code bucket of an account and Region.
#[derive(Clone, Debug)]
pub struct CodeBucket {
    bucket: Bucket,
}

/// What was done to the bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ensured {
    /// Whether the bucket was created.
    pub created: bool,
    /// The settings that were remediated.
    pub repaired: Vec<SettingKind>,
}

/// Why the code bucket cannot be used.
#[derive(Debug, Error)]
pub enum CodeBucketError {
    /// A call failed.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// The name is taken by another account.
    #[error("bucket `{0}` belongs to another account")]
    Foreign(BucketName),
    /// The caller may not read the bucket, or it belongs to another account: S3 does not say which.
    #[error("the bucket may not be read, or belongs to another account: {0}")]
    Denied(AwsError),
    /// A bucket that the caller named does not exist.
    #[error("bucket `{0}` does not exist")]
    Missing(BucketName),
    /// The bucket is in another Region.
    #[error("the bucket is in another Region: {0}")]
    Elsewhere(AwsError),
    /// The bucket's policy is not JSON.
    #[error("the policy of bucket `{0}` is not JSON")]
    Policy(BucketName),
}

impl CodeBucket {
    /// The bucket's name in an account and Region, which only this account can have.
    ///
    /// Source: Amazon S3 User Guide, "Account regional namespaces for general purpose buckets".
    pub fn standard_name(
        owner: &AccountId,
        region: &Region,
    ) -> Result<BucketName, InvalidBucketName> {
        format!("s3guard-code-{owner}-{region}-an").parse()
    }

    /// A bucket of the account; it may not exist yet.
    pub fn new(connection: &Connection, name: BucketName, caller: &Identity) -> Self {
        Self { bucket: Bucket::new(connection, name, caller.account.clone()) }
    }

    /// The bucket's name.
    pub fn name(&self) -> &BucketName {
        &self.bucket.id.name
    }

    /// Creates the bucket if it does not exist, and remediates its settings.
    pub async fn ensure(&self) -> Result<Ensured, CodeBucketError> {
        let mut ensured = Ensured::default();
        if !self.exists().await? {
            self.create().await?;
            ensured.created = true;
        }
        // A new bucket may not be known to every part of S3 yet.
        let is_unknown = |error: &CodeBucketError| matches!(error, CodeBucketError::Aws(error) if new_bucket::is_unknown(error));
        let lacking = async || settings::lacking(&self.bucket).await;
        for setting in wait::retry(new_bucket::pauses(), is_unknown, lacking).await? {
            let write = async || writes::apply(&self.bucket, &setting).await;
            wait::retry(new_bucket::pauses(), new_bucket::is_unknown, write).await?;
            ensured.repaired.push(setting.kind());
        }
        Ok(ensured)
    }

    /// Checks that a bucket which the caller named exists and belongs to the account. Its settings are not changed.
    pub async fn require(&self) -> Result<(), CodeBucketError> {
        if self.exists().await? {
            Ok(())
        } else {
            Err(CodeBucketError::Missing(self.name().clone()))
        }
    }

    /// Whether the bucket already has an object with this content.
    pub async fn holds(&self, key: &str, bytes: &[u8], checksum: &str) -> Result<bool, AwsError> {
        let call =
            on_bucket!(self.bucket, head_object).key(key).checksum_mode(ChecksumMode::Enabled);
        let answer = call.send().await;
        match answer {
            Ok(there) => Ok(there.content_length().and_then(|n| usize::try_from(n).ok())
                == Some(bytes.len())
                // An object without a checksum was not uploaded by s3guard.
                && there.checksum_sha256() == Some(checksum)),
            Err(error) => match error.raw_response().map(|answer| answer.status().as_u16()) {
                // Without s3:ListBucket S3 answers 403 for an object that does not exist.
                Some(403 | 404) => Ok(false),
                Some(_) | None => Err(AwsError::new("HeadObject", self.bucket.object(key), &error)),
            },
        }
    }

    /// Uploads an object; S3 rejects it if its bytes do not match the checksum (SHA-256, Base64).
    pub async fn upload(
        &self,
        key: &str,
        bytes: Vec<u8>,
        (content_type, checksum): (&str, &str),
    ) -> Result<(), AwsError> {
        let limit = TimeoutConfig::builder()
            .operation_timeout(UPLOAD_LIMIT)
            .operation_attempt_timeout(UPLOAD_LIMIT)
            .build();
        on_bucket!(self.bucket, put_object)
            .key(key)
            .body(bytes.into())
            .content_type(content_type)
            .checksum_sha256(checksum)
            .customize()
            .config_override(aws_sdk_s3::config::Builder::new().timeout_config(limit))
            .send()
            .await
            .named("PutObject", self.bucket.object(key))
            .map(drop)
    }

    /// The URL by which CloudFormation reads an object: always AWS's own endpoint, whatever endpoint this connection uses.
    ///
    /// The bucket is in the path, as in the AWS CLI's `cloudformation deploy`: S3's certificate does not cover a host name
    /// with a dot in the bucket's name. Source: AWS CLI, `s3uploader.py`, `to_path_style_s3_url`.
    pub async fn url(&self, key: &str) -> Result<String, AwsError> {
        let failed = |error| AwsError::other("ResolveEndpoint", self.bucket.object(key), error);
        let asked = Params::builder()
            .region(self.bucket.id.region.as_str())
            .bucket(self.name().as_str())
            .force_path_style(true)
            .build()
            .map_err(|error| failed(error.into()))?;
        let endpoint = DefaultResolver::new().resolve_endpoint(&asked).await.map_err(failed)?;
        Ok(format!("{}/{key}", endpoint.url()))
    }

    /// Reads a setting: unlike `HeadBucket`, its error has a code.
    async fn exists(&self) -> Result<bool, CodeBucketError> {
        let answer = on_bucket!(self.bucket, get_bucket_versioning).send().await;
        match answer.optional("GetBucketVersioning", self.bucket.object(""), &["NoSuchBucket"]) {
            Ok(found) => Ok(found.is_some()),
            Err(error) if error.is_denied() => Err(CodeBucketError::Denied(error)),
            Err(error) => Err(Self::explain(error)),
        }
    }

    async fn create(&self) -> Result<(), CodeBucketError> {
        match new_bucket::create(&self.bucket).await {
            // Another caller of the same account has just created it.
            Err(error) if error.code() == Some("BucketAlreadyOwnedByYou") => Ok(()),
            Err(error) if error.code() == Some("BucketAlreadyExists") => {
                Err(CodeBucketError::Foreign(self.name().clone()))
            }
            answer => answer.map_err(Self::explain),
        }
    }

    /// Distinguishes a bucket in another Region from other failures.
    ///
    /// Source: Amazon S3 API Reference, "Error responses".
    fn explain(error: AwsError) -> CodeBucketError {
        let elsewhere = [
            "PermanentRedirect",
            "AuthorizationHeaderMalformed",
            "IllegalLocationConstraintException",
        ];
        if error.code().is_some_and(|code| elsewhere.contains(&code)) {
            return CodeBucketError::Elsewhere(error);
        }
        error.into()
    }
}

/// A SHA-256 in S3's encoding.
pub fn checksum(sha256: &[u8; 32]) -> String {
    aws_smithy_types::base64::encode(sha256)
}

#[cfg(test)]
mod tests;
