//! Brings buckets that changed, or that the sweep found, to their baseline.
//!
//! What is done is said by [`s3guard_posture::flow`]; here it gets its clients, its clock and its batches.

use std::time::Duration;

use s3guard_aws::queues::SendError;
use s3guard_aws::{Buckets, Connection, Ledger, Queue};
use s3guard_posture::Notice;
use s3guard_posture::flow::{self, Delayed, Delivered, Flow, Outgoing, WriteCounter};
use time::OffsetDateTime;

use crate::batch::{Batch, Failures};
use crate::clock::Clock;
use crate::metrics;
use crate::publisher::Publisher;
use crate::settings::GuardSettings;

/// The function `guard`.
pub(crate) struct Guard {
    buckets: WriteCounter<Buckets>,
    ledger: Ledger,
    outgoing: TopicAndQueue,
    settings: flow::Settings,
}

/// The topic of the notifications, and the guard's own queue.
struct TopicAndQueue {
    publisher: Publisher,
    queue: Queue,
}

impl Guard {
    /// Makes the clients, once for the life of the process.
    pub(crate) fn new(
        connection: &Connection,
        settings: GuardSettings,
        now: fn() -> OffsetDateTime,
    ) -> Self {
        let common = &settings.common;
        let (account, ledger) = (common.account.clone(), common.ledger.clone());
        let buckets = Buckets::new(connection, account.clone(), Some(ledger.clone()), now);
        Self {
            buckets: WriteCounter::new(buckets, now),
            ledger: Ledger::new(connection, ledger, account),
            outgoing: TopicAndQueue {
                publisher: Publisher::new(connection, common),
                queue: Queue::new(connection, &common.queue),
            },
            settings: settings.flow(),
        }
    }

    /// Handles a batch.
    pub(crate) async fn handle(&self, batch: Batch, clock: Clock) -> Failures {
        let flow = Flow {
            account: &self.buckets,
            ledger: &self.ledger,
            outgoing: &self.outgoing,
            settings: &self.settings,
            clock: flow::Clock { now: &clock.now, deadline: Some(clock.deadline) },
        };
        let delivered = batch.records.into_iter().map(|message| Delivered {
            is_again: message.is_again(),
            id: message.id,
            body: message.body,
        });
        let handled = flow.handle(delivered.collect()).await;
        metrics::emit(&self.settings.stack, clock.now(), &handled.tally);
        let mut failures = Failures::default();
        handled.failed.iter().for_each(|id| failures.add(id));
        failures
    }
}

impl Outgoing for TopicAndQueue {
    type Error = SendError;

    async fn publish(&self, notification: &Notice) -> Result<(), SendError> {
        Ok(self.publisher.publish(notification).await?)
    }

    async fn send(&self, messages: &[Delayed]) -> Result<(), SendError> {
        match messages {
            [one] => self.queue.send(&one.body, one.delay_seconds).await,
            many => self.queue.send_all(many).await,
        }
    }

    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
