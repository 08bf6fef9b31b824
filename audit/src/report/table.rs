//! The findings by rule, as a terminal shows them.

use std::collections::BTreeMap;

use super::Report;
use crate::finding::{Finding, Missing, ResourceKind, Status};
use crate::rule::{Rule, row};
use crate::severity::Severity;

/// The most names of resources in one line.
const NAMES_MAX: usize = 4;

/// The findings of one rule, severity and status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The severity.
    pub severity: Severity,
    /// The rule.
    pub rule: Rule,
    /// Whether it is not known whether the rule is broken.
    pub is_unknown: bool,
    /// How many there are.
    pub count: usize,
    /// What and where, in words.
    pub words: String,
}

/// The findings that count, in groups, the worst first; what is not known comes last.
pub fn groups(report: &Report) -> Vec<Group> {
    let mut groups: BTreeMap<_, Vec<&Finding>> = BTreeMap::new();
    for finding in report.findings.iter().map(|one| &one.finding).filter(|one| one.is_open()) {
        let is_unknown = finding.status == Status::Unknown;
        let key = (is_unknown, std::cmp::Reverse(finding.severity), finding.rule);
        groups.entry(key).or_default().push(finding);
    }
    let group =
        |((is_unknown, std::cmp::Reverse(severity), rule), findings): (_, Vec<&Finding>)| Group {
            severity,
            rule,
            is_unknown,
            count: findings.len(),
            words: words(rule, &findings),
        };
    groups.into_iter().map(group).collect()
}

fn words(rule: Rule, findings: &[&Finding]) -> String {
    let name = |finding: &&&Finding| match finding.resource.kind {
        ResourceKind::Account => "the account".to_owned(),
        ResourceKind::Bucket if !finding.resource.region.is_empty() => {
            format!("{} ({})", finding.resource.name, finding.resource.region)
        }
        ResourceKind::Bucket => finding.resource.name.clone(),
        ResourceKind::AccessPoint => format!("access point {}", finding.resource.name),
        ResourceKind::MultiRegionAccessPoint => {
            format!("Multi-Region Access Point {}", finding.resource.name)
        }
    };
    let names: Vec<String> = findings.iter().take(NAMES_MAX).map(|one| name(&one)).collect();
    let more = findings.len().saturating_sub(NAMES_MAX);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let names = format!("{}{more}", names.join(", "));
    if let [one] = findings {
        return format!("{names}: {}", reasons(one));
    }
    let mut held: Vec<&str> =
        findings.iter().flat_map(|one| one.held_back_by.iter().copied()).collect();
    held.sort_unstable();
    held.dedup();
    let held =
        if held.is_empty() { String::new() } else { format!(", held back by {}", held.join(", ")) };
    let title = row(rule).title.trim_end_matches('.');
    format!("{title}: {names}{held}")
}

/// The reasons of a finding; of what could not be read, the actions that may hide the worst.
fn reasons(finding: &Finding) -> String {
    if finding.missing.len() <= NAMES_MAX {
        return finding.reasons.join("; ");
    }
    let mut missing: Vec<&Missing> = finding.missing.iter().collect();
    missing.sort_by_key(|one| (std::cmp::Reverse(one.severity), one.action));
    let actions: Vec<&str> = missing.iter().take(NAMES_MAX).map(|one| one.action).collect();
    format!("no answer to {} and {} more", actions.join(", "), missing.len() - NAMES_MAX)
}
