//! Finds the buckets for which no event was received, which means that events are missing.
//!
//! The ledger has a mark for each bucket. The first sweep marks the buckets that existed before the guard; from then on an
//! event marks a bucket, or else a sweep does. A bucket that a second sweep, hours later, finds without an event is a gap.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::BucketName;
use crate::text::named::named;

/// How the guard learned of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mark {
    /// It existed before the guard.
    Before,
    /// By an event.
    Event,
    /// By a sweep, without an event.
    Swept,
    /// It was reported as a gap.
    Gap,
}

named! {
    Mark:
    Before = "before",
    Event = "event",
    Swept = "swept",
    Gap = "gap",
}

/// The mark that a sweep adds to a bucket, if it adds one; `is_first` is the first sweep of all.
pub fn at_sweep(marks: &BTreeSet<Mark>, is_first: bool) -> Option<Mark> {
    if [Mark::Event, Mark::Before, Mark::Gap].iter().any(|mark| marks.contains(mark)) {
        None
    } else if is_first {
        Some(Mark::Before)
    } else if marks.contains(&Mark::Swept) {
        Some(Mark::Gap)
    } else {
        Some(Mark::Swept)
    }
}

/// What all marks of buckets begin with.
pub const PREFIX: &str = "known/";

/// Where a mark is.
pub fn key(bucket: &BucketName, mark: Mark) -> String {
    format!("{PREFIX}{bucket}/{mark}")
}

/// The bucket and the mark of a key.
pub fn of_key(key: &str) -> Option<(BucketName, Mark)> {
    let (bucket, mark) = key.strip_prefix(PREFIX)?.split_once('/')?;
    Some((bucket.parse().ok()?, Mark::from_name(mark)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(marks: &[Mark], is_first: bool, expected: Option<Mark>) {
        let marks = marks.iter().copied().collect();
        assert_eq!(at_sweep(&marks, is_first), expected, "{marks:?}");
    }

    #[test]
    fn a_bucket_that_two_sweeps_find_and_no_event_is_a_gap_once() {
        check(&[], false, Some(Mark::Swept));
        check(&[Mark::Swept], false, Some(Mark::Gap));
        check(&[Mark::Swept, Mark::Gap], false, None);
    }

    #[test]
    fn a_bucket_from_before_the_guard_or_with_an_event_is_no_gap() {
        check(&[], true, Some(Mark::Before));
        for marks in [&[Mark::Before][..], &[Mark::Event], &[Mark::Swept, Mark::Event]] {
            check(marks, false, None);
            check(marks, true, None);
        }
    }

    #[test]
    fn a_key_has_its_bucket_and_mark() {
        let bucket: BucketName = "reports".parse().unwrap();
        for mark in Mark::ALL {
            assert_eq!(of_key(&key(&bucket, mark)), Some((bucket.clone(), mark)));
        }
        assert_eq!(of_key("known/reports/else"), None);
    }
}
