//! What is found in a bucket, and why something is left as it is.

use std::fmt;

use time::Date;

use crate::model::setting::{Setting, SettingKind};
use crate::{Aspect, Grade, KeyArn, Question, Region};

/// What a bucket has that the baseline does not want, or wants and cannot have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Something is weaker than wanted, and this write mends it.
    Weak {
        /// What.
        aspect: Aspect,
        /// What there is, in words.
        was: String,
        /// What there should be.
        mend: Setting,
    },
    /// Something is weaker than wanted, and may be mended later.
    Later {
        /// What.
        aspect: Aspect,
        /// What is waited for.
        because: WaitBecause,
    },
    /// Something is not as wanted and stays so, for a reason.
    Left {
        /// What.
        aspect: Aspect,
        /// Why.
        because: LeftBecause,
    },
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitBecause {
    /// `CloudFormation` is making the bucket: its own policy could not be made if there were one.
    StackInProgress,
}

impl fmt::Display for WaitBecause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StackInProgress => f.write_str(
                "CloudFormation is still at work on the bucket's stack, which may bring a policy",
            ),
        }
    }
}

impl Finding {
    /// The aspect that it is about.
    pub const fn aspect(&self) -> Aspect {
        match self {
            Self::Weak { aspect, .. } | Self::Later { aspect, .. } | Self::Left { aspect, .. } => {
                *aspect
            }
        }
    }

    /// What kind of write would mend it, if any would.
    pub const fn mended_by(&self) -> Option<SettingKind> {
        match self {
            Self::Weak { mend, .. } => Some(mend.kind()),
            Self::Later { .. } | Self::Left { .. } => None,
        }
    }
}

/// Why a setting is left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftBecause {
    /// We may not read this, and what cannot be seen is not changed.
    NotReadable(Question),
    /// It is only to be told.
    ReportOnly(String),
    /// Somebody has undone it, until this day.
    Undone(Date),
    /// The guard has written this setting too often within an hour: this many times.
    TooManyWrites(SettingKind, u32),
    /// The default encryption is one that we do not know.
    UnknownAlgorithm(String),
    /// The grade needs a key, and none is configured for the Region.
    NoKey(Grade, Region),
    /// The wanted key cannot be used, for this reason.
    KeyUnusable(KeyArn, String),
    /// The key belongs to another account.
    ForeignKey(String),
    /// The policy lets AWS services or other accounts in, who would need the key as well.
    Outsiders,
    /// S3 delivers access logs here, and may not be able to use the key.
    LogTarget,
    /// The bucket is a website.
    Website,
    /// The bucket is a website, whose endpoint speaks no TLS.
    WebsiteWithoutTls,
    /// The bucket's policy makes it public.
    PublicPolicy,
    /// The bucket's ACL makes it public.
    PublicAcl,
    /// The policy is no JSON object.
    PolicyNotUnderstood,
    /// The policy would become larger than S3 takes.
    PolicyTooLarge(usize),
    /// ACLs count, so an object can be public by its own.
    PublicObjects,
    /// ACLs count, so an object can be granted to others by its own.
    SharedObjects,
    /// SSE-C was left open, as where it is in use.
    SseCInUse,
    /// `CloudFormation` has made the bucket, and could not add a policy of its own beside this first one.
    OfStack(String),
    /// The ACL grants something to others, who would be locked out.
    AclGrantsOthers,
    /// Only root, with a second factor, can change it.
    MfaDelete,
    /// There is no log bucket of ours in the Region.
    NoLogBucket(Region),
    /// The notifications have an element that we do not know.
    UnknownNotifications(String),
    /// `CloudFormation` has not finished with the bucket's stack for hours.
    StackNeverFinished,
}

impl LeftBecause {
    /// What the template of the bucket's stack should say, where that is left to it.
    pub fn for_the_stack(&self) -> Option<Setting> {
        if let Self::OfStack(policy) = self {
            Some(Setting::Policy(Some(policy.clone())))
        } else {
            None
        }
    }

    /// Whether the bucket is open to the public, or about to be.
    pub const fn leaves_public(&self) -> bool {
        matches!(self, Self::PublicPolicy | Self::PublicAcl | Self::Website)
    }
}

impl fmt::Display for LeftBecause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReadable(question) => write!(
                f,
                "not everything could be read (`{}` is denied), so nothing that depends on it was changed",
                question.permission().0
            ),
            Self::ReportOnly(what) => write!(f, "{what}; it is only reported, as configured"),
            Self::Undone(until) => write!(f, "it was undone, and stays so until {until}"),
            Self::TooManyWrites(_, writes) => write!(
                f,
                "s3guard has written it {writes} times within an hour, and has stopped until the hour is over"
            ),
            Self::UnknownAlgorithm(name) => {
                write!(f, "default encryption is `{name}`, which s3guard does not know; it was left")
            }
            Self::NoKey(grade, region) => write!(
                f,
                "the grade {grade} needs a KMS key, and none is configured for {region}; its encryption was not raised"
            ),
            Self::KeyUnusable(key, why) => {
                write!(f, "the key {key} cannot be used: {why}; its encryption was not raised")
            }
            Self::ForeignKey(key) => write!(
                f,
                "it is encrypted with a key of another account, {key}: whoever owns that key decides who can read"
            ),
            Self::Outsiders => f.write_str(
                "its policy lets AWS services or other accounts in, and they may not be able to use the key; its \
                 encryption was not raised",
            ),
            Self::LogTarget => f.write_str(
                "S3 delivers access logs to it, and may not be able to use the key; its encryption was not raised",
            ),
            Self::Website => f.write_str("it is a website, so public access was left open"),
            Self::WebsiteWithoutTls => f.write_str(
                "it is a website, whose endpoint speaks plain HTTP only, so plain HTTP was left open",
            ),
            Self::PublicPolicy => {
                f.write_str("its policy makes it public, so public access was left open")
            }
            Self::PublicAcl => f.write_str("its ACL makes it public, so public access was left open"),
            Self::PolicyNotUnderstood => {
                f.write_str("its policy is not understood, so nothing was added to it")
            }
            Self::PolicyTooLarge(bytes) => write!(
                f,
                "its policy would have {bytes} bytes with the statement, and S3 takes 20480; nothing was added to it"
            ),
            Self::PublicObjects => f.write_str(
                "ACLs count in it, and an object may be public by its own, so BlockPublicAcls and IgnorePublicAcls were \
                 left as they are: look at its objects' ACLs, then set its ownership to BucketOwnerEnforced, or say \
                 `public-access = \"keep\"` for it in s3guard.toml",
            ),
            Self::SharedObjects => f.write_str(
                "ACLs count in it, and an object may be granted to others by its own, so ACLs were not switched off: look \
                 at its objects' ACLs, then set BucketOwnerEnforced, or say `ownership = \"keep\"` for it in s3guard.toml",
            ),
            Self::SseCInUse => f.write_str(
                "S3 blocks SSE-C by itself where nobody uses it, and left it open here, so it was not blocked: if nobody \
                 needs it, block it, or say `sse-c = \"keep\"` for the bucket in s3guard.toml",
            ),
            Self::OfStack(_) => f.write_str(
                "CloudFormation made it, and its stack could not add a policy of its own beside a first one of ours, so \
                 none was written: add it to the template, or say `tls = \"keep\"` for the bucket in s3guard.toml",
            ),
            Self::AclGrantsOthers => {
                f.write_str("its ACL grants something to others, so ACLs were not switched off")
            }
            Self::MfaDelete => {
                f.write_str("it has MFA delete, so only root can change its versioning, with a second factor")
            }
            Self::NoLogBucket(region) => {
                write!(f, "there is no log bucket of the stack in {region}; access is not logged")
            }
            Self::UnknownNotifications(element) => write!(
                f,
                "its notifications have an element `{element}` that s3guard does not know; they were left"
            ),
            Self::StackNeverFinished => f.write_str(
                "CloudFormation has been at work on its stack for hours; the sweep will look at its policy again",
            ),
        }
    }
}
