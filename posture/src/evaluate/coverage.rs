//! Which buckets no event ever told of: the sweep finds them, and says that events are missing.
//!
//! The ledger has a mark for each bucket. The first sweep marks what was there before the guard; from then on an event
//! marks a bucket, or else a sweep does. What a second sweep still finds without an event is a gap: in between, hours
//! have passed, more than any event takes.

use std::collections::BTreeSet;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::BucketName;
use crate::text::named::named;

/// What the ledger knows of how a bucket came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mark {
    /// It was there before the guard.
    Before,
    /// An event told of it.
    Event,
    /// A sweep found it, and no event had told of it.
    Swept,
    /// It was reported as a gap.
    Gap,
}

/// A text that is no mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidMark;

named! {
    Mark:
    Before = "before",
    Event = "event",
    Swept = "swept",
    Gap = "gap",
}

impl FromStr for Mark {
    type Err = InvalidMark;

    fn from_str(text: &str) -> Result<Self, InvalidMark> {
        Self::ALL.into_iter().find(|mark| mark.name() == text).ok_or(InvalidMark)
    }
}

/// The mark that a sweep adds to a bucket, if it adds one; `is_first` is the first sweep of all.
pub fn at_sweep(marks: &BTreeSet<Mark>, is_first: bool) -> Option<Mark> {
    if marks.contains(&Mark::Event) || marks.contains(&Mark::Before) || marks.contains(&Mark::Gap) {
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
/// There once the first sweep has come to its end.
pub const FIRST_SWEEP: &str = "sweeps/first";

/// Where a mark is.
pub fn key(bucket: &BucketName, mark: Mark) -> String {
    format!("{PREFIX}{bucket}/{mark}")
}

/// The bucket and the mark of a key.
pub fn of_key(key: &str) -> Option<(BucketName, Mark)> {
    let (bucket, mark) = key.strip_prefix(PREFIX)?.split_once('/')?;
    Some((bucket.parse().ok()?, mark.parse().ok()?))
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
    fn what_was_there_before_the_guard_or_was_told_of_is_no_gap() {
        check(&[], true, Some(Mark::Before));
        for marks in [&[Mark::Before][..], &[Mark::Event], &[Mark::Swept, Mark::Event]] {
            check(marks, false, None);
            check(marks, true, None);
        }
    }

    #[test]
    fn a_key_tells_its_bucket_and_mark() {
        let bucket: BucketName = "reports".parse().unwrap();
        for mark in Mark::ALL {
            assert_eq!(of_key(&key(&bucket, mark)), Some((bucket.clone(), mark)));
        }
        assert_eq!(of_key("known/reports/else"), None);
    }
}
