//! The flags of the audit.

use std::path::PathBuf;

use s3guard_audit::{Rule, Severity};
use s3guard_aws::survey::IN_FLIGHT_MAX;
use s3guard_posture::{Region, StackName};

use crate::args::account::{AccountArgs, STACK};
use crate::args::config::ConfigArgs;
use crate::args::region::region;
use crate::error::Invalid;

/// A form of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ReportForm {
    /// One JSON object
    Json,
    /// One JSON object per line for each finding
    Ndjson,
    /// Comma-separated values
    Csv,
    /// Markdown, for a comment of a pull request
    Markdown,
    /// Events of the Open Cybersecurity Schema Framework, one per line
    Ocsf,
    /// Static Analysis Results Interchange Format, for code scanning
    Sarif,
    /// One page without network, to search and filter
    Html,
}

/// Which permissions are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum PolicyKind {
    /// What every audit reads
    Core,
}

/// The flags of the audit.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct AuditArgs {
    /// Buckets to audit, by name or with `*` and `?`; without one, all
    #[arg(value_name = "BUCKET")]
    pub(crate) buckets: Vec<String>,

    /// Region of the buckets, or several, as `eu-west-1,us-east-1`; without it, all
    // Not the deployment's Regions of the configuration: an audit is of the whole account.
    #[arg(id = "audited", long = "region", value_name = "REGION", value_parser = region)]
    #[arg(value_delimiter = ',')]
    pub(crate) regions: Vec<Region>,

    /// Profile of the AWS configuration to use
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,

    /// Rule to report, or several; `s3guard explain` lists them
    #[arg(long = "rule", value_name = "RULE", value_parser = rule, value_delimiter = ',')]
    #[arg(help_heading = "Findings")]
    pub(crate) rules: Vec<Rule>,

    /// Report findings of at least this severity: `info`, `low`, `medium`, `high` or `critical`
    #[arg(long, value_name = "SEVERITY", default_value = "info", value_parser = severity)]
    #[arg(help_heading = "Findings")]
    pub(crate) severity: Severity,

    /// Exit with 3 if a finding has at least this severity; what is not known counts as the worst that it may hide
    #[arg(long, value_name = "SEVERITY", default_value = "high", value_parser = severity)]
    #[arg(help_heading = "Findings")]
    pub(crate) fail_on: Severity,

    /// Report of an earlier audit in JSON: only what is new or worse counts
    #[arg(long, value_name = "FILE", help_heading = "Findings")]
    pub(crate) baseline: Option<PathBuf>,

    /// Also read event notifications and lifecycle rules of every bucket
    #[arg(long, help_heading = "Reading")]
    pub(crate) full: bool,

    /// Most requests to a Region at once; fewer are made where S3 throttles
    #[arg(long, value_name = "NUMBER", default_value_t = IN_FLIGHT_MAX as u16)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=IN_FLIGHT_MAX as i64))]
    #[arg(help_heading = "Reading")]
    pub(crate) max_in_flight: u16,

    /// Also write the report to a file, in the form of its suffix: `.json`, `.ndjson`, `.csv`, `.md`,
    /// `.ocsf`, `.sarif` or `.html`
    #[arg(long = "out", value_name = "FILE", help_heading = "Reports")]
    pub(crate) files: Vec<PathBuf>,

    /// Print the report in this form, instead of that of `--output`
    #[arg(long = "format", value_name = "FORM", help_heading = "Reports")]
    pub(crate) form: Option<ReportForm>,

    /// Print the IAM policy that the audit needs, and make no call
    #[arg(long, value_name = "POLICY", help_heading = "Policy")]
    pub(crate) print_policy: Option<PolicyKind>,
}

impl AuditArgs {
    /// How AWS is reached: by the first Region, else by that of the AWS configuration.
    pub(crate) fn connection(&self) -> AccountArgs {
        let stack: StackName = STACK.parse().expect("the default is the name of a stack");
        AccountArgs {
            stack,
            region: self.regions.first().cloned(),
            profile: self.profile.clone(),
            config: self.config.clone(),
        }
    }
}

fn severity(text: &str) -> Result<Severity, Invalid> {
    crate::args::parsed("give one of `info`, `low`, `medium`, `high` and `critical`")(text)
}

/// Parses a rule.
pub(crate) fn rule(text: &str) -> Result<Rule, Invalid> {
    Rule::from_name(text).ok_or_else(|| {
        let near = Rule::ALL.into_iter().min_by_key(|rule| strsim::levenshtein(rule.name(), text));
        let near = near.map(|rule| format!("did you mean `{rule}`? ")).unwrap_or_default();
        let hint = format!("{near}`s3guard explain` lists the rules");
        Invalid::new(format!("`{text}` is not a rule"), hint)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_is_misspelled_is_proposed() {
        assert_eq!(rule("public-read"), Ok(Rule::PublicRead));
        let hint = rule("http-alowed").unwrap_err().hint;
        assert!(hint.starts_with("did you mean `http-allowed`?"), "{hint}");
    }
}
