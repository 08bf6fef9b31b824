//! `s3guard logs`: the logs of the two functions.

use time::OffsetDateTime;

use crate::args::logs::LogArgs;
use crate::error;
use crate::exit::Exit;
use crate::operations::logs::show;
use crate::operations::session;
use crate::ui::output::Output;

/// Show the logs of the guard's functions
///
/// Shows the lines of both functions in the order of their times, each with its level and message.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    logs: LogArgs,
}

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let on_interrupt = "nothing was changed: this only reads".to_owned();
    match session::run(show(&args.logs, now, output), on_interrupt) {
        // Ctrl-C is the regular end.
        Err(error) if args.logs.follow && error::is_interrupted(&error) => Ok(Exit::Done),
        done => done,
    }
}
