//! Event patterns: which fields of an event a rule looks at.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json, json};

use crate::cfn::{Value, kind::Text};

/// A pattern: fields, each with filters of which one has to match. All fields have to match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventPattern {
    fields: Vec<(Vec<&'static str>, Content)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Content {
    Filters(Vec<Filter>),
    Either(Vec<EventPattern>),
}

impl EventPattern {
    /// Every event.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only events in which the field, named by its path with dots, matches one of the filters.
    #[must_use]
    pub fn field<F: Into<Filter>>(
        mut self,
        path: &'static str,
        filters: impl IntoIterator<Item = F>,
    ) -> Self {
        let filters = filters.into_iter().map(Into::into).collect();
        self.fields.push((path.split('.').collect(), Content::Filters(filters)));
        self
    }

    /// Only events in which what is at the path, an object, matches one of these patterns: at least two.
    #[must_use]
    pub fn either(mut self, path: &'static str, patterns: impl IntoIterator<Item = Self>) -> Self {
        let path = path.split('.').chain(["$or"]).collect();
        self.fields.push((path, Content::Either(patterns.into_iter().collect())));
        self
    }
}

impl Serialize for EventPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut root = Map::new();
        for (path, content) in &self.fields {
            insert(&mut root, path, json!(content));
        }
        root.serialize(serializer)
    }
}

/// What a field may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Exactly this text
    Exactly(Value<Text>),
    /// Text that begins so
    Prefix(Value<Text>),
    /// Text that ends so
    Suffix(Value<Text>),
    /// Text like this, with anything for each `*`; `\\*` is an asterisk and `\\\\` a backslash.
    Wildcard(Value<Text>),
    /// Text that is none of these. An event without the field does not match: add [`Filter::Exists`] for it.
    AnythingBut(Vec<Value<Text>>),
    /// Text that does not begin so. An event without the field does not match: add [`Filter::Exists`] for it.
    AnythingButPrefix(Value<Text>),
    /// Text like none of these, in which `*` is anything. An event without the field does not match: add
    /// [`Filter::Exists`] for it.
    AnythingButWildcard(Vec<Value<Text>>),
    /// The field is there, or is not
    Exists(bool),
}

impl From<&str> for Filter {
    fn from(text: &str) -> Self {
        Self::Exactly(text.into())
    }
}

impl Serialize for Filter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Exactly(text) => text.serialize(serializer),
            Self::Prefix(prefix) => json!({ "prefix": prefix }).serialize(serializer),
            Self::Suffix(suffix) => json!({ "suffix": suffix }).serialize(serializer),
            Self::Wildcard(text) => json!({ "wildcard": text }).serialize(serializer),
            Self::AnythingBut(texts) => json!({ "anything-but": texts }).serialize(serializer),
            Self::AnythingButPrefix(prefix) => {
                json!({ "anything-but": { "prefix": prefix } }).serialize(serializer)
            }
            Self::AnythingButWildcard(texts) => {
                json!({ "anything-but": { "wildcard": texts } }).serialize(serializer)
            }
            Self::Exists(exists) => json!({ "exists": exists }).serialize(serializer),
        }
    }
}

fn insert(map: &mut Map<String, Json>, path: &[&str], content: Json) {
    let [name, rest @ ..] = path else { return };
    if rest.is_empty() {
        map.insert((*name).to_owned(), content);
        return;
    }
    let inner = map.entry(*name).or_insert_with(|| json!({}));
    if let Json::Object(inner) = inner {
        insert(inner, rest, content);
    }
}
