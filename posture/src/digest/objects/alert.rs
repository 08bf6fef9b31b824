//! Alerts: when so much happens in one bucket that it is published at once.

use std::collections::BTreeMap;

use crate::BucketName;
use crate::config::{NotificationConfig, Threshold};
use crate::events::object_event::ObjectEvent;
use crate::model::change::Change;
use crate::model::severity::Severity;

/// The factor for each further alert in the same window.
const GROWTH: u32 = 10;

impl Threshold {
    /// The singular and the plural, in words.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Deleted => ("object deleted", "objects deleted"),
            Self::DeletedForGood => ("version deleted for good", "versions deleted for good"),
            Self::AclChanged => ("ACL changed", "ACLs changed"),
            Self::Overwritten => ("object overwritten", "objects overwritten"),
            Self::Created => ("object created or overwritten", "objects created or overwritten"),
        }
    }

    /// Its severity.
    pub const fn severity(self) -> Severity {
        match self {
            Self::DeletedForGood => Severity::Critical,
            Self::Deleted | Self::AclChanged | Self::Overwritten => Severity::High,
            Self::Created => Severity::Warning,
        }
    }

    /// Whether an event counts. Deletions by a lifecycle rule are intended.
    pub fn counts(self, event: &ObjectEvent) -> bool {
        let change = event.change;
        match self {
            Self::Deleted => matches!(change, Change::Deleted | Change::DeleteMarkerCreated),
            Self::DeletedForGood => event.is_version_deleted_for_good(),
            Self::AclChanged => matches!(change, Change::AclUpdated | Change::MadePublic),
            Self::Overwritten => change == Change::Overwritten,
            Self::Created => change.as_delivered() == Change::CreatedOrOverwritten,
        }
    }
}

/// The limits from which on an alert is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarming(pub BTreeMap<Threshold, u32>);

impl Default for Alarming {
    fn default() -> Self {
        Self(NotificationConfig::default().alert())
    }
}

impl Alarming {
    /// Whether an event counts for an alert.
    pub fn concerns(&self, event: &ObjectEvent) -> bool {
        self.0.keys().any(|threshold| threshold.counts(event))
    }

    /// The thresholds that a bucket has reached, if so many alerts were published in the same time before: each further alert
    /// needs ten times as many events, so that their number is limited.
    pub fn reached(
        &self,
        counts: &BTreeMap<Threshold, usize>,
        alerts_before: u32,
    ) -> Vec<(Threshold, usize)> {
        let factor = GROWTH.checked_pow(alerts_before).unwrap_or(u32::MAX);
        let reached = |(threshold, limit): (&Threshold, &u32)| {
            let count = counts.get(threshold).copied().unwrap_or_default();
            let limit = limit.saturating_mul(factor) as usize;
            (count >= limit).then_some((*threshold, count))
        };
        self.0.iter().filter_map(reached).collect()
    }

    /// The lowest threshold.
    pub fn least(&self) -> Option<usize> {
        self.0.values().min().map(|limit| *limit as usize)
    }

    /// The buckets that have reached a threshold; `alerts_before` is how often each has in the same time before.
    pub fn alerting<'a>(
        &self,
        events: impl IntoIterator<Item = &'a ObjectEvent>,
        alerts_before: &BTreeMap<BucketName, u32>,
    ) -> Vec<BucketName> {
        let mut buckets: BTreeMap<&BucketName, BTreeMap<Threshold, usize>> = BTreeMap::new();
        for event in events {
            for threshold in self.0.keys().filter(|threshold| threshold.counts(event)) {
                *buckets.entry(&event.bucket).or_default().entry(*threshold).or_default() += 1;
            }
        }
        let before = |bucket: &BucketName| alerts_before.get(bucket).copied().unwrap_or_default();
        let alerting = buckets
            .iter()
            .filter(|(bucket, counts)| !self.reached(counts, before(bucket)).is_empty());
        alerting.map(|(bucket, _)| (*bucket).clone()).collect()
    }
}
