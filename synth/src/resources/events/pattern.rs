//! Event patterns: which fields of an event a rule looks at.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json, json};

use crate::cfn::{Known, Value, kind::Text};

/// A pattern: fields, each with filters of which one has to match. All fields have to match.
///
/// Its texts may be worked out by CloudFormation; one [`resolved`](Self::resolved) has texts that are known, and can be
/// tried on events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPattern<T = Value<Text>> {
    pub(super) fields: Vec<Field<T>>,
}

/// The names on the way to a field, and what it may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field<T> {
    pub(super) path: Vec<&'static str>,
    pub(super) content: Content<T>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content<T> {
    Filters(Vec<Filter<T>>),
    Either(Vec<EventPattern<T>>),
}

impl Default for EventPattern {
    fn default() -> Self {
        Self { fields: Vec::new() }
    }
}

impl EventPattern {
    /// Every event.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only events in which the field, named by its path with dots, matches one of the filters.
    #[must_use]
    pub fn field<F: Into<Filter>>(
        self,
        path: &'static str,
        filters: impl IntoIterator<Item = F>,
    ) -> Self {
        self.with(path, Content::Filters(filters.into_iter().map(Into::into).collect()))
    }

    /// Only events in which what is at the path, an object, matches one of these patterns: at least two.
    #[must_use]
    pub fn either(self, path: &'static str, patterns: impl IntoIterator<Item = Self>) -> Self {
        self.with(path, Content::Either(patterns.into_iter().collect()))
    }

    fn with(mut self, path: &'static str, content: Content<Value<Text>>) -> Self {
        self.fields.push(Field { path: path.split('.').collect(), content });
        self
    }

    /// The pattern with its texts worked out; `None` where one names what is not known.
    pub fn resolved(&self, known: &Known<'_>) -> Option<EventPattern<String>> {
        let fields = self.fields.iter().map(|Field { path, content }| {
            let content = match content {
                Content::Filters(filters) => {
                    let filters = filters.iter().map(|filter| filter.resolved(known));
                    Content::Filters(filters.collect::<Option<_>>()?)
                }
                Content::Either(patterns) => {
                    let patterns = patterns.iter().map(|pattern| pattern.resolved(known));
                    Content::Either(patterns.collect::<Option<_>>()?)
                }
            };
            Some(Field { path: path.clone(), content })
        });
        Some(EventPattern { fields: fields.collect::<Option<_>>()? })
    }
}

impl<T: Serialize> Serialize for EventPattern<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut root = Map::new();
        for Field { path, content } in &self.fields {
            match content {
                Content::Filters(filters) => insert(&mut root, path, json!(filters)),
                Content::Either(patterns) => {
                    insert(&mut root, &[path, &["$or"][..]].concat(), json!(patterns));
                }
            }
        }
        root.serialize(serializer)
    }
}

/// What a field may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter<T = Value<Text>> {
    /// Exactly this text
    Exactly(T),
    /// Text that begins so
    Prefix(T),
    /// Text that ends so
    Suffix(T),
    /// Text like this, with anything for each `*`; `\\*` is an asterisk and `\\\\` a backslash.
    Wildcard(T),
    /// Text that is none of these. An event without the field does not match: add [`Filter::Exists`] for it.
    AnythingBut(Vec<T>),
    /// Text that does not begin so. An event without the field does not match: add [`Filter::Exists`] for it.
    AnythingButPrefix(T),
    /// Text like none of these, in which `*` is anything. An event without the field does not match: add
    /// [`Filter::Exists`] for it.
    AnythingButWildcard(Vec<T>),
    /// The field is there, or is not
    Exists(bool),
}

impl Filter {
    fn resolved(&self, known: &Known<'_>) -> Option<Filter<String>> {
        let one = |text: &Value<Text>| text.resolved(known);
        let each = |texts: &[Value<Text>]| texts.iter().map(one).collect::<Option<Vec<_>>>();
        Some(match self {
            Self::Exactly(text) => Filter::Exactly(one(text)?),
            Self::Prefix(prefix) => Filter::Prefix(one(prefix)?),
            Self::Suffix(suffix) => Filter::Suffix(one(suffix)?),
            Self::Wildcard(text) => Filter::Wildcard(one(text)?),
            Self::AnythingBut(texts) => Filter::AnythingBut(each(texts)?),
            Self::AnythingButPrefix(prefix) => Filter::AnythingButPrefix(one(prefix)?),
            Self::AnythingButWildcard(texts) => Filter::AnythingButWildcard(each(texts)?),
            Self::Exists(exists) => Filter::Exists(*exists),
        })
    }
}

impl From<&str> for Filter {
    fn from(text: &str) -> Self {
        Self::Exactly(text.into())
    }
}

impl<T: Serialize> Serialize for Filter<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = match self {
            Self::Exactly(text) => json!(text),
            Self::Prefix(prefix) => json!({ "prefix": prefix }),
            Self::Suffix(suffix) => json!({ "suffix": suffix }),
            Self::Wildcard(text) => json!({ "wildcard": text }),
            Self::AnythingBut(texts) => json!({ "anything-but": texts }),
            Self::AnythingButPrefix(prefix) => json!({ "anything-but": { "prefix": prefix } }),
            Self::AnythingButWildcard(texts) => json!({ "anything-but": { "wildcard": texts } }),
            Self::Exists(exists) => json!({ "exists": exists }),
        };
        json.serialize(serializer)
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
