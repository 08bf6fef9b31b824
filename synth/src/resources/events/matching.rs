//! What a pattern matches, so that it can be tried on an event without AWS, and why it does not match.
//!
//! It follows EventBridge for everything that an [`EventPattern`](super::EventPattern) can say. Deliberately not here:
//! that fields within an array of objects must match in the same element, because no rule of ours has such a field.
//!
//! Source: Amazon EventBridge User Guide, "Creating event patterns" and "Comparison operators".

#[cfg(test)]
mod tests;

use std::{fmt, slice};

use s3guard_posture::{model::glob::Glob, text};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

/// How many values of a list are named.
const NAMED_MAX: usize = 4;
/// How much of a value is shown.
const CHARACTERS_MAX: usize = 100;

/// A pattern as EventBridge has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct KnownPattern(Json);

/// Why an event does not match: a field does not have a value that the rule wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    path: String,
    is: String,
    wanted: String,
}

impl KnownPattern {
    /// The pattern that this JSON is.
    pub(crate) fn new(pattern: Json) -> Self {
        Self(pattern)
    }

    /// A pattern of another rule. What is not known here matches nothing.
    pub fn of(pattern: Json) -> Self {
        Self(pattern)
    }

    /// Whether the event matches.
    pub fn matches(&self, event: &Json) -> bool {
        self.first_mismatch(event).is_none()
    }

    /// The first field, in the pattern's order, that does not match; `None` where the event matches.
    pub fn first_mismatch(&self, event: &Json) -> Option<Mismatch> {
        mismatch_below(&self.0, event, &[])
    }
}

fn mismatch_below(pattern: &Json, event: &Json, above: &[&str]) -> Option<Mismatch> {
    pattern.as_object()?.iter().find_map(|(name, wanted)| {
        let path = [above, &[name]].concat();
        match wanted {
            Json::Array(alternatives) if name == "$or" => {
                let below = alternatives.iter().map(|one| mismatch_below(one, event, above));
                // One that matches is enough; where none does, the reason of the first one is given.
                below.collect::<Option<Vec<_>>>()?.into_iter().next()
            }
            Json::Array(filters) => field_mismatch(event, &path, filters),
            Json::Object(_) => mismatch_below(wanted, event, &path),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
        }
    })
}

fn field_mismatch(event: &Json, path: &[&str], filters: &[Json]) -> Option<Mismatch> {
    let mut found = Vec::new();
    find(event, path, &mut found);
    // For EventBridge, an object does not exist.
    let (objects, leaves): (Vec<&Json>, Vec<&Json>) =
        found.into_iter().partition(|value| value.is_object());
    let absent = json!({ "exists": false });
    let is_match = if leaves.is_empty() {
        filters.contains(&absent)
    } else {
        leaves.iter().any(|leaf| filters.iter().any(|filter| accepts(filter, leaf)))
    };
    let is = || match (leaves.is_empty(), objects.is_empty()) {
        (false, _) if filters == [absent] => "present".to_owned(),
        (false, _) => list(leaves.iter().map(|leaf| shown(leaf)), "and"),
        (true, false) => "an object".to_owned(),
        (true, true) => "absent".to_owned(),
    };
    (!is_match).then(|| Mismatch {
        path: path.join("."),
        is: is(),
        wanted: list(filters.iter().map(words), "or"),
    })
}

/// Finds the values at a path: several where there are arrays on the way.
fn find<'e>(value: &'e Json, path: &[&str], found: &mut Vec<&'e Json>) {
    match (value, path) {
        (Json::Array(elements), _) => elements.iter().for_each(|one| find(one, path, found)),
        (_, []) => found.push(value),
        (_, [name, rest @ ..]) => {
            value.get(name).into_iter().for_each(|value| find(value, rest, found));
        }
    }
}

/// A filter's operator and its operands, if it is not a plain value.
fn operator(filter: &Json) -> Option<(&str, &[Json])> {
    let (operator, operand) = filter.as_object().and_then(|map: &Map<_, _>| map.iter().next())?;
    let operands = operand.as_array().map_or(slice::from_ref(operand), Vec::as_slice);
    Some((operator, operands))
}

/// Whether a filter accepts a value that exists.
fn accepts(filter: &Json, value: &Json) -> bool {
    let Some((operator, operands)) = operator(filter) else { return filter == value };
    let is_text = |test: &dyn Fn(&str, &str) -> bool| {
        let text = value.as_str().unwrap_or_default();
        value.is_string()
            && operands.iter().filter_map(Json::as_str).any(|wanted| test(text, wanted))
    };
    match operator {
        "exists" => operands == [json!(true)],
        "anything-but" => !operands.iter().any(|one| accepts(one, value)),
        "prefix" => is_text(&|text, prefix| text.starts_with(prefix)),
        "suffix" => is_text(&|text, suffix| text.ends_with(suffix)),
        "wildcard" => is_text(&|text, wildcard| {
            Glob::of_eventbridge(wildcard).is_some_and(|glob| glob.matches(text))
        }),
        _ => false,
    }
}

/// The end of the sentence "the rule wants …".
fn words(filter: &Json) -> String {
    let Some((operator, operands)) = operator(filter) else { return shown(filter) };
    let each = |before: &str| {
        let texts = operands.iter().filter_map(Json::as_str);
        list(texts.map(|text| format!("text {before} {}", quoted(text))), "or")
    };
    match operator {
        "exists" if operands == [json!(true)] => "it present".to_owned(),
        "exists" => "it absent".to_owned(),
        "anything-but" => format!("anything but {}", list(operands.iter().map(words), "or")),
        "prefix" => each("that begins with"),
        "suffix" => each("that ends with"),
        _ => each("like"),
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, is, wanted } = self;
        write!(f, "{} is {is}, the rule wants {wanted}", quoted(path))
    }
}

/// A text between backticks. It may come from an event, which anyone can write: it cannot break the line.
fn quoted(text: &str) -> String {
    format!("`{}`", text::shown(text, CHARACTERS_MAX))
}

/// A scalar between backticks. A text that looks like another scalar, or is empty, has its quotes.
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
