//! Text for a number of columns: text that is too wide is cut or wrapped.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use unicode_width::UnicodeWidthStr as _;

/// A time in RFC 3339.
pub(crate) fn moment(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

/// A text that is cut to so many columns, with an ellipsis.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut short = String::new();
    for character in text.chars() {
        short.push(character);
        if short.width() + 1 > columns {
            short.pop();
            break;
        }
    }
    short + "…"
}

/// Words in lines of so many columns; a wider word has its own line.
pub(crate) fn wrapped<'a>(words: impl IntoIterator<Item = &'a str>, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The words of a text; a command in backticks is one word.
pub(crate) fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut is_open) = (0, false);
    for (at, character) in text.char_indices() {
        match character {
            '`' => is_open = !is_open,
            ' ' if !is_open => {
                words.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    words.push(&text[start..]);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_wide_is_cut_where_the_screen_ends() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("longer", 5), "long…");
        // Each of these takes two columns.
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 4), "日…");
    }

    #[test]
    fn words_fill_lines_and_a_command_is_one_word() {
        let text = "run `s3guard deploy --stack s` now";
        assert_eq!(words(text), ["run", "`s3guard deploy --stack s`", "now"]);
        assert_eq!(wrapped(words(text), 12), ["run", "`s3guard deploy --stack s`", "now"]);
        assert_eq!(wrapped("a b c".split(' '), 3), ["a b", "c"]);
        assert!(wrapped([], 3).is_empty());
        assert_eq!(words("an `open end"), ["an", "`open end"]);
    }
}
