//! The buckets of a rule or an exemption.

use std::collections::{BTreeMap, BTreeSet};

use super::values::{BucketPattern, TagPattern};
use crate::model::observed::Reading;
use crate::model::setting::Tags;
use crate::text::shown;
use crate::{AccountId, BucketId};

/// The buckets of a rule or an exemption: all of these have to match.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'a> {
    /// Patterns of the name, one of which has to match; none means any name.
    pub(super) buckets: &'a BTreeSet<BucketPattern>,
    /// The tags, all of which have to match.
    pub(super) tags: &'a BTreeMap<String, TagPattern>,
    /// The owner; none means any.
    pub(super) account: Option<&'a AccountId>,
}

/// Whether a bucket matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// It does not.
    No,
    /// Its name and account match; its tags are not known.
    Perhaps,
    /// It does.
    Yes,
}

impl Scope<'_> {
    pub(super) fn matches(self, id: &BucketId, tags: &Reading<Tags>) -> Match {
        let is_named = self.buckets.is_empty()
            || self.buckets.iter().any(|pattern| pattern.matches(id.name.as_str()));
        let is_owned = self.account.is_none_or(|account| *account == id.account);
        if !is_named || !is_owned {
            return Match::No;
        }
        if self.tags.is_empty() {
            return Match::Yes;
        }
        match tags {
            Reading::Known(tags) => {
                let has = |(key, pattern): (&String, &TagPattern)| {
                    tags.get(key).is_some_and(|value| pattern.matches(value))
                };
                if self.tags.iter().all(has) { Match::Yes } else { Match::No }
            }
            Reading::Absent => Match::No,
            Reading::Unread | Reading::Denied => Match::Perhaps,
        }
    }

    /// Whether its patterns show that it matches every bucket that the other matches.
    pub(super) fn covers(self, other: Self) -> bool {
        let names = self.buckets.is_empty()
            || self.buckets.iter().any(|pattern| pattern.is_everything())
            || (!other.buckets.is_empty()
                && other.buckets.iter().all(|pattern| self.buckets.contains(pattern)));
        let tags = self.tags.iter().all(|(key, pattern)| {
            other.tags.get(key).is_some_and(|same| pattern == same || pattern.is_everything())
        });
        names && tags && (self.account.is_none() || self.account == other.account)
    }

    /// In words. If there is a bucket, of several patterns only the one that matches it.
    pub(super) fn words(self, id: Option<&BucketId>) -> String {
        let mut words = Vec::new();
        let is_meant =
            |pattern: &&BucketPattern| id.is_none_or(|id| pattern.matches(id.name.as_str()));
        let mut patterns =
            self.buckets.iter().filter(is_meant).map(|pattern| format!("`{pattern}`"));
        let patterns: Vec<String> = match id {
            Some(_) => patterns.next().into_iter().collect(),
            None => patterns.collect(),
        };
        if !patterns.is_empty() {
            words.push(format!("bucket {}", patterns.join(" or ")));
        }
        for (key, pattern) in self.tags {
            words.push(format!("tag `{}={}`", shown(key, 128), shown(pattern.as_str(), 256)));
        }
        words.extend(self.account.map(|account| format!("account {account}")));
        words.join(", ")
    }
}
