//! One bucket, or the account's block: rounds of reads and writes, records, and notifications.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join;
use time::OffsetDateTime;

use crate::config::EvaluationContext;
use crate::contract::metrics::Metric;
use crate::evaluate::coverage::{self, Mark};
use crate::events::Again;
use crate::model::finding::STACK_IN_PROGRESS;
use crate::notify::report::{self, ConflictReport, Report};
use crate::reconcile::account::CallError;
use crate::reconcile::ledger;
use crate::reconcile::reported::{self, Reported};
use crate::reconcile::triage::{self, ReconcileTask};
use crate::{
    Account, Action, Aspect, Baseline, BucketId, BucketName, Finding, Observed, Reason, Record,
    SettingKind, Trigger, carry_out, inspect,
};

use super::{Flow, Ledger, Outgoing, Seen, Settings, Tally, TaskResult};

/// How often a bucket is inspected again because another party was writing to it.
const CONFLICTS_MAX: u32 = 6;
/// The pause after the first such conflict, in milliseconds; doubled each time.
const CONFLICT_PAUSE_MILLISECONDS: u32 = 250;
/// The remaining time that another round needs, in seconds.
const ROUND_SECONDS: u64 = 20;

/// What is reconciled, and why.
struct Pass<'a> {
    id: BucketId,
    task: &'a ReconcileTask,
}

/// The findings and writes of all rounds together.
#[derive(Default)]
struct Reconciliation {
    baseline: Option<Baseline>,
    findings: Vec<Finding>,
    done: Vec<(Action, Record)>,
    failed: Vec<(Action, String)>,
    /// Why the bucket could not be read again after a write.
    interrupted: Option<String>,
    /// Whether a retry may succeed: not if access was denied.
    is_transient: bool,
    /// How often each setting was written within the hour before.
    written_before: BTreeMap<SettingKind, u32>,
    /// The ids of the saved records.
    kept: BTreeSet<String>,
    unrecorded: usize,
    stopped: Vec<Stopped>,
    bucket_is_gone: bool,
    /// The owner from the bucket's tags, if they were read.
    owner: Option<String>,
}

/// A setting that the guard has stopped writing.
struct Stopped {
    kind: SettingKind,
    aspects: Vec<Aspect>,
    writes: u32,
    is_reported: bool,
}

impl<A, L, O> Flow<'_, A, L, O>
where
    A: Account<Error: CallError>,
    L: Ledger,
    O: Outgoing,
{
    /// Reconciles a bucket, or the account's public access block.
    pub(super) async fn reconcile(&self, task: &ReconcileTask) -> TaskResult {
        let ReconcileTask { bucket, trigger, .. } = task;
        let is_account = bucket.is_account();
        let Settings { account, region, config, .. } = self.settings;
        let region = task.region.as_ref().filter(|_| !is_account).unwrap_or(region).clone();
        let id = BucketId { name: bucket.clone(), account: account.clone(), region };
        let context = EvaluationContext {
            extent: task.extent(),
            call_context: trigger.call_context(task.attempt),
            ..self.settings.context(self.now().date())
        };
        let wanted = |observed: &Observed| {
            if is_account {
                Baseline::of_account(config.account_mode())
            } else {
                config.baseline(&id, &observed.tags, &context)
            }
        };
        let mark = match trigger {
            _ if is_account => None,
            Trigger::Calls(_) => Some(Mark::Event),
            Trigger::Sweep => task.mark,
        };
        let pass = Pass { id: id.clone(), task };
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

    /// Inspects a bucket and carries out the plan; from the start again if another party is writing too, because then what
    /// was read is outdated. None if the bucket could not be inspected.
    async fn rounds(
        &self,
        pass: &Pass<'_>,
        wanted: &(impl Fn(&Observed) -> Baseline + Sync),
    ) -> Option<Reconciliation> {
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
                    tracing::error!(bucket = %name, %error, "the bucket could not be read");
                    return None;
                }
            };
            if round == 0 {
                let history = inspection.observed.history.known();
                seen.written_before = history.map(|had| had.writes.clone()).unwrap_or_default();
            }
            // Findings that an earlier round has remediated are kept; the rest is replaced.
            let is_done = |finding: &Finding| {
                let kind = finding.remediated_by();
                seen.done.iter().any(|(action, _)| Some(action.kind()) == kind)
            };
            seen.findings.retain(is_done);
            seen.findings.extend(inspection.findings.clone());
            let (account, trigger, now) = (self.account, &pass.task.trigger, self.clock.now);
            let outcome = Box::pin(carry_out(account, &inspection, wanted, trigger, now)).await;
            seen.stopped = stopped(&inspection.observed, &seen.findings);
            seen.owner = report::owner(&inspection.observed.tags).map(str::to_owned);
            seen.baseline = Some(inspection.baseline);
            seen.done.extend(outcome.done);
            seen.kept.extend(outcome.kept);
            let conflicts = outcome.failed.iter().any(|(_, error)| error.is_conflict());
            seen.is_transient = outcome.interrupted.is_some()
                || outcome.failed.iter().any(|(_, error)| !error.is_denied());
            let failed = outcome.failed.into_iter();
            seen.failed = failed.map(|(action, error)| (action, error.to_string())).collect();
            seen.interrupted = outcome.interrupted.map(|error| error.to_string());
            seen.bucket_is_gone = !outcome.bucket_exists;
            seen.unrecorded += outcome.unrecorded.len();
            for error in outcome.unrecorded {
                tracing::error!(bucket = %name, %error, "a record could not be saved in the ledger");
            }
            let pause = pause(round, self.now());
            // Subtracted from the deadline, because the time of a replayed event may be the last one that there is.
            let needed = pause + Duration::from_secs(ROUND_SECONDS);
            if !conflicts || self.clock.deadline.is_some_and(|end| self.now() >= end - needed) {
                break;
            }
            self.outgoing.pause(pause).await;
        }
        Some(seen)
    }

    /// The result of a pass: metrics, notifications, marks and retries.
    async fn report(&self, pass: &Pass<'_>, seen: Option<Reconciliation>) -> TaskResult {
        let mut result = TaskResult::default();
        let Some(mut seen) = seen else {
            result.tally.count(Metric::Failed, 1);
            return TaskResult { retry: true, ..result };
        };
        self.wait_for_stack(pass, &mut seen.findings, &mut result).await;
        log(pass, &seen);
        let took = self.took(pass, &seen);
        seen.count(took, &mut result.tally);
        result.retry |= seen.is_transient;
        let now = self.now();
        let news = self.news(pass, &seen.findings, &mut result.tally).await;
        let notification = seen.baseline.as_ref().and_then(|baseline| {
            report::notification(&Report {
                id: &pass.id,
                stack: (&self.settings.stack, &self.settings.region),
                baseline,
                trigger: &pass.task.trigger,
                findings: &news,
                done: &seen.done,
                kept: &seen.kept,
                failed: &seen.failed,
                took,
                is_again: pass.task.is_again,
                owner: seen.owner.as_deref(),
                times_within_hour: report::times_within_hour(&seen.done, |kind| {
                    seen.written_before.get(&kind).copied().unwrap_or_default()
                }),
                now,
            })
        });
        if let Some(notification) =
            notification.filter(|_| !seen.is_transient || !seen.done.is_empty())
        {
            let reported = report::reported_of(&news, pass.task.trigger.calls()).cloned();
            let marks = reported::keys(&pass.id.name, &reported.collect::<Vec<_>>(), now.date());
            match &pass.task.trigger {
                Trigger::Sweep => (result.notification, result.marks) = (Some(notification), marks),
                Trigger::Calls(_) if self.publish_or_queue(&notification).await => {
                    self.mark(marks, &mut result.tally).await;
                }
                Trigger::Calls(_) => result.retry = true,
            }
        }
        result.tally.count(Metric::Conflict, usize::from(!seen.stopped.is_empty()));
        for stopped in &seen.stopped {
            self.stop(pass, &seen, stopped, &mut result).await;
        }
        let findings = seen.findings;
        result.seen = seen.baseline.map(|baseline| Seen { baseline, findings });
        result
    }

    /// The time from the first call until now, if something was written.
    fn took(&self, pass: &Pass<'_>, seen: &Reconciliation) -> Option<Duration> {
        let first = pass.task.trigger.calls().first()?;
        let is_measured = self.clock.deadline.is_some() && !seen.done.is_empty();
        is_measured.then(|| (self.now() - first.time).try_into().ok()).flatten()
    }

    /// The findings to report. A conflict has a notification of its own. Of what is not remediated, a sweep reports what was
    /// not recently reported; what calls have touched is always reported.
    ///
    /// Only a bucket with such findings costs a call. If the ledger cannot be read, all of it is reported.
    async fn news(&self, pass: &Pass<'_>, findings: &[Finding], tally: &mut Tally) -> Vec<Finding> {
        let mut news: Vec<Finding> =
            findings.iter().filter(|finding| finding.stopped().is_none()).cloned().collect();
        let touched = pass.task.trigger.touched();
        let is_swept = |finding: &Finding| matches!(finding, Finding::NotRemediated { aspect, .. } if !touched.contains(aspect));
        if !pass.task.is_swept || !news.iter().any(is_swept) {
            return news;
        }
        let (bucket, today) = (&pass.id.name, self.now().date());
        let reported = self.ledger.reported(bucket, today).await.unwrap_or_else(|error| {
            tracing::error!(%bucket, %error, "the ledger could not be read");
            tally.count(Metric::NotRecorded, 1);
            Reported::default()
        });
        news.retain(|finding| match finding {
            Finding::NotRemediated { aspect, reason } => {
                touched.contains(aspect) || reported.is_news(*aspect, reason)
            }
            Finding::Weak { .. } | Finding::Later { .. } => true,
        });
        news
    }

    /// Notifies once that the guard has stopped writing a setting, and of the other party.
    ///
    /// It is published before it is recorded: twice is better than never.
    async fn stop(
        &self,
        pass: &Pass<'_>,
        seen: &Reconciliation,
        stopped: &Stopped,
        result: &mut TaskResult,
    ) {
        if stopped.is_reported {
            return;
        }
        let (name, now) = (&pass.id.name, self.now());
        let notification = report::conflict(&ConflictReport {
            id: &pass.id,
            calls: pass.task.trigger.calls(),
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
            tracing::error!(bucket = %name, %error, "the ledger could not record that the guard has stopped");
            result.tally.count(Metric::NotRecorded, 1);
        }
    }

    /// Retries a bucket whose stack operation is in progress; after the last attempt it is reported.
    async fn wait_for_stack(
        &self,
        pass: &Pass<'_>,
        findings: &mut [Finding],
        result: &mut TaskResult,
    ) {
        let waits = |finding: &Finding| matches!(finding, Finding::Later { .. });
        if !findings.iter().any(waits) || pass.task.bodies.is_empty() {
            return;
        }
        result.tally.count(Metric::Waiting, 1);
        if let Some(delay_seconds) = triage::stack_delay_seconds(pass.task.attempt) {
            for body in &pass.task.bodies {
                let again = Again { body: body.clone(), attempt: pass.task.attempt + 1 };
                result.retry |= !self.send_back(again.body(), delay_seconds).await;
            }
            return;
        }
        for finding in findings {
            if let Finding::Later { aspect, .. } = finding {
                let reason = Reason::StackNeverFinished;
                *finding = Finding::NotRemediated { aspect: *aspect, reason };
            }
        }
    }

    /// Handles a bucket that was not found: it was deleted, or is so new that it is not visible yet.
    async fn gone(&self, pass: &Pass<'_>) -> TaskResult {
        let bucket = &pass.id.name;
        let mut result = TaskResult::default();
        let Some(delay_seconds) = triage::retry_seconds(&pass.task.trigger, self.now()) else {
            tracing::info!(%bucket, "the bucket no longer exists");
            return result;
        };
        tracing::info!(%bucket, delay_seconds, "the bucket is not visible yet");
        for body in &pass.task.bodies {
            result.retry |= !self.send_back(body.clone(), delay_seconds).await;
        }
        result
    }

    /// Marks how the guard learned of a bucket. Returns whether the ledger accepted it.
    async fn mark_known(&self, bucket: &BucketName, mark: Option<Mark>) -> bool {
        let Some(mark) = mark else { return true };
        let marked = self.ledger.claim(&coverage::key(bucket, mark)).await;
        if let Err(error) = &marked {
            tracing::error!(%bucket, %error, "a mark could not be saved in the ledger");
        }
        marked.is_ok()
    }
}

impl Reconciliation {
    fn count(&self, took: Option<Duration>, tally: &mut Tally) {
        let is_left =
            self.findings.iter().any(|found| matches!(found, Finding::NotRemediated { .. }));
        let exemptions = self.baseline.as_ref().map_or(0, |baseline| baseline.exemptions.len());
        tally.count(Metric::NotRemediated, is_left.into());
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

/// The settings that the guard has stopped writing, with the aspects that stay weak.
fn stopped(observed: &Observed, findings: &[Finding]) -> Vec<Stopped> {
    let mut all: Vec<Stopped> = Vec::new();
    let history = observed.history.known();
    for finding in findings {
        let Some((kind, writes)) = finding.stopped() else { continue };
        if let Some(stopped) = all.iter_mut().find(|stopped| stopped.kind == kind) {
            stopped.aspects.push(finding.aspect());
        } else {
            let is_reported = history.is_some_and(|history| history.stopped.contains(&kind));
            all.push(Stopped { kind, aspects: vec![finding.aspect()], writes, is_reported });
        }
    }
    all
}

/// The pause before another round: longer each time, with jitter.
fn pause(round: u32, now: OffsetDateTime) -> Duration {
    let spread = now.microsecond() / 1000 * 7919 % CONFLICT_PAUSE_MILLISECONDS;
    Duration::from_millis(((CONFLICT_PAUSE_MILLISECONDS << round) + spread).into())
}

fn log(pass: &Pass<'_>, seen: &Reconciliation) {
    let bucket = &pass.id.name;
    let event = match &pass.task.trigger {
        Trigger::Calls(calls) => {
            calls.iter().map(|call| call.event_name.as_str()).collect::<Vec<_>>().join(" ")
        }
        Trigger::Sweep => "sweep".to_owned(),
    };
    for finding in &seen.findings {
        match finding {
            Finding::NotRemediated { aspect, reason } => {
                tracing::warn!(%bucket, event, %aspect, reason = %reason, "not remediated");
            }
            Finding::Later { aspect } => {
                tracing::info!(%bucket, event, %aspect, reason = STACK_IN_PROGRESS, "remediated later");
            }
            Finding::Weak { .. } => {}
        }
    }
    for (action, record) in &seen.done {
        let record = serde_json::to_string(record).unwrap_or_default();
        tracing::info!(%bucket, event, %action, record, "remediated");
    }
    for (action, error) in &seen.failed {
        tracing::error!(%bucket, event, %action, %error, "could not be remediated");
    }
    if let Some(error) = &seen.interrupted {
        tracing::error!(%bucket, event, %error, "the bucket could not be read after a write");
    }
    if seen.findings.is_empty() {
        tracing::info!(%bucket, event, "the bucket is compliant");
    }
}
