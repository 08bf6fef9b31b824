//! The steps about objects: put, overwritten and deleted, gathered in the ledger, and told.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use anyhow::anyhow;
use s3guard_aws::AwsError;
use s3guard_posture::digest::window::{GatherError, Sightings};
use s3guard_posture::events::object_event::ObjectEvent;
use s3guard_posture::model::change::Change;
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::operations::verify::links::ObjectClues;
use crate::operations::verify::plan::{Deed, KEY, Plan, TOLD};
use crate::operations::verify::report::{State, Step};
use crate::operations::verify::stage::{Stage, Waited};

/// After how long another object is put: S3 takes minutes to tell EventBridge of a bucket that was just set up for it,
/// and what happens before is told by nobody.
///
/// Source: Amazon S3 User Guide, "Enabling Amazon EventBridge": "it takes around five minutes for the changes to take
/// effect".
const AGAIN: Duration = Duration::from_secs(45);
/// How far the clocks here and there may be apart.
const CLOCKS_APART: time::Duration = time::Duration::minutes(5);

/// The objects of the canary, and what was seen of them.
struct Objects<'a, 'b> {
    stage: &'a Stage<'b>,
    sightings: Sightings,
    since: OffsetDateTime,
}

/// Does the deeds, one after the other, and waits until each is gathered; then until the window is told.
pub(crate) async fn objects(
    stage: &Stage<'_>,
    plan: &Plan,
    (steps, clues): (&mut Vec<Step>, &mut ObjectClues),
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    let Some(last) = plan.deeds.last() else { return Ok(()) };
    let mut objects = Objects { stage, sightings: Sightings::default(), since: now - CLOCKS_APART };
    let mut key = KEY.to_owned();
    if !plan.deeds.contains(&Deed::Put) {
        stage.patiently(async || Ok(stage.canary.put(&key, "1").await?)).await?;
    }
    let mut late = false;
    for deed in &plan.deeds {
        stage.go_on()?;
        if late {
            let why = "the one before it was not seen";
            stage.note(steps, Step::without_wait(deed.name(), State::NotTried, why))?;
            continue;
        }
        let bound = stage.bounds.gather;
        let waited = match deed {
            Deed::Put => objects.put(&mut key).await?,
            Deed::Overwrite => {
                stage.patiently(async || Ok(stage.canary.put(&key, "2").await?)).await?;
                objects.wait_for(&key, 2, is_created).await?
            }
            Deed::Delete => {
                stage.patiently(async || Ok(stage.canary.delete_object(&key).await?)).await?;
                objects.wait_for(&key, 1, is_deleted).await?
            }
        };
        late = matches!(waited, Waited::Late(_));
        let detail = late.then(|| "the ledger has no such event of it".to_owned());
        stage.note(steps, Stage::ended(deed.name(), bound, &waited, detail))?;
    }
    if !plan.waits_for_window {
        return Ok(());
    }
    if late {
        let why = "not every change was gathered";
        return stage.note(steps, Step::without_wait(TOLD, State::NotTried, why));
    }
    clues.gathered = true;
    let bound = stage.bounds.tell;
    stage.say_waiting("the window's digest is told", bound);
    let (begun, done) = (Instant::now(), *last);
    let waited = stage
        .wait((begun, bound), async || {
            objects.look().await?;
            let told = |event: &ObjectEvent| objects.sightings.is_told(event);
            let mut ours = objects.sightings.events().filter(|event| event.key == key);
            Ok(ours.all(told).then_some(done))
        })
        .await?;
    clues.gathered = matches!(waited, Waited::Late(_));
    let detail = clues.gathered.then(|| "no digest has it, or its notices are not sent".to_owned());
    stage.note(steps, Stage::ended(TOLD, bound, &waited, detail))
}

impl Objects<'_, '_> {
    /// Puts an object, another one every now and then, until one is seen; `key` is that one's then.
    async fn put(&mut self, key: &mut String) -> anyhow::Result<Waited<()>> {
        let bound = self.stage.bounds.gather;
        self.stage.say_waiting("a change of an object is gathered", bound);
        let mut puts: BTreeMap<String, Instant> = BTreeMap::new();
        let begun = Instant::now();
        let stage = self.stage;
        let waited = stage
            .wait((begun, bound), async || {
                if puts.values().all(|put| put.elapsed() >= AGAIN) {
                    // Whatever is put is told of once S3 tells, so the newest cannot have come too early.
                    let next = format!("canary-{}", puts.len() + 1);
                    stage.canary.put(&next, "1").await?;
                    puts.insert(next, Instant::now());
                }
                self.look().await?;
                let seen = self.sightings.events().filter(|event| is_created(event.change));
                Ok(seen.map(|event| event.key.clone()).find(|key| puts.contains_key(key)))
            })
            .await?;
        Ok(match waited {
            Waited::Seen(seen, took) => {
                let since = puts.get(&seen).map_or(took, Instant::elapsed);
                *key = seen;
                Waited::Seen((), since)
            }
            Waited::Late(failure) => Waited::Late(failure),
        })
    }

    /// Waits until so many events of a kind are seen of an object.
    async fn wait_for(
        &mut self,
        key: &str,
        count: usize,
        is_wanted: fn(Change) -> bool,
    ) -> anyhow::Result<Waited<()>> {
        let stage = self.stage;
        stage
            .wait((Instant::now(), stage.bounds.gather), async || {
                self.look().await?;
                let events = self.sightings.events();
                let seen = events.filter(|event| event.key == key && is_wanted(event.change));
                Ok((seen.count() >= count).then_some(()))
            })
            .await
    }

    async fn look(&mut self) -> anyhow::Result<()> {
        let Stage { ledger, id, deployed, .. } = self.stage;
        let length = deployed.config.notifications().window().seconds();
        let looked = self.sightings.look(*ledger, (self.since, length), &id.name).await;
        looked.map_err(|error: GatherError<AwsError, Infallible>| match error {
            GatherError::Store(error) => anyhow::Error::new(error),
            other @ (GatherError::Publish(_) | GatherError::Form { .. } | GatherError::Closing) => {
                anyhow!("{other}")
            }
        })
    }
}

fn is_created(change: Change) -> bool {
    change.as_delivered() == Change::CreatedOrOverwritten
}

fn is_deleted(change: Change) -> bool {
    change.name() == "deleted"
}
