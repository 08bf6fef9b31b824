//! Reads a bucket until everything that matters is known, and plans.

use super::account::Account;
use crate::evaluate::assess::first_write;
use crate::{
    Baseline, BucketId, Finding, Maker, Observed, Plan, Question, SettingKind, assess, plan,
    questions,
};

/// How many calls may be made on a new bucket before the first write.
const READS_OF_NEW_MAX: usize = 7;

/// What was read of a bucket, and the plan for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// What was read.
    pub observed: Observed,
    /// Its baseline.
    pub baseline: Baseline,
    /// The findings.
    pub findings: Vec<Finding>,
    /// The writes that remediate it.
    pub plan: Plan,
    /// The questions of the last round.
    pub read_last: Vec<Question>,
    /// The number of calls on the bucket.
    pub reads: usize,
}

/// Reads a bucket and plans, without changes. `None` if the bucket does not exist.
///
/// The baseline may depend on what was read (tags), so it is a function of it.
pub async fn inspect<A: Account>(
    account: &A,
    bucket: &BucketId,
    wanted: &(impl Fn(&Observed) -> Baseline + Sync),
) -> Result<Option<Inspection>, A::Error> {
    read_all(account, Observed::unread(bucket.clone()), wanted, true).await
}

/// Reads until there are no more questions.
///
/// What is written was found weak before the last round, in which the ledger is read. With `rereads_first` that round also
/// reads again what would be written first, which costs one call and no time.
pub(super) async fn read_all<A: Account>(
    account: &A,
    mut observed: Observed,
    wanted: &(impl Fn(&Observed) -> Baseline + Sync),
    rereads_first: bool,
) -> Result<Option<Inspection>, A::Error> {
    let mut baseline = wanted(&observed);
    // Each round reads what it asks for, so this ends with the last question.
    let (mut read_last, mut reads) = (Vec::new(), 0);
    for _ in Question::ALL {
        let mut ask = questions(&observed, &baseline);
        if ask.is_empty() {
            break;
        }
        let first = first_write(&observed, &baseline).filter(|_| rereads_first);
        let first = first.map(SettingKind::question);
        // Which key is asked for is part of the encryption.
        let is_needed =
            |first: &Question| *first == Question::Encryption && ask.contains(&Question::BucketKey);
        let first = first.filter(|first| !is_needed(first));
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

/// Whether after so many calls on the bucket a setting may be read a second time before the first write.
pub(super) fn may_read_again(baseline: &Baseline, reads: usize) -> bool {
    baseline.call_context.maker == Maker::Unknown || reads < READS_OF_NEW_MAX
}

fn of_bucket(ask: &[Question]) -> usize {
    ask.iter().filter(|question| question.is_of_bucket()).count()
}
