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

use crate::operations::verify::links::Clues;
use crate::operations::verify::plan::{Deed, KEY, TOLD};
use crate::operations::verify::report::{State, Step};
use crate::operations::verify::run::{Run, Waited};

/// After how long another object is put: S3 takes minutes to tell EventBridge of a bucket that was just set up for it,
/// and what happens before is told by nobody.
///
/// Source: Amazon S3 User Guide, "Enabling Amazon EventBridge": "it takes around five minutes for the changes to take
/// effect".
const AGAIN: Duration = Duration::from_secs(45);
/// How far the clocks here and there may be apart.
const CLOCKS_APART: time::Duration = time::Duration::minutes(5);

/// The objects of the canary, and what was seen of them.
struct Objects<'a> {
    run: &'a Run<'a>,
    sightings: Sightings,
    since: OffsetDateTime,
}

/// Does the deeds, one after the other, and waits until each is gathered; then until the window is told. Gives what is
/// known of what was not seen.
pub(crate) async fn objects(run: &Run<'_>) -> anyhow::Result<Clues> {
    let deeds = &run.plan.deeds;
    if deeds.is_empty() {
        return Ok(Clues::default());
    }
    let since = OffsetDateTime::now_utc() - CLOCKS_APART;
    let mut objects = Objects { run, sightings: Sightings::default(), since };
    let mut key = KEY.to_owned();
    let put = async |key: &str, body| run.call(async || Ok(run.canary.put(key, body).await?)).await;
    if !deeds.contains(&Deed::Put) {
        put(&key, "1").await?;
    }
    let mut is_gathered = true;
    for deed in deeds {
        if !is_gathered {
            let why = "the one before it was not seen";
            run.note(Step::without_wait(deed.name(), State::NotTried, why))?;
            continue;
        }
        let waited = match deed {
            Deed::Put => objects.put(&mut key).await?,
            Deed::Overwrite => {
                put(&key, "2").await?;
                objects.wait_for(&key, 2, is_created).await?
            }
            Deed::Delete => {
                run.call(async || Ok(run.canary.delete_object(&key).await?)).await?;
                objects.wait_for(&key, 1, is_deleted).await?
            }
        };
        let detail = matches!(waited, Waited::Late(_))
            .then(|| "the ledger has no such event of it".to_owned());
        is_gathered = run.ended(deed.name(), run.bounds.each, &waited, detail)?;
    }
    if !run.plan.waits_for_window {
        return Ok(Clues::default());
    }
    if !is_gathered {
        let why = "not every change was gathered";
        run.note(Step::without_wait(TOLD, State::NotTried, why))?;
        return Ok(Clues::default());
    }
    let gathered = !objects.wait_until_told(&key).await?;
    Ok(Clues { gathered, ..Clues::default() })
}

impl Objects<'_> {
    /// Puts an object, another one every now and then, until one is seen; `key` is that one's then.
    async fn put(&mut self, key: &mut String) -> anyhow::Result<Waited<()>> {
        let run = self.run;
        let bound = run.bounds.each;
        run.say_waiting("a change of an object is gathered", bound);
        let mut puts: BTreeMap<String, Instant> = BTreeMap::new();
        let waited = run
            .wait(Instant::now(), bound, async || {
                if puts.values().all(|put| put.elapsed() >= AGAIN) {
                    // Whatever is put is told of once S3 tells, so the newest cannot have come too early.
                    let next = format!("canary-{}", puts.len() + 1);
                    run.canary.put(&next, "1").await?;
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
        self.run
            .wait(Instant::now(), self.run.bounds.each, async || {
                self.look().await?;
                let events = self.sightings.events();
                let seen = events.filter(|event| event.key == key && is_wanted(event.change));
                Ok((seen.count() >= count).then_some(()))
            })
            .await
    }

    /// Waits until the window of the object's changes is told. Says whether it was.
    async fn wait_until_told(&mut self, key: &str) -> anyhow::Result<bool> {
        let run = self.run;
        let bound = run.bounds.tell;
        run.say_waiting("the window's digest is told", bound);
        let waited = run
            .wait(Instant::now(), bound, async || {
                self.look().await?;
                let told = |event: &ObjectEvent| self.sightings.is_told(event);
                let mut ours = self.sightings.events().filter(|event| event.key == key);
                Ok(ours.all(told).then_some(()))
            })
            .await?;
        let detail = matches!(waited, Waited::Late(_))
            .then(|| "no digest has it, or its notices are not sent".to_owned());
        run.ended(TOLD, bound, &waited, detail)
    }

    async fn look(&mut self) -> anyhow::Result<()> {
        let Run { ledger, id, deployed, .. } = self.run;
        let length = deployed.config.notifications().window().seconds();
        let looked = self.sightings.look(ledger, (self.since, length), &id.name).await;
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
    change.action() == "deleted"
}
