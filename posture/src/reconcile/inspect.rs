//! Reads a bucket until nothing is left to ask, and plans.

use super::account::Account;
use crate::evaluate::assess::first_write;
use crate::{
    Baseline, BucketId, Finding, Maker, Observed, Plan, Question, SettingKind, assess, plan,
    questions,
};

/// How many calls may be made on a new bucket before the first write.
const READS_OF_NEW_MAX: usize = 7;

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

/// What is read again beside new questions.
#[derive(Clone, Copy)]
pub(super) enum Again {
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
pub(super) async fn look<A: Account>(
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
pub(super) fn may_read_again(baseline: &Baseline, reads: usize) -> bool {
    baseline.moment.maker == Maker::Unknown || reads < READS_OF_NEW_MAX
}

fn of_bucket(ask: &[Question]) -> usize {
    ask.iter().filter(|question| question.is_of_bucket()).count()
}
