//! Text for a number of columns: text that is too wide is cut or wrapped.

use std::time::Duration;

use s3guard_posture::text::escaped;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};
use unicode_width::UnicodeWidthStr as _;

const UTC_FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
/// What is before each line of a quoted text.
const FRAME: &str = "| ";
/// How much further than its first line the other lines of a text are indented.
const HANGING: usize = 2;

/// A time in RFC 3339, in UTC to the millisecond: always of the same width.
pub(crate) fn utc_time(at: OffsetDateTime) -> String {
    at.to_offset(UtcOffset::UTC).format(UTC_FORMAT).unwrap_or_default()
}

/// A duration in hours, minutes and seconds; in tenths of a second if it is less than a minute.
pub(crate) fn duration(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    let tenths = (milliseconds + 50) / 100;
    if tenths < 600 {
        let [seconds, tenth] = [tenths / 10, tenths % 10];
        return if tenth == 0 { format!("{seconds} s") } else { format!("{seconds}.{tenth} s") };
    }
    let seconds = (milliseconds + 500) / 1000;
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    parts.map(|(count, unit)| format!("{count} {unit}")).collect::<Vec<_>>().join(" ")
}

/// The width of a text without colour codes: an escaped text has no others than ours.
pub(crate) fn width(text: &str) -> usize {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().width();
    let painted = parts.map(|part| part.split_once('m').map_or(part, |(_, text)| text).width());
    first + painted.sum::<usize>()
}

/// Wraps every line of a text that is wider than these columns between words. A word is never cut, and a command in
/// backticks is one word if a line has room for it. The second column of a table stays a column.
pub(crate) fn folded(text: &str, columns: usize) -> String {
    let mut all = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        if width(line) <= columns {
            all.push_str(line);
        } else if let Some(framed) = framed(line, columns) {
            all.push_str(&framed);
        } else {
            fold(line, columns, &mut all);
        }
        all.push_str(end);
    }
    all
}

/// A line of a quoted text, behind a `|`: each row that it is wrapped into stays behind one.
fn framed(line: &str, columns: usize) -> Option<String> {
    let leading = line.len() - line.trim_start_matches(' ').len();
    let quoted = line[leading..].strip_prefix(FRAME)?;
    let frame = " ".repeat(leading) + FRAME;
    let room = columns.checked_sub(frame.len()).filter(|room| *room > 0)?;
    let rows = folded(quoted, room);
    let rows: Vec<String> = rows.split('\n').map(|row| format!("{frame}{row}")).collect();
    Some(rows.join("\n"))
}

fn fold(line: &str, columns: usize, all: &mut String) {
    let leading = line.len() - line.trim_start_matches(' ').len();
    let (indent, full) = (leading + HANGING, width(line));
    // Where the second column begins, if it leaves room for its text.
    let mut second = None;
    // How much of this row is filled, and how much of the line's own width.
    let (mut filled, mut at) = (0, 0);
    let words = gaps_and_words(line, columns.saturating_sub(indent));
    for (index, &(gap, word)) in words.iter().enumerate() {
        let wide = width(word);
        at += gap;
        let is_column = gap > 1 && at > leading;
        if is_column && second.is_none() {
            second = Some(at).filter(|second| *second <= columns / 2);
        }
        let hanging = second.filter(|second| second + wide <= columns).unwrap_or(indent);
        // On a row of its own a word that is too wide would be wrapped, too.
        let is_at_margin = filled == 0 || filled + gap <= hanging;
        // A last column that is far to the right is read better as a whole, below.
        let is_last = is_column && words[index + 1..].iter().all(|(gap, _)| *gap == 1);
        let is_moved = is_last && at > columns / 2 && filled + gap + full - at > columns;
        if is_at_margin || filled + gap + wide <= columns && !is_moved {
            all.extend(std::iter::repeat_n(' ', gap));
            filled += gap + wide;
        } else {
            all.push('\n');
            all.extend(std::iter::repeat_n(' ', hanging));
            filled = hanging + wide;
        }
        all.push_str(word);
        at += wide;
    }
}

/// The words of a line, and how many spaces are before each. A command in backticks that has so much room is one word.
fn gaps_and_words(line: &str, room: usize) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut gap = 0;
    for word in words_and_spaces(line) {
        if word.is_empty() {
            gap += 1;
            continue;
        }
        if width(word) <= room {
            found.push((gap, word));
        } else {
            found.extend(
                word.split(' ').enumerate().map(
                    |(index, part)| {
                        if index == 0 { (gap, part) } else { (1, part) }
                    },
                ),
            );
        }
        gap = 1;
    }
    found
}

/// A text that is escaped and cut to so many columns, with an ellipsis.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    let text = escaped(text);
    if text.width() <= columns {
        return text;
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

/// The words of a text, escaped, in lines of so many columns; a wider word has its own line.
pub(crate) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace().map(escaped) {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= columns => {
                line.push(' ');
                line.push_str(&word);
            }
            Some(_) | None => lines.push(word),
        }
    }
    lines
}

/// The words of a text, a command in backticks as one; an empty one for each space after another.
fn words_and_spaces(text: &str) -> Vec<&str> {
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
        assert_eq!(cut("a\x1b[2Jb", 8), r"a\u{1b}…");
    }

    #[test]
    fn words_fill_lines() {
        assert_eq!(wrapped("a b c", 3), ["a b", "c"]);
        assert_eq!(wrapped("a\x07 b c", 8), [r"a\u{7} b", "c"]);
        assert!(wrapped("", 3).is_empty());
        assert_eq!(words_and_spaces("an `open end"), ["an", "`open end"]);
    }

    #[track_caller]
    fn check(text: &str, columns: usize, expected: &[&str]) {
        let folded = folded(text, columns);
        assert_eq!(folded.split('\n').collect::<Vec<_>>(), expected);
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&folded), words(text), "no word is cut or lost");
    }

    #[test]
    fn a_quoted_text_stays_in_its_frame() {
        let folded = folded("    |     undo: s3guard undo reports --stack s3guard", 30);
        let rows: Vec<&str> = folded.split('\n').collect();
        assert!(rows.len() > 1 && rows.iter().all(|row| row.starts_with("    |     ")), "{folded}");
        assert!(rows.iter().all(|row| width(row) <= 30), "{folded}");
    }

    #[test]
    fn a_line_is_folded_between_words_and_the_rest_is_indented() {
        check("fits\n  as it  is\n", 11, &["fits", "  as it  is", ""]);
        check("one two three four", 11, &["one two", "  three", "  four"]);
        check("  one two three", 11, &["  one two", "    three"]);
        check("", 11, &[""]);
    }

    #[test]
    fn the_second_column_of_a_table_stays_a_column() {
        check("why    not encrypted yet", 20, &["why    not encrypted", "       yet"]);
        check("a long name  value of it", 16, &["a long name", "  value of it"]);
        check("  email  me@example.com  (no)", 24, &["  email  me@example.com", "         (no)"]);
    }

    #[test]
    fn a_column_far_to_the_right_goes_below_as_a_whole() {
        check("a step of it   ok  took a second", 24, &["a step of it   ok", "  took a second"]);
        check("a step of it   ok  in 9 s", 25, &["a step of it   ok  in 9 s"]);
    }

    #[test]
    fn a_word_that_is_wider_than_the_screen_stays_whole() {
        check("see arn:aws:s3:::bucket now", 10, &["see", "  arn:aws:s3:::bucket", "  now"]);
        check("Key  arn:aws:kms:1", 12, &["Key", "  arn:aws:kms:1"]);
        check("arn:aws:s3:::bucket", 10, &["arn:aws:s3:::bucket"]);
    }

    #[test]
    fn a_command_is_kept_together_where_there_is_room_for_it() {
        check("then run `s3guard x -y` now", 18, &["then run", "  `s3guard x -y`", "  now"]);
        check("run `s3guard x --stack s`", 12, &["run `s3guard", "  x --stack", "  s`"]);
    }

    #[test]
    fn colour_takes_no_room() {
        assert_eq!(width("\x1b[1;31mfailed\x1b[0m now"), 10);
        assert_eq!(width("日本"), 4);
        let red = "\x1b[1;31mfailed\x1b[0m now";
        assert_eq!(folded(red, 10), red);
    }

    #[test]
    fn a_duration_has_units() {
        for (milliseconds, text) in [
            (0, "0 s"),
            (249, "0.2 s"),
            (16_175, "16.2 s"),
            (59_949, "59.9 s"),
            (59_950, "1 min"),
            (61_234, "1 min 1 s"),
            (901_000, "15 min 1 s"),
            (3_599_500, "1 h"),
            (5_400_000, "1 h 30 min"),
        ] {
            assert_eq!(duration(Duration::from_millis(milliseconds)), text);
        }
    }

    #[test]
    fn all_times_have_the_same_width() {
        let texts = [0, 260, 262].map(|milliseconds| {
            utc_time(OffsetDateTime::UNIX_EPOCH + time::Duration::milliseconds(milliseconds))
        });
        assert_eq!(
            texts,
            ["1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00.260Z", "1970-01-01T00:00:00.262Z"]
        );
    }
}
