//! The changes of objects that are reported.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::ObjectKind;
use crate::config::values::{BucketPattern, KeyPattern, OneOrMany};
use crate::model::change::Change;
use crate::model::change::DETAIL_TYPES;

/// The changes of objects that are reported: each field has to match one of `include`, if it is set, and none of `exclude`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename = "the selection of objects",
    rename_all = "kebab-case",
    deny_unknown_fields,
    default
)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Objects"))]
pub struct Selection {
    /// The changes that are reported; all by default.
    pub include: Fields,
    /// The changes that are not reported.
    pub exclude: Fields,
    /// Buckets, by patterns with `*` and `?`, in which new objects are looked up to detect overwrites. This works only in
    /// versioned buckets, and costs one request for each new object.
    pub(in crate::config) report_overwrites: OneOrMany<BucketPattern>,
}

/// Conditions on the fields of a change. Of several values one has to match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename = "what is included or excluded",
    rename_all = "kebab-case",
    deny_unknown_fields,
    default
)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Fields"))]
pub struct Fields {
    /// The name of the bucket, or a pattern with `*` and `?`.
    bucket: OneOrMany<BucketPattern>,
    /// The key of the object, or a pattern with `*` and `?`; `*` also matches `/`.
    key: OneOrMany<KeyPattern>,
    /// The kind of change.
    kind: OneOrMany<ObjectKind>,
}

impl Selection {
    /// Whether a change is reported.
    pub fn wants(&self, bucket: &str, key: &str, change: Change) -> bool {
        let Self { include, exclude, .. } = self;
        field(&include.bucket, &exclude.bucket, |pattern| pattern.matches(bucket))
            && field(&include.key, &exclude.key, |pattern| pattern.matches(key))
            && self.wants_kind(change)
    }

    /// The types of events that can be reported, as S3 names them.
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
    /// The names of buckets, as patterns with `*` and `?`; none means any.
    pub fn buckets(&self) -> impl Iterator<Item = &str> {
        self.bucket.iter().map(|pattern| pattern.as_str())
    }

    /// The setting that matches everything, if there is one.
    pub(in crate::config) fn is_everything(&self) -> Option<&'static str> {
        let is_bucket = self.bucket.iter().any(|pattern| pattern.is_everything());
        let is_key = self.key.iter().any(|pattern| pattern.is_everything());
        if is_bucket { Some("bucket") } else { is_key.then_some("key") }
    }

    /// The keys of objects, as patterns with `*` and `?`; none means any.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.key.iter().map(|pattern| pattern.as_str())
    }

    /// The kinds of changes; none means any.
    pub fn kinds(&self) -> impl Iterator<Item = ObjectKind> {
        self.kind.iter().copied()
    }
}

fn field<T>(include: &BTreeSet<T>, exclude: &BTreeSet<T>, matches: impl Fn(&T) -> bool) -> bool {
    (include.is_empty() || include.iter().any(&matches)) && !exclude.iter().any(&matches)
}
