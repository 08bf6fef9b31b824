//! The one boundary: an account that can be asked and told. Around it, the two steps of every guard.

use std::collections::BTreeSet;
use std::fmt;

use futures_util::future::{join, join_all};
use time::OffsetDateTime;

use crate::assess::first_write;
use crate::baseline::{Baseline, Maker};
use crate::record::{Record, State};
use crate::{
    Action, BucketId, Finding, LeftBecause, Observed, Plan, Question, Reading, Setting,
    SettingKind, Trigger, assess, plan, questions,
};

/// How often a setting is read again until it shows what was written: S3's settings are eventually consistent.
const VERIFICATIONS_MAX: u32 = 4;
/// How many calls may be made on a new bucket before the first write.
const READS_OF_NEW_MAX: usize = 7;

/// An AWS account, as far as the engine needs one.
pub trait Account: Sync {
    /// What can go wrong with a call.
    type Error: fmt::Display + Send;

    /// Reads the answers to `ask` into `observed`, in parallel. `None` if there is no such bucket (any more).
    fn observe(
        &self,
        ask: &[Question],
        observed: Observed,
        baseline: &Baseline,
    ) -> impl Future<Output = Result<Option<Observed>, Self::Error>> + Send;

    /// Writes one setting. `false` if there is no such bucket (any more).
    fn apply(
        &self,
        bucket: &BucketId,
        setting: &Setting,
    ) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Keeps a record of a write in the ledger; a later one of the same id takes its place.
    fn keep(&self, record: &Record) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Waits a moment before something is read again; a longer one each time.
    fn pause(&self, attempt: u32) -> impl Future<Output = ()> + Send;
}

/// What was seen of a bucket, and what would be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// What was seen.
    pub observed: Observed,
    /// What it is held to.
    pub baseline: Baseline,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What would mend it.
    pub plan: Plan,
    /// What the last round has asked: nothing is fresher.
    pub read_last: Vec<Question>,
    /// How many calls on the bucket it took.
    pub reads: usize,
}

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

/// What is read again beside new questions.
#[derive(Clone, Copy)]
enum Again {
    /// What would be written first.
    First,
    /// Nothing: what is to be written is forgotten, and so asked for, by whoever looks.
    Nothing,
}

/// Looks at a bucket and plans; changes nothing. `None` if there is no such bucket.
///
/// What is wanted may depend on what is seen (tags), so it is a function of it.
pub async fn inspect<A: Account>(
    account: &A,
    bucket: &BucketId,
    wanted: &(impl Fn(&Observed) -> Baseline + Sync),
) -> Result<Option<Inspection>, A::Error> {
    look(account, Observed::unread(bucket.clone()), wanted, Again::First).await
}

/// Asks until nothing is left to ask.
///
/// Whatever is written was found weak before the last round: at least the ledger is asked behind it. So that round reads
/// again what would be written first, beside its questions: it costs a call and no time.
async fn look<A: Account>(
    account: &A,
    mut observed: Observed,
    wanted: &(impl Fn(&Observed) -> Baseline + Sync),
    again: Again,
) -> Result<Option<Inspection>, A::Error> {
    let mut baseline = wanted(&observed);
    // Each round reads what it asks for, so this ends: there are only so many questions.
    let (mut read_last, mut reads) = (Vec::new(), 0);
    for _ in Question::ALL {
        let mut ask = questions(&observed, &baseline);
        if ask.is_empty() {
            break;
        }
        let first = match again {
            Again::First => first_write(&observed, &baseline).map(SettingKind::question),
            Again::Nothing => None,
        };
        let may_read = may_read_again(&baseline, reads + of_bucket(&ask));
        if let Some(first) = first.filter(|first| may_read && !ask.contains(first)) {
            observed.forget(first);
            ask.push(first);
        }
        reads += of_bucket(&ask);
        read_last.clone_from(&ask);
        match account.observe(&ask, observed, &baseline).await? {
            Some(seen) => observed = seen,
            None => return Ok(None),
        }
        baseline = wanted(&observed);
    }
    let findings = assess(&observed, &baseline);
    let plan = plan(&findings);
    Ok(Some(Inspection { observed, baseline, findings, plan, read_last, reads }))
}

/// Whether after so many calls on the bucket a setting may be read for a second time before anything is written.
fn may_read_again(baseline: &Baseline, reads: usize) -> bool {
    baseline.moment.maker == Maker::Unknown || reads < READS_OF_NEW_MAX
}

fn of_bucket(ask: &[Question]) -> usize {
    ask.iter().filter(|question| question.is_of_bucket()).count()
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
