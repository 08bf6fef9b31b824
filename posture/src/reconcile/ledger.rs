//! The keys of the ledger bucket, and which of its objects count.
//!
//! ```text
//! records/BUCKET/BUCKET@20261124T231502.123Z-encryption.json      a write
//! records/BUCKET/BUCKET@20261124T231502.123Z-encryption.failed    that write failed
//! state/BUCKET.json                                               what is known about the bucket
//! suppressions/BUCKET/tls/20261124T231502.123Z-2027-01-31.json    its remediation is suppressed until that day
//! sweeps/last, sweeps/first                                       the ends of the last sweep and of the first one
//! sweeps/subscribed                                               since when a subscription is confirmed
//! digests/20261130T152000Z-60/…                                   notifications that are published together (`flow::desk`)
//! sweeps/unguarded                                                which Regions without a guard were reported, and when
//! sweeps/announced/2026-11-27-soon/WHAT.json                      it was announced that an exemption ends
//! ```
//!
//! The ledger is the only state. An object counts only if it is encrypted with the stack's key, which others may not use
//! for it, and if its content says the same as its key.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime, UtcOffset};

use crate::BucketName;
use crate::contract::ledger::RECORDS;
use crate::model::setting::SettingKind;

pub mod suppression;

/// For how long records and suppressions are retained: a year and a month, for an audit of a year.
pub const KEPT_DAYS: u32 = 400;
/// The most bytes of an object of the ledger that are read.
pub const OBJECT_BYTES_MAX: u64 = 1 << 20;
/// The most keys that one list of the ledger reads.
pub const KEYS_MAX: usize = 20_000;

const STAMP: &[BorrowedFormatItem<'_>] =
    format_description!("[year][month][day]T[hour][minute][second].[subsecond digits:3]Z");
const RECORD: &str = ".json";
const FAILED: &str = ".failed";

/// What the ledger has at a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// No object.
    Absent,
    /// An object that does not count.
    Foreign {
        /// Its version, by which it can be replaced.
        etag: String,
        /// Why it does not count.
        cause: String,
    },
    /// An object that was written with the stack's key. Its content was not compared with its key.
    Ours {
        /// Its version.
        etag: String,
        /// Its content.
        body: Vec<u8>,
    },
}

/// An object that does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignObject {
    /// Its key.
    pub key: String,
    /// Its version.
    pub etag: String,
    /// Why it does not count.
    pub cause: String,
}

impl ForeignObject {
    /// Its key and version, by which it is reported once.
    pub fn id(&self) -> String {
        format!("{} {}", self.key, self.etag)
    }
}

/// What has to hold for a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition<'a> {
    /// Nothing.
    Always,
    /// There is no object at the key.
    Absent,
    /// The object has still this version.
    Still(&'a str),
}

/// A range of keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyRange<'a> {
    /// What each begins with.
    pub prefix: &'a str,
    /// The first one comes after this.
    pub after: Option<&'a str>,
    /// The last one is this, or comes before it.
    pub to: Option<&'a str>,
}

/// The id of a record, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordId {
    /// The bucket.
    pub bucket: BucketName,
    /// When the write began, in UTC.
    pub time: OffsetDateTime,
    /// What was written.
    pub kind: SettingKind,
}

/// Why a text is not the id of a record.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not the id of a record, as `reports@20261124T231502.123Z-encryption` is")]
pub struct InvalidRecordId(String);

impl RecordId {
    /// The key of the record.
    pub fn key(&self) -> String {
        format!("{}{self}{RECORD}", prefix(&self.bucket))
    }

    /// The key that marks the write as failed.
    pub fn failed_key(&self) -> String {
        format!("{}{self}{FAILED}", prefix(&self.bucket))
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}-{}", self.bucket, formatted(self.time, STAMP), self.kind)
    }
}

impl FromStr for RecordId {
    type Err = InvalidRecordId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidRecordId(text.chars().take(400).collect());
        let (bucket, rest) = text.rsplit_once('@').ok_or_else(invalid)?;
        let (stamp, kind) = rest.split_once('-').ok_or_else(invalid)?;
        let time = PrimitiveDateTime::parse(stamp, STAMP).map_err(|_| invalid())?.assume_utc();
        let kind = SettingKind::from_name(kind).ok_or_else(invalid)?;
        let bucket = bucket.parse().map_err(|_| invalid())?;
        Ok(Self { bucket, time, kind })
    }
}

/// The prefix of the records of a bucket.
pub fn prefix(bucket: &BucketName) -> String {
    format!("{RECORDS}{bucket}/")
}

/// The key after which the records of a bucket from this time on are listed.
pub fn since(bucket: &BucketName, time: OffsetDateTime) -> String {
    format!("{}{bucket}@{}", prefix(bucket), formatted(time, STAMP))
}

/// Until when a guard that stops now does not write: until the end of the hour after this one.
pub fn still_until(now: OffsetDateTime) -> OffsetDateTime {
    let now = now.to_offset(UtcOffset::UTC);
    let into_hour = Duration::minutes(now.minute().into())
        + Duration::seconds(now.second().into())
        + Duration::nanoseconds(now.nanosecond().into());
    now - into_hour + Duration::hours(2)
}

fn formatted(time: OffsetDateTime, format: &[BorrowedFormatItem<'_>]) -> String {
    time.to_offset(UtcOffset::UTC).format(&format).expect("a time has all that the format asks for")
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-24 23:15:02.123 UTC);

    fn bucket() -> BucketName {
        "reports.example-1".parse().unwrap()
    }

    #[test]
    fn the_key_of_a_record_follows_from_its_id() {
        for kind in SettingKind::ALL {
            let id = RecordId { bucket: bucket(), time: NOW, kind };
            let text = id.to_string();
            assert_eq!(text.parse(), Ok(id.clone()));
            assert_eq!(id.key(), format!("records/reports.example-1/{text}.json"));
        }
        for bad in ["", "reports", "reports@", "reports@20261124T231502.123Z", "a@b-encryption"] {
            assert!(bad.parse::<RecordId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_of_records_sort_by_time() {
        let at = |time| RecordId { bucket: bucket(), time, kind: SettingKind::Encryption };
        let since = since(&bucket(), NOW);
        assert!(at(NOW).key() > since && at(NOW).failed_key() > since);
        assert!(at(NOW - Duration::MILLISECOND).key() < since);
        assert!(at(NOW + Duration::days(400)).key() > at(NOW).key());
    }

    #[test]
    fn a_stop_lasts_until_the_end_of_the_next_hour() {
        assert_eq!(still_until(NOW), datetime!(2026-11-25 01:00 UTC));
        assert_eq!(still_until(datetime!(2026-11-24 23:00 UTC)), datetime!(2026-11-25 01:00 UTC));
    }
}
