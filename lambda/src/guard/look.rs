//! A look at one bucket: inspect it, mend it, keep the evidence, tell its owner.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use s3guard_aws::AwsError;
use s3guard_posture::evaluate::coverage::Mark;
use s3guard_posture::events::OwnMessage;
use s3guard_posture::notify::report::{self, Report, TugOfWar};
use s3guard_posture::reconcile::ledger;
use s3guard_posture::reconcile::reported::{self, Told};
use s3guard_posture::reconcile::triage::{self, Look};
use s3guard_posture::{
    Action, Aspect, Baseline, BucketId, BucketName, Call, Finding, Grade, LeftBecause, Observed,
    Record, SettingKind, Trigger, carry_out, inspect,
};
use time::{Date, OffsetDateTime};

use super::{Came, Guard};
use crate::clock::Clock;
use crate::metrics::Tally;

/// How often a bucket is looked at anew because somebody else was writing to it.
const CONFLICTS_MAX: u32 = 6;
/// How long after the first such conflict, in milliseconds; twice as long after each further one.
const CONFLICT_PAUSE_MILLISECONDS: u32 = 250;
/// What has to be left of the function's time for another round, in seconds.
const ROUND_SECONDS: i64 = 20;

/// What was found in a bucket and what was done, in however many rounds it took.
#[derive(Default)]
struct Mended {
    baseline: Option<Baseline>,
    findings: Vec<Finding>,
    done: Vec<(Action, Record)>,
    failed: Vec<(Action, AwsError)>,
    /// Why the last look after a write failed.
    interrupted: Option<AwsError>,
    /// How often each setting was written within the hour before this look.
    written_before: BTreeMap<SettingKind, u32>,
    /// The ids of the records that the ledger has.
    kept: BTreeSet<String>,
    unrecorded: usize,
    /// The settings that the guard writes no more.
    stopped: Vec<Stopped>,
    bucket_is_gone: bool,
    /// Whom the bucket's tags name, if they were read.
    owner: Option<String>,
}

/// The guard writes a setting no more.
struct Stopped {
    kind: SettingKind,
    aspects: Vec<Aspect>,
    writes: u32,
    was_told: bool,
}

impl Guard {
    /// Looks at a bucket, mends it and tells its owner.
    pub(super) async fn look(&self, look: &Look, clock: Clock) -> Came {
        let Look { bucket, trigger, .. } = look;
        let id = BucketId {
            name: bucket.clone(),
            account: self.settings.account.clone(),
            region: look.region.as_ref().unwrap_or(&self.region).clone(),
        };
        let wanted = |observed: &Observed| {
            self.settings.baseline(
                &id,
                &observed.tags,
                (look.extent(), trigger.moment(look.attempt)),
                (clock.now)().date(),
            )
        };
        let mark = match trigger {
            Trigger::Calls(_) => Some(Mark::Event),
            Trigger::Sweep => look.mark,
        };
        let (marked, mended) = futures_util::join!(
            self.mark(bucket, mark),
            Box::pin(self.mend(&id, &wanted, trigger, clock))
        );
        let Ok(mended) = mended.inspect_err(
            |error| tracing::error!(%bucket, %error, "the bucket could not be looked at"),
        ) else {
            return Came { tally: Tally { failed: 1, ..Tally::default() }, ..Came::again() };
        };
        if mended.bucket_is_gone && mended.done.is_empty() {
            return self.gone(look, (clock.now)()).await;
        }
        let mut came = self.came_of(&id, (trigger, look.is_again), mended, look, clock).await;
        came.tally.not_recorded += usize::from(!marked);
        came
    }

    /// Looks at the account's public access block.
    pub(super) async fn look_at_account(
        &self,
        calls: &[Call],
        is_again: bool,
        clock: Clock,
    ) -> Came {
        let id = BucketId {
            name: BucketName::account(),
            account: self.settings.account.clone(),
            region: self.region.clone(),
        };
        let mode = self.settings.config.account_mode();
        let wanted = |_: &Observed| Baseline::of_account(mode);
        let trigger = Trigger::of(calls.to_vec());
        let Ok(mended) = Box::pin(self.mend(&id, &wanted, &trigger, clock)).await.inspect_err(
            |error| tracing::error!(%error, "the account's block could not be looked at"),
        ) else {
            return Came { tally: Tally { failed: 1, ..Tally::default() }, ..Came::again() };
        };
        let look = Look {
            bucket: id.name.clone(),
            region: None,
            trigger: trigger.clone(),
            bodies: Vec::new(),
            is_again,
            attempt: 0,
            is_swept: calls.is_empty(),
            mark: None,
        };
        self.came_of(&id, (&trigger, is_again), mended, &look, clock).await
    }

    /// What a look comes to: what is counted, told, and done again.
    async fn came_of(
        &self,
        id: &BucketId,
        (trigger, is_again): (&Trigger, bool),
        mut mended: Mended,
        look: &Look,
        clock: Clock,
    ) -> Came {
        let mut came = Came::default();
        self.wait_for_stack(look, &mut mended, &mut came).await;
        log(&id.name, trigger, &mended);
        let took = match trigger {
            Trigger::Calls(calls) if !mended.done.is_empty() => {
                calls.first().and_then(|call| ((clock.now)() - call.time).try_into().ok())
            }
            Trigger::Calls(_) | Trigger::Sweep => None,
        };
        // Whoever is refused once is refused again; what fails otherwise may work out in a minute.
        let is_final = mended.interrupted.is_none()
            && mended.failed.iter().all(|(_, error)| error.is_denied());
        came.tally.add(tally(&mended, took));
        came.again |= !is_final;
        let failed: Vec<(Action, String)> = mended
            .failed
            .iter()
            .map(|(action, error)| (action.clone(), error.to_string()))
            .collect();
        // Of a bucket that is fought over one alert tells, and not every move of the other side.
        mended.findings.retain(|finding| of_stop(finding).is_none());
        let today = (clock.now)().date();
        self.keep_news(look, &mut mended.findings, today, &mut came).await;
        let notice = mended.baseline.as_ref().and_then(|baseline| {
            report::notice(&Report {
                id,
                stack: (&self.settings.stack, &self.region),
                baseline,
                trigger,
                findings: &mended.findings,
                done: &mended.done,
                kept: &mended.kept,
                failed: &failed,
                took,
                is_again,
                owner: mended.owner.as_deref(),
                times_within_hour: report::times_within_hour(&mended.done, |kind| {
                    mended.written_before.get(&kind).copied().unwrap_or_default()
                }),
                now: (clock.now)(),
            })
        });
        let told: Vec<Finding> =
            report::told_of(&mended.findings, trigger.calls()).cloned().collect();
        let marks = reported::keys(&id.name, &told, today);
        match (notice.filter(|_| is_final || !mended.done.is_empty()), trigger) {
            (Some(notice), Trigger::Calls(_)) => {
                if self.tell_surely(&notice).await {
                    came.tally.not_recorded += self.mark_told(marks).await;
                } else {
                    came.again = true;
                }
            }
            (Some(notice), Trigger::Sweep) => (came.notice, came.marks) = (Some(notice), marks),
            (None, Trigger::Calls(_) | Trigger::Sweep) => {}
        }
        let grade = mended.baseline.as_ref().map(|baseline| baseline.grade);
        for stopped in mended.stopped {
            let of_bucket = (grade, mended.owner.as_deref());
            self.stop(id, of_bucket, trigger, stopped, clock, &mut came).await;
        }
        came
    }

    /// Of what is left a sweep tells what nobody was told lately; what calls have touched is told in any case.
    ///
    /// Only a bucket of which something is left costs a call. Where the ledger cannot be read all of it is told: told twice
    /// is better than never.
    async fn keep_news(
        &self,
        look: &Look,
        findings: &mut Vec<Finding>,
        today: Date,
        came: &mut Came,
    ) {
        let touched = look.trigger.touched();
        let is_swept = |finding: &Finding| matches!(finding, Finding::Left { aspect, .. } if !touched.contains(aspect));
        if !look.is_swept || !findings.iter().any(is_swept) {
            return;
        }
        let told = self.ledger.told(&look.bucket, today).await.unwrap_or_else(|error| {
            tracing::error!(bucket = %look.bucket, %error, "the ledger could not be read");
            came.tally.not_recorded += 1;
            Told::default()
        });
        findings.retain(|finding| match finding {
            Finding::Left { aspect, because } => {
                touched.contains(aspect) || told.is_news(*aspect, because)
            }
            Finding::Weak { .. } | Finding::Later { .. } => true,
        });
    }

    /// Inspects a bucket and carries out the plan; again from the start if somebody else is writing to it as well, because
    /// then what was read is no longer what there is.
    async fn mend(
        &self,
        id: &BucketId,
        wanted: &(impl Fn(&Observed) -> Baseline + Sync),
        trigger: &Trigger,
        clock: Clock,
    ) -> Result<Mended, AwsError> {
        let mut mended = Mended::default();
        for round in 0..CONFLICTS_MAX {
            let Some(inspection) = inspect(&self.buckets, id, wanted).await? else {
                mended.bucket_is_gone = true;
                break;
            };
            if round == 0 {
                let history = inspection.observed.history.known();
                mended.written_before = history.map(|had| had.writes.clone()).unwrap_or_default();
            }
            // What a round before has mended stays told; everything else is as it is now.
            let done = |finding: &Finding| {
                let kind = finding.mended_by();
                mended.done.iter().any(|(action, _)| Some(action.kind()) == kind)
            };
            mended.findings.retain(done);
            mended.findings.extend(inspection.findings.clone());
            let outcome =
                Box::pin(carry_out(&self.buckets, &inspection, wanted, trigger, clock.now));
            let outcome = outcome.await;
            mended.stopped = stopped(&inspection.observed, &mended.findings);
            mended.owner = report::owner(&inspection.observed.tags).map(str::to_owned);
            mended.baseline = Some(inspection.baseline);
            mended.done.extend(outcome.done);
            mended.kept.extend(outcome.kept);
            mended.failed = outcome.failed;
            mended.interrupted = outcome.interrupted;
            mended.bucket_is_gone = !outcome.bucket_exists;
            mended.unrecorded += outcome.unrecorded.len();
            for error in outcome.unrecorded {
                tracing::error!(bucket = %id.name, %error, "the ledger did not take a record");
            }
            let conflicts = mended.failed.iter().any(|(_, error)| error.is_conflict());
            let pause = pause(round, (clock.now)());
            let is_time =
                (clock.now)() + pause + time::Duration::seconds(ROUND_SECONDS) < clock.deadline;
            if !conflicts || !is_time {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        Ok(mended)
    }

    /// Has a bucket looked at later whose stack is not done; after many times it is left, and told.
    async fn wait_for_stack(&self, look: &Look, mended: &mut Mended, came: &mut Came) {
        let waits = |finding: &Finding| matches!(finding, Finding::Later { .. });
        if !mended.findings.iter().any(waits) || look.bodies.is_empty() {
            return;
        }
        came.tally.waiting = 1;
        if let Some(delay_seconds) = triage::stack_delay_seconds(look.attempt) {
            for body in &look.bodies {
                let again = OwnMessage::Again { body: body.clone(), attempt: look.attempt + 1 };
                came.again |= self.later(&again.body(), delay_seconds).await.again;
            }
            return;
        }
        for finding in &mut mended.findings {
            if let Finding::Later { aspect, .. } = finding {
                let because = LeftBecause::StackNeverFinished;
                *finding = Finding::Left { aspect: *aspect, because };
            }
        }
    }

    /// Says once that the guard writes a setting no more, and whom it fights with.
    ///
    /// It is told before the ledger hears that it was: told twice is better than never.
    async fn stop(
        &self,
        id: &BucketId,
        (grade, owner): (Option<Grade>, Option<&str>),
        trigger: &Trigger,
        stopped: Stopped,
        clock: Clock,
        came: &mut Came,
    ) {
        came.tally.tug_of_war = 1;
        if stopped.was_told {
            return;
        }
        let now = (clock.now)();
        let notice = report::tug_of_war(&TugOfWar {
            id,
            calls: trigger.calls(),
            aspects: &stopped.aspects,
            kind: stopped.kind,
            writes: stopped.writes,
            still_until: ledger::still_until(now),
            grade,
            owner,
            stack: &self.settings.stack,
            now,
        });
        if !self.tell_surely(&notice).await {
            came.again = true;
            return;
        }
        self.buckets.stopped(&id.name, stopped.kind, ledger::still_until(now));
        if let Err(error) = self.ledger.claim(&ledger::stopped(&id.name, stopped.kind, now)).await {
            tracing::error!(bucket = %id.name, %error, "the ledger did not take that the guard has stopped");
            came.tally.not_recorded += 1;
        }
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

    /// Marks how a bucket came to be known; says whether the ledger took it.
    async fn mark(&self, bucket: &BucketName, mark: Option<Mark>) -> bool {
        let Some(mark) = mark else { return true };
        let marked = self.ledger.mark(bucket, mark).await;
        if let Err(error) = &marked {
            tracing::error!(%bucket, %error, "the ledger did not take a mark");
        }
        marked.is_ok()
    }
}

/// How long to wait before another round: longer each time, and not equally long for all who met.
fn pause(round: u32, now: OffsetDateTime) -> Duration {
    let spread = now.microsecond() / 1000 * 7919 % CONFLICT_PAUSE_MILLISECONDS;
    Duration::from_millis(((CONFLICT_PAUSE_MILLISECONDS << round) + spread).into())
}

/// The setting that the guard writes no more, and how often it has.
fn of_stop(finding: &Finding) -> Option<(SettingKind, u32)> {
    match finding {
        Finding::Left { because: LeftBecause::TooManyWrites(kind, writes), .. } => {
            Some((*kind, *writes))
        }
        Finding::Left { .. } | Finding::Weak { .. } | Finding::Later { .. } => None,
    }
}

/// The settings that the guard writes no more, with the aspects that stay weak by it.
fn stopped(observed: &Observed, findings: &[Finding]) -> Vec<Stopped> {
    let mut all: Vec<Stopped> = Vec::new();
    for finding in findings {
        let Some((kind, writes)) = of_stop(finding) else { continue };
        match all.iter_mut().find(|stopped| stopped.kind == kind) {
            Some(stopped) => stopped.aspects.push(finding.aspect()),
            None => all.push(Stopped {
                kind,
                aspects: vec![finding.aspect()],
                writes,
                was_told: observed
                    .history
                    .known()
                    .is_some_and(|history| history.stopped.contains(&kind)),
            }),
        }
    }
    all
}

fn log(bucket: &BucketName, trigger: &Trigger, mended: &Mended) {
    let event = match trigger {
        Trigger::Calls(calls) => {
            calls.iter().map(|call| call.event_name.as_str()).collect::<Vec<_>>().join(" ")
        }
        Trigger::Sweep => "sweep".to_owned(),
    };
    for finding in &mended.findings {
        match finding {
            Finding::Left { aspect, because } => {
                tracing::warn!(%bucket, event, %aspect, reason = %because, "left as it is");
            }
            Finding::Later { aspect, because } => {
                tracing::info!(%bucket, event, %aspect, reason = %because, "mended later");
            }
            Finding::Weak { .. } => {}
        }
    }
    for (action, record) in &mended.done {
        let record = serde_json::to_string(record).unwrap_or_default();
        tracing::info!(%bucket, event, %action, record, "mended");
    }
    for (action, error) in &mended.failed {
        tracing::error!(%bucket, event, %action, %error, "could not be mended");
    }
    if let Some(error) = &mended.interrupted {
        tracing::error!(%bucket, event, %error, "could not be looked at again after a write");
    }
    if mended.findings.is_empty() {
        tracing::info!(%bucket, event, "the bucket is as it should be");
    }
}

fn tally(mended: &Mended, took: Option<Duration>) -> Tally {
    let left = mended.findings.iter().any(|finding| matches!(finding, Finding::Left { .. }));
    let exemptions = mended.baseline.as_ref().map_or(0, |baseline| baseline.exemptions.len());
    let mut tally = Tally {
        left_as_is: left.into(),
        exempt: usize::from(exemptions > 0),
        not_recorded: mended.unrecorded,
        ..Tally::default()
    };
    if !mended.failed.is_empty() || mended.interrupted.is_some() {
        tally.failed = 1;
    } else if !mended.done.is_empty() {
        tally.protected = 1;
        tally.times_to_protect_milliseconds.extend(took.map(|took| took.as_secs_f64() * 1000.0));
    } else if !left {
        tally.compliant = 1;
    }
    tally
}
