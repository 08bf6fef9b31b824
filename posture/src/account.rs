//! The one boundary: an account that can be asked and told. Around it, the two steps of every guard.

use std::fmt;

use crate::{
    Action, Baseline, BucketName, Finding, Observed, Plan, Question, Region, assess, plan,
    questions,
};

/// An AWS account, as far as the engine needs one.
pub trait Account: Sync {
    /// What can go wrong with a call.
    type Error: fmt::Display + Send;

    /// Reads the answers to `ask` into `observed`, in parallel. `None` if there is no such bucket (any more).
    fn observe(
        &self,
        bucket: &BucketName,
        ask: &[Question],
        observed: Observed,
    ) -> impl Future<Output = Result<Option<Observed>, Self::Error>> + Send;

    /// Carries out one action. `false` if there is no such bucket (any more).
    fn apply(
        &self,
        bucket: &BucketName,
        region: &Region,
        action: &Action,
    ) -> impl Future<Output = Result<bool, Self::Error>> + Send;
}

/// What was seen of a bucket, and what would be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// What was seen.
    pub observed: Observed,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What would mend it.
    pub plan: Plan,
}

/// What was done and what was not. One failure does not stop the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome<E> {
    /// The actions that were carried out.
    pub done: Vec<Action>,
    /// Those that were not, with their causes.
    pub failed: Vec<(Action, E)>,
    /// Whether the bucket was there all the time; if not, nothing is left to guard.
    pub bucket_exists: bool,
}

/// Looks at a bucket and plans; changes nothing. `None` if there is no such bucket.
pub async fn inspect<A: Account>(
    account: &A,
    bucket: &BucketName,
    region: &Region,
    baseline: &Baseline,
) -> Result<Option<Inspection>, A::Error> {
    let mut observed = Observed::unread(region.clone());
    // Each round reads what it asks for, so this ends: there are only so many questions.
    for _ in Question::ALL {
        let ask = questions(&observed, baseline);
        if ask.is_empty() {
            break;
        }
        match account.observe(bucket, &ask, observed).await? {
            Some(seen) => observed = seen,
            None => return Ok(None),
        }
    }
    let findings = assess(&observed, baseline);
    let plan = plan(&findings);
    Ok(Some(Inspection { observed, findings, plan }))
}

/// Carries out a plan, one write after the other: S3 aborts writes to one bucket that overlap.
///
/// Every write follows a reading of its setting at once. The plan's own is fresh for the first one; before each later
/// one the bucket is looked at again, and what somebody else has mended or raised meanwhile is not written over.
pub async fn carry_out<A: Account>(
    account: &A,
    bucket: &BucketName,
    region: &Region,
    baseline: &Baseline,
    plan: &Plan,
) -> Outcome<A::Error> {
    let mut outcome = Outcome { done: Vec::new(), failed: Vec::new(), bucket_exists: true };
    for (count, planned) in plan.actions.iter().enumerate() {
        let action = if count == 0 {
            planned.clone()
        } else {
            match inspect(account, bucket, region, baseline).await {
                Ok(Some(now)) => {
                    let mut actions = now.plan.actions.into_iter();
                    match actions.find(|action| action.kind() == planned.kind()) {
                        Some(action) => action,
                        None => continue,
                    }
                }
                Ok(None) => {
                    outcome.bucket_exists = false;
                    break;
                }
                Err(cause) => {
                    outcome.failed.push((planned.clone(), cause));
                    continue;
                }
            }
        };
        match account.apply(bucket, region, &action).await {
            Ok(true) => outcome.done.push(action),
            Ok(false) => {
                outcome.bucket_exists = false;
                break;
            }
            Err(cause) => outcome.failed.push((action, cause)),
        }
    }
    outcome
}
