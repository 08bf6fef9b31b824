//! What is found in a bucket, the writes that remediate it, and why something is not remediated.

use std::fmt;

use thiserror::Error;
use time::Date;

use crate::model::effect::SettingChange;
use crate::model::own_bucket::NOT_BY_A_DEPLOYER;
use crate::model::refusal::{RefusedWrite, Unreadable};
use crate::model::setting::{Setting, SettingKind};
use crate::model::severity::Severity;
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

/// The `Sid` of our statement that denies TLS older than 1.2.
pub(crate) const TLS_12: &str = "S3GuardTls12";

/// What is said of an account whose key is not written.
pub const NOT_TRUSTED: &str = "which is neither this account nor trusted";

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

    /// Whether the bucket has, or had, a key of an account that is not trusted.
    pub fn is_foreign_key(&self) -> bool {
        match self {
            Self::Weak { was, .. } => was.ends_with(NOT_TRUSTED),
            Self::NotRemediated { reason, .. } => matches!(reason, Reason::ForeignKey { .. }),
            Self::Later { .. } => false,
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
    #[error("{0}; only reported (mode \"report\")")]
    ReportOnly(String),
    // A setting that s3guard never writes.
    #[error("{0}; s3guard does not change it: check that it is meant")]
    NeverWritten(String),
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
        "new objects are encrypted with key {key} of account {account}, {NOT_TRUSTED}: that account \
         decides who can read them"
    )]
    ForeignKey { key: String, account: String },
    #[error(
        "SSE-C was not blocked, because that would write a key of account {0} again, {NOT_TRUSTED}"
    )]
    SseCWithForeignKey(String),
    #[error(
        "KMS has no key {0} in the bucket's Region, so uploads without a key of their own fail"
    )]
    NoSuchKey(String),
    #[error("{0}, and they may not be able to use the key; its encryption was not raised")]
    Outsiders(String),
    #[error(
        "S3 delivers access logs to it, and may not be able to use the key; its encryption was not \
         raised"
    )]
    LogTarget,
    #[error("it is a website, whose endpoint speaks plain HTTP only, so plain HTTP was left open")]
    WebsiteWithoutTls,
    #[error(
        "its policy makes it public: close it with \
         `public-access = \"enforce\"`, or allow it with `public = true` and a reason in a rule of \
         s3guard.toml"
    )]
    PublicPolicy,
    #[error(
        "its ACL makes it public: close it with \
         `public-access = \"enforce\"`, or allow it with `public = true` and a reason in a rule of \
         s3guard.toml"
    )]
    PublicAcl,
    #[error(
        "its policy could not be parsed, or has a key twice, so nothing was added to it: put it \
         again with each key once"
    )]
    PolicyNotUnderstood,
    #[error(
        "its policy would have {0} bytes with the shortest statement, and S3 takes 20480; nothing \
         was added to it: shorten it, such as by account ids in place of `arn:aws:iam::…:root`, or \
         deny plain HTTP by a resource control policy of the organization"
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
        "its policy lets others in: {1}; remove what is not meant, or trust accounts, organizations and \
         canonical ids in s3guard.toml"
    )]
    LetsOthersIn(Severity, String),
    #[error(
        "its policy is public, and only the public access block keeps out whom it names: {1}; remove \
         its public statements"
    )]
    KeptOut(Severity, String),
    #[error("{0}; if that is meant, trust the account in s3guard.toml")]
    SentElsewhere(String),
    #[error(
        "{0}, {NOT_BY_A_DEPLOYER}: check it, and deploy the stack again if it is not as it should be"
    )]
    NotByADeployer(String),
    #[error(
        "{0}. Nothing was added to the policy: with a statement of s3guard it would deny these \
         requests whether they come by TLS or not"
    )]
    DeniesTls(String),
    #[error(
        "no principal can reach this bucket, and only the root user of the account can delete its \
         policy: {0}"
    )]
    DeniesEveryRequest(String),
    #[error(
        "statements of its policy are gone, because s3guard and another party wrote it at the same \
         time: {names}; check them, and add them again if they should be there"
    )]
    StatementsLost { names: String, statements: String },
    #[error("{0}")]
    Refused(Box<RefusedWrite>),
    #[error("{0}")]
    Unreadable(Box<Unreadable>),
    #[error(
        "its policy names roles or users that do not exist any more ({}), and S3 takes no policy with them, so nothing was \
         added: remove them, then s3guard adds its statement", .0.join(", ")
    )]
    DeletedPrincipals(Vec<String>),
    #[error(
        "its policy is public, and the public access block makes it void: S3 takes no change of it while BlockPublicPolicy is \
         on, so nothing was added: remove its public statements, or delete the policy"
    )]
    VoidPolicy,
    #[error(
        "its policy is public, and S3 takes no change of it while BlockPublicPolicy is on, so nothing was added: remove its \
         public statements, or turn RestrictPublicBuckets on"
    )]
    PublicPolicyKept,
    #[error("closed by the account's public access block; the bucket's own could not be set ({0})")]
    ClosedByAccount(String),
    #[error("the organization decides the account's public access block; it was left ({0})")]
    OrganizationDecides(String),
    #[error(
        "it has the name of a bucket of AWS Control Tower, which lets no other principal change it, so only its public \
         access is guarded"
    )]
    OfControlTower,
    #[error(
        "{was}, and it may be in use, so it was left without {}: {}; to change it, set \
         `{} = \"enforce\"` for it in s3guard.toml",
        .change.row().what, .change.row().why, .change.row().aspect
    )]
    InUse { change: SettingChange, was: String },
    #[error(
        "objects are replicated from it without `SseKmsEncryptedObjects`, and would not be copied \
         any more; its encryption was not raised"
    )]
    ReplicatesWithoutKms,
    #[error(
        "its policy denies uploads without {0}, so it was left: change that statement first, or set \
         `enforce` for it in s3guard.toml"
    )]
    PolicyDemands(String),
    // A protection that was on and is off, or weaker: what is now, and what was.
    #[error("{0}")]
    SwitchedOff(String),
    // Reported by the event of a call alone.
    #[error("{0}; s3guard does not change it: check that it is meant")]
    ByEvent(String),
    // Tags of the bucket exempt it, or lower what is wanted.
    #[error("a tag of the bucket counts from now on: {0}")]
    LoweredByTag(String),
    // What the event of a call says of a setting that cannot be read.
    #[error("{what}, as the event of {call} says; s3guard cannot read it, so it was not changed")]
    Shown { severity: Severity, call: String, what: String },
    #[error(
        "the bucket was deleted; {0}. Another account can take its name, and then serves what is \
         requested there: remove its DNS records and CloudFront origins"
    )]
    NameIsFree(String),
    #[error("the key {0} {1}: what it encrypts, in every bucket, cannot be read without it")]
    KeyLost(String, &'static str),
}

impl Reason {
    /// The severity that a notification about it has at least.
    pub const fn severity(&self) -> Severity {
        if let Self::LetsOthersIn(severity, _)
        | Self::KeptOut(severity, _)
        | Self::Shown { severity, .. } = self
        {
            return *severity;
        }
        if matches!(self, Self::DeniesEveryRequest(_)) {
            Severity::Critical
        } else if matches!(
            self,
            Self::DeniesTls(_)
                | Self::StatementsLost { .. }
                | Self::SentElsewhere(_)
                | Self::NameIsFree(_)
                | Self::KeyLost(..)
        ) {
            Severity::High
        } else {
            Severity::Info
        }
    }

    /// The setting that the template of the bucket's stack should have, if it is left to the stack.
    pub fn for_the_stack(&self) -> Option<Setting> {
        let Self::OfStack(policy) = self else { return None };
        Some(Setting::Policy(Some(policy.clone())))
    }

    /// The statements that have to be added to the bucket's policy again, as JSON.
    pub fn lost_statements(&self) -> Option<&str> {
        if let Self::StatementsLost { statements, .. } = self { Some(statements) } else { None }
    }

    /// What AWS refuses, without what the judgement of other aspects adds to it: the same for a call and for a sweep.
    pub fn refusal(&self) -> Option<String> {
        if let Self::Refused(write) = self {
            return Some(write.head());
        }
        let Self::Unreadable(reads) = self else { return None };
        Some(reads.head())
    }

    /// Whether AWS refuses the write that would remediate it.
    pub const fn is_refused(&self) -> bool {
        matches!(self, Self::Refused(_))
    }

    /// Whether it says that a setting of the bucket cannot be read.
    pub fn is_blind(&self) -> bool {
        let is_of_bucket = matches!(self, Self::NotReadable(question) if question.is_of_bucket());
        is_of_bucket || matches!(self, Self::Unreadable(_))
    }

    /// Whether the guard cannot read the bucket because its policy names the guard's role in a deny.
    pub fn is_blinded_by_name(&self) -> bool {
        matches!(self, Self::Unreadable(reads) if reads.names_role)
    }

    /// The same as a warning, if it is changed all the same.
    pub fn warning(&self) -> String {
        if let Self::PolicyDemands(what) = self {
            format!("its policy denies uploads without {what}: check that clients can upload")
        } else if *self == Self::ReplicatesWithoutKms {
            "objects are replicated from it without `SseKmsEncryptedObjects`: new ones are no longer copied"
                .to_owned()
        } else {
            self.to_string()
        }
    }

    /// Whether it is reported by the event of its call only: no sweep finds it again.
    pub const fn is_of_event(&self) -> bool {
        matches!(
            self,
            Self::SwitchedOff(_)
                | Self::ByEvent(_)
                | Self::Shown { .. }
                | Self::LoweredByTag(_)
                | Self::NameIsFree(_)
                | Self::KeyLost(..)
        )
    }

    /// Whether the bucket is public, or may become so.
    pub const fn leaves_public(&self) -> bool {
        matches!(self, Self::PublicPolicy | Self::PublicAcl | Self::PublicPolicyKept)
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
        if let Setting::Policy(Some(text)) = &self.set
            && !self.restores_policy()
        {
            let version = if text.contains(TLS_12) { " 1.2 or newer" } else { "" };
            return write!(f, "bucket policy: everything without TLS{version} is denied");
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
