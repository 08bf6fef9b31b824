//! The guard's flow: a batch of messages in, failed messages and metrics out.
//!
//! ```text
//! read → triage → one task for each bucket ──▶ rounds (inspect, carry out, retry after a conflict)
//!                                          ──▶ published, then noted in the bucket's state (ADR 17, 25)
//! ```
//!
//! It is pure over [`Account`], [`Ledger`] and [`Outgoing`], and takes the time from a closure: the function in the account
//! and `s3guard replay` are adapters around it. Here is the batch; `reconcile` is one bucket, `sweep` is all buckets.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use time::{Date, OffsetDateTime};

use crate::config::EvaluationContext;
use crate::contract::metrics::Metric;
use crate::events::{self, NotAnEvent};
use crate::model::glob::Glob;
use crate::reconcile::account::CallError;
use crate::reconcile::ledger::{Condition, KeyRange, Stored};
use crate::reconcile::triage::{Message, Task, triage};
use crate::{
    Account, AccountId, Baseline, BucketId, BucketName, Config, Finding, Grade, KeyArn,
    Notification, Region,
};

mod blind;
mod breaker;
mod bucket_ledger;
mod deeds;
mod desk;
mod fallen;
mod flood;
pub mod memory;
mod news;
mod pass;
mod permission;
mod principals;
mod recent;
mod reconcile;
mod settle;
mod state;
mod subscribed;
mod sweep;
mod tags;
#[cfg(test)]
mod tests;
mod tick;
mod unguarded;
mod write_counter;

pub use desk::Desk;
pub use state::PendingState;
pub use write_counter::WriteCounter;

/// The pause between two notifications: SNS suspends an email subscription above ten a second.
const PAUSE: Duration = Duration::from_millis(400);
/// How many states are written in parallel.
const WRITTEN_AT_ONCE: usize = 8;

/// The ledger bucket.
pub trait Ledger: Sync {
    /// The error of a call.
    type Error: fmt::Display + Send;

    /// Reads an object, and whether it counts.
    fn read(&self, key: &str) -> impl Future<Output = Result<Stored, Self::Error>> + Send;

    /// Puts an object. `false` if the condition does not hold.
    fn write(
        &self,
        key: &str,
        body: Vec<u8>,
        condition: Condition<'_>,
    ) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Lists keys. An error if there are too many of them.
    fn keys(
        &self,
        range: KeyRange<'_>,
    ) -> impl Future<Output = Result<Vec<String>, Self::Error>> + Send;
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

    /// Whether a subscription to the notifications is confirmed.
    fn is_subscribed(&self) -> impl Future<Output = Result<bool, Self::Error>> + Send;

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
    /// The ARN of the guard's role, if it is known.
    pub role: Option<String>,
    /// Who deploys the stack, by the ARNs of roles and users: only they change its own buckets.
    pub deployers: Vec<Glob>,
    /// The Regions that have a guard, as the deployers say.
    pub guarded: BTreeSet<Region>,
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
    /// The pace of notifications. Without it each is published at once.
    pub desk: Option<&'a Desk>,
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
    /// What is noted in the bucket's state once that is published.
    pub pending: Option<PendingState>,
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
        self.report_floods(&messages).await;
        let tasks = triage(messages, self.now(), self.settings.settle_seconds);
        let mut notifications = Vec::new();
        let mut published_together = Vec::new();
        let mut pending = Vec::new();
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
            pending.extend(result.pending);
        }
        let mut all_published = true;
        for (place, notification) in Notification::joined(notifications).iter().enumerate() {
            if place > 0 && self.desk.is_none() {
                self.outgoing.pause(PAUSE).await;
            }
            all_published &= self.publish(notification).await;
        }
        if !all_published {
            handled.failed.extend(published_together);
        }
        let noted = pending.into_iter().map(|pending| self.note(pending, all_published));
        let noted: Vec<Tally> =
            stream::iter(noted).buffer_unordered(WRITTEN_AT_ONCE).collect().await;
        for tally in noted {
            handled.tally.add(tally);
        }
        handled
    }

    /// Does one task by itself: what a batch would publish at its end is published and noted at once.
    pub async fn alone(&self, task: &Task) -> TaskResult {
        let mut result = self.task(task).await;
        let mut is_published = true;
        if let Some(notification) = result.notification.take() {
            is_published = self.publish(&notification).await;
        }
        if let Some(pending) = result.pending.take() {
            result.tally.add(self.note(pending, is_published).await);
        }
        result.retry |= !is_published;
        result
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
            Task::Digest(close) => Box::pin(self.close_digest(close)).await,
            Task::Tick(tick) => self.tick(tick).await,
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

    /// Counts and logs that the ledger could not be read: the guard goes on without it.
    fn not_readable(error: &impl fmt::Display, tally: &mut Tally) {
        tracing::error!(%error, "the ledger could not be read");
        tally.count(Metric::LedgerNotReadable, 1);
    }
}
