//! The report of an audit: its form for programs, and the forms for people. The same findings give the same bytes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::compare::{Changes, VERSION};
use crate::facts::AccountFacts;
use crate::finding::{Exemption, Finding, Resource, Status};
use crate::rule::{References, Rule, row};
use crate::severity::Severity;

pub mod csv;
pub mod html;
pub mod markdown;
pub mod ocsf;
mod remedy;
pub mod sarif;
pub mod table;

pub use remedy::Remediation;

/// An audit, as it is reported.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// The version of this form.
    pub schema_version: u64,
    /// The account.
    pub account: String,
    /// Its partition.
    pub partition: String,
    /// When the audit began, in RFC 3339 and UTC.
    pub observed_at: String,
    /// Whether every bucket was audited that was asked for.
    pub is_complete: bool,
    /// Whether buckets, Regions, rules or severities were left out.
    pub is_filtered: bool,
    /// The Regions of the buckets.
    pub regions: Vec<String>,
    /// The buckets.
    pub buckets: BucketCounts,
    /// How many calls were made.
    pub calls: u64,
    /// How many findings there are of each severity that count, and of each kind that does not.
    pub counts: Counts,
    /// What has changed since the baseline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// The findings, the worst first.
    #[serde(serialize_with = "shown")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<ShownFinding>"))]
    pub findings: Vec<Observed>,
}

/// A finding, and when it was observed.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The finding.
    pub finding: Finding,
    /// When.
    pub at: Arc<str>,
}

/// How many buckets there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BucketCounts {
    /// That were listed and asked for.
    pub listed: usize,
    /// That were audited.
    pub audited: usize,
    /// That were deleted meanwhile.
    pub gone: usize,
    /// That have a finding that counts.
    pub with_findings: usize,
}

/// How many findings there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[expect(missing_docs, reason = "they are the severities and statuses")]
pub struct Counts {
    pub critical: usize,
    pub high: usize,
    pub medium: usize,
    pub low: usize,
    pub info: usize,
    pub unknown: usize,
    pub exempt: usize,
    pub accepted: usize,
}

/// A finding in a report: what was found, and what follows from its rule.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShownFinding<'a> {
    uid: String,
    evidence_hash: String,
    rule: Rule,
    severity: Severity,
    status: Status,
    resource: &'a Resource,
    title: &'static str,
    reasons: &'a [String],
    held_back_by: &'a [&'static str],
    who: Vec<&'a str>,
    missing_actions: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exemption: Option<&'a Exemption>,
    remediation: Remediation,
    references: References,
    source: Source<'a>,
}

/// Where a finding comes from.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Source<'a> {
    kind: SourceKind,
    observed_at: &'a str,
}

/// The kind of a source.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
enum SourceKind {
    /// The settings themselves.
    Live,
}

fn shown<S: Serializer>(findings: &[Observed], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(findings.iter().map(Observed::shown))
}

impl Observed {
    /// The finding as a report has it.
    pub fn shown(&self) -> ShownFinding<'_> {
        let Self { finding, at } = self;
        let row = row(finding.rule);
        ShownFinding {
            uid: finding.uid(),
            evidence_hash: finding.evidence_hash(),
            rule: finding.rule,
            severity: finding.severity,
            status: finding.status,
            resource: &finding.resource,
            title: row.title,
            reasons: &finding.reasons,
            held_back_by: &finding.held_back_by,
            who: finding.who.iter().map(String::as_str).collect(),
            missing_actions: finding.missing.iter().map(|one| one.action).collect(),
            exemption: finding.exemption.as_ref(),
            remediation: remedy::of(finding),
            references: row.references,
            source: Source { kind: SourceKind::Live, observed_at: at },
        }
    }
}

impl ShownFinding<'_> {
    /// What is wrong.
    pub const fn title(&self) -> &'static str {
        self.title
    }

    /// How it is remediated.
    pub const fn remediation(&self) -> &Remediation {
        &self.remediation
    }
}

impl Counts {
    /// Counts findings.
    pub fn of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Self {
        let mut counts = Self::default();
        for finding in findings {
            *match (finding.status, finding.severity) {
                (Status::Unknown, _) => &mut counts.unknown,
                (Status::Exempt, _) => &mut counts.exempt,
                (Status::Accepted, _) => &mut counts.accepted,
                (Status::Fail, Severity::Critical) => &mut counts.critical,
                (Status::Fail, Severity::High) => &mut counts.high,
                (Status::Fail, Severity::Medium) => &mut counts.medium,
                (Status::Fail, Severity::Low) => &mut counts.low,
                (Status::Fail, Severity::Info) => &mut counts.info,
            } += 1;
        }
        counts
    }
}

impl Report {
    /// A report without findings, of an audit that has just begun.
    pub fn new(account: &AccountFacts, observed_at: String) -> Self {
        Self {
            schema_version: VERSION,
            account: account.id.to_string(),
            partition: account.partition.clone(),
            observed_at,
            is_complete: true,
            is_filtered: false,
            regions: Vec::new(),
            buckets: BucketCounts::default(),
            calls: 0,
            counts: Counts::default(),
            changes: None,
            findings: Vec::new(),
        }
    }

    /// Takes the findings, sorts and counts them. What concerns one resource by one rule is one finding, wherever it was found.
    pub fn set_findings(&mut self, findings: Vec<Finding>) {
        let mut by_id: BTreeMap<(Arc<Resource>, Rule), Finding> = BTreeMap::new();
        for finding in findings {
            match by_id.entry((Arc::clone(&finding.resource), finding.rule)) {
                Entry::Occupied(mut known) => known.get_mut().merge(finding),
                Entry::Vacant(free) => drop(free.insert(finding)),
            }
        }
        let mut findings: Vec<Finding> = by_id.into_values().collect();
        findings.sort_by(|one, other| {
            let by = |finding: &Finding| (std::cmp::Reverse(finding.severity), finding.rule);
            by(one).cmp(&by(other)).then_with(|| one.resource.cmp(&other.resource))
        });
        self.counts = Counts::of(&findings);
        let mut buckets: Vec<&str> = findings
            .iter()
            .filter(|one| one.is_open())
            .filter(|one| one.resource.kind == crate::finding::ResourceKind::Bucket)
            .map(|one| one.resource.name.as_str())
            .collect();
        buckets.sort_unstable();
        buckets.dedup();
        self.buckets.with_findings = buckets.len();
        let at: Arc<str> = self.observed_at.as_str().into();
        let observed = |finding| Observed { finding, at: Arc::clone(&at) };
        self.findings = findings.into_iter().map(observed).collect();
    }

    /// The worst severity of what counts.
    pub fn worst(&self) -> Option<Severity> {
        let open = self.findings.iter().filter(|one| one.finding.is_open());
        open.map(|one| one.finding.severity).max()
    }
}

#[cfg(test)]
mod tests;
