//! A report in the Static Analysis Results Interchange Format 2.1.0, as code scanning takes it.
//!
//! Sources: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; GitHub Docs, "SARIF support for code
//! scanning" and "SARIF results exceed one or more limits".

use serde_json::{Map, Value, json};

use super::{Observed, Report, remedy};
use crate::finding::{ResourceKind, Status};
use crate::rule::{Rule, row};
use crate::severity::Severity;

/// Code scanning keeps so many results of a run.
const RESULTS_MAX: usize = 5_000;
/// The file that results are shown at: what can exempt them. A bucket is no file.
const ANCHOR: &str = "s3guard.toml";

/// The report. Code scanning keeps 5,000 results: of more, the worst are in it, and it says how many are left out.
pub fn sarif(report: &Report) -> String {
    let results: Vec<Value> = report.findings.iter().take(RESULTS_MAX).map(result).collect();
    let mut rules: Vec<Rule> =
        report.findings.iter().take(RESULTS_MAX).map(|one| one.finding.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let rules: Vec<Value> = rules.into_iter().map(rule).collect();
    let left = report.findings.len().saturating_sub(RESULTS_MAX);
    let mut notes = Vec::new();
    if left > 0 {
        notes.push(format!("{left} findings of lower severity are left out of this file"));
    }
    if !report.is_complete {
        notes.push("the audit is not complete: some buckets were not read".to_owned());
    }
    let notes: Vec<Value> = notes
        .into_iter()
        .map(|text| json!({ "level": "warning", "message": { "text": text } }))
        .collect();
    let sarif = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "s3guard", "semanticVersion": env!("CARGO_PKG_VERSION"), "rules": rules,
            } },
            // One account does not close the alerts of another.
            "automationDetails": { "id": format!("s3guard/{}/", report.account) },
            "invocations": [{
                "executionSuccessful": report.is_complete, "startTimeUtc": report.observed_at,
                "toolExecutionNotifications": notes,
            }],
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&sarif).unwrap_or_default() + "\n"
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// The number by which code scanning sorts: above 9 critical, from 7 high, from 4 medium, above 0 low.
const fn number(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "0.0",
    }
}

fn rule(rule: Rule) -> Value {
    const TAGS_MAX: usize = 10;
    let row = row(rule);
    let mut tags = vec!["security".to_owned()];
    tags.extend(row.references.mitre.iter().map(|id| format!("external/mitre/{id}")));
    tags.extend(row.references.fsbp.iter().map(|id| format!("external/fsbp/{id}")));
    tags.truncate(TAGS_MAX);
    json!({
        "id": rule, "name": rule,
        "shortDescription": { "text": row.title },
        "fullDescription": { "text": row.why },
        "help": { "text": row.fix },
        "defaultConfiguration": { "level": level(row.severity) },
        "properties": { "security-severity": number(row.severity), "precision": "high", "tags": tags },
    })
}

fn result(observed: &Observed) -> Value {
    let finding = &observed.finding;
    let (resource, uid) = (&*finding.resource, finding.uid());
    let remediation = remedy::of(finding);
    let held = finding.held_back_by.join(", ");
    let held = if held.is_empty() { held } else { format!("; held back by {held}") };
    let text = format!(
        "{} ({}): {} {}{held}. {}",
        resource.name,
        resource.arn,
        row(finding.rule).title,
        finding.reasons.join("; "),
        remediation.summary,
    );
    // In a message, `[text](address)` is a link.
    let text = text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]");
    let kind = match resource.kind {
        ResourceKind::Account => "account",
        ResourceKind::Bucket | ResourceKind::AccessPoint | ResourceKind::MultiRegionAccessPoint => {
            "resource"
        }
    };
    let mut result = Map::new();
    let mut set = |key: &str, value: Value| result.insert(key.to_owned(), value);
    set("ruleId", json!(finding.rule));
    if finding.status == Status::Unknown {
        set("kind", json!("review"));
        // Only a failure has another level.
        set("level", json!("none"));
    } else {
        set("kind", json!("fail"));
        set("level", json!(level(finding.severity)));
    }
    set("message", json!({ "text": text }));
    set(
        "locations",
        json!([{
            "physicalLocation": {
                "artifactLocation": { "uri": ANCHOR }, "region": { "startLine": 1 },
            },
            "logicalLocations": [{
                "name": resource.name, "fullyQualifiedName": resource.arn, "kind": kind,
            }],
        }]),
    );
    set(
        "partialFingerprints",
        json!({ "primaryLocationLineHash": format!("{uid}:1"), "s3guardFinding/v1": uid }),
    );
    let justification = match (finding.status, &finding.exemption) {
        (Status::Exempt, Some(exemption)) => Some(exemption.reason.clone()),
        (Status::Exempt, None) => Some("s3guard.toml exempts it".to_owned()),
        (Status::Accepted, _) => Some("the baseline has it".to_owned()),
        (Status::Fail | Status::Unknown, _) => None,
    };
    if let Some(text) = justification {
        set("suppressions", json!([{ "kind": "external", "justification": text }]));
    }
    set("properties", json!({ "severity": finding.severity, "region": resource.region }));
    Value::Object(result)
}
