//! Marks of what somebody has undone: which aspects the guard leaves as they are, and until when.

use s3guard_posture::BucketName;
use s3guard_posture::reconcile::ledger::undone::{self, Mark};
use serde_json::Value;

use super::Ledger;
use crate::AwsError;

impl Ledger {
    /// Lists the marks of a bucket, also those that count no more.
    pub async fn undone(&self, bucket: &BucketName) -> Result<Vec<Mark>, AwsError> {
        let keys = self.keys(&undone::prefix(bucket), None, |_| true).await?;
        Ok(keys.iter().filter_map(|key| undone::of_key(bucket, key)).collect())
    }

    /// Has the guard leave an aspect as a mark says, with a note for people.
    pub async fn leave(
        &self,
        bucket: &BucketName,
        mark: &Mark,
        note: &Value,
    ) -> Result<(), AwsError> {
        self.put(&mark.key(bucket), note.to_string().into_bytes()).await
    }
}
