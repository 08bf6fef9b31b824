//! The ledger: what the guard has done to which bucket, kept as objects of a bucket of its own.
//!
//! Where things are in it is said by [`s3guard_posture::reconcile::ledger`]. Nothing is ever deleted here.

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::list_objects_v2::builders::ListObjectsV2FluentBuilder;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use futures_util::{StreamExt as _, stream};
use s3guard_posture::digest::window::Store;
use s3guard_posture::reconcile::ledger::{self, InvalidRecordId, RecordId};
use s3guard_posture::reconcile::record;
use s3guard_posture::reconcile::record::State;
use s3guard_posture::{AccountId, BucketName, History, Reading, Record};
use serde_json::Value;
use thiserror::Error;
use time::OffsetDateTime;

use crate::error::Answer as _;
use crate::{AwsError, Connection};

mod marks;
#[cfg(feature = "deploy")]
mod newest;
mod store;
mod touched;
mod undone;

pub use self::touched::Touched;
#[cfg(feature = "deploy")]
pub use newest::Newest;

/// How many records are read at once.
const READS_MAX: usize = 8;

/// The ledger of a guard.
#[derive(Clone, Debug)]
pub struct Ledger {
    client: Client,
    name: BucketName,
    owner: AccountId,
}

/// Why a record cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LedgerError {
    /// A call failed.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// A newer guard wrote it.
    #[error(
        "record `{id}` has the form {version}, and this s3guard knows forms up to {known}: a newer one can read it",
        known = record::VERSION
    )]
    Newer {
        /// The record.
        id: String,
        /// The version of its form.
        version: u64,
    },
    /// It has not the form of a record.
    #[error("record `{id}` is not understood: {cause}")]
    Form {
        /// The record.
        id: String,
        /// What is wrong with it.
        cause: String,
    },
}

impl Ledger {
    /// The ledger in this bucket, in the connection's Region.
    pub fn new(connection: &Connection, bucket: BucketName, owner: AccountId) -> Self {
        Self { client: Client::new(&connection.config), name: bucket, owner }
    }

    /// The bucket.
    pub fn bucket(&self) -> &BucketName {
        &self.name
    }

    /// Keeps a record; a later one of the same id takes its place. That a write failed is told by a key as well.
    pub async fn keep(&self, record: &Record) -> Result<(), AwsError> {
        let id: RecordId = record.id.parse().map_err(|invalid: InvalidRecordId| {
            AwsError::other("PutObject", self.object("?"), invalid)
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
    /// It is one call, but for a bucket that was written to very often: a page has a thousand keys. A ledger that is gone
    /// tells nothing, which must not keep the guard from its work: that records are not kept is told anyway.
    pub async fn history(
        &self,
        bucket: &BucketName,
        now: OffsetDateTime,
    ) -> Result<Reading<History>, AwsError> {
        let (prefix, after) = (ledger::prefix(bucket), ledger::recent(bucket, now));
        match self.keys(&prefix, Some(&after), |_| true).await {
            Ok(keys) => {
                let keys = keys.iter().map(String::as_str);
                Ok(Reading::Known(ledger::history(bucket, keys, now)))
            }
            Err(error) if error.code() == Some("NoSuchBucket") => Ok(Reading::Absent),
            Err(error) if error.is_denied() => Ok(Reading::Denied),
            Err(error) => Err(error),
        }
    }

    async fn put_where_none(&self, key: &str, json: Vec<u8>) -> Result<bool, AwsError> {
        let answer = self.json(key, json).if_none_match("*").send().await;
        // The second one is somebody who is writing it this moment.
        let taken = ["PreconditionFailed", "ConditionalRequestConflict"];
        Ok(answer.optional("PutObject", self.object(key), &taken)?.is_some())
    }

    /// Reads a record; `None` if there is none of this id.
    pub async fn record(&self, id: &RecordId) -> Result<Option<Record>, LedgerError> {
        let key = id.key();
        match Store::get(self, &key).await? {
            Some(json) => read(&key, &json).map(Some),
            None => Ok(None),
        }
    }

    /// Reads the newest records of a bucket, the newest first. One that cannot be read does not hide the others.
    pub async fn records(
        &self,
        bucket: &BucketName,
        newest: usize,
    ) -> Result<Vec<Result<Record, LedgerError>>, AwsError> {
        let keys = self.keys(&ledger::prefix(bucket), None, |_| true).await?;
        let id = |key: &String| key.rsplit('/').next()?.strip_suffix(".json")?.parse().ok();
        let mut ids: Vec<RecordId> = keys.iter().filter_map(id).collect();
        ids.sort_by_key(|id| std::cmp::Reverse(id.time));
        ids.truncate(newest);
        let records = stream::iter(&ids).map(|id| self.record(id)).buffered(READS_MAX);
        Ok(records.filter_map(async |record| record.transpose()).collect().await)
    }

    /// Lists keys with a prefix, from after a key, while they are wanted.
    async fn keys(
        &self,
        prefix: &str,
        after: Option<&str>,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<String>, AwsError> {
        let mut keys = Vec::new();
        let call = self.list_call(prefix).set_start_after(after.map(str::to_owned));
        let mut pages = call.into_paginator().send();
        while let Some(page) = pages.try_next().await.named("ListObjectsV2", self.object(""))? {
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
        on_bucket!(self, list_objects_v2).prefix(prefix)
    }

    async fn put(&self, key: &str, json: Vec<u8>) -> Result<(), AwsError> {
        self.json(key, json).send().await.named("PutObject", self.object(key)).map(drop)
    }

    fn json(&self, key: &str, json: Vec<u8>) -> PutObjectFluentBuilder {
        on_bucket!(self, put_object).key(key).content_type("application/json").body(json.into())
    }

    fn object(&self, key: &str) -> String {
        crate::error::in_bucket(&self.name, key)
    }
}

/// Reads a record: its version first, because a newer one may have another form.
fn read(key: &str, json: &[u8]) -> Result<Record, LedgerError> {
    let id = || key.rsplit('/').next().unwrap_or(key).trim_end_matches(".json").to_owned();
    let form = |error: serde_json::Error| LedgerError::Form { id: id(), cause: error.to_string() };
    let value: Value = serde_json::from_slice(json).map_err(form)?;
    match value.get("version").and_then(Value::as_u64) {
        Some(version) if version > record::VERSION.into() => {
            Err(LedgerError::Newer { id: id(), version })
        }
        Some(_) | None => serde_json::from_value(value).map_err(form),
    }
}

#[cfg(test)]
pub(crate) mod tests;
