//! The rules at work: what a bucket, an access point or the account breaks.

use std::sync::Arc;

use s3guard_posture::model::access_point::AccessPoint;
use s3guard_posture::model::observed::Observed;
use s3guard_posture::text::shown;
use s3guard_posture::{Baseline, BucketId, Reading, Region, assess};

use crate::facts::{
    ACCOUNT_BLOCK, AccountFacts, Around, BucketFacts, LIST_ACCESS_POINTS, LIST_MULTI_REGION,
};
use crate::finding::{Exemption, Finding, Missing, Resource, ResourceKind, Status};
use crate::names::{self, Known};
use crate::rule::{Rule, row};
use crate::severity::Severity;

mod access_points;
mod encryption;
mod exposure;
mod judged;
mod keeping;
mod principals;
mod unreadable;

/// The findings of one bucket so far, one for each rule and resource.
struct Found {
    bucket: Arc<Resource>,
    findings: Vec<Finding>,
}

impl Found {
    /// Adds a finding about the bucket.
    fn add(&mut self, rule: Rule, reason: impl Into<String>, change: impl FnOnce(&mut Finding)) {
        let mut finding = Finding::new(rule, &self.bucket);
        finding.reasons.push(reason.into());
        change(&mut finding);
        self.push(finding);
    }

    fn push(&mut self, finding: Finding) {
        let same =
            |known: &&mut Finding| known.rule == finding.rule && known.resource == finding.resource;
        match self.findings.iter_mut().find(same) {
            Some(known) => known.merge(finding),
            None => self.findings.push(finding),
        }
    }
}

/// Nothing changes in a finding.
fn plain(_: &mut Finding) {}

/// Judges a bucket.
pub fn of_bucket(facts: &BucketFacts, around: &Around<'_>) -> Vec<Finding> {
    let bucket = Arc::new(Resource::bucket(&facts.observed.id));
    let mut found = Found { bucket, findings: Vec::new() };
    exposure::judge(&facts.observed, &mut found);
    principals::judge(&facts.observed, around.baseline, &mut found);
    judged::judge(&facts.observed, around.baseline, &mut found);
    encryption::judge(facts, &mut found);
    keeping::judge(&facts.observed, &mut found);
    access_points::judge(&facts.observed, around, &mut found);
    unreadable::judge(facts, &mut found);
    let mut findings = found.findings;
    for finding in &mut findings {
        exempt(finding, around.baseline);
    }
    findings
}

/// Marks a finding that the configuration exempts. What could not be read is not known to be what is exempt.
fn exempt(finding: &mut Finding, baseline: &Baseline) {
    let Some(aspect) = row(finding.rule).aspect else { return };
    let exempt = baseline.exemptions.iter().find(|one| one.aspect == aspect);
    if let Some(exempt) = exempt.filter(|_| finding.status == Status::Fail) {
        finding.status = Status::Exempt;
        let until = exempt.until.map(|day| day.to_string());
        finding.exemption = Some(Exemption { reason: exempt.reason.clone(), until });
    }
}

/// Judges the account itself, with the baseline of its public access block.
pub fn of_account(account: &AccountFacts, region: &Region, baseline: &Baseline) -> Vec<Finding> {
    let resource = Arc::new(Resource::account(account));
    let mut found = Found { bucket: resource, findings: Vec::new() };
    let mut observed = Observed::unread(account.bucket_id(region.clone()));
    observed.account_block = account.block;
    observed.history = Reading::Absent;
    if account.block.is_denied() {
        missing(&mut found, ACCOUNT_BLOCK, Severity::High, String::new());
    } else {
        judged::judge(&observed, baseline, &mut found);
    }
    match &account.multi_region {
        Reading::Known(all) => {
            for one in all {
                access_points::of_multi_region(one, account, &mut found);
            }
        }
        Reading::Denied => {
            missing(&mut found, LIST_MULTI_REGION, Severity::High, String::new());
        }
        Reading::Absent | Reading::Unread => {}
    }
    found.findings
}

/// What could not be read in a Region.
pub fn of_region(
    account: &AccountFacts,
    region: &Region,
    access_points: &Reading<Vec<AccessPoint>>,
) -> Vec<Finding> {
    let bucket = Arc::new(Resource::account(account));
    let mut found = Found { bucket, findings: Vec::new() };
    if access_points.is_denied() {
        missing(&mut found, LIST_ACCESS_POINTS, Severity::High, format!("in {region}"));
    }
    found.findings
}

/// What was refused for every bucket.
pub fn of_refused(account: &AccountFacts, refused: &[&'static str]) -> Vec<Finding> {
    let bucket = Arc::new(Resource::account(account));
    let mut found = Found { bucket, findings: Vec::new() };
    for action in refused {
        // Without their number, which changes: a baseline would have another finding.
        let cause = "for every bucket, so that none is judged by it".to_owned();
        missing(&mut found, action, unreadable::hides_at_worst(action), cause);
    }
    found.findings
}

/// Notes a read about the whole account that failed.
fn missing(found: &mut Found, action: &'static str, severity: Severity, cause: String) {
    let reason = match cause.as_str() {
        "" => format!("{action} is denied"),
        cause => format!("{action} is denied: {cause}"),
    };
    found.add(Rule::Unreadable, reason, |finding| {
        finding.status = Status::Unknown;
        finding.severity = severity;
        finding.missing.push(Missing { action, severity, cause });
    });
}

/// Removes from findings what is a finding of the whole account.
pub fn without_refused(findings: &mut Vec<Finding>, refused: &[&'static str]) {
    let is_of_account = |one: &Missing| refused.contains(&one.action);
    findings.retain_mut(|finding| {
        let is_of_bucket = finding.resource.kind == ResourceKind::Bucket;
        if finding.rule != Rule::Unreadable || !is_of_bucket {
            return true;
        }
        finding.missing.retain(|one| !is_of_account(one));
        let worst = finding.missing.iter().map(|one| one.severity).max();
        finding.severity = worst.unwrap_or(Severity::Info);
        finding.reasons = finding.missing.iter().map(unreadable::words).collect();
        worst.is_some()
    });
}

/// A bucket whose access logs go to one that does not exist: S3 takes only a bucket of the same account.
pub fn log_target_gone(id: &BucketId, target: &str, baseline: &Baseline) -> Finding {
    let mut finding = Finding::new(Rule::LogTargetGone, &Arc::new(Resource::bucket(id)));
    let target = shown(target, 80);
    finding.reasons.push(format!("its access logs go to `{target}`, which is not in this account"));
    exempt(&mut finding, baseline);
    finding
}

/// What the guard's engine finds in a bucket.
fn engine(observed: &Observed, baseline: &Baseline) -> Vec<s3guard_posture::Finding> {
    assess(observed, baseline)
}

/// The names that are easy to guess and say what their buckets hold. `known` is what a stranger knows.
pub fn of_names<'a>(
    buckets: impl IntoIterator<Item = &'a BucketId>,
    known: &Known,
) -> Vec<Finding> {
    const GUESSABLE: u8 = 1;
    let of = |id: &BucketId| {
        let rating = names::rate(id.name.as_str(), known);
        (rating.is_telling && rating.score <= GUESSABLE).then(|| {
            let mut finding = Finding::new(Rule::NameGuessable, &Arc::new(Resource::bucket(id)));
            finding.reasons.push(format!(
                "{} (about 10^{:.1} guesses)",
                rating.words(),
                rating.log10_guesses
            ));
            finding
        })
    };
    buckets.into_iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests;
