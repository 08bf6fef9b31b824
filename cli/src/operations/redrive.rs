//! Sending dead letters to their queues again.

use std::collections::BTreeMap;

use anyhow::Context as _;
use s3guard_aws::Queue;
use s3guard_aws::queues::Received;
use s3guard_posture::contract::output;
use s3guard_posture::digest::objects;
use s3guard_posture::digest::window::Close;
use s3guard_posture::flow::Delayed;
use s3guard_posture::text::shown;
use serde::Serialize;

use crate::operations::session::{Account, AccountArgs};
use crate::operations::{operator, session};
use crate::ui::output::Output;
use crate::ui::text::{Printable, Text};

/// How much of an alert is shown.
const ALERT_CHARACTERS_MAX: usize = 600;
/// How many batches of at most ten messages are searched for alerts.
const ALERT_BATCHES_MAX: usize = 20;
/// Progress is reported after this many messages.
const SAID_EVERY: u64 = 1_000;

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
    /// Alerts that EventBridge could not publish, as they are in the dead-letter queue of notifications, where they stay.
    alerts: Vec<String>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Moved {
    queue: &'static str,
    messages: u64,
    /// Messages of queues that are not the stack's, by the ARN of the queue.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    foreign: BTreeMap<String, u64>,
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
        queues.push(resent((&from, &to), name, limit, output).await?);
    }
    if pairs.contains(&OBJECTS) {
        queue(OBJECTS.to)?.send(&objects::close(Close::All), 0).await?;
        output.say("changes of objects that are recorded and not reported yet, if there are any, are reported now");
    }
    let url = session::output_of(&stack, args, output::NOTIFICATION_DLQ_URL, "such queue")?;
    let undelivered = Queue::new(&connection, url);
    let waiting = undelivered.depth().await?.waiting;
    let alerts = if waiting > 0 { unpublished(&undelivered).await? } else { Vec::new() };
    for alert in &alerts {
        output.warn(format_args!(
            "an alert could not be published: {}",
            shown(alert, ALERT_CHARACTERS_MAX)
        ));
    }
    let endpoints = waiting.saturating_sub(alerts.len() as u64);
    if !alerts.is_empty() {
        output.warn(format_args!(
            "the alerts stay in {url} for fourteen days; fix the topic of alerts, and check with CloudTrail what each says"
        ));
    }
    if endpoints > 0 {
        output.warn(format_args!(
            "{endpoints} notifications that an endpoint did not accept stay in {url}: SNS cannot send to one endpoint again"
        ));
    }
    Ok(Redriven { queues, alerts })
}

/// The alerts that EventBridge has put into the dead-letter queue of notifications. They are read and stay there: sent as
/// a notification, a text of a queue would have the authority of the guard.
async fn unpublished(queue: &Queue) -> anyhow::Result<Vec<String>> {
    let mut alerts = Vec::new();
    // A received message is hidden for a minute, so that none is received twice.
    for _ in 0..ALERT_BATCHES_MAX {
        let received = queue.receive().await?;
        if received.is_empty() {
            break;
        }
        alerts.extend(received.into_iter().filter(is_alert).map(|one| one.body));
    }
    Ok(alerts)
}

/// Whether EventBridge could not send it. What SQS moved from another queue is not.
///
/// Source: Amazon EventBridge User Guide, "Using dead-letter queues to process undelivered events".
fn is_alert(message: &Received) -> bool {
    message.source.is_none() && message.attributes.contains("RULE_ARN")
}

/// Sends messages again one batch after the other, and says every thousand.
///
/// Every queue of the account and the Region can name a dead-letter queue as its own, and SQS then asks no policy: messages
/// of other queues are deleted. A message move task of SQS would send them to the guard.
async fn resent(
    (from, to): (&Queue, &Queue),
    queue: &'static str,
    limit: Option<u64>,
    output: &Output,
) -> anyhow::Result<Moved> {
    let mut moved = Moved { queue, messages: 0, foreign: BTreeMap::new() };
    while limit.is_none_or(|limit| moved.messages < limit) {
        let received = from.receive().await?;
        if received.is_empty() {
            break;
        }
        // What a rule could not send has no source.
        let is_ours = |one: &Received| one.source.as_ref().is_none_or(|source| to.has_arn(source));
        let (mut ours, foreign): (Vec<_>, Vec<_>) = received.into_iter().partition(is_ours);
        from.delete(&foreign).await?;
        for source in foreign.into_iter().filter_map(|one| one.source) {
            *moved.foreign.entry(source).or_default() += 1;
        }
        let rest = limit.map(|limit| usize::try_from(limit - moved.messages).unwrap_or(usize::MAX));
        ours.truncate(rest.unwrap_or(usize::MAX));
        let again = ours.iter().map(|one| Delayed { body: one.body.clone(), delay_seconds: 0 });
        to.send_all(&again.collect::<Vec<_>>()).await?;
        from.delete(&ours).await.context(
            "the messages were sent again, but not deleted from the dead-letter queue; a second delivery does no harm",
        )?;
        let before = moved.messages;
        moved.messages += ours.len() as u64;
        if moved.messages / SAID_EVERY > before / SAID_EVERY {
            output.say(format_args!("{} messages of {queue} sent again so far", moved.messages));
        }
    }
    for (source, count) in &moved.foreign {
        output.warn(format_args!(
            "{count} messages of {queue} came from queue {source}, which is not the stack's: they were not sent again, and \
             deleted; find out who has named the dead-letter queue in the redrive policy of that queue"
        ));
    }
    Ok(moved)
}

impl Printable for Redriven {
    fn print(&self, text: &mut Text) {
        for Moved { queue, messages, .. } in &self.queues {
            let messages = match messages {
                0 => "no messages".to_owned(),
                1 => "1 message".to_owned(),
                many => format!("{many} messages"),
            };
            text.line(format_args!("{queue:8} {messages} sent again"));
        }
    }
}
