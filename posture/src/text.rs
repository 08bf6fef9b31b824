//! Text that came from outside, made safe to show.

use std::fmt::Write as _;

/// Shows a name or key in one line: what could move the cursor, break the line or turn the reading direction is
/// written as `\u{…}`, everything else as it is. More than `characters_max` characters are cut, with an `…`.
pub fn shown(text: &str, characters_max: usize) -> String {
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == characters_max {
            shown.push('…');
            break;
        }
        if is_unsafe(character) {
            write!(shown, "\\u{{{:x}}}", u32::from(character)).expect("a string takes everything");
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Cuts a text to what SNS takes as the subject of an email: fewer than 100 characters, no line breaks, no control
/// characters.
///
/// Source: Amazon SNS API Reference, `Publish`.
pub fn subject(text: &str) -> String {
    let shown = shown(text, 98);
    if shown.chars().count() <= 99 {
        shown
    } else {
        shown.chars().take(98).chain(['…']).collect()
    }
}

/// A text as it stands between double quotes, in YAML and HCL alike; what [`shown`] would not show is escaped.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '"' | '\\' => escaped.extend(['\\', character]),
            '\n' => escaped.push_str("\\n"),
            _ if !is_unsafe(character) => escaped.push(character),
            _ => {
                let code = u32::from(character);
                let code =
                    if code > 0xffff { format!("U{code:08x}") } else { format!("u{code:04x}") };
                escaped.push('\\');
                escaped.push_str(&code);
            }
        }
    }
    escaped
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{061c}'
            | '\u{e0000}'..='\u{e007f}')
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

    proptest! {
        #[test]
        fn a_subject_is_always_one_that_sns_takes(text in any::<String>()) {
            let subject = subject(&text);
            prop_assert!(subject.chars().count() < 100);
            prop_assert!(!subject.chars().any(char::is_control));
        }
    }
}
