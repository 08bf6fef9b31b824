//! `s3guard redrive`: moves messages of dead-letter queues back to their queues.

use clap::ValueEnum;

use crate::exit::Exit;
use crate::operations::redrive::{BUCKETS, OBJECTS, redrive};
use crate::operations::session;
use crate::operations::session::AccountArgs;
use crate::ui::output::Output;

/// Move messages of dead-letter queues back to their queues
///
/// Messages that could not be handled stay in a dead-letter queue for fourteen days. Run this when the
/// cause is fixed. Each message is sent to its queue before it is deleted, so none is lost, and a window
/// counts none of them twice.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    account: AccountArgs,

    /// Which dead-letter queues
    #[arg(long, value_name = "WHICH", default_value = "all")]
    queue: Which,

    /// Most messages to move from each queue
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Which {
    /// Both
    All,
    /// Bucket events
    Buckets,
    /// Object events
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
    let on_interrupt = "no message is lost: each is sent before it is deleted";
    session::run(command, on_interrupt.to_owned())
}
