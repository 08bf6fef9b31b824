//! `s3guard audit`: all buckets of an account, judged without changing them.

use anyhow::anyhow;
use s3guard_audit::report::Report;

use crate::args::audit::AuditArgs;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::audit::files::{ReportFile, ReportForm};
use crate::operations::audit::show::AuditReport;
use crate::operations::audit::{Ended, Wanted, audit, baseline, files, policy};
use crate::operations::interrupt::Interrupts;
use crate::operations::session;
use crate::ui::output::{Form, Output};
use crate::ui::text::TextLine;

/// Audit the account's buckets: exposure, and what to do about it
///
/// Changes nothing, and needs neither a stack nor a configuration. With `s3guard.toml`, its grades, rules, exemptions
/// and trusted accounts count. Reads no objects. A modern private bucket costs six calls; each is a management event of
/// CloudTrail. What could not be read is a finding with the severity of the worst that it may hide, and the IAM action
/// that is missing.
///
/// A finding has the same id in every audit, so that `--baseline` shows what is new, worse and gone. Ctrl-C ends the
/// audit and prints what was found so far.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    audit: AuditArgs,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let args = &args.audit;
    if args.print_policy.is_some() {
        let policy = policy::policy();
        match output.form() {
            Form::Text | Form::Json => output.json(&policy)?,
            Form::Ndjson => output.event("result", &policy)?,
        }
        return Ok(Exit::Done);
    }
    let interrupts = Interrupts::cleaning_up();
    session::run_with(&interrupts, run_audit(args, &interrupts, output))
}

async fn run_audit(
    args: &AuditArgs,
    interrupts: &Interrupts,
    output: &Output,
) -> anyhow::Result<Exit> {
    let out: Vec<ReportFile> =
        args.files.iter().map(|path| ReportFile::new(path)).collect::<anyhow::Result<_>>()?;
    let earlier = args.baseline.as_deref().map(baseline::text).transpose()?;
    let config = args.config.read(output)?;
    let connection = session::connect(&args.connection()).await?;
    let (mut audited, view) =
        audit(&connection, config, &Wanted::of(args), interrupts, output).await?;
    if let Some(earlier) = &earlier {
        baseline::compare(earlier, &mut audited.report, &view)?;
    }
    for file in &out {
        if audited.report.is_complete || Some(file.path()) != args.baseline.as_deref() {
            file.write(&audited.report)?;
        } else {
            output.say("the audit is not complete, so the baseline is left as it is");
        }
    }
    let is_found = audited.report.worst().is_some_and(|worst| worst >= args.fail_on);
    print(audited.report, args.form, output)?;
    if !audited.missing.is_empty() {
        let names = audited.missing.join("`, `");
        return Err(anyhow!("the account has no bucket `{names}`"))
            .hint("`s3guard audit` without a name audits all buckets");
    }
    match audited.ended {
        Ended::Whole if is_found => Ok(Exit::Findings),
        Ended::Whole => Ok(Exit::Done),
        Ended::Interrupted => {
            output.say("interrupted: the report has what was audited so far");
            Ok(Exit::Interrupted)
        }
        Ended::Failed(error) => Err(error.into()),
    }
}

fn print(mut report: Report, form: Option<ReportForm>, output: &Output) -> anyhow::Result<()> {
    if let Some(form) = form {
        let text = files::text(&report, form)?;
        return text.lines().try_for_each(|line| output.unwrapped(&TextLine::from(line)));
    }
    if output.form() == Form::Ndjson {
        for observed in std::mem::take(&mut report.findings) {
            output.event("finding", &observed.shown())?;
        }
    }
    output.result(&AuditReport(report))
}
