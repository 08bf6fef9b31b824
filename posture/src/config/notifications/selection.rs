//! Which objects are told of.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::ObjectKind;
use crate::config::values::{BucketPattern, KeyPattern, OneOrMany};
use crate::model::change::Change;
use crate::model::change::DETAIL_TYPES;

/// Which objects are told of: each field of a change has to be one of those included, if any are, and none of those
/// excluded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename = "the selection of objects",
    rename_all = "kebab-case",
    deny_unknown_fields,
    default
)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Objects"))]
pub struct Selection {
    /// What is told.
    pub include: Fields,
    /// What is not told.
    pub exclude: Fields,
    /// Buckets, by patterns with `*` and `?`, in which a created object is looked up to tell whether it was overwritten.
    /// It can be told only in versioned buckets, and costs a request for each new object.
    pub(in crate::config) tell_overwrites: OneOrMany<BucketPattern>,
}

/// What is said of each field of a change. Of several values any will do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename = "what is included or excluded",
    rename_all = "kebab-case",
    deny_unknown_fields,
    default
)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Fields"))]
pub struct Fields {
    /// The bucket's whole name, or a pattern with `*` and `?`.
    bucket: OneOrMany<BucketPattern>,
    /// The object's whole key, or a pattern with `*` and `?`; `*` also stands for `/`.
    key: OneOrMany<KeyPattern>,
    /// What happened.
    kind: OneOrMany<ObjectKind>,
}

impl Selection {
    /// Whether a change is told: each field has to be one of those included, if any are, and none of those excluded.
    pub fn wants(&self, bucket: &str, key: &str, change: Change) -> bool {
        let Self { include, exclude, .. } = self;
        field(&include.bucket, &exclude.bucket, |pattern| pattern.matches(bucket))
            && field(&include.key, &exclude.key, |pattern| pattern.matches(key))
            && self.wants_kind(change)
    }

    /// The types of event that can tell of something wanted, as S3 calls them.
    pub fn detail_types(&self) -> Vec<&'static str> {
        let wanted = DETAIL_TYPES
            .iter()
            .filter(|(_, changes)| changes.iter().any(|change| self.wants_kind(*change)));
        wanted.map(|(name, _)| *name).collect()
    }

    fn wants_kind(&self, change: Change) -> bool {
        field(&self.include.kind, &self.exclude.kind, |kind| kind.includes(change))
    }
}

impl Fields {
    /// The buckets' names, as patterns with `*` and `?`. None means that nothing is said of it.
    pub fn buckets(&self) -> impl Iterator<Item = &str> {
        self.bucket.iter().map(|pattern| pattern.as_str())
    }

    /// Whether everything is meant, by this setting.
    pub(in crate::config) fn is_everything(&self) -> Option<&'static str> {
        let is_bucket = self.bucket.iter().any(|pattern| pattern.is_everything());
        let is_key = self.key.iter().any(|pattern| pattern.is_everything());
        if is_bucket { Some("bucket") } else { is_key.then_some("key") }
    }

    /// The objects' keys, as patterns with `*` and `?`. None means that nothing is said of it.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.key.iter().map(|pattern| pattern.as_str())
    }

    /// The kinds of changes. None means that nothing is said of it.
    pub fn kinds(&self) -> impl Iterator<Item = ObjectKind> {
        self.kind.iter().copied()
    }
}

fn field<T>(include: &BTreeSet<T>, exclude: &BTreeSet<T>, is_it: impl Fn(&T) -> bool) -> bool {
    (include.is_empty() || include.iter().any(&is_it)) && !exclude.iter().any(&is_it)
}
