//! `s3guard destroy`: removes the guard from an account.

use time::OffsetDateTime;

pub(crate) use crate::args::removal::RemovalArgs as Args;
use crate::exit::Exit;
use crate::operations::destroy::destroy;
use crate::operations::interrupt::Run;
use crate::operations::session;
use crate::ui::output::Output;

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let run = Run::new(now, args.account.profile.as_deref(), "nothing was changed");
    session::run_with(&run.interrupts, destroy(args, output, &run))
}
