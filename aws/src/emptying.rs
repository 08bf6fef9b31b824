//! A bucket emptied for good, with all versions and delete markers, and deleted.
//!
//! What an object lock holds is left and counted; so is what may not be deleted. Every call says whose bucket it expects. It
//! may be broken off at any time: what is left is found again.

use std::time::Duration;

use aws_sdk_s3::types::{Delete, Error as Refusal, ObjectIdentifier};
use s3guard_posture::{AccountId, BucketName};
use tokio::time::sleep;

use self::listing::Marker;
use crate::bucket::Bucket;
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
    bucket: Bucket,
    bypasses_governance: bool,
    /// Whether unfinished uploads are looked for, which takes a permission of its own.
    pub(crate) aborts_uploads: bool,
}

/// What was done so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// So many versions and delete markers are gone.
    pub deleted: u64,
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
        Self::of(Bucket::new(connection, name, owner))
    }

    pub(crate) fn of(bucket: Bucket) -> Self {
        Self { bucket, bypasses_governance: false, aborts_uploads: true }
    }

    /// Has objects deleted that are locked in governance mode, for which the caller needs `s3:BypassGovernanceRetention`.
    #[must_use]
    pub fn bypassing_governance(self, bypasses_governance: bool) -> Self {
        Self { bypasses_governance, ..self }
    }

    /// The bucket.
    pub fn name(&self) -> &BucketName {
        &self.bucket.id.name
    }

    /// Empties the bucket and deletes it; empties it again if something came meanwhile.
    pub async fn remove(&self, mut told: impl FnMut(&Tally)) -> Result<(Tally, Outcome), AwsError> {
        let mut tally = Tally::default();
        for _ in 0..ROUNDS_MAX {
            // What stays is counted anew in each round.
            tally = Tally { deleted: tally.deleted, ..Tally::default() };
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
        let mut place = Some(Marker::default());
        while let Some(from) = place {
            let Some(page) = self.page("", &from).await? else { return Ok(false) };
            let versions = page.entries.into_iter().map(|entry| entry.id).collect();
            self.delete(versions, tally).await?;
            told(tally);
            place = page.next;
        }
        if self.aborts_uploads {
            self.abort_uploads().await?;
        }
        Ok(true)
    }

    /// Deletes versions; counts those that stay.
    pub(crate) async fn delete(
        &self,
        mut versions: Vec<ObjectIdentifier>,
        tally: &mut Tally,
    ) -> Result<(), AwsError> {
        let mut pauses = pauses();
        while !versions.is_empty() {
            let refusals = self.again(async || self.delete_batch(&versions).await).await?;
            tally.deleted += (versions.len() - refusals.len()) as u64;
            versions.clear();
            let pause = pauses.next();
            for refusal in refusals {
                let code = refusal.code().unwrap_or("Unknown");
                let message = refusal.message().unwrap_or("no reason was given");
                let key = refusal.key().unwrap_or_default();
                // An object that never had versions may be named without one.
                let version_id = refusal.version_id().unwrap_or("null");
                if code == "NoSuchKey" || code == "NoSuchVersion" {
                    continue;
                } else if is_transient(code) && pause.is_some() {
                    versions.push(identifier(key, version_id));
                } else if locks::says_locked(code, message) {
                    tally.locked += 1;
                    if tally.locks.looked_at < LOCKS_LOOKED_AT_MAX {
                        self.add_lock(key, version_id, &mut tally.locks).await;
                    }
                } else {
                    tally.failed += 1;
                    tally.first_failure.get_or_insert_with(|| format!("{code}: {message}"));
                }
            }
            if let Some(pause) = pause.filter(|_| !versions.is_empty()) {
                sleep(pause).await;
            }
        }
        Ok(())
    }

    /// Deletes up to a thousand versions in one call; gives those that S3 does not delete.
    async fn delete_batch(&self, versions: &[ObjectIdentifier]) -> Result<Vec<Refusal>, AwsError> {
        // Without it the caller needs no permission for it.
        let bypass = self.bypasses_governance.then_some(true);
        // What XML cannot say goes by its URL, one by one.
        let (plain, strange): (Vec<_>, Vec<_>) =
            versions.iter().cloned().partition(|version| listing::is_xml(version.key()));
        let mut refusals = Vec::new();
        for version in strange {
            let call = on_bucket!(self.bucket, delete_object).key(version.key());
            let call = call.set_version_id(version.version_id.clone());
            let answer = call.set_bypass_governance_retention(bypass).send().await;
            if let Err(error) = answer.named("DeleteObject", self.bucket.object(version.key())) {
                let Some(code) = error.code() else { return Err(error) };
                let refusal = Refusal::builder().code(code).message(&error.message);
                let refusal = refusal.key(version.key()).set_version_id(version.version_id);
                refusals.push(refusal.build());
            }
        }
        if plain.is_empty() {
            return Ok(refusals);
        }
        let delete = Delete::builder().set_objects(Some(plain)).quiet(true).build();
        let call = on_bucket!(self.bucket, delete_objects);
        let call = call.delete(delete.expect("there are objects"));
        let answer = call.set_bypass_governance_retention(bypass).send().await;
        let answer = answer.named("DeleteObjects", self.bucket.object(""))?;
        refusals.extend(answer.errors.unwrap_or_default());
        Ok(refusals)
    }

    /// Deletes the empty bucket; `false` if it is not empty any more.
    pub(crate) async fn delete_bucket(&self) -> Result<bool, AwsError> {
        self.again(async || {
            let answer = on_bucket!(self.bucket, delete_bucket).send().await;
            match answer.optional("DeleteBucket", self.bucket.object(""), &["NoSuchBucket"]) {
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
}

fn identifier(key: &str, version_id: &str) -> ObjectIdentifier {
    let version = ObjectIdentifier::builder().key(key).version_id(version_id).build();
    version.expect("the key is given")
}

#[cfg(test)]
mod tests;
