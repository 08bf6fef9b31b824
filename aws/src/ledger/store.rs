//! The ledger as the store of object events until they are published.

use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::types::Object;
use s3guard_posture::digest::window::{Listed, Store};
use time::OffsetDateTime;

use super::Ledger;
use crate::AwsError;
use crate::error::Answer as _;

impl Store for Ledger {
    type Error = AwsError;

    async fn put(&self, key: &str, body: Vec<u8>) -> Result<(), AwsError> {
        let answer = self.json(key, body).send().await;
        answer.named("PutObject", self.bucket.object(key)).map(drop)
    }

    async fn put_new(&self, key: &str, body: Vec<u8>) -> Result<bool, AwsError> {
        let answer = self.json(key, body).if_none_match("*").send().await;
        // The second code: another writer is writing the key at this moment.
        let taken = ["PreconditionFailed", "ConditionalRequestConflict"];
        Ok(answer.optional("PutObject", self.bucket.object(key), &taken)?.is_some())
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, AwsError> {
        self.bucket.get(key).await
    }

    async fn list(&self, prefix: &str, after: &str) -> Result<Vec<Listed>, AwsError> {
        let after = (!after.is_empty()).then(|| after.to_owned());
        let call = self.list_call(prefix).set_start_after(after);
        let pages = call.into_paginator().send().try_collect().await;
        let pages = pages.named("ListObjectsV2", self.bucket.object(""))?;
        let listed = |object: &Object| {
            let seconds = object.last_modified()?.secs();
            let written = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
            Some(Listed { key: object.key()?.to_owned(), written })
        };
        Ok(pages.iter().flat_map(ListObjectsV2Output::contents).filter_map(listed).collect())
    }
}

#[cfg(test)]
mod tests;
