//! The ledger as the guard's flow needs it.

use s3guard_posture::flow;
use s3guard_posture::reconcile::ledger::{Condition, KEYS_MAX, KeyRange, OBJECT_BYTES_MAX, Stored};

use super::{Ledger, PAGE};
use crate::AwsError;
use crate::bucket::Encrypted;
use crate::error::Answer as _;

/// The codes of a write whose condition does not hold: the object has another version, another writer is writing it at this
/// moment, or it is not there.
///
/// Source: Amazon S3 User Guide, "How to prevent object overwrites with conditional writes".
const DOES_NOT_HOLD: [&str; 3] = ["PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"];

impl flow::Ledger for Ledger {
    type Error = AwsError;

    async fn read(&self, key: &str) -> Result<Stored, AwsError> {
        if self.keys.is_empty() {
            let cause = "the stack's key is not known, so no object of the ledger counts";
            return Err(AwsError::other("GetObject", self.bucket.object(key), cause));
        }
        let (read, etag) = self.bucket.get_encrypted(key, &self.keys, OBJECT_BYTES_MAX).await?;
        Ok(match read {
            Encrypted::Content(body) => Stored::Ours { etag, body },
            Encrypted::Foreign(cause) => Stored::Foreign { etag, cause },
            Encrypted::Absent => Stored::Absent,
        })
    }

    async fn write(
        &self,
        key: &str,
        body: Vec<u8>,
        condition: Condition<'_>,
    ) -> Result<bool, AwsError> {
        let call = self.json(key, body);
        let (call, absent) = match condition {
            Condition::Always => (call, &[][..]),
            Condition::Absent => (call.if_none_match("*"), &DOES_NOT_HOLD[..]),
            Condition::Still(etag) => (call.if_match(etag), &DOES_NOT_HOLD[..]),
        };
        let answer = call.send().await;
        Ok(answer.optional("PutObject", self.bucket.object(key), absent)?.is_some())
    }

    async fn keys(&self, range: KeyRange<'_>) -> Result<Vec<String>, AwsError> {
        let KeyRange { prefix, after, to } = range;
        let mut keys = Vec::new();
        let call = self.list_call(prefix).set_start_after(after.map(str::to_owned));
        let mut pages = call.into_paginator().send();
        for _ in 0..KEYS_MAX / PAGE {
            let page = pages.try_next().await.named("ListObjectsV2", self.bucket.object(""))?;
            let Some(page) = page else { return Ok(keys) };
            for key in page.contents().iter().filter_map(|object| object.key()) {
                if to.is_some_and(|to| key > to) {
                    return Ok(keys);
                }
                keys.push(key.to_owned());
            }
            // The next page would begin after the last key of the range.
            if keys.last().is_some_and(|last| to.is_some_and(|to| last.as_str() >= to)) {
                return Ok(keys);
            }
            if page.next_continuation_token().is_none() {
                return Ok(keys);
            }
        }
        let cause = format!("there are more than {KEYS_MAX} objects under `{prefix}`");
        Err(AwsError::other("ListObjectsV2", self.bucket.object(""), cause))
    }
}
