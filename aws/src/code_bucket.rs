//! The code bucket: hardened, in the stack's Region. The functions' package is uploaded to it, and the template.
//!
//! It is not part of the stack, because it must exist before the stack. Every call names the owner that it expects, so that
//! it cannot write to another account's bucket.

mod policy;
mod pruning;
mod settings;

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_s3::config::endpoint::{DefaultResolver, Params, ResolveEndpoint as _};
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::types::{BucketVersioningStatus, ChecksumMode};
use s3guard_posture::model::names::InvalidBucketName;
use s3guard_posture::model::setting::SettingKind;
use s3guard_posture::{AccountId, BucketName, Region};
use thiserror::Error;

pub use self::pruning::Used;
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
    /// Further principals that its policy names as deployers.
    pub others: BTreeSet<String>,
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
    /// The bucket's policy allows principals that are no deployers: what they upload, a deployment could run.
    #[error("the policy of bucket `{bucket}` allows {what}")]
    Admits {
        /// The bucket.
        bucket: BucketName,
        /// What it allows, and to which principal.
        what: String,
    },
    /// The bucket's policy denies the caller to change it.
    #[error("the policy of bucket `{bucket}` does not admit the caller as a deployer: {error}")]
    Locked {
        /// The bucket.
        bucket: BucketName,
        /// S3's refusal.
        error: Box<AwsError>,
    },
    /// The bucket keeps no versions, so that what was uploaded may be replaced before it is used.
    #[error("bucket `{0}` has no versioning")]
    Unversioned(BucketName),
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

    /// Creates the bucket if it does not exist, and remediates its settings. Only these principals may write to it, and
    /// those that its policy names already.
    ///
    /// Its policy is in force before anything is uploaded.
    pub async fn ensure(&self, deployers: &BTreeSet<String>) -> Result<Ensured, CodeBucketError> {
        let mut ensured = Ensured::default();
        if self.versioning().await?.is_none() {
            self.create().await?;
            ensured.created = true;
        }
        // A new bucket may not be known to every part of S3 yet.
        let is_unknown = |error: &CodeBucketError| matches!(error, CodeBucketError::Aws(error) if new_bucket::is_unknown(error));
        let lacking = async || settings::lacking(&self.bucket, deployers).await;
        let lacking = wait::retry(new_bucket::pauses(), is_unknown, lacking).await?;
        ensured.others = lacking.others;
        for setting in lacking.settings {
            let write = async || writes::apply(&self.bucket, &setting).await;
            let written = wait::retry(new_bucket::pauses(), new_bucket::is_unknown, write).await;
            match written {
                Err(error) if error.is_denied() && lacking.is_locked => {
                    let (bucket, error) = (self.name().clone(), Box::new(error));
                    return Err(CodeBucketError::Locked { bucket, error });
                }
                written => written?,
            }
            ensured.repaired.push(setting.kind());
        }
        Ok(ensured)
    }

    /// Checks that a bucket which the caller named exists, belongs to the account and keeps versions. Its settings are not
    /// changed.
    pub async fn require(&self) -> Result<(), CodeBucketError> {
        match self.versioning().await? {
            Some(true) => Ok(()),
            Some(false) => Err(CodeBucketError::Unversioned(self.name().clone())),
            None => Err(CodeBucketError::Missing(self.name().clone())),
        }
    }

    /// The version of an object, this one or else the newest, if its content has this checksum.
    pub async fn holds(
        &self,
        key: &str,
        version: Option<&str>,
        checksum: &str,
    ) -> Result<Option<String>, AwsError> {
        let Some(there) = self.head(key, version).await? else { return Ok(None) };
        // An object without a checksum was not uploaded by s3guard.
        let is_same = there.checksum_sha256() == Some(checksum);
        Ok(identified(there.version_id()).filter(|_| is_same))
    }

    /// The checksum of a version of an object (SHA-256, Base64), if the version can be read and has one.
    pub async fn checksum_of(&self, key: &str, version: &str) -> Result<Option<String>, AwsError> {
        let there = self.head(key, Some(version)).await?;
        Ok(there.and_then(|there| there.checksum_sha256))
    }

    /// Reads a version of an object, or its newest; `None` if it does not exist.
    pub async fn content(
        &self,
        key: &str,
        version: Option<&str>,
    ) -> Result<Option<Vec<u8>>, AwsError> {
        let call = on_bucket!(self.bucket, get_object).key(key);
        let answer = call.set_version_id(version.map(str::to_owned)).send().await;
        let object = self.bucket.object(key);
        let gone = ["NoSuchKey", "NoSuchVersion", "NoSuchBucket"];
        let Some(answer) = answer.optional("GetObject", &object, &gone)? else { return Ok(None) };
        let bytes = answer.body.collect().await;
        let bytes = bytes.map_err(|error| AwsError::other("GetObject", object, error))?;
        Ok(Some(bytes.into_bytes().into()))
    }

    async fn head(
        &self,
        key: &str,
        version: Option<&str>,
    ) -> Result<Option<HeadObjectOutput>, AwsError> {
        let call = on_bucket!(self.bucket, head_object).key(key);
        let call = call.set_version_id(version.map(str::to_owned));
        match call.checksum_mode(ChecksumMode::Enabled).send().await {
            Ok(there) => Ok(Some(there)),
            Err(error) => match error.raw_response().map(|answer| answer.status().as_u16()) {
                // Without s3:ListBucket S3 answers 403 for an object that does not exist.
                Some(403 | 404) => Ok(None),
                // No version has such an id, or it is a delete marker.
                Some(400 | 405) if version.is_some() => Ok(None),
                Some(_) | None => Err(AwsError::new("HeadObject", self.bucket.object(key), &error)),
            },
        }
    }

    /// Uploads an object, and returns its version; S3 rejects it if its bytes do not match the checksum (SHA-256, Base64).
    pub async fn upload(
        &self,
        key: &str,
        bytes: Vec<u8>,
        (content_type, checksum): (&str, &str),
    ) -> Result<String, CodeBucketError> {
        let limit = TimeoutConfig::builder()
            .operation_timeout(UPLOAD_LIMIT)
            .operation_attempt_timeout(UPLOAD_LIMIT)
            .build();
        let answer = on_bucket!(self.bucket, put_object)
            .key(key)
            .body(bytes.into())
            .content_type(content_type)
            .checksum_sha256(checksum)
            .customize()
            .config_override(aws_sdk_s3::config::Builder::new().timeout_config(limit))
            .send()
            .await
            .named("PutObject", self.bucket.object(key))?;
        identified(answer.version_id())
            .ok_or_else(|| CodeBucketError::Unversioned(self.name().clone()))
    }

    /// The URL by which CloudFormation reads a version of an object: always AWS's own endpoint, whatever endpoint this connection uses.
    ///
    /// The bucket is in the path, as in the AWS CLI's `cloudformation deploy`: S3's certificate does not cover a host name
    /// with a dot in the bucket's name. Source: AWS CLI, `s3uploader.py`, `to_path_style_s3_url`. S3 makes the ids of versions
    /// so that they need no escape in a URL. Source: AWS CloudFormation User Guide, "Selecting a stack template"; Amazon S3
    /// User Guide, "How S3 Versioning works".
    pub async fn url(&self, key: &str, version: &str) -> Result<String, AwsError> {
        let failed = |error| AwsError::other("ResolveEndpoint", self.bucket.object(key), error);
        let asked = Params::builder()
            .region(self.bucket.id.region.as_str())
            .bucket(self.name().as_str())
            .force_path_style(true)
            .build()
            .map_err(|error| failed(error.into()))?;
        let endpoint = DefaultResolver::new().resolve_endpoint(&asked).await.map_err(failed)?;
        Ok(format!("{}/{key}?versionId={version}", endpoint.url()))
    }

    /// Whether the bucket keeps versions; `None` if it does not exist. Unlike `HeadBucket`, the error of this call has a code.
    async fn versioning(&self) -> Result<Option<bool>, CodeBucketError> {
        let answer = on_bucket!(self.bucket, get_bucket_versioning).send().await;
        match answer.optional("GetBucketVersioning", self.bucket.object(""), &["NoSuchBucket"]) {
            Ok(found) => {
                let enabled = Some(&BucketVersioningStatus::Enabled);
                Ok(found.map(|found| found.status() == enabled))
            }
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

/// The id of a version; objects of a bucket that has, or had, no versioning have none, or the id `null`.
fn identified(version: Option<&str>) -> Option<String> {
    version.filter(|version| *version != "null").map(str::to_owned)
}

/// A SHA-256 in S3's encoding.
pub fn checksum(sha256: &[u8; 32]) -> String {
    aws_smithy_types::base64::encode(sha256)
}

#[cfg(test)]
mod tests;
