//! One bucket, or the account's block: rounds of inspecting and writing, the evidence, and what its owner is notified of.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join;
use time::OffsetDateTime;

use crate::config::Occasion;
use crate::contract::metrics::Metric;
use crate::evaluate::coverage::{self, Mark};
use crate::events::OwnMessage;
use crate::notify::report::{self, Report, TugOfWar};
use crate::reconcile::account::CallError;
use crate::reconcile::ledger;
use crate::reconcile::reported::{self, Told};
use crate::reconcile::triage::{self, Look};
use crate::{
    Account, Action, Baseline, BucketId, BucketName, Call, Finding, LeftBecause, Observed, Record,
    Region, SettingKind, Trigger, carry_out, inspect,
};

use super::conflict::{Stopped, stopped, stopped_by};
use super::{Flow, Ledger, Outgoing, Seen, Tally, TaskResult};

/// How often a bucket is inspected again because another party was writing to it.
const CONFLICTS_MAX: u32 = 6;
/// How long after the first such conflict, in milliseconds; twice as long after each further one.
const CONFLICT_PAUSE_MILLISECONDS: u32 = 250;
/// What has to be left of the run's time for another round, in seconds.
const ROUND_SECONDS: i64 = 20;

/// Why a bucket, or the account's block, is reconciled.
struct Pass<'a> {
    id: BucketId,
    trigger: &'a Trigger,
    /// The messages of its calls, as they first came.
    bodies: &'a [String],
    /// Whether it was begun before, and not ended.
    is_again: bool,
    /// Whether the sweep asks for it, too.
    is_swept: bool,
    /// How often it has waited for a stack.
    attempt: u32,
}

/// What was found in a bucket and what was done, in all rounds together.
struct Reconciliation<E> {
    baseline: Option<Baseline>,
    findings: Vec<Finding>,
    done: Vec<(Action, Record)>,
    failed: Vec<(Action, E)>,
    /// Why the bucket could not be read again after a write.
    interrupted: Option<E>,
    /// How often each setting was written within the hour before.
    written_before: BTreeMap<SettingKind, u32>,
    /// The ids of the records that the ledger has.
    kept: BTreeSet<String>,
    unrecorded: usize,
    stopped: Vec<Stopped>,
    bucket_is_gone: bool,
    /// The owner that the bucket's tags name, if they were read.
    owner: Option<String>,
}

impl<E> Default for Reconciliation<E> {
    fn default() -> Self {
        Self {
            baseline: None,
            findings: Vec::new(),
            done: Vec::new(),
            failed: Vec::new(),
            interrupted: None,
            written_before: BTreeMap::new(),
            kept: BTreeSet::new(),
            unrecorded: 0,
            stopped: Vec::new(),
            bucket_is_gone: false,
            owner: None,
        }
    }
}

impl<A, L, O> Flow<'_, A, L, O>
where
    A: Account<Error: CallError>,
    L: Ledger,
    O: Outgoing,
{
    /// Reconciles a bucket.
    pub(super) async fn bucket(&self, look: &Look) -> TaskResult {
        let Look { bucket, trigger, .. } = look;
        let pass = Pass {
            id: self.id(bucket.clone(), look.region.as_ref()),
            trigger,
            bodies: &look.bodies,
            is_again: look.is_again,
            is_swept: look.is_swept,
            attempt: look.attempt,
        };
        let occasion = Occasion {
            extent: look.extent(),
            moment: trigger.moment(look.attempt),
            ..self.settings.occasion(self.now().date())
        };
        let config = &self.settings.config;
        let wanted = |observed: &Observed| config.baseline(&pass.id, &observed.tags, &occasion);
        let mark = match trigger {
            Trigger::Calls(_) => Some(Mark::Event),
            Trigger::Sweep => look.mark,
        };
        let (is_marked, seen) =
            join(self.mark_known(bucket, mark), Box::pin(self.rounds(&pass, &wanted))).await;
        match seen {
            Some(seen) if seen.bucket_is_gone && seen.done.is_empty() => self.gone(&pass).await,
            seen => {
                let mut result = self.report(&pass, seen).await;
                result.tally.count(Metric::NotRecorded, usize::from(!is_marked));
                result
            }
        }
    }

    /// Reconciles the account's public access block.
    pub(super) async fn account_block(&self, calls: &[Call], is_again: bool) -> TaskResult {
        let trigger = Trigger::of(calls.to_vec());
        let pass = Pass {
            id: self.id(BucketName::account(), None),
            trigger: &trigger,
            bodies: &[],
            is_again,
            is_swept: calls.is_empty(),
            attempt: 0,
        };
        let wanted = |_: &Observed| self.settings.account_baseline();
        let seen = Box::pin(self.rounds(&pass, &wanted)).await;
        self.report(&pass, seen).await
    }

    fn id(&self, name: BucketName, region: Option<&Region>) -> BucketId {
        let region = region.unwrap_or(&self.settings.region).clone();
        BucketId { name, account: self.settings.account.clone(), region }
    }

    /// Inspects a bucket and carries out the plan; again from the start if another party is writing to it as well, because
    /// then what was read is no longer what there is. None if the bucket could not be inspected.
    async fn rounds(
        &self,
        pass: &Pass<'_>,
        wanted: &(impl Fn(&Observed) -> Baseline + Sync),
    ) -> Option<Reconciliation<A::Error>> {
        let name = &pass.id.name;
        let mut seen = Reconciliation::default();
        for round in 0..CONFLICTS_MAX {
            let inspection = match inspect(self.account, &pass.id, wanted).await {
                Ok(Some(inspection)) => inspection,
                Ok(None) => {
                    seen.bucket_is_gone = true;
                    break;
                }
                Err(error) => {
                    tracing::error!(bucket = %name, %error, "the bucket could not be looked at");
                    return None;
                }
            };
            if round == 0 {
                let history = inspection.observed.history.known();
                seen.written_before = history.map(|had| had.writes.clone()).unwrap_or_default();
            }
            // What a round before has remediated stays reported; everything else is as it is now.
            let is_done = |finding: &Finding| {
                let kind = finding.mended_by();
                seen.done.iter().any(|(action, _)| Some(action.kind()) == kind)
            };
            seen.findings.retain(is_done);
            seen.findings.extend(inspection.findings.clone());
            let trigger = pass.trigger;
            let outcome =
                Box::pin(carry_out(self.account, &inspection, wanted, trigger, self.clock.now))
                    .await;
            seen.stopped = stopped(&inspection.observed, &seen.findings);
            seen.owner = report::owner(&inspection.observed.tags).map(str::to_owned);
            seen.baseline = Some(inspection.baseline);
            seen.done.extend(outcome.done);
            seen.kept.extend(outcome.kept);
            seen.failed = outcome.failed;
            seen.interrupted = outcome.interrupted;
            seen.bucket_is_gone = !outcome.bucket_exists;
            seen.unrecorded += outcome.unrecorded.len();
            for error in outcome.unrecorded {
                tracing::error!(bucket = %name, %error, "the ledger did not take a record");
            }
            let conflicts = seen.failed.iter().any(|(_, error)| error.is_conflict());
            let pause = pause(round, self.now());
            let next = self.now() + pause + time::Duration::seconds(ROUND_SECONDS);
            if !conflicts || self.clock.deadline.is_some_and(|deadline| next >= deadline) {
                break;
            }
            self.outgoing.pause(pause).await;
        }
        Some(seen)
    }

    /// What a pass comes to: what is counted, published, marked, and done again.
    async fn report(&self, pass: &Pass<'_>, seen: Option<Reconciliation<A::Error>>) -> TaskResult {
        let mut result = TaskResult::default();
        let Some(mut seen) = seen else {
            result.tally.count(Metric::Failed, 1);
            return TaskResult { retry: true, ..result };
        };
        self.wait_for_stack(pass, &mut seen.findings, &mut result).await;
        log(pass, &seen);
        let took = self.took(pass, &seen);
        seen.count(took, &mut result.tally);
        // A call that was denied is denied again; what fails otherwise may work out in a minute.
        let is_final =
            seen.interrupted.is_none() && seen.failed.iter().all(|(_, error)| error.is_denied());
        result.retry |= !is_final;
        let now = self.now();
        let news = self.news(pass, &seen.findings, &mut result.tally).await;
        let failed: Vec<(Action, String)> =
            seen.failed.iter().map(|(action, error)| (action.clone(), error.to_string())).collect();
        let notification = seen.baseline.as_ref().and_then(|baseline| {
            report::notice(&Report {
                id: &pass.id,
                stack: (&self.settings.stack, &self.settings.region),
                baseline,
                trigger: pass.trigger,
                findings: &news,
                done: &seen.done,
                kept: &seen.kept,
                failed: &failed,
                took,
                is_again: pass.is_again,
                owner: seen.owner.as_deref(),
                times_within_hour: report::times_within_hour(&seen.done, |kind| {
                    seen.written_before.get(&kind).copied().unwrap_or_default()
                }),
                now,
            })
        });
        if let Some(notification) = notification.filter(|_| is_final || !seen.done.is_empty()) {
            let reported = report::reported_of(&news, pass.trigger.calls()).cloned();
            let marks = reported::keys(&pass.id.name, &reported.collect::<Vec<_>>(), now.date());
            match pass.trigger {
                Trigger::Sweep => (result.notification, result.marks) = (Some(notification), marks),
                Trigger::Calls(_) if self.publish_or_queue(&notification).await => {
                    self.mark(marks, &mut result.tally).await;
                }
                Trigger::Calls(_) => result.retry = true,
            }
        }
        result.tally.count(Metric::TugOfWar, usize::from(!seen.stopped.is_empty()));
        for stopped in &seen.stopped {
            self.stop(pass, &seen, stopped, &mut result).await;
        }
        let findings = seen.findings;
        result.seen = seen.baseline.map(|baseline| Seen { baseline, findings });
        result
    }

    /// From the first call to now, if something was done about it.
    fn took(&self, pass: &Pass<'_>, seen: &Reconciliation<A::Error>) -> Option<Duration> {
        let first = pass.trigger.calls().first()?;
        let is_measured = self.clock.deadline.is_some() && !seen.done.is_empty();
        is_measured.then(|| (self.now() - first.time).try_into().ok()).flatten()
    }

    /// The findings that are reported. Of a bucket that is fought over one alert is enough, and not every move of the other
    /// party. Of what is left a sweep reports what was not reported lately; what calls have touched is reported in any case.
    ///
    /// Only a bucket of which something is left costs a call. Where the ledger cannot be read all of it is reported: twice
    /// is better than never.
    async fn news(&self, pass: &Pass<'_>, findings: &[Finding], tally: &mut Tally) -> Vec<Finding> {
        let mut news: Vec<Finding> =
            findings.iter().filter(|finding| stopped_by(finding).is_none()).cloned().collect();
        let touched = pass.trigger.touched();
        let is_swept = |finding: &Finding| matches!(finding, Finding::Left { aspect, .. } if !touched.contains(aspect));
        if !pass.is_swept || !news.iter().any(is_swept) {
            return news;
        }
        let (bucket, today) = (&pass.id.name, self.now().date());
        let reported = self.ledger.reported(bucket, today).await.unwrap_or_else(|error| {
            tracing::error!(%bucket, %error, "the ledger could not be read");
            tally.count(Metric::NotRecorded, 1);
            Told::default()
        });
        news.retain(|finding| match finding {
            Finding::Left { aspect, because } => {
                touched.contains(aspect) || reported.is_news(*aspect, because)
            }
            Finding::Weak { .. } | Finding::Later { .. } => true,
        });
        news
    }

    /// Notifies once that the guard writes a setting no more, and who else does.
    ///
    /// It is published before the ledger takes that it was: twice is better than never.
    async fn stop(
        &self,
        pass: &Pass<'_>,
        seen: &Reconciliation<A::Error>,
        stopped: &Stopped,
        result: &mut TaskResult,
    ) {
        if stopped.is_reported {
            return;
        }
        let (name, now) = (&pass.id.name, self.now());
        let notification = report::tug_of_war(&TugOfWar {
            id: &pass.id,
            calls: pass.trigger.calls(),
            aspects: &stopped.aspects,
            kind: stopped.kind,
            writes: stopped.writes,
            still_until: ledger::still_until(now),
            grade: seen.baseline.as_ref().map(|baseline| baseline.grade),
            owner: seen.owner.as_deref(),
            stack: &self.settings.stack,
            now,
        });
        if !self.publish_or_queue(&notification).await {
            result.retry = true;
            return;
        }
        self.account.stopped(name, stopped.kind, ledger::still_until(now));
        if let Err(error) = self.ledger.claim(&ledger::stopped(name, stopped.kind, now)).await {
            tracing::error!(bucket = %name, %error, "the ledger did not take that the guard has stopped");
            result.tally.count(Metric::NotRecorded, 1);
        }
    }

    /// Has a bucket reconciled later whose stack is not done; after many times it is left, and reported.
    async fn wait_for_stack(
        &self,
        pass: &Pass<'_>,
        findings: &mut [Finding],
        result: &mut TaskResult,
    ) {
        let waits = |finding: &Finding| matches!(finding, Finding::Later { .. });
        if !findings.iter().any(waits) || pass.bodies.is_empty() {
            return;
        }
        result.tally.count(Metric::Waiting, 1);
        if let Some(delay_seconds) = triage::stack_delay_seconds(pass.attempt) {
            for body in pass.bodies {
                let again = OwnMessage::Again { body: body.clone(), attempt: pass.attempt + 1 };
                result.retry |= !self.send_back(again.body(), delay_seconds).await;
            }
            return;
        }
        for finding in findings {
            if let Finding::Later { aspect, .. } = finding {
                let because = LeftBecause::StackNeverFinished;
                *finding = Finding::Left { aspect: *aspect, because };
            }
        }
    }

    /// A bucket that is not there: deleted meanwhile, or so new that not all of S3 knows of it yet.
    async fn gone(&self, pass: &Pass<'_>) -> TaskResult {
        let bucket = &pass.id.name;
        let mut result = TaskResult::default();
        let Some(delay_seconds) = triage::look_again(pass.trigger, self.now()) else {
            tracing::info!(%bucket, "the bucket does not exist any more");
            return result;
        };
        tracing::info!(%bucket, delay_seconds, "the bucket is not to be seen yet");
        for body in pass.bodies {
            result.retry |= !self.send_back(body.clone(), delay_seconds).await;
        }
        result
    }

    /// Marks how a bucket came to be known. Gives whether the ledger took it.
    async fn mark_known(&self, bucket: &BucketName, mark: Option<Mark>) -> bool {
        let Some(mark) = mark else { return true };
        let marked = self.ledger.claim(&coverage::key(bucket, mark)).await;
        if let Err(error) = &marked {
            tracing::error!(%bucket, %error, "the ledger did not take a mark");
        }
        marked.is_ok()
    }
}

impl<E> Reconciliation<E> {
    fn count(&self, took: Option<Duration>, tally: &mut Tally) {
        let is_left = self.findings.iter().any(|found| matches!(found, Finding::Left { .. }));
        let exemptions = self.baseline.as_ref().map_or(0, |baseline| baseline.exemptions.len());
        tally.count(Metric::LeftAsIs, is_left.into());
        tally.count(Metric::Exempt, usize::from(exemptions > 0));
        tally.count(Metric::NotRecorded, self.unrecorded);
        if !self.failed.is_empty() || self.interrupted.is_some() {
            tally.count(Metric::Failed, 1);
        } else if !self.done.is_empty() {
            tally.count(Metric::Protected, 1);
            let milliseconds = took.map(|took| took.as_secs_f64() * 1000.0);
            tally.times_to_protect_milliseconds.extend(milliseconds);
        } else if !is_left {
            tally.count(Metric::Compliant, 1);
        }
    }
}

/// How long to wait before another round: longer each time, and not equally long for all who met.
fn pause(round: u32, now: OffsetDateTime) -> Duration {
    let spread = now.microsecond() / 1000 * 7919 % CONFLICT_PAUSE_MILLISECONDS;
    Duration::from_millis(((CONFLICT_PAUSE_MILLISECONDS << round) + spread).into())
}

fn log<E: CallError>(pass: &Pass<'_>, seen: &Reconciliation<E>) {
    let bucket = &pass.id.name;
    let event = match pass.trigger {
        Trigger::Calls(calls) => {
            calls.iter().map(|call| call.event_name.as_str()).collect::<Vec<_>>().join(" ")
        }
        Trigger::Sweep => "sweep".to_owned(),
    };
    for finding in &seen.findings {
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
    for (action, record) in &seen.done {
        let record = serde_json::to_string(record).unwrap_or_default();
        tracing::info!(%bucket, event, %action, record, "mended");
    }
    for (action, error) in &seen.failed {
        tracing::error!(%bucket, event, %action, %error, "could not be mended");
    }
    if let Some(error) = &seen.interrupted {
        tracing::error!(%bucket, event, %error, "could not be looked at again after a write");
    }
    if seen.findings.is_empty() {
        tracing::info!(%bucket, event, "the bucket is as it should be");
    }
}
