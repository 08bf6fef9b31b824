//! Several protections that one principal has switched off in a short time: how ransomware prepares.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::BucketName;
use crate::model::protection::Protection;
use crate::text::wire::as_time;

/// How many of them are an alarm.
const COUNT: usize = 3;
/// Within how many minutes.
pub const MINUTES: i64 = 10;

/// A protection that a call has switched off.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fall {
    /// When.
    #[serde(with = "as_time")]
    pub time: OffsetDateTime,
    /// Which.
    pub protection: Protection,
    /// Who: the role without its session, so that a new session is no new principal.
    pub principal: String,
    /// `CloudTrail`'s id of the call's event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// Whether it is known that it was on before.
    #[serde(default)]
    pub was_on: bool,
}

/// Protections that one principal has switched off in a short time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// Who.
    pub principal: String,
    /// How many protections.
    pub count: usize,
    /// How many buckets they are of.
    pub buckets: usize,
    /// When the first one was switched off.
    pub since: OffsetDateTime,
    /// When the last one was.
    pub until: OffsetDateTime,
    /// Whether the alarm was raised before: this is what came after it.
    pub is_later: bool,
}

impl Sequence {
    /// The sequence of a principal that has switched off so many protections.
    ///
    /// In other buckets, only what is known to have been on counts: the setup of many new buckets is no attack.
    pub fn of(principal: &str, bucket: &BucketName, falls: &[(BucketName, Fall)]) -> Option<Self> {
        let counts = |(of, fall): &&(BucketName, Fall)| {
            fall.principal == principal && (of == bucket || fall.was_on)
        };
        let mut of_principal: Vec<_> = falls.iter().filter(counts).collect();
        of_principal.sort_by(|(a, x), (b, y)| {
            (a, x.protection, &x.event_id).cmp(&(b, y.protection, &y.event_id))
        });
        of_principal.dedup_by(|(a, x), (b, y)| {
            a == b && x.protection == y.protection && x.event_id == y.event_id
        });
        let until = of_principal.iter().map(|(_, fall)| fall.time).max()?;
        of_principal.retain(|(_, fall)| until - fall.time <= Duration::minutes(MINUTES));
        let since = of_principal.iter().map(|(_, fall)| fall.time).min()?;
        let mut buckets: Vec<&BucketName> = of_principal.iter().map(|(of, _)| of).collect();
        buckets.sort_unstable();
        buckets.dedup();
        let (count, buckets) = (of_principal.len(), buckets.len());
        let principal = principal.to_owned();
        (count >= COUNT).then_some(Self {
            principal,
            count,
            buckets,
            since,
            until,
            is_later: false,
        })
    }

    /// How long it took, in words.
    pub fn took(&self) -> String {
        let seconds = (self.until - self.since).whole_seconds();
        match (seconds + 59) / 60 {
            0 | 1 => "within a minute".to_owned(),
            minutes => format!("within {minutes} minutes"),
        }
    }
}
