//! Finds the buckets for which no event was received, which means that events are missing.
//!
//! Each bucket that the guard knows has a state in the ledger, which says how it became known. The first sweep adds the
//! buckets that existed before the guard; from then on the event of its creation adds a bucket. A bucket that a later
//! sweep finds without a state, hours after its creation, is a gap.
//!
//! S3 changes the creation date when the bucket is changed, so a gap may be found later than after those hours.
//!
//! Source: Amazon S3 API Reference, `ListBuckets`, `CreationDate`.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::text::named::named;

/// For how long after its creation a bucket may be without an event: `CloudTrail` delivers within minutes, seldom later.
pub const EVENT_WITHIN: Duration = Duration::hours(2);

/// How the guard learned of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Known {
    /// A sweep found it soon after its creation, and its event may still arrive.
    Swept,
    /// It existed before the guard.
    Before,
    /// It was reported as a gap.
    Gap,
    /// By an event.
    Event,
    /// By the event of its creation.
    Created,
}

named! {
    Known:
    Swept = "swept",
    Before = "before",
    Gap = "gap",
    Event = "event",
    Created = "created",
}

impl Known {
    /// Whether an event of the bucket has arrived: that a sweep has found it does not prove that one does.
    pub fn is_by_event(self) -> bool {
        match self {
            Self::Event | Self::Created => true,
            Self::Swept | Self::Before | Self::Gap => false,
        }
    }
}

/// How a bucket without a state becomes known to a sweep; `is_first` is the first sweep of all.
pub fn at_sweep(created: Option<OffsetDateTime>, is_first: bool, now: OffsetDateTime) -> Known {
    let is_recent = created.is_some_and(|created| now - created < EVENT_WITHIN);
    match (is_first, is_recent) {
        (true, _) => Known::Before,
        (false, true) => Known::Swept,
        (false, false) => Known::Gap,
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-20 12:00:00 UTC);

    #[test]
    fn a_bucket_without_a_state_is_a_gap_two_hours_after_its_creation() {
        let ago = |minutes| Some(NOW - Duration::minutes(minutes));
        for (created, expected) in [
            (ago(-5), Known::Swept),
            (ago(0), Known::Swept),
            (ago(119), Known::Swept),
            (ago(120), Known::Gap),
            (ago(100_000), Known::Gap),
            (None, Known::Gap),
        ] {
            assert_eq!(at_sweep(created, false, NOW), expected, "{created:?}");
            assert_eq!(at_sweep(created, true, NOW), Known::Before, "{created:?}");
        }
    }

    #[test]
    fn only_an_event_shows_that_events_arrive() {
        let by_event = Known::ALL.into_iter().filter(|known| known.is_by_event());
        assert_eq!(by_event.collect::<Vec<_>>(), [Known::Event, Known::Created]);
    }
}
