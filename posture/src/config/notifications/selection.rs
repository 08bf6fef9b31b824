//! Which objects are told of.

use std::collections::BTreeSet;

use super::ObjectKind;
use crate::model::change::Change;
use crate::model::change::DETAIL_TYPES;
use crate::model::glob::Glob;

/// Which changes of which objects are told. The default: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    pub(super) include: Fields,
    pub(super) exclude: Fields,
}

/// What is said of each field of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    pub(super) buckets: BTreeSet<Glob>,
    pub(super) keys: BTreeSet<Glob>,
    pub(super) kinds: BTreeSet<ObjectKind>,
}

impl Selection {
    /// Whether a change is told: each field has to be one of those included, if any are, and none of those excluded.
    pub fn wants(&self, bucket: &str, key: &str, change: Change) -> bool {
        let Self { include, exclude } = self;
        field(&include.buckets, &exclude.buckets, |pattern| pattern.matches(bucket))
            && field(&include.keys, &exclude.keys, |pattern| pattern.matches(key))
            && self.wants_kind(change)
    }

    /// The types of event that can tell of something wanted, as S3 calls them.
    pub fn detail_types(&self) -> Vec<&'static str> {
        let wanted = DETAIL_TYPES
            .iter()
            .filter(|(_, changes)| changes.iter().any(|change| self.wants_kind(*change)));
        wanted.map(|(name, _)| *name).collect()
    }

    /// What is told, and nothing else.
    pub fn include(&self) -> &Fields {
        &self.include
    }

    /// What is not told.
    pub fn exclude(&self) -> &Fields {
        &self.exclude
    }

    fn wants_kind(&self, change: Change) -> bool {
        field(&self.include.kinds, &self.exclude.kinds, |kind| kind.includes(change))
    }
}

impl Fields {
    /// The buckets' names, as patterns with `*` and `?`. None means that nothing is said of it.
    pub fn buckets(&self) -> impl Iterator<Item = &str> {
        self.buckets.iter().map(Glob::as_str)
    }

    /// The objects' keys, as patterns with `*` and `?`. None means that nothing is said of it.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(Glob::as_str)
    }

    /// The kinds of changes. None means that nothing is said of it.
    pub fn kinds(&self) -> impl Iterator<Item = ObjectKind> {
        self.kinds.iter().copied()
    }
}

fn field<T>(include: &BTreeSet<T>, exclude: &BTreeSet<T>, is_it: impl Fn(&T) -> bool) -> bool {
    (include.is_empty() || include.iter().any(&is_it)) && !exclude.iter().any(&is_it)
}
