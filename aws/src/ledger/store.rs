//! The ledger as the store in which the events of objects lie until they are told.

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
        self.put(key, body).await
    }

    async fn put_new(&self, key: &str, body: Vec<u8>) -> Result<bool, AwsError> {
        self.put_where_none(key, body).await
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, AwsError> {
        let answer = on_bucket!(self, get_object).key(key).send().await;
        let object = self.object(key);
        let Some(answer) = answer.optional("GetObject", &object, &["NoSuchKey"])? else {
            return Ok(None);
        };
        let bytes = answer.body.collect().await;
        let bytes = bytes.map_err(|error| AwsError::other("GetObject", object, error))?;
        Ok(Some(bytes.into_bytes().into()))
    }

    async fn list(&self, prefix: &str, after: &str) -> Result<Vec<Listed>, AwsError> {
        let after = (!after.is_empty()).then(|| after.to_owned());
        let call = self.list_call(prefix).set_start_after(after);
        let pages = call.into_paginator().send().try_collect().await;
        let pages = pages.named("ListObjectsV2", self.object(""))?;
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
