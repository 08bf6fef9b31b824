//! `s3guard redrive`: sends what could not be handled to the queues again.

use std::fmt;

use anyhow::Context as _;
use clap::ValueEnum;
use s3guard_aws::Queue;
use s3guard_aws::stacks::Stack;
use s3guard_posture::digest::objects;
use s3guard_posture::digest::window::Close;
use s3guard_posture::flow::Delayed;
use serde::Serialize;

use crate::exit::{self, Exit};
use crate::operations::session;
use crate::operations::session::{Account, AccountArgs};
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

/// A dead letter queue and the queue that it is for.
struct Way {
    name: &'static str,
    from: &'static str,
    to: &'static str,
}

const BUCKETS: Way = Way { name: "buckets", from: "GuardDeadLettersUrl", to: "GuardQueueUrl" };
const OBJECTS: Way = Way { name: "objects", from: "ObjectDeadLettersUrl", to: "ObjectQueueUrl" };

/// What was sent again.
#[derive(Debug, Serialize)]
struct Redriven {
    queues: Vec<Moved>,
}

#[derive(Debug, Serialize)]
struct Moved {
    queue: &'static str,
    messages: usize,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let on_interrupt =
        "nothing is lost: a message is deleted only after it was sent again".to_owned();
    session::run(redrive(args, output), on_interrupt)
}

async fn redrive(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let account = Account::open(&args.account).await?;
    let stack = session::guard_stack(&args.account, &account).await?;
    let limit = args.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let ways = match args.queue {
        Which::All => &[BUCKETS, OBJECTS][..],
        Which::Buckets => &[BUCKETS],
        Which::Objects => &[OBJECTS],
    };
    let mut queues = Vec::new();
    for way in ways {
        let messages = way.go(args, &account, &stack, limit, output).await?;
        queues.push(Moved { queue: way.name, messages });
    }
    if args.queue != Which::Buckets {
        let url = session::output_of(&stack, &args.account, OBJECTS.to, "object queue")?;
        let close = objects::close(Close::All);
        Queue::new(&account.connection, url).send(&close, 0).await?;
        output.say("changes of objects that were gathered and not told are told now");
    }
    notices_are_left(args, &account, &stack, output).await?;
    output.result(&Redriven { queues })?;
    Ok(Exit::Done)
}

impl Way {
    async fn go(
        &self,
        args: &Args,
        account: &Account,
        stack: &Stack,
        limit: usize,
        output: &Output,
    ) -> anyhow::Result<usize> {
        let what = "dead letter queue";
        let from = session::output_of(stack, &args.account, self.from, what)?;
        let to = session::output_of(stack, &args.account, self.to, "queue")?;
        let (from, to) =
            (Queue::new(&account.connection, from), Queue::new(&account.connection, to));
        let mut moved = 0;
        while moved < limit {
            let mut taken = from.receive().await?;
            if taken.is_empty() {
                break;
            }
            taken.truncate(limit - moved);
            let again: Vec<Delayed> = taken
                .iter()
                .map(|message| Delayed { body: message.body.clone(), delay_seconds: 0 })
                .collect();
            to.send_all(&again).await?;
            from.delete(&taken).await.context(
                "the messages were sent again, and stand in the dead letter queue, too: twice is no harm",
            )?;
            moved += taken.len();
            if moved.is_multiple_of(1_000) {
                output.say(format_args!("{moved} messages of {} sent again so far", self.name));
            }
        }
        Ok(moved)
    }
}

/// SNS has no way to send a notice to one endpoint again.
async fn notices_are_left(
    args: &Args,
    account: &Account,
    stack: &Stack,
    output: &Output,
) -> anyhow::Result<()> {
    let url = session::output_of(stack, &args.account, "NoticeDeadLettersUrl", "dead letters")?;
    let depth = Queue::new(&account.connection, url).depth().await?;
    if depth.waiting > 0 {
        output.warn(format_args!(
            "{} notices that an endpoint did not take stay in {url}: SNS cannot send to one endpoint again",
            depth.waiting
        ));
    }
    Ok(())
}

impl fmt::Display for Redriven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Moved { queue, messages } in &self.queues {
            let messages = match messages {
                0 => "no messages".to_owned(),
                1 => "1 message".to_owned(),
                many => format!("{many} messages"),
            };
            writeln!(f, "{queue:8} {messages} sent again")?;
        }
        Ok(())
    }
}

fn manual() -> String {
    let examples = "Examples:\n  s3guard redrive --stack s3guard\n  \
                    s3guard redrive --stack s3guard --queue objects --limit 100\n\n";
    let exits = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Interrupted];
    examples.to_owned() + &exit::codes(&exits)
}
