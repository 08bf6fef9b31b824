//! Grades: how sensitive a bucket's data is, and what each asks for, with its reasons.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::text::named::named;
use crate::{Aspect, Mode};

/// How sensitive a bucket's data is. Grades are ordered: a higher one asks for more.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
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
    /// The mode.
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
        matches!(self, Self::Hybrid | Self::Security)
    }

    /// What the grade asks of an aspect. The documentation and the tests are made from it.
    pub const fn wants(self, aspect: Aspect) -> Wanted {
        match (aspect, self) {
            (Aspect::Encryption, Self::Speed) => enforce_new(
                "SSE-S3 or stronger",
                "what S3 gives every bucket; nothing weaker exists, what is stronger stays",
            ),
            (Aspect::Encryption, Self::Hybrid) => enforce_new(
                "SSE-KMS with a customer's key, and a bucket key",
                "only principals that may use the key can read (`kms:Decrypt`) and write (`kms:GenerateDataKey`); a bucket key makes it cheap",
            ),
            (Aspect::Encryption, Self::Security) => enforce_new(
                "DSSE-KMS with a customer's key",
                "two layers, as CNSSP 15 asks for top secret data; principals need the same permissions for the key",
            ),
            (Aspect::SseC, _) => enforce_new(
                "uploads with SSE-C refused",
                "a key that only the client has enables ransomware; S3's own default since April 2026; where S3 left it open it is reported, until a call changes it",
            ),
            (Aspect::PublicAccess, _) => enforce_new(
                "all four switches on",
                "S3's own default since April 2023; a bucket that becomes public is closed, unless a rule of s3guard.toml allows it; one that was public before is reported",
            ),
            (Aspect::Tls, Self::Speed | Self::Hybrid) => enforce_new(
                "the policy denies requests without TLS",
                "S3 still answers plain HTTP; a public website keeps it, because its endpoint has nothing else; a stack's bucket without a policy is reported, because its policy belongs in the template; nothing is added to a policy that denies TLS itself, has a key twice or has no room",
            ),
            (Aspect::Tls, Self::Security) => enforce_new(
                "the policy denies requests without TLS 1.2 or newer",
                "older versions are broken",
            ),
            (Aspect::Ownership, Self::Speed | Self::Hybrid) => report(
                "BucketOwnerEnforced",
                "S3's own default since April 2023; changing it breaks writers that send ACLs",
            ),
            (Aspect::Ownership, Self::Security) => enforce_new(
                "BucketOwnerEnforced",
                "ACLs are a second, forgotten way in; where they are enabled already it is reported, until a call changes it",
            ),
            (Aspect::Versioning, Self::Speed) => {
                off("as it is", "versions cost storage; this data can be created again")
            }
            (Aspect::Versioning, Self::Hybrid | Self::Security) => enforce_new(
                "enabled",
                "what is overwritten or deleted, by mistake or by an attacker, can be restored",
            ),
            (Aspect::AccessLogs, Self::Speed | Self::Hybrid) => {
                off("as they are", "logs cost storage, and few would read them")
            }
            (Aspect::AccessLogs, Self::Security) => enforce_new(
                "to the stack's log bucket, unless they go elsewhere",
                "who read what has to be known after the fact",
            ),
            (Aspect::Notifications, _) => enforce_new(
                "S3 sends events of objects to EventBridge",
                "the owner is notified of objects that are created, changed and deleted",
            ),
            (Aspect::Policy, _) => report(
                "no one outside of the account is allowed, except whom s3guard.toml trusts and AWS \
                 services that act for this account",
                "only the owner knows who is meant to have access",
            ),
            (Aspect::Acl, _) => report(
                "only the owner is granted access",
                "only the owner knows who is meant to have access",
            ),
            (Aspect::Replication, _) => report(
                "objects are not replicated to accounts that s3guard.toml does not trust",
                "a replica elsewhere is how data leaves unnoticed",
            ),
            (Aspect::Lifecycle, _) => report(
                "no rule deletes objects within a week",
                "a rule that expires everything deletes more quietly than any call",
            ),
            (Aspect::ObjectLock, _) => report(
                "the default retention stays in place",
                "only the owner knows for how long objects have to be locked",
            ),
            (Aspect::AccountPublicAccess, _) => report(
                "all four switches on",
                "it cuts off every public bucket of the account, also those that are meant to be public",
            ),
            (Aspect::AccessPoints, _) => report(
                "access points and grants are known to the owner; they are reported when they change",
                "each has a policy and a block of its own, beside those of the bucket",
            ),
            (Aspect::Exports, _) => report(
                "inventories, analytics and metadata stay in the account",
                "the names of objects alone can reveal what is in them",
            ),
        }
    }
}

const fn enforce_new(what: &'static str, why: &'static str) -> Wanted {
    Wanted { mode: Mode::EnforceNew, what, why }
}

const fn report(what: &'static str, why: &'static str) -> Wanted {
    Wanted { mode: Mode::Report, what, why }
}

const fn off(what: &'static str, why: &'static str) -> Wanted {
    Wanted { mode: Mode::Off, what, why }
}

/// Why a text is not a grade.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a grade, the grades are `speed`, `hybrid` and `security`")]
pub struct InvalidGrade(String);

impl FromStr for Grade {
    type Err = InvalidGrade;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_name(text).ok_or_else(|| InvalidGrade(text.to_owned()))
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
    fn nothing_is_enforced_that_cannot_be() {
        for (grade, aspect) in Grade::ALL.into_iter().flat_map(|g| Aspect::ALL.map(|a| (g, a))) {
            let mode = grade.wants(aspect).mode;
            assert!(!mode.enforces() || aspect.setting().is_some(), "{grade} {aspect}");
        }
    }
}
