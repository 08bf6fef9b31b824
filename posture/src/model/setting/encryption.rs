//! Default encryption.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::AccountId;

/// The alias of the AWS managed key.
const AWS_S3: &str = "alias/aws/s3";

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
    /// The rule has no default, only what is blocked. S3 encrypts at least with its own keys.
    NotSaid,
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
    /// No key is named: S3 uses `aws/s3`, the AWS managed key, whose policy cannot be changed.
    AwsManaged,
    /// A key by ARN, id or alias, as it was set. It may be `aws/s3`, too.
    Named(String),
}

/// Whose key it is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOwner<'a> {
    /// AWS: it is `aws/s3` of the account.
    Aws,
    /// The account. KMS knows whether AWS manages it.
    Account,
    /// Another account.
    Another(&'a str),
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
    /// The name, as S3 spells it, if there is a default.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::SseS3 => Some("AES256"),
            Self::Kms(_) => Some("aws:kms"),
            Self::Dsse(_) => Some("aws:kms:dsse"),
            Self::Other(name) => Some(name),
            Self::NotSaid => None,
        }
    }

    /// The KMS key, if there is one.
    pub fn key(&self) -> Option<&Key> {
        match self {
            Self::Kms(key) | Self::Dsse(key) => Some(key),
            Self::SseS3 | Self::NotSaid | Self::Other(_) => None,
        }
    }
}

impl Key {
    /// Whose key it is for a bucket of this account, by its name alone.
    ///
    /// A name without an account is resolved in the account of who uploads, which is another one only if that account was let
    /// in.
    ///
    /// Source: Amazon S3 API Reference, `ServerSideEncryptionByDefault`.
    pub fn owner(&self, account: &AccountId) -> KeyOwner<'_> {
        let Self::Named(name) = self else { return KeyOwner::Aws };
        let resource = if name.contains(':') {
            let mut parts = name.splitn(6, ':').skip(4);
            let owner = parts.next().unwrap_or("unknown");
            if owner != account.as_str() {
                return KeyOwner::Another(owner);
            }
            parts.next().unwrap_or_default()
        } else {
            name
        };
        if resource == AWS_S3 { KeyOwner::Aws } else { KeyOwner::Account }
    }
}

impl fmt::Display for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.algorithm {
            Algorithm::SseS3 => f.write_str("SSE-S3")?,
            Algorithm::NotSaid => f.write_str("no default encryption")?,
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
