//! The steps about the bucket's settings: made and brought to its grade, weakened and mended.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::anyhow;
use s3guard_aws::AwsError;
use s3guard_aws::wait;
use s3guard_posture::evaluate::coverage::Mark;
use s3guard_posture::flow::Ledger as _;
use s3guard_posture::model::setting::Tags;
use s3guard_posture::reconcile::record::State as Recorded;
use s3guard_posture::{Account as _, Record};
use tokio::time::Instant;

use crate::operations::verify::links::Clues;
use crate::operations::verify::plan::Weakening;
use crate::operations::verify::report::{State, Step};
use crate::operations::verify::stage::{Gone, Stage, Waited};

/// How long a new bucket may stay unknown to parts of S3.
const UNKNOWN: Duration = Duration::from_mins(1);
/// The name of the first step.
pub(crate) const PROTECT: &str = "protect: the new bucket";
/// How many records of the canary are read: it is written to a few times.
const RECORDS_MAX: usize = 100;
/// The first pause before a call is made again that S3 takes no more than one of.
const CONFLICT_PAUSE: Duration = Duration::from_millis(300);

/// Makes the canary and waits until the guard has heard of it and has brought it to its grade.
pub(crate) async fn protect(
    stage: &Stage<'_>,
    tags: &Tags,
    (steps, clues): (&mut Vec<Step>, &mut Clues),
) -> anyhow::Result<bool> {
    stage.go_on()?;
    stage.patiently(async || Ok(stage.canary.create(tags).await?)).await?;
    let begun = Instant::now();
    let bound = stage.bounds.protect;
    stage.say_waiting("the guard has brought the new bucket to its grade", bound);
    let name = &stage.id.name;
    let mut heard = false;
    let mut weak = Vec::new();
    let waited = stage
        .wait((begun, bound), async || {
            heard = heard
                || stage.ledger.marks(name, name).await?.get(name).is_some_and(|marks| {
                    // Found by a sweep it was looked at, too, but by no event.
                    marks.contains(&Mark::Event)
                });
            let standing = match stage.standing().await {
                Err(error) if error.is::<Gone>() && begun.elapsed() < UNKNOWN => return Ok(None),
                standing => standing?,
            };
            weak.clone_from(&standing.weak);
            if heard && weak.is_empty() {
                return Ok(Some(Ok(standing.left)));
            }
            // The guard itself has waited out what passes.
            let failed =
                records(stage).await?.into_iter().find(|one| one.state == Recorded::Failed);
            Ok(failed.map(|record| Err(record.cause)))
        })
        .await?;
    let detail = match &waited {
        Waited::Seen(Ok(left), _) => {
            (!left.is_empty()).then(|| format!("left: {}", left.join("; ")))
        }
        Waited::Seen(Err(cause), _) => cause.clone(),
        Waited::Late(_) if !heard => Some("the guard has not heard of it".to_owned()),
        Waited::Late(_) => {
            let words: Vec<&str> = weak.iter().map(|aspect| aspect.words()).collect();
            Some(format!("the guard has heard of it, and not mended {}", words.join(", ")))
        }
    };
    let mut step = Stage::ended(PROTECT, bound, &waited, detail);
    if matches!(waited, Waited::Seen(Err(_), _)) {
        step.state = State::Failed;
    }
    let is_seen = matches!(waited, Waited::Seen(Ok(_), _));
    if !is_seen {
        clues.heard = heard;
        let records = records(stage).await.unwrap_or_default();
        clues.begun = records.iter().any(|record| record.state == Recorded::Begun);
        clues.failed = records.iter().any(|record| record.state == Recorded::Failed);
    }
    stage.note(steps, step)?;
    Ok(is_seen)
}

/// A weakening that was made.
struct Weakened<'a> {
    weakening: &'a Weakening,
    begun: Instant,
    end: Option<(Option<Duration>, State, Option<String>)>,
}

/// Weakens the canary and waits until each weakening is undone, and the ledger has a record of it.
pub(crate) async fn mend(
    stage: &Stage<'_>,
    weakenings: &[Weakening],
    (steps, clues): (&mut Vec<Step>, &mut Clues),
) -> anyhow::Result<()> {
    let before: BTreeSet<String> = stage
        .patiently(async || records(stage).await)
        .await?
        .into_iter()
        .map(|record| record.id)
        .collect();
    let mut made = Vec::new();
    for weakening in weakenings {
        stage.go_on()?;
        match stage.patiently(async || weaken(stage, weakening).await).await {
            Ok(()) => made.push(Weakened { weakening, begun: Instant::now(), end: None }),
            Err(error) if error.downcast_ref::<AwsError>().is_some_and(AwsError::is_denied) => {
                // A policy of the organization may keep everybody from it, which is as good.
                let why = format!("it cannot be weakened: {error:#}");
                let step = Step::without_wait(weakening.name(), State::Skipped, &why);
                stage.note(steps, step)?;
            }
            Err(error) => return Err(error),
        }
    }
    let Some(last) = made.last().map(|one| one.begun) else { return Ok(()) };
    let bound = stage.bounds.mend;
    stage.say_waiting("each weakening is undone and on record", bound);
    let mut mended = false;
    let waited = stage
        .wait((last, bound), async || {
            let records = records(stage).await?;
            for one in made.iter_mut().filter(|one| one.end.is_none()) {
                let kind = one.weakening.to.kind();
                let ours =
                    |record: &&Record| record.setting == kind && !before.contains(&record.id);
                // The newest comes first.
                let Some(record) = records.iter().find(ours) else { continue };
                let took = Some(one.begun.elapsed());
                one.end = match record.state {
                    Recorded::Begun => continue,
                    Recorded::Written | Recorded::Verified => {
                        Some((took, State::Ok, guards_time(record)))
                    }
                    Recorded::Failed => Some((took, State::Failed, record.cause.clone())),
                };
                let step = step_of(one, bound);
                stage.note(steps, step)?;
            }
            let all = made.iter().all(|one| one.end.is_some());
            if !all {
                mended = is_mended(stage, &made).await?;
            }
            Ok(all.then_some(()))
        })
        .await?;
    if matches!(waited, Waited::Seen(..)) {
        clues.failed = steps.iter().any(|step| step.state == State::Failed);
        return Ok(());
    }
    let now = records(stage).await.unwrap_or_default();
    let new = now.iter().filter(|record| !before.contains(&record.id));
    clues.begun = new.clone().any(|record| record.state == Recorded::Begun);
    clues.failed = new.clone().any(|record| record.state == Recorded::Failed);
    clues.mended = mended;
    for one in made.iter().filter(|one| one.end.is_none()) {
        let kind = one.weakening.to.kind();
        let why = if mended {
            "it is as it should be, and the ledger has no record of it"
        } else if new.clone().any(|record| record.setting == kind) {
            "the guard has begun to write it, and not ended"
        } else {
            "it is still weak, and the ledger has no record of a write"
        };
        let step = Stage::ended(one.weakening.name(), bound, &waited, Some(why.to_owned()));
        stage.note(steps, step)?;
    }
    Ok(())
}

/// Whether nothing that was weakened and is still waited for is weak any more.
async fn is_mended(stage: &Stage<'_>, made: &[Weakened<'_>]) -> anyhow::Result<bool> {
    let weak = stage.standing().await?.weak;
    let mut waiting = made.iter().filter(|one| one.end.is_none());
    Ok(waiting.all(|one| one.weakening.aspects.iter().all(|aspect| !weak.contains(aspect))))
}

fn step_of(one: &Weakened<'_>, bound: Duration) -> Step {
    let (took, state, detail) = one.end.clone().unwrap_or((None, State::Late, None));
    let is_late = state == State::Ok && took.is_some_and(|took| took > bound);
    let state = if is_late { State::Late } else { state };
    Step { name: one.weakening.name(), state, took, bound: Some(bound), detail }
}

/// How long the guard itself says that it took.
fn guards_time(record: &Record) -> Option<String> {
    let milliseconds = record.time_to_protect_milliseconds?;
    Some(format!("{milliseconds} ms from the event to verified protection"))
}

/// Makes the call. S3 takes one at a time, and the guard may be writing.
async fn weaken(stage: &Stage<'_>, weakening: &Weakening) -> anyhow::Result<()> {
    let pauses = wait::growing(CONFLICT_PAUSE, 3, CONFLICT_PAUSE * 81).take(8);
    let apply = async || stage.buckets.apply(stage.id, &weakening.to).await;
    if wait::retry(pauses, AwsError::is_conflict, apply).await? {
        return Ok(());
    }
    Err(anyhow!("bucket `{}` is gone", stage.id.name))
}

/// The canary's records, the newest first. One that cannot be read hides no other.
async fn records(stage: &Stage<'_>) -> anyhow::Result<Vec<Record>> {
    let read = stage.ledger.records(&stage.id.name, RECORDS_MAX).await?;
    Ok(read.into_iter().filter_map(Result::ok).collect())
}
