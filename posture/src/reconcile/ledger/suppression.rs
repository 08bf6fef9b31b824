//! Suppressions: aspects that the guard does not remediate until a day, because a write was undone.
//!
//! One is never changed or deleted. The newest one of an aspect counts, and may have an earlier day, or one in the past.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, UtcOffset};

use super::{KEPT_DAYS, STAMP, formatted};
use crate::contract::ledger::SUPPRESSIONS;
use crate::{AccountId, Aspect, BucketName, Setting};

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
/// The precision of a key.
const TICK: Duration = Duration::MILLISECOND;
/// The version of the form.
const VERSION: u32 = 1;

/// The suppression of an aspect of a bucket, as its key says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suppression {
    /// The aspect.
    pub aspect: Aspect,
    /// When it was created.
    pub made: OffsetDateTime,
    /// The last day, in UTC, on which the guard does not remediate the aspect.
    pub until: Date,
}

/// Who suppressed it, and why.
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

/// The object of a suppression.
#[derive(Debug, Serialize, Deserialize)]
struct Content {
    version: u32,
    bucket: String,
    account: String,
    aspect: Aspect,
    made: String,
    until: String,
    #[serde(flatten)]
    note: Note,
}

impl Suppression {
    /// Its key.
    pub fn key(&self, bucket: &BucketName) -> String {
        let (made, until) = self.texts();
        format!("{}{}/{made}-{until}.json", prefix(bucket), self.aspect)
    }

    /// Its object.
    pub fn json(&self, bucket: &BucketName, account: &AccountId, note: Note) -> Vec<u8> {
        let (made, until) = self.texts();
        let content = Content {
            version: VERSION,
            bucket: bucket.to_string(),
            account: account.to_string(),
            aspect: self.aspect,
            made,
            until,
            note,
        };
        serde_json::to_vec(&content).expect("it has only texts and a number")
    }

    /// Reads its object, or says why it does not count.
    pub fn note(
        &self,
        body: &[u8],
        bucket: &BucketName,
        account: &AccountId,
    ) -> Result<Note, String> {
        let content: Content =
            serde_json::from_slice(body).map_err(|error| format!("it is not valid: {error}"))?;
        let (made, until) = self.texts();
        let differs = [
            ("version", content.version > VERSION),
            ("bucket", content.bucket != bucket.as_str()),
            ("account", content.account != account.as_str()),
            ("aspect", content.aspect != self.aspect),
            ("made", content.made != made),
            ("until", content.until != until),
            ("by", content.note.by.is_empty()),
        ];
        match differs.into_iter().find(|(_, differs)| *differs) {
            Some((field, _)) => Err(format!("its `{field}` is not that of its key")),
            None => self.check_length().map(|()| content.note),
        }
    }

    /// An error if it is longer than a suppression may be.
    fn check_length(&self) -> Result<(), String> {
        let last = last_day(self.made.date());
        if self.until <= last {
            return Ok(());
        }
        Err(format!("it ends after {last}, and a suppression lasts {} days at most", KEPT_DAYS - 1))
    }

    /// Whether it suppresses the aspect now: it may have been created in the future, but then it is not longer for it.
    pub fn is_in_force(&self, now: OffsetDateTime) -> bool {
        let today = now.to_offset(UtcOffset::UTC).date();
        (today..=last_day(today)).contains(&self.until)
    }

    fn texts(&self) -> (String, String) {
        let day = self.until.format(DAY).expect("a date has year, month and day");
        (formatted(self.made, STAMP), day)
    }
}

/// The prefix of the keys of all suppressions of a bucket.
pub fn prefix(bucket: &BucketName) -> String {
    format!("{SUPPRESSIONS}{bucket}/")
}

/// The suppression with this key, if it is one.
pub fn of_key(bucket: &BucketName, key: &str) -> Option<Suppression> {
    let (aspect, name) = key.strip_prefix(&prefix(bucket))?.split_once('/')?;
    let (made, day) = name.strip_suffix(".json")?.split_once('-')?;
    Some(Suppression {
        aspect: Aspect::from_name(aspect)?,
        made: PrimitiveDateTime::parse(made, STAMP).ok()?.assume_utc(),
        until: Date::parse(day, DAY).ok()?,
    })
}

/// The last possible day of a suppression: they expire in the ledger.
pub fn last_day(today: Date) -> Date {
    // S3 counts from this midnight or from the next one.
    today.saturating_add(Duration::days(i64::from(KEPT_DAYS) - 1))
}

/// The day of a suppression that ends another one now.
pub fn over(now: OffsetDateTime) -> Date {
    now.to_offset(UtcOffset::UTC).date().saturating_sub(Duration::DAY)
}

/// New ones of these aspects until this day.
///
/// They are newer than the existing ones, also than one of a fast clock.
pub fn next(
    existing: &[Suppression],
    aspects: &[Aspect],
    until: Date,
    now: OffsetDateTime,
) -> Vec<Suppression> {
    let newest = newest(existing);
    let suppression = |&aspect| {
        let made = newest.get(&aspect).map_or(now, |last| now.max(last.made + TICK));
        Suppression { aspect, made, until }
    };
    aspects.iter().map(suppression).collect()
}

/// Those that revert these to what the existing ones said.
pub fn taken_back(existing: &[Suppression], new: &[Suppression]) -> Vec<Suppression> {
    let before = newest(existing);
    let back = |suppression: &Suppression| Suppression {
        made: suppression.made + TICK,
        until: before
            .get(&suppression.aspect)
            .map_or_else(|| over(suppression.made), |before| before.until),
        ..*suppression
    };
    new.iter().map(back).collect()
}

/// Which aspects are suppressed, until when.
pub fn in_force(all: &[Suppression], now: OffsetDateTime) -> Vec<(Aspect, Date)> {
    let newest = newest(all).into_values();
    newest.filter(|one| one.is_in_force(now)).map(|one| (one.aspect, one.until)).collect()
}

/// Those of each aspect, the newest first, of the aspects of which at least one is in force.
pub fn by_aspect(all: &[Suppression], now: OffsetDateTime) -> Vec<Vec<Suppression>> {
    let mut by_aspect: BTreeMap<Aspect, Vec<Suppression>> = BTreeMap::new();
    for one in all {
        by_aspect.entry(one.aspect).or_default().push(*one);
    }
    by_aspect.retain(|_, of_aspect| {
        // Of two of the same time the shorter one counts.
        of_aspect.sort_by_key(|one| (std::cmp::Reverse(one.made), one.until));
        of_aspect.iter().any(|one| one.is_in_force(now) || one.check_length().is_err())
    });
    by_aspect.into_values().collect()
}

/// The newest one of each aspect.
pub fn newest(all: &[Suppression]) -> BTreeMap<Aspect, Suppression> {
    let mut newest = BTreeMap::new();
    for one in all {
        let last = newest.entry(one.aspect).or_insert(*one);
        // Of two of the same time the shorter one counts.
        if (one.made, last.until) > (last.made, one.until) {
            *last = *one;
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

    fn tls(seconds: i64, until: Date) -> Suppression {
        Suppression { aspect: Aspect::Tls, made: NOW + Duration::seconds(seconds), until }
    }

    #[test]
    fn the_newest_counts_wherever_it_is_in_a_list() {
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
            let backwards: Vec<Suppression> = marks.iter().rev().copied().collect();
            assert_eq!(in_force(&marks, NOW), expected, "{marks:?}");
            assert_eq!(in_force(&backwards, NOW), expected, "{marks:?}");
        }
        let other = Suppression { aspect: Aspect::Encryption, ..tls(1, YESTERDAY) };
        assert_eq!(in_force(&[tls(0, LATER), other], NOW), [(Aspect::Tls, LATER)]);
    }

    #[test]
    fn a_new_one_comes_after_all_others_and_what_takes_it_back_after_it() {
        for there in [vec![], vec![tls(-60, LATER)], vec![tls(60, LATER)], vec![tls(60, YESTERDAY)]]
        {
            let held = in_force(&there, NOW);
            let new = next(&there, &[Aspect::Tls, Aspect::Policy], TODAY, NOW);
            let mut all = [there.clone(), new.clone()].concat();
            assert_eq!(in_force(&all, NOW), [(Aspect::Tls, TODAY), (Aspect::Policy, TODAY)]);
            all.extend(taken_back(&there, &new));
            assert_eq!(in_force(&all, NOW), held, "{there:?}");
        }
    }

    #[test]
    fn it_is_known_by_its_key() {
        let bucket: BucketName = "reports.example-1".parse().unwrap();
        let mark = tls(0, LATER);
        let key = mark.key(&bucket);
        assert_eq!(key, "suppressions/reports.example-1/tls/20261124T231502.123Z-2027-01-31.json");
        assert_eq!(of_key(&bucket, &key), Some(mark));
        for strange in [
            "suppressions/reports.example-1/tls/20261124T231502.123Z-2027-01-31",
            "suppressions/reports.example-1/tls/20261124T231502.123Z.json",
            "suppressions/reports.example-1/strange/20261124T231502.123Z-2027-01-31.json",
            "suppressions/other/tls/20261124T231502.123Z-2027-01-31.json",
        ] {
            assert_eq!(of_key(&bucket, strange), None, "{strange}");
        }
    }

    #[test]
    fn no_day_is_later_than_its_object_expires() {
        let made = TODAY.midnight().assume_utc();
        let forgotten = made + Duration::days(i64::from(KEPT_DAYS));
        assert!(last_day(TODAY) < forgotten.date());
        assert_eq!(last_day(Date::MAX), Date::MAX);
    }

    fn bucket() -> BucketName {
        "reports".parse().unwrap()
    }

    fn account() -> AccountId {
        "111122223333".parse().unwrap()
    }

    fn note() -> Note {
        let by = "arn:aws:iam::111122223333:user/mary".to_owned();
        Note { undone: "id".to_owned(), reason: "ticket".to_owned(), by, ..Note::default() }
    }

    #[test]
    fn its_object_says_what_its_key_says_or_it_does_not_count() {
        let one = tls(0, LATER);
        let json = one.json(&bucket(), &account(), note());
        assert_eq!(one.note(&json, &bucket(), &account()), Ok(note()));
        let text = String::from_utf8(json).unwrap();
        for (from, to, field) in [
            ("\"reports\"", "\"other\"", "bucket"),
            ("111122223333\"", "999900001111\"", "account"),
            ("\"tls\"", "\"public-access\"", "aspect"),
            ("20261124T231502.123Z", "20261124T231502.124Z", "made"),
            ("2027-01-31", "2027-12-31", "until"),
            ("arn:aws:iam::111122223333:user/mary", "", "by"),
            ("\"version\":1", "\"version\":2", "version"),
        ] {
            let other = text.replacen(from, to, 1);
            let found = one.note(other.as_bytes(), &bucket(), &account());
            assert_eq!(found, Err(format!("its `{field}` is not that of its key")), "{other}");
        }
        for body in ["", "{}", "[]"] {
            let found = one.note(body.as_bytes(), &bucket(), &account()).unwrap_err();
            assert!(found.starts_with("it is not valid: "), "{found}");
        }
    }

    #[test]
    fn none_lasts_longer_than_its_object_whatever_its_key_says() {
        let longest = last_day(TODAY);
        let valid = tls(0, longest);
        let json = valid.json(&bucket(), &account(), note());
        assert_eq!(valid.note(&json, &bucket(), &account()), Ok(note()));
        assert!(valid.is_in_force(NOW));
        let too_long = tls(0, longest.next_day().unwrap());
        let json = too_long.json(&bucket(), &account(), note());
        let cause = too_long.note(&json, &bucket(), &account()).unwrap_err();
        assert_eq!(
            cause,
            format!("it ends after {longest}, and a suppression lasts 399 days at most")
        );
        assert!(!too_long.is_in_force(NOW) && in_force(&[too_long], NOW).is_empty());
        // Nor one that says that it was created later.
        let future = Suppression { made: NOW + Duration::days(300), ..too_long };
        assert!(!future.is_in_force(NOW));
    }

    #[test]
    fn objects_are_read_only_where_one_is_in_force() {
        let ended = [tls(0, YESTERDAY), tls(1, YESTERDAY)];
        assert!(by_aspect(&ended, NOW).is_empty());
        let other = Suppression { aspect: Aspect::Policy, ..tls(0, YESTERDAY) };
        let all = [tls(0, LATER), other, tls(5, YESTERDAY), tls(5, TODAY)];
        let expected = [tls(5, YESTERDAY), tls(5, TODAY), tls(0, LATER)];
        assert_eq!(by_aspect(&all, NOW), [expected.to_vec()]);
        let too_long = [tls(0, date!(2031 - 01 - 31))];
        assert_eq!(by_aspect(&too_long, NOW), [too_long.to_vec()], "it is reported");
    }
}
