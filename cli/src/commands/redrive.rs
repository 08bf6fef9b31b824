//! `s3guard redrive`: sends what could not be handled to the queues again.

use clap::ValueEnum;

use crate::exit::Exit;
use crate::operations::redrive::{BUCKETS, OBJECTS, redrive};
use crate::operations::session;
use crate::operations::session::AccountArgs;
use crate::ui::output::Output;

/// Send dead letters to their queues again
///
/// What could not be handled, or not be sent, lies in a dead letter queue for fourteen days. Once its
/// cause is mended this sends it again: each message is sent to the queue that it was meant for and only
/// then deleted, so none is lost, and a window counts none of them twice. Changes of objects that were
/// gathered and could not be told are told, too.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    account: AccountArgs,

    /// Which dead letters
    #[arg(long, value_name = "WHICH", default_value = "all")]
    queue: Which,

    /// How many messages at most, of each queue
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Which {
    /// Those of both
    All,
    /// Buckets that could not be looked at
    Buckets,
    /// Events of objects that could not be gathered
    Objects,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let limit = args.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let ways = match args.queue {
        Which::All => &[BUCKETS, OBJECTS][..],
        Which::Buckets => &[BUCKETS],
        Which::Objects => &[OBJECTS],
    };
    let command = async {
        output.result(&redrive(&args.account, ways, limit, output).await?)?;
        Ok(Exit::Done)
    };
    let on_interrupt = "nothing is lost: a message is deleted only after it was sent again";
    session::run(command, on_interrupt.to_owned())
}
