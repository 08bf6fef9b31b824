//! The message attributes, by which subscriptions filter.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::document::Document;
use crate::Grade;
use crate::model::attributes::Kind;

/// The most bucket names in the attribute `bucket`; a notice about more is split.
///
/// SNS sets no limit of its own, but the attributes count as a part of the message.
pub const BUCKETS_MAX: usize = 100;

/// The value of a message attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// `String`.
    One(String),
    /// `String.Array`: a filter matches if any element does.
    Many(Vec<String>),
}

impl Attribute {
    /// Its data type and its value, as SNS takes them.
    ///
    /// Source: Amazon SNS Developer Guide, "Amazon SNS message attributes".
    pub fn wire(&self) -> (&'static str, String) {
        match self {
            Self::One(text) => ("String", text.clone()),
            Self::Many(texts) => ("String.Array", json!(texts).to_string()),
        }
    }
}

/// The attributes of a notice. An empty list would match no filter, and is left out.
pub(super) fn of(
    document: &Document,
    kind: Kind,
    actions: Vec<String>,
    mut buckets: Vec<String>,
) -> BTreeMap<String, Attribute> {
    buckets.truncate(BUCKETS_MAX);
    let grades: BTreeSet<&str> =
        document.buckets.iter().filter_map(|bucket| bucket.grade).map(Grade::name).collect();
    let grades = grades.into_iter().map(str::to_owned).collect();
    let all = [
        ("account", Attribute::One(document.account.clone())),
        ("action", Attribute::Many(actions)),
        ("bucket", Attribute::Many(buckets)),
        ("grade", Attribute::Many(grades)),
        ("kind", Attribute::One(kind.name().to_owned())),
        ("region", Attribute::One(document.region.clone())),
        ("severity", Attribute::One(document.severity.name().to_owned())),
    ];
    let has_value = |attribute: &Attribute| match attribute {
        Attribute::One(value) => !value.is_empty(),
        Attribute::Many(values) => !values.is_empty(),
    };
    let all = all.into_iter().filter(|(_, attribute)| has_value(attribute));
    all.map(|(name, attribute)| (name.to_owned(), attribute)).collect()
}
