//! `s3guard rollback`: rolls a stack back to its last working state.

use time::OffsetDateTime;

pub(crate) use crate::args::rollback::RollbackArgs as Args;
use crate::exit::Exit;
use crate::operations::interrupt::Run;
use crate::operations::rollback::roll_back;
use crate::operations::session;
use crate::ui::output::Output;

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let run = Run::new(now, args.account.profile.as_deref(), "nothing was changed");
    session::run_with(&run.interrupts, roll_back(args, output, &run))
}
