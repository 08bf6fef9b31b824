//! `s3guard sweep`: has the guard check all buckets now.

use std::time::Duration;

use crate::args::time::length;
use crate::exit::Exit;
use crate::operations::session;
use crate::operations::session::AccountArgs;
use crate::operations::sweep::sweep;
use crate::ui::output::Output;

/// Have the guard check all buckets now
///
/// Starts a sweep, which otherwise runs on a schedule, waits until all buckets of the Region are checked,
/// and shows what was written. Existing buckets get only what their mode allows; the rest are findings.
///
/// The caller must be an operator of the stack or one of its deployers, because only these may send to the
/// guard's queue.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    account: AccountArgs,

    /// Do not wait for the end
    #[arg(long, conflicts_with = "timeout")]
    no_wait: bool,

    /// How long to wait for the end, as `90s`, `15m` or `2h`; a large account takes ten buckets a second
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = length)]
    timeout: time::Duration,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let timeout = Duration::from_secs(args.timeout.whole_seconds().unsigned_abs());
    let timeout = (!args.no_wait).then_some(timeout);
    let on_interrupt = "a sweep that has started goes on: `s3guard status` shows its end";
    session::run(sweep(&args.account, timeout, output), on_interrupt.to_owned())
}
