//! What a pattern matches, so that it can be tried on an event without AWS, and why it does not match.
//!
//! It follows EventBridge for whatever an [`EventPattern`] can say. Deliberately not here: that fields within an array of
//! objects have to match in the same element, because the events that we have rules for hold no field of ours in one.
//!
//! Source: Amazon EventBridge User Guide, "Creating event patterns" and "Comparison operators".

#[cfg(test)]
mod tests;

use std::fmt;

use s3guard_posture::{model::glob::Glob, text};
use serde_json::Value as Json;

use super::pattern::{Content, EventPattern, Field, Filter};

/// How many alternatives are named.
const ALTERNATIVES_MAX: usize = 3;
/// How many values of a list are named.
const NAMED_MAX: usize = 4;
/// How much of a value is shown.
const CHARACTERS_MAX: usize = 100;

/// Why an event does not match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// A field is not what the rule wants.
    Field {
        /// The path, its names joined by dots.
        path: String,
        /// What the field is, in words.
        is: String,
        /// What the rule wants it to be, in words.
        wanted: String,
    },
    /// None of the pattern's alternatives matches, each for its own reason.
    Alternatives(Vec<Mismatch>),
}

impl EventPattern<String> {
    /// Whether the event matches.
    pub fn matches(&self, event: &Json) -> bool {
        self.first_mismatch(event).is_none()
    }

    /// The first field, in the pattern's order, that keeps the event from matching; `None` where the event matches.
    pub fn first_mismatch(&self, event: &Json) -> Option<Mismatch> {
        self.mismatch_below(event, &[])
    }

    fn mismatch_below(&self, event: &Json, above: &[&str]) -> Option<Mismatch> {
        self.fields.iter().find_map(|Field { path, content }| {
            let path = [above, path].concat();
            match content {
                Content::Filters(filters) => field_mismatch(event, &path, filters),
                Content::Either(patterns) => {
                    let mismatches =
                        patterns.iter().map(|pattern| pattern.mismatch_below(event, &path));
                    // One that matches is enough.
                    mismatches.collect::<Option<_>>().map(Mismatch::Alternatives)
                }
            }
        })
    }
}

fn field_mismatch(event: &Json, path: &[&str], filters: &[Filter<String>]) -> Option<Mismatch> {
    let mut found = Vec::new();
    find(event, path, &mut found);
    // What is no scalar counts as absent, for EventBridge.
    let (objects, leaves): (Vec<&Json>, Vec<&Json>) =
        found.into_iter().partition(|value| value.is_object());
    let may_be_absent = filters.contains(&Filter::Exists(false));
    let is_match = if leaves.is_empty() {
        may_be_absent
    } else {
        leaves.iter().any(|leaf| filters.iter().any(|filter| filter.accepts(leaf)))
    };
    let is = || {
        if !leaves.is_empty() && filters == [Filter::Exists(false)] {
            "present".to_owned()
        } else if !leaves.is_empty() {
            list(leaves.iter().map(|leaf| shown(leaf)), "and")
        } else if !objects.is_empty() {
            "an object".to_owned()
        } else {
            "absent".to_owned()
        }
    };
    (!is_match).then(|| Mismatch::Field {
        path: path.join("."),
        is: is(),
        wanted: list(filters.iter().map(ToString::to_string), "or"),
    })
}

/// Finds what is at a path: several values where there are arrays on the way.
fn find<'e>(value: &'e Json, path: &[&str], found: &mut Vec<&'e Json>) {
    match (value, path) {
        (Json::Array(elements), _) => {
            for element in elements {
                find(element, path, found);
            }
        }
        (_, []) => found.push(value),
        (_, [name, rest @ ..]) => {
            if let Some(value) = value.get(name) {
                find(value, rest, found);
            }
        }
    }
}

impl Filter<String> {
    /// Whether it takes a scalar that is there.
    fn accepts(&self, value: &Json) -> bool {
        let is_text = |test: &dyn Fn(&str) -> bool| value.as_str().is_some_and(test);
        let is_like = |wildcard: &String| {
            let glob = Glob::of_eventbridge(wildcard);
            is_text(&|text| glob.as_ref().is_some_and(|glob| glob.matches(text)))
        };
        match self {
            Self::Exactly(wanted) => value == wanted,
            Self::Prefix(prefix) => is_text(&|text| text.starts_with(prefix)),
            Self::Suffix(suffix) => is_text(&|text| text.ends_with(suffix)),
            Self::Wildcard(wildcard) => is_like(wildcard),
            Self::AnythingBut(texts) => !texts.iter().any(|text| value == text),
            Self::AnythingButPrefix(prefix) => !is_text(&|text| text.starts_with(prefix)),
            Self::AnythingButWildcard(wildcards) => !wildcards.iter().any(is_like),
            Self::Exists(exists) => *exists,
        }
    }
}

/// The end of the sentence "the rule wants …".
impl fmt::Display for Filter<String> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let begins = |prefix: &str| format!("text that begins with {}", quoted(prefix));
        let like = |wildcard: &String| format!("text like {}", quoted(wildcard));
        let value = |text: &String| shown(&Json::from(text.as_str()));
        f.write_str(&match self {
            Self::Exactly(text) => value(text),
            Self::Prefix(prefix) => begins(prefix),
            Self::Suffix(suffix) => format!("text that ends with {}", quoted(suffix)),
            Self::Wildcard(wildcard) => like(wildcard),
            Self::AnythingBut(texts) => {
                format!("anything but {}", list(texts.iter().map(value), "or"))
            }
            Self::AnythingButPrefix(prefix) => format!("anything but {}", begins(prefix)),
            Self::AnythingButWildcard(wildcards) => {
                format!("anything but {}", list(wildcards.iter().map(like), "or"))
            }
            Self::Exists(true) => "it present".to_owned(),
            Self::Exists(false) => "it absent".to_owned(),
        })
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field { path, is, wanted } => {
                write!(f, "{} is {is}, the rule wants {wanted}", quoted(path))
            }
            Self::Alternatives(mismatches) => {
                let mut reasons: Vec<String> =
                    mismatches.iter().take(ALTERNATIVES_MAX).map(ToString::to_string).collect();
                match mismatches.len().saturating_sub(ALTERNATIVES_MAX) {
                    0 => {}
                    more => reasons.push(format!("and {more} more")),
                }
                write!(f, "no alternative of the rule matches: {}", reasons.join("; "))
            }
        }
    }
}

/// A text between backticks. It may come from an event, which anyone can write: it cannot break the line.
fn quoted(text: &str) -> String {
    format!("`{}`", text::shown(text, CHARACTERS_MAX))
}

/// A scalar between backticks. A text that could be taken for another scalar, or for nothing, has its quotes.
fn shown(value: &Json) -> String {
    match value.as_str() {
        Some(text) if !text.is_empty() && serde_json::from_str::<Json>(text).is_err() => {
            quoted(text)
        }
        Some(_) | None => quoted(&value.to_string()),
    }
}

/// `a, b and c`, with the conjunction given. Of many, only the first are named.
fn list(words: impl Iterator<Item = String>, conjunction: &str) -> String {
    let mut words: Vec<String> = words.collect();
    if words.len() > NAMED_MAX {
        let others = words.len() + 1 - NAMED_MAX;
        words.truncate(NAMED_MAX - 1);
        words.push(format!("{others} others"));
    }
    let last = words.pop().unwrap_or_default();
    if words.is_empty() { last } else { format!("{} {conjunction} {last}", words.join(", ")) }
}
