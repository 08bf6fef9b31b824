//! Looks at buckets that changed or that the sweep found, and brings them to their baseline.
//!
//! Here is the batch; `look` is what is done about a bucket, `sweep` finds them all.

use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use s3guard_aws::{Buckets, Connection, Ledger, Queue};
use s3guard_posture::events;
use s3guard_posture::events::OwnMessage;
use s3guard_posture::reconcile::triage::{Message, Task, triage};
use s3guard_posture::{Notice, Region};
use serde::Deserialize as _;
use serde_json::Value;
use time::OffsetDateTime;

use crate::batch::{Batch, Failures};
use crate::clock::Clock;
use crate::metrics::{self, Tally};
use crate::publisher::Publisher;
use crate::settings::GuardSettings;

use remembering::Remembering;

mod look;
mod remembering;
mod sweep;

/// How long to wait between two notices: SNS suspends a mail subscription above ten a second.
const PAUSE: Duration = Duration::from_millis(400);
/// After how long a notice that could not be published is tried again, in seconds.
const TELL_DELAY_SECONDS: u16 = 5;
/// How many marks are put at once.
const MARKED_AT_ONCE: usize = 8;

/// What a task came to.
#[derive(Default)]
struct Came {
    /// What is to be counted.
    tally: Tally,
    /// Whether its messages have to be delivered again.
    again: bool,
    /// What the owner should hear, together with what other tasks found.
    notice: Option<Notice>,
    /// What the ledger is to say once they have heard it.
    marks: Vec<String>,
}

impl Came {
    fn again() -> Self {
        Self { again: true, ..Self::default() }
    }
}

/// The function `guard`.
pub(crate) struct Guard {
    buckets: Remembering<Buckets>,
    ledger: Ledger,
    queue: Queue,
    publisher: Publisher,
    region: Region,
    settings: GuardSettings,
}

impl Guard {
    /// Makes the clients, once for the life of the process.
    pub(crate) fn new(
        connection: &Connection,
        settings: GuardSettings,
        now: fn() -> OffsetDateTime,
    ) -> Self {
        let (account, ledger) = (settings.account.clone(), settings.ledger.clone());
        let buckets = Buckets::new(connection, account.clone(), Some(ledger.clone()), now);
        Self {
            buckets: Remembering::new(buckets, now),
            ledger: Ledger::new(connection, ledger, account),
            queue: Queue::new(connection, &settings.queue),
            publisher: Publisher::new(
                connection,
                &settings.topic,
                settings.chat_topic.as_deref(),
                settings.config.notifications().chat(),
            ),
            region: connection.region().clone(),
            settings,
        }
    }

    /// Handles a batch.
    pub(crate) async fn handle(&self, batch: Batch, clock: Clock) -> Failures {
        let mut failures = Failures::default();
        let mut tally = Tally::default();
        let mut messages = Vec::new();
        for message in batch.records {
            let is_again = message.is_again();
            match events::read(&message.body, &self.settings.account) {
                Ok(read) => messages.push(Message { id: message.id, is_again, read }),
                Err(error) => {
                    let (id, cause) = (&message.id, error.to_string());
                    tracing::error!(message_id = id, cause, "a message is not an event");
                    tally.not_an_event += 1;
                    failures.add(id);
                }
            }
        }
        let tasks = triage(messages, (clock.now)(), self.settings.settle_seconds);
        let handled = tasks.iter().map(|task| self.carry(&task.task, clock));
        let mut notices = Vec::new();
        let mut told_together = Vec::new();
        let mut marks = Vec::new();
        for (task, came) in tasks.iter().zip(join_all(handled).await) {
            tally.add(came.tally);
            if came.again {
                task.message_ids.iter().for_each(|id| failures.add(id));
            } else if came.notice.is_some() {
                told_together.extend(&task.message_ids);
            }
            // What was done is told also if something else has to be tried again: then it is right, and nobody tells it.
            notices.extend(came.notice);
            marks.extend(came.marks);
        }
        let mut all_told = true;
        for (place, notice) in Notice::joined(notices).iter().enumerate() {
            if place > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            all_told &= self.tell_surely(notice).await;
        }
        if all_told {
            tally.not_recorded += self.mark_told(marks).await;
        } else {
            for id in told_together {
                failures.add(id);
            }
        }
        metrics::emit(&self.settings.stack, (clock.now)(), &tally);
        failures
    }

    async fn carry(&self, task: &Task, clock: Clock) -> Came {
        match task {
            Task::Look(look) => Box::pin(self.look(look, clock)).await,
            Task::LookAtAccount { calls, is_again } => {
                self.look_at_account(calls, *is_again, clock).await
            }
            Task::Later { body, delay_seconds } => self.later(body, *delay_seconds).await,
            Task::Sweep { continuation, after } => {
                self.sweep(continuation.clone(), after.as_deref(), (clock.now)()).await
            }
            Task::Tell(notice) => self.tell_again(notice).await,
            Task::Nothing { reason } => {
                tracing::info!(reason, "nothing to do");
                Came::default()
            }
        }
    }

    async fn later(&self, body: &str, delay_seconds: u16) -> Came {
        match self.queue.send(body, delay_seconds).await {
            Ok(()) => {
                tracing::info!(delay_seconds, "sent back to the queue");
                Came::default()
            }
            Err(error) => {
                tracing::error!(%error, "a message could not be sent back to the queue");
                Came::again()
            }
        }
    }

    /// Publishes a notice that went through the queue.
    async fn tell_again(&self, notice: &Value) -> Came {
        match Notice::deserialize(notice) {
            Ok(notice) => Came { again: !self.tell(&notice).await, ..Came::default() },
            Err(error) => {
                tracing::error!(%error, "a message is not a notice");
                let tally = Tally { not_an_event: 1, ..Tally::default() };
                Came { tally, ..Came::again() }
            }
        }
    }

    /// Publishes a notice; says whether it went out.
    async fn tell(&self, notice: &Notice) -> bool {
        let told = self.publisher.publish(notice).await;
        if let Err(error) = &told {
            tracing::error!(%error, subject = notice.subject, "a notice could not be published");
        }
        told.is_ok()
    }

    /// Publishes what was done. The bucket is right now, so looking at it again would tell nothing: what cannot be
    /// published goes through the queue.
    async fn tell_surely(&self, notice: &Notice) -> bool {
        let own = OwnMessage::tell(notice);
        self.tell(notice).await || !self.later(&own.body(), TELL_DELAY_SECONDS).await.again
    }

    /// Has the ledger say that something was told. Never before it was: whoever is killed in between tells it twice, and
    /// nothing is lost. Gives how many marks the ledger did not take.
    async fn mark_told(&self, keys: Vec<String>) -> usize {
        let marked = stream::iter(&keys).map(|key| self.ledger.claim(key));
        let marked: Vec<_> = marked.buffer_unordered(MARKED_AT_ONCE).collect().await;
        let failed = marked.into_iter().filter_map(Result::err);
        failed
            .inspect(|error| tracing::error!(%error, "the ledger did not take that it was told"))
            .count()
    }
}
