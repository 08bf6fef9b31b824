//! The guard's flow: a batch of messages in, failed messages and metrics out.
//!
//! ```text
//! read → triage → one task for each bucket ──▶ rounds (inspect, carry out, retry after a conflict)
//!                                          ──▶ published or queued, then marked in the ledger (ADR 17)
//! ```
//!
//! It is pure over [`Account`], [`Ledger`] and [`Outgoing`], and takes the time from a closure: the function in the account
//! and `s3guard replay` are adapters around it. Here is the batch; `reconcile` is one bucket, `sweep` is all buckets.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use serde::Deserialize as _;
use serde_json::Value;
use time::{Date, OffsetDateTime};

use crate::config::EvaluationContext;
use crate::contract::metrics::Metric;
use crate::evaluate::coverage::Mark;
use crate::events::{self, NotAnEvent, OwnMessage};
use crate::reconcile::account::CallError;
use crate::reconcile::reported::Reported;
use crate::reconcile::triage::{Message, Task, triage};
use crate::{
    Account, AccountId, Baseline, BucketId, BucketName, Config, Finding, Grade, KeyArn,
    Notification, Region,
};

pub mod memory;
mod reconcile;
mod sweep;
#[cfg(test)]
mod tests;
mod write_counter;

pub use write_counter::WriteCounter;

/// The pause between two notifications: SNS suspends an email subscription above ten a second.
const PAUSE: Duration = Duration::from_millis(400);
/// After how long a failed publish is retried, in seconds.
const PUBLISH_DELAY_SECONDS: u16 = 5;
/// How many marks are put in parallel.
const MARKED_AT_ONCE: usize = 8;

/// The ledger bucket, of which only keys matter here.
pub trait Ledger: Sync {
    /// The error of a call.
    type Error: fmt::Display + Send;

    /// Puts an empty object. `false` if it exists.
    fn claim(&self, key: &str) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Puts an object, in place of the one with this key if there is one.
    fn replace(
        &self,
        key: &str,
        body: Vec<u8>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Whether an object has this key.
    fn has(&self, key: &str) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// What was recently reported of a bucket.
    fn reported(
        &self,
        bucket: &BucketName,
        today: Date,
    ) -> impl Future<Output = Result<Reported, Self::Error>> + Send;

    /// The marks of the buckets from one name to another, inclusive.
    fn marks(
        &self,
        from: &BucketName,
        to: &BucketName,
    ) -> impl Future<Output = Result<BTreeMap<BucketName, BTreeSet<Mark>>, Self::Error>> + Send;
}

/// The output of the guard: notifications, and messages to its own queue.
pub trait Outgoing: Sync {
    /// The error of a call.
    type Error: fmt::Display + Send;

    /// Publishes a notification.
    fn publish(
        &self,
        notification: &Notification,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Sends messages to the guard's own queue. After an error some may be sent.
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

/// A message from the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// Its id, to report a failure.
    pub id: String,
    /// Its text.
    pub body: String,
    /// Whether it was delivered before, with an unknown result.
    pub is_again: bool,
}

/// The settings of the guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Its account.
    pub account: AccountId,
    /// Its Region.
    pub region: Region,
    /// The stack's name.
    pub stack: String,
    /// Its configuration.
    pub config: Config,
    /// The default grade, if it is a parameter of the stack.
    pub grade: Option<Grade>,
    /// The key for buckets of its Region.
    pub key: Option<KeyArn>,
    /// Where access logs go.
    pub log_bucket: Option<BucketId>,
    /// The stack's own buckets.
    pub own_buckets: Vec<BucketName>,
    /// The settle time of a new bucket.
    pub settle_seconds: u16,
}

/// The clock of a run.
#[derive(Clone, Copy)]
pub struct Clock<'a> {
    /// Returns the time.
    pub now: &'a (dyn Fn() -> OffsetDateTime + Sync),
    /// When the run is stopped; none if the time is simulated, and durations mean nothing.
    pub deadline: Option<OffsetDateTime>,
}

/// The flow of one run.
pub struct Flow<'a, A, L, O> {
    /// The account.
    pub account: &'a WriteCounter<A>,
    /// The ledger.
    pub ledger: &'a L,
    /// The output.
    pub outgoing: &'a O,
    /// The settings.
    pub settings: &'a Settings,
    /// The clock.
    pub clock: Clock<'a>,
}

/// The metrics of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// The counts that are not zero.
    pub counts: BTreeMap<Metric, usize>,
    /// From the event to the last write, in milliseconds, for each bucket with an event.
    pub times_to_protect_milliseconds: Vec<f64>,
}

impl Tally {
    /// Adds to a count.
    pub fn count(&mut self, metric: Metric, times: usize) {
        if times > 0 {
            *self.counts.entry(metric).or_default() += times;
        }
    }

    /// Adds the metrics of another part.
    pub fn add(&mut self, other: Self) {
        for (metric, times) in other.counts {
            self.count(metric, times);
        }
        self.times_to_protect_milliseconds.extend(other.times_to_protect_milliseconds);
    }
}

/// The result of a batch.
#[derive(Debug, Default)]
pub struct Handled {
    /// The ids of the messages that have to be delivered again.
    pub failed: Vec<String>,
    /// The metrics.
    pub tally: Tally,
}

/// The result of a task.
#[derive(Debug, Default)]
pub struct TaskResult {
    /// The metrics.
    pub tally: Tally,
    /// Whether its messages have to be delivered again.
    pub retry: bool,
    /// The notification, which is joined with those of other tasks.
    pub notification: Option<Notification>,
    /// The keys to mark once that is published.
    pub marks: Vec<String>,
    /// The baseline and findings, if the bucket was read.
    pub seen: Option<Seen>,
}

/// The baseline and findings of a bucket.
#[derive(Debug)]
pub struct Seen {
    /// The baseline.
    pub baseline: Baseline,
    /// The findings.
    pub findings: Vec<Finding>,
}

impl TaskResult {
    fn retry() -> Self {
        Self { retry: true, ..Self::default() }
    }
}

/// Reads a notification that went through the queue.
pub fn queued_notification(message: &Value) -> Result<Notification, NotAnEvent> {
    Notification::deserialize(message).map_err(|_| NotAnEvent::Unknown)
}

impl Settings {
    /// The context of a reconciliation, with the parameters of the stack.
    pub fn context(&self, today: Date) -> EvaluationContext {
        EvaluationContext {
            default_grade: self.grade,
            default_key: self.key.clone(),
            log_bucket: self.log_bucket.clone(),
            own_buckets: self.own_buckets.clone(),
            ..EvaluationContext::new(today)
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
            match events::read(&body, &self.settings.account, self.now()) {
                Ok(read) => messages.push(Message { id, is_again, read }),
                Err(error @ NotAnEvent::Refused(_)) => {
                    tracing::warn!(message_id = id, cause = %error, "a message was refused");
                    handled.tally.count(Metric::Refused, 1);
                }
                Err(error) => {
                    tracing::error!(message_id = id, cause = %error, "a message is not an event");
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
            // Writes are reported even if something else is retried: no later pass would find them.
            notifications.extend(result.notification);
            marks.extend(result.marks);
        }
        let mut all_published = true;
        for (place, notification) in Notification::joined(notifications).iter().enumerate() {
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
            Task::Reconcile(task) => Box::pin(self.reconcile(task)).await,
            Task::Later { body, delay_seconds } => {
                let retry = !self.send_back(body.clone(), *delay_seconds).await;
                TaskResult { retry, ..TaskResult::default() }
            }
            Task::Sweep(sweep) => self.sweep(sweep).await,
            Task::Publish(message) => match queued_notification(message) {
                Ok(notification) => TaskResult {
                    retry: !self.publish(&notification).await,
                    ..TaskResult::default()
                },
                Err(error) => {
                    tracing::error!(%error, "a message is not a notification");
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

    /// Sends a message to the guard's own queue. Returns whether it was accepted.
    async fn send_back(&self, body: String, delay_seconds: u16) -> bool {
        let sent = self.outgoing.send(&[Delayed { body, delay_seconds }]).await;
        match &sent {
            Ok(()) => tracing::info!(delay_seconds, "sent back to the queue"),
            Err(error) => tracing::error!(%error, "a message could not be sent back to the queue"),
        }
        sent.is_ok()
    }

    /// Publishes a notification. Returns whether it was accepted.
    async fn publish(&self, notification: &Notification) -> bool {
        let published = self.outgoing.publish(notification).await;
        if let Err(error) = &published {
            let subject = &notification.subject;
            tracing::error!(%error, subject, "a notification could not be published");
        }
        published.is_ok()
    }

    /// Publishes a notification, or queues it if that fails: a later pass would not find its cause.
    async fn publish_or_queue(&self, notification: &Notification) -> bool {
        self.publish(notification).await
            || self.send_back(OwnMessage::publish(notification).body(), PUBLISH_DELAY_SECONDS).await
    }

    /// Marks in the ledger that something was published. A run that is killed before publishes it twice.
    async fn mark(&self, keys: Vec<String>, tally: &mut Tally) {
        let marked = stream::iter(&keys).map(|key| self.ledger.claim(key));
        let marked: Vec<_> = marked.buffer_unordered(MARKED_AT_ONCE).collect().await;
        for error in marked.into_iter().filter_map(Result::err) {
            tracing::error!(%error, "the ledger could not record what was reported");
            tally.count(Metric::NotRecorded, 1);
        }
    }
}
