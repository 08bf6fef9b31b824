//! Dead letters, sent to their queues again.

use std::fmt;

use anyhow::Context as _;
use s3guard_aws::Queue;
use s3guard_aws::queues::Message;
use s3guard_aws::stacks::Stack;
use s3guard_posture::digest::objects;
use s3guard_posture::digest::window::Close;
use serde::Serialize;

use crate::args::redrive::{RedriveArgs, Which};
use crate::exit::Exit;
use crate::operations::session;
use crate::operations::session::Account;
use crate::ui::output::Output;

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

/// Sends the messages of dead letter queues to the queues that they were meant for.
pub(crate) async fn redrive(args: &RedriveArgs, output: &Output) -> anyhow::Result<Exit> {
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
        let queue = |name, what| -> anyhow::Result<Queue> {
            let url = session::output_of(&stack, &args.account, name, what)?;
            Ok(Queue::new(&account.connection, url))
        };
        let (from, to) = (queue(way.from, "dead letter queue")?, queue(way.to, "queue")?);
        let messages = way.go(&from, &to, limit, output).await?;
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
        from: &Queue,
        to: &Queue,
        limit: usize,
        output: &Output,
    ) -> anyhow::Result<usize> {
        let mut moved = 0;
        while moved < limit {
            let mut taken = from.receive().await?;
            if taken.is_empty() {
                break;
            }
            taken.truncate(limit - moved);
            let again: Vec<Message> = taken
                .iter()
                .map(|message| Message { body: message.body.clone(), delay_seconds: 0 })
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
    args: &RedriveArgs,
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
