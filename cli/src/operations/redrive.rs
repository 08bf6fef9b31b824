//! Sending what could not be handled to the queues again.

use std::fmt;

use anyhow::Context as _;
use s3guard_aws::Queue;
use s3guard_aws::stacks::Stack;
use s3guard_posture::contract::output;
use s3guard_posture::digest::objects;
use s3guard_posture::digest::window::Close;
use s3guard_posture::flow::Delayed;
use serde::Serialize;

use crate::operations::session;
use crate::operations::session::{Account, AccountArgs};
use crate::ui::output::Output;

/// A dead letter queue and the queue that it is for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Way {
    name: &'static str,
    from: &'static str,
    to: &'static str,
}

pub(crate) const BUCKETS: Way =
    Way { name: "buckets", from: output::GUARD_DEAD_LETTERS_URL, to: output::GUARD_QUEUE_URL };
pub(crate) const OBJECTS: Way =
    Way { name: "objects", from: output::OBJECT_DEAD_LETTERS_URL, to: output::OBJECT_QUEUE_URL };

/// What was sent again.
#[derive(Debug, Serialize)]
pub(crate) struct Redriven {
    queues: Vec<Moved>,
}

#[derive(Debug, Serialize)]
struct Moved {
    queue: &'static str,
    messages: usize,
}

/// The guard whose dead letters are sent again.
struct Guard<'a> {
    args: &'a AccountArgs,
    account: Account,
    stack: Stack,
    output: &'a Output,
}

/// Sends them the ways that are asked for, so many of each at most.
pub(crate) async fn redrive(
    args: &AccountArgs,
    ways: &[Way],
    limit: usize,
    output: &Output,
) -> anyhow::Result<Redriven> {
    let account = Account::open(args).await?;
    let stack = session::guard_stack(args, &account).await?;
    let guard = Guard { args, account, stack, output };
    let mut queues = Vec::new();
    for way in ways {
        let messages = guard.redrive(way, limit).await?;
        queues.push(Moved { queue: way.name, messages });
    }
    if ways.contains(&OBJECTS) {
        let close = objects::close(Close::All);
        guard.queue(OBJECTS.to, "object queue")?.send(&close, 0).await?;
        output.say("changes of objects that were gathered and not told are told now");
    }
    guard.warn_of_notices().await?;
    Ok(Redriven { queues })
}

impl Guard<'_> {
    fn queue(&self, name: &str, what: &str) -> anyhow::Result<Queue> {
        let url = session::output_of(&self.stack, self.args, name, what)?;
        Ok(Queue::new(&self.account.connection, url))
    }

    async fn redrive(&self, way: &Way, limit: usize) -> anyhow::Result<usize> {
        let from = self.queue(way.from, "dead letter queue")?;
        let to = self.queue(way.to, "queue")?;
        let mut moved = 0;
        while moved < limit {
            let mut taken = from.receive().await?;
            if taken.is_empty() {
                break;
            }
            taken.truncate(limit - moved);
            let again =
                taken.iter().map(|one| Delayed { body: one.body.clone(), delay_seconds: 0 });
            to.send_all(&again.collect::<Vec<_>>()).await?;
            from.delete(&taken).await.context(
                "the messages were sent again, and stand in the dead letter queue, too: twice is no harm",
            )?;
            moved += taken.len();
            if moved.is_multiple_of(1_000) {
                let name = way.name;
                self.output.say(format_args!("{moved} messages of {name} sent again so far"));
            }
        }
        Ok(moved)
    }

    /// SNS has no way to send a notice to one endpoint again.
    async fn warn_of_notices(&self) -> anyhow::Result<()> {
        const OUTPUT: &str = output::NOTICE_DEAD_LETTERS_URL;
        let depth = self.queue(OUTPUT, "dead letters")?.depth().await?;
        if depth.waiting > 0 {
            let url = session::output_of(&self.stack, self.args, OUTPUT, "dead letters")?;
            self.output.warn(format_args!(
                "{} notices that an endpoint did not take stay in {url}: SNS cannot send to one endpoint again",
                depth.waiting
            ));
        }
        Ok(())
    }
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
