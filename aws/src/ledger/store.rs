//! The ledger as the store of object events until they are published.

use aws_sdk_s3::types::Object;
use s3guard_posture::digest::window::{Fetched, Listed, Store};
use time::OffsetDateTime;

use super::Ledger;
use crate::AwsError;
use crate::bucket::Encrypted;
use crate::error::Answer as _;

/// The most pages of a list, of a thousand keys each: what fits into the memory of a function.
const PAGES_MAX: usize = 300;

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

    async fn get(&self, key: &str, max_bytes: u64) -> Result<Fetched, AwsError> {
        if self.keys.is_empty() {
            return Ok(Fetched::Foreign("the stack's key is not known".to_owned()));
        }
        Ok(match self.bucket.get_encrypted(key, &self.keys, max_bytes).await?.0 {
            Encrypted::Content(content) => Fetched::Content(content),
            Encrypted::Foreign(cause) => Fetched::Foreign(cause),
            Encrypted::Absent => Fetched::Absent,
        })
    }

    async fn list(&self, prefix: &str, after: &str) -> Result<Vec<Listed>, AwsError> {
        let after = (!after.is_empty()).then(|| after.to_owned());
        let object = self.bucket.object("");
        let mut pages = self.list_call(prefix).set_start_after(after).into_paginator().send();
        let mut all = Vec::new();
        let listed = |object: &Object| {
            let seconds = object.last_modified()?.secs();
            let written = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
            Some(Listed { key: object.key()?.to_owned(), written })
        };
        let mut count = 0;
        while let Some(page) = pages.try_next().await.named("ListObjectsV2", &object)? {
            all.extend(page.contents().iter().filter_map(listed));
            count += 1;
            if count > PAGES_MAX {
                let cause = format!("there are more than {PAGES_MAX} pages of `{prefix}`");
                return Err(AwsError::other("ListObjectsV2", object, cause));
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests;
