//! The steps about the bucket's settings: made and brought to its grade, weakened and mended.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::anyhow;
use s3guard_aws::AwsError;
use s3guard_aws::wait;
use s3guard_posture::evaluate::coverage::Mark;
use s3guard_posture::flow::Ledger as _;
use s3guard_posture::reconcile::record::State as Recorded;
use s3guard_posture::{Account as _, Record};
use tokio::time::Instant;

use crate::operations::verify::links::Clues;
use crate::operations::verify::plan::Weakening;
use crate::operations::verify::report::{State, Step};
use crate::operations::verify::run::{Gone, Run, Waited, step};

/// How long a new bucket may stay unknown to parts of S3.
const UNKNOWN: Duration = Duration::from_mins(1);
/// The name of the first step.
pub(crate) const PROTECT: &str = "protect: the new bucket";
/// How many records of the canary are read: it is written to a few times.
const RECORDS_MAX: usize = 100;
/// The first pause before a call is made again that S3 takes no more than one of.
const CONFLICT_PAUSE: Duration = Duration::from_millis(300);

/// Makes the canary and waits until the guard has heard of it and has brought it to its grade. If it has not: what is
/// known of why.
pub(crate) async fn protect(run: &Run<'_>) -> anyhow::Result<Option<Clues>> {
    run.call(async || Ok(run.canary.create(&run.tags).await?)).await?;
    let begun = Instant::now();
    let bound = run.bounds.protect;
    run.say_waiting("the guard has brought the new bucket to its grade", bound);
    let name = &run.id.name;
    let mut heard = false;
    let mut weak = Vec::new();
    let waited = run
        .wait(begun, bound, async || {
            heard = heard
                || run.ledger.marks(name, name).await?.get(name).is_some_and(|marks| {
                    // Found by a sweep it was looked at, too, but by no event.
                    marks.contains(&Mark::Event)
                });
            let standing = match run.standing().await {
                Err(error) if error.is::<Gone>() && begun.elapsed() < UNKNOWN => return Ok(None),
                standing => standing?,
            };
            weak.clone_from(&standing.weak);
            if heard && weak.is_empty() {
                return Ok(Some(Ok(standing.left)));
            }
            // The guard itself has waited out what passes.
            let failed = records(run).await?.into_iter().find(|one| one.state == Recorded::Failed);
            Ok(failed.map(|record| Err(record.cause)))
        })
        .await?;
    let detail = match &waited {
        Waited::Seen(Ok(left), _) if left.is_empty() => None,
        Waited::Seen(Ok(left), _) => Some(format!("left: {}", left.join("; "))),
        Waited::Seen(Err(cause), _) => cause.clone(),
        Waited::Late(_) if !heard => Some("the guard has not heard of it".to_owned()),
        Waited::Late(_) => {
            let words: Vec<&str> = weak.iter().map(|aspect| aspect.words()).collect();
            Some(format!("the guard has heard of it, and not mended {}", words.join(", ")))
        }
    };
    let mut step = step(PROTECT, bound, &waited, detail);
    if matches!(waited, Waited::Seen(Err(_), _)) {
        step.state = State::Failed;
    }
    let clues = match waited {
        Waited::Seen(Ok(_), _) => None,
        Waited::Seen(Err(_), _) | Waited::Late(_) => {
            let records = records(run).await.unwrap_or_default();
            Some(Clues { heard, ..clues(&records) })
        }
    };
    run.note(step)?;
    Ok(clues)
}

/// A weakening that was made.
struct Weakened<'a> {
    weakening: &'a Weakening,
    begun: Instant,
    is_over: bool,
}

/// Weakens the canary and waits until each weakening is undone, and the ledger has a record of it. Gives what is known of
/// those that are not.
pub(crate) async fn mend(run: &Run<'_>) -> anyhow::Result<Clues> {
    let before = run.call(async || records(run).await).await?;
    let before: BTreeSet<String> = before.into_iter().map(|record| record.id).collect();
    let mut made = weakened(run).await?;
    let Some(last) = made.last().map(|one| one.begun) else { return Ok(Clues::default()) };
    let bound = run.bounds.each;
    run.say_waiting("each weakening is undone and on record", bound);
    let new = async || {
        let mut records = records(run).await?;
        records.retain(|record| !before.contains(&record.id));
        anyhow::Ok(records)
    };
    let (mut mended, mut failed) = (false, false);
    let waited = run
        .wait(last, bound, async || {
            let records = new().await?;
            for one in made.iter_mut().filter(|one| !one.is_over) {
                if let Some(step) = ended(one, &records, bound) {
                    one.is_over = true;
                    failed |= step.state == State::Failed;
                    run.note(step)?;
                }
            }
            let is_over = made.iter().all(|one| one.is_over);
            if !is_over {
                mended = is_mended(run, &made).await?;
            }
            Ok(is_over.then_some(()))
        })
        .await?;
    if matches!(waited, Waited::Seen(..)) {
        return Ok(Clues { failed, ..Clues::default() });
    }
    let new = new().await.unwrap_or_default();
    for one in made.iter().filter(|one| !one.is_over) {
        let why = if mended {
            "it is as it should be, and the ledger has no record of it"
        } else if new.iter().any(|record| record.setting == one.weakening.to.kind()) {
            "the guard has begun to write it, and not ended"
        } else {
            "it is still weak, and the ledger has no record of a write"
        };
        run.ended(&one.weakening.name(), bound, &waited, Some(why.to_owned()))?;
    }
    Ok(Clues { mended, ..clues(&new) })
}

/// Makes every weakening of the plan that can be made.
async fn weakened<'a>(run: &'a Run<'_>) -> anyhow::Result<Vec<Weakened<'a>>> {
    let mut made = Vec::new();
    for weakening in &run.plan.weakenings {
        match run.call(async || weaken(run, weakening).await).await {
            Ok(()) => made.push(Weakened { weakening, begun: Instant::now(), is_over: false }),
            Err(error) if error.downcast_ref::<AwsError>().is_some_and(AwsError::is_denied) => {
                // A policy of the organization may keep everybody from it, which is as good.
                let why = format!("it cannot be weakened: {error:#}");
                run.note(Step::without_wait(weakening.name(), State::Skipped, &why))?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(made)
}

/// The step that a weakening makes, if the records since say that the guard has ended its write.
fn ended(one: &Weakened<'_>, records: &[Record], bound: Duration) -> Option<Step> {
    // The newest comes first.
    let record = records.iter().find(|record| record.setting == one.weakening.to.kind())?;
    let took = one.begun.elapsed();
    let (state, detail) = match record.state {
        Recorded::Begun => return None,
        Recorded::Failed => (State::Failed, record.cause.clone()),
        Recorded::Written | Recorded::Verified => {
            let by_guard = record.time_to_protect_milliseconds;
            let state = if took > bound { State::Late } else { State::Ok };
            let detail =
                by_guard.map(|ms| format!("{ms} ms from the event to verified protection"));
            (state, detail)
        }
    };
    let name = one.weakening.name();
    Some(Step { name, state, took: Some(took), bound: Some(bound), detail })
}

/// Whether nothing that was weakened and is still waited for is weak any more.
async fn is_mended(run: &Run<'_>, made: &[Weakened<'_>]) -> anyhow::Result<bool> {
    let weak = run.standing().await?.weak;
    let mut waiting = made.iter().filter(|one| !one.is_over);
    Ok(waiting.all(|one| one.weakening.aspects.iter().all(|aspect| !weak.contains(aspect))))
}

/// Makes the call. S3 takes one at a time, and the guard may be writing.
async fn weaken(run: &Run<'_>, weakening: &Weakening) -> anyhow::Result<()> {
    let pauses = wait::growing(CONFLICT_PAUSE, 3, CONFLICT_PAUSE * 81).take(8);
    let apply = async || run.buckets.apply(&run.id, &weakening.to).await;
    if wait::retry(pauses, AwsError::is_conflict, apply).await? {
        return Ok(());
    }
    Err(anyhow!("bucket `{}` is gone", run.id.name))
}

/// What records say of a write that was not seen to end well.
fn clues(records: &[Record]) -> Clues {
    let has = |state| records.iter().any(|record| record.state == state);
    Clues { begun: has(Recorded::Begun), failed: has(Recorded::Failed), ..Clues::default() }
}

/// The canary's records, the newest first. One that cannot be read hides no other.
async fn records(run: &Run<'_>) -> anyhow::Result<Vec<Record>> {
    let read = run.ledger.records(&run.id.name, RECORDS_MAX).await?;
    Ok(read.into_iter().filter_map(Result::ok).collect())
}
