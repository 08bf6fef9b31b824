//! Counts of events, and what is notable among them.

use std::collections::BTreeMap;

use super::alert::Alarming;
use crate::config::{Subscription, Threshold};
use crate::digest::window::Known;
use crate::events::object_event::ObjectEvent;
use crate::model::change::Change;
use crate::model::severity::Severity;
use crate::notify::notification::Origin;
use crate::{BucketName, Grade};

/// The context of a digest.
pub struct Scene<'a> {
    /// The stack that sends it, and when.
    pub origin: Origin<'a>,
    /// The ledger bucket with the whole list, if there is one.
    pub ledger: Option<&'a BucketName>,
    /// What is known about the buckets.
    pub known: &'a BTreeMap<BucketName, Known>,
    /// The limits of alerts.
    pub alarming: &'a Alarming,
    /// The subscriptions with their filters.
    pub subscriptions: &'a [Subscription],
}

/// What happened in one bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct BucketSummary {
    pub(super) events: usize,
    pub(super) changes: BTreeMap<Change, usize>,
    /// The bytes of the objects that were created or overwritten.
    pub(super) bytes_created: u64,
    /// How many created objects may be public by their ACL, which was not looked up.
    pub(super) unchecked: usize,
    /// How often what may cause an alert happened.
    pub(super) thresholds: BTreeMap<Threshold, usize>,
}

/// Something notable, which is listed first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotableEvents {
    pub(super) bucket: BucketName,
    pub(super) what: What,
    pub(super) count: usize,
    pub(super) severity: Severity,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// Objects are public now.
    MadePublic,
    /// An alert.
    Mass(Threshold),
    /// Versions were deleted permanently in a versioned bucket.
    VersionsDeleted,
    /// The ACL of objects was changed.
    AclUpdated,
    /// Something happened in a bucket of grade `security`.
    OfGradeSecurity,
}

impl What {
    /// Its count, in words.
    pub(super) fn count(self, count: usize) -> String {
        let (one, many) = match self {
            Self::MadePublic => {
                ("object made public by its ACL", "objects made public by their ACL")
            }
            Self::Mass(threshold) => threshold.words(),
            Self::VersionsDeleted => ("version deleted for good", "versions deleted for good"),
            Self::AclUpdated => ("ACL changed", "ACLs changed"),
            Self::OfGradeSecurity => ("change", "changes"),
        };
        format!("{count} {}", if count == 1 { one } else { many })
    }

    /// Its count and its bucket, in words.
    pub(super) fn words(self, count: usize, bucket: &BucketName) -> String {
        let words = format!("{} in {bucket}", self.count(count));
        if self == Self::OfGradeSecurity { words + ", a bucket of grade security" } else { words }
    }

    pub(super) fn includes(self, event: &ObjectEvent) -> bool {
        match self {
            Self::MadePublic => event.change.is_public(),
            Self::Mass(threshold) => threshold.counts(event),
            Self::VersionsDeleted => event.is_version_deleted_for_good(),
            Self::AclUpdated => event.change == Change::AclUpdated,
            Self::OfGradeSecurity => true,
        }
    }

    pub(super) fn name(self) -> String {
        match self {
            Self::MadePublic => "made-public".to_owned(),
            Self::Mass(threshold) => format!("mass-{threshold}"),
            Self::VersionsDeleted => "versions-deleted".to_owned(),
            Self::AclUpdated => "acl-changed".to_owned(),
            Self::OfGradeSecurity => "grade-security".to_owned(),
        }
    }
}

/// Events, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) buckets: BTreeMap<BucketName, BucketSummary>,
    /// The most severe first.
    pub(super) notable: Vec<NotableEvents>,
    /// The same, by bucket.
    notable_in: BTreeMap<BucketName, Vec<(What, Severity)>>,
    pub(super) events: usize,
}

impl Summary {
    pub(super) fn of<'a>(
        events: impl IntoIterator<Item = &'a ObjectEvent>,
        known: &BTreeMap<BucketName, Known>,
        alarming: &Alarming,
    ) -> Self {
        let mut summary = Self::default();
        for event in events {
            summary.events += 1;
            let bucket = match summary.buckets.get_mut(&event.bucket) {
                Some(bucket) => bucket,
                None => summary.buckets.entry(event.bucket.clone()).or_default(),
            };
            bucket.events += 1;
            *bucket.changes.entry(event.change).or_default() += 1;
            bucket.unchecked += usize::from(event.is_acl_unchecked);
            if event.change.as_delivered() == Change::CreatedOrOverwritten {
                bucket.bytes_created =
                    bucket.bytes_created.saturating_add(event.size_bytes.unwrap_or_default());
            }
            for threshold in Threshold::ALL.into_iter().filter(|one| one.counts(event)) {
                *bucket.thresholds.entry(threshold).or_default() += 1;
            }
        }
        for (name, bucket) in &summary.buckets.clone() {
            let of = |change| bucket.changes.get(&change).copied().unwrap_or_default();
            let is_secret = known.get(name).and_then(|known| known.grade) == Some(Grade::Security);
            let versions = bucket.thresholds.get(&Threshold::DeletedForGood).copied();
            let usual = [
                (
                    What::MadePublic,
                    of(Change::MadePublic) + of(Change::CreatedPublic),
                    Severity::Critical,
                ),
                (What::AclUpdated, of(Change::AclUpdated), Severity::Warning),
                (What::VersionsDeleted, versions.unwrap_or_default(), Severity::Warning),
                (
                    What::OfGradeSecurity,
                    if is_secret { bucket.events } else { 0 },
                    Severity::Warning,
                ),
            ];
            let mass = alarming.reached(&bucket.thresholds, 0).into_iter();
            let mass = mass.map(|(what, count)| (What::Mass(what), count, what.severity()));
            let found = usual.into_iter().chain(mass).filter(|(_, count, _)| *count > 0);
            for (what, count, severity) in found {
                summary.add(NotableEvents { bucket: name.clone(), what, count, severity });
            }
        }
        summary.sort();
        summary
    }

    /// Adds what is notable in the digest of which these events are a part.
    pub(super) fn add_all(&mut self, whole: &Self, events: &[&ObjectEvent]) {
        for notable in &whole.notable {
            let is_known =
                |own: &NotableEvents| own.bucket == notable.bucket && own.what == notable.what;
            let has = |event: &&ObjectEvent| {
                event.bucket == notable.bucket && notable.what.includes(event)
            };
            let is_new = !self.notable.iter().any(is_known);
            if is_new && self.buckets.contains_key(&notable.bucket) && events.iter().any(has) {
                self.add(notable.clone());
            }
        }
        self.sort();
    }

    fn add(&mut self, notable: NotableEvents) {
        let of_bucket = self.notable_in.entry(notable.bucket.clone()).or_default();
        of_bucket.push((notable.what, notable.severity));
        self.notable.push(notable);
    }

    fn sort(&mut self) {
        self.notable.sort_by_key(|notable| (std::cmp::Reverse(notable.severity), notable.what));
    }

    /// The severity of an event, with all that is known about its bucket.
    pub(super) fn severity_of(&self, event: &ObjectEvent) -> Severity {
        let of_bucket = self.notable_in.get(&event.bucket).into_iter().flatten();
        let of_it = of_bucket.filter(|(what, _)| what.includes(event));
        let notable = of_it.map(|(_, severity)| *severity).max();
        notable.unwrap_or(Severity::Info).max(event.change.severity())
    }
}
