//! The steps about the bucket's settings: created and brought to its grade, weakened and remediated.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::anyhow;
use s3guard_aws::AwsError;
use s3guard_aws::wait;
use s3guard_posture::model::watch;
use s3guard_posture::reconcile::record::State as Recorded;
use s3guard_posture::{Account as _, Aspect, Record};
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::operations::verify::links::Clues;
use crate::operations::verify::plan::Weakening;
use crate::operations::verify::report::{StepStatus, VerifyStep};
use crate::operations::verify::run::{Gone, VerifyRun, Waited};
use crate::ui::lines::duration;

/// How long a new bucket may be unknown to parts of S3.
const UNKNOWN: Duration = Duration::from_mins(1);
pub(crate) const PROTECT: &str = "protect: the new bucket";
/// How many records of the canary are read: it is written to a few times.
const RECORDS_MAX: usize = 100;
/// What the record of a write shows.
const LEDGER_WRITTEN: &str = "the ledger was written, encrypted with the stack's key";
/// The first pause after a conflict with another write.
const CONFLICT_PAUSE: Duration = Duration::from_millis(300);

/// Creates the canary and waits until the guard has received its event and has brought it to its grade. If it has not:
/// what is known of why.
pub(crate) async fn protect(run: &VerifyRun<'_>) -> anyhow::Result<Option<Clues>> {
    run.call(async || Ok(run.canary.create(&run.tags).await?)).await?;
    let begun = Instant::now();
    let bound = run.bounds.protect;
    run.say_waiting("the guard has brought the new bucket to its grade", bound);
    let name = &run.id.name;
    // Without the ledger only the settings are seen.
    let mut received = run.ledger.is_none();
    let mut weak = Vec::new();
    let mut failed = None;
    let waited = run
        .wait(begun, bound, async || {
            if let Some(ledger) = run.ledger.as_ref().filter(|_| !received) {
                let known = ledger.state(name).await?.and_then(|state| state.known);
                received = known.is_some_and(|known| known.how.is_by_event());
            }
            let standing = match run.standing().await {
                Err(error) if error.is::<Gone>() && begun.elapsed() < UNKNOWN => return Ok(None),
                standing => standing?,
            };
            weak = standing.weak;
            if received && weak.is_empty() {
                return Ok(Some(standing.left));
            }
            // The guard has already retried transient errors.
            failed = records(run).await?.into_iter().find(|one| one.state == Recorded::Failed);
            Ok(failed.is_some().then(Vec::new))
        })
        .await?;
    if let (Some(record), Waited::Seen(_, took)) = (&failed, &waited) {
        let cause = record.cause.clone();
        run.note(VerifyStep::new(PROTECT, StepStatus::Failed, Some(*took), bound, cause))?;
    } else {
        let detail = match &waited {
            Waited::Seen(left, _) if left.is_empty() => None,
            Waited::Seen(left, _) => Some(format!("not remediated: {}", left.join("; "))),
            Waited::Late(_) if !received => Some("the guard has not received its event".to_owned()),
            Waited::Late(_) => {
                let words: Vec<&str> = weak.iter().map(|aspect| aspect.words()).collect();
                let words = words.join(", ");
                Some(format!("the guard has received its event, and has not remediated {words}"))
            }
        };
        if run.ended(PROTECT, bound, &waited, detail)? {
            return Ok(None);
        }
    }
    let records = records(run).await.unwrap_or_default();
    Ok(Some(Clues { received, ..clues(&records) }))
}

/// Weakens each setting, and waits until each is reverted and on record. Returns what is known of what was not seen.
pub(crate) async fn remediate(run: &VerifyRun<'_>) -> anyhow::Result<Clues> {
    let before = run.call(async || records(run).await).await?;
    let before: BTreeSet<String> = before.into_iter().map(|record| record.id).collect();
    let new = async || {
        let mut records = records(run).await?;
        records.retain(|record| !before.contains(&record.id));
        anyhow::Ok(records)
    };
    let mut waiting: Vec<(&Weakening, Instant)> = Vec::new();
    for weakening in &run.plan.weakenings {
        match run.call(async || weaken(run, weakening).await).await {
            Ok(()) => waiting.push((weakening, Instant::now())),
            Err(error) if error.downcast_ref::<AwsError>().is_some_and(AwsError::is_denied) => {
                // A policy of the organization may deny it to all, which protects the bucket as well.
                let why = format!("it cannot be weakened: {error:#}");
                run.note(VerifyStep::skipped(weakening.name(), why))?;
            }
            Err(error) => return Err(error),
        }
    }
    let Some((_, last)) = waiting.last().copied() else { return Ok(Clues::default()) };
    let bound = run.bounds.each;
    run.say_waiting("each weakening is reverted and on record", bound);
    let mut remediated = false;
    let waited = run
        .wait(last, bound, async || {
            let records = new().await?;
            let mut steps = Vec::new();
            waiting.retain(|(weakening, begun)| {
                let Some(record) = newest(weakening, &records) else { return true };
                let step = ended(weakening, begun.elapsed(), record, bound);
                let is_waiting = step.is_none();
                if step.as_ref().is_some_and(|step| step.state != StepStatus::Failed) {
                    for fact in seen(weakening, record) {
                        run.fact(fact);
                    }
                }
                steps.extend(step);
                is_waiting
            });
            steps.into_iter().try_for_each(|step| run.note(step))?;
            if waiting.is_empty() {
                return Ok(Some(()));
            }
            let weak = run.standing().await?.weak;
            let mut aspects = waiting.iter().flat_map(|(weakening, _)| &weakening.aspects);
            remediated = aspects.all(|aspect| !weak.contains(aspect));
            Ok(None)
        })
        .await?;
    let new = new().await.unwrap_or_default();
    for (weakening, _) in &waiting {
        let why = if remediated {
            "it is compliant again, and the ledger has no record of it"
        } else if new.iter().any(|record| record.setting == weakening.to.kind()) {
            "the guard has begun to write it, and not completed the write"
        } else {
            "it is still weak, and the ledger has no record of a write"
        };
        run.ended(&weakening.name(), bound, &waited, Some(why.to_owned()))?;
    }
    Ok(Clues { remediated: remediated && !waiting.is_empty(), ..clues(&new) })
}

/// The record of the last write that reverts a weakening.
fn newest<'a>(weakening: &Weakening, records: &'a [Record]) -> Option<&'a Record> {
    // The newest comes first.
    records.iter().find(|record| record.setting == weakening.to.kind())
}

/// What a record shows of AWS: a record counts only if the stack's key encrypts it.
fn seen(weakening: &Weakening, record: &Record) -> Vec<String> {
    let words: Vec<&str> = weakening.aspects.iter().map(|aspect| aspect.words()).collect();
    let aspects = words.join(" and ");
    let trigger = record.trigger();
    let is_of = |name: &&str| is_change_of(name, &weakening.aspects);
    let names: BTreeSet<&str> =
        trigger.calls().iter().map(|call| call.event_name.as_str()).filter(is_of).collect();
    let names =
        names.into_iter().map(|name| format!("CloudTrail names the change of {aspects}: {name}"));
    names.chain([LEDGER_WRITTEN.to_owned()]).collect()
}

/// Whether a call changes one of these aspects: the guard may have seen the weakening before its event, when it handled
/// another call.
fn is_change_of(name: &str, aspects: &[Aspect]) -> bool {
    let touched = watch::touched([name]);
    !watch::is_of_tags(name)
        && name != "CreateBucket"
        && aspects.iter().any(|aspect| touched.contains(aspect))
}

/// The step that a weakening makes, if the record since then shows that the guard has ended its write.
fn ended(
    weakening: &Weakening,
    took: Duration,
    record: &Record,
    bound: Duration,
) -> Option<VerifyStep> {
    let (state, detail) = match record.state {
        Recorded::Begun => return None,
        Recorded::Failed => (StepStatus::Failed, record.cause.clone()),
        Recorded::Written | Recorded::Verified => {
            let by_guard = record.time_to_protect_milliseconds;
            let state = if took > bound { StepStatus::Late } else { StepStatus::Ok };
            let detail = by_guard.map(|milliseconds| {
                let took = duration(Duration::from_millis(milliseconds));
                format!("recorded: {took} after the event's whole second")
            });
            (state, detail)
        }
    };
    Some(VerifyStep::new(weakening.name(), state, Some(took), bound, detail))
}

/// Makes the call. S3 accepts one write at a time, and the guard may be writing.
async fn weaken(run: &VerifyRun<'_>, weakening: &Weakening) -> anyhow::Result<()> {
    let pauses = wait::growing(CONFLICT_PAUSE, 3, CONFLICT_PAUSE * 81).take(8);
    let apply = async || run.buckets.apply(&run.id, &weakening.to).await;
    if wait::retry(pauses, AwsError::is_conflict, apply).await? {
        return Ok(());
    }
    Err(anyhow!("bucket `{}` is gone", run.id.name))
}

/// What records contain about writes that did not end well.
fn clues(records: &[Record]) -> Clues {
    let has = |state| records.iter().any(|record| record.state == state);
    Clues { begun: has(Recorded::Begun), failed: has(Recorded::Failed), ..Clues::default() }
}

/// The canary's records that can be read, the newest first.
async fn records(run: &VerifyRun<'_>) -> anyhow::Result<Vec<Record>> {
    let Some(ledger) = &run.ledger else { return Ok(Vec::new()) };
    let read = ledger.records(&run.id.name, RECORDS_MAX, OffsetDateTime::now_utc()).await?;
    Ok(read.into_iter().filter_map(Result::ok).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_call_of_a_weakening_is_named() {
        let is_of = |name| is_change_of(name, &[Aspect::PublicAccess]);
        assert!(is_of("DeleteBucketPublicAccessBlock") && is_of("PutBucketPublicAccessBlock"));
        for other in ["CreateBucket", "PutBucketTagging", "DeleteBucketLifecycle"] {
            assert!(!is_of(other), "{other}");
        }
    }
}
