//! `s3guard rollback`: a stack brought back to where it last was well.

use time::OffsetDateTime;

use crate::args::rollback::RollbackArgs;
use crate::exit::Exit;
use crate::operations::interrupt::Run;
use crate::operations::rollback::roll_back;
use crate::operations::session;
use crate::ui::output::Output;

/// Bring a stack back to where it last was well
///
/// What it does depends on where the stack stands: a rollback that got stuck is continued, an update
/// or a creation that failed is rolled back, and with `--cancel` an update that is going on is
/// cancelled. A stack that was never well is deleted by that.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    rollback: RollbackArgs,
}

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let account = &args.rollback.account;
    let on_interrupt = format!(
        "a rollback that was begun goes on; `s3guard events --follow --stack {}` shows it",
        account.stack
    );
    let run = Run::new(now, account.profile.as_deref(), on_interrupt);
    session::run_with(&run.interrupts, roll_back(&args.rollback, output, &run))
}
