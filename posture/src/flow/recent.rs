//! What was switched off lately, as far as this process knows: in all buckets.

use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime};

use crate::BucketName;
use crate::evaluate::downgrade::{Fall, MINUTES};

/// Within how many minutes the events of a principal are counted.
pub(super) const FLOOD_MINUTES: i64 = 5;

/// What was switched off lately in this process, by bucket, and the alarms about principals.
#[derive(Debug, Default)]
pub(super) struct Recent {
    falls: Vec<(BucketName, Fall)>,
    alarms: BTreeMap<String, OffsetDateTime>,
    /// The events of each principal, with when they were received.
    events: BTreeMap<String, BTreeMap<String, OffsetDateTime>>,
    /// When the last flood of each principal was reported.
    floods: BTreeMap<String, OffsetDateTime>,
}

impl Recent {
    pub(super) fn falls(&self) -> Vec<(BucketName, Fall)> {
        self.falls.clone()
    }

    pub(super) fn add(&mut self, bucket: &BucketName, falls: impl IntoIterator<Item = Fall>) {
        self.falls.extend(falls.into_iter().map(|fall| (bucket.clone(), fall)));
        let newest = self.falls.iter().map(|(_, fall)| fall.time).max();
        let start = newest.map(|newest| newest - Duration::minutes(MINUTES));
        self.falls.retain(|(_, fall)| Some(fall.time) >= start);
    }

    /// Counts an event of a principal, each once; the number of the last minutes.
    pub(super) fn count(&mut self, principal: &str, event: String, now: OffsetDateTime) -> usize {
        let start = now - Duration::minutes(FLOOD_MINUTES);
        self.events.retain(|_, events| {
            events.retain(|_, time| *time > start);
            !events.is_empty()
        });
        let events = self.events.entry(principal.to_owned()).or_default();
        events.entry(event).or_insert(now);
        events.len()
    }

    /// Whether a flood of a principal is to be reported now; it is noted.
    pub(super) fn floods(&mut self, principal: &str, now: OffsetDateTime) -> bool {
        self.floods.retain(|_, last| now - *last < Duration::HOUR);
        self.floods.insert(principal.to_owned(), now).is_none_or(|last| {
            self.floods.insert(principal.to_owned(), last);
            false
        })
    }

    /// Forgets a flood that could not be reported.
    pub(super) fn not_flooded(&mut self, principal: &str) {
        self.floods.remove(principal);
    }

    pub(super) fn alarm(&self, principal: &str) -> Option<OffsetDateTime> {
        self.alarms.get(principal).copied()
    }

    pub(super) fn alarmed(&mut self, principal: &str, time: OffsetDateTime) {
        self.alarms.retain(|_, last| time - *last <= Duration::HOUR);
        self.alarms.insert(principal.to_owned(), time);
    }

    pub(super) fn not_alarmed(&mut self, principal: &str) {
        self.alarms.remove(principal);
    }
}
