//! Carries out a plan, write by write, and records each.

use std::collections::BTreeSet;

use futures_util::future::{join, join_all};
use time::OffsetDateTime;

use super::account::Account;
use super::inspect::{Again, Inspection, look, may_read_again};
use super::ledger;
use super::record::{Event, Record, State, VERSION, rfc3339};
use crate::{
    Action, Baseline, Finding, LeftBecause, Observed, Question, Reading, SettingKind, Trigger,
};

/// How often a setting is read again until it shows what was written: S3's settings are eventually consistent.
const VERIFICATIONS_MAX: u32 = 4;

/// What was done and what was not. One failure does not stop the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome<E> {
    /// The actions that were carried out, with what the ledger keeps of each.
    pub done: Vec<(Action, Record)>,
    /// Those that were not, with their causes.
    pub failed: Vec<(Action, E)>,
    /// The ids of the writes of which the ledger has a record.
    pub kept: BTreeSet<String>,
    /// Why a record could not be kept. What it speaks of was done all the same.
    pub unrecorded: Vec<E>,
    /// Why the bucket could not be looked at again after a write: what was to come after it was not done.
    pub interrupted: Option<E>,
    /// Whether the bucket was there all the time; if not, nothing is left to guard.
    pub bucket_exists: bool,
}

/// Carries out a plan, one write after the other: S3 aborts writes to one bucket that overlap.
///
/// Every write follows a reading of its setting at once. The inspection's own will do for the first one if its last round
/// has read it, and it is read again if not; but a new bucket is not kept waiting by more than seven calls: at grade `hybrid`
/// its policy is written one round of questions after it was read. After each
/// write its setting is read again, which verifies it, together with that of the next one: what somebody else has mended
/// or raised meanwhile is not written over. The ledger hears of each write as it begins and as it has ended; no write waits
/// for it, so it hears of an end together with the next beginning.
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
    // What the ledger has still to hear.
    let mut unheard: Vec<Record> = Vec::new();
    let kinds: Vec<SettingKind> = inspection.plan.actions.iter().map(Action::kind).collect();
    // The setting that was read last, and nothing was waited for since.
    let is_fresh = |kind: &SettingKind| {
        inspection.read_last.contains(&kind.question())
            || !may_read_again(&inspection.baseline, inspection.reads)
    };
    let mut fresh = kinds.first().copied().filter(is_fresh);
    for (count, kind) in kinds.iter().enumerate() {
        // After a write that failed or was not due, the next setting is as old as the inspection.
        if fresh != Some(*kind) {
            let mut observed = current.observed.clone();
            observed.forget(kind.question());
            match look(account, observed, wanted, Again::Nothing).await {
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
        unheard.push(record.clone());
        let (kept, applied) =
            join(keep(account, &unheard), account.apply(&current.observed.id, &action.set)).await;
        outcome.hear(kept);
        unheard.clear();
        match applied {
            Ok(true) => {}
            Ok(false) => {
                record.fail("the bucket is gone".to_owned());
                unheard.push(record);
                outcome.bucket_exists = false;
                break;
            }
            Err(cause) => {
                record.fail(cause.to_string());
                unheard.push(record);
                outcome.failed.push((action, cause));
                continue;
            }
        }
        let mut state = State::Written;
        fresh = kinds.get(count + 1).copied();
        let next = fresh.map(SettingKind::question);
        match verify(account, &current, &action, next, wanted).await {
            Ok(Some((seen, true))) => (current, state) = (seen, State::Verified),
            Ok(Some((seen, false))) => current = seen,
            Ok(None) => outcome.bucket_exists = false,
            Err(cause) => outcome.interrupted = Some(cause),
        }
        record.end(state, trigger, now());
        unheard.push(record.clone());
        outcome.done.push((action, record));
        if !outcome.bucket_exists || outcome.interrupted.is_some() {
            break;
        }
    }
    outcome.hear(keep(account, &unheard).await);
    outcome
}

impl<E> Outcome<E> {
    /// Notes what came of keeping records.
    fn hear(&mut self, kept: Vec<Result<String, E>>) {
        for kept in kept {
            match kept {
                Ok(id) => drop(self.kept.insert(id)),
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
            Finding::Weak { aspect, was, mend } if mend.kind() == kind => {
                Some(format!("{}: {was}", aspect.words()))
            }
            Finding::Weak { .. } | Finding::Later { .. } | Finding::Left { .. } => None,
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
            id: ledger::id(&observed.id.name, now, kind),
            state: State::Begun,
            bucket: observed.id.name.to_string(),
            account: observed.id.account.to_string(),
            region: observed.id.region.to_string(),
            time: rfc3339(now),
            grade: inspection.baseline.grade,
            grade_because: inspection.baseline.grade_because.clone(),
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

/// Keeps records at once. Gives their ids, or why they could not be kept.
async fn keep<A: Account>(account: &A, records: &[Record]) -> Vec<Result<String, A::Error>> {
    let keep = async |record: &Record| account.keep(record).await.map(|()| record.id.clone());
    join_all(records.iter().map(keep)).await
}

/// Reads again what was written, and what is to be written next; says whether the bucket has the new setting.
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
    for attempt in 0..VERIFICATIONS_MAX {
        if attempt > 0 {
            account.pause(attempt).await;
        }
        let mut observed = seen.observed;
        observed.forget(action.kind().question());
        if let Some(question) = next {
            observed.forget(question);
        }
        match look(account, observed, wanted, Again::Nothing).await? {
            Some(inspection) => seen = inspection,
            None => return Ok(None),
        }
        let weak = |finding: &Finding| finding.mended_by() == Some(action.kind());
        let stopped = |finding: &Finding| {
            action.aspects.contains(&finding.aspect())
                && matches!(finding, Finding::Left { because: LeftBecause::TooManyWrites(..), .. })
        };
        if !seen.findings.iter().any(|finding| weak(finding) || stopped(finding)) {
            return Ok(Some((seen, true)));
        }
    }
    Ok(Some((seen, false)))
}

#[cfg(test)]
mod tests;
