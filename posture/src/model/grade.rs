//! Grades: how sensitive a bucket's data is, and what each asks for, with its reasons.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::text::named::named;
use crate::{Aspect, Mode};

/// How sensitive a bucket's data is. Grades are ordered: a later one asks for more.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Grade {
    /// Data that is not sensitive: SSE-S3, SSE-C blocked, no public access, TLS only.
    #[default]
    Speed,
    /// Some sensitive data: a customer's KMS key with a bucket key, and versions.
    Hybrid,
    /// Very sensitive data: DSSE-KMS with a customer's key, TLS 1.2, access logs, no ACLs.
    Security,
}

/// What a grade asks of one aspect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Whether it is kept, told or left.
    pub mode: Mode,
    /// What is wanted, in words.
    pub what: &'static str,
    /// Why.
    pub why: &'static str,
}

named! {
    Grade:
    Speed = "speed",
    Hybrid = "hybrid",
    Security = "security",
}

impl Grade {
    /// Whether the grade needs a KMS key of the customer.
    pub const fn needs_key(self) -> bool {
        match self {
            Self::Speed => false,
            Self::Hybrid | Self::Security => true,
        }
    }

    /// What the grade asks of an aspect. The documentation and the tests are made from it.
    pub const fn wants(self, aspect: Aspect) -> Wanted {
        let (mode, what, why) = match (aspect, self) {
            (Aspect::Encryption, Self::Speed) => (
                Mode::Keep,
                "SSE-S3 or stronger",
                "what S3 gives every bucket; nothing weaker exists, what is stronger stays",
            ),
            (Aspect::Encryption, Self::Hybrid) => (
                Mode::Keep,
                "SSE-KMS with a customer's key, and a bucket key",
                "who may use the key can read, nobody else; a bucket key makes it cheap",
            ),
            (Aspect::Encryption, Self::Security) => (
                Mode::Keep,
                "DSSE-KMS with a customer's key",
                "two layers, as CNSSP 15 asks for top secret data",
            ),
            (Aspect::SseC, _) => (
                Mode::Keep,
                "uploads with SSE-C refused",
                "a key that only the client has is how data is taken hostage; S3's own default since April 2026; where S3 left it open it is told, until a call changes it",
            ),
            (Aspect::PublicAccess, _) => (
                Mode::Keep,
                "all four switches on",
                "S3's own default since April 2023; a bucket that is meant to be public is told, and left; where ACLs count, so are the two switches about them, until a call changes the block",
            ),
            (Aspect::Tls, Self::Speed | Self::Hybrid) => (
                Mode::Keep,
                "the policy denies what does not come by TLS",
                "S3 still answers plain HTTP; a website that can be seen keeps it, its endpoint has nothing else; a stack's bucket without a policy is told, the policy is its template's",
            ),
            (Aspect::Tls, Self::Security) => (
                Mode::Keep,
                "the policy denies what does not come by TLS 1.2 or newer",
                "older versions are broken",
            ),
            (Aspect::Ownership, Self::Speed | Self::Hybrid) => (
                Mode::Report,
                "BucketOwnerEnforced",
                "S3's own default since April 2023; changing it breaks writers that send ACLs",
            ),
            (Aspect::Ownership, Self::Security) => (
                Mode::Keep,
                "BucketOwnerEnforced",
                "ACLs are a second, forgotten way in; where they count already it is told, until a call changes it",
            ),
            (Aspect::Versioning, Self::Speed) => {
                (Mode::Off, "as it is", "versions cost storage; this data can be made again")
            }
            (Aspect::Versioning, Self::Hybrid | Self::Security) => (
                Mode::Keep,
                "enabled",
                "what is overwritten or deleted, by mistake or by an attacker, can be got back",
            ),
            (Aspect::AccessLogs, Self::Speed | Self::Hybrid) => {
                (Mode::Off, "as they are", "logs cost storage, and few would read them")
            }
            (Aspect::AccessLogs, Self::Security) => (
                Mode::Keep,
                "to the stack's log bucket, unless they go elsewhere",
                "who read what has to be known after the fact",
            ),
            (Aspect::Notifications, _) => (
                Mode::Keep,
                "S3 tells EventBridge of objects",
                "the owner hears of objects that come, change and go",
            ),
            (Aspect::Policy, _) => (
                Mode::Report,
                "nobody of another account is let in",
                "only the owner knows who is meant to be let in",
            ),
            (Aspect::Acl, _) => (
                Mode::Report,
                "nobody else is granted anything",
                "only the owner knows who is meant to be let in",
            ),
            (Aspect::Replication, _) => (
                Mode::Report,
                "objects are copied to no other account",
                "a copy elsewhere is how data leaves unseen",
            ),
            (Aspect::Lifecycle, _) => (
                Mode::Report,
                "no rule deletes objects within a week",
                "a rule that expires everything deletes more quietly than any call",
            ),
            (Aspect::ObjectLock, _) => (
                Mode::Report,
                "what was locked by default stays so",
                "a lock can only be set up by whoever knows how long",
            ),
            (Aspect::AccountPublicAccess, _) => (
                Mode::Report,
                "all four switches on",
                "it cuts off every public bucket of the account, also those that are meant to be public",
            ),
        };
        Wanted { mode, what, why }
    }
}

/// Why a text is not a grade.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a grade, the grades are `speed`, `hybrid` and `security`")]
pub struct InvalidGrade(String);

impl FromStr for Grade {
    type Err = InvalidGrade;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|grade| grade.name() == text)
            .ok_or_else(|| InvalidGrade(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grade_is_read_by_its_name() {
        for grade in Grade::ALL {
            assert_eq!(grade.name().parse(), Ok(grade));
        }
        assert_eq!(
            "paranoid".parse::<Grade>().unwrap_err().to_string(),
            "`paranoid` is not a grade, the grades are `speed`, `hybrid` and `security`"
        );
    }

    #[test]
    fn a_higher_grade_asks_no_less() {
        for aspect in Aspect::ALL {
            let modes = Grade::ALL.map(|grade| grade.wants(aspect).mode);
            assert!(modes.is_sorted(), "{aspect}: {modes:?}");
        }
    }

    #[test]
    fn nothing_is_kept_that_cannot_be() {
        for (grade, aspect) in Grade::ALL.into_iter().flat_map(|g| Aspect::ALL.map(|a| (g, a))) {
            let mode = grade.wants(aspect).mode;
            assert!(mode < Mode::Keep || aspect.can_be_kept(), "{grade} {aspect}");
        }
    }
}
