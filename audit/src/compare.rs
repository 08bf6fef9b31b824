//! An audit beside an earlier one: what is new, worse, the same and gone.
//!
//! The earlier audit is an ordinary report in JSON. One that was not complete, was filtered or is of another account is no
//! baseline: what it lacks would look new, or accepted.

use std::collections::{BTreeMap, BTreeSet};

use s3guard_posture::AccountId;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::finding::{Finding, Status};
use crate::severity::Severity;

/// The version of the form of reports.
pub const VERSION: u64 = 1;

/// An earlier audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// When it was made.
    pub observed_at: String,
    findings: BTreeMap<String, EarlierFinding>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct EarlierFinding {
    rule: String,
    severity: Severity,
    evidence_hash: String,
    resource: EarlierResource,
    reasons: BTreeSet<String>,
    who: BTreeSet<String>,
    is_open: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct EarlierResource {
    name: String,
    arn: String,
}

/// Why a file is no baseline.
#[derive(Debug, Error)]
pub enum InvalidBaseline {
    /// It is no report.
    #[error("it is not a report of `s3guard audit --output json`: {0}")]
    NotAReport(String),
    /// Its form is another one.
    #[error("its schema version is {0}, and this s3guard reads {VERSION}")]
    OtherVersion(u64),
    /// It is of another account.
    #[error("it is of account {0}, and this is account {1}")]
    OtherAccount(String, AccountId),
    /// It was interrupted, or something failed.
    #[error("that audit was not complete")]
    Incomplete,
    /// It has only some buckets or rules.
    #[error("that audit was filtered by bucket, Region, rule or severity")]
    Filtered,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    schema_version: u64,
    account: String,
    observed_at: String,
    is_complete: bool,
    is_filtered: bool,
    findings: Vec<WireFinding>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireFinding {
    uid: String,
    evidence_hash: String,
    rule: String,
    severity: Severity,
    status: String,
    resource: EarlierResource,
    reasons: BTreeSet<String>,
    who: BTreeSet<String>,
}

/// What has changed since an earlier audit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Changes {
    /// When the earlier audit was made.
    pub since: String,
    /// The ids of findings that it does not have.
    pub new: Vec<String>,
    /// The ids of findings that are worse than in it.
    pub worse: Vec<String>,
    /// How many findings are the same or better.
    pub same: usize,
    /// Its findings that are gone.
    pub gone: Vec<Gone>,
    /// Its findings that are not known any more, because something could not be read.
    pub now_unknown: Vec<Gone>,
}

/// A finding of an earlier audit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Gone {
    /// Its id.
    pub uid: String,
    /// Its rule.
    pub rule: String,
    /// The name of its resource.
    pub name: String,
    /// Whether the bucket itself is gone.
    pub is_resource_gone: bool,
}

impl Earlier {
    /// Reads a report of this account.
    pub fn read(text: &str, account: &AccountId) -> Result<Self, InvalidBaseline> {
        let wire: Wire = serde_json::from_str(text).map_err(|error| {
            let error = s3guard_posture::text::shown(&error.to_string(), 200);
            InvalidBaseline::NotAReport(error)
        })?;
        let Wire { schema_version, observed_at, is_complete, is_filtered, findings, .. } = wire;
        if schema_version != VERSION {
            return Err(InvalidBaseline::OtherVersion(schema_version));
        }
        if wire.account != account.as_str() {
            let other = s3guard_posture::text::shown(&wire.account, 20);
            return Err(InvalidBaseline::OtherAccount(other, account.clone()));
        }
        if !is_complete {
            return Err(InvalidBaseline::Incomplete);
        }
        if is_filtered {
            return Err(InvalidBaseline::Filtered);
        }
        let one = |one: WireFinding| {
            let WireFinding { uid, evidence_hash, rule, severity, status, resource, reasons, who } =
                one;
            let is_open = status != "exempt";
            let found =
                EarlierFinding { rule, severity, evidence_hash, resource, reasons, who, is_open };
            (uid, found)
        };
        Ok(Self { observed_at, findings: findings.into_iter().map(one).collect() })
    }

    /// Compares the findings with it. Those that it has already, and which are no worse, become accepted.
    ///
    /// `exists` says whether a bucket with an ARN is there still, and `is_read` whether all of it could be read.
    pub fn compare(
        &self,
        findings: &mut [Finding],
        exists: impl Fn(&str) -> bool,
        is_read: impl Fn(&str) -> bool,
    ) -> Changes {
        let mut changes = Changes { since: self.observed_at.clone(), ..Changes::default() };
        let mut now = BTreeSet::new();
        for finding in findings.iter_mut() {
            let uid = finding.uid();
            now.insert(uid.clone());
            if !finding.is_open() {
                continue;
            }
            match self.findings.get(&uid) {
                // What was exempt and is not any more has not been accepted.
                Some(earlier) if earlier.is_open => {
                    if earlier.is_worse(finding) {
                        changes.worse.push(uid);
                    } else {
                        changes.same += 1;
                        finding.status = Status::Accepted;
                    }
                }
                Some(_) | None => changes.new.push(uid),
            }
        }
        for (uid, earlier) in self.findings.iter().filter(|(uid, _)| !now.contains(*uid)) {
            let EarlierResource { name, arn } = &earlier.resource;
            let is_resource_gone = !exists(arn);
            let gone = Gone {
                uid: uid.clone(),
                rule: earlier.rule.clone(),
                name: name.clone(),
                is_resource_gone,
            };
            let is_known = is_resource_gone || is_read(arn);
            if is_known { &mut changes.gone } else { &mut changes.now_unknown }.push(gone);
        }
        changes.new.sort();
        changes.worse.sort();
        changes
    }
}

impl EarlierFinding {
    /// Whether a finding is more severe than it, or has a reason or lets in a principal that it does not have.
    fn is_worse(&self, now: &Finding) -> bool {
        if now.severity != self.severity {
            return now.severity > self.severity;
        }
        let is_changed = now.evidence_hash() != self.evidence_hash;
        let adds = now.reasons.iter().any(|one| !self.reasons.contains(one))
            || now.who.iter().any(|one| !self.who.contains(one));
        is_changed && adds
    }
}

#[cfg(test)]
mod tests;
