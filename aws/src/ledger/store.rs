//! The ledger as the store in which the events of objects lie until they are told.

use aws_sdk_s3::error::ProvideErrorMetadata as _;
use s3guard_posture::digest::window::{Listed, Store};
use time::OffsetDateTime;

use super::Ledger;
use crate::AwsError;

impl Store for Ledger {
    type Error = AwsError;

    async fn put(&self, key: &str, body: Vec<u8>) -> Result<(), AwsError> {
        self.put(key, body).await
    }

    async fn put_new(&self, key: &str, body: Vec<u8>) -> Result<bool, AwsError> {
        self.put_where_none(key, body).await
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, AwsError> {
        let call = self.client.get_object().bucket(self.bucket.as_str()).key(key);
        match call.expected_bucket_owner(self.owner.as_str()).send().await {
            Ok(answer) => {
                let bytes = answer.body.collect().await;
                let bytes =
                    bytes.map_err(|error| AwsError::other("GetObject", self.object(key), error))?;
                Ok(Some(bytes.into_bytes().into()))
            }
            Err(error) if error.code() == Some("NoSuchKey") => Ok(None),
            Err(error) => Err(AwsError::new("GetObject", self.object(key), &error)),
        }
    }

    async fn list(&self, prefix: &str, after: &str) -> Result<Vec<Listed>, AwsError> {
        let mut all = Vec::new();
        let mut page = None;
        loop {
            let call = self
                .client
                .list_objects_v2()
                .bucket(self.bucket.as_str())
                .expected_bucket_owner(self.owner.as_str())
                .prefix(prefix)
                .set_start_after((!after.is_empty()).then(|| after.to_owned()))
                .set_continuation_token(page);
            let answer = call.send().await;
            let answer =
                answer.map_err(|error| AwsError::new("ListObjectsV2", self.name(), &error))?;
            all.extend(answer.contents().iter().filter_map(|object| {
                let seconds = object.last_modified()?.secs();
                let written = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
                Some(Listed { key: object.key()?.to_owned(), written })
            }));
            page = answer.next_continuation_token().map(str::to_owned);
            if page.is_none() {
                return Ok(all);
            }
        }
    }
}

#[cfg(test)]
mod tests;
