//! What a rule is about, why it matters, and how to fix it.

use s3guard_audit::Severity;
use s3guard_audit::rule::{References, Row, Rule, row};
use serde::Serialize;

use crate::ui::text::{Printable, Style, Text, TextLine};

/// The rules that were asked for.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Explanations {
    rules: Vec<Explanation>,
}

/// A rule.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Explanation {
    rule: Rule,
    severity: Severity,
    title: &'static str,
    rationale: &'static str,
    remediation: &'static str,
    /// The aspect in `s3guard.toml` by which it is exempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    aspect: Option<&'static str>,
    references: References,
}

/// Explains a rule; all of them without one.
pub(crate) fn explain(rule: Option<Rule>) -> Explanations {
    let all = Rule::ALL.into_iter().filter(|one| rule.is_none_or(|rule| rule == *one));
    let one = |rule| {
        let Row { severity, title, why, fix, aspect, references } = row(rule);
        let aspect = aspect.map(s3guard_posture::Aspect::name);
        let (rationale, remediation) = (why, fix);
        Explanation { rule, severity, title, rationale, remediation, aspect, references }
    };
    Explanations { rules: all.map(one).collect() }
}

impl Printable for Explanations {
    fn print(&self, text: &mut Text) {
        if let [one] = &self.rules[..] {
            return one.print(text);
        }
        for one in &self.rules {
            let line =
                format!("{:<8}  {:<22}  {}", one.severity.name(), one.rule.name(), one.title);
            text.line(line);
        }
    }
}

impl Printable for Explanation {
    fn print(&self, text: &mut Text) {
        let name = TextLine::styled(Style::Notable, self.rule);
        text.line(name.and(format_args!(" ({})", self.severity)));
        text.gap();
        text.line(self.title);
        text.gap();
        text.line(format_args!("Why: {}", self.rationale));
        text.line(format_args!("Fix: {}", self.remediation));
        if let Some(aspect) = self.aspect {
            text.line(format_args!(
                "Exempt: an `[[exemption]]` of the aspect `{aspect}` in s3guard.toml, with a reason and an end"
            ));
        }
        let References { fsbp, cis, pci, nist, mitre } = self.references;
        let all = [
            ("AWS FSBP", fsbp),
            ("CIS AWS Foundations", cis),
            ("PCI DSS 4.0.1", pci),
            ("NIST SP 800-53 r5", nist),
            ("MITRE ATT&CK", mitre),
        ];
        let all = all.iter().filter(|(_, ids)| !ids.is_empty());
        let all: Vec<String> =
            all.map(|(name, ids)| format!("{name} {}", ids.join(", "))).collect();
        if !all.is_empty() {
            text.line(format_args!("References: {}", all.join("; ")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::text::plain;

    #[test]
    fn every_rule_is_listed_and_one_is_explained() {
        assert_eq!(plain(&explain(None)).lines().count(), Rule::ALL.len());
        expect_test::expect![[r#"
            http-allowed (medium)

            The bucket answers requests without TLS.

            Why: Anyone on the way can read and change what is sent by plain HTTP.
            Fix: Add a statement to the policy that denies requests without TLS.
            Exempt: an `[[exemption]]` of the aspect `tls` in s3guard.toml, with a reason and an end
            References: AWS FSBP S3.5; CIS AWS Foundations 5.0/2.1.1, 7.0/3.1.1; PCI DSS 4.0.1 4.2.1; NIST SP 800-53 r5 SC-8, SC-13; MITRE ATT&CK T1040, T1557
        "#]]
        .assert_eq(&plain(&explain(Some(Rule::HttpAllowed))));
    }

    #[test]
    fn every_rule_is_in_the_documentation_as_it_is() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/audit.md");
        let text = std::fs::read_to_string(path).unwrap();
        for Explanation { rule, severity, title, .. } in explain(None).rules {
            let line = format!("| `{rule}` | {severity} | {title} |");
            assert!(text.contains(&line), "docs/audit.md does not have: {line}");
        }
    }
}
