//! Marks: which buckets the guard has heard of, and how, and what their owner was told.

use std::collections::{BTreeMap, BTreeSet};

use s3guard_posture::BucketName;
use s3guard_posture::evaluate::coverage::{self, Mark, PREFIX};
use s3guard_posture::reconcile::reported::{self, Told};
use time::Date;

use super::Ledger;
use crate::AwsError;

impl Ledger {
    /// Marks a bucket as heard of in one way, as `event`. A mark that is there already stays: the ledger is versioned, and
    /// each event would add a version that nothing ever removes.
    pub async fn mark(&self, bucket: &BucketName, mark: Mark) -> Result<(), AwsError> {
        self.claim(&coverage::key(bucket, mark)).await.map(drop)
    }

    /// Lists what was told lately of what is left of a bucket.
    pub async fn told(&self, bucket: &BucketName, today: Date) -> Result<Told, AwsError> {
        let keys = self.keys(&reported::prefix(bucket), None, |_| true).await?;
        Ok(Told::of(bucket, keys.iter().map(String::as_str), today))
    }

    /// Lists the marks of the buckets whose names are between these two, which are included.
    pub async fn marks(
        &self,
        from: &BucketName,
        to: &BucketName,
    ) -> Result<BTreeMap<BucketName, BTreeSet<Mark>>, AwsError> {
        let (after, before) = (format!("{PREFIX}{from}"), format!("{PREFIX}{to}"));
        let mut keys = self.keys(PREFIX, Some(&after), |key| key < before.as_str()).await?;
        for name in behind(from.as_str(), to.as_str()) {
            keys.extend(self.keys(&of(name), None, |_| true).await?);
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

/// What the marks of a bucket begin with.
fn of(bucket: &str) -> String {
    format!("{PREFIX}{bucket}/")
}

/// The last name and those before it whose marks are listed behind those of names after it.
///
/// Keys sort otherwise than names, because `-` and `.` come before `/`: `logs-2/…` is listed before `logs/…`.
fn behind<'a>(from: &'a str, to: &'a str) -> impl Iterator<Item = &'a str> {
    to.match_indices(['-', '.'])
        .map(|(end, _)| &to[..end])
        .chain([to])
        .filter(move |name| name.len() >= 3 && *name >= from)
}
