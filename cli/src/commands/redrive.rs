//! `s3guard redrive`: moves messages of dead-letter queues back to their queues.

use clap::ValueEnum;

use crate::exit::Exit;
use crate::operations::redrive::{BUCKETS, OBJECTS, redrive};
use crate::operations::session;
use crate::operations::session::AccountArgs;
use crate::ui::output::Output;

/// Move messages of dead-letter queues back to their queues
///
/// Messages that could not be handled or delivered stay in a dead-letter queue for fourteen days. When
/// the cause is fixed, this sends them again: each message is deleted only after it was sent to its
/// queue, so that none is lost, and a window counts none twice. Changes of objects that were recorded
/// and could not be reported are reported, too. Messages that came from a queue that is not the stack's
/// are deleted, and the queue is named. Alerts that EventBridge could not publish are shown and stay in their
/// queue: they are not published as notifications.
///
/// The caller must be an operator of the stack, because only operators receive from its queues.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    account: AccountArgs,

    /// Which dead-letter queues
    #[arg(long, value_name = "WHICH", default_value = "all")]
    queue: Which,

    /// Maximum number of messages from each queue
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Which {
    /// All of them
    All,
    /// Buckets that could not be reconciled
    Buckets,
    /// Events of objects that could not be recorded
    Objects,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let limit = args.limit.map(u64::from);
    let pairs = match args.queue {
        Which::All => &[BUCKETS, OBJECTS][..],
        Which::Buckets => &[BUCKETS],
        Which::Objects => &[OBJECTS],
    };
    let command = async {
        output.result(&redrive(&args.account, pairs, limit, output).await?)?;
        Ok(Exit::Done)
    };
    let on_interrupt = "no message is lost: each is sent before it is deleted";
    session::run(command, on_interrupt.to_owned())
}
