//! When objects are deleted by themselves, and for how long they cannot be deleted.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A lifecycle rule that deletes within this many days is reported.
pub const EXPIRES_SOON_DAYS: u32 = 7;

/// What the enabled lifecycle rules delete.
///
/// Delete markers without versions and the parts of incomplete uploads are no objects: rules for them delete nothing that
/// could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifecycle {
    /// One for each kind of objects that an enabled rule deletes, sorted.
    pub expiries: Vec<Expiry>,
}

/// Which objects are deleted, and when.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Expiry {
    /// Current objects or earlier versions.
    pub of: ExpiryOf,
    /// After how many days.
    pub days: u32,
    /// From which day on, `YYYY-MM-DD`: then objects of every age are deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// How many of the newest earlier versions are kept all the same.
    #[serde(default)]
    pub kept: u32,
    /// Which objects the rule is for.
    #[serde(default)]
    pub scope: Scope,
}

/// What a lifecycle rule deletes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpiryOf {
    /// Current objects. In a versioned bucket they become earlier versions.
    Objects,
    /// Earlier versions, for good.
    OldVersions,
}

/// The filter of a lifecycle rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Scope {
    /// What the keys begin with.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// The tags of the objects.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Only larger objects, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub larger_than: Option<u64>,
    /// Only smaller objects, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smaller_than: Option<u64>,
}

/// The default retention of new objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Retention {
    /// Whether it is in compliance mode, which no principal can shorten.
    pub compliance: bool,
    /// For how many days; a year has 365.
    pub days: u32,
}

impl Lifecycle {
    /// These, sorted.
    pub fn new(expiries: impl IntoIterator<Item = Expiry>) -> Self {
        let mut expiries: Vec<Expiry> = expiries.into_iter().collect();
        expiries.sort_unstable();
        expiries.dedup();
        Self { expiries }
    }

    /// The soonest that current objects, or earlier versions, are deleted.
    pub fn soonest(&self, of: ExpiryOf) -> Option<&Expiry> {
        self.expiries.iter().filter(|expiry| expiry.of == of).min_by_key(|expiry| expiry.days)
    }
}

impl Expiry {
    /// All objects, or all earlier versions, after so many days.
    pub fn after(of: ExpiryOf, days: u32) -> Self {
        Self { of, days, from: None, kept: 0, scope: Scope::default() }
    }

    /// All current objects, from a day on.
    pub fn from(day: &str) -> Self {
        Self { from: Some(day.to_owned()), ..Self::after(ExpiryOf::Objects, 0) }
    }

    /// Whether everything that the other deletes is deleted by this one, and no later.
    ///
    /// Each is compared with one other: what two rules delete together does not count.
    pub fn covers(&self, other: &Self) -> bool {
        self.of == other.of
            && self.days <= other.days
            && self.from <= other.from
            && self.kept <= other.kept
            && self.scope.includes(&other.scope)
    }
}

impl Scope {
    /// Whether all objects of the other are objects of this one.
    fn includes(&self, other: &Self) -> bool {
        other.prefix.starts_with(&self.prefix)
            && self.tags.iter().all(|(key, value)| other.tags.get(key) == Some(value))
            && self.larger_than <= other.larger_than
            && self.smaller_than.is_none_or(|most| other.smaller_than.is_some_and(|it| it <= most))
    }
}

impl Retention {
    /// Whether it locks no less than the other.
    pub const fn is_at_least(self, other: Self) -> bool {
        self.days >= other.days && (self.compliance || !other.compliance)
    }
}

/// When, in words.
impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.from {
            Some(day) => write!(f, "from {day} on")?,
            None => write!(f, "after {}", days(self.days))?,
        }
        if self.kept > 0 {
            write!(f, ", except the newest {}", self.kept)?;
        }
        if !self.scope.prefix.is_empty() {
            write!(f, ", below `{}`", self.scope.prefix)?;
        }
        if !self.scope.tags.is_empty() {
            f.write_str(", with tags")?;
        }
        Ok(())
    }
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = if self.compliance { "compliance" } else { "governance" };
        write!(f, "for {} in {mode} mode", days(self.days))
    }
}

/// `1 day`, `2 days`.
fn days(days: u32) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_covers_what_it_deletes_no_later() {
        let all = |days| Expiry::after(ExpiryOf::Objects, days);
        let below = |prefix: &str, days| Expiry {
            scope: Scope { prefix: prefix.to_owned(), ..Scope::default() },
            ..all(days)
        };
        let tag: BTreeMap<_, _> = [("team".to_owned(), "a".to_owned())].into();
        let tagged = Expiry { scope: Scope { tags: tag, ..Scope::default() }, ..all(30) };
        let small = Scope { smaller_than: Some(10), ..Scope::default() };
        let small = Expiry { scope: small, ..all(30) };
        let old = |days, kept| Expiry { kept, ..Expiry::after(ExpiryOf::OldVersions, days) };
        for (one, other, expected) in [
            (all(30), all(30), true),
            (all(30), all(365), true),
            (all(30), all(1), false),
            (all(30), below("logs/", 30), true),
            (below("logs/", 30), all(30), false),
            (below("logs/", 30), below("logs/old/", 60), true),
            (all(30), tagged.clone(), true),
            (tagged, all(30), false),
            (all(30), small.clone(), true),
            (small, all(30), false),
            (all(30), old(30, 0), false),
            (old(30, 0), old(30, 2), true),
            (old(30, 2), old(30, 0), false),
            (all(0), Expiry::from("2027-01-01"), true),
            (Expiry::from("2027-01-01"), all(0), false),
            (Expiry::from("2027-01-01"), Expiry::from("2027-02-01"), true),
            (Expiry::from("2027-02-01"), Expiry::from("2027-01-01"), false),
        ] {
            assert_eq!(one.covers(&other), expected, "{one:?} {other:?}");
        }
    }
}
