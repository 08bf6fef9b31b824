//! The ledger: what the guard has done to which bucket, as objects of a bucket of its own.
//!
//! [`s3guard_posture::reconcile::ledger`] defines its keys. Nothing is ever deleted from it.

use std::collections::BTreeSet;

use aws_sdk_s3::operation::list_objects_v2::builders::ListObjectsV2FluentBuilder;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::types::ServerSideEncryption;
use futures_util::{StreamExt as _, stream};
use s3guard_posture::digest::window::Store as _;
use s3guard_posture::flow::Ledger as _;
use s3guard_posture::reconcile::ledger::suppression::{self, Note, Suppression};
use s3guard_posture::reconcile::ledger::{self, InvalidRecordId, KeyRange, RecordId, Stored};
use s3guard_posture::reconcile::record::State;
use s3guard_posture::{AccountId, BucketName, KeyArn, Record};
use time::{Duration, OffsetDateTime};

use crate::bucket::Bucket;
use crate::{AwsError, Connection};

mod flow;
mod store;
#[cfg(feature = "deploy")]
mod written;

#[cfg(feature = "deploy")]
pub use self::written::{Interventions, Newest, Suppressed, Touched};

/// How many objects are read at once.
const READS_MAX: usize = 8;
/// The keys of a page.
const PAGE: usize = 1000;
/// How many days of records are listed to find the newest ones: more only if there are too few.
const RECENT_DAYS: i64 = 7;

/// The ledger of a guard.
#[derive(Clone, Debug)]
pub struct Ledger {
    bucket: Bucket,
    /// The keys that encrypt what counts; the first one encrypts what is written.
    keys: Vec<KeyArn>,
}

impl Ledger {
    /// The ledger in this bucket, in the connection's Region. Without its key nothing is read but keys.
    pub fn new(connection: &Connection, bucket: BucketName, owner: AccountId) -> Self {
        Self { bucket: Bucket::new(connection, bucket, owner), keys: Vec::new() }
    }

    /// The same ledger, of which only those objects count that this key encrypts.
    #[must_use]
    pub fn encrypted_by(self, key: KeyArn) -> Self {
        Self { keys: vec![key], ..self }
    }

    /// The same ledger, of which those objects count as well that keys of earlier stacks encrypt.
    #[must_use]
    pub fn formerly_by(mut self, earlier: impl IntoIterator<Item = KeyArn>) -> Self {
        self.keys.extend(earlier);
        self
    }

    /// The bucket.
    pub fn bucket(&self) -> &BucketName {
        &self.bucket.id.name
    }

    /// Writes a record; a later one of the same id replaces it. A failed write has a key of its own, too.
    pub async fn keep(&self, record: &Record) -> Result<(), AwsError> {
        let id: RecordId = record.id.parse().map_err(|invalid: InvalidRecordId| {
            AwsError::other("PutObject", self.bucket.object("?"), invalid)
        })?;
        let json = serde_json::to_vec(record).expect("a record has only texts, numbers and lists");
        self.put(&id.key(), json).await?;
        match record.state {
            State::Failed => self.put(&id.failed_key(), b"{}".to_vec()).await,
            State::Begun | State::Written | State::Verified => Ok(()),
        }
    }

    /// Reads a record; `None` if it does not exist. An error if it does not count.
    pub async fn record(&self, id: &RecordId) -> Result<Option<Record>, AwsError> {
        let key = id.key();
        let failed = |cause: String| AwsError::other("GetObject", self.bucket.object(&key), cause);
        match self.read(&key).await? {
            Stored::Absent => Ok(None),
            Stored::Foreign { cause, .. } => Err(failed(does_not_count(&cause))),
            Stored::Ours { body, .. } => Record::read(&body, id, &self.bucket.id.account)
                .map(Some)
                .map_err(|error| failed(error.to_string())),
        }
    }

    /// Reads the newest records of a bucket, the newest first. One that cannot be read does not affect the others.
    pub async fn records(
        &self,
        bucket: &BucketName,
        newest: usize,
        now: OffsetDateTime,
    ) -> Result<Vec<Result<Record, AwsError>>, AwsError> {
        let prefix = ledger::prefix(bucket);
        let after = ledger::since(bucket, now - Duration::days(RECENT_DAYS));
        let recent = KeyRange { prefix: &prefix, after: Some(&after), to: None };
        let mut ids = ids(&self.keys(recent).await?);
        if ids.len() < newest {
            ids = self::ids(&self.keys(KeyRange { after: None, ..recent }).await?);
        }
        ids.sort_by_key(|id| std::cmp::Reverse(id.time));
        ids.truncate(newest);
        let records = stream::iter(&ids).map(|id| self.record(id)).buffered(READS_MAX);
        Ok(records.filter_map(async |record| record.transpose()).collect().await)
    }

    /// Lists the suppressions of a bucket by their keys, including expired ones and those that do not count.
    pub async fn suppressions(&self, bucket: &BucketName) -> Result<Vec<Suppression>, AwsError> {
        let prefix = suppression::prefix(bucket);
        let keys = self.keys(KeyRange { prefix: &prefix, ..KeyRange::default() }).await?;
        Ok(keys.iter().filter_map(|key| suppression::of_key(bucket, key)).collect())
    }

    /// Writes a suppression of an aspect, with who suppressed it and why.
    pub async fn suppress(
        &self,
        bucket: &BucketName,
        suppression: &Suppression,
        note: Note,
    ) -> Result<(), AwsError> {
        let json = suppression.json(bucket, &self.bucket.id.account, note);
        self.put(&suppression.key(bucket), json).await
    }

    fn list_call(&self, prefix: &str) -> ListObjectsV2FluentBuilder {
        on_bucket!(self.bucket, list_objects_v2).prefix(prefix)
    }

    /// The key is named: the default of a bucket that the stack has imported may be that of an earlier stack.
    fn json(&self, key: &str, json: Vec<u8>) -> PutObjectFluentBuilder {
        let kms_key = self.keys.first();
        on_bucket!(self.bucket, put_object)
            .key(key)
            .content_type("application/json")
            .set_server_side_encryption(kms_key.map(|_| ServerSideEncryption::AwsKms))
            .set_ssekms_key_id(kms_key.map(ToString::to_string))
            .body(json.into())
    }
}

/// Why an object is not read.
fn does_not_count(cause: &str) -> String {
    format!("it does not count: {cause}")
}

/// The records that have these keys.
fn ids(keys: &[String]) -> Vec<RecordId> {
    writes(keys).into_iter().map(|(id, _)| id).collect()
}

/// The writes that have these keys, and whether each has failed.
fn writes(keys: &[String]) -> Vec<(RecordId, bool)> {
    let names = || keys.iter().filter_map(|key| key.rsplit('/').next());
    let failed: BTreeSet<&str> = names().filter_map(|name| name.strip_suffix(".failed")).collect();
    let written = names().filter_map(|name| name.strip_suffix(".json"));
    written.filter_map(|id| Some((id.parse().ok()?, failed.contains(id)))).collect()
}

#[cfg(test)]
pub(crate) mod tests;
