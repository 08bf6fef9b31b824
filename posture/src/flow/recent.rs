//! What was switched off lately, as far as this process knows: in all buckets.

use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime};

use crate::BucketName;
use crate::evaluate::downgrade::{Fall, MINUTES};

/// What was switched off lately in this process, by bucket, and the alarms about principals.
#[derive(Debug, Default)]
pub(super) struct Recent {
    falls: Vec<(BucketName, Fall)>,
    alarms: BTreeMap<String, OffsetDateTime>,
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
