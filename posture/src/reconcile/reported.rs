//! What was already reported of what is not remediated, so that not every sweep reports it again.
//!
//! ```text
//! reported/BUCKET/ASPECT/REASON/2026-11-25      on that day the aspect was reported with this reason
//! ```
//!
//! A sweep reports the same aspect of the same bucket for the same reason once, and again after thirty days. Another reason
//! is reported at once. That something was compliant in between is not recorded, so that a compliant bucket costs nothing:
//! a call that weakens it again is reported by its event, and without an event it is reported after those days at the latest.

use std::collections::BTreeSet;

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, Duration};

use crate::{Aspect, BucketName, Finding, Reason};

/// After how many days it is reported again.
pub const DAYS: i64 = 30;
/// The most characters of a reason. A key has 1024 bytes at most.
const REASON_MAX: usize = 200;
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// What was recently reported of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reported(BTreeSet<(Aspect, String)>);

impl Reported {
    /// What the keys with [`prefix`] say. Unknown keys are ignored.
    pub fn of<'a>(
        bucket: &BucketName,
        keys: impl IntoIterator<Item = &'a str>,
        today: Date,
    ) -> Self {
        let recent = |key: &str| {
            let [of, aspect, reason] = recent(key, today)?;
            let is_of_bucket = of == bucket.as_str();
            Some((Aspect::from_name(aspect)?, reason.to_owned())).filter(|_| is_of_bucket)
        };
        Self(keys.into_iter().filter_map(recent).collect())
    }

    /// Whether a sweep has to report this.
    pub fn is_news(&self, aspect: Aspect, reason: &Reason) -> bool {
        slug(reason).is_some_and(|reason| !self.0.contains(&(aspect, reason)))
    }
}

/// The prefix of all keys.
pub const PREFIX: &str = "reported/";

/// The prefix of all keys of a bucket.
pub fn prefix(bucket: &BucketName) -> String {
    format!("{PREFIX}{bucket}/")
}

/// The number of findings that were recently reported, of all buckets.
pub fn count<'a>(keys: impl IntoIterator<Item = &'a str>, today: Date) -> usize {
    keys.into_iter().filter_map(|key| recent(key, today)).collect::<BTreeSet<_>>().len()
}

/// The bucket, the aspect and the reason of a key, if it is recent.
fn recent(key: &str, today: Date) -> Option<[&str; 3]> {
    let parts: Vec<&str> = key.strip_prefix(PREFIX)?.split('/').collect();
    let [bucket, aspect, reason, day] = parts[..] else { return None };
    let is_recent = today - Date::parse(day, DAY).ok()? < Duration::days(DAYS);
    is_recent.then_some([bucket, aspect, reason])
}

/// The keys that mark these findings as reported today.
pub fn keys(bucket: &BucketName, findings: &[Finding], today: Date) -> Vec<String> {
    let day = today.format(DAY).expect("a date has year, month and day");
    let key = |finding: &Finding| match finding {
        Finding::NotRemediated { aspect, reason } => {
            Some(format!("{}{aspect}/{}/{day}", prefix(bucket), slug(reason)?))
        }
        Finding::Weak { .. } | Finding::Later { .. } => None,
    };
    findings.iter().filter_map(key).collect()
}

/// A reason as a part of a key: the start of its text. None for what no sweep reports: an undone write is known to its
/// author, and that the guard has stopped, or has waited for a stack, is reported otherwise.
fn slug(reason: &Reason) -> Option<String> {
    let is_reported_otherwise = matches!(
        reason,
        Reason::Undone(_) | Reason::TooManyWrites(..) | Reason::StackNeverFinished
    );
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let text = reason.to_string();
    (!is_reported_otherwise).then(|| text.chars().take(REASON_MAX).map(plain).collect())
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    const TODAY: Date = date!(2026 - 11 - 25);

    fn bucket() -> BucketName {
        "reports".parse().unwrap()
    }

    fn reported_on(day: Date, reason: Reason) -> Reported {
        let findings = [Finding::NotRemediated { aspect: Aspect::PublicAccess, reason }];
        let keys = keys(&bucket(), &findings, day);
        Reported::of(&bucket(), keys.iter().map(String::as_str), TODAY)
    }

    #[test]
    fn what_was_reported_is_no_news_for_thirty_days() {
        let is_news =
            |reported: &Reported| reported.is_news(Aspect::PublicAccess, &Reason::Website);
        assert!(is_news(&Reported::default()));
        assert!(!is_news(&reported_on(TODAY, Reason::Website)));
        assert!(!is_news(&reported_on(date!(2026 - 10 - 27), Reason::Website)));
        assert!(is_news(&reported_on(date!(2026 - 10 - 26), Reason::Website)));
    }

    #[test]
    fn each_finding_of_thirty_days_counts_once() {
        let key = |bucket: &str, day: &str| format!("reported/{bucket}/policy/public/{day}");
        let keys = [
            key("aaa", "2026-11-25"),
            key("aaa", "2026-10-27"),
            key("bbb", "2026-11-01"),
            key("ccc", "2026-10-26"),
            "reported/ddd".to_owned(),
        ];
        assert_eq!(count(keys.iter().map(String::as_str), TODAY), 2);
    }

    #[test]
    fn another_aspect_or_reason_is_news() {
        let reported = reported_on(TODAY, Reason::ForeignKey("arn:aws:kms:one".to_owned()));
        let of = |aspect, key: &str| reported.is_news(aspect, &Reason::ForeignKey(key.to_owned()));
        assert!(!of(Aspect::PublicAccess, "arn:aws:kms:one"));
        assert!(of(Aspect::PublicAccess, "arn:aws:kms:other"));
        assert!(of(Aspect::Encryption, "arn:aws:kms:one"));
        assert!(reported.is_news(Aspect::PublicAccess, &Reason::PublicPolicy));
    }

    #[test]
    fn what_is_reported_otherwise_no_sweep_reports() {
        let stopped = Reason::TooManyWrites(crate::SettingKind::Policy, 20);
        for reason in [Reason::Undone(TODAY), stopped, Reason::StackNeverFinished] {
            assert!(!Reported::default().is_news(Aspect::Tls, &reason), "{reason:?}");
            let findings = [Finding::NotRemediated { aspect: Aspect::Tls, reason }];
            assert!(keys(&bucket(), &findings, TODAY).is_empty());
        }
    }

    #[test]
    fn a_key_has_five_parts_and_is_short() {
        let reason = Reason::UnknownAlgorithm("a/b\u{e4}".repeat(1_000));
        let findings = [Finding::NotRemediated { aspect: Aspect::Encryption, reason }];
        let keys = keys(&bucket(), &findings, TODAY);
        assert!(keys[0].len() < 400 && keys[0].matches('/').count() == 4, "{keys:?}");
        let start = "reported/reports/encryption/default-encryption-is--a-b-";
        assert!(keys[0].starts_with(start), "{keys:?}");
    }
}
