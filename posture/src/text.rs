//! Text from outside, escaped for output.

pub(crate) mod named;
pub(crate) mod wire;

use std::fmt::Write as _;

use time::OffsetDateTime;
use time::macros::format_description;

/// Escapes a text for one line: what could move the cursor, break the line, change the reading direction or is invisible is
/// written as `\u{…}`. A text that is escaped stays as it is.
pub fn escaped(text: &str) -> String {
    shown(text, usize::MAX)
}

/// Escapes a text as [`escaped`] does. One of more than `characters_max` characters is cut, with an `…`.
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

/// Escapes a text that others chose for an email, an SMS or a chat: as [`shown`] does, and also what makes a link of it.
pub fn unlinked(text: &str, characters_max: usize) -> String {
    shown(text, characters_max).replace("://", "\\u{3a}//")
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

/// JSON that others chose, for an email or a chat: as [`shown_json`] has it, and without what makes a link of it.
pub fn unlinked_json(json: &str) -> String {
    shown_json(json).replace("://", "\\u003a//")
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

/// Whether a character is a control, separates lines or paragraphs, changes the reading direction, or is not drawn.
///
/// Source: Unicode Character Database 14.0: `General_Category` Cc, Zl and Zp; `Bidi_Control`;
/// `Default_Ignorable_Code_Point`, which contains the zero-width characters, the fillers and the variation selectors; the
/// interlinear annotations; BRAILLE PATTERN BLANK.
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
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
    fn what_is_not_drawn_is_escaped_and_what_is_drawn_is_not() {
        let hidden = "\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{17b5}\u{180e}\u{200d}\u{2028}\u{2066}\u{2800}\u{3164}\
                      \u{fe0f}\u{feff}\u{ffa0}\u{fff9}\u{fffb}\u{1bca3}\u{1d173}\u{9b}\u{e0041}\u{e01ef}";
        assert!(hidden.chars().all(is_unsafe));
        assert!(escaped(hidden).is_ascii());
        assert_eq!(escaped(&escaped(hidden)), escaped(hidden));
        assert!(!"e\u{301} ✓ 日本語 🗝 \u{fffd} \u{a0}".chars().any(is_unsafe));
    }

    #[test]
    fn a_text_of_others_is_no_link() {
        assert_eq!(unlinked("see https://evil.example", 80), "see https\\u{3a}//evil.example");
        assert_eq!(unlinked("arn:aws:s3:::b/c://", 80), "arn:aws:s3:::b/c\\u{3a}//");
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
