//! The steps about objects: put, overwritten and deleted, recorded in the ledger, and reported.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::anyhow;
use s3guard_aws::AwsError;
use s3guard_posture::digest::window::{GatherError, Sightings};
use s3guard_posture::events::object_event::ObjectEvent;
use s3guard_posture::model::change::Change;
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::operations::verify::links::Clues;
use crate::operations::verify::plan::{DIGEST, KEY, OVERWRITE, PUT};
use crate::operations::verify::run::{VerifyRun, Waited};

/// After how long another object is put: S3 takes minutes to send the events of a bucket that was just set up, and events
/// before that are lost.
///
/// Source: Amazon S3 User Guide, "Enabling Amazon EventBridge": "it takes around five minutes for the changes to take
/// effect".
const AGAIN: Duration = Duration::from_secs(45);
/// How far the clocks may be apart.
const CLOCKS_APART: time::Duration = time::Duration::minutes(5);

/// The objects of the canary, and what was seen of them.
struct Objects<'a> {
    run: &'a VerifyRun<'a>,
    sightings: Sightings,
    since: OffsetDateTime,
}

/// Changes objects, one change after the other, and waits until each is recorded; then until the digest is published.
/// Returns what is known of what was not seen.
pub(crate) async fn objects(run: &VerifyRun<'_>) -> anyhow::Result<Clues> {
    let steps = &run.plan.changes;
    if steps.is_empty() {
        return Ok(Clues::default());
    }
    let since = OffsetDateTime::now_utc() - CLOCKS_APART;
    let mut objects = Objects { run, sightings: Sightings::default(), since };
    let mut key = KEY.to_owned();
    let put = async |key: &str, body| run.call(async || Ok(run.canary.put(key, body).await?)).await;
    if !steps.contains(&PUT) {
        put(&key, "1").await?;
    }
    for step in steps {
        let waited = match *step {
            PUT => objects.put(&mut key).await?,
            OVERWRITE => {
                put(&key, "2").await?;
                objects.wait_for(&key, 2, is_created).await?
            }
            _ => {
                run.call(async || Ok(run.canary.delete_object(&key).await?)).await?;
                objects.wait_for(&key, 1, is_deleted).await?
            }
        };
        let detail =
            matches!(waited, Waited::Late(_)).then(|| "the ledger has no such event".to_owned());
        if !run.ended(step, run.bounds.each, &waited, detail)? {
            return Ok(Clues::default());
        }
    }
    let recorded = run.plan.waits_for_window && !objects.wait_for_digest(&key).await?;
    Ok(Clues { recorded, ..Clues::default() })
}

impl Objects<'_> {
    /// Puts objects, one after the other, until one is seen; sets `key` to its key.
    async fn put(&mut self, key: &mut String) -> anyhow::Result<Waited<()>> {
        let run = self.run;
        let bound = run.bounds.each;
        run.say_waiting("a change of an object is recorded", bound);
        let mut puts: BTreeMap<String, Instant> = BTreeMap::new();
        let waited = run
            .wait(Instant::now(), bound, async || {
                if puts.values().all(|put| put.elapsed() >= AGAIN) {
                    // Once S3 sends events, the newest object is among them.
                    let next = format!("canary-{}", puts.len() + 1);
                    run.canary.put(&next, "1").await?;
                    puts.insert(next, Instant::now());
                }
                self.read().await?;
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

    /// Waits for this number of events of a kind.
    async fn wait_for(
        &mut self,
        key: &str,
        count: usize,
        is_wanted: fn(Change) -> bool,
    ) -> anyhow::Result<Waited<()>> {
        self.run
            .wait(Instant::now(), self.run.bounds.each, async || {
                self.read().await?;
                let events = self.sightings.events();
                let seen = events.filter(|event| event.key == key && is_wanted(event.change));
                Ok((seen.count() >= count).then_some(()))
            })
            .await
    }

    /// Waits until the digest with the object's changes is published. Returns whether it was.
    async fn wait_for_digest(&mut self, key: &str) -> anyhow::Result<bool> {
        let run = self.run;
        let bound = run.bounds.digest;
        run.say_waiting("the digest of the window is published", bound);
        let waited = run
            .wait(Instant::now(), bound, async || {
                self.read().await?;
                let is_published = |event: &ObjectEvent| self.sightings.is_told(event);
                let mut ours = self.sightings.events().filter(|event| event.key == key);
                Ok(ours.all(is_published).then_some(()))
            })
            .await?;
        let detail = matches!(waited, Waited::Late(_))
            .then(|| "no digest has it, or its notifications are not sent".to_owned());
        run.ended(DIGEST, bound, &waited, detail)
    }

    async fn read(&mut self) -> anyhow::Result<()> {
        let VerifyRun { ledger, id, config, .. } = self.run;
        // Without it no change of an object is tried.
        let Some(ledger) = ledger else { return Ok(()) };
        let length = config.notifications().window().seconds();
        let read = self.sightings.read(ledger, (self.since, length), &id.name).await;
        read.map_err(|error: GatherError<AwsError>| match error {
            GatherError::Store(error) => anyhow::Error::new(error),
            other @ (GatherError::Publish(_)
            | GatherError::Form { .. }
            | GatherError::Unreadable { .. }
            | GatherError::TooMany
            | GatherError::Closing) => anyhow!("{other}"),
        })
    }
}

fn is_created(change: Change) -> bool {
    change.as_delivered() == Change::CreatedOrOverwritten
}

fn is_deleted(change: Change) -> bool {
    change.action() == "deleted"
}
