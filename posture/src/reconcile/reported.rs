//! What the owner was told of what is left as it is, so that not every sweep tells it again.
//!
//! ```text
//! told/BUCKET/ASPECT/REASON/2026-11-25      that day it was told that the aspect is left, and why
//! ```
//!
//! A sweep tells of what nobody was told lately: the same aspect of the same bucket for the same reason is told once, and
//! again after thirty days for as long as it lasts. Another reason is told at once. That something was right in between
//! is not kept, because a bucket that is right costs the ledger nothing: whoever makes it wrong again by a call is named
//! with that call, and a call of which no event tells is found after those days at the latest.

use std::collections::BTreeSet;

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, Duration};

use crate::{Aspect, BucketName, Finding, LeftBecause};

/// After how many days what is still so is told again.
pub const DAYS: i64 = 30;
/// The most characters of what a reason is about. A key has 1024 bytes at most.
const ABOUT_MAX: usize = 200;
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// What was told of a bucket lately.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told(BTreeSet<(Aspect, String)>);

impl Told {
    /// What keys with [`prefix`] tell. Keys that are not understood count for nothing.
    pub fn of<'a>(
        bucket: &BucketName,
        keys: impl IntoIterator<Item = &'a str>,
        today: Date,
    ) -> Self {
        let prefix = prefix(bucket);
        let lately = |key: &str| {
            let parts: Vec<&str> = key.strip_prefix(&prefix)?.split('/').collect();
            let [aspect, reason, day] = parts[..] else { return None };
            let day = Date::parse(day, DAY).ok()?;
            let is_lately = today - day < Duration::days(DAYS);
            Some((aspect.parse().ok()?, reason.to_owned())).filter(|_| is_lately)
        };
        Self(keys.into_iter().filter_map(lately).collect())
    }

    /// Whether a sweep has to tell of this.
    pub fn is_news(&self, aspect: Aspect, because: &LeftBecause) -> bool {
        reason(because).is_some_and(|reason| !self.0.contains(&(aspect, reason)))
    }
}

/// What all keys of a bucket begin with.
pub fn prefix(bucket: &BucketName) -> String {
    format!("told/{bucket}/")
}

/// Where it says that these findings were told today.
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

/// A reason as a part of a key; none for what no sweep tells.
///
/// What changes from day to day without being another reason is not in it.
fn reason(because: &LeftBecause) -> Option<String> {
    let (name, about) = match because {
        // Who has undone something knows of it; that the guard has stopped, or has waited for a stack, is told by itself.
        LeftBecause::Undone(_)
        | LeftBecause::TooManyWrites(..)
        | LeftBecause::StackNeverFinished => return None,
        LeftBecause::NotReadable(question) => ("not-readable", question.call().to_owned()),
        LeftBecause::ReportOnly(what) => ("report-only", what.clone()),
        LeftBecause::UnknownAlgorithm(name) => ("unknown-algorithm", name.clone()),
        LeftBecause::NoKey(grade, _) => ("no-key", grade.to_string()),
        LeftBecause::KeyUnusable(key, why) => ("key-unusable", format!("{key} {why}")),
        LeftBecause::ForeignKey(key) => ("foreign-key", key.clone()),
        LeftBecause::Outsiders => ("outsiders", String::new()),
        LeftBecause::LogTarget => ("log-target", String::new()),
        LeftBecause::Website => ("website", String::new()),
        LeftBecause::WebsiteWithoutTls => ("website-without-tls", String::new()),
        LeftBecause::PublicPolicy => ("public-policy", String::new()),
        LeftBecause::PublicAcl => ("public-acl", String::new()),
        LeftBecause::PolicyNotUnderstood => ("policy-not-understood", String::new()),
        LeftBecause::PolicyTooLarge(_) => ("policy-too-large", String::new()),
        LeftBecause::PublicObjects => ("public-objects", String::new()),
        LeftBecause::SharedObjects => ("shared-objects", String::new()),
        LeftBecause::SseCInUse => ("sse-c-in-use", String::new()),
        LeftBecause::OfStack(_) => ("of-stack", String::new()),
        LeftBecause::AclGrantsOthers => ("acl-grants-others", String::new()),
        LeftBecause::MfaDelete => ("mfa-delete", String::new()),
        LeftBecause::NoLogBucket(_) => ("no-log-bucket", String::new()),
        LeftBecause::UnknownNotifications(element) => ("unknown-notifications", element.clone()),
    };
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let about: String = about.chars().take(ABOUT_MAX).map(plain).collect();
    Some(if about.is_empty() { name.to_owned() } else { format!("{name}-{about}") })
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    const TODAY: Date = date!(2026 - 11 - 25);

    fn bucket() -> BucketName {
        "reports".parse().unwrap()
    }

    fn told_on(day: Date, because: LeftBecause) -> Told {
        let findings = [Finding::Left { aspect: Aspect::PublicAccess, because }];
        let keys = keys(&bucket(), &findings, day);
        Told::of(&bucket(), keys.iter().map(String::as_str), TODAY)
    }

    #[test]
    fn what_was_told_is_no_news_for_thirty_days() {
        let is_news = |told: &Told| told.is_news(Aspect::PublicAccess, &LeftBecause::Website);
        assert!(is_news(&Told::default()));
        assert!(!is_news(&told_on(TODAY, LeftBecause::Website)));
        assert!(!is_news(&told_on(date!(2026 - 10 - 27), LeftBecause::Website)));
        assert!(is_news(&told_on(date!(2026 - 10 - 26), LeftBecause::Website)));
    }

    #[test]
    fn another_aspect_or_reason_is_news() {
        let told = told_on(TODAY, LeftBecause::ForeignKey("arn:aws:kms:one".to_owned()));
        let of = |aspect, key: &str| told.is_news(aspect, &LeftBecause::ForeignKey(key.to_owned()));
        assert!(!of(Aspect::PublicAccess, "arn:aws:kms:one"));
        assert!(of(Aspect::PublicAccess, "arn:aws:kms:other"));
        assert!(of(Aspect::Encryption, "arn:aws:kms:one"));
        assert!(told.is_news(Aspect::PublicAccess, &LeftBecause::PublicPolicy));
    }

    #[test]
    fn what_is_told_otherwise_no_sweep_tells() {
        let stopped = LeftBecause::TooManyWrites(crate::SettingKind::Policy, 20);
        for because in [LeftBecause::Undone(TODAY), stopped, LeftBecause::StackNeverFinished] {
            assert!(!Told::default().is_news(Aspect::Tls, &because), "{because:?}");
            let findings = [Finding::Left { aspect: Aspect::Tls, because }];
            assert!(keys(&bucket(), &findings, TODAY).is_empty());
        }
    }

    #[test]
    fn a_key_has_no_more_parts_than_it_is_to_have_and_is_short() {
        let because = LeftBecause::UnknownAlgorithm("a/b\u{e4}".repeat(1_000));
        let findings = [Finding::Left { aspect: Aspect::Encryption, because }];
        let keys = keys(&bucket(), &findings, TODAY);
        assert!(keys[0].len() < 400 && keys[0].matches('/').count() == 4, "{keys:?}");
        assert!(keys[0].starts_with("told/reports/encryption/unknown-algorithm-a-b-"), "{keys:?}");
    }
}
