//! The protections of a bucket in its state: the last known values, and what was switched off lately.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::evaluate::downgrade::Fall;
use crate::model::protection::LastValues;
use crate::text::wire::as_time;

/// The most falls that are kept: those of the last hour.
const FALLS_MAX: usize = 50;

/// The protections in a bucket's state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProtectionState {
    /// The last known values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub values: LastValues,
    /// What calls have switched off within the last hour.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub falls: Vec<KnownFall>,
    /// The last alarm about each principal that has switched off several.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub alarms: BTreeMap<String, Alarm>,
    /// What points to the bucket's name from outside, in words: it is a website.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<bool>,
}

/// A protection that a call has switched off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownFall {
    /// What.
    #[serde(flatten)]
    pub fall: Fall,
    /// In words.
    pub words: String,
    /// Whether it was reported; otherwise it is part of the next summary.
    pub notified: bool,
    /// Whether it was remediated: the record of that is reported in its place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub said: bool,
}

/// When an alarm was raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// When.
    #[serde(with = "as_time")]
    pub time: OffsetDateTime,
}

/// What a pass adds to the protections in the state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProtectionUpdate {
    /// The last known values that have changed.
    pub values: LastValues,
    /// What calls have switched off.
    pub falls: Vec<KnownFall>,
    /// The alarms that were raised, by principal.
    pub alarms: Vec<(String, OffsetDateTime)>,
    /// Whether the bucket is a website, if that is known.
    pub website: Option<bool>,
}

impl ProtectionState {
    /// Adds an update. Applied twice it changes nothing more.
    pub fn learn(&mut self, update: &ProtectionUpdate) {
        for (protection, value) in &update.values {
            let is_newer = |known: &_| *known <= value.since;
            if self.values.get(protection).is_none_or(|known| is_newer(&known.since)) {
                self.values.insert(*protection, value.clone());
            }
        }
        for new in &update.falls {
            match self.falls.iter_mut().find(|known| known.fall == new.fall) {
                Some(known) => known.notified |= new.notified,
                None => self.falls.push(new.clone()),
            }
        }
        for (principal, time) in &update.alarms {
            let alarm = self.alarms.entry(principal.clone()).or_insert(Alarm { time: *time });
            alarm.time = alarm.time.max(*time);
        }
        self.website = update.website.or(self.website);
    }

    /// Forgets what is over: what was reported, an hour ago.
    pub fn forget(&mut self, now: OffsetDateTime) {
        let start = now - Duration::HOUR;
        self.falls.retain(|known| known.fall.time > start || !known.notified);
        self.falls.sort_by(|a, b| a.fall.cmp(&b.fall));
        let excess = self.falls.len().saturating_sub(FALLS_MAX);
        self.falls.drain(..excess);
        self.alarms.retain(|_, alarm| alarm.time > start);
    }
}

impl ProtectionUpdate {
    /// Whether it says nothing that depends on the publication of a report.
    pub fn is_independent(&self) -> bool {
        self.falls.is_empty()
            && self.alarms.is_empty()
            && self.values.values().all(|value| value.unexplained_from.is_none())
    }
}
