//! The message attributes, which subscriptions filter by.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::document::Document;
use crate::Grade;

/// The most bucket names in the attribute `bucket`; a notification about more is split.
///
/// SNS has no limit for it, but the attributes count as a part of the message.
pub const BUCKETS_MAX: usize = 100;

/// The value of a message attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Attribute {
    /// `String`.
    One(String),
    /// `String.Array`: a filter matches if any element does.
    Many(Vec<String>),
}

impl Attribute {
    /// Its data type and value for SNS.
    ///
    /// Source: Amazon SNS Developer Guide, "Amazon SNS message attributes".
    pub fn wire(&self) -> (&'static str, String) {
        match self {
            Self::One(text) => ("String", text.clone()),
            Self::Many(texts) => ("String.Array", json!(texts).to_string()),
        }
    }
}

/// The most bucket names in the attribute `bucket` of a digest, which is not split.
const NAMES_MAX: usize = 1_000;

/// The attributes of a notification. An empty list would match no filter and is left out.
pub(super) fn of(document: &Document, actions: Vec<String>) -> BTreeMap<String, Attribute> {
    let buckets: BTreeSet<&String> = document.buckets.iter().map(|bucket| &bucket.name).collect();
    let grades: BTreeSet<&str> =
        document.buckets.iter().filter_map(|bucket| bucket.grade).map(Grade::name).collect();
    let one = |text: &str| Attribute::One(text.to_owned());
    let all = [
        ("account", one(&document.account)),
        ("action", Attribute::Many(actions)),
        ("bucket", Attribute::Many(buckets.into_iter().take(NAMES_MAX).cloned().collect())),
        ("grade", Attribute::Many(grades.into_iter().map(str::to_owned).collect())),
        ("kind", one(document.topic().name())),
        ("region", one(&document.region)),
        ("severity", one(document.severity.name())),
    ];
    let is_empty =
        |attribute: &Attribute| matches!(attribute, Attribute::Many(values) if values.is_empty());
    let all = all.into_iter().filter(|(_, attribute)| !is_empty(attribute));
    all.map(|(name, attribute)| (name.to_owned(), attribute)).collect()
}
