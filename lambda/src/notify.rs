//! Tells what happened to objects: one message for a batch.

use s3guard_aws::{Connection, Topic};
use s3guard_posture::notice::Origin;
use s3guard_posture::{Region, object_event, objects};
use time::OffsetDateTime;

use crate::batch::{Batch, Failures};
use crate::metrics::{self, Tally};
use crate::settings::NotifySettings;

/// The function `notify`.
pub(crate) struct Notify {
    topic: Topic,
    region: Region,
    settings: NotifySettings,
}

impl Notify {
    /// Makes the client, once for the life of the process.
    pub(crate) fn new(connection: &Connection, settings: NotifySettings) -> Self {
        let topic = Topic::new(connection, &settings.topic);
        Self { topic, region: connection.region().clone(), settings }
    }

    /// Handles a batch. What is no event fails alone; if the message cannot be published, all that it tells fails.
    pub(crate) async fn handle(&self, batch: Batch, now: impl Fn() -> OffsetDateTime) -> Failures {
        let mut failures = Failures::default();
        let mut tally = Tally::default();
        let mut told = Vec::new();
        let mut events = Vec::new();
        for message in batch.records {
            match object_event::read(&message.body) {
                Ok(event) => {
                    events.push(event);
                    told.push(message.id);
                }
                Err(error) => {
                    let id = message.id;
                    tracing::error!(message_id = id, %error, "a message is not an event");
                    tally.not_an_event += 1;
                    failures.add(&id);
                }
            }
        }
        let count = events.len();
        let NotifySettings { account, stack, .. } = &self.settings;
        let origin = Origin { account, region: &self.region, stack, now: now() };
        if let Some(notice) = objects::digest(events, &origin) {
            match self.topic.publish(&notice).await {
                Ok(()) => {
                    tracing::info!(events = count, subject = notice.subject, "told");
                    tally.object_events = count;
                }
                Err(error) => {
                    tracing::error!(%error, events = count, "the events could not be told");
                    for id in &told {
                        failures.add(id);
                    }
                }
            }
        }
        metrics::emit(&self.settings.stack, now(), &tally);
        failures
    }
}
