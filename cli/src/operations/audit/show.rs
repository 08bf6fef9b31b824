//! The report for people: the findings by rule, the worst first.

use s3guard_audit::finding::Status;
use s3guard_audit::report::table::{Group, groups};
use s3guard_audit::report::{Observed, Report};
use s3guard_audit::{Rule, Severity};
use serde::Serialize;

use crate::ui::text::{Printable, Style, Text, TextLine};

/// The report of an audit.
#[derive(Debug, Serialize)]
#[serde(transparent)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(transparent))]
pub(crate) struct AuditReport(pub(crate) Report);

impl Printable for AuditReport {
    fn print(&self, text: &mut Text) {
        let report = &self.0;
        let audited = report.buckets.audited;
        let head = format!(
            "account {} · {} · {} · {} calls",
            report.account,
            counted(audited, "bucket"),
            counted(report.regions.len(), "Region"),
            report.calls
        );
        text.line(head);
        if !report.is_complete {
            let listed = report.buckets.listed;
            text.line(TextLine::bad(format_args!(
                "not complete: {audited} of {listed} listed buckets were audited"
            )));
        }
        if report.is_filtered {
            text.line("only some buckets, Regions, rules or severities were asked for");
        }
        text.gap();
        if audited == 1 && report.is_complete {
            for one in &report.findings {
                in_full(one, text);
            }
        } else {
            for group in groups(report) {
                text.line(line(&group));
            }
        }
        if report.worst().is_some() {
            text.gap();
        }
        footer(report, text);
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Critical | Severity::High => Style::Bad,
        Severity::Medium => Style::Notable,
        Severity::Low | Severity::Info => Style::Plain,
    }
}

fn line(group: &Group) -> TextLine {
    let (word, style) = if group.is_unknown {
        ("unknown".to_owned(), Style::Notable)
    } else {
        (group.severity.name().to_owned(), style(group.severity))
    };
    let words = if group.is_unknown {
        format!("{}; may hide something {}", group.words, group.severity)
    } else {
        group.words.clone()
    };
    let rest = format!("{:>6}  {:<20}  {words}", group.count, group.rule.name());
    TextLine::styled(style, format_args!("{word:<8}")).and(rest)
}

/// One finding with all that is known of it.
fn in_full(observed: &Observed, text: &mut Text) {
    let finding = &observed.finding;
    let shown = observed.shown();
    let word = match finding.status {
        Status::Fail => finding.severity.name().to_owned(),
        Status::Unknown => format!("unknown, may be {}", finding.severity),
        Status::Exempt => "exempt".to_owned(),
        Status::Accepted => "accepted".to_owned(),
    };
    let head = format!("  {}: {}", finding.rule, shown.title());
    text.line(TextLine::styled(style(finding.severity), word).and(head));
    for reason in &finding.reasons {
        text.line(format_args!("    because {reason}"));
    }
    if !finding.held_back_by.is_empty() {
        text.line(format_args!("    held back by {}", finding.held_back_by.join(", ")));
    }
    if let Some(exemption) = &finding.exemption {
        let until = exemption.until.as_ref().map(|day| format!(" until {day}")).unwrap_or_default();
        text.line(format_args!("    exempt{until}: {}", exemption.reason));
    }
    text.line(TextLine::hint(format_args!("    fix: {}", shown.remediation().summary)));
    if let Some(command) = &shown.remediation().aws_cli {
        text.line(format_args!("      {command}"));
    }
}

fn footer(report: &Report, text: &mut Text) {
    let counts = report.counts;
    let without = report.buckets.audited.saturating_sub(report.buckets.with_findings);
    let mut parts = Vec::new();
    if let Some(changes) = &report.changes {
        text.line(format_args!(
            "since {}: {} new, {} worse, {} gone, {} as before",
            changes.since,
            changes.new.len(),
            changes.worse.len(),
            changes.gone.len(),
            changes.same
        ));
        if !changes.now_unknown.is_empty() {
            let count = counted(changes.now_unknown.len(), "finding");
            text.line(format_args!("{count} of the baseline could not be checked again"));
        }
    }
    if counts.accepted > 0 {
        parts.push(format!("{} accepted by the baseline", counts.accepted));
    }
    if counts.exempt > 0 {
        parts.push(format!("{} exempt by s3guard.toml", counts.exempt));
    }
    parts.push(format!("{} without findings", counted(without, "bucket")));
    text.line(parts.join(" · "));
    let open = report.findings.iter().filter(|one| one.finding.is_open());
    let first = open.map(|one| one.finding.rule).find(|rule| *rule != Rule::Unreadable);
    if let Some(rule) = first {
        text.line(TextLine::hint(format_args!("next: `s3guard explain {rule}`")));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use s3guard_audit::finding::Resource;
    use s3guard_audit::report::BucketCounts;
    use s3guard_audit::{AccountFacts, Finding};
    use s3guard_posture::{BucketId, Reading};

    use super::*;
    use crate::ui::text::plain;

    fn report(names: &[(&str, Rule)]) -> Report {
        let account = AccountFacts {
            id: "111122223333".parse().unwrap(),
            partition: "aws".to_owned(),
            block: Reading::Absent,
            multi_region: Reading::Absent,
        };
        let one = |(name, rule): &(&str, Rule)| {
            let id = BucketId {
                name: name.parse().unwrap(),
                account: account.id.clone(),
                region: "eu-west-1".parse().unwrap(),
            };
            let mut finding = Finding::new(*rule, &Arc::new(Resource::bucket(&id)));
            finding.reasons.push("a reason".to_owned());
            finding
        };
        let mut report = Report::new(&account, "2026-12-01T00:00:00Z".to_owned());
        report.buckets =
            BucketCounts { listed: names.len(), audited: names.len(), ..BucketCounts::default() };
        report.regions = vec!["eu-west-1".to_owned()];
        report.calls = 42;
        report.set_findings(names.iter().map(one).collect());
        report
    }

    #[test]
    fn findings_are_in_groups_and_those_of_one_bucket_in_full() {
        let several =
            [("photos", Rule::PublicRead), ("logs", Rule::HttpAllowed), ("www", Rule::HttpAllowed)];
        let expected = expect_test::expect![[r#"
            account 111122223333 · 3 buckets · 1 Region · 42 calls

            critical     1  public-read           photos (eu-west-1): a reason
            medium       2  http-allowed          The bucket answers requests without TLS: logs (eu-west-1), www (eu-west-1)

            0 buckets without findings
            next: `s3guard explain public-read`
        "#]];
        expected.assert_eq(&plain(&AuditReport(report(&several))));
        let expected = expect_test::expect![[r#"
            account 111122223333 · 1 bucket · 1 Region · 42 calls

            critical  public-read: Anyone on the internet can read objects of the bucket.
                because a reason
                fix: Turn on the bucket's public access block; then remove the public statements from its policy.
                  aws s3api put-public-access-block --region eu-west-1 --bucket photos --expected-bucket-owner 111122223333 --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true

            0 buckets without findings
            next: `s3guard explain public-read`
        "#]];
        expected.assert_eq(&plain(&AuditReport(report(&several[..1]))));
    }

    #[test]
    fn what_is_not_complete_says_so() {
        let mut report = report(&[]);
        report.is_complete = false;
        report.buckets.listed = 7;
        let words = plain(&AuditReport(report));
        assert!(words.contains("not complete: 0 of 7 listed buckets were audited"), "{words}");
    }
}
