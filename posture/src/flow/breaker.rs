//! A conflict: another party keeps changing what the guard sets.
//!
//! Counted by principal, the guard stops to write the setting for a while, which is reported once, and the bucket is
//! reconciled when that is over. Public access is closed all the same, each time: then only its reports stop.

use std::collections::BTreeSet;

use time::OffsetDateTime;

use super::bucket_ledger::{Base, BucketLedger};
use super::pass::{Conclusion, Reconciliation};
use super::{Flow, Ledger, Outgoing, TaskResult};
use crate::events::OwnMessage;
use crate::notify::report::{self, ConflictReport};
use crate::reconcile::account::CallError;
use crate::reconcile::ledger;
use crate::reconcile::state::{self, Stop};
use crate::reconcile::triage::{DELAY_SECONDS_MAX, ReconcileTask};
use crate::{Account, Aspect, SettingKind};

/// A setting over which there is a conflict.
struct Stopped {
    kind: SettingKind,
    aspects: Vec<Aspect>,
    writes: u32,
    by: Option<String>,
}

impl Reconciliation {
    /// The settings that close a bucket to the public, and were written as often as makes a conflict.
    pub(super) fn fought(&self) -> Vec<(SettingKind, u32)> {
        let Some(baseline) = &self.baseline else { return Vec::new() };
        let kinds = [SettingKind::PublicAccessBlock, SettingKind::AccountPublicAccessBlock];
        let writes = kinds.into_iter().map(|kind| {
            let now = self.done.iter().filter(|(action, _)| action.kind() == kind).count();
            let now = u32::try_from(now).unwrap_or(u32::MAX);
            let before = self.written_before.get(&kind).copied().unwrap_or_default();
            (kind, now, before.saturating_add(now))
        });
        let fought = writes.filter(|(_, now, all)| *now > 0 && *all > baseline.writes_max);
        fought.map(|(kind, _, all)| (kind, all)).collect()
    }
}

impl Conclusion<'_> {
    /// The settings over which there is a conflict.
    fn stopped(&self, now: OffsetDateTime) -> Vec<Stopped> {
        let mut all: Vec<Stopped> = Vec::new();
        for finding in &self.seen.findings {
            let Some((kind, writes)) = finding.stopped() else { continue };
            if let Some(stopped) = all.iter_mut().find(|stopped| stopped.kind == kind) {
                stopped.aspects.push(finding.aspect());
                continue;
            }
            let (aspects, by) = (vec![finding.aspect()], self.caller(kind));
            all.push(Stopped { kind, aspects, writes, by });
        }
        for (kind, writes) in self.seen.fought() {
            all.push(Stopped { kind, aspects: Vec::new(), writes, by: self.caller(kind) });
        }
        // Public access is closed already when a run that was interrupted, or its report, is tried again.
        let most = self.seen.baseline.as_ref().map_or(u32::MAX, |baseline| baseline.writes_max);
        for (kind, by) in state::callers(self.pass.task.trigger.calls()) {
            let writes = self.seen.written_before.get(&kind).copied().unwrap_or_default();
            let is_retried = self.pass.task.is_again && kind.closes() && writes >= most;
            if is_retried && !all.iter().any(|one| one.kind == kind) {
                all.push(Stopped { kind, aspects: Vec::new(), writes, by: Some(by) });
            }
        }
        for (kind, stop) in self.known.iter().flat_map(|known| known.unreported_stops(now)) {
            if kind.closes() && !all.iter().any(|one| one.kind == kind) {
                let known = self.known.iter().flat_map(|known| &known.writes);
                let writes = known.filter(|write| write.setting == kind).count();
                let writes = u32::try_from(writes).unwrap_or(u32::MAX);
                all.push(Stopped { kind, aspects: Vec::new(), writes, by: stop.by.clone() });
            }
        }
        all
    }

    /// Who has changed a setting now.
    fn caller(&self, kind: SettingKind) -> Option<String> {
        state::callers(self.pass.task.trigger.calls()).remove(&kind)
    }

    /// Whether the conflict over a setting was reported.
    fn is_reported(&self, kind: SettingKind, now: OffsetDateTime) -> bool {
        let caller = self.caller(kind);
        let stop = self.known.as_ref().and_then(|known| known.stop(kind, caller.as_ref(), now));
        // Without the state, this process may know that it has reported it.
        stop.map_or_else(|| self.seen.stopped.contains(&kind), |stop| stop.notified)
    }

    /// The settings whose writes are not reported, because the conflict over them was.
    pub(super) fn muted(&self, now: OffsetDateTime) -> BTreeSet<SettingKind> {
        let fought = self.seen.fought().into_iter().map(|(kind, _)| kind);
        fought.filter(|kind| self.is_reported(*kind, now)).collect()
    }
}

impl<A, L, O> Flow<'_, A, L, O>
where
    A: Account<Error: CallError>,
    L: Ledger,
    O: Outgoing,
{
    /// Notifies once of each conflict and of the other party.
    pub(super) async fn stop_all(&self, end: &mut Conclusion<'_>) {
        let now = self.now();
        for stopped in end.stopped(now) {
            if !end.is_reported(stopped.kind, now) {
                self.stop(end, &stopped).await;
            }
        }
    }

    /// It is published before it is noted: twice is better than never.
    async fn stop(&self, end: &mut Conclusion<'_>, stopped: &Stopped) {
        let (pass, seen, now) = (end.pass, &end.seen, self.now());
        let (kind, until) = (stopped.kind, ledger::still_until(now));
        let by = stopped.by.clone();
        let mut last = end.known.iter().flat_map(|known| &known.writes);
        let last = last.rfind(|write| write.setting == kind && write.principal.is_some());
        let notification = report::conflict(&ConflictReport {
            id: &pass.id,
            calls: pass.task.trigger.calls(),
            last: last.and_then(|write| write.principal.as_deref()),
            aspects: &stopped.aspects,
            kind,
            writes: stopped.writes,
            still_until: until,
            grade: seen.baseline.as_ref().map(|baseline| baseline.grade),
            owner: seen.owner.as_deref(),
            stack: &self.settings.stack,
            now,
        });
        // Queued first: the message of an interrupted run only reconciles the bucket.
        let is_queued = self.reconcile_at(pass.task, until).await;
        let notified = is_queued && self.publish(&notification).await;
        if notified {
            self.account.stopped(&pass.id.name, kind, by.as_ref(), until);
        }
        end.result.retry |= !notified;
        end.update.stops.push((kind, Stop { since: now, until, notified, by }));
    }

    /// Queues a bucket for then, or for a part of the way: a message waits for fifteen minutes at most.
    async fn reconcile_at(&self, task: &ReconcileTask, until: OffsetDateTime) -> bool {
        let seconds = (until - self.now()).whole_seconds().clamp(1, DELAY_SECONDS_MAX.into());
        let seconds = u16::try_from(seconds).unwrap_or(DELAY_SECONDS_MAX);
        let bucket = task.bucket.clone();
        self.send_back(OwnMessage::AfterConflict { bucket }.body(), seconds).await
    }

    /// Sends the message on if a stop is still in force.
    pub(super) async fn until_stop_ends(
        &self,
        ledger: &BucketLedger<'_, A, L>,
        task: &ReconcileTask,
    ) -> Option<TaskResult> {
        ledger.read_state().await;
        let Base::Read(state, _) = ledger.base() else { return None };
        let until = state.stopped_until(self.now())?;
        let retry = !self.reconcile_at(task, until).await;
        Some(TaskResult { retry, ..TaskResult::default() })
    }
}
