//! What one principal has switched off lately in all buckets, in the ledger: functions that run at the same time count
//! together, and one of them raises the alarm.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::pass::pause;
use super::{Flow, Ledger, Outgoing};
use crate::contract::ledger::DIGESTS;
use crate::evaluate::downgrade::{Fall, MINUTES, Sequence};
use crate::reconcile::account::CallError;
use crate::reconcile::ledger::{Condition, Stored};
use crate::text::wire::as_time;
use crate::{Account, BucketName};

/// How often the document is written again because another function has written it.
const WRITES_MAX: u32 = 6;
/// How many falls the document keeps: enough for every report, and few enough to be read each time.
const FALLS_MAX: usize = 200;
/// The longest principal that has a document: a key of S3 has at most 1,024 bytes.
const PRINCIPAL_MAX: usize = 900;

/// The document of a principal.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    /// Who: what the key says, too.
    principal: String,
    /// What was switched off within the last minutes.
    falls: Vec<FallOf>,
    /// The last alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alarm: Option<AlarmOf>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct FallOf {
    bucket: BucketName,
    fall: Fall,
}

/// The alarm that a pass over a bucket raises. A pass that is interrupted raises it again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct AlarmOf {
    bucket: BucketName,
    #[serde(with = "as_time")]
    time: OffsetDateTime,
}

/// What all functions know of a principal.
#[derive(Debug, Default)]
pub(super) struct Together {
    pub(super) falls: Vec<(BucketName, Fall)>,
    /// When the pass over another bucket has raised the last alarm.
    pub(super) alarm: Option<OffsetDateTime>,
}

fn key(principal: &str) -> String {
    format!("{DIGESTS}principals/{principal}")
}

impl Document {
    fn read(body: &[u8], principal: &str) -> Option<Self> {
        serde_json::from_slice(body).ok().filter(|read: &Self| read.principal == principal)
    }

    /// Adds the falls of a bucket, each once, and forgets old ones; the alarm is the bucket's, unless another has it.
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
        let is_alarmed = self.alarm.as_ref().is_some_and(|alarm| is_recent(alarm.time));
        if !is_alarmed {
            let sequence = Sequence::of(&self.principal, bucket, &self.pairs());
            self.alarm = sequence.map(|all| AlarmOf { bucket: bucket.clone(), time: all.until });
        }
    }

    fn pairs(&self) -> Vec<(BucketName, Fall)> {
        self.falls.iter().map(|one| (one.bucket.clone(), one.fall.clone())).collect()
    }

    fn together(self, bucket: &BucketName) -> Together {
        let falls = self.pairs();
        let of_another = self.alarm.filter(|alarm| alarm.bucket != *bucket);
        Together { falls, alarm: of_another.map(|alarm| alarm.time) }
    }
}

impl<A, L, O> Flow<'_, A, L, O>
where
    A: Account<Error: CallError>,
    L: Ledger,
    O: Outgoing,
{
    /// Notes what a principal has switched off in a bucket, and returns what all functions have noted. Without the ledger
    /// each function counts by itself.
    pub(super) async fn fell_together(
        &self,
        principal: &str,
        bucket: &BucketName,
        falls: &[Fall],
    ) -> Together {
        if principal.len() > PRINCIPAL_MAX {
            return Together::default();
        }
        let key = key(principal);
        for attempt in 0..WRITES_MAX {
            let (mut known, etag) = match self.ledger.read(&key).await {
                Ok(Stored::Ours { etag, body }) => (Document::read(&body, principal), Some(etag)),
                Ok(Stored::Foreign { etag, .. }) => (None, Some(etag)),
                Ok(Stored::Absent) => (None, None),
                Err(error) => {
                    tracing::error!(%bucket, %error, "what a principal has switched off could not be read");
                    return Together::default();
                }
            };
            let before = known.clone();
            let document = known.get_or_insert_with(|| Document {
                principal: principal.to_owned(),
                falls: Vec::new(),
                alarm: None,
            });
            document.add(bucket, falls);
            let json = serde_json::to_vec(document).expect("it has only texts, times and lists");
            let condition = etag.as_deref().map_or(Condition::Absent, Condition::Still);
            let is_known = before == known;
            let written =
                if is_known { Ok(true) } else { self.ledger.write(&key, json, condition).await };
            match written {
                Ok(true) => return known.map(|one| one.together(bucket)).unwrap_or_default(),
                Ok(false) => self.outgoing.pause(pause(attempt.min(3), self.now())).await,
                Err(error) => {
                    tracing::error!(%bucket, %error, "what a principal has switched off could not be noted");
                    return Together::default();
                }
            }
        }
        tracing::error!(%bucket, "what a principal has switched off was not noted");
        Together::default()
    }
}
