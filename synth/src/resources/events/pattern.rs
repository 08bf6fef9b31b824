//! Event patterns: which events a rule matches.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json, json};

use super::KnownPattern;
use crate::cfn::{Known, Resolver, Value, kind::Text};

/// A pattern: fields, all of which must match, each with filters, one of which must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventPattern {
    fields: Map<String, Json>,
}

impl EventPattern {
    /// Every event.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only events in which the field, named by its path with dots, matches one of the filters.
    #[must_use]
    pub fn field<F: Into<Filter>>(self, path: &str, filters: impl IntoIterator<Item = F>) -> Self {
        let filters: Vec<Filter> = filters.into_iter().map(Into::into).collect();
        self.with(path, json!(filters))
    }

    /// Only events in which the object at the path matches one of these patterns: at least two.
    #[must_use]
    pub fn either(self, path: &str, patterns: impl IntoIterator<Item = Self>) -> Self {
        let patterns: Vec<Self> = patterns.into_iter().collect();
        self.with(&format!("{path}.$or"), json!(patterns))
    }

    fn with(mut self, path: &str, content: Json) -> Self {
        insert(&mut self.fields, path, content);
        self
    }

    /// The pattern with its texts resolved. A text with an unknown name matches nothing.
    pub fn resolved(&self, known: &Known<'_>) -> KnownPattern {
        KnownPattern::new(Resolver::new(&Json::Null, known).value(&json!(self)))
    }
}

impl Serialize for EventPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.fields.serialize(serializer)
    }
}

fn insert(map: &mut Map<String, Json>, path: &str, content: Json) {
    match path.split_once('.') {
        None => _ = map.insert(path.to_owned(), content),
        Some((name, rest)) => {
            if let Json::Object(inner) = map.entry(name).or_insert_with(|| json!({})) {
                insert(inner, rest, content);
            }
        }
    }
}

/// The value that a field may have.
///
/// An event without the field matches none of them but [`Filter::Exists`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// This text
    Exactly(Value<Text>),
    /// Text that begins with this
    Prefix(Value<Text>),
    /// Text that ends with this
    Suffix(Value<Text>),
    /// Text like this, in which `*` matches anything; `\\*` is an asterisk and `\\\\` a backslash
    Wildcard(Value<Text>),
    /// None of these texts
    AnythingBut(Vec<Value<Text>>),
    /// No text that begins with this
    AnythingButPrefix(Value<Text>),
    /// No text like one of these, in which `*` matches anything
    AnythingButWildcard(Vec<Value<Text>>),
    /// This boolean
    Is(bool),
    /// The field exists, or does not
    Exists(bool),
}

impl From<&str> for Filter {
    fn from(text: &str) -> Self {
        Self::Exactly(text.into())
    }
}

impl Serialize for Filter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = match self {
            Self::Exactly(text) => json!(text),
            Self::Prefix(prefix) => json!({ "prefix": prefix }),
            Self::Suffix(suffix) => json!({ "suffix": suffix }),
            Self::Wildcard(text) => json!({ "wildcard": text }),
            Self::AnythingBut(texts) => json!({ "anything-but": texts }),
            Self::AnythingButPrefix(prefix) => json!({ "anything-but": { "prefix": prefix } }),
            Self::AnythingButWildcard(texts) => json!({ "anything-but": { "wildcard": texts } }),
            Self::Is(value) => json!(value),
            Self::Exists(exists) => json!({ "exists": exists }),
        };
        json.serialize(serializer)
    }
}
