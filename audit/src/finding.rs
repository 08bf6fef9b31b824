//! A finding: one rule that one resource breaks, or whose settings could not be read.

use std::collections::BTreeSet;
use std::sync::Arc;

use s3guard_posture::model::setting::Setting;
use s3guard_posture::{AccountId, BucketId};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::facts::AccountFacts;
use crate::rule::{Rule, row};
use crate::severity::Severity;

/// How a finding stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Status {
    /// The rule is broken.
    Fail,
    /// What shows it could not be read.
    Unknown,
    /// `s3guard.toml` exempts it.
    Exempt,
    /// The baseline has it already.
    Accepted,
}

/// The kind of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ResourceKind {
    /// The account itself.
    Account,
    /// A general purpose bucket.
    Bucket,
    /// An access point.
    AccessPoint,
    /// A Multi-Region Access Point.
    MultiRegionAccessPoint,
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Resource {
    /// Its kind.
    pub kind: ResourceKind,
    /// Its name; of the account, its id.
    pub name: String,
    /// Its Region; empty for what has none.
    pub region: String,
    /// Its ARN.
    pub arn: String,
    /// Its account.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub account: AccountId,
    /// Its partition.
    pub partition: String,
}

/// The exemption that a finding has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Exemption {
    /// Its reason.
    pub reason: String,
    /// Its last day, in UTC, if it has one.
    pub until: Option<String>,
}

/// A read that failed, and what it may hide.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// The IAM action.
    pub action: &'static str,
    /// The worst that it may hide.
    pub severity: Severity,
    /// Why it failed, in words.
    pub cause: String,
}

/// A finding. Everything that a report adds to it follows from its rule and its resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// The severity.
    pub severity: Severity,
    /// How it stands.
    pub status: Status,
    /// What it is about.
    pub resource: Arc<Resource>,
    /// Every condition that is necessary for it, so that removing one is a remedy.
    pub reasons: Vec<String>,
    /// The switches that keep it from having an effect.
    pub held_back_by: Vec<&'static str>,
    /// Who is let in.
    pub who: BTreeSet<String>,
    /// The reads that failed.
    pub missing: Vec<Missing>,
    /// The setting that remediates it, if it depends on what was read.
    pub setting: Option<Box<Setting>>,
    /// The exemption that it has.
    pub exemption: Option<Exemption>,
}

impl Resource {
    /// A bucket.
    pub fn bucket(id: &BucketId) -> Self {
        Self {
            kind: ResourceKind::Bucket,
            name: id.name.to_string(),
            region: id.region.to_string(),
            arn: id.arn(),
            account: id.account.clone(),
            partition: id.region.partition().to_owned(),
        }
    }

    /// The account.
    pub fn account(account: &AccountFacts) -> Self {
        Self {
            kind: ResourceKind::Account,
            name: account.id.to_string(),
            region: String::new(),
            arn: format!("arn:{}:iam::{}:root", account.partition, account.id),
            account: account.id.clone(),
            partition: account.partition.clone(),
        }
    }

    /// What stands for it in hashes.
    fn identity(&self) -> [&str; 4] {
        [&self.partition, self.account.as_str(), &self.region, &self.arn]
    }
}

impl Finding {
    /// A finding with the severity of its rule.
    pub fn new(rule: Rule, resource: &Arc<Resource>) -> Self {
        Self {
            rule,
            severity: row(rule).severity,
            status: Status::Fail,
            resource: Arc::clone(resource),
            reasons: Vec::new(),
            held_back_by: Vec::new(),
            who: BTreeSet::new(),
            missing: Vec::new(),
            setting: None,
            exemption: None,
        }
    }

    /// Its id, which is the same in every audit: of the resource and the rule, not of what the policy says.
    pub fn uid(&self) -> String {
        let [partition, account, region, arn] = self.resource.identity();
        hash(&[partition, account, region, arn, self.rule.name()])
    }

    /// The hash of its evidence, which changes when it becomes worse or better.
    pub fn evidence_hash(&self) -> String {
        let mut parts = vec![self.severity.name()];
        let mut reasons: Vec<&str> = self.reasons.iter().map(String::as_str).collect();
        reasons.sort_unstable();
        parts.extend(reasons);
        parts.push("held back by");
        parts.extend(self.held_back_by.iter().copied());
        parts.push("who");
        parts.extend(self.who.iter().map(String::as_str));
        hash(&parts)
    }

    /// Whether it counts: it is neither exempt nor accepted.
    pub fn is_open(&self) -> bool {
        matches!(self.status, Status::Fail | Status::Unknown)
    }

    /// Takes what another finding of the same rule and resource says. Several statements that break a rule are one finding.
    pub fn merge(&mut self, other: Self) {
        // What has an effect counts, not what is held back beside it.
        if other.severity > self.severity || (self.status, other.status) == UNKNOWN_AND_FAIL {
            self.status = other.status;
            self.held_back_by.clone_from(&other.held_back_by);
        }
        self.severity = self.severity.max(other.severity);
        let new: Vec<String> =
            other.reasons.into_iter().filter(|one| !self.reasons.contains(one)).collect();
        self.reasons.extend(new);
        self.who.extend(other.who);
        self.missing.extend(other.missing);
        self.setting = self.setting.take().or(other.setting);
    }
}

const UNKNOWN_AND_FAIL: (Status, Status) = (Status::Unknown, Status::Fail);

/// 16 bytes of SHA-256 in hexadecimal digits. The lengths keep parts apart.
fn hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(&hash.finalize()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding() -> Finding {
        let id = BucketId {
            name: "reports".parse().unwrap(),
            account: "111122223333".parse().unwrap(),
            region: "eu-west-1".parse().unwrap(),
        };
        Finding::new(Rule::PublicRead, &Arc::new(Resource::bucket(&id)))
    }

    #[test]
    fn the_id_is_of_resource_and_rule_and_never_changes() {
        let first = finding();
        let mut other = finding();
        other.reasons.push("a statement".to_owned());
        other.severity = Severity::High;
        assert_eq!(first.uid(), other.uid());
        assert_ne!(first.evidence_hash(), other.evidence_hash());
        // A release that changes this gives every finding a new id.
        assert_eq!(first.uid(), "06c4d047be3744450f0d118abb4cff54");
        other.rule = Rule::PublicList;
        assert_ne!(first.uid(), other.uid());
    }

    #[test]
    fn the_order_of_statements_is_no_change() {
        let of = |reasons: [&str; 2]| {
            let reasons = reasons.map(str::to_owned).to_vec();
            Finding { reasons, ..finding() }.evidence_hash()
        };
        assert_eq!(of(["a", "b"]), of(["b", "a"]));
        assert_ne!(of(["a", "b"]), of(["ab", ""]));
    }

    #[test]
    fn what_has_an_effect_outweighs_what_is_held_back() {
        let mut held = finding();
        held.severity = Severity::High;
        held.held_back_by = vec!["account.IgnorePublicAcls"];
        held.merge(finding());
        assert_eq!((held.severity, held.held_back_by.len()), (Severity::Critical, 0));
    }
}
