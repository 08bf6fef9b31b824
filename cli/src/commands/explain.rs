//! `s3guard explain`: what a rule of the audit is about.

use s3guard_audit::Rule;

use crate::args::audit::rule;
use crate::exit::Exit;
use crate::operations::audit::explain::explain;
use crate::ui::output::Output;

/// Explain a rule of the audit, and how to fix what breaks it
///
/// Without a rule, all rules are listed. Makes no call.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Rule, as the audit names it
    #[arg(value_name = "RULE", value_parser = rule)]
    rule: Option<Rule>,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    output.result(&explain(args.rule))?;
    Ok(Exit::Done)
}
