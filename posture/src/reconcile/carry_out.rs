//! Carries out a plan, one write after the other, and records each.

use std::collections::BTreeSet;

use futures_util::future::{join, join_all};
use time::OffsetDateTime;

use super::account::Account;
use super::inspect::{Inspection, may_read_again, read_all};
use super::ledger::RecordId;
use super::record::{Event, Record, State, VERSION, rfc3339};
use crate::{Action, Baseline, Finding, Observed, Question, Reading, Reason, SettingKind, Trigger};

/// How often a setting is read again before it is written, because its answer has raised questions.
const READ_AGAIN_MAX: u32 = 3;
/// How often a written setting is read until it is visible: S3's settings are eventually consistent.
const VERIFICATIONS_MAX: u32 = 4;

/// The result of a plan. One failure does not stop the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome<E> {
    /// The actions that were carried out, with their records.
    pub done: Vec<(Action, Record)>,
    /// Those that failed, with their causes.
    pub failed: Vec<(Action, E)>,
    /// The ids of the saved records.
    pub kept: BTreeSet<String>,
    /// Why records could not be saved. Their writes were made all the same.
    pub unrecorded: Vec<E>,
    /// Why the bucket could not be read after a write: the actions after it were not carried out.
    pub interrupted: Option<E>,
    /// Whether the bucket existed all the time.
    pub bucket_exists: bool,
}

/// Carries out a plan, one write after the other: S3 aborts writes to one bucket that overlap.
///
/// Every write directly follows a read of its setting, so that changes by another party are not overwritten: what was read
/// is judged again. For the first write that may be the last round of the inspection. After each write its setting is read,
/// which verifies it, together with that of the next one. For a new bucket, versioning comes first if nothing may be read
/// again: it is the same whatever was there, and the next setting is read with its verification. The ledger records the beginning and
/// the end of each write; no write waits for it, so an end is recorded together with the next beginning.
pub async fn carry_out<A: Account>(
    account: &A,
    inspection: &Inspection,
    wanted: &(impl Fn(&Observed) -> Baseline + Sync),
    trigger: &Trigger,
    now: impl Fn() -> OffsetDateTime,
) -> Outcome<A::Error> {
    let mut outcome = Outcome {
        done: Vec::new(),
        failed: Vec::new(),
        kept: BTreeSet::new(),
        unrecorded: Vec::new(),
        interrupted: None,
        bucket_exists: true,
    };
    let mut current = inspection.clone();
    // The records that are not saved yet.
    let mut pending: Vec<Record> = Vec::new();
    let (kinds, mut fresh) = in_order(inspection);
    for (count, kind) in kinds.iter().enumerate() {
        // After a write that failed or was skipped, the next setting is as old as the inspection.
        if fresh != Some(*kind) {
            match read_again(account, &current, kind.question(), wanted).await {
                Ok(Some(seen)) => current = seen,
                Ok(None) => {
                    outcome.bucket_exists = false;
                    break;
                }
                Err(cause) => {
                    outcome.interrupted = Some(cause);
                    break;
                }
            }
        }
        let same = |action: &&Action| action.kind() == *kind;
        let Some(action) = current.plan.actions.iter().find(same).cloned() else { continue };
        let mut record = Record::begun(&current, &action, trigger, now());
        pending.push(record.clone());
        let saved = outcome.save(account, std::mem::take(&mut pending));
        let ((), applied) = join(saved, account.apply(&current.observed.id, &action.set)).await;
        match applied {
            Ok(true) => {}
            Ok(false) => {
                record.fail("the bucket is gone".to_owned());
                pending.push(record);
                outcome.bucket_exists = false;
                break;
            }
            Err(cause) => {
                record.fail(cause.to_string());
                pending.push(record);
                outcome.failed.push((action, cause));
                continue;
            }
        }
        let mut state = State::Written;
        let next = kinds.get(count + 1).map(|next| next.question());
        match verify(account, &current, &action, next, wanted).await {
            Ok(Some((seen, true))) => (current, state) = (seen, State::Verified),
            Ok(Some((seen, false))) => current = seen,
            Ok(None) => outcome.bucket_exists = false,
            Err(cause) => outcome.interrupted = Some(cause),
        }
        let is_fresh = next.is_some_and(|next| current.read_last.contains(&next));
        fresh = kinds.get(count + 1).copied().filter(|_| is_fresh);
        record.end(state, trigger, now());
        pending.push(record.clone());
        outcome.done.push((action, record));
        if !outcome.bucket_exists || outcome.interrupted.is_some() {
            break;
        }
    }
    outcome.save(account, pending).await;
    outcome
}

/// The settings in the order of their writes, and the first one if it was read last, without a wait since then.
fn in_order(inspection: &Inspection) -> (Vec<SettingKind>, Option<SettingKind>) {
    const SAME_WHATEVER_WAS_THERE: SettingKind = SettingKind::Versioning;
    let mut kinds: Vec<SettingKind> = inspection.plan.actions.iter().map(Action::kind).collect();
    let is_fresh = |kind: &SettingKind| inspection.read_last.contains(&kind.question());
    if kinds.first().is_none_or(is_fresh) || may_read_again(&inspection.baseline, inspection.reads)
    {
        let first = kinds.first().copied().filter(is_fresh);
        return (kinds, first);
    }
    let place = kinds.iter().position(|kind| *kind == SAME_WHATEVER_WAS_THERE);
    let first = place.map(|place| kinds.remove(place));
    kinds.splice(..0, first);
    (kinds, first)
}

/// Reads a setting again, until it is what was read last. Where each answer raises questions, it ends with the last one.
async fn read_again<A: Account>(
    account: &A,
    current: &Inspection,
    question: Question,
    wanted: &(impl Fn(&Observed) -> Baseline + Sync),
) -> Result<Option<Inspection>, A::Error> {
    let mut last = current.clone();
    for _ in 0..READ_AGAIN_MAX {
        last.observed.forget(question);
        match read_all(account, last.observed, wanted, false).await? {
            Some(seen) => last = seen,
            None => return Ok(None),
        }
        // Otherwise it had more questions, which are answered now.
        if last.read_last.is_empty() || last.read_last.contains(&question) {
            break;
        }
    }
    Ok(Some(last))
}

impl<E> Outcome<E> {
    /// Saves records in parallel.
    async fn save(&mut self, account: &impl Account<Error = E>, records: Vec<Record>) {
        let saved = join_all(records.iter().map(|record| account.keep(record))).await;
        for (record, saved) in records.into_iter().zip(saved) {
            match saved {
                Ok(()) => drop(self.kept.insert(record.id)),
                Err(error) => self.unrecorded.push(error),
            }
        }
    }
}

impl Record {
    /// The record of a write that is about to be made.
    pub fn begun(
        inspection: &Inspection,
        action: &Action,
        trigger: &Trigger,
        now: OffsetDateTime,
    ) -> Self {
        let observed = &inspection.observed;
        let kind = action.kind();
        let why = inspection.findings.iter().filter_map(|finding| match finding {
            Finding::Weak { aspect, was, remediate } if remediate.kind() == kind => {
                Some(format!("{}: {was}", aspect.words()))
            }
            Finding::Weak { .. } | Finding::Later { .. } | Finding::NotRemediated { .. } => None,
        });
        let events = trigger.calls().iter().map(|call| Event {
            event_name: call.event_name.clone(),
            event_id: call.event_id.clone(),
            time: rfc3339(call.time),
            principal: call.principal.clone(),
            tool: call.tool.to_string(),
        });
        Self {
            version: VERSION,
            id: RecordId { bucket: observed.id.name.clone(), time: now, kind }.to_string(),
            state: State::Begun,
            bucket: observed.id.name.to_string(),
            account: observed.id.account.to_string(),
            region: observed.id.region.to_string(),
            time: rfc3339(now),
            grade: inspection.baseline.grade,
            grade_reason: inspection.baseline.grade_reason.clone(),
            aspects: action.aspects.clone(),
            setting: kind,
            call: kind.call().to_owned(),
            why: why.collect(),
            from: observed.setting(kind),
            to: action.set.clone(),
            events: events.collect(),
            time_to_protect_milliseconds: None,
            cause: None,
        }
    }
}

/// Reads what was written and what is to be written next; returns whether the bucket has the new setting.
async fn verify<A: Account>(
    account: &A,
    before: &Inspection,
    action: &Action,
    next: Option<Question>,
    wanted: &(impl Fn(&Observed) -> Baseline + Sync),
) -> Result<Option<(Inspection, bool)>, A::Error> {
    let mut seen = before.clone();
    if let Reading::Known(history) = &mut seen.observed.history {
        history.count(action.kind());
    }
    // Replication and Object Lock need versions, so there was neither.
    if action.kind() == SettingKind::Versioning && before.observed.versioning == Reading::Absent {
        seen.observed.replication = Reading::Absent;
        seen.observed.object_lock = Reading::Absent;
    }
    for attempt in 0..VERIFICATIONS_MAX {
        if attempt > 0 {
            account.pause(attempt).await;
        }
        let mut observed = seen.observed;
        observed.forget(action.kind().question());
        if let Some(question) = next {
            observed.forget(question);
        }
        match read_all(account, observed, wanted, false).await? {
            Some(inspection) => seen = inspection,
            None => return Ok(None),
        }
        let weak = |finding: &Finding| finding.remediated_by() == Some(action.kind());
        let stopped = |finding: &Finding| {
            action.aspects.contains(&finding.aspect())
                && matches!(
                    finding,
                    Finding::NotRemediated { reason: Reason::TooManyWrites(..), .. }
                )
        };
        if !seen.findings.iter().any(|finding| weak(finding) || stopped(finding)) {
            return Ok(Some((seen, true)));
        }
    }
    Ok(Some((seen, false)))
}

#[cfg(test)]
mod tests;
