//! Text from outside, escaped for output.

pub(crate) mod named;

use std::fmt::Write as _;

use time::OffsetDateTime;
use time::macros::format_description;

/// Escapes a name or key for one line: what could move the cursor, break the line or change the reading direction is
/// written as `\u{…}`. A text of more than `characters_max` characters is cut, with an `…`.
pub fn shown(text: &str, characters_max: usize) -> String {
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == characters_max {
            shown.push('…');
            break;
        }
        push_or_escape(&mut shown, character, is_unsafe(character));
    }
    shown
}

/// Adds a character, or its escape `\u{…}`.
pub(crate) fn push_or_escape(text: &mut String, character: char, is_escaped: bool) {
    if is_escaped {
        write!(text, "\\u{{{:x}}}", u32::from(character)).expect("a string takes everything");
    } else {
        text.push(character);
    }
}

/// Cuts a text to a subject for SNS: fewer than 100 characters, no line breaks, no control characters.
///
/// Source: Amazon SNS API Reference, `Publish`.
pub fn subject(text: &str) -> String {
    // Escapes make a text longer.
    shown(&shown(text, 98), 98)
}

/// The same JSON, in which the characters that [`shown`] escapes are escaped. They occur only within strings.
pub fn shown_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if is_unsafe(character) && character != '\n' {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(shown, "\\u{unit:04x}").expect("a string takes everything");
            }
        } else {
            shown.push(character);
        }
    }
    shown
}

/// The width of prose in an email.
pub const COLUMNS_MAX: usize = 72;

/// A space that breaks no line; it becomes an ordinary one.
const NO_BREAK: char = '\u{a0}';

/// Words that [`wrapped`] keeps together, such as a date with its time.
pub fn unbroken(words: &str) -> String {
    words.replace(' ', &NO_BREAK.to_string())
}

/// Breaks words into lines of at most [`COLUMNS_MAX`] columns, only at spaces: a longer id, ARN or URL is not broken, nor is
/// the result of [`unbroken`]. The first line begins with `first`, each other line with `rest`.
pub fn wrapped(words: &str, first: &str, rest: &str) -> String {
    let mut text = String::from(first);
    let (mut columns, mut is_start) = (first.chars().count(), true);
    for word in words.split(' ') {
        let length = word.chars().count();
        if !is_start && columns + 1 + length > COLUMNS_MAX {
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
            text.push_str(rest);
            columns = rest.chars().count();
        } else if !is_start {
            text.push(' ');
            columns += 1;
        }
        text.push_str(&word.replace(NO_BREAK, " "));
        columns += length;
        is_start = false;
    }
    text
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{061c}'
            | '\u{e0000}'..='\u{e007f}')
}

/// A time as people read it, in UTC, to the second.
pub fn shown_time(time: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    time.to_offset(time::UtcOffset::UTC).format(format).unwrap_or_else(|_| time.to_string())
}

/// The seconds of a duration such as `90s`, `15m`, `6h` or `2d`.
pub fn seconds(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_cannot_move_the_cursor_or_turn_the_reading_direction() {
        assert_eq!(shown("a\r\nb\x1b[2J", 80), "a\\u{d}\\u{a}b\\u{1b}[2J");
        assert_eq!(shown("invoice\u{202e}fdp.exe", 80), "invoice\\u{202e}fdp.exe");
        assert_eq!(shown("Übergröße/日本語 ✓", 80), "Übergröße/日本語 ✓");
        assert_eq!(shown("abcdef", 3), "abc…");
    }

    #[test]
    fn prose_is_broken_at_spaces_and_nothing_else_is_broken() {
        let arn = format!("arn:aws:iam::111122223333:role/{}", "r".repeat(60));
        let text =
            wrapped(&format!("the bucket's policy is denied to {arn} by a rule"), "  ", "    ");
        assert_eq!(text, format!("  the bucket's policy is denied to\n    {arn}\n    by a rule"));
        assert_eq!(wrapped("", "Bucket  ", "        "), "Bucket  ");
        let text =
            wrapped(&format!("{} {}", "x".repeat(60), unbroken("2026-11-20 12:00:00 UTC")), "", "");
        assert_eq!(text, format!("{}\n2026-11-20 12:00:00 UTC", "x".repeat(60)));
    }

    proptest! {
        #[test]
        fn json_that_is_safe_to_show_is_the_same(text in any::<String>()) {
            let json = serde_json::json!({ "key": text }).to_string();
            let shown = shown_json(&json);
            prop_assert!(!shown.chars().any(is_unsafe), "{}", shown);
            let (before, after): (serde_json::Value, serde_json::Value) =
                (serde_json::from_str(&json).unwrap(), serde_json::from_str(&shown).unwrap());
            prop_assert_eq!(before, after);
        }

        #[test]
        fn a_line_is_too_long_only_if_it_is_one_word(words in "([a-z]{1,90} ){0,40}[a-z]{1,90}") {
            let text = wrapped(&words, "  ", "    ");
            let joined: Vec<&str> = text.split_whitespace().collect();
            prop_assert_eq!(joined.join(" "), words);
            for line in text.lines() {
                prop_assert!(line.chars().count() <= COLUMNS_MAX || !line.trim().contains(' '), "{}", line);
            }
        }

        #[test]
        fn a_subject_is_always_one_that_sns_takes(text in any::<String>()) {
            let subject = subject(&text);
            prop_assert!(subject.chars().count() < 100);
            prop_assert!(!subject.chars().any(char::is_control));
        }
    }
}
