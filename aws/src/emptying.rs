//! A bucket emptied for good, with all versions and delete markers, and deleted.
//!
//! What an object lock holds is left and counted; so is what may not be deleted. Every call says whose bucket it expects. It
//! may be broken off at any time: what is left is found again.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use s3guard_posture::{AccountId, BucketName};
use tokio::time::sleep;

use self::listing::{Entry, Place};
use crate::error::Answer as _;
use crate::error::classify::is_transient;
use crate::{AwsError, Connection, wait};

mod listing;
mod locks;

pub use self::listing::Contents;
pub use self::locks::Locks;

/// The pauses before something that passes is tried again: some minutes in all.
fn pauses() -> impl Iterator<Item = Duration> {
    wait::growing(Duration::from_millis(500), 2, Duration::from_secs(30)).take(8)
}

/// How often a bucket is emptied again that was written to meanwhile.
///
/// S3 delivers access logs for some hours after the last access, so that a bucket for them fills again (aws-cdk 21776); once
/// the policy that lets the log service write is gone, nothing comes any more.
const ROUNDS_MAX: u32 = 5;

/// How many locked objects are looked at to say what locks them.
const LOCKS_LOOKED_AT_MAX: usize = 20;

/// A bucket that is to be emptied.
#[derive(Clone, Debug)]
pub struct Emptying {
    client: Client,
    name: BucketName,
    owner: AccountId,
    bypasses_governance: bool,
    /// Whether unfinished uploads are looked for, which takes a permission of its own.
    pub(crate) aborts_uploads: bool,
}

/// What was done so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// So many versions and delete markers are gone.
    pub deleted: u64,
    /// So many unfinished uploads were broken off.
    pub uploads: u64,
    /// So many versions are held by an object lock, and stay.
    pub locked: u64,
    /// What holds those that were looked at.
    pub locks: Locks,
    /// So many could not be deleted for another reason.
    pub failed: u64,
    /// The first of these reasons.
    pub first_failure: Option<String>,
}

/// What became of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is gone.
    Gone,
    /// Something in it could not be deleted.
    Holds,
    /// It was written to again and again.
    Refilled,
}

impl Emptying {
    /// A bucket of this account, in the connection's Region.
    pub fn new(connection: &Connection, name: BucketName, owner: AccountId) -> Self {
        Self::of(Client::new(&connection.config), name, owner)
    }

    pub(crate) fn of(client: Client, name: BucketName, owner: AccountId) -> Self {
        Self { client, name, owner, bypasses_governance: false, aborts_uploads: true }
    }

    /// Has objects deleted that are locked in governance mode, for which the caller needs `s3:BypassGovernanceRetention`.
    #[must_use]
    pub fn bypassing_governance(mut self, bypasses: bool) -> Self {
        self.bypasses_governance = bypasses;
        self
    }

    /// The bucket.
    pub fn name(&self) -> &BucketName {
        &self.name
    }

    /// Empties the bucket and deletes it; empties it again if something came meanwhile.
    pub async fn remove(&self, mut told: impl FnMut(&Tally)) -> Result<(Tally, Outcome), AwsError> {
        let mut tally = Tally::default();
        for _ in 0..ROUNDS_MAX {
            // What stays is counted anew in each round.
            tally = Tally { deleted: tally.deleted, uploads: tally.uploads, ..Tally::default() };
            if !self.empty(&mut tally, &mut told).await? {
                return Ok((tally, Outcome::Gone));
            }
            if tally.locked > 0 || tally.failed > 0 {
                return Ok((tally, Outcome::Holds));
            }
            if self.delete_bucket().await? {
                return Ok((tally, Outcome::Gone));
            }
        }
        Ok((tally, Outcome::Refilled))
    }

    /// Empties the bucket and leaves it. `false` if there is no such bucket.
    pub async fn empty(
        &self,
        tally: &mut Tally,
        told: &mut impl FnMut(&Tally),
    ) -> Result<bool, AwsError> {
        let mut place = Place::default();
        let mut seen_before: Option<Entry> = None;
        loop {
            let Some(page) = self.again(async || self.page(&place).await).await? else {
                return Ok(false);
            };
            let Some(first) = page.entries.first() else { break };
            // S3 is consistent: what it has deleted it lists no more. Should it do so, we would go round for ever.
            if seen_before.as_ref() == Some(first) {
                let why = "what was deleted is listed still";
                return Err(AwsError::other("DeleteObjects", self.object(""), why));
            }
            let left = self.delete(&page.entries, tally).await?;
            told(tally);
            // The next page begins after the last one that stays, and not after one that is gone: it may be no marker any more.
            if let Some(last) = left.last() {
                place = Place::after(last);
                seen_before = None;
            } else {
                seen_before = Some(first.clone());
            }
            if left.len() == page.entries.len() && !page.is_truncated {
                break;
            }
        }
        if self.aborts_uploads {
            self.abort_uploads(tally).await?;
        }
        Ok(true)
    }

    /// Deletes entries; gives those that stay, in their order.
    pub(crate) async fn delete(
        &self,
        entries: &[Entry],
        tally: &mut Tally,
    ) -> Result<Vec<Entry>, AwsError> {
        let mut to_do: Vec<Entry> = entries.to_vec();
        let mut stays = BTreeSet::new();
        let mut pauses = pauses();
        while !to_do.is_empty() {
            let errors = self.again(async || self.delete_batch(&to_do).await).await?;
            let pause = pauses.next();
            let mut again = Vec::new();
            for (entry, code, message) in &errors {
                if code == "NoSuchKey" || code == "NoSuchVersion" {
                    continue;
                }
                if is_transient(code) && pause.is_some() {
                    again.push(entry.clone());
                    continue;
                }
                stays.insert((entry.key.clone(), entry.version_id.clone()));
                if locks::says_locked(code, message) {
                    tally.locked += 1;
                    if tally.locks.looked_at < LOCKS_LOOKED_AT_MAX {
                        self.add_lock(entry, &mut tally.locks).await;
                    }
                } else {
                    tally.failed += 1;
                    tally.first_failure.get_or_insert_with(|| format!("{code}: {message}"));
                }
            }
            tally.deleted += (to_do.len() - errors.len()) as u64;
            to_do = again;
            if let Some(pause) = pause.filter(|_| !to_do.is_empty()) {
                sleep(pause).await;
            }
        }
        let is_left =
            |entry: &&Entry| stays.contains(&(entry.key.clone(), entry.version_id.clone()));
        Ok(entries.iter().filter(is_left).cloned().collect())
    }

    /// Deletes up to a thousand versions in one call; gives those that S3 names as not deleted, with code and words.
    async fn delete_batch(
        &self,
        entries: &[Entry],
    ) -> Result<Vec<(Entry, String, String)>, AwsError> {
        // What XML cannot say goes by its URL, one by one.
        let (strange, plain): (Vec<_>, Vec<_>) =
            entries.iter().partition(|entry| !entry.can_be_said_in_xml());
        let mut errors = Vec::new();
        for entry in strange {
            let call = on_bucket!(self, delete_object).key(&entry.key);
            let call = call.set_bypass_governance_retention(self.bypass());
            let answer = call.version_id(&entry.version_id).send().await;
            if let Err(error) = answer.named("DeleteObject", self.object(&entry.key)) {
                let Some(code) = error.code() else { return Err(error) };
                errors.push((entry.clone(), code.to_owned(), error.message.clone()));
            }
        }
        if plain.is_empty() {
            return Ok(errors);
        }
        let failed = |error: String| AwsError::other("DeleteObjects", self.object(""), error);
        let identifiers = plain.iter().map(|entry| {
            ObjectIdentifier::builder().key(&entry.key).version_id(&entry.version_id).build()
        });
        let identifiers = identifiers.collect::<Result<Vec<_>, _>>();
        let identifiers = identifiers.map_err(|error| failed(error.to_string()))?;
        let delete = Delete::builder().set_objects(Some(identifiers)).quiet(true).build();
        let answer = on_bucket!(self, delete_objects)
            .set_bypass_governance_retention(self.bypass())
            .delete(delete.map_err(|error| failed(error.to_string()))?)
            .send()
            .await
            .named("DeleteObjects", self.object(""))?;
        for error in answer.errors() {
            let key = error.key().unwrap_or_default();
            // An object that never had versions may be named without one.
            let version_id = error.version_id().unwrap_or("null");
            let said = |text: Option<&str>| text.unwrap_or("no reason was given").to_owned();
            let entry =
                plain.iter().find(|entry| entry.key == key && entry.version_id == version_id);
            let Some(entry) = entry else {
                return Err(failed(format!("S3 names `{key}`, which it was not asked to delete")));
            };
            errors.push(((*entry).clone(), said(error.code()), said(error.message())));
        }
        Ok(errors)
    }

    fn bypass(&self) -> Option<bool> {
        // Without it the caller needs no permission for it.
        self.bypasses_governance.then_some(true)
    }

    /// Deletes the empty bucket; `false` if it is not empty any more.
    pub(crate) async fn delete_bucket(&self) -> Result<bool, AwsError> {
        self.again(async || {
            let answer = on_bucket!(self, delete_bucket).send().await;
            match answer.optional("DeleteBucket", self.object(""), &["NoSuchBucket"]) {
                Ok(_) => Ok(true),
                Err(error) if error.code() == Some("BucketNotEmpty") => Ok(false),
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// Makes a call again, as long as its failure passes.
    async fn again<T>(&self, call: impl AsyncFn() -> Result<T, AwsError>) -> Result<T, AwsError> {
        wait::retry(pauses(), AwsError::is_transient, async || call().await).await
    }

    fn object(&self, key: &str) -> String {
        crate::error::in_bucket(&self.name, key)
    }
}

#[cfg(test)]
mod tests;
