//! YAML, as people write it: in blocks, with quotes only where they are needed.

use serde_json::{Map, Value};

use crate::text::escaped;

/// Words that would be no text without quotes, in YAML 1.1 or 1.2.
const WORDS: [&str; 8] = ["true", "false", "yes", "no", "on", "off", "null", "nan"];

/// A document. The first two levels are always blocks; below, an object with one entry stands in the line.
pub(super) fn document(fields: &Map<String, Value>) -> String {
    let mut lines = Vec::new();
    object(fields, 0, 0, &mut lines);
    lines.join("\n")
}

fn object(fields: &Map<String, Value>, indent: usize, depth: usize, lines: &mut Vec<String>) {
    let margin = " ".repeat(indent);
    for (key, value) in fields {
        let key = text(key);
        match (value, inline(value)) {
            (Value::Object(_) | Value::Array(_), Some(short)) if depth > 0 => {
                lines.push(format!("{margin}{key}: {short}"));
            }
            (Value::Object(fields), _) => {
                lines.push(format!("{margin}{key}:"));
                object(fields, indent + 2, depth + 1, lines);
            }
            (Value::Array(items), None) => {
                lines.push(format!("{margin}{key}:"));
                for item in items {
                    list_item(item, indent + 2, depth + 1, lines);
                }
            }
            (_, short) => lines.push(format!("{margin}{key}: {}", short.unwrap_or_default())),
        }
    }
}

fn list_item(item: &Value, indent: usize, depth: usize, lines: &mut Vec<String>) {
    let margin = " ".repeat(indent);
    if let Value::Object(fields) = item {
        let first = lines.len();
        object(fields, indent + 2, depth + 1, lines);
        if let Some(line) = lines.get_mut(first) {
            *line = format!("{margin}- {}", line.trim_start());
        }
    } else {
        lines.push(format!("{margin}- {}", inline(item).unwrap_or_default()));
    }
}

/// A scalar, a list of scalars, or an object with one entry that is such a thing itself.
fn inline(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("null".to_owned()),
        Value::Bool(is_true) => Some(is_true.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(string) => Some(text(string)),
        Value::Array(items) => {
            let is_scalar = |item: &Value| !item.is_object() && !item.is_array();
            let items = items.iter().map(|item| inline(item).filter(|_| is_scalar(item)));
            Some(format!("[{}]", items.collect::<Option<Vec<_>>>()?.join(", ")))
        }
        Value::Object(fields) => {
            let (key, value) = fields.iter().next().filter(|_| fields.len() == 1)?;
            Some(format!("{{ {}: {} }}", text(key), inline(value)?))
        }
    }
}

fn text(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_:/".contains(c))
        && !text.ends_with(':')
        && text.len() > 1
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_plain { text.to_owned() } else { format!("\"{}\"", escaped(text)) }
}
