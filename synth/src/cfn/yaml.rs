//! YAML for CloudFormation: short tags, and scalars that a YAML 1.1 reader understands.
//!
//! Not a general writer: it writes one document in block style, in the order of the JSON, and a reader that knows
//! CloudFormation's tags gets exactly that JSON back. Why it is our own: `docs/adr/0004-own-yaml-writer.md`.

mod scalar;
mod tag;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value as Json};

use scalar::Place;

/// Implicit keys longer than 1024 characters are not read.
const IMPLICIT_KEY_BYTES_MAX: usize = 1_000;

/// Writes a document.
pub(super) fn write(json: &Json) -> String {
    let mut writer = Writer { text: String::new() };
    let (tag, json) = tag::shortened(json);
    if let Some(tag) = tag {
        writer.text.push_str(tag);
    }
    writer.after(tag.is_some(), json.as_ref(), 0);
    writer.text
}

struct Writer {
    text: String,
}

impl Writer {
    /// Writes a value after a key or a tag, or at the start of a line, and ends the line.
    fn after(&mut self, needs_space: bool, json: &Json, depth: usize) {
        match json {
            Json::Object(map) if !map.is_empty() => {
                if needs_space {
                    self.text.push('\n');
                }
                self.map(map, depth, needs_space);
            }
            Json::Array(items) if !items.is_empty() => {
                if needs_space {
                    self.text.push('\n');
                }
                self.array(items, depth, needs_space);
            }
            Json::Object(_) => self.inline(needs_space, "{}"),
            Json::Array(_) => self.inline(needs_space, "[]"),
            Json::String(text) => {
                self.inline(needs_space, &scalar::text(text, Place::Value, depth));
            }
            Json::Number(number) => self.inline(needs_space, &scalar::number(number)),
            Json::Bool(true) => self.inline(needs_space, "true"),
            Json::Bool(false) => self.inline(needs_space, "false"),
            Json::Null => self.inline(needs_space, "null"),
        }
    }

    fn inline(&mut self, needs_space: bool, text: &str) {
        if needs_space {
            self.text.push(' ');
        }
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// Writes the entries of a map; the first one on the current line, unless `starts_line`.
    fn map(&mut self, map: &Map<String, Json>, depth: usize, starts_line: bool) {
        for (at, (key, value)) in map.iter().enumerate() {
            if at > 0 || starts_line {
                self.indent(depth);
            }
            let key = scalar::text(key, Place::Key, depth);
            if key.len() > IMPLICIT_KEY_BYTES_MAX {
                self.text.push_str("? ");
                self.text.push_str(&key);
                self.text.push('\n');
                self.indent(depth);
            } else {
                self.text.push_str(&key);
            }
            self.text.push(':');
            self.tagged(true, value, depth + 1);
        }
    }

    fn array(&mut self, items: &[Json], depth: usize, starts_line: bool) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 || starts_line {
                self.indent(depth);
            }
            self.text.push('-');
            match tag::shortened(item) {
                (None, item) if is_block(item.as_ref()) => {
                    self.text.push(' ');
                    self.after(false, item.as_ref(), depth + 1);
                }
                _ => self.tagged(true, item, depth + 1),
            }
        }
    }

    fn tagged(&mut self, needs_space: bool, json: &Json, depth: usize) {
        let (tag, json) = tag::shortened(json);
        if let Some(tag) = tag {
            if needs_space {
                self.text.push(' ');
            }
            self.text.push_str(tag);
        }
        self.after(needs_space || tag.is_some(), json.as_ref(), depth);
    }

    fn indent(&mut self, depth: usize) {
        self.text.extend(std::iter::repeat_n("  ", depth));
    }
}

fn is_block(json: &Json) -> bool {
    match json {
        Json::Object(map) => !map.is_empty(),
        Json::Array(items) => !items.is_empty(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}
