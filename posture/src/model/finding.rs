//! What is found in a bucket, the writes that remediate it, and why something is not remediated.

use std::fmt;

use thiserror::Error;
use time::Date;

use crate::model::own_bucket::NOT_BY_A_DEPLOYER;
use crate::model::setting::{Setting, SettingKind};
use crate::{Aspect, Grade, KeyArn, Question, Region};

/// A difference between a bucket and its baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Something is weaker than wanted, and this write remediates it.
    Weak {
        /// What.
        aspect: Aspect,
        /// The current value, in words.
        was: String,
        /// The wanted setting.
        remediate: Setting,
    },
    /// Something is weaker than wanted, and is reconciled again when the bucket's stack is done.
    Later {
        /// What.
        aspect: Aspect,
    },
    /// Something is not as wanted and is not remediated, for a reason.
    NotRemediated {
        /// What.
        aspect: Aspect,
        /// Why.
        reason: Reason,
    },
}

/// Why something is remediated later: the bucket's own policy could not be created if there were one.
pub const STACK_IN_PROGRESS: &str =
    "CloudFormation is still at work on the bucket's stack, which may bring a policy";

impl Finding {
    /// Its aspect.
    pub const fn aspect(&self) -> Aspect {
        match self {
            Self::Weak { aspect, .. }
            | Self::Later { aspect }
            | Self::NotRemediated { aspect, .. } => *aspect,
        }
    }

    /// The setting that the guard has stopped writing, and how often it has written it.
    pub const fn stopped(&self) -> Option<(SettingKind, u32)> {
        match self {
            Self::NotRemediated { reason: Reason::TooManyWrites(kind, writes), .. } => {
                Some((*kind, *writes))
            }
            Self::NotRemediated { .. } | Self::Weak { .. } | Self::Later { .. } => None,
        }
    }

    /// The setting whose write remediates it, if there is one.
    pub const fn remediated_by(&self) -> Option<SettingKind> {
        match self {
            Self::Weak { remediate, .. } => Some(remediate.kind()),
            Self::Later { .. } | Self::NotRemediated { .. } => None,
        }
    }
}

/// Why a setting is not remediated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "each says what it is")]
pub enum Reason {
    #[error(
        "not everything could be read (`{}` is denied), so nothing that depends on it was changed",
        .0.permission().0
    )]
    NotReadable(Question),
    #[error("{0}; it is only reported, as configured")]
    ReportOnly(String),
    #[error("it was undone, and stays so until {0}")]
    Undone(Date),
    #[error(
        "s3guard has written it {1} times within an hour, and has stopped until the hour is over"
    )]
    TooManyWrites(SettingKind, u32),
    #[error("default encryption is `{0}`, which s3guard does not know; it was left")]
    UnknownAlgorithm(String),
    #[error(
        "the grade {0} needs a KMS key, and none is configured for {1}; its encryption was not \
         raised"
    )]
    NoKey(Grade, Region),
    #[error("the key {0} cannot be used: {1}; its encryption was not raised")]
    KeyUnusable(KeyArn, String),
    #[error(
        "it is encrypted with a key of another account, {0}: that account decides who can read \
         it"
    )]
    ForeignKey(String),
    #[error(
        "its policy lets AWS services or other accounts in, and they may not be able to use the \
         key; its encryption was not raised"
    )]
    Outsiders,
    #[error(
        "S3 delivers access logs to it, and may not be able to use the key; its encryption was not \
         raised"
    )]
    LogTarget,
    #[error("it is a website, so public access was left open")]
    Website,
    #[error("it is a website, whose endpoint speaks plain HTTP only, so plain HTTP was left open")]
    WebsiteWithoutTls,
    #[error("its policy makes it public, so public access was left open")]
    PublicPolicy,
    #[error("its ACL makes it public, so public access was left open")]
    PublicAcl,
    #[error("its policy could not be parsed, so nothing was added to it")]
    PolicyNotUnderstood,
    #[error(
        "its policy would have {0} bytes with the statement, and S3 takes 20480; nothing was added \
         to it"
    )]
    PolicyTooLarge(usize),
    #[error(
        "ACLs count in it, and an object may be public by its own ACL, so BlockPublicAcls and \
         IgnorePublicAcls were left as they are: check its objects' ACLs, then set its ownership \
         to BucketOwnerEnforced, or set `public-access = \"enforce\"` for it in s3guard.toml"
    )]
    PublicObjects,
    #[error(
        "ACLs count in it, and an object may be granted to others by its own ACL, so ACLs were not \
         switched off: check its objects' ACLs, then set BucketOwnerEnforced, or set \
         `ownership = \"enforce\"` for it in s3guard.toml"
    )]
    SharedObjects,
    #[error(
        "S3 blocks SSE-C in accounts that do not use it, and left it open here, so it was not \
         blocked: if it is not needed, block it, or set `sse-c = \"enforce\"` for the bucket in \
         s3guard.toml"
    )]
    SseCInUse,
    #[error(
        "CloudFormation made it, and its stack could not add a policy of its own beside a first \
         one of ours, so none was written: add it to the template, or set `tls = \"enforce\"` for the \
         bucket in s3guard.toml"
    )]
    OfStack(String),
    #[error("its ACL grants something to others, so ACLs were not switched off")]
    AclGrantsOthers,
    #[error("it has MFA delete, so only root can change its versioning, with a second factor")]
    MfaDelete,
    #[error("there is no log bucket of the stack in {0}; access is not logged")]
    NoLogBucket(Region),
    #[error("its notifications have an element `{0}` that s3guard does not know; they were left")]
    UnknownNotifications(String),
    #[error(
        "CloudFormation has been at work on its stack for hours; the sweep will check its policy \
         again"
    )]
    StackNeverFinished,
    #[error(
        "{0}, {NOT_BY_A_DEPLOYER}: check it, and deploy the stack again if it is not as it should be"
    )]
    NotByADeployer(String),
    // A protection that was on and is off, or weaker: what is now, and what was.
    #[error("{0}")]
    SwitchedOff(String),
    // Reported by the event of a call alone.
    #[error("{0}; s3guard changes nothing of it: check that it is meant")]
    ByEvent(String),
    #[error(
        "the bucket was deleted; {0}. Another account can take its name, and then serves what is \
         requested there: remove its DNS records and CloudFront origins"
    )]
    NameIsFree(String),
    #[error("the key {0} {1}: what it encrypts, in every bucket, cannot be read without it")]
    KeyLost(String, &'static str),
}

impl Reason {
    /// The setting that the template of the bucket's stack should have, if it is left to the stack.
    pub fn for_the_stack(&self) -> Option<Setting> {
        let Self::OfStack(policy) = self else { return None };
        Some(Setting::Policy(Some(policy.clone())))
    }

    /// Whether it is reported by the event of its call only: no sweep finds it again.
    pub const fn is_of_event(&self) -> bool {
        matches!(
            self,
            Self::SwitchedOff(_) | Self::ByEvent(_) | Self::NameIsFree(_) | Self::KeyLost(..)
        )
    }

    /// Whether something has to be done at once, although the bucket is not public.
    pub const fn is_urgent(&self) -> bool {
        matches!(self, Self::NameIsFree(_) | Self::KeyLost(..))
    }

    /// Whether the bucket is public, or may become so.
    pub const fn leaves_public(&self) -> bool {
        matches!(self, Self::PublicPolicy | Self::PublicAcl | Self::Website)
    }
}

/// One write to a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// The whole new setting.
    pub set: Setting,
    /// What it remediates.
    pub aspects: Vec<Aspect>,
}

impl Action {
    /// The setting that it writes.
    pub const fn kind(&self) -> SettingKind {
        self.set.kind()
    }

    /// Whether it puts back the whole policy of one of the stack's own buckets.
    pub fn restores_policy(&self) -> bool {
        self.aspects.contains(&Aspect::Policy)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Setting::Policy(Some(_)) = &self.set
            && !self.restores_policy()
        {
            return f.write_str("bucket policy: everything without TLS is denied");
        }
        self.set.fmt(f)
    }
}

/// The writes that remediate a bucket, in order. Empty for a compliant bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The writes, in order.
    pub actions: Vec<Action>,
}
