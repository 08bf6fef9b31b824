//! Gathers what happened to objects over a window of time, and tells it once.
//!
//! Here is the batch; `look` asks S3 what its events do not say, `outbox` is what is told of a window and how it goes out.

use std::collections::BTreeMap;

use s3guard_aws::{AwsError, Connection, Ledger, Objects, Queue};
use s3guard_posture::contract::metrics::Metric;
use s3guard_posture::digest::objects::{self, Alarming, Message};
use s3guard_posture::digest::window::{
    Batch as Gathering, Close, Gather, GatherError, Gathered, LEASE, Told, Window,
};
use s3guard_posture::events::alarm::AlarmEvent;
use s3guard_posture::events::object_event::ObjectEvent;
use s3guard_posture::flow::Tally;
use s3guard_posture::notify::notification::Origin;
use s3guard_posture::notify::report;
use s3guard_posture::{BucketName, Region};
use time::OffsetDateTime;

use crate::batch::{Batch, Failures};
use crate::clock::Clock;
use crate::metrics;
use crate::publisher::Publisher;
use crate::settings::Common;

mod look;
mod outbox;

/// When what could not be told at once is tried again, in seconds: whoever may be at it is not any more.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is two minutes")]
const AGAIN_SECONDS: u16 = LEASE.whole_seconds() as u16 + 10;

/// The function `notify`.
pub(crate) struct Notify {
    ledger: Ledger,
    objects: Objects,
    queue: Queue,
    publisher: Publisher,
    region: Region,
    alarming: Alarming,
    settings: Common,
    buckets: outbox::Buckets,
}

/// The events of a batch, and the messages that they came in.
#[derive(Default)]
struct Events {
    message_ids: Vec<String>,
    all: Vec<ObjectEvent>,
}

impl Notify {
    /// Makes the clients, once for the life of the process.
    pub(crate) fn new(connection: &Connection, settings: Common) -> Self {
        let account = settings.account.clone();
        Self {
            ledger: Ledger::new(connection, settings.ledger.clone(), account.clone()),
            objects: Objects::new(connection, account),
            queue: Queue::new(connection, &settings.queue),
            publisher: Publisher::new(connection, &settings),
            region: connection.region().clone(),
            alarming: Alarming(settings.config.notifications().alert()),
            buckets: outbox::Buckets::default(),
            settings,
        }
    }

    /// Handles a batch, which no other invocation has by the same name.
    ///
    /// What is no event fails alone. If the events cannot be put where they count, all of them fail; if a window cannot
    /// be told, the message that asked for it.
    pub(crate) async fn handle(&self, batch: Batch, name: &str, clock: Clock) -> Failures {
        let mut failures = Failures::default();
        let mut tally = Tally::default();
        let mut events = Events::default();
        let mut closes = Vec::new();
        for message in batch.records {
            match Message::read(&message.body) {
                Ok(Message::Event(event)) => {
                    if self.is_wanted(&event) {
                        events.all.push(*event);
                        events.message_ids.push(message.id);
                    }
                }
                Ok(Message::Close(which)) => closes.push((message.id, which)),
                Ok(Message::Alarm(alarm)) => {
                    if !self.tell_alarm(&alarm, clock.now()).await {
                        failures.add(&message.id);
                    }
                }
                Err(error) => {
                    let id = message.id;
                    tracing::error!(message_id = id, %error, "a message is not an event");
                    tally.count(Metric::NotAnEvent, 1);
                    failures.add(&id);
                }
            }
        }
        if !events.all.is_empty() {
            Box::pin(self.gather(events, name, clock, &mut failures, &mut tally)).await;
        }
        for (id, which) in closes {
            let gathering = self.gathering();
            let told = Box::pin(gathering.close(which, clock.now()));
            let is_told = self.in_time(told, clock, &mut tally).await;
            // The schedule comes again anyway.
            if !is_told && matches!(which, Close::One(_)) {
                failures.add(&id);
            }
        }
        metrics::emit(&self.settings.stack, clock.now(), &tally);
        failures
    }

    /// Our own buckets never notify, or each digest would be the event of another.
    fn is_wanted(&self, event: &ObjectEvent) -> bool {
        let selection = &self.settings.config.notifications().objects;
        !self.settings.own_buckets.contains(&event.bucket)
            && selection.wants(event.bucket.as_str(), &event.key, event.change)
    }

    /// Puts events where they count, and has their window closed.
    async fn gather(
        &self,
        events: Events,
        name: &str,
        clock: Clock,
        failures: &mut Failures,
        tally: &mut Tally,
    ) {
        let Events { message_ids, all: mut events } = events;
        self.look_up(&mut events).await;
        let alarming = events.iter().filter(|event| self.alarming.concerns(event)).count();
        let batch = Gathering { name, events, alarming };
        let gathered = match self.gathering().put(&batch, clock.now()).await {
            Ok(gathered) => gathered,
            Err(error) => {
                tracing::error!(%error, events = batch.events.len(), "events could not be gathered");
                for id in &message_ids {
                    failures.add(id);
                }
                return;
            }
        };
        let window = gathered.window;
        tracing::info!(%window, events = batch.events.len(), in_window = gathered.events, "gathered");
        tally.count(Metric::ObjectEvents, batch.events.len());
        let alerting = self.alerting(&gathered, &batch).await;
        let is_told = match &alerting {
            Ok(buckets) if !buckets.is_empty() || gathered.is_full() => {
                let gathering = self.gathering();
                let told = Box::pin(gathering.alert(window, buckets, clock.now()));
                self.in_time(told, clock, tally).await
            }
            Ok(_) if gathered.is_first => {
                return self
                    .close_later(window, objects::close_after_seconds(window, clock.now()))
                    .await;
            }
            Ok(_) => return,
            Err(error) => {
                tracing::error!(%error, "what the window has so far could not be read");
                false
            }
        };
        // What could not be told at once is told as soon as nobody can be at it any more.
        if !is_told {
            self.close_later(window, Some(AGAIN_SECONDS)).await;
        }
    }

    /// The buckets in which so much has happened that it is told at once. What the others have gathered is read only if there
    /// could be any.
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

    /// Has a window closed later. If that fails, or SQS cannot wait so long, the schedule closes it.
    async fn close_later(&self, window: Window, delay_seconds: Option<u16>) {
        let Some(delay_seconds) = delay_seconds else { return };
        let body = objects::close(Close::One(window));
        if let Err(error) = self.queue.send(&body, delay_seconds).await {
            tracing::error!(%error, %window, "the end of a window could not be queued");
        }
    }

    /// Waits until windows are told, or until the function has to end; says whether all are told. What is not goes on from
    /// where it is.
    async fn in_time(
        &self,
        told: impl Future<Output = Result<Told, GatherError<AwsError>>>,
        clock: Clock,
        tally: &mut Tally,
    ) -> bool {
        let Ok(told) = tokio::time::timeout(clock.left(), told).await else {
            tracing::error!("there was no time to tell all windows");
            tally.count(Metric::NotTold, 1);
            return false;
        };
        match told {
            Ok(Told { events, notices, busy, failures }) => {
                tracing::info!(events, notices, busy, "told");
                for failure in &failures {
                    tracing::error!(failure, "a window could not be told");
                }
                tally.count(Metric::ToldEvents, events);
                tally.count(Metric::Notices, notices);
                tally.count(Metric::NotTold, failures.len());
                busy == 0 && failures.is_empty()
            }
            Err(error) => {
                tracing::error!(%error, "windows could not be told");
                tally.count(Metric::NotTold, 1);
                false
            }
        }
    }

    /// Tells of an alarm of the stack; says whether it went out.
    async fn tell_alarm(&self, alarm: &AlarmEvent, now: OffsetDateTime) -> bool {
        let told = self.publisher.publish(&report::alarm(alarm, &self.origin(now))).await;
        if let Err(error) = &told {
            tracing::error!(%error, alarm = alarm.name, "an alarm could not be told");
        }
        told.is_ok()
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
