//! Looks at buckets that changed or that the sweep found, and brings them to their baseline.

use std::time::Duration;

use futures_util::future::join_all;
use s3guard_aws::{AwsError, Buckets, Connection, Queue, Topic};
use s3guard_posture::report::{Report, Trigger};
use s3guard_posture::{
    Action, BucketName, Finding, Inspection, Notice, Region, carry_out, inspect, report,
};
use time::OffsetDateTime;

use crate::batch::{Batch, Failures};
use crate::event::{OwnMessage, Request};
use crate::metrics::{self, Tally};
use crate::settings::GuardSettings;

mod triage;

use triage::{Task, triage};

/// What one message or bucket came to.
enum Verdict {
    /// It is done, whatever came of it.
    Done(Tally),
    /// It did not work out now; SQS delivers it again.
    Again,
}

/// The function `guard`.
pub(crate) struct Guard {
    buckets: Buckets,
    queue: Queue,
    topic: Topic,
    region: Region,
    settings: GuardSettings,
}

impl Guard {
    /// Makes the clients, once for the life of the process.
    pub(crate) fn new(connection: &Connection, settings: GuardSettings) -> Self {
        Self {
            buckets: Buckets::new(connection, settings.account.clone()),
            queue: Queue::new(connection, &settings.queue),
            topic: Topic::new(connection, &settings.topic),
            region: connection.region().clone(),
            settings,
        }
    }

    /// Handles a batch. `now` tells the time.
    pub(crate) async fn handle(
        &self,
        batch: Batch,
        now: impl Fn() -> OffsetDateTime + Copy,
    ) -> Failures {
        let mut failures = Failures::default();
        let mut tally = Tally::default();
        let mut requests = Vec::new();
        for message in batch.records {
            match Request::read(&message.body, &self.settings.account) {
                Ok(request) => requests.push((message, request)),
                Err(error) => {
                    let (id, cause) = (&message.message_id, error.to_string());
                    tracing::error!(message_id = id, cause, "a message is not an event");
                    tally.not_an_event += 1;
                    failures.add(id);
                }
            }
        }
        let tasks = triage(requests, now(), self.settings.settle_seconds);
        let handled = tasks.iter().map(|task| self.carry(&task.task, now));
        for (task, verdict) in tasks.iter().zip(join_all(handled).await) {
            match verdict {
                Verdict::Done(part) => tally.add(part),
                Verdict::Again => task.message_ids.iter().for_each(|id| failures.add(id)),
            }
        }
        metrics::emit(&self.settings.stack, now(), &tally);
        failures
    }

    async fn carry(&self, task: &Task, now: impl Fn() -> OffsetDateTime) -> Verdict {
        match task {
            Task::Look { bucket, region, trigger, body } => {
                let region = region.as_ref().unwrap_or(&self.region);
                self.look(bucket, region, trigger, body.as_deref(), now).await
            }
            Task::Later { body, delay_seconds } => self.later(body, *delay_seconds).await,
            Task::Sweep { continuation } => self.sweep(continuation.clone()).await,
            Task::Tell(notice) => self.tell(notice).await,
            Task::Nothing { reason } => {
                tracing::info!(reason, "nothing to do");
                Verdict::Done(Tally::default())
            }
        }
    }

    /// Looks at a bucket, mends it and tells its owner.
    async fn look(
        &self,
        bucket: &BucketName,
        region: &Region,
        trigger: &Trigger,
        body: Option<&str>,
        now: impl Fn() -> OffsetDateTime,
    ) -> Verdict {
        let inspected = inspect(&self.buckets, bucket, region, &self.settings.baseline).await;
        let inspection = match inspected {
            Ok(Some(inspection)) => inspection,
            Ok(None) => return self.gone(bucket, trigger, body, now()).await,
            Err(error) => {
                tracing::error!(%bucket, %error, "the bucket could not be looked at");
                return Verdict::Again;
            }
        };
        let outcome = carry_out(&self.buckets, bucket, region, &inspection.plan).await;
        let took = match trigger {
            Trigger::Call(call) if !outcome.done.is_empty() => (now() - call.time).try_into().ok(),
            Trigger::Call(_) | Trigger::Sweep => None,
        };
        log(bucket, trigger, &inspection, &outcome.done, &outcome.failed);
        // Whoever is refused once is refused again; what fails otherwise may work out in a minute.
        let refused = outcome.failed.iter().all(|(_, error)| error.is_denied());
        let failed: Vec<(Action, String)> = outcome
            .failed
            .iter()
            .map(|(action, error)| (action.clone(), error.to_string()))
            .collect();
        let tally = tally(&inspection, &outcome.done, &failed, took);
        let notice = report::notice(&Report {
            bucket,
            account: &self.settings.account,
            region,
            grade: self.settings.baseline.grade(),
            trigger,
            findings: &inspection.findings,
            done: &outcome.done,
            failed: &failed,
            took,
        });
        if let Some(notice) = notice.filter(|_| refused || !outcome.done.is_empty())
            && let Verdict::Again = self.tell_surely(&notice).await
        {
            return Verdict::Again;
        }
        if refused { Verdict::Done(tally) } else { Verdict::Again }
    }

    /// A bucket that is not there: deleted meanwhile, or so new that not all of S3 knows of it yet.
    async fn gone(
        &self,
        bucket: &BucketName,
        trigger: &Trigger,
        body: Option<&str>,
        now: OffsetDateTime,
    ) -> Verdict {
        if let (Some(body), Some(delay_seconds)) = (body, triage::look_again(trigger, now)) {
            tracing::info!(%bucket, delay_seconds, "the bucket is not to be seen yet");
            return self.later(body, delay_seconds).await;
        }
        tracing::info!(%bucket, "the bucket does not exist any more");
        Verdict::Done(Tally::default())
    }

    async fn later(&self, body: &str, delay_seconds: u16) -> Verdict {
        match self.queue.send(body, delay_seconds).await {
            Ok(()) => {
                tracing::info!(delay_seconds, "sent back to the queue");
                Verdict::Done(Tally::default())
            }
            Err(error) => {
                tracing::error!(%error, "a message could not be sent back to the queue");
                Verdict::Again
            }
        }
    }

    /// Queues a page of the Region's buckets, and the next page. Queued twice, a bucket is looked at twice: no harm.
    async fn sweep(&self, continuation: Option<String>) -> Verdict {
        let page = match self.buckets.list(continuation).await {
            Ok(page) => page,
            Err(error) => {
                tracing::error!(%error, "the buckets could not be listed");
                return Verdict::Again;
            }
        };
        let look = |bucket: &BucketName| OwnMessage::LookAt { bucket: bucket.to_string() }.body();
        let mut bodies: Vec<String> = page.buckets.iter().map(look).collect();
        bodies
            .extend(page.continuation.map(|next| OwnMessage::Sweep { continuation: next }.body()));
        match self.queue.send_all(&bodies).await {
            Ok(()) => {
                tracing::info!(buckets = page.buckets.len(), "a page of buckets is queued");
                Verdict::Done(Tally::default())
            }
            Err(error) => {
                tracing::error!(%error, "the buckets could not be queued");
                Verdict::Again
            }
        }
    }

    async fn tell(&self, notice: &Notice) -> Verdict {
        match self.topic.publish(notice).await {
            Ok(()) => Verdict::Done(Tally::default()),
            Err(error) => {
                tracing::error!(%error, subject = notice.subject, "a notice could not be published");
                Verdict::Again
            }
        }
    }

    /// Publishes what was done. The bucket is right now, so looking at it again would tell nothing: what cannot be
    /// published goes through the queue.
    async fn tell_surely(&self, notice: &Notice) -> Verdict {
        match self.tell(notice).await {
            Verdict::Done(tally) => Verdict::Done(tally),
            Verdict::Again => self.later(&OwnMessage::Tell(notice.into()).body(), 60).await,
        }
    }
}

fn log(
    bucket: &BucketName,
    trigger: &Trigger,
    inspection: &Inspection,
    done: &[Action],
    failed: &[(Action, AwsError)],
) {
    let event = match trigger {
        Trigger::Call(call) => &call.event_name,
        Trigger::Sweep => "sweep",
    };
    for finding in &inspection.findings {
        if let Finding::Left(because) = finding {
            tracing::warn!(%bucket, event, reason = %because, "left as it is");
        }
    }
    for action in done {
        tracing::info!(%bucket, event, action = %action, "mended");
    }
    for (action, error) in failed {
        tracing::error!(%bucket, event, action = %action, %error, "could not be mended");
    }
    if inspection.findings.is_empty() {
        tracing::info!(%bucket, event, "the bucket is as it should be");
    }
}

fn tally(
    inspection: &Inspection,
    done: &[Action],
    failed: &[(Action, String)],
    took: Option<Duration>,
) -> Tally {
    let left = inspection.findings.iter().any(|finding| matches!(finding, Finding::Left(_)));
    let mut tally = Tally { left_as_is: left.into(), ..Tally::default() };
    if !failed.is_empty() {
        tally.failed = 1;
    } else if !done.is_empty() {
        tally.protected = 1;
        tally.times_to_protect_milliseconds.extend(took.map(|took| took.as_secs_f64() * 1000.0));
    } else if !left {
        tally.compliant = 1;
    }
    tally
}
