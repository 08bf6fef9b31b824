//! The report of the checks, as lines and as JSON.

use serde::Serialize;

use crate::ui::lines;
use crate::ui::text::{Printable, Style, Text, TextLine};

/// The widths of the columns for the state and the check.
const STATE: usize = 9;
const CHECK: usize = 15;
/// Where the last column begins.
const MARGIN: usize = 2 + STATE + CHECK;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum CheckStatus {
    Ok,
    Warning,
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Verdict {
    #[serde(rename = "status")]
    pub(crate) state: CheckStatus,
    pub(crate) text: String,
    /// What to do about it.
    #[serde(rename = "hint", skip_serializing_if = "Option::is_none")]
    pub(crate) fix: Option<String>,
    /// Lines for `s3guard.toml`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) snippet: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Check {
    pub(crate) check: &'static str,
    #[serde(flatten)]
    pub(crate) verdict: Verdict,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct OfRegion {
    pub(crate) region: String,
    /// `None` if AWS did not name the caller.
    pub(crate) account: Option<String>,
    pub(crate) stack: String,
    pub(crate) checks: Vec<Check>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DoctorReport {
    pub(crate) failed: usize,
    pub(crate) warnings: usize,
    pub(crate) regions: Vec<OfRegion>,
}

impl Verdict {
    pub(crate) fn ok(text: impl Into<String>) -> Self {
        Self { state: CheckStatus::Ok, text: text.into(), fix: None, snippet: None }
    }

    pub(crate) fn warning(text: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            state: CheckStatus::Warning,
            text: text.into(),
            fix: Some(fix.into()),
            snippet: None,
        }
    }

    pub(crate) fn failed(text: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: CheckStatus::Failed, text: text.into(), fix: Some(fix.into()), snippet: None }
    }

    pub(crate) fn of(self, check: &'static str) -> Check {
        Check { check, verdict: self }
    }
}

impl DoctorReport {
    pub(crate) fn new(regions: Vec<OfRegion>) -> Self {
        let count = |state| {
            let checks = regions.iter().flat_map(|one| &one.checks);
            checks.filter(|line| line.verdict.state == state).count()
        };
        Self { failed: count(CheckStatus::Failed), warnings: count(CheckStatus::Warning), regions }
    }

    fn summary(&self) -> String {
        let warnings = match self.warnings {
            0 => String::new(),
            1 => ", 1 warning".to_owned(),
            many => format!(", {many} warnings"),
        };
        match self.failed {
            0 => format!("nothing failed{warnings}"),
            failed => format!("{failed} failed{warnings}"),
        }
    }
}

impl Printable for DoctorReport {
    fn print(&self, text: &mut Text) {
        for OfRegion { region, account, stack, checks } in &self.regions {
            let account = account.as_ref().map(|id| format!(", account {id}")).unwrap_or_default();
            text.line(format_args!("Region {region}{account}, stack {stack}"));
            for line in checks {
                line.print(text);
            }
            text.gap();
        }
        text.line(self.summary());
    }
}

impl Printable for Check {
    /// The text stays a column.
    fn print(&self, text: &mut Text) {
        let Self { check, verdict } = self;
        let (style, word) = match verdict.state {
            CheckStatus::Ok => (Style::Good, "ok"),
            CheckStatus::Warning => (Style::Warning, "warning"),
            CheckStatus::Failed => (Style::Bad, "failed"),
        };
        let head = TextLine::from("  ").and(TextLine::styled(style, word));
        let head = head.and(format_args!("{:1$}{check:CHECK$}", "", STATE - word.len()));
        column(&head, "", &verdict.text, text);
        if let Some(fix) = &verdict.fix {
            column(&margin(), "hint:", fix, text);
        }
        for line in verdict.snippet.iter().flat_map(|snippet| snippet.lines()) {
            column(&margin(), "", line, text);
        }
    }
}

fn margin() -> TextLine {
    format_args!("{:MARGIN$}", "").into()
}

/// Adds a line whose last column is a label and words, and the lines on which the column continues.
fn column(head: &TextLine, label: &str, words: &str, text: &mut Text) {
    let room = text.columns.map_or(usize::MAX, |all| all.saturating_sub(MARGIN).max(20));
    for (index, row) in lines::wrapped(&format!("{label} {words}"), room).iter().enumerate() {
        match row.strip_prefix(label).filter(|_| index == 0) {
            Some(row) => text.line(head.clone().and(TextLine::hint(label)).and(row)),
            None => text.line(margin().and(row)),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;
    use unicode_width::UnicodeWidthStr as _;

    use super::*;
    use crate::ui::output::Paint;
    use crate::ui::text::plain;

    fn report() -> DoctorReport {
        let of = |region: &str, account: Option<&str>, checks| OfRegion {
            region: region.to_owned(),
            account: account.map(str::to_owned),
            stack: "s3guard".to_owned(),
            checks,
        };
        let well = vec![
            Verdict::ok("`arn:aws:iam::111122223333:user/admin`").of("caller"),
            Verdict::ok("it agrees with AWS's").of("clock"),
            Verdict::failed(
                "none records the changes of buckets in `eu-west-1`: `audit` is stopped",
                "`aws cloudtrail start-logging --name s3guard-eu-west-1 --region eu-west-1`, or \
                 `s3guard deploy --stack s3guard --region eu-west-1 --trail auto`",
            )
            .of("trail"),
            Verdict::warning(
                "events of buckets created through the global endpoint come to us-east-1 only, where there is no guard",
                "`s3guard deploy --stack s3guard --region us-east-1 --trail auto`",
            )
            .of("us-east-1"),
            Verdict::ok(
                "`arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab` can encrypt",
            )
            .of("key"),
        ];
        let fix = "log in with `aws sso login` or `aws configure`";
        let gone =
            vec![Verdict::failed("no usable credentials: none were found", fix).of("caller")];
        DoctorReport::new(vec![
            of("eu-west-1", Some("111122223333"), well),
            of("eu-central-1", None, gone),
        ])
    }

    #[test]
    fn a_report_is_shown_wrapped_coloured_and_as_json() {
        let report = report();
        expect_file!["report/wide.txt"]
            .assert_eq(&Text::of(&report, Some(100)).painted(Paint::Plain));
        expect_file!["report/pipe.txt"].assert_eq(&plain(&report));
        expect_file!["report/coloured.txt"]
            .assert_eq(&Text::of(&report, Some(100)).painted(Paint::Ansi));
        let json = serde_json::to_string_pretty(&report).unwrap();
        expect_file!["report/report.json"].assert_eq(&(json + "\n"));
    }

    #[test]
    fn no_line_is_longer_than_the_terminal_unless_it_is_one_word() {
        for columns in [60, 80, 120] {
            for line in Text::of(&report(), Some(columns)).painted(Paint::Plain).lines() {
                let is_one_word = !line.chars().skip(2 + STATE + CHECK).any(|c| c == ' ');
                let is_heading = line.starts_with("Region");
                assert!(line.width() <= columns || is_one_word || is_heading, "{columns}: {line}");
            }
        }
    }

    #[test]
    fn what_a_check_says_forges_no_line() {
        let words = "a\x1b[2J\u{9b}\u{202e}b\r\nerror: forged";
        let checks = vec![Verdict::failed(words, words).of("caller")];
        let (region, stack) = (words.to_owned(), words.to_owned());
        let report = DoctorReport::new(vec![OfRegion { region, account: None, stack, checks }]);
        for columns in [None, Some(40), Some(80), Some(120)] {
            let text = Text::of(&report, columns).painted(Paint::Plain);
            assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
            assert!(!text.lines().any(|line| line.starts_with("error: forged")), "{text}");
        }
    }

    #[test]
    fn what_failed_and_what_is_a_warning_are_counted() {
        let summary =
            |failed, warnings| DoctorReport { failed, warnings, regions: Vec::new() }.summary();
        assert_eq!(summary(0, 0), "nothing failed");
        assert_eq!(summary(0, 1), "nothing failed, 1 warning");
        assert_eq!(summary(2, 3), "2 failed, 3 warnings");
    }
}
