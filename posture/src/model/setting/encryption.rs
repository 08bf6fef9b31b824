//! Default encryption.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A bucket's default encryption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Encryption {
    /// How new objects are encrypted, and with which key.
    pub algorithm: Algorithm,
    /// Whether S3 uses a bucket key, which saves up to 99 percent of the calls to KMS.
    pub bucket_key: bool,
    /// Whether uploads with SSE-C are blocked.
    #[serde(rename = "sseCUploads")]
    pub sse_c: SseC,
}

/// How new objects are encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Algorithm {
    /// `AES256`: with keys of S3, the minimum of every bucket since 2023.
    SseS3,
    /// `aws:kms`: with a key in KMS.
    Kms(Key),
    /// `aws:kms:dsse`: in two layers, with a key in KMS.
    Dsse(Key),
    /// Another one, which is left unchanged.
    Other(String),
}

/// Which KMS key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Key {
    /// `aws/s3`, the AWS managed key, whose policy cannot be changed.
    AwsManaged,
    /// A key by ARN, id or alias, as it was set.
    Named(String),
}

/// Whether uploads with SSE-C are blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SseC {
    /// They are: the default of new buckets since April 2026.
    Blocked,
    /// They are accepted, by an explicit `NONE`.
    Allowed,
    /// Not set, as in older buckets, so they are accepted.
    NotSaid,
}

impl Algorithm {
    /// The name, as S3 spells it.
    pub fn name(&self) -> &str {
        match self {
            Self::SseS3 => "AES256",
            Self::Kms(_) => "aws:kms",
            Self::Dsse(_) => "aws:kms:dsse",
            Self::Other(name) => name,
        }
    }

    /// The KMS key, if there is one.
    pub fn key(&self) -> Option<&Key> {
        match self {
            Self::Kms(key) | Self::Dsse(key) => Some(key),
            Self::SseS3 | Self::Other(_) => None,
        }
    }
}

impl fmt::Display for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.algorithm {
            Algorithm::SseS3 => f.write_str("SSE-S3")?,
            Algorithm::Kms(key) => write!(f, "SSE-KMS with {key}")?,
            Algorithm::Dsse(key) => write!(f, "DSSE-KMS with {key}")?,
            Algorithm::Other(name) => write!(f, "`{name}`")?,
        }
        if self.bucket_key && self.algorithm.key().is_some() {
            f.write_str(", bucket key on")?;
        }
        f.write_str(match self.sse_c {
            SseC::Blocked => ", SSE-C blocked",
            SseC::Allowed | SseC::NotSaid => ", SSE-C not blocked",
        })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AwsManaged => f.write_str("the key that AWS manages"),
            Self::Named(name) => write!(f, "key {name}"),
        }
    }
}
