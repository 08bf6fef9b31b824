//! The rules, each with a name that never changes.

use std::fmt;

use s3guard_posture::Aspect;
use serde::Serialize;

use crate::severity::Severity;

mod table;

pub use table::row;

/// Defines the rules with their names.
macro_rules! rules {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// A rule.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[expect(missing_docs, reason = "the title of each is in its row")]
        pub enum Rule {
            $(#[serde(rename = $name)] $variant,)+
        }

        impl Rule {
            /// All of them, in the order of reports.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The name, as in reports and flags.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

rules! {
    PublicWrite = "public-write",
    PublicAclWrite = "public-acl-write",
    PublicRead = "public-read",
    PublicList = "public-list",
    AccessPointPublic = "access-point-public",
    MrapPublic = "mrap-public",
    WebsitePublic = "website-public",
    PublicLatent = "public-latent",
    StrangerAdmin = "stranger-admin",
    ServiceWithoutSource = "service-without-source",
    DataLeaves = "data-leaves",
    KeyForeign = "key-foreign",
    KeyUnusable = "key-unusable",
    LockedOut = "locked-out",
    StrangerAccess = "stranger-access",
    DeletedPrincipal = "deleted-principal",
    PolicyUnclear = "policy-unclear",
    AccountBlock = "account-block",
    BucketBlock = "bucket-block",
    ObjectAclPossible = "object-acl-possible",
    AclGrantsOthers = "acl-grants-others",
    HttpAllowed = "http-allowed",
    EncryptionWeak = "encryption-weak",
    SseCOpen = "sse-c-open",
    VersioningSuspended = "versioning-suspended",
    VersionsExpireFast = "versions-expire-fast",
    LogTargetGone = "log-target-gone",
    OldTls = "old-tls",
    AclsEnabled = "acls-enabled",
    VersioningOff = "versioning-off",
    AccessLogOff = "access-log-off",
    NameGuessable = "name-guessable",
    MfaDeleteOff = "mfa-delete-off",
    EventsOff = "events-off",
    Unreadable = "unreadable",
}

/// What is known of a rule, without a bucket.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The severity of most of its findings.
    pub severity: Severity,
    /// What is wrong, in one sentence without jargon.
    pub title: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// How to fix it, in words.
    pub fix: &'static str,
    /// The aspect of `s3guard.toml` by which it is exempt.
    pub aspect: Option<Aspect>,
    /// The references.
    pub references: References,
}

/// The controls and techniques that a rule belongs to. The benchmark's version is part of an id where it renumbers.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct References {
    /// Security Hub, AWS Foundational Security Best Practices.
    pub fsbp: &'static [&'static str],
    /// CIS AWS Foundations Benchmark, `VERSION/ITEM`.
    pub cis: &'static [&'static str],
    /// PCI DSS 4.0.1.
    pub pci: &'static [&'static str],
    /// NIST SP 800-53 revision 5.
    pub nist: &'static [&'static str],
    /// MITRE ATT&CK techniques.
    pub mitre: &'static [&'static str],
}

impl Rule {
    /// The rule of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_rule_has_a_name_a_sentence_and_what_to_do() {
        let names: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.name()).collect();
        assert_eq!(names.len(), Rule::ALL.len());
        for rule in Rule::ALL {
            assert_eq!(Rule::from_name(rule.name()), Some(rule));
            assert_eq!(serde_json::to_value(rule).unwrap(), rule.name());
            let row = row(rule);
            for sentence in [row.title, row.why, row.fix] {
                assert!(sentence.ends_with('.') && sentence.len() > 20, "{rule}: {sentence}");
            }
            let is_id = |id: &&str| !id.is_empty() && !id.contains(' ');
            let of = row.references;
            for ids in [of.fsbp, of.cis, of.pci, of.nist, of.mitre] {
                assert!(ids.iter().all(is_id), "{rule}: {ids:?}");
            }
            assert!(of.mitre.iter().all(|id| id.starts_with('T')), "{rule}");
            assert!(of.fsbp.iter().all(|id| id.starts_with("S3.")), "{rule}");
        }
    }

    #[test]
    fn the_worst_rules_come_first_and_what_is_not_known_last() {
        let known = Rule::ALL.into_iter().filter(|rule| *rule != Rule::Unreadable);
        let severities: Vec<Severity> = known.rev().map(|rule| row(rule).severity).collect();
        assert!(severities.is_sorted(), "{severities:?}");
    }
}
