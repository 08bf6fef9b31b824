//! Scalars. YAML 1.1 reads many texts as numbers, booleans, dates or merges: a text that could be one is quoted.

use s3guard_posture::text::is_unsafe;
use serde_json::Number;

/// The position of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Before a colon, on one line.
    Key,
    /// After a colon or a dash: several lines can be a block.
    Value,
}

/// Words that YAML 1.1 does not read as text, in any case.
const WORDS: [&str; 9] = ["y", "n", "yes", "no", "true", "false", "on", "off", "null"];

/// Writes a text; a block is indented to `depth`.
pub(super) fn text(text: &str, place: Place, depth: usize) -> String {
    if is_plain(text) {
        text.to_owned()
    } else if place == Place::Value && is_block(text) {
        block(text, depth)
    } else if text.chars().all(is_readable) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        escaped(text)
    }
}

/// Writes a number for YAML 1.1: its floats have a dot, and a sign in the exponent.
pub(super) fn number(number: &Number) -> String {
    let text = number.to_string();
    if number.is_i64() || number.is_u64() {
        return text;
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text.as_str(), None),
    };
    let dot = if mantissa.contains('.') { "" } else { ".0" };
    match exponent {
        None => format!("{mantissa}{dot}"),
        Some(exponent) if exponent.starts_with(['-', '+']) => format!("{mantissa}{dot}e{exponent}"),
        Some(exponent) => format!("{mantissa}{dot}e+{exponent}"),
    }
}

fn is_plain(text: &str) -> bool {
    // Numbers, dates, times, merges (`<<`) and defaults (`=`) do not begin like this.
    let starts_plain =
        text.starts_with(|first: char| first.is_ascii_alphabetic() || "_/$".contains(first));
    starts_plain
        && text.chars().all(|c| c == ' ' || c.is_ascii_graphic())
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether a text has several lines that a block can hold without an indentation indicator.
fn is_block(text: &str) -> bool {
    text.trim_end_matches('\n').contains('\n')
        && !text.starts_with([' ', '\n'])
        && !text.ends_with("\n\n")
        && text.lines().all(|line| line.is_empty() || !line.trim().is_empty())
        && text.chars().all(|c| c == '\n' || is_readable(c))
}

fn block(text: &str, depth: usize) -> String {
    let (header, lines) = match text.strip_suffix('\n') {
        Some(lines) => ("|", lines),
        None => ("|-", text),
    };
    // The root of a document is indented, too: at depth 0 a line could be read as the end of the document.
    let indent = "  ".repeat(depth.max(1));
    let mut block = header.to_owned();
    for line in lines.split('\n') {
        block.push('\n');
        if !line.is_empty() {
            block.push_str(&indent);
            block.push_str(line);
        }
    }
    block
}

fn is_readable(c: char) -> bool {
    // Other characters beyond ASCII may be invisible, or end a line in YAML 1.1.
    c == ' '
        || c.is_ascii_graphic()
        || "–—’“”…·→".contains(c)
        || c.is_alphanumeric() && !is_unsafe(c)
}

fn escaped(text: &str) -> String {
    let mut escaped = String::from('"');
    for c in text.chars() {
        match c {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push_str("\\t"),
            c if is_readable(c) => escaped.push(c),
            c => escaped.push_str(&escape(u32::from(c))),
        }
    }
    escaped.push('"');
    escaped
}

fn escape(code: u32) -> String {
    match code {
        0..=0xff => format!("\\x{code:02x}"),
        0x100..=0xffff => format!("\\u{code:04x}"),
        _ => format!("\\U{code:08x}"),
    }
}
