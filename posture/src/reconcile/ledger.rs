//! The keys of the ledger bucket, and what they mean by themselves.
//!
//! ```text
//! buckets/BUCKET/2026-11-24T23/BUCKET@20261124T231502.123Z-encryption.json   a write
//! buckets/BUCKET/2026-11-24T23/BUCKET@20261124T231502.123Z-encryption.failed that write failed
//! buckets/BUCKET/2026-11-24T23/stopped-encryption.json                       the guard has stopped writing it, which was reported
//! buckets/BUCKET/undone/encryption/20261124T231502.123Z-2027-01-31.json      its remediation is suppressed until that day
//! known/BUCKET/event                                                         an event of the bucket was received
//! ```
//!
//! The ledger is the only state. Its keys sort by time, so one list of the previous hour and this one, followed by the
//! suppressions, is enough to reconcile a bucket. A failed write also has a key of its own, so that no record has to be
//! read for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime, UtcOffset};

use crate::model::setting::SettingKind;
use crate::{BucketName, History};

pub mod undone;

/// For how long objects of `buckets/` are retained: a year and a month, for an audit of a year.
pub const KEPT_DAYS: u32 = 400;

/// The prefix of the keys of all records.
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
    /// The key of the record.
    pub fn key(&self) -> String {
        self.at(RECORD)
    }

    /// The key that marks the write as failed.
    pub fn failed_key(&self) -> String {
        self.at(FAILED)
    }

    fn at(&self, end: &str) -> String {
        format!("{}{}/{self}{end}", prefix(&self.bucket), formatted(self.time, HOUR))
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

/// The prefix of all keys of a bucket.
pub fn prefix(bucket: &BucketName) -> String {
    format!("{RECORDS_PREFIX}{bucket}/")
}

/// The key after which a list of the last hour and of the suppressions starts.
pub fn recent(bucket: &BucketName, now: OffsetDateTime) -> String {
    format!("{}{}/", prefix(bucket), formatted(now - Duration::HOUR, HOUR))
}

/// The key that marks a setting as no longer written, which was reported. It is put once an hour.
pub fn stopped(bucket: &BucketName, kind: SettingKind, now: OffsetDateTime) -> String {
    format!("{}{}/{STOPPED}{}.json", prefix(bucket), formatted(now, HOUR), kind.name())
}

/// The hour and the setting of a key that [`stopped`] has made.
pub fn stop_of_key(bucket: &BucketName, key: &str) -> Option<(OffsetDateTime, SettingKind)> {
    let (hour, name) = key.strip_prefix(&prefix(bucket))?.split_once('/')?;
    let kind = SettingKind::from_name(name.strip_prefix(STOPPED)?.strip_suffix(RECORD)?)?;
    let hour = OffsetDateTime::parse(&format!("{hour}:00:00Z"), &Rfc3339).ok()?;
    Some((hour, kind))
}

/// Until when a guard that stops now does not write: as long as lists after [`recent`] contain [`stopped`].
pub fn still_until(now: OffsetDateTime) -> OffsetDateTime {
    let now = now.to_offset(UtcOffset::UTC);
    let into_hour = Duration::minutes(now.minute().into())
        + Duration::seconds(now.second().into())
        + Duration::nanoseconds(now.nanosecond().into());
    now - into_hour + Duration::hours(2)
}

/// The history of a bucket from the keys after [`recent`]. Unknown keys are ignored.
pub fn history<'a>(
    bucket: &BucketName,
    keys: impl IntoIterator<Item = &'a str>,
    now: OffsetDateTime,
) -> History {
    let mut history = History::default();
    // The key of a failure is listed before that of its record, and has the same id.
    let mut writes: BTreeMap<&str, SettingKind> = BTreeMap::new();
    let mut failed: BTreeSet<&str> = BTreeSet::new();
    let prefix = prefix(bucket);
    let mut marks = Vec::new();
    for key in keys.into_iter().filter_map(|key| key.strip_prefix(&prefix)) {
        match key.split('/').collect::<Vec<_>>()[..] {
            [undone::FOLDER, aspect, name] => marks.extend(undone::read(aspect, name)),
            [_, name] => {
                // Also of the previous hour: it was reported then.
                let stopped = name.strip_prefix(STOPPED).and_then(|n| n.strip_suffix(RECORD));
                history.stopped.extend(stopped.and_then(SettingKind::from_name));
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

fn formatted(time: OffsetDateTime, format: &[BorrowedFormatItem<'_>]) -> String {
    time.to_offset(UtcOffset::UTC).format(&format).expect("a time has all that the format asks for")
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::undone::SuppressionMark;
    use super::*;
    use crate::Aspect;

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
        let key = stopped(&bucket(), SettingKind::Policy, NOW);
        let hour = datetime!(2026-11-24 23:00 UTC);
        assert_eq!(stop_of_key(&bucket(), &key), Some((hour, SettingKind::Policy)));
        assert_eq!(still_until(hour), until);
        for other in [key.replace("stopped-", ""), key.replace("23/", "x/"), key + "x"] {
            assert_eq!(stop_of_key(&bucket(), &other), None, "{other}");
        }
    }

    #[test]
    fn keys_alone_tell_what_was_done_within_the_hour() {
        let kind = SettingKind::Encryption;
        let at = |time| RecordId { bucket: bucket(), time, kind }.key();
        let policy = RecordId { bucket: bucket(), time: NOW, kind: SettingKind::Policy };
        let mark = |aspect, until| SuppressionMark { aspect, made: NOW, until }.key(&bucket());
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
