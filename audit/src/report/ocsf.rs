//! A report as events of the Open Cybersecurity Schema Framework 1.8.0, class Compliance Finding (2003): one event a line.
//!
//! Source: `ocsf/ocsf-schema`, release 1.8.0, `events/findings/compliance_finding.json` and the objects that it names.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Observed, Report, remedy};
use crate::finding::{ResourceKind, Status};
use crate::rule::row;
use crate::severity::Severity;

const VERSION: &str = "1.8.0";
/// Compliance Finding, of the category Findings; the activity is Create.
const CLASS: u64 = 2003;
const CATEGORY: u64 = 2;
const CREATE: u64 = 1;
const AWS_ACCOUNT: u64 = 10;
/// The analytic is a rule.
const RULE: u64 = 1;

/// The events, each in a line.
pub fn ndjson(report: &Report) -> String {
    report.findings.iter().map(|one| event(report, one).to_string() + "\n").collect()
}

const fn severity(severity: Severity) -> u64 {
    match severity {
        Severity::Info => 1,
        Severity::Low => 2,
        Severity::Medium => 3,
        Severity::High => 4,
        Severity::Critical => 5,
    }
}

const fn kind(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::Account => "AWS::Organizations::Account",
        ResourceKind::Bucket => "AWS::S3::Bucket",
        ResourceKind::AccessPoint => "AWS::S3::AccessPoint",
        ResourceKind::MultiRegionAccessPoint => "AWS::S3::MultiRegionAccessPoint",
    }
}

/// Milliseconds since 1970.
fn milliseconds(time: &str) -> i128 {
    let time = OffsetDateTime::parse(time, &Rfc3339);
    time.map_or(0, |time| time.unix_timestamp_nanos() / 1_000_000)
}

fn event(report: &Report, observed: &Observed) -> Value {
    let Observed { finding, at } = observed;
    let (resource, of_rule, uid) = (&*finding.resource, row(finding.rule), finding.uid());
    let time = u64::try_from(milliseconds(at)).unwrap_or_default();
    // "Warning" is what has no result because something is missing.
    let compliance = if finding.status == Status::Unknown { 2 } else { 3 };
    let status = match finding.status {
        Status::Fail | Status::Unknown => 1,
        Status::Exempt | Status::Accepted => 3,
    };
    let references = of_rule.references;
    let mut requirements: Vec<String> =
        references.cis.iter().map(|id| format!("CIS {id}")).collect();
    requirements.extend(references.pci.iter().map(|id| format!("PCI DSS 4.0.1/{id}")));
    requirements.extend(references.nist.iter().map(|id| format!("NIST 800-53 r5/{id}")));
    let mut standards = Vec::new();
    for (name, ids) in [
        ("AWS Foundational Security Best Practices", references.fsbp),
        ("CIS AWS Foundations Benchmark", references.cis),
        ("PCI DSS", references.pci),
        ("NIST SP 800-53", references.nist),
    ] {
        standards.extend((!ids.is_empty()).then_some(name));
    }
    let technique = |id: &&str| json!({ "technique": { "uid": id } });
    let attacks: Vec<Value> = references.mitre.iter().map(technique).collect();
    let mut details = finding.reasons.clone();
    details.extend(finding.held_back_by.iter().map(|one| format!("held back by {one}")));
    details.extend(finding.missing.iter().map(|one| format!("{} is not allowed", one.action)));
    let control = references.fsbp.first().copied().unwrap_or(finding.rule.name());
    let remediation = remedy::of(finding);
    let mut cloud = json!({
        "provider": "AWS",
        "account": { "uid": resource.account, "type_id": AWS_ACCOUNT, "type": "AWS Account" },
    });
    let mut shown = json!({
        "uid": resource.arn, "name": resource.name, "type": kind(resource.kind),
        "cloud_partition": resource.partition,
    });
    if !resource.region.is_empty() {
        cloud["region"] = resource.region.clone().into();
        shown["region"] = resource.region.clone().into();
    }
    let desc = match &remediation.aws_cli {
        Some(command) => format!("{} {command}", remediation.summary),
        None => remediation.summary.to_owned(),
    };
    json!({
        "class_uid": CLASS, "class_name": "Compliance Finding",
        "category_uid": CATEGORY, "category_name": "Findings",
        "activity_id": CREATE, "activity_name": "Create",
        "type_uid": CLASS * 100 + CREATE, "type_name": "Compliance Finding: Create",
        "time": time,
        "severity_id": severity(finding.severity), "severity": title_case(finding.severity.name()),
        "status_id": status, "status": if status == 1 { "New" } else { "Suppressed" },
        "message": format!("{}: {}", resource.name, of_rule.title),
        "metadata": {
            "version": VERSION, "profiles": ["cloud"], "event_code": finding.rule,
            "uid": format!("{}/{uid}", report.observed_at),
            "product": { "name": "s3guard", "vendor_name": "s3guard", "version": env!("CARGO_PKG_VERSION") },
        },
        "finding_info": {
            "uid": uid, "title": of_rule.title, "desc": of_rule.why, "created_time": time,
            "types": ["Software and Configuration Checks"],
            "analytic": { "type_id": RULE, "type": "Rule", "uid": finding.rule, "name": finding.rule },
            "attacks": attacks,
        },
        "compliance": {
            "status_id": compliance, "status": if compliance == 2 { "Warning" } else { "Fail" },
            "control": control, "standards": standards, "requirements": requirements,
            "status_details": details,
            "checks": [{ "uid": finding.rule, "status_id": compliance,
                "severity_id": severity(finding.severity) }],
        },
        "resources": [shown],
        "remediation": { "desc": desc },
        "cloud": cloud,
    })
}

fn title_case(name: &str) -> String {
    // OCSF calls it `Informational`.
    if name == "info" {
        return "Informational".to_owned();
    }
    let (first, rest) = name.split_at(1);
    first.to_ascii_uppercase() + rest
}
