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

use crate::{Aspect, BucketName, Finding, LeftBecause};

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
        let prefix = prefix(bucket);
        let recent = |key: &str| {
            let parts: Vec<&str> = key.strip_prefix(&prefix)?.split('/').collect();
            let [aspect, reason, day] = parts[..] else { return None };
            let day = Date::parse(day, DAY).ok()?;
            let is_recent = today - day < Duration::days(DAYS);
            Some((Aspect::from_name(aspect)?, reason.to_owned())).filter(|_| is_recent)
        };
        Self(keys.into_iter().filter_map(recent).collect())
    }

    /// Whether a sweep has to report this.
    pub fn is_news(&self, aspect: Aspect, because: &LeftBecause) -> bool {
        reason(because).is_some_and(|reason| !self.0.contains(&(aspect, reason)))
    }
}

/// The prefix of all keys of a bucket.
pub fn prefix(bucket: &BucketName) -> String {
    format!("reported/{bucket}/")
}

/// The keys that mark these findings as reported today.
pub fn keys(bucket: &BucketName, findings: &[Finding], today: Date) -> Vec<String> {
    let day = today.format(DAY).expect("a date has year, month and day");
    let key = |finding: &Finding| match finding {
        Finding::Left { aspect, because } => {
            Some(format!("{}{aspect}/{}/{day}", prefix(bucket), reason(because)?))
        }
        Finding::Weak { .. } | Finding::Later { .. } => None,
    };
    findings.iter().filter_map(key).collect()
}

/// A reason as a part of a key: the start of its text. None for what no sweep reports: an undone write is known to its
/// author, and that the guard has stopped, or has waited for a stack, is reported otherwise.
fn reason(because: &LeftBecause) -> Option<String> {
    let is_reported_otherwise = matches!(
        because,
        LeftBecause::Undone(_) | LeftBecause::TooManyWrites(..) | LeftBecause::StackNeverFinished
    );
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let text = because.to_string();
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

    fn reported_on(day: Date, because: LeftBecause) -> Reported {
        let findings = [Finding::Left { aspect: Aspect::PublicAccess, because }];
        let keys = keys(&bucket(), &findings, day);
        Reported::of(&bucket(), keys.iter().map(String::as_str), TODAY)
    }

    #[test]
    fn what_was_reported_is_no_news_for_thirty_days() {
        let is_news =
            |reported: &Reported| reported.is_news(Aspect::PublicAccess, &LeftBecause::Website);
        assert!(is_news(&Reported::default()));
        assert!(!is_news(&reported_on(TODAY, LeftBecause::Website)));
        assert!(!is_news(&reported_on(date!(2026 - 10 - 27), LeftBecause::Website)));
        assert!(is_news(&reported_on(date!(2026 - 10 - 26), LeftBecause::Website)));
    }

    #[test]
    fn another_aspect_or_reason_is_news() {
        let reported = reported_on(TODAY, LeftBecause::ForeignKey("arn:aws:kms:one".to_owned()));
        let of =
            |aspect, key: &str| reported.is_news(aspect, &LeftBecause::ForeignKey(key.to_owned()));
        assert!(!of(Aspect::PublicAccess, "arn:aws:kms:one"));
        assert!(of(Aspect::PublicAccess, "arn:aws:kms:other"));
        assert!(of(Aspect::Encryption, "arn:aws:kms:one"));
        assert!(reported.is_news(Aspect::PublicAccess, &LeftBecause::PublicPolicy));
    }

    #[test]
    fn what_is_reported_otherwise_no_sweep_reports() {
        let stopped = LeftBecause::TooManyWrites(crate::SettingKind::Policy, 20);
        for because in [LeftBecause::Undone(TODAY), stopped, LeftBecause::StackNeverFinished] {
            assert!(!Reported::default().is_news(Aspect::Tls, &because), "{because:?}");
            let findings = [Finding::Left { aspect: Aspect::Tls, because }];
            assert!(keys(&bucket(), &findings, TODAY).is_empty());
        }
    }

    #[test]
    fn a_key_has_five_parts_and_is_short() {
        let because = LeftBecause::UnknownAlgorithm("a/b\u{e4}".repeat(1_000));
        let findings = [Finding::Left { aspect: Aspect::Encryption, because }];
        let keys = keys(&bucket(), &findings, TODAY);
        assert!(keys[0].len() < 400 && keys[0].matches('/').count() == 4, "{keys:?}");
        let start = "reported/reports/encryption/default-encryption-is--a-b-";
        assert!(keys[0].starts_with(start), "{keys:?}");
    }
}
