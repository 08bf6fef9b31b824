//! One bucket, or the account's block: rounds of reads and writes, records, and notifications.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join;
use time::OffsetDateTime;

use crate::config::EvaluationContext;
use crate::contract::metrics::Metric;
use crate::evaluate::coverage::Known;
use crate::events::Again;
use crate::model::deed::Deed;
use crate::model::deployers::changed_in_own_bucket;
use crate::model::finding::STACK_IN_PROGRESS;
use crate::model::own_bucket::OwnBucket;
use crate::notify::report::{self, Report};
use crate::reconcile::account::CallError;
use crate::reconcile::state::BucketState;
use crate::reconcile::triage::{self, ReconcileTask};
use crate::{
    Account, Action, Age, Aspect, Baseline, BucketId, CallContext, Finding, Notification, Observed,
    Reason, Record, Region, Trigger, carry_out, inspect,
};

use super::bucket_ledger::{Base, BucketLedger, StateReading};
use super::fallen::Fallen;
use super::pass::{Conclusion, Pass, Reconciliation, pause};
use super::tags;
use super::{Flow, Ledger, Outgoing, PendingState, Seen, Settings, Tally, TaskResult};

/// How often a bucket is inspected again because another party was writing to it.
const CONFLICTS_MAX: u32 = 6;
/// The remaining time that another round needs, in seconds.
const ROUND_SECONDS: u64 = 20;

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
            call_context: call_context(task, &id.region),
            ..self.settings.context(self.now().date())
        };
        let own = self.settings.own_buckets.contains(bucket).then(|| OwnBucket {
            is_swept: task.is_swept,
            ..changed_in_own_bucket(trigger.calls(), &self.settings.deployers, account)
        });
        let pass = Pass { id: id.clone(), task };
        let reading = if own.is_some() { StateReading::Eager } else { pass.state_reading() };
        let ledger = BucketLedger::new(self.account, self.ledger, &id, self.clock, reading);
        let ledger = ledger.called(trigger);
        if task.ends_stop {
            let is_alone = is_swept_alone(task);
            if let Some(result) = self.until_stop_ends(&ledger, task).await.filter(|_| is_alone) {
                return result;
            }
        }
        let rest_seconds = if is_account { None } else { self.rest_seconds(&pass, &ledger).await };
        let wanted = |observed: &Observed| {
            let mut baseline = if is_account {
                self.account_baseline(trigger)
            } else {
                config.baseline(&id, &observed.tags, &context)
            };
            if is_account {
                baseline.call_context = context.call_context.clone();
            }
            baseline.own.clone_from(&own);
            if rest_seconds.is_some() {
                baseline.settle();
            }
            baseline
        };
        let begun = self.now();
        let last = trigger.calls().last();
        if last.is_some_and(|call| call.effect.deed == Some(Deed::Deleted)) {
            let baseline = wanted(&Observed::unread(id.clone()));
            return self.deleted(&pass, &ledger, baseline).await;
        }
        let seen = Box::pin(self.rounds(&pass, &ledger, &wanted)).await;
        match seen {
            Some(seen) if seen.bucket_is_gone && seen.done.is_empty() => {
                self.gone(&pass, &ledger, wanted(&Observed::unread(id.clone()))).await
            }
            seen => {
                let mut result = Box::pin(self.conclude(&pass, &ledger, seen, begun)).await;
                if let Some(seconds) = rest_seconds.filter(|_| !result.retry) {
                    result.retry |= !self.reconcile_later(task, seconds).await;
                }
                result
            }
        }
    }

    /// Inspects a bucket and carries out the plan; from the start again if another party is writing too, because then what
    /// was read is outdated. None if the bucket could not be inspected.
    async fn rounds(
        &self,
        pass: &Pass<'_>,
        account: &BucketLedger<'_, A, L>,
        wanted: &(impl Fn(&Observed) -> Baseline + Sync),
    ) -> Option<Reconciliation> {
        let name = &pass.id.name;
        let mut seen = Reconciliation::default();
        for round in 0..CONFLICTS_MAX {
            let inspection = match inspect(account, &pass.id, wanted).await {
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
                seen.stopped = history.map(|had| had.stopped.clone()).unwrap_or_default();
            }
            // Findings that an earlier round has remediated are kept; the rest is replaced.
            let is_done = |finding: &Finding| {
                let kind = finding.remediated_by();
                seen.done.iter().any(|(action, _)| Some(action.kind()) == kind)
            };
            seen.findings.retain(is_done);
            seen.findings.extend(inspection.findings.clone());
            let (trigger, now) = (&pass.task.trigger, self.clock.now);
            let outcome = Box::pin(carry_out(account, &inspection, wanted, trigger, now)).await;
            seen.are_tags_known = tags::are_known(&inspection.observed.tags);
            seen.owner = report::owner(&inspection.observed.tags).map(str::to_owned);
            seen.baseline = Some(inspection.baseline);
            seen.read(&inspection.observed, &outcome.done);
            seen.done.extend(outcome.done);
            seen.is_stopped = seen.findings.iter().any(|finding| finding.stopped().is_some())
                || !seen.fought().is_empty();
            seen.kept.extend(outcome.kept);
            let conflicts = outcome.failed.iter().any(|(_, error)| error.is_conflict());
            seen.note_refused(&inspection.observed);
            seen.note_lacking(&inspection.observed);
            seen.failed.clear();
            for (action, error) in outcome.failed {
                match error.refusal() {
                    Some(refusal) => {
                        tracing::error!(bucket = %name, %action, %error, "AWS has refused a write");
                        seen.refuse(name, &action, (self.now(), refusal));
                    }
                    None => seen.failed.push((action, error.to_string())),
                }
            }
            let role = self.settings.role.as_deref();
            seen.explain(&inspection.observed, pass.task.trigger.calls(), role);
            seen.is_transient = outcome.interrupted.is_some() || !seen.failed.is_empty();
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

    /// The result of a pass: metrics, notifications, the state and retries.
    async fn conclude(
        &self,
        pass: &Pass<'_>,
        ledger: &BucketLedger<'_, A, L>,
        seen: Option<Reconciliation>,
        begun: OffsetDateTime,
    ) -> TaskResult {
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
        if pass.needs_state(&seen, &ledger.base()) {
            ledger.read_state().await;
        }
        let base = ledger.base();
        let known =
            if let Base::Read(state, _) = &base { Some(BucketState::clone(state)) } else { None };
        seen.recall_deny(known.as_ref());
        let lost = known.as_ref().and_then(|known| seen.lost_statements(pass, known));
        seen.findings.extend(lost);
        let mut update = pass.update(&seen, begun);
        update.right = seen.right(known.as_ref());
        let mut end = Conclusion {
            pass,
            seen,
            known,
            update,
            foreign: Vec::new(),
            result,
            is_withheld: false,
            waits: Vec::new(),
            suppressed: BTreeSet::new(),
            is_last: false,
        };
        let is_new = matches!(base, Base::Assumed | Base::Absent | Base::Closed(_));
        self.wait_for_permission(&mut end).await;
        end.count_blind();
        let earlier = self.unreported(&mut end).await;
        let mut fallen = Fallen::default();
        // The same calls are judged once the bucket has settled: its creator is not done.
        if !end.comes_again() {
            fallen = self.fallen(&mut end, &earlier, is_new).await;
            fallen.add_deeds(self.by_event(&end).await);
        }
        fallen.add_shown(&mut end);
        self.report_used_suppressions(ledger, &mut end).await;
        self.report_foreign(ledger, &mut end).await;
        self.stop_all(&mut end).await;
        let subscribed = self.subscribed_since(&end).await;
        let notification = self.notification(&mut end, &earlier, took, (subscribed, &fallen));
        // A refusal that is known is no failure each time that it is tried again.
        let is_failed = notification.is_some() && end.seen.is_refused() && end.waits.is_empty();
        end.result.tally.count(Metric::Failed, is_failed.into());
        let has_report = notification.is_some();
        let notification = self.folded(&mut end, &base, notification, &fallen).await;
        let is_folded = has_report && notification.is_none();
        let Conclusion { seen, update, mut result, is_withheld, .. } = end;
        // What was folded is in the state already.
        let is_noted = pass.is_noted(&base, &update) && !is_folded;
        let written = seen.done.iter().map(|(_, record)| record).chain(&earlier);
        let records = written.map(|record| record.id.clone()).collect();
        let is_own = seen.baseline.as_ref().is_some_and(|baseline| baseline.own.is_some());
        let is_recent = pass.task.known == Some(Known::Swept) && !is_own;
        let pending = PendingState { id: pass.id.clone(), base, update, records, is_recent };
        self.next_alarm(&pass.id.name, &fallen).await;
        match (notification, &pass.task.trigger) {
            (Some(notification), Trigger::Sweep) => {
                (result.notification, result.pending) = (Some(notification), Some(pending));
            }
            (Some(notification), Trigger::Calls(_)) => {
                let (is_published, tally) = self.publish_and_note(&notification, pending).await;
                result.retry |= !is_published;
                result.tally.add(tally);
            }
            (None, _) if is_noted => result.tally.add(self.note(pending, !is_withheld).await),
            (None, _) => {}
        }
        let findings = seen.findings;
        result.seen = seen.baseline.map(|baseline| Seen { baseline, findings });
        result
    }

    /// Publishes a report, and notes that in the state. What does not depend on the report is noted at the same time.
    async fn publish_and_note(
        &self,
        notification: &Notification,
        pending: PendingState,
    ) -> (bool, Tally) {
        if !pending.update.is_independent() {
            let is_published = self.publish(notification).await;
            return (is_published, self.note(pending, is_published).await);
        }
        let PendingState { id, base, update, records, is_recent } = pending;
        let noted = self.write_state(&id, base, &update);
        let (is_published, (_, mut tally)) = join(self.publish(notification), noted).await;
        if !is_published {
            let base = Base::NotRead;
            let pending = PendingState { id, base, update, records, is_recent };
            tally.add(self.note(pending, false).await);
        }
        (is_published, tally)
    }

    /// The report about the bucket, with the writes that could not be reported before.
    pub(super) fn notification(
        &self,
        end: &mut Conclusion<'_>,
        earlier: &[Record],
        took: Option<Duration>,
        (subscribed, fallen): (OffsetDateTime, &Fallen),
    ) -> Option<Notification> {
        let by_tags = end.by_tags();
        let muted = end.muted(self.now());
        let Conclusion { pass, seen, known, update, is_withheld, suppressed, waits, .. } = end;
        let mut news = pass.news(&seen.findings, known.as_ref(), (self.now(), subscribed));
        news.retain(|one| !is_suppressed(one, suppressed) && !waits.contains(one));
        news.extend(fallen.findings.iter().cloned());
        news.extend(by_tags);
        let mut done: Vec<(Action, Record)> =
            earlier.iter().map(|record| (record.action(), record.clone())).collect();
        done.extend(
            seen.done.iter().filter(|(action, _)| !muted.contains(&action.kind())).cloned(),
        );
        let mut kept = seen.kept.clone();
        kept.extend(earlier.iter().map(|record| record.id.clone()));
        let mut findings: Vec<Finding> = earlier.iter().flat_map(Record::findings).collect();
        findings.extend(news.iter().cloned());
        let written_before = |kind| {
            let before = seen.written_before.get(&kind).copied().unwrap_or_default();
            let again = earlier.iter().filter(|record| record.setting == kind).count();
            before.saturating_sub(u32::try_from(again).unwrap_or(u32::MAX))
        };
        let notification = report::notification(&Report {
            id: &pass.id,
            stack: (&self.settings.stack, &self.settings.region),
            baseline: seen.baseline.as_ref()?,
            trigger: &pass.task.trigger,
            findings: &findings,
            done: &done,
            kept: &kept,
            failed: &seen.failed,
            took,
            is_again: pass.task.is_again && earlier.is_empty(),
            owner: seen.owner.as_deref(),
            times_within_hour: report::times_within_hour(&done, written_before),
            sequence: fallen.sequence.as_ref(),
            is_gone: seen.bucket_is_gone,
            now: self.now(),
        });
        if seen.is_transient && done.is_empty() && notification.is_some() {
            *is_withheld = true;
            update.by_tags = None;
            return None;
        }
        update.reported.extend(earlier.iter().map(|record| record.id.clone()));
        if notification.is_some() {
            update.mark_reported(report::reported_of(&news, pass.task.trigger.calls()));
        }
        notification
    }

    /// The time from the first call until now, if something was written.
    fn took(&self, pass: &Pass<'_>, seen: &Reconciliation) -> Option<Duration> {
        let first = pass.task.trigger.calls().first()?;
        let is_measured = self.clock.deadline.is_some() && !seen.done.is_empty();
        is_measured.then(|| (self.now() - first.time).try_into().ok()).flatten()
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
    async fn gone(
        &self,
        pass: &Pass<'_>,
        ledger: &BucketLedger<'_, A, L>,
        baseline: Baseline,
    ) -> TaskResult {
        let bucket = &pass.id.name;
        let Some(delay_seconds) = triage::retry_seconds(&pass.task.trigger, self.now()) else {
            tracing::info!(%bucket, "the bucket no longer exists");
            return self.last_report(pass, ledger, baseline, None).await;
        };
        let mut result = TaskResult::default();
        tracing::info!(%bucket, delay_seconds, "the bucket is not visible yet");
        for body in &pass.task.bodies {
            result.retry |= !self.send_back(body.clone(), delay_seconds).await;
        }
        result
    }
}

/// What is known about the calls, and about a bucket that the sweep has found without a state.
fn call_context(task: &ReconcileTask, region: &Region) -> CallContext {
    let context = task.trigger.call_context(task.attempt, region);
    match task.known {
        Some(Known::Swept | Known::Gap) => CallContext { age: Age::New, ..context },
        Some(Known::Before | Known::Event | Known::Created) | None => context,
    }
}

/// Whether nothing but the end of a stop asks for it.
fn is_swept_alone(task: &ReconcileTask) -> bool {
    matches!(task.trigger, Trigger::Sweep) && !task.is_swept
}

/// Whether the notification about the first use of a suppression says it already.
fn is_suppressed(finding: &Finding, suppressed: &BTreeSet<Aspect>) -> bool {
    matches!(finding, Finding::NotRemediated { aspect, reason: Reason::Undone(_) } if suppressed.contains(aspect))
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
