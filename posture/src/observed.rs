//! What a bucket is, as far as we could see.

use std::fmt;

use crate::Region;

/// What came of reading one setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading<T> {
    /// Nobody has asked yet.
    #[default]
    Unread,
    /// It is set to this.
    Known(T),
    /// It is not set: S3 answers with a "no such configuration" code.
    Absent,
    /// We may not read it. It is reported and never changed.
    Denied,
}

impl<T> Reading<T> {
    /// The value, if it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unread | Self::Absent | Self::Denied => None,
        }
    }

    /// The reading of a part: a part that is not there is [`Reading::Absent`].
    pub fn and_then<U>(self, part: impl FnOnce(T) -> Option<U>) -> Reading<U> {
        match self {
            Self::Known(value) => part(value).map_or(Reading::Absent, Reading::Known),
            Self::Unread => Reading::Unread,
            Self::Absent => Reading::Absent,
            Self::Denied => Reading::Denied,
        }
    }

    /// A reading of the same thing, by reference.
    pub fn as_ref(&self) -> Reading<&T> {
        match self {
            Self::Known(value) => Reading::Known(value),
            Self::Unread => Reading::Unread,
            Self::Absent => Reading::Absent,
            Self::Denied => Reading::Denied,
        }
    }

    /// Whether nobody has asked yet.
    pub fn is_unread(&self) -> bool {
        matches!(self, Self::Unread)
    }
}

/// What was seen of one bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Where the bucket is.
    pub region: Region,
    /// Its default encryption.
    pub encryption: Reading<Encryption>,
    /// Its own public access block; the account's is not counted.
    pub public_access_block: Reading<PublicAccessBlock>,
    /// Whether its policy gives access to the public, as S3 itself judges it.
    pub policy_is_public: Reading<bool>,
    /// Whether its ACL gives access to everybody, or to everybody with an AWS account.
    pub acl_is_public: Reading<bool>,
    /// Whether it is set up as a website.
    pub website: Reading<()>,
    /// Whether its policy lets somebody else in who would then need the key too: see [`crate::policy`].
    pub policy_admits_outsiders: Reading<bool>,
    /// Whether its ACL lets S3's log delivery group write.
    pub acl_admits_log_delivery: Reading<bool>,
}

impl Observed {
    /// A bucket of which nothing was read yet.
    pub fn unread(region: Region) -> Self {
        Self {
            region,
            encryption: Reading::Unread,
            public_access_block: Reading::Unread,
            policy_is_public: Reading::Unread,
            acl_is_public: Reading::Unread,
            website: Reading::Unread,
            policy_admits_outsiders: Reading::Unread,
            acl_admits_log_delivery: Reading::Unread,
        }
    }
}

/// A bucket's default encryption, whole: a write replaces all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// How new objects are encrypted, and with which key.
    pub algorithm: Algorithm,
    /// Whether S3 uses a bucket key, which makes up to 99 percent fewer calls to KMS.
    pub bucket_key: bool,
    /// Whether uploads with a key that the client brings are refused.
    pub sse_c: SseC,
}

/// How new objects are encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// `AES256`: with keys of S3. What every bucket has since 2023.
    SseS3,
    /// `aws:kms`: with a key in KMS.
    Kms(Key),
    /// `aws:kms:dsse`: twice, with a key in KMS.
    Dsse(Key),
    /// Another one, as S3 spells it. It is left alone.
    Other(String),
}

/// Which KMS key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// `aws/s3`, which AWS manages: nobody can change who may use it.
    AwsManaged,
    /// A key by ARN, id or alias, just as it was set.
    Named(String),
}

/// What happens to an upload with SSE-C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SseC {
    /// It is refused: the default of new buckets since April 2026.
    Blocked,
    /// It is taken, by an explicit `NONE`.
    Allowed,
    /// S3 says nothing about it, as for older buckets: it is taken.
    NotSaid,
}

impl Algorithm {
    /// The order of strength: SSE-S3, KMS, DSSE; unknown algorithms have none.
    pub fn strength(&self) -> Option<u8> {
        match self {
            Self::SseS3 => Some(1),
            Self::Kms(_) => Some(2),
            Self::Dsse(_) => Some(3),
            Self::Other(_) => None,
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

/// The four switches of a public access block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "S3 has four independent switches")]
pub struct PublicAccessBlock {
    /// New public ACLs are refused.
    pub block_public_acls: bool,
    /// Public ACLs that exist count for nothing.
    pub ignore_public_acls: bool,
    /// New public policies are refused.
    pub block_public_policy: bool,
    /// A public policy gives access to this account and AWS services only.
    pub restrict_public_buckets: bool,
}

impl PublicAccessBlock {
    /// All four switches on.
    pub const ALL: Self = Self {
        block_public_acls: true,
        ignore_public_acls: true,
        block_public_policy: true,
        restrict_public_buckets: true,
    };

    /// The switches with their names, as S3 spells them.
    pub const fn switches(self) -> [(&'static str, bool); 4] {
        [
            ("BlockPublicAcls", self.block_public_acls),
            ("IgnorePublicAcls", self.ignore_public_acls),
            ("BlockPublicPolicy", self.block_public_policy),
            ("RestrictPublicBuckets", self.restrict_public_buckets),
        ]
    }
}

impl fmt::Display for PublicAccessBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let off: Vec<&str> =
            self.switches().into_iter().filter(|(_, on)| !on).map(|(name, _)| name).collect();
        match off.len() {
            0 => f.write_str("on"),
            4 => f.write_str("off"),
            _ => write!(f, "partly off ({})", off.join(", ")),
        }
    }
}
