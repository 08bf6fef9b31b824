//! Keys whose existence is the information: how a bucket became known, and what was reported about it.

use std::collections::{BTreeMap, BTreeSet};

use s3guard_posture::BucketName;
use s3guard_posture::digest::window::Store as _;
use s3guard_posture::evaluate::coverage::{self, Mark, PREFIX};
use s3guard_posture::flow;
use s3guard_posture::reconcile::reported::{self, Reported};
use time::Date;

use super::Ledger;
use crate::AwsError;

impl flow::Ledger for Ledger {
    type Error = AwsError;

    async fn claim(&self, key: &str) -> Result<bool, AwsError> {
        self.put_new(key, b"{}".to_vec()).await
    }

    async fn replace(&self, key: &str, body: Vec<u8>) -> Result<(), AwsError> {
        self.put(key, body).await
    }

    /// By listing, which needs no permission to read.
    async fn has(&self, key: &str) -> Result<bool, AwsError> {
        let mut keys = self.keys(key, None, |found| found == key).await?;
        Ok(keys.pop().is_some())
    }

    async fn reported(&self, bucket: &BucketName, today: Date) -> Result<Reported, AwsError> {
        let keys = self.keys(&reported::prefix(bucket), None, |_| true).await?;
        Ok(Reported::of(bucket, keys.iter().map(String::as_str), today))
    }

    async fn marks(
        &self,
        from: &BucketName,
        to: &BucketName,
    ) -> Result<BTreeMap<BucketName, BTreeSet<Mark>>, AwsError> {
        let (after, before) = (format!("{PREFIX}{from}"), format!("{PREFIX}{to}"));
        let mut keys = self.keys(PREFIX, Some(&after), |key| key < before.as_str()).await?;
        for name in behind(from.as_str(), to.as_str()) {
            keys.extend(self.keys(&format!("{PREFIX}{name}/"), None, |_| true).await?);
        }
        let mut marks: BTreeMap<BucketName, BTreeSet<Mark>> = BTreeMap::new();
        for key in &keys {
            if let Some((name, mark)) = coverage::of_key(key)
                && (from..=to).contains(&&name)
            {
                marks.entry(name).or_default().insert(mark);
            }
        }
        Ok(marks)
    }
}

/// The last name, and the names before it whose marks are listed after those of later names.
///
/// Keys do not sort like names, because `-` and `.` come before `/`: `logs-2/…` is listed before `logs/…`.
fn behind<'a>(from: &'a str, to: &'a str) -> impl Iterator<Item = &'a str> {
    to.match_indices(['-', '.'])
        .map(|(end, _)| &to[..end])
        .chain([to])
        .filter(move |name| name.len() >= 3 && *name >= from)
}
