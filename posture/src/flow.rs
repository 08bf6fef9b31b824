//! The guard's flow: a batch of messages in, what has to be delivered again and what is counted out.
//!
//! ```text
//! read → triage → one task for each bucket ──▶ rounds (inspect, carry out, again after a conflict)
//!                                          ──▶ published or queued, and then marked in the ledger (ADR 17)
//! ```
//!
//! It is pure over [`Account`], [`Ledger`] and [`Outgoing`], and takes the time from a closure: the function in the account
//! and `s3guard replay` are adapters around it. Here is the batch; `reconcile` is one bucket, `conflict` is where the guard
//! stops, `sweep` is all buckets.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use serde::Deserialize as _;
use serde_json::Value;
use time::{Date, OffsetDateTime};

use crate::config::Occasion;
use crate::contract::metrics::Metric;
use crate::evaluate::coverage::Mark;
use crate::events::{self, NotAnEvent, OwnMessage};
use crate::reconcile::account::CallError;
use crate::reconcile::reported::Told;
use crate::reconcile::triage::{Message, Task, triage};
use crate::{
    Account, AccountId, Baseline, BucketId, BucketName, Config, Finding, Grade, KeyArn, Notice,
    Region,
};

mod conflict;
pub mod memory;
mod reconcile;
mod sweep;
mod tally;
#[cfg(test)]
mod tests;
mod write_counter;

pub use conflict::stopped_by;
pub use tally::Tally;
pub use write_counter::WriteCounter;

/// How long to wait between two notifications: SNS suspends a mail subscription above ten a second.
const PAUSE: Duration = Duration::from_millis(400);
/// After how long a notification that could not be published is tried again, in seconds.
const PUBLISH_DELAY_SECONDS: u16 = 5;
/// How many marks are put at once.
const MARKED_AT_ONCE: usize = 8;

/// The guard's memory between two runs: the ledger bucket, of which only keys matter here.
pub trait Ledger: Sync {
    /// What can go wrong with a call.
    type Error: fmt::Display + Send;

    /// Puts an empty object where there is none yet. `false` if there was one.
    fn claim(&self, key: &str) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Whether there is an object of this key.
    fn has(&self, key: &str) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// What was reported lately of what is left of a bucket.
    fn reported(
        &self,
        bucket: &BucketName,
        today: Date,
    ) -> impl Future<Output = Result<Told, Self::Error>> + Send;

    /// The marks of the buckets whose names are between these two, which are included.
    fn marks(
        &self,
        from: &BucketName,
        to: &BucketName,
    ) -> impl Future<Output = Result<BTreeMap<BucketName, BTreeSet<Mark>>, Self::Error>> + Send;
}

/// What leaves the guard: notifications, and messages to its own queue.
pub trait Outgoing: Sync {
    /// What can go wrong with a call.
    type Error: fmt::Display + Send;

    /// Publishes a notification.
    fn publish(
        &self,
        notification: &Notice,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Sends messages to the guard's own queue. After an error some may have been sent.
    fn send(&self, messages: &[Delayed]) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Waits.
    fn pause(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}

/// A message to the guard's own queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delayed {
    /// Its text.
    pub body: String,
    /// After how many seconds it may be received, 0 to 900.
    pub delay_seconds: u16,
}

/// A message as the queue has delivered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// What a failure is reported by.
    pub id: String,
    /// Its text.
    pub body: String,
    /// Whether it was delivered before, and what came of that is not known.
    pub is_again: bool,
}

/// For whom the flow runs, and what is wanted of the buckets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The account whose buckets are guarded.
    pub account: AccountId,
    /// The Region of the guard.
    pub region: Region,
    /// The stack's name.
    pub stack: String,
    /// What the owner wants of which bucket.
    pub config: Config,
    /// The grade of buckets for which the configuration has no rule.
    pub grade: Option<Grade>,
    /// The key for buckets of its Region.
    pub key: Option<KeyArn>,
    /// Where access logs go.
    pub log_bucket: Option<BucketId>,
    /// The stack's own buckets.
    pub own_buckets: Vec<BucketName>,
    /// How long a new bucket is left to the one who is setting it up.
    pub settle_seconds: u16,
}

/// The time, and how much of it there is.
#[derive(Clone, Copy)]
pub struct Clock<'a> {
    /// Gives the time.
    pub now: &'a (dyn Fn() -> OffsetDateTime + Sync),
    /// When the run is ended, whether it is done or not; none where the time is simulated: then it says nothing how long
    /// something took.
    pub deadline: Option<OffsetDateTime>,
}

/// The flow of one run.
pub struct Flow<'a, A, L, O> {
    /// The account, and what was written to it from here.
    pub account: &'a WriteCounter<A>,
    /// The ledger.
    pub ledger: &'a L,
    /// What leaves the guard.
    pub outgoing: &'a O,
    /// For whom.
    pub settings: &'a Settings,
    /// The time.
    pub clock: Clock<'a>,
}

/// What a batch came to.
#[derive(Debug, Default)]
pub struct Handled {
    /// The ids of the messages that have to be delivered again.
    pub failed: Vec<String>,
    /// What is counted.
    pub tally: Tally,
}

/// What a task came to.
#[derive(Debug, Default)]
pub struct TaskResult {
    /// What is counted.
    pub tally: Tally,
    /// Whether its messages have to be delivered again.
    pub retry: bool,
    /// What the owner is notified of, together with what other tasks found.
    pub notification: Option<Notice>,
    /// What the ledger takes once that is published.
    pub marks: Vec<String>,
    /// What was seen of the bucket, if it was.
    pub seen: Option<Seen>,
}

/// What was seen of a bucket.
#[derive(Debug)]
pub struct Seen {
    /// What it is held to.
    pub baseline: Baseline,
    /// What was found.
    pub findings: Vec<Finding>,
}

impl TaskResult {
    fn retry() -> Self {
        Self { retry: true, ..Self::default() }
    }
}

/// Reads a notification that went through the queue.
pub fn queued_notification(message: &Value) -> Result<Notice, NotAnEvent> {
    Notice::deserialize(message).map_err(|_| NotAnEvent::Unknown)
}

impl Settings {
    /// What is wanted of the account's block.
    fn account_baseline(&self) -> Baseline {
        Baseline::of_account(self.config.account_mode())
    }

    /// What is wanted on an occasion, to which this adds what the stack brings along.
    pub fn occasion(&self, today: Date) -> Occasion {
        Occasion {
            default_grade: self.grade,
            default_key: self.key.clone(),
            log_bucket: self.log_bucket.clone(),
            own_buckets: self.own_buckets.clone(),
            ..Occasion::new(today)
        }
    }
}

impl<A, L, O> Flow<'_, A, L, O>
where
    A: Account<Error: CallError>,
    L: Ledger,
    O: Outgoing,
{
    /// Handles a batch.
    pub async fn handle(&self, delivered: Vec<Delivered>) -> Handled {
        let mut handled = Handled::default();
        let mut messages = Vec::new();
        for Delivered { id, body, is_again } in delivered {
            match events::read(&body, &self.settings.account) {
                Ok(read) => messages.push(Message { id, is_again, read }),
                Err(error) => {
                    log_not_an_event(&id, &error);
                    handled.tally.count(Metric::NotAnEvent, 1);
                    handled.failed.push(id);
                }
            }
        }
        let tasks = triage(messages, self.now(), self.settings.settle_seconds);
        let mut notifications = Vec::new();
        let mut published_together = Vec::new();
        let mut marks = Vec::new();
        let results = join_all(tasks.iter().map(|task| self.task(&task.task))).await;
        for (task, result) in tasks.into_iter().zip(results) {
            handled.tally.add(result.tally);
            if result.retry {
                handled.failed.extend(task.message_ids);
            } else if result.notification.is_some() {
                published_together.extend(task.message_ids);
            }
            // What was done is published also if something else has to be tried again: then the bucket is right, and no
            // later pass would find it.
            notifications.extend(result.notification);
            marks.extend(result.marks);
        }
        let mut all_published = true;
        for (place, notification) in Notice::joined(notifications).iter().enumerate() {
            if place > 0 {
                self.outgoing.pause(PAUSE).await;
            }
            all_published &= self.publish_or_queue(notification).await;
        }
        if all_published {
            self.mark(marks, &mut handled.tally).await;
        } else {
            handled.failed.extend(published_together);
        }
        handled
    }

    /// Does one task.
    pub async fn task(&self, task: &Task) -> TaskResult {
        match task {
            Task::Look(look) => Box::pin(self.bucket(look)).await,
            Task::LookAtAccount { calls, is_again } => {
                Box::pin(self.account_block(calls, *is_again)).await
            }
            Task::Later { body, delay_seconds } => {
                let retry = !self.send_back(body.clone(), *delay_seconds).await;
                TaskResult { retry, ..TaskResult::default() }
            }
            Task::Sweep { continuation, after } => {
                self.sweep(continuation.clone(), after.as_deref()).await
            }
            Task::Tell(message) => match queued_notification(message) {
                Ok(notification) => TaskResult {
                    retry: !self.publish(&notification).await,
                    ..TaskResult::default()
                },
                Err(error) => {
                    tracing::error!(%error, "a message is not a notice");
                    let mut result = TaskResult::retry();
                    result.tally.count(Metric::NotAnEvent, 1);
                    result
                }
            },
            Task::Nothing { reason } => {
                tracing::info!(reason, "nothing to do");
                TaskResult::default()
            }
        }
    }

    fn now(&self) -> OffsetDateTime {
        (self.clock.now)()
    }

    /// Sends a message to the guard's own queue. Gives whether the queue has taken it.
    async fn send_back(&self, body: String, delay_seconds: u16) -> bool {
        let sent = self.outgoing.send(&[Delayed { body, delay_seconds }]).await;
        match &sent {
            Ok(()) => tracing::info!(delay_seconds, "sent back to the queue"),
            Err(error) => tracing::error!(%error, "a message could not be sent back to the queue"),
        }
        sent.is_ok()
    }

    /// Publishes a notification. Gives whether it went out.
    async fn publish(&self, notification: &Notice) -> bool {
        let published = self.outgoing.publish(notification).await;
        if let Err(error) = &published {
            let subject = &notification.subject;
            tracing::error!(%error, subject, "a notice could not be published");
        }
        published.is_ok()
    }

    /// Publishes what was done. The bucket is right now, so another pass would find nothing: what cannot be published goes
    /// through the queue.
    async fn publish_or_queue(&self, notification: &Notice) -> bool {
        self.publish(notification).await
            || self.send_back(OwnMessage::tell(notification).body(), PUBLISH_DELAY_SECONDS).await
    }

    /// Has the ledger say that something was published. Never before it was: a run that is killed in between publishes it
    /// twice, and nothing is lost.
    async fn mark(&self, keys: Vec<String>, tally: &mut Tally) {
        let marked = stream::iter(&keys).map(|key| self.ledger.claim(key));
        let marked: Vec<_> = marked.buffer_unordered(MARKED_AT_ONCE).collect().await;
        for error in marked.into_iter().filter_map(Result::err) {
            tracing::error!(%error, "the ledger did not take that it was told");
            tally.count(Metric::NotRecorded, 1);
        }
    }
}

fn log_not_an_event(message_id: &str, error: &NotAnEvent) {
    let cause = error.to_string();
    tracing::error!(message_id, cause, "a message is not an event");
}
