//! Permanently empties a bucket, with all versions and delete markers, and deletes it.
//!
//! Versions that an object lock protects, or that may not be deleted, are left and counted. Every call names the owner that
//! it expects. It can be interrupted at any time: the next run deletes the rest.

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
pub(crate) use self::listing::Entry;
pub use self::locks::Locks;

/// The pauses before retries: some minutes in all.
fn pauses() -> impl Iterator<Item = Duration> {
    wait::growing(Duration::from_millis(500), 2, Duration::from_secs(30)).take(8)
}

/// How many times a bucket is emptied if objects keep being written to it.
///
/// S3 delivers access logs for some hours after the last access, so that a log bucket fills again (aws-cdk 21776); once the
/// policy that lets the log service write is deleted, nothing more is delivered.
const ROUNDS_MAX: u32 = 5;

/// How many locked versions are read to find out what locks them.
const LOCKS_READ_MAX: usize = 20;

/// A bucket to empty.
#[derive(Clone, Debug)]
pub struct Emptying {
    bucket: Bucket,
    bypasses_governance: bool,
    unlocks: bool,
    /// Whether multipart uploads are aborted, which takes a permission of its own.
    pub(crate) aborts_uploads: bool,
}

/// The progress.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Versions and delete markers that were deleted.
    pub deleted: u64,
    /// Versions that an object lock protects.
    pub locked: u64,
    /// The locks of the versions that were read.
    pub locks: Locks,
    /// Versions that could not be deleted for another reason.
    pub failed: u64,
    /// The first of these reasons.
    pub first_failure: Option<String>,
}

/// The result of removing a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was deleted, or does not exist.
    Gone,
    /// Some versions could not be deleted.
    Holds,
    /// New objects kept being written to it.
    Refilled,
}

impl Emptying {
    /// A bucket of this account, in the connection's Region.
    pub fn new(connection: &Connection, name: BucketName, owner: AccountId) -> Self {
        Self::of(Bucket::new(connection, name, owner))
    }

    pub(crate) fn of(bucket: Bucket) -> Self {
        Self { bucket, bypasses_governance: false, unlocks: false, aborts_uploads: true }
    }

    /// Whether versions that are locked in governance mode are deleted, which takes `s3:BypassGovernanceRetention`.
    #[must_use]
    pub fn bypassing_governance(self, bypasses_governance: bool) -> Self {
        Self { bypasses_governance, ..self }
    }

    /// Deletes the bucket's policy first: that of the ledger and of logs denies everyone to delete objects.
    #[must_use]
    pub fn unlocking(self) -> Self {
        Self { unlocks: true, ..self }
    }

    /// The bucket.
    pub fn name(&self) -> &BucketName {
        &self.bucket.id.name
    }

    /// Empties the bucket and deletes it; empties it again if objects were written meanwhile.
    pub async fn remove(
        &self,
        mut report: impl FnMut(&Tally),
    ) -> Result<(Tally, Outcome), AwsError> {
        let mut tally = Tally::default();
        for _ in 0..ROUNDS_MAX {
            // What is left is counted again in each round.
            tally = Tally { deleted: tally.deleted, ..Tally::default() };
            if !self.empty(&mut tally, &mut report).await? {
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

    /// Empties the bucket without deleting it; `false` if it does not exist.
    pub async fn empty(
        &self,
        tally: &mut Tally,
        report: &mut impl FnMut(&Tally),
    ) -> Result<bool, AwsError> {
        if self.unlocks && !self.delete_policy().await? {
            return Ok(false);
        }
        let mut place = Some(Marker::default());
        while let Some(from) = place {
            let Some(page) = self.page("", &from).await? else { return Ok(false) };
            let versions = page.entries.into_iter().map(|entry| entry.id).collect();
            self.delete(versions, tally).await?;
            report(tally);
            place = page.next;
        }
        if self.aborts_uploads {
            self.abort_uploads().await?;
        }
        Ok(true)
    }

    /// Deletes the bucket's policy, if it has one; `false` if there is no bucket.
    async fn delete_policy(&self) -> Result<bool, AwsError> {
        self.retry(async || {
            let answer = on_bucket!(self.bucket, delete_bucket_policy).send().await;
            let object = self.bucket.object("");
            let answer = answer.optional("DeleteBucketPolicy", object, &["NoSuchBucket"])?;
            Ok(answer.is_some())
        })
        .await
    }

    /// Deletes versions; counts those that are left.
    pub(crate) async fn delete(
        &self,
        mut versions: Vec<ObjectIdentifier>,
        tally: &mut Tally,
    ) -> Result<(), AwsError> {
        let mut pauses = pauses();
        while !versions.is_empty() {
            let refusals = self.retry(async || self.delete_batch(&versions).await).await?;
            tally.deleted += (versions.len() - refusals.len()) as u64;
            versions.clear();
            let pause = pauses.next();
            for refusal in refusals {
                let code = refusal.code().unwrap_or("Unknown");
                let message = refusal.message().unwrap_or("no reason was given");
                let key = refusal.key().unwrap_or_default();
                // An object that was never versioned may be reported without a version.
                let version_id = refusal.version_id().unwrap_or("null");
                if code == "NoSuchKey" || code == "NoSuchVersion" {
                    continue;
                }
                if is_transient(code) && pause.is_some() {
                    versions.push(identifier(key, version_id));
                } else if locks::says_locked(code, message) {
                    tally.locked += 1;
                    if tally.locks.looked_at < LOCKS_READ_MAX {
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

    /// Deletes up to a thousand versions in one call; returns those that S3 does not delete.
    async fn delete_batch(&self, versions: &[ObjectIdentifier]) -> Result<Vec<Refusal>, AwsError> {
        // If it is not sent, the caller needs no permission for it.
        let bypass = self.bypasses_governance.then_some(true);
        // Keys that XML cannot represent are deleted one by one, by URL.
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

    /// Deletes the bucket; `false` if it is not empty.
    pub(crate) async fn delete_bucket(&self) -> Result<bool, AwsError> {
        self.retry(async || {
            let answer = on_bucket!(self.bucket, delete_bucket).send().await;
            match answer.optional("DeleteBucket", self.bucket.object(""), &["NoSuchBucket"]) {
                Ok(_) => Ok(true),
                Err(error) if error.code() == Some("BucketNotEmpty") => Ok(false),
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// Retries a call while its failure is transient.
    async fn retry<T>(&self, call: impl AsyncFn() -> Result<T, AwsError>) -> Result<T, AwsError> {
        wait::retry(pauses(), AwsError::is_transient, async || call().await).await
    }
}

fn identifier(key: &str, version_id: &str) -> ObjectIdentifier {
    let version = ObjectIdentifier::builder().key(key).version_id(version_id).build();
    version.expect("the key is given")
}

#[cfg(test)]
mod tests;
