//! Sending dead letters to their queues again.

use anyhow::Context as _;
use s3guard_aws::Queue;
use s3guard_posture::contract::output;
use s3guard_posture::digest::objects;
use s3guard_posture::digest::window::Close;
use s3guard_posture::flow::Delayed;
use serde::Serialize;

use crate::operations::session::{Account, AccountArgs};
use crate::operations::{operator, session};
use crate::ui::output::Output;
use crate::ui::text::{Printable, Text};

/// A dead-letter queue and the queue that it is for, by the names of their outputs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct QueuePair {
    name: &'static str,
    from: &'static str,
    to: &'static str,
}

pub(crate) const BUCKETS: QueuePair =
    QueuePair { name: "buckets", from: output::GUARD_DLQ_URL, to: output::GUARD_QUEUE_URL };
pub(crate) const OBJECTS: QueuePair =
    QueuePair { name: "objects", from: output::OBJECT_DLQ_URL, to: output::OBJECT_QUEUE_URL };

/// What was sent again.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Redriven {
    queues: Vec<Moved>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Moved {
    queue: &'static str,
    messages: u64,
}

/// Sends the dead letters of these queues again, up to a limit for each.
pub(crate) async fn redrive(
    args: &AccountArgs,
    pairs: &[QueuePair],
    limit: Option<u64>,
    output: &Output,
) -> anyhow::Result<Redriven> {
    let account = Account::open(args).await?;
    let stack = session::guard_stack(args, &account).await?;
    let connection = operator::connection(args, &account, &stack).await?;
    let queue = |name: &str| -> anyhow::Result<Queue> {
        let url = session::output_of(&stack, args, name, "such queue")?;
        Ok(Queue::new(&connection, url))
    };
    let mut queues = Vec::new();
    for QueuePair { name, from, to } in pairs {
        let (from, to) = (queue(from)?, queue(to)?);
        // SQS moves all messages or none.
        let moved = match limit {
            None => from.move_all(&to).await?,
            Some(_) => None,
        };
        let messages = match moved {
            Some(moved) => moved,
            None => {
                resent(&from, &to, limit, |messages| {
                    output.say(format_args!("{messages} messages of {name} sent again so far"));
                })
                .await?
            }
        };
        queues.push(Moved { queue: name, messages });
    }
    if pairs.contains(&OBJECTS) {
        queue(OBJECTS.to)?.send(&objects::close(Close::All), 0).await?;
        output.say("recorded changes of objects that were not reported are reported now");
    }
    let url = session::output_of(&stack, args, output::NOTIFICATION_DLQ_URL, "such queue")?;
    let waiting = Queue::new(&connection, url).depth().await?.waiting;
    if waiting > 0 {
        output.warn(format_args!(
            "{waiting} notifications that an endpoint did not accept stay in {url}: SNS cannot send to one endpoint again"
        ));
    }
    Ok(Redriven { queues })
}

/// Sends messages again one batch after the other, and says every thousand.
async fn resent(
    from: &Queue,
    to: &Queue,
    limit: Option<u64>,
    say: impl Fn(u64),
) -> anyhow::Result<u64> {
    let mut messages = 0;
    while limit.is_none_or(|limit| messages < limit) {
        let mut taken = from.receive().await?;
        if taken.is_empty() {
            break;
        }
        let rest = limit.map(|limit| usize::try_from(limit - messages).unwrap_or(usize::MAX));
        taken.truncate(rest.unwrap_or(usize::MAX));
        let again = taken.iter().map(|one| Delayed { body: one.body.clone(), delay_seconds: 0 });
        to.send_all(&again.collect::<Vec<_>>()).await?;
        from.delete(&taken).await.context(
            "the messages were sent again, but not deleted from the dead-letter queue; a second delivery does no harm",
        )?;
        messages += taken.len() as u64;
        if messages.is_multiple_of(1_000) {
            say(messages);
        }
    }
    Ok(messages)
}

impl Printable for Redriven {
    fn print(&self, text: &mut Text) {
        for Moved { queue, messages } in &self.queues {
            let messages = match messages {
                0 => "no messages".to_owned(),
                1 => "1 message".to_owned(),
                many => format!("{many} messages"),
            };
            text.line(format_args!("{queue:8} {messages} sent again"));
        }
    }
}
