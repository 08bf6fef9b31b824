//! Collects object events over a window of time, and publishes them as one digest.
//!
//! This module handles batches; `lookup` reads from S3 what its events do not have, `outbox` publishes the notifications of a
//! window.

use std::collections::BTreeMap;

use s3guard_aws::{AwsError, Buckets, Connection, Ledger};
use s3guard_posture::contract::metrics::Metric;
use s3guard_posture::digest::objects::{self, Alarming, ObjectMessage};
use s3guard_posture::digest::window::{
    Batch as Gathering, Close, Gather, GatherError, Gathered, LEASE, Published, Window,
};
use s3guard_posture::events::NotAnEvent;
use s3guard_posture::events::alarm::{AlarmEvent, OfStack};
use s3guard_posture::events::object_event::ObjectEvent;
use s3guard_posture::flow::{Outgoing as _, Tally};
use s3guard_posture::notify::notification::Origin;
use s3guard_posture::notify::report;
use s3guard_posture::{BucketName, Region};
use time::OffsetDateTime;

use crate::batch::Batch;
use crate::clock::Clock;
use crate::metrics;
use crate::publisher::Publisher;
use crate::settings::Common;

mod lookup;
mod outbox;

/// When a window that could not be published is retried, in seconds: the lease of another invocation has expired by then.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is two minutes")]
const AGAIN_SECONDS: u16 = LEASE.whole_seconds() as u16 + 10;

/// The function `notify`.
pub(crate) struct Notify {
    ledger: Ledger,
    s3: Buckets,
    publisher: Publisher,
    region: Region,
    alarming: Alarming,
    settings: Common,
}

impl Notify {
    /// Creates the clients, once for the life of the process.
    pub(crate) fn new(connection: &Connection, settings: Common) -> Self {
        let account = settings.account.clone();
        Self {
            ledger: Ledger::new(connection, settings.ledger.clone(), account.clone())
                .encrypted_by(settings.ledger_key.clone())
                .formerly_by(settings.earlier_ledger_keys.clone()),
            s3: Buckets::new(connection, account, None),
            publisher: Publisher::new(connection, &settings),
            region: connection.region().clone(),
            alarming: Alarming(settings.config.notifications().alert()),
            settings,
        }
    }

    /// Handles a batch; returns the messages that failed. No other invocation has the same name.
    ///
    /// A message that is not valid fails alone. If the events cannot be stored, all of them fail; if a window cannot be
    /// published, the message that closes it fails.
    pub(crate) async fn handle(&self, batch: Batch, name: &str, clock: Clock) -> Vec<String> {
        let mut failures = Vec::new();
        let mut tally = Tally::default();
        let mut events = Vec::new();
        let mut closes = Vec::new();
        for message in batch.records {
            match ObjectMessage::read(&message.body, self.of(clock.now())) {
                Ok(ObjectMessage::Event(event)) => {
                    if self.is_wanted(&event) {
                        events.push((message.id, *event));
                    }
                }
                Ok(ObjectMessage::Close(which)) => closes.push((message.id, which)),
                Ok(ObjectMessage::Alarm(alarm)) => {
                    if !self.publish_alarm(&alarm, clock.now()).await {
                        failures.push(message.id);
                    }
                }
                Err(error @ NotAnEvent::Refused(_)) => {
                    tracing::warn!(message_id = message.id, %error, "a message was refused");
                    tally.count(Metric::Refused, 1);
                }
                Err(error) => {
                    let id = message.id;
                    tracing::error!(message_id = id, %error, "a message is not an event");
                    tally.count(Metric::NotAnEvent, 1);
                    failures.push(id);
                }
            }
        }
        if !events.is_empty() {
            Box::pin(self.gather(events, name, clock, &mut failures, &mut tally)).await;
        }
        for (id, which) in closes {
            let gathering = self.gathering();
            let publishing = Box::pin(gathering.close(which, clock.now()));
            let is_published = self.in_time(publishing, clock, &mut tally).await;
            // A message of the schedule is repeated anyway.
            if !is_published && matches!(which, Close::One(_)) {
                failures.push(id);
            }
        }
        metrics::emit(&self.settings.stack, clock.now(), &tally);
        failures
    }

    /// Events of the stack's own buckets are ignored: a digest would cause the next one.
    fn is_wanted(&self, event: &ObjectEvent) -> bool {
        let selection = &self.settings.config.notifications().objects;
        !self.settings.own_buckets.contains(&event.bucket)
            && selection.wants(event.bucket.as_str(), &event.key, event.change)
    }

    /// Stores events, and publishes or schedules their window.
    async fn gather(
        &self,
        events: Vec<(String, ObjectEvent)>,
        name: &str,
        clock: Clock,
        failures: &mut Vec<String>,
        tally: &mut Tally,
    ) {
        let (message_ids, mut events): (Vec<_>, Vec<_>) = events.into_iter().unzip();
        self.look_up(&mut events).await;
        let alarming = events.iter().filter(|event| self.alarming.concerns(event)).count();
        let batch = Gathering { name, events, alarming };
        let gathered = match self.gathering().put(&batch, clock.now()).await {
            Ok(gathered) => gathered,
            Err(error) => {
                tracing::error!(%error, events = batch.events.len(), "events could not be stored");
                failures.extend(message_ids);
                return;
            }
        };
        let window = gathered.window;
        tracing::info!(%window, events = batch.events.len(), in_window = gathered.events, "stored");
        tally.count(Metric::ObjectEvents, batch.events.len());
        let alerting = self.alerting(&gathered, &batch).await;
        let is_published = match &alerting {
            Ok(buckets) if !buckets.is_empty() || gathered.is_full() => {
                let gathering = self.gathering();
                let publishing = Box::pin(gathering.alert(window, buckets, clock.now()));
                self.in_time(publishing, clock, tally).await
            }
            Ok(_) if gathered.is_first => {
                return self
                    .close_later(window, objects::close_after_seconds(window, clock.now()))
                    .await;
            }
            Ok(_) => return,
            Err(error) => {
                tracing::error!(%error, "the events of the window could not be read");
                false
            }
        };
        // A window that could not be published is retried when the lease of another invocation has expired.
        if !is_published {
            self.close_later(window, Some(AGAIN_SECONDS)).await;
        }
    }

    /// The buckets whose events reach the alert threshold. The events of other invocations are read only if there can be any.
    async fn alerting(
        &self,
        gathered: &Gathered,
        batch: &Gathering<'_>,
    ) -> Result<Vec<BucketName>, GatherError<AwsError>> {
        if batch.alarming == 0
            || self.alarming.least().is_none_or(|least| gathered.alarming < least)
        {
            return Ok(Vec::new());
        }
        let events = self.gathering().so_far(gathered, batch).await?;
        let mut before = BTreeMap::new();
        if gathered.window.generation() > 0 {
            before = self.gathering().alerted_before(gathered.window).await?;
        }
        Ok(self.alarming.alerting(&events, &before))
    }

    /// Schedules the close of a window. If that fails, or the delay is too long for SQS, the schedule closes it.
    async fn close_later(&self, window: Window, delay_seconds: Option<u16>) {
        let Some(delay_seconds) = delay_seconds else { return };
        let body = objects::close(Close::One(window));
        if let Err(error) = self.publisher.queue.send(&body, delay_seconds).await {
            tracing::error!(%error, %window, "the close of a window could not be queued");
        }
    }

    /// Waits until windows are published, or until the invocation must end; returns whether all are published. The rest is
    /// continued by the next invocation.
    async fn in_time(
        &self,
        publishing: impl Future<Output = Result<Published, GatherError<AwsError>>>,
        clock: Clock,
        tally: &mut Tally,
    ) -> bool {
        let Ok(published) = tokio::time::timeout(clock.left(), publishing).await else {
            tracing::error!("there was no time to publish all windows");
            tally.count(Metric::NotPublished, 1);
            return false;
        };
        match published {
            Ok(Published { events, notifications, busy, foreign, failures }) => {
                tracing::info!(events, notifications, busy, "published");
                for failure in &failures {
                    tracing::error!(failure, "a window could not be published");
                }
                tally.count(Metric::PublishedEvents, events);
                tally.count(Metric::Notifications, notifications);
                tally.count(Metric::ForeignObject, foreign);
                tally.count(Metric::NotPublished, failures.len());
                busy == 0 && failures.is_empty()
            }
            Err(error) => {
                tracing::error!(%error, "windows could not be published");
                tally.count(Metric::NotPublished, 1);
                false
            }
        }
    }

    /// Publishes an alarm of the stack; returns whether it succeeded.
    async fn publish_alarm(&self, alarm: &AlarmEvent, now: OffsetDateTime) -> bool {
        let published = self.publisher.publish(&report::alarm(alarm, &self.origin(now))).await;
        if let Err(error) = &published {
            tracing::error!(%error, alarm = alarm.name, "an alarm could not be published");
        }
        published.is_ok()
    }

    fn of(&self, now: OffsetDateTime) -> OfStack<'_> {
        let Common { account, stack, .. } = &self.settings;
        OfStack { account, region: &self.region, stack, now }
    }

    fn origin(&self, now: OffsetDateTime) -> Origin<'_> {
        let Common { account, stack, .. } = &self.settings;
        Origin { account, region: &self.region, stack, now }
    }

    fn gathering(&self) -> Gather<'_, Ledger, Self> {
        let length = self.settings.config.notifications().window().seconds();
        Gather { store: &self.ledger, outbox: self, length }
    }
}
