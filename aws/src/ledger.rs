//! The ledger: what the guard has done to which bucket, as objects of a bucket of its own.
//!
//! [`s3guard_posture::reconcile::ledger`] defines its keys. Nothing is ever deleted from it.

use std::collections::BTreeSet;

use aws_sdk_s3::operation::list_objects_v2::builders::ListObjectsV2FluentBuilder;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use futures_util::{StreamExt as _, stream};
use s3guard_posture::digest::window::Store as _;
use s3guard_posture::reconcile::ledger::undone::{self, Note, SuppressionMark};
use s3guard_posture::reconcile::ledger::{self, InvalidRecordId, RecordId};
use s3guard_posture::reconcile::record;
use s3guard_posture::reconcile::record::State;
use s3guard_posture::{AccountId, BucketName, History, KeyArn, Reading, Record};
use serde_json::Value;
use time::OffsetDateTime;

use crate::bucket::Bucket;
use crate::error::{Answer as _, seen};
use crate::{AwsError, Connection};

mod marks;
mod store;
#[cfg(feature = "deploy")]
mod written;

#[cfg(feature = "deploy")]
pub use self::written::{Interventions, Newest, Touched};

/// How many records are read at once.
const READS_MAX: usize = 8;

/// The ledger of a guard.
#[derive(Clone, Debug)]
pub struct Ledger {
    bucket: Bucket,
    /// The key that encrypts what counts.
    key: Option<KeyArn>,
}

impl Ledger {
    /// The ledger in this bucket, in the connection's Region.
    pub fn new(connection: &Connection, bucket: BucketName, owner: AccountId) -> Self {
        Self { bucket: Bucket::new(connection, bucket, owner), key: None }
    }

    /// The same ledger, of whose windows only those objects count that this key encrypts.
    #[must_use]
    pub fn encrypted_by(self, key: KeyArn) -> Self {
        Self { key: Some(key), ..self }
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

    /// Reads what was done to a bucket within the last hour, and what was undone.
    ///
    /// It is one call, except for a bucket that was written to very often: a page has a thousand keys. If the ledger does not
    /// exist there is no history, and the guard works without: it reports that it cannot write records anyway.
    pub async fn history(
        &self,
        bucket: &BucketName,
        now: OffsetDateTime,
    ) -> Result<Reading<History>, AwsError> {
        let (prefix, after) = (ledger::prefix(bucket), ledger::recent(bucket, now));
        let history = self.keys(&prefix, Some(&after), |_| true).await.map(|keys| {
            let keys = keys.iter().map(String::as_str);
            Reading::Known(ledger::history(bucket, keys, now))
        });
        Ok(seen(history)?.unwrap_or(Reading::Absent))
    }

    /// Reads a record; `None` if it does not exist.
    pub async fn record(&self, id: &RecordId) -> Result<Option<Record>, AwsError> {
        let key = id.key();
        let Some(json) = self.bucket.get(&key).await? else { return Ok(None) };
        let failed = |why: String| AwsError::other("GetObject", self.bucket.object(&key), why);
        let form = |error: serde_json::Error| failed(format!("the record is not valid: {error}"));
        // The version comes first: a newer version may have other fields.
        let value: Value = serde_json::from_slice(&json).map_err(form)?;
        match value.get("version").and_then(Value::as_u64) {
            Some(version) if version > record::VERSION.into() => Err(failed(format!(
                "the record has version {version}, and this s3guard supports versions up to {}: update s3guard",
                record::VERSION
            ))),
            Some(_) | None => serde_json::from_value(value).map(Some).map_err(form),
        }
    }

    /// Reads the newest records of a bucket, the newest first. One that cannot be read does not affect the others.
    pub async fn records(
        &self,
        bucket: &BucketName,
        newest: usize,
    ) -> Result<Vec<Result<Record, AwsError>>, AwsError> {
        let keys = self.keys(&ledger::prefix(bucket), None, |_| true).await?;
        let mut ids: Vec<RecordId> = writes(&keys).into_iter().map(|(id, _)| id).collect();
        ids.sort_by_key(|id| std::cmp::Reverse(id.time));
        ids.truncate(newest);
        let records = stream::iter(&ids).map(|id| self.record(id)).buffered(READS_MAX);
        Ok(records.filter_map(async |record| record.transpose()).collect().await)
    }

    /// Lists the suppressions of a bucket, including expired ones.
    pub async fn undone(&self, bucket: &BucketName) -> Result<Vec<SuppressionMark>, AwsError> {
        let keys = self.keys(&undone::prefix(bucket), None, |_| true).await?;
        Ok(keys.iter().filter_map(|key| undone::of_key(bucket, key)).collect())
    }

    /// Writes a suppression of an aspect, with a note for people.
    pub async fn leave(
        &self,
        bucket: &BucketName,
        mark: &SuppressionMark,
        note: &Note,
    ) -> Result<(), AwsError> {
        let json = serde_json::to_vec(note).expect("a note has only texts");
        self.put(&mark.key(bucket), json).await
    }

    /// Lists the keys with a prefix that come after a key, while they are wanted.
    async fn keys(
        &self,
        prefix: &str,
        after: Option<&str>,
        mut is_wanted: impl FnMut(&str) -> bool,
    ) -> Result<Vec<String>, AwsError> {
        let mut keys = Vec::new();
        let call = self.list_call(prefix).set_start_after(after.map(str::to_owned));
        let mut pages = call.into_paginator().send();
        while let Some(page) =
            pages.try_next().await.named("ListObjectsV2", self.bucket.object(""))?
        {
            for key in page.contents().iter().filter_map(|object| object.key()) {
                if !is_wanted(key) {
                    return Ok(keys);
                }
                keys.push(key.to_owned());
            }
        }
        Ok(keys)
    }

    fn list_call(&self, prefix: &str) -> ListObjectsV2FluentBuilder {
        on_bucket!(self.bucket, list_objects_v2).prefix(prefix)
    }

    fn json(&self, key: &str, json: Vec<u8>) -> PutObjectFluentBuilder {
        on_bucket!(self.bucket, put_object)
            .key(key)
            .content_type("application/json")
            .body(json.into())
    }
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
