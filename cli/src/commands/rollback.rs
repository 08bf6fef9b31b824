//! `s3guard rollback`: rolls a stack back to its last working state.

use time::OffsetDateTime;

use crate::args::rollback::RollbackArgs;
use crate::exit::{self, Exit};
use crate::operations::interrupt::Run;
use crate::operations::rollback::roll_back;
use crate::operations::session;
use crate::ui::output::Output;

/// Roll a stack back to its last working state
///
/// The status of the stack decides: a failed rollback is continued, a failed update or creation is
/// rolled back, and with `--cancel` an update in progress is cancelled. Rolling back a creation deletes
/// the stack.
#[derive(Debug, clap::Args)]
#[command(after_long_help = manual())]
pub(crate) struct Args {
    #[command(flatten)]
    rollback: RollbackArgs,
}

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let account = &args.rollback.account;
    let on_interrupt = format!(
        "the rollback continues in AWS; `s3guard events --follow --stack {}` shows it",
        account.stack
    );
    let run = Run::new(now, account.profile.as_deref(), on_interrupt);
    session::run_with(&run.interrupts, roll_back(&args.rollback, output, &run))
}

fn manual() -> String {
    let examples = "Examples:\n  s3guard rollback --stack s3guard\n  \
                    s3guard rollback --stack s3guard --skip GuardFunction --skip GuardQueue\n  \
                    s3guard rollback --stack s3guard --region eu-west-1 --cancel --yes\n\n";
    let exits = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Approval, Exit::Interrupted];
    examples.to_owned() + &exit::codes(&exits)
}
