//! `s3guard redrive`: sends what could not be handled to the queues again.

use crate::args::redrive::RedriveArgs;
use crate::exit::{self, Exit};
use crate::operations::redrive::redrive;
use crate::operations::session;
use crate::ui::output::Output;

/// Send dead letters to their queues again
///
/// What could not be handled, or not be sent, lies in a dead letter queue for fourteen days. Once its
/// cause is mended this sends it again: each message is sent to the queue that it was meant for and only
/// then deleted, so none is lost, and a window counts none of them twice. Changes of objects that were
/// gathered and could not be told are told, too.
#[derive(Debug, clap::Args)]
#[command(after_long_help = manual())]
pub(crate) struct Args {
    #[command(flatten)]
    redrive: RedriveArgs,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let on_interrupt =
        "nothing is lost: a message is deleted only after it was sent again".to_owned();
    session::run(redrive(&args.redrive, output), on_interrupt)
}

fn manual() -> String {
    let examples = "Examples:\n  s3guard redrive --stack s3guard\n  \
                    s3guard redrive --stack s3guard --queue objects --limit 100\n\n";
    let exits = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Interrupted];
    examples.to_owned() + &exit::codes(&exits)
}
