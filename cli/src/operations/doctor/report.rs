//! The report of the checks, as lines and as JSON.

use std::fmt::{self, Write as _};

use serde::Serialize;

use crate::ui::lines;
use crate::ui::output::Paint;

/// The widths of the columns for the state and the check.
const STATE: usize = 9;
const CHECK: usize = 15;

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
        Self { state: CheckStatus::Ok, text: text.into(), fix: None }
    }

    pub(crate) fn warning(text: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: CheckStatus::Warning, text: text.into(), fix: Some(fix.into()) }
    }

    pub(crate) fn failed(text: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: CheckStatus::Failed, text: text.into(), fix: Some(fix.into()) }
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

    /// The text, wrapped to this number of columns.
    pub(crate) fn text(&self, columns: Option<usize>, paint: Paint) -> String {
        let mut text = String::new();
        for one in &self.regions {
            let _ = write!(text, "Region {}", one.region);
            if let Some(account) = &one.account {
                let _ = write!(text, ", account {account}");
            }
            let _ = writeln!(text, ", stack {}", one.stack);
            for line in &one.checks {
                text += &shown(line, columns, paint);
            }
            text.push('\n');
        }
        text + &self.summary() + "\n"
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

impl fmt::Display for DoctorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(None, Paint::Plain))
    }
}

fn shown(Check { check, verdict }: &Check, columns: Option<usize>, paint: Paint) -> String {
    let margin = " ".repeat(2 + STATE + CHECK);
    let width = columns.map_or(usize::MAX, |columns| columns.saturating_sub(margin.len()).max(20));
    let wrapped = |words: &str| lines::wrapped(words.split_whitespace(), width);
    let (word, painted) = match verdict.state {
        CheckStatus::Ok => ("ok", paint.good("ok")),
        CheckStatus::Warning => ("warning", paint.warning("warning")),
        CheckStatus::Failed => ("failed", paint.bad("failed")),
    };
    let mut text = format!("  {painted}{:1$}{check:CHECK$}", "", STATE - word.len());
    let gap = format!("\n{margin}");
    let _ = writeln!(text, "{}", wrapped(&verdict.text).join(&gap));
    if let Some(fix) = &verdict.fix {
        let hint = wrapped(&format!("hint: {fix}")).join(&gap);
        let _ = writeln!(text, "{margin}{}", hint.replacen("hint:", &paint.hint("hint:"), 1));
    }
    text
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;
    use unicode_width::UnicodeWidthStr as _;

    use super::*;

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
        expect_file!["report/wide.txt"].assert_eq(&report.text(Some(100), Paint::Plain));
        expect_file!["report/pipe.txt"].assert_eq(&report.to_string());
        expect_file!["report/coloured.txt"].assert_eq(&report.text(Some(100), Paint::Ansi));
        let json = serde_json::to_string_pretty(&report).unwrap();
        expect_file!["report/report.json"].assert_eq(&(json + "\n"));
    }

    #[test]
    fn no_line_is_longer_than_the_terminal_unless_it_is_one_word() {
        for columns in [60, 80, 120] {
            for line in report().text(Some(columns), Paint::Plain).lines() {
                let is_one_word = !line.chars().skip(2 + STATE + CHECK).any(|c| c == ' ');
                let is_heading = line.starts_with("Region");
                assert!(line.width() <= columns || is_one_word || is_heading, "{columns}: {line}");
            }
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
