//! What one principal has switched off lately in all buckets, in the ledger: functions that run at the same time count
//! together.
//!
//! The document says nothing of alarms. If a function noted one before it is published, others would rely on a report that may
//! never come: so each function that sees the third raises it, and knows only its own alarms and those of the bucket.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use time::Duration;

use super::pass::pause;
use super::{Flow, Ledger, Outgoing};
use crate::contract::ledger::DIGESTS;
use crate::evaluate::downgrade::{Fall, MINUTES};
use crate::reconcile::account::CallError;
use crate::reconcile::ledger::{Condition, Stored};
use crate::{Account, BucketName};

/// How often the document is written again because another function has written it.
const WRITES_MAX: u32 = 6;
/// How many falls the document keeps: enough for every report, and few enough to be read each time.
const FALLS_MAX: usize = 200;

/// The document of a principal.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    /// Who: what the key says, too.
    principal: String,
    /// What was switched off within the last minutes.
    falls: Vec<FallOf>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct FallOf {
    bucket: BucketName,
    fall: Fall,
}

/// The key of a principal's document: an ARN may have a path with `..`, which S3 does not take, or be too long.
fn key(principal: &str) -> String {
    format!("{DIGESTS}principals/{}", hex::encode(Sha256::digest(principal)))
}

impl Document {
    fn read(body: &[u8], principal: &str) -> Option<Self> {
        serde_json::from_slice(body).ok().filter(|read: &Self| read.principal == principal)
    }

    /// Adds the falls of a bucket, each once, and forgets old ones.
    fn add(&mut self, bucket: &BucketName, falls: &[Fall]) {
        for fall in falls {
            let one = FallOf { bucket: bucket.clone(), fall: fall.clone() };
            if !self.falls.contains(&one) {
                self.falls.push(one);
            }
        }
        self.falls.sort_by_key(|one| one.fall.time);
        let newest = self.falls.last().map(|one| one.fall.time);
        let is_recent = |time| newest.is_none_or(|last| last - time <= Duration::minutes(MINUTES));
        self.falls.retain(|one| is_recent(one.fall.time));
        self.falls.drain(..self.falls.len().saturating_sub(FALLS_MAX));
    }

    fn pairs(self) -> Vec<(BucketName, Fall)> {
        self.falls.into_iter().map(|one| (one.bucket, one.fall)).collect()
    }
}

impl<A, L, O> Flow<'_, A, L, O>
where
    A: Account<Error: CallError>,
    L: Ledger,
    O: Outgoing,
{
    /// Notes what a principal has switched off in a bucket, if anything, and returns what all functions have noted. Without the ledger
    /// each function counts by itself.
    pub(super) async fn fell_together(
        &self,
        principal: &str,
        bucket: &BucketName,
        falls: &[Fall],
    ) -> Vec<(BucketName, Fall)> {
        let key = key(principal);
        for attempt in 0..WRITES_MAX {
            let (mut known, etag) = match self.ledger.read(&key).await {
                Ok(Stored::Ours { etag, body }) => (Document::read(&body, principal), Some(etag)),
                Ok(Stored::Foreign { etag, .. }) => (None, Some(etag)),
                Ok(Stored::Absent) => (None, None),
                Err(error) => {
                    tracing::error!(%bucket, %error, "what a principal has switched off could not be read");
                    return Vec::new();
                }
            };
            let before = known.clone();
            let document = known.get_or_insert_with(|| Document {
                principal: principal.to_owned(),
                falls: Vec::new(),
            });
            document.add(bucket, falls);
            let json = serde_json::to_vec(document).expect("it has only texts, times and lists");
            let condition = etag.as_deref().map_or(Condition::Absent, Condition::Still);
            let is_known = falls.is_empty() || before == known;
            let written =
                if is_known { Ok(true) } else { self.ledger.write(&key, json, condition).await };
            match written {
                Ok(true) => return known.map(Document::pairs).unwrap_or_default(),
                Ok(false) => self.outgoing.pause(pause(attempt.min(3), self.now())).await,
                Err(error) => {
                    tracing::error!(%bucket, %error, "what a principal has switched off could not be noted");
                    return Vec::new();
                }
            }
        }
        tracing::error!(%bucket, "what a principal has switched off was not noted");
        Vec::new()
    }
}
