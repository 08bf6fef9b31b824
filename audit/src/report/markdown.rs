//! A report in Markdown, for a comment of a pull request or the summary of a job: short enough for both.

use std::fmt::Write as _;

use s3guard_posture::text::shown;

use super::{Counts, Report};
use crate::finding::{Finding, Status};
use crate::rule::{Rule, row};

/// GitHub takes 65,536 characters in a comment.
const CHARACTERS_MAX: usize = 60_000;
/// The most rows of the first table.
const ROWS_MAX: usize = 20;
/// The most characters of one reason.
const REASON_MAX: usize = 300;

/// The report. The comment in its first line lets a job find and replace it.
pub fn markdown(report: &Report) -> String {
    let mut text = format!(
        "<!-- s3guard:{} -->\n## S3 audit of account {}\n\n",
        report.account, report.account
    );
    let _ = writeln!(text, "{}\n", headline(report));
    if !report.is_complete {
        let (done, listed) = (report.buckets.audited, report.buckets.listed);
        let _ = writeln!(text, "**Not complete: {done} of {listed} buckets were audited.**\n");
    }
    let open: Vec<&Finding> =
        report.findings.iter().map(|one| &one.finding).filter(|one| one.is_open()).collect();
    if !open.is_empty() {
        text += "| severity | rule | resource | reason |\n|---|---|---|---|\n";
        for finding in open.iter().take(ROWS_MAX) {
            text += &row_of(finding);
        }
        if open.len() > ROWS_MAX {
            let _ = writeln!(text, "\nand {} more, by rule:", open.len() - ROWS_MAX);
        }
        text.push('\n');
    }
    let left = " resources are left out: see the report in JSON.\n</details>\n";
    for rule in Rule::ALL {
        let of_rule: Vec<&&Finding> = open.iter().filter(|one| one.rule == rule).collect();
        let Some(details) = details(rule, &of_rule) else { continue };
        if text.len() + details.len() <= CHARACTERS_MAX {
            text += &details;
            continue;
        }
        // What is left out is counted.
        let head = head(rule, of_rule.len());
        if text.len() + head.len() + left.len() + 30 <= CHARACTERS_MAX {
            let _ = write!(text, "{head}{}{left}", of_rule.len());
        }
    }
    text
}

fn headline(report: &Report) -> String {
    let Counts { critical, high, medium, low, info, unknown, exempt, accepted } = report.counts;
    let counts = format!(
        "{critical} critical, {high} high, {medium} medium, {low} low, {info} info, {unknown} unknown; \
         {accepted} accepted, {exempt} exempt"
    );
    match &report.changes {
        Some(changes) => format!(
            "**{} new, {} worse, {} gone** since {}: {counts}.",
            changes.new.len(),
            changes.worse.len(),
            changes.gone.len(),
            safe(&changes.since),
        ),
        None => format!("**{counts}.**"),
    }
}

fn row_of(finding: &Finding) -> String {
    let unknown = if finding.status == Status::Unknown { " (unknown)" } else { "" };
    let reason = safe(&shown(&finding.reasons.join("; "), REASON_MAX));
    let name = safe(&finding.resource.name);
    format!("| {}{unknown} | {} | {name} | {reason} |\n", finding.severity, finding.rule)
}

fn head(rule: Rule, count: usize) -> String {
    let title = safe(row(rule).title);
    format!("<details><summary>{rule}: {count}. {title}</summary>\n\n")
}

fn details(rule: Rule, findings: &[&&Finding]) -> Option<String> {
    if findings.is_empty() {
        return None;
    }
    let mut text = head(rule, findings.len());
    let _ = writeln!(text, "{}\n", safe(row(rule).fix));
    for finding in findings {
        let _ = writeln!(text, "- {}", safe(&finding.resource.name));
    }
    text += "\n</details>\n";
    Some(text)
}

/// A text that is neither markup nor a mention, and has no line break.
fn safe(text: &str) -> String {
    let mut safe = String::new();
    for character in shown(text, usize::MAX).chars() {
        match character {
            // A comment between keeps it from being a mention, which is looked for after references are read.
            '@' => safe += "@<!-- -->",
            '#' | '&' | '<' | '>' | '|' | '`' | '*' | '_' | '~' | '[' | ']' | '(' | ')' | '!'
            | '\\' | '$' | ':' | '.' => {
                let _ = write!(safe, "&#{};", u32::from(character));
            }
            character => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_neither_markup_nor_a_mention() {
        let safe = safe("<img src=x onerror=alert(1)> @octocat | `code` [a](https://evil.example)");
        for markup in ["<img", "@octocat", " | ", "`", "[", "](", "://"] {
            assert!(!safe.contains(markup), "{markup}: {safe}");
        }
        assert_eq!(super::safe("a\nb"), "a&#92;u{a}b");
    }
}
