//! Where things are in the ledger bucket, and what its keys alone tell.
//!
//! ```text
//! buckets/BUCKET/2026-11-24T23/BUCKET@20261124T231502.123Z-encryption.json   a write
//! buckets/BUCKET/2026-11-24T23/BUCKET@20261124T231502.123Z-encryption.failed that write failed
//! buckets/BUCKET/2026-11-24T23/stopped-encryption.json                       the guard has stopped there, and said so
//! buckets/BUCKET/undone/encryption/20261124T231502.123Z-2027-01-31.json      somebody has undone it, until that day
//! known/BUCKET/event                                                         an event told of the bucket
//! ```
//!
//! The ledger is the only state there is. Its keys sort by time, so one list of the hour before and this one, with what
//! was undone behind them, is all that a look at a bucket costs. A record says itself that its write failed, but only to
//! whoever reads it: the key beside it says so to a list, and a write that goes well costs nothing for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime, UtcOffset};

use crate::model::setting::SettingKind;
use crate::{BucketName, History};

pub mod undone;

/// For how long objects of `buckets/` are kept. A year and a month: an audit of a year finds all of it.
pub const KEPT_DAYS: u32 = 400;

/// What the keys of all records begin with.
pub const RECORDS_PREFIX: &str = "buckets/";

const HOUR: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]");
const STAMP: &[BorrowedFormatItem<'_>] =
    format_description!("[year][month][day]T[hour][minute][second].[subsecond digits:3]Z");
const STOPPED: &str = "stopped-";
const RECORD: &str = ".json";
const FAILED: &str = ".failed";

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
    /// Where the record is.
    pub fn key(&self) -> String {
        self.at(RECORD)
    }

    /// Where it says that the write failed.
    pub fn failed_key(&self) -> String {
        self.at(FAILED)
    }

    fn at(&self, end: &str) -> String {
        format!("{}{}/{self}{end}", prefix(&self.bucket), formatted(self.time, HOUR))
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&id(&self.bucket, self.time, self.kind))
    }
}

impl FromStr for RecordId {
    type Err = InvalidRecordId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidRecordId(text.chars().take(400).collect());
        let (bucket, rest) = text.rsplit_once('@').ok_or_else(invalid)?;
        let (stamp, kind) = rest.split_once('-').ok_or_else(invalid)?;
        let time = PrimitiveDateTime::parse(stamp, STAMP).map_err(|_| invalid())?.assume_utc();
        let kind = SettingKind::ALL.into_iter().find(|known| known.name() == kind);
        let bucket = bucket.parse().map_err(|_| invalid())?;
        Ok(Self { bucket, time, kind: kind.ok_or_else(invalid)? })
    }
}

/// The id of a write to this bucket that begins at this time.
pub fn id(bucket: &BucketName, time: OffsetDateTime, kind: SettingKind) -> String {
    format!("{bucket}@{}-{}", formatted(time, STAMP), kind.name())
}

/// What all keys of a bucket begin with.
pub fn prefix(bucket: &BucketName) -> String {
    format!("{RECORDS_PREFIX}{bucket}/")
}

/// After which key a list has to start that tells of the last hour, and of what was undone.
pub fn recent(bucket: &BucketName, now: OffsetDateTime) -> String {
    format!("{}{}/", prefix(bucket), formatted(now - Duration::HOUR, HOUR))
}

/// Where it says that the guard writes a setting no more, and that somebody was told so. Written once in an hour.
pub fn stopped(bucket: &BucketName, kind: SettingKind, now: OffsetDateTime) -> String {
    format!("{}{}/{STOPPED}{}.json", prefix(bucket), formatted(now, HOUR), kind.name())
}

/// Until when a guard that stops now keeps still: as long as lists from [`recent`] on have what [`stopped`] names.
pub fn still_until(now: OffsetDateTime) -> OffsetDateTime {
    let now = now.to_offset(UtcOffset::UTC);
    let into_hour = Duration::minutes(now.minute().into())
        + Duration::seconds(now.second().into())
        + Duration::nanoseconds(now.nanosecond().into());
    now - into_hour + Duration::hours(2)
}

/// What keys after [`recent`] tell of a bucket. Keys that are not understood count for nothing.
pub fn history<'a>(
    bucket: &BucketName,
    keys: impl IntoIterator<Item = &'a str>,
    now: OffsetDateTime,
) -> History {
    let mut history = History::default();
    // The key of a failure is listed before that of its record, and says the same id.
    let mut writes: BTreeMap<&str, SettingKind> = BTreeMap::new();
    let mut failed: BTreeSet<&str> = BTreeSet::new();
    let prefix = prefix(bucket);
    let mut marks = Vec::new();
    for key in keys.into_iter().filter_map(|key| key.strip_prefix(&prefix)) {
        match key.split('/').collect::<Vec<_>>()[..] {
            [undone::FOLDER, aspect, name] => marks.extend(undone::read(aspect, name)),
            [_, name] => {
                // Also of the hour before: who was told then need not be told again at once.
                history.stopped.extend(stopped_kind(name));
                failed.extend(name.strip_suffix(FAILED));
                if let Some(text) = name.strip_suffix(RECORD)
                    && let Ok(id) = text.parse::<RecordId>()
                    && id.time > now - Duration::HOUR
                {
                    writes.insert(text, id.kind);
                }
            }
            _ => {}
        }
    }
    history.undone = undone::in_force(&marks, now);
    for kind in writes.into_iter().filter(|(id, _)| !failed.contains(id)).map(|(_, kind)| kind) {
        history.count(kind);
    }
    history
}

fn stopped_kind(name: &str) -> Option<SettingKind> {
    let name = name.strip_prefix(STOPPED)?.strip_suffix(".json")?;
    SettingKind::ALL.into_iter().find(|kind| kind.name() == name)
}

fn formatted(time: OffsetDateTime, format: &[BorrowedFormatItem<'_>]) -> String {
    time.to_offset(UtcOffset::UTC).format(&format).expect("a time has all that the format asks for")
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::undone::Mark;
    use super::*;
    use crate::Aspect;

    const NOW: OffsetDateTime = datetime!(2026-11-24 23:15:02.123 UTC);

    fn bucket() -> BucketName {
        "reports.example-1".parse().unwrap()
    }

    #[test]
    fn an_id_tells_where_its_record_is() {
        for kind in SettingKind::ALL {
            let text = id(&bucket(), NOW, kind);
            let id: RecordId = text.parse().unwrap();
            assert_eq!(id, RecordId { bucket: bucket(), time: NOW, kind });
            assert_eq!(id.key(), format!("buckets/reports.example-1/2026-11-24T23/{text}.json"));
        }
        for bad in ["", "reports", "reports@", "reports@20261124T231502.123Z", "a@b-encryption"] {
            assert!(bad.parse::<RecordId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_stop_lasts_as_long_as_its_key_is_listed() {
        let until = still_until(NOW);
        assert_eq!(until, datetime!(2026-11-25 01:00 UTC));
        let is_stopped = |now| {
            let key = stopped(&bucket(), SettingKind::Policy, NOW);
            let history = history(&bucket(), [key.as_str()], now);
            key > recent(&bucket(), now) && history.stopped == [SettingKind::Policy].into()
        };
        assert!(is_stopped(until - Duration::SECOND) && !is_stopped(until));
    }

    #[test]
    fn keys_alone_tell_what_was_done_within_the_hour() {
        let kind = SettingKind::Encryption;
        let at = |time| RecordId { bucket: bucket(), time, kind }.key();
        let policy = RecordId { bucket: bucket(), time: NOW, kind: SettingKind::Policy };
        let mark = |aspect, until| Mark { aspect, made: NOW, until }.key(&bucket());
        let keys = [
            at(NOW - Duration::minutes(61)),
            at(NOW - Duration::minutes(59)),
            stopped(&bucket(), SettingKind::Policy, NOW - Duration::HOUR),
            policy.key(),
            at(NOW),
            mark(Aspect::Tls, date!(2026 - 11 - 24)),
            mark(Aspect::Encryption, date!(2026 - 11 - 23)),
            "buckets/reports.example-1/2026-11-24T23/strange".to_owned(),
        ];
        assert!(keys.iter().all(|key| *key > recent(&bucket(), NOW)));
        assert!(keys[..7].is_sorted_by_key(|key| key.split('/').nth(2)), "they sort by time");
        let history = history(&bucket(), keys.iter().map(String::as_str), NOW);
        let undone = vec![(Aspect::Tls, date!(2026 - 11 - 24))];
        let writes = [(kind, 2), (SettingKind::Policy, 1)].into();
        assert_eq!(history, History { writes, stopped: [SettingKind::Policy].into(), undone });
    }

    #[test]
    fn a_write_that_failed_is_a_record_and_no_write() {
        let at = |time| RecordId { bucket: bucket(), time, kind: SettingKind::Encryption };
        let (first, second) = (at(NOW), at(NOW + Duration::SECOND));
        let keys = [first.failed_key(), first.key(), second.key()];
        assert!(keys.is_sorted(), "as they are listed");
        let history = history(&bucket(), keys.iter().map(String::as_str), second.time);
        assert_eq!(history.writes, [(SettingKind::Encryption, 1)].into());
    }
}
