//! Several protections that one principal has switched off in a short time: how ransomware prepares.

use std::collections::BTreeSet;

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
        let of_principal: Vec<&(BucketName, Fall)> = falls.iter().filter(counts).collect();
        let until = of_principal.iter().map(|(_, fall)| fall.time).max()?;
        let is_recent = |fall: &Fall| until - fall.time <= Duration::minutes(MINUTES);
        let recent = of_principal.iter().filter(|(_, fall)| is_recent(fall));
        let since = recent.clone().map(|(_, fall)| fall.time).min()?;
        // A tool that switches one off again and again is a conflict.
        let distinct: BTreeSet<_> = recent.map(|(of, fall)| (of, fall.protection)).collect();
        let buckets: BTreeSet<_> = distinct.iter().map(|(of, _)| of).collect();
        let (count, buckets) = (distinct.len(), buckets.len());
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
