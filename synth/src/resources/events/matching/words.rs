//! Values in words. They come from events, which anybody writes: none may break the line.

use s3guard_posture::text;
use serde_json::Value as Json;

/// How much of a value is shown.
const CHARACTERS_MAX: usize = 100;
/// How many of a list are named.
const NAMED_MAX: usize = 4;

/// A text between backticks.
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", text::shown(text, CHARACTERS_MAX))
}

/// A scalar between backticks. A text that could be taken for another scalar, or for nothing, has its quotes.
pub(super) fn value(value: &Json) -> String {
    match value.as_str() {
        Some(text) if !text.is_empty() && serde_json::from_str::<Json>(text).is_err() => {
            quoted(text)
        }
        Some(_) | None => quoted(&value.to_string()),
    }
}

/// `a, b and c`, with the conjunction given. Of many, only the first are named.
pub(super) fn list(words: impl Iterator<Item = String>, conjunction: &str) -> String {
    let mut words: Vec<String> = words.collect();
    if words.len() > NAMED_MAX {
        let others = words.len() + 1 - NAMED_MAX;
        words.truncate(NAMED_MAX - 1);
        words.push(format!("{others} others"));
    }
    let last = words.pop().unwrap_or_default();
    if words.is_empty() { last } else { format!("{} {conjunction} {last}", words.join(", ")) }
}
