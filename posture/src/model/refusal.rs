//! Why AWS refuses a call for good: the same call is refused again, until its cause is gone.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::Duration;

use crate::model::policy::{Denying, Exception};
use crate::{BucketName, Question, SettingKind};

/// The most characters of AWS's words.
const WORDS_MAX: usize = 240;
/// The most calls that are named.
const CALLS_MAX: usize = 4;

/// A call that AWS refuses for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The API operation.
    pub call: String,
    /// AWS's code.
    pub code: String,
    /// AWS's words, without what differs in each answer.
    pub words: String,
    /// Why.
    pub cause: Cause,
}

/// Why AWS refuses a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The bucket's policy denies it.
    BucketPolicy,
    /// A service control policy of the organization does not allow it.
    ServiceControlPolicy,
    /// A resource control policy of the organization denies it.
    ResourceControlPolicy,
    /// The organization decides the setting of the account.
    Organization,
    /// A policy of the guard's role denies it, as that of a pause does.
    OwnRole,
    /// The policy that is put is public, and the public access block rejects public policies.
    BlockPublicPolicy,
    /// The bucket's ACL, as it is stored, grants something to others.
    StoredAcl,
    /// The policy names a principal that does not exist.
    InvalidPrincipal,
    /// No policy of the guard's role allows it, or not yet: IAM takes some minutes to make a policy effective.
    NoPermission,
    /// Access is denied, and AWS does not say by which policy.
    Denied,
    /// Another cause, in AWS's words.
    Other,
}

impl Cause {
    /// After which time a sweep makes the call again. What is wrong with the bucket itself is changed by a call, which ends
    /// the wait; a permission is changed without one.
    pub const fn again_after(self) -> Duration {
        match self {
            Self::BlockPublicPolicy | Self::StoredAcl | Self::InvalidPrincipal => {
                Duration::days(30)
            }
            Self::BucketPolicy
            | Self::ServiceControlPolicy
            | Self::ResourceControlPolicy
            | Self::Organization
            | Self::NoPermission
            | Self::Denied
            | Self::Other => Duration::DAY,
            // The sweep at the end of a pause remediates what was found meanwhile.
            Self::OwnRole => Duration::ZERO,
        }
    }

    /// The kind of policy that denies it, if it is known.
    const fn policy(self) -> Option<&'static str> {
        match self {
            Self::BucketPolicy => Some("the bucket's policy"),
            Self::ServiceControlPolicy => Some("a service control policy (SCP)"),
            Self::ResourceControlPolicy => Some("a resource control policy (RCP)"),
            Self::Organization => Some("the organization"),
            Self::OwnRole => Some("a policy of the guard's role"),
            Self::BlockPublicPolicy
            | Self::StoredAcl
            | Self::InvalidPrincipal
            | Self::NoPermission
            | Self::Denied
            | Self::Other => None,
        }
    }
}

impl Refusal {
    /// The kind of policy that denies the call, or AWS's code.
    pub fn short(&self) -> &str {
        if self.cause == Cause::ServiceControlPolicy {
            return "SCP";
        }
        if self.cause == Cause::ResourceControlPolicy {
            return "RCP";
        }
        self.cause.policy().unwrap_or(&self.code)
    }
}

impl fmt::Display for Refusal {
    /// What denies the call, or AWS's code and words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(policy) = self.cause.policy() {
            return write!(f, "{policy} denies it ({})", self.code);
        }
        write!(f, "{}", self.code)?;
        match self.words.trim() {
            "" => Ok(()),
            words => write!(f, ": {}", words.chars().take(WORDS_MAX).collect::<String>()),
        }
    }
}

/// The guard's role, if its ARN is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role(pub Option<String>);

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(arn) => f.write_str(arn),
            None => f.write_str("the role of s3guard (output GuardRoleArn of its stack)"),
        }
    }
}

/// A write that AWS refuses, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedWrite {
    /// What is written.
    pub kind: SettingKind,
    /// To which bucket.
    pub bucket: BucketName,
    /// Why it is refused.
    pub refusal: Refusal,
    /// The statement of the bucket's policy that denies it, if there is one.
    pub denying: Option<Denying>,
    /// Whose call is refused.
    pub role: Role,
}

impl RefusedWrite {
    /// A refusal, of which nothing else is known yet.
    pub fn new(kind: SettingKind, bucket: BucketName, refusal: Refusal) -> Self {
        Self { kind, bucket, refusal, denying: None, role: Role(None) }
    }

    /// What is refused.
    pub fn head(&self) -> String {
        format!("{} was refused ({})", self.refusal.call, self.refusal.code)
    }
}

impl fmt::Display for RefusedWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bucket, refusal, denying, role, .. } = self;
        let (call, head) = (&refusal.call, self.head());
        if let Some(denying) = denying {
            write!(f, "{head} by {denying} in its policy: ")?;
            return exempt(f, role, denying.exception);
        }
        match refusal.cause {
            Cause::BucketPolicy => {
                write!(f, "{head} by a deny in its policy: ")?;
                exempt(f, role, Exception::Other)
            }
            Cause::ServiceControlPolicy | Cause::ResourceControlPolicy => write!(
                f,
                "{call} was refused: {refusal}: exempt {role} from it, or exempt the bucket in s3guard.toml"
            ),
            Cause::Organization => write!(f, "{call} was refused: {refusal}: change it there"),
            Cause::BlockPublicPolicy => write!(
                f,
                "{head}: its policy is public, and BlockPublicPolicy rejects it: remove its public \
                 statements, then s3guard makes the write"
            ),
            Cause::StoredAcl => write!(
                f,
                "{head}: its ACL grants something that the block hides: reset the ACL (`aws s3api \
                 put-bucket-acl --bucket {bucket} --acl private`), then s3guard makes the write with the next sweep"
            ),
            Cause::InvalidPrincipal => write!(
                f,
                "{call} was refused ({refusal}): its policy names a principal that does not exist: remove it, then \
                 s3guard makes the write"
            ),
            Cause::OwnRole => write!(
                f,
                "{call} was refused: {refusal}: end the pause with `s3guard pause --end`, or remove the policy"
            ),
            Cause::NoPermission | Cause::Denied | Cause::Other => {
                write!(f, "{call} was refused: {refusal}")
            }
        }
    }
}

/// The line that lets the guard's role through a statement that denies.
fn exempt(f: &mut fmt::Formatter<'_>, role: &Role, exception: Exception) -> fmt::Result {
    match exception {
        Exception::NotPrincipal => write!(f, "add {role} to its NotPrincipal"),
        Exception::Condition(operator) => {
            write!(f, "add {role} to aws:PrincipalArn of its {operator}")
        }
        Exception::Other => {
            write!(f, "add \"ArnNotLike\": {{ \"aws:PrincipalArn\": \"{role}\" }} to its Condition")
        }
    }
}

/// Settings of a bucket that cannot be read, all for the same cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// What cannot be read.
    pub questions: Vec<Question>,
    /// Why, if AWS has said it.
    pub refusal: Option<Refusal>,
    /// The statement of the bucket's policy that denies it, if it is known.
    pub denying: Option<Denying>,
    /// Whether the bucket's policy, as it was read or as a call has put it, names the role in a deny.
    pub names_role: bool,
    /// Whose calls are refused.
    pub role: Role,
}

impl Unreadable {
    /// Why it cannot be read.
    pub fn head(&self) -> String {
        match &self.refusal {
            _ if self.is_by_policy() => "not readable: the bucket's policy denies it".to_owned(),
            Some(refusal) => format!("not readable: {refusal}"),
            None => "not readable: access is denied".to_owned(),
        }
    }

    fn is_by_policy(&self) -> bool {
        let is_by_policy = |refusal: &Refusal| refusal.cause == Cause::BucketPolicy;
        self.denying.is_some() || self.names_role || self.refusal.as_ref().is_some_and(is_by_policy)
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { questions, denying, role, .. } = self;
        f.write_str(&self.head())?;
        let mut actions: Vec<&str> = questions.iter().map(|one| one.permission().0).collect();
        actions.sort_unstable();
        actions.dedup();
        let more = actions.len().saturating_sub(CALLS_MAX);
        actions.truncate(CALLS_MAX);
        write!(f, " ({}", actions.join(", "))?;
        if more > 0 {
            write!(f, " and {more} more")?;
        }
        f.write_str("), and nothing that depends on it was changed")?;
        if !self.is_by_policy() {
            return Ok(());
        }
        match denying {
            Some(denying) => {
                write!(f, ": it has {denying}: ")?;
                exempt(f, role, denying.exception)
            }
            // Which statement it is cannot be read.
            None => write!(
                f,
                ": add {role} to the NotPrincipal of the statement that denies it, or to aws:PrincipalArn of its \
                 ArnNotLike"
            ),
        }
    }
}
