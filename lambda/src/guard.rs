//! Looks at buckets that changed or that the sweep found, and brings them to their baseline.

use std::time::Duration;

use futures_util::future::join_all;
use s3guard_aws::{AwsError, Buckets, Connection, Message, Queue, Topic};
use s3guard_posture::report::{Report, Trigger};
use s3guard_posture::{Action, BucketName, Finding, Notice, Region, carry_out, inspect, report};
use time::OffsetDateTime;

use crate::batch::{Batch, Failures};
use crate::event::{OwnMessage, Request};
use crate::metrics::{self, Tally};
use crate::settings::GuardSettings;

mod triage;

use triage::{Look, Task, triage};

/// How often a bucket is looked at anew because somebody else was writing to it.
const CONFLICTS_MAX: u32 = 4;
/// How long after the first such conflict, in milliseconds; twice as long after each further one.
const CONFLICT_PAUSE_MILLISECONDS: u32 = 250;
/// How many buckets a sweep has looked at in a second: a gentle pace for S3, and few mails.
const SWEPT_A_SECOND: usize = 10;
/// The longest that a message can be delayed.
const DELAY_SECONDS_MAX: u16 = 900;
/// After how long a notice that could not be published is tried again, in seconds.
const TELL_DELAY_SECONDS: u16 = 5;

/// What a task came to.
#[derive(Default)]
struct Came {
    /// What is to be counted.
    tally: Tally,
    /// Whether its messages have to be delivered again.
    again: bool,
    /// What the owner should hear, together with what other tasks found.
    notice: Option<Notice>,
}

impl Came {
    fn again() -> Self {
        Self { again: true, ..Self::default() }
    }
}

/// What was found in a bucket and what was done, in however many rounds it took.
#[derive(Default)]
struct Mended {
    findings: Vec<Finding>,
    done: Vec<Action>,
    failed: Vec<(Action, AwsError)>,
    bucket_is_gone: bool,
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
                    let (id, cause) = (&message.id, error.to_string());
                    tracing::error!(message_id = id, cause, "a message is not an event");
                    tally.not_an_event += 1;
                    failures.add(id);
                }
            }
        }
        let tasks = triage(requests, now(), self.settings.settle_seconds);
        let handled = tasks.iter().map(|task| self.carry(&task.task, now));
        let mut notices = Vec::new();
        let mut told_together = Vec::new();
        for (task, came) in tasks.iter().zip(join_all(handled).await) {
            tally.add(came.tally);
            if came.again {
                task.message_ids.iter().for_each(|id| failures.add(id));
            } else if let Some(notice) = came.notice {
                notices.push(notice);
                told_together.extend(&task.message_ids);
            }
        }
        if let Some(notice) = Notice::joined(notices)
            && !self.tell_surely(&notice).await
        {
            for id in told_together {
                failures.add(id);
            }
        }
        metrics::emit(&self.settings.stack, now(), &tally);
        failures
    }

    async fn carry(&self, task: &Task, now: impl Fn() -> OffsetDateTime) -> Came {
        match task {
            Task::Look(look) => self.look(look, now).await,
            Task::Later { body, delay_seconds } => self.later(body, *delay_seconds).await,
            Task::Sweep { continuation } => self.sweep(continuation.clone()).await,
            Task::Tell(notice) => Came { again: !self.tell(notice).await, ..Came::default() },
            Task::Nothing { reason } => {
                tracing::info!(reason, "nothing to do");
                Came::default()
            }
        }
    }

    /// Looks at a bucket, mends it and tells its owner.
    async fn look(&self, look: &Look, now: impl Fn() -> OffsetDateTime) -> Came {
        let Look { bucket, trigger, .. } = look;
        let region = look.region.as_ref().unwrap_or(&self.region);
        let Ok(mended) = self.mend(bucket, region, &now).await.inspect_err(
            |error| tracing::error!(%bucket, %error, "the bucket could not be looked at"),
        ) else {
            return Came { tally: Tally { failed: 1, ..Tally::default() }, ..Came::again() };
        };
        if mended.bucket_is_gone && mended.done.is_empty() {
            return self.gone(look, now()).await;
        }
        log(bucket, trigger, &mended);
        let took = match trigger {
            Trigger::Calls(calls) if !mended.done.is_empty() => {
                calls.first().and_then(|call| (now() - call.time).try_into().ok())
            }
            Trigger::Calls(_) | Trigger::Sweep => None,
        };
        // Whoever is refused once is refused again; what fails otherwise may work out in a minute.
        let is_final = mended.failed.iter().all(|(_, error)| error.is_denied());
        let failed: Vec<(Action, String)> = mended
            .failed
            .iter()
            .map(|(action, error)| (action.clone(), error.to_string()))
            .collect();
        let notice = report::notice(&Report {
            bucket,
            account: &self.settings.account,
            region,
            grade: self.settings.baseline.grade(),
            trigger,
            findings: &mended.findings,
            done: &mended.done,
            failed: &failed,
            took,
            is_again: look.is_again,
        });
        let mut came = Came { tally: tally(&mended, took), again: !is_final, notice: None };
        match (notice.filter(|_| is_final || !mended.done.is_empty()), trigger) {
            (Some(notice), Trigger::Calls(_)) => came.again |= !self.tell_surely(&notice).await,
            (notice, _) => came.notice = notice,
        }
        came
    }

    /// Inspects a bucket and carries out the plan; again from the start if somebody else is writing to it as well, because
    /// then what was read is no longer what there is.
    async fn mend(
        &self,
        bucket: &BucketName,
        region: &Region,
        now: impl Fn() -> OffsetDateTime,
    ) -> Result<Mended, AwsError> {
        let baseline = &self.settings.baseline;
        let mut mended = Mended::default();
        for round in 0..CONFLICTS_MAX {
            let Some(inspection) = inspect(&self.buckets, bucket, region, baseline).await? else {
                mended.bucket_is_gone = true;
                break;
            };
            // What a round before has mended stays told; everything else is as it is now.
            let done = |finding: &Finding| {
                mended.done.iter().any(|action| Some(action.kind()) == finding.mended_by())
            };
            mended.findings.retain(done);
            mended.findings.extend(inspection.findings);
            let outcome =
                carry_out(&self.buckets, bucket, region, baseline, &inspection.plan).await;
            mended.done.extend(outcome.done);
            mended.failed = outcome.failed;
            mended.bucket_is_gone = !outcome.bucket_exists;
            if !mended.failed.iter().any(|(_, error)| error.is_conflict()) {
                break;
            }
            // Not all who met wait equally long.
            let spread = u32::from(now().millisecond()) % CONFLICT_PAUSE_MILLISECONDS;
            let pause = (CONFLICT_PAUSE_MILLISECONDS << round) + spread;
            tokio::time::sleep(Duration::from_millis(pause.into())).await;
        }
        Ok(mended)
    }

    /// A bucket that is not there: deleted meanwhile, or so new that not all of S3 knows of it yet.
    async fn gone(&self, look: &Look, now: OffsetDateTime) -> Came {
        let Look { bucket, trigger, bodies, .. } = look;
        let Some(delay_seconds) = triage::look_again(trigger, now) else {
            tracing::info!(%bucket, "the bucket does not exist any more");
            return Came::default();
        };
        tracing::info!(%bucket, delay_seconds, "the bucket is not to be seen yet");
        let mut came = Came::default();
        for body in bodies {
            came.again |= self.later(body, delay_seconds).await.again;
        }
        came
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

    /// Queues a page of the Region's buckets, and the next page. Queued twice, a bucket is looked at twice: no harm.
    async fn sweep(&self, continuation: Option<String>) -> Came {
        let page = match self.buckets.list(continuation).await {
            Ok(page) => page,
            Err(error) => {
                tracing::error!(%error, "the buckets could not be listed");
                return Came::again();
            }
        };
        for name in &page.strange {
            tracing::error!(name, "a bucket has a name that s3guard does not understand");
        }
        let look = |bucket: &BucketName| OwnMessage::LookAt { bucket: bucket.to_string() };
        let next = page.continuation.map(|next| OwnMessage::Sweep { continuation: next });
        let messages = page.buckets.iter().map(look).chain(next).enumerate();
        let messages: Vec<Message> = messages
            .map(|(count, message)| Message {
                body: message.body(),
                delay_seconds: u16::try_from(count / SWEPT_A_SECOND)
                    .unwrap_or(DELAY_SECONDS_MAX)
                    .min(DELAY_SECONDS_MAX),
            })
            .collect();
        match self.queue.send_all(&messages).await {
            Ok(()) => {
                tracing::info!(buckets = page.buckets.len(), "a page of buckets is queued");
                Came::default()
            }
            Err(error) => {
                tracing::error!(%error, "the buckets could not be queued");
                Came::again()
            }
        }
    }

    /// Publishes a notice; says whether it went out.
    async fn tell(&self, notice: &Notice) -> bool {
        let told = self.topic.publish(notice).await;
        if let Err(error) = &told {
            tracing::error!(%error, subject = notice.subject, "a notice could not be published");
        }
        told.is_ok()
    }

    /// Publishes what was done. The bucket is right now, so looking at it again would tell nothing: what cannot be
    /// published goes through the queue.
    async fn tell_surely(&self, notice: &Notice) -> bool {
        self.tell(notice).await
            || !self.later(&OwnMessage::Tell(notice.into()).body(), TELL_DELAY_SECONDS).await.again
    }
}

fn log(bucket: &BucketName, trigger: &Trigger, mended: &Mended) {
    let event = match trigger {
        Trigger::Calls(calls) => {
            calls.iter().map(|call| call.event_name.as_str()).collect::<Vec<_>>().join(" ")
        }
        Trigger::Sweep => "sweep".to_owned(),
    };
    for finding in &mended.findings {
        if let Finding::Left(because) = finding {
            tracing::warn!(%bucket, event, reason = %because, "left as it is");
        }
    }
    for action in &mended.done {
        tracing::info!(%bucket, event, %action, "mended");
    }
    for (action, error) in &mended.failed {
        tracing::error!(%bucket, event, %action, %error, "could not be mended");
    }
    if mended.findings.is_empty() {
        tracing::info!(%bucket, event, "the bucket is as it should be");
    }
}

fn tally(mended: &Mended, took: Option<Duration>) -> Tally {
    let left = mended.findings.iter().any(|finding| matches!(finding, Finding::Left(_)));
    let mut tally = Tally { left_as_is: left.into(), ..Tally::default() };
    if !mended.failed.is_empty() {
        tally.failed = 1;
    } else if !mended.done.is_empty() {
        tally.protected = 1;
        tally.times_to_protect_milliseconds.extend(took.map(|took| took.as_secs_f64() * 1000.0));
    } else if !left {
        tally.compliant = 1;
    }
    tally
}
