//! Fields of a record of CloudTrail, read leniently: XML became JSON there.
//!
//! An element that occurs once is an object and not a list, and text that looks like a number or a boolean is one. So a
//! list stands for its first item, and a single value for a list of one.

use serde_json::Value;

/// What is at a path. A list stands for its first item.
pub fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    fn first(value: &Value) -> Option<&Value> {
        value.as_array().map_or(Some(value), |items| items.first())
    }
    path.iter().try_fold(value, |value, key| first(value.get(key)?))
}

/// The text at a path, if there is one; what became a number or a boolean is a text again.
pub fn text(value: &Value, path: &[&str]) -> Option<String> {
    match at(value, path)? {
        Value::String(text) => Some(text.clone()),
        scalar @ (Value::Bool(_) | Value::Number(_)) => Some(scalar.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

pub use crate::model::policy::listed as items;
