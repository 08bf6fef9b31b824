//! Suppressions: aspects that the guard does not remediate until a day, because a write was undone.
//!
//! A mark is never changed or deleted. The newest one of an aspect counts, and may have an earlier day, or one in the past.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, UtcOffset};

use super::{KEPT_DAYS, STAMP, formatted};
use crate::{Aspect, BucketName, Setting};

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
/// The precision of a key.
const TICK: Duration = Duration::MILLISECOND;
pub(super) const FOLDER: &str = "undone";

/// The suppression of an aspect of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuppressionMark {
    /// The aspect.
    pub aspect: Aspect,
    /// When it was created.
    pub made: OffsetDateTime,
    /// The last day, in UTC, on which the guard does not remediate the aspect.
    pub until: Date,
}

/// What a mark contains, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Note {
    /// The id of the record that was undone.
    pub undone: String,
    /// Why, in the words of the caller.
    pub reason: String,
    /// The ARN of the caller.
    pub by: String,
    /// The setting that was overwritten; none if only the suppression has changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced: Option<Setting>,
    /// The setting that was restored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restored: Option<Setting>,
}

impl SuppressionMark {
    /// The key of the mark.
    pub fn key(&self, bucket: &BucketName) -> String {
        let day = self.until.format(DAY).expect("a date has year, month and day");
        format!("{}{}/{}-{day}.json", prefix(bucket), self.aspect, formatted(self.made, STAMP))
    }
}

/// The prefix of the keys of all marks of a bucket.
pub fn prefix(bucket: &BucketName) -> String {
    format!("{}{FOLDER}/", super::prefix(bucket))
}

/// The mark with this key, if it is one.
pub fn of_key(bucket: &BucketName, key: &str) -> Option<SuppressionMark> {
    let (aspect, name) = key.strip_prefix(&prefix(bucket))?.split_once('/')?;
    read(aspect, name)
}

/// The last possible day of a suppression: marks expire in the ledger.
pub fn last_day(today: Date) -> Date {
    // S3 counts from this midnight or from the next one.
    today.saturating_add(Duration::days(i64::from(KEPT_DAYS) - 1))
}

/// The day of a mark that ends a suppression now.
pub fn over(now: OffsetDateTime) -> Date {
    now.to_offset(UtcOffset::UTC).date().saturating_sub(Duration::DAY)
}

/// The marks that suppress these aspects until this day.
///
/// They are newer than the existing ones, also than one of a fast clock.
pub fn marks(
    there: &[SuppressionMark],
    aspects: &[Aspect],
    until: Date,
    now: OffsetDateTime,
) -> Vec<SuppressionMark> {
    let newest = newest(there);
    let mark = |&aspect| {
        let made = newest.get(&aspect).map_or(now, |last| now.max(last.made + TICK));
        SuppressionMark { aspect, made, until }
    };
    aspects.iter().map(mark).collect()
}

/// The marks that revert these to what the existing ones said.
pub fn taken_back(there: &[SuppressionMark], marks: &[SuppressionMark]) -> Vec<SuppressionMark> {
    let before = newest(there);
    let back = |mark: &SuppressionMark| SuppressionMark {
        made: mark.made + TICK,
        until: before.get(&mark.aspect).map_or_else(|| over(mark.made), |before| before.until),
        ..*mark
    };
    marks.iter().map(back).collect()
}

/// Which aspects are suppressed, until when.
pub fn in_force(marks: &[SuppressionMark], now: OffsetDateTime) -> Vec<(Aspect, Date)> {
    let today = now.to_offset(UtcOffset::UTC).date();
    let newest = newest(marks).into_values();
    newest.filter(|mark| mark.until >= today).map(|mark| (mark.aspect, mark.until)).collect()
}

pub(super) fn read(aspect: &str, name: &str) -> Option<SuppressionMark> {
    let (made, day) = name.strip_suffix(".json")?.split_once('-')?;
    Some(SuppressionMark {
        aspect: Aspect::from_name(aspect)?,
        made: PrimitiveDateTime::parse(made, STAMP).ok()?.assume_utc(),
        until: Date::parse(day, DAY).ok()?,
    })
}

fn newest(marks: &[SuppressionMark]) -> BTreeMap<Aspect, SuppressionMark> {
    let mut newest = BTreeMap::new();
    for mark in marks {
        let last = newest.entry(mark.aspect).or_insert(*mark);
        // Of two of the same time the shorter one counts.
        if (mark.made, last.until) > (last.made, mark.until) {
            *last = *mark;
        }
    }
    newest
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-24 23:15:02.123 UTC);
    const TODAY: Date = date!(2026 - 11 - 24);
    const LATER: Date = date!(2027 - 01 - 31);
    const YESTERDAY: Date = date!(2026 - 11 - 23);

    fn tls(seconds: i64, until: Date) -> SuppressionMark {
        SuppressionMark { aspect: Aspect::Tls, made: NOW + Duration::seconds(seconds), until }
    }

    #[test]
    fn the_newest_word_counts_wherever_it_stands_in_a_list() {
        for (marks, expected) in [
            (vec![], None),
            (vec![tls(0, LATER)], Some(LATER)),
            (vec![tls(0, LATER), tls(1, TODAY)], Some(TODAY)),
            (vec![tls(0, TODAY), tls(1, LATER)], Some(LATER)),
            (vec![tls(0, LATER), tls(1, YESTERDAY)], None),
            (vec![tls(0, LATER), tls(1, YESTERDAY), tls(2, TODAY)], Some(TODAY)),
            (vec![tls(0, LATER), tls(0, TODAY)], Some(TODAY)),
        ] {
            let expected: Vec<_> = expected.map(|until| (Aspect::Tls, until)).into_iter().collect();
            let backwards: Vec<SuppressionMark> = marks.iter().rev().copied().collect();
            assert_eq!(in_force(&marks, NOW), expected, "{marks:?}");
            assert_eq!(in_force(&backwards, NOW), expected, "{marks:?}");
        }
        let other = SuppressionMark { aspect: Aspect::Encryption, ..tls(1, YESTERDAY) };
        assert_eq!(in_force(&[tls(0, LATER), other], NOW), [(Aspect::Tls, LATER)]);
    }

    #[test]
    fn a_new_word_comes_after_all_others_and_what_takes_it_back_after_it() {
        for there in [vec![], vec![tls(-60, LATER)], vec![tls(60, LATER)], vec![tls(60, YESTERDAY)]]
        {
            let held = in_force(&there, NOW);
            let new = marks(&there, &[Aspect::Tls, Aspect::Policy], TODAY, NOW);
            let mut all = [there.clone(), new.clone()].concat();
            assert_eq!(in_force(&all, NOW), [(Aspect::Tls, TODAY), (Aspect::Policy, TODAY)]);
            all.extend(taken_back(&there, &new));
            assert_eq!(in_force(&all, NOW), held, "{there:?}");
        }
    }

    #[test]
    fn a_mark_is_known_by_its_key() {
        let bucket: BucketName = "reports.example-1".parse().unwrap();
        let mark = tls(0, LATER);
        let key = mark.key(&bucket);
        assert_eq!(
            key,
            "buckets/reports.example-1/undone/tls/20261124T231502.123Z-2027-01-31.json"
        );
        assert_eq!(of_key(&bucket, &key), Some(mark));
        for strange in [
            "buckets/reports.example-1/undone/tls/20261124T231502.123Z-2027-01-31",
            "buckets/reports.example-1/undone/tls/20261124T231502.123Z.json",
            "buckets/reports.example-1/undone/strange/20261124T231502.123Z-2027-01-31.json",
            "buckets/other/undone/tls/20261124T231502.123Z-2027-01-31.json",
        ] {
            assert_eq!(of_key(&bucket, strange), None, "{strange}");
        }
    }

    #[test]
    fn no_day_is_given_that_the_ledger_has_forgotten_before() {
        let made = TODAY.midnight().assume_utc();
        let forgotten = made + Duration::days(i64::from(KEPT_DAYS));
        assert!(last_day(TODAY) < forgotten.date());
        assert_eq!(last_day(Date::MAX), Date::MAX);
    }
}
