//! A report as comma-separated values, after RFC 4180 but with the line ends of Unix. A cell is never a formula.

use s3guard_posture::text::escaped;

use super::{Report, remedy};
use crate::finding::Status;
use crate::rule::row;

const COLUMNS: [&str; 23] = [
    "account",
    "region",
    "kind",
    "name",
    "arn",
    "rule",
    "severity",
    "status",
    "title",
    "reasons",
    "held_back_by",
    "who",
    "missing_actions",
    "remediation_cli",
    "fsbp",
    "cis",
    "pci",
    "nist",
    "mitre",
    "exempt_until",
    "exempt_reason",
    "uid",
    "observed_at",
];

/// The report, with a header.
pub fn csv(report: &Report) -> String {
    let mut text = COLUMNS.join(",") + "\n";
    for observed in &report.findings {
        let finding = &observed.finding;
        let (resource, of_rule) = (&finding.resource, row(finding.rule));
        let references = of_rule.references;
        let exemption = finding.exemption.as_ref();
        let list = |ids: &[&str]| ids.join(" ");
        let who: Vec<&str> = finding.who.iter().map(String::as_str).collect();
        let missing: Vec<&str> = finding.missing.iter().map(|one| one.action).collect();
        let cells = [
            resource.account.to_string(),
            resource.region.clone(),
            kebab(&resource.kind),
            resource.name.clone(),
            resource.arn.clone(),
            finding.rule.name().to_owned(),
            finding.severity.name().to_owned(),
            status(finding.status).to_owned(),
            of_rule.title.to_owned(),
            finding.reasons.join("; "),
            finding.held_back_by.join(" "),
            who.join("; "),
            missing.join(" "),
            remedy::of(finding).aws_cli.unwrap_or_default(),
            list(references.fsbp),
            list(references.cis),
            list(references.pci),
            list(references.nist),
            list(references.mitre),
            exemption.and_then(|one| one.until.clone()).unwrap_or_default(),
            exemption.map(|one| one.reason.clone()).unwrap_or_default(),
            finding.uid(),
            observed.at.to_string(),
        ];
        let cells: Vec<String> = cells.iter().map(|one| cell(one)).collect();
        text += &(cells.join(",") + "\n");
    }
    text
}

pub(super) const fn status(status: Status) -> &'static str {
    match status {
        Status::Fail => "fail",
        Status::Unknown => "unknown",
        Status::Exempt => "exempt",
        Status::Accepted => "accepted",
    }
}

/// The name of a value that JSON writes in kebab-case.
fn kebab(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// A cell. A spreadsheet takes one that begins with such a character, perhaps after spaces, for a formula.
///
/// Source: OWASP, "CSV Injection"; also the full-width forms, which some spreadsheets take for the same.
fn cell(text: &str) -> String {
    const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    let text = escaped(text);
    let is_formula = text.trim_start().starts_with(FORMULA);
    let text = if is_formula { format!("'{text}") } else { text };
    if text.contains(['"', ',', ';', ' ', '\'']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_neither_a_formula_nor_two_cells_nor_two_lines() {
        let check = |text: &str, expected: &str| assert_eq!(cell(text), expected);
        check("plain", "plain");
        check("", "");
        check("a,b \"c\"", "\"a,b \"\"c\"\"\"");
        check("=cmd|'/c calc'!A1", "\"'=cmd|'/c calc'!A1\"");
        for formula in ["=1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "＝1"] {
            let cell = cell(formula);
            let begin = cell.trim_start_matches('"');
            assert!(begin.starts_with(['\'', '\\']), "{formula:?}: {cell}");
        }
        check("two\r\nlines", "two\\u{d}\\u{a}lines");
    }
}
