//! Reconciles buckets that changed, or that the sweep found.
//!
//! The flow is [`s3guard_posture::flow`]; here it gets its clients, its clock and its batches.

use s3guard_aws::{Buckets, Connection, Ledger};
use s3guard_posture::flow::{self, Delivered, Desk, Flow, WriteCounter};
use time::OffsetDateTime;

use crate::batch::Batch;
use crate::clock::Clock;
use crate::metrics;
use crate::publisher::Publisher;
use crate::settings::Common;

/// The function `guard`.
pub(crate) struct Guard {
    buckets: WriteCounter<Buckets>,
    ledger: Ledger,
    outgoing: Publisher,
    settings: flow::Settings,
    desk: Desk,
}

impl Guard {
    /// Creates the clients, once for the life of the process.
    pub(crate) fn new(
        connection: &Connection,
        common: &Common,
        settings: flow::Settings,
        now: fn() -> OffsetDateTime,
    ) -> Self {
        let account = common.account.clone();
        let ledger = Ledger::new(connection, common.ledger.clone(), account.clone())
            .encrypted_by(common.ledger_key.clone())
            .formerly_by(common.earlier_ledger_keys.clone());
        let buckets = Buckets::new(connection, account, Some(ledger.clone()));
        Self {
            buckets: WriteCounter::new(buckets, now),
            ledger,
            outgoing: Publisher::new(connection, common),
            desk: Desk::new(common.config.notifications().window().seconds()),
            settings,
        }
    }

    /// Handles a batch.
    pub(crate) async fn handle(&self, batch: Batch, clock: Clock) -> Vec<String> {
        let flow = Flow {
            account: &self.buckets,
            ledger: &self.ledger,
            outgoing: &self.outgoing,
            settings: &self.settings,
            clock: flow::Clock { now: &clock.now, deadline: Some(clock.deadline) },
            desk: Some(&self.desk),
        };
        let delivered = batch.records.into_iter().map(|message| Delivered {
            is_again: message.is_again(),
            id: message.id,
            body: message.body,
        });
        let handled = flow.handle(delivered.collect()).await;
        metrics::emit(&self.settings.stack, clock.now(), &handled.tally);
        handled.failed
    }
}
