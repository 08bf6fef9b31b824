//! `s3guard logs`: the logs of the two functions.

use time::OffsetDateTime;

pub(crate) use crate::args::logs::LogArgs as Args;
use crate::error;
use crate::exit::Exit;
use crate::operations::logs::show;
use crate::operations::session;
use crate::ui::output::Output;

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let on_interrupt = "nothing was changed: this only reads".to_owned();
    match session::run(show(args, now, output), on_interrupt) {
        // Ctrl-C is the regular end.
        Err(error) if args.follow && error::is_interrupted(&error) => Ok(Exit::Done),
        done => done,
    }
}
