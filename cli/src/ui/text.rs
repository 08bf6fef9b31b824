//! Text for a terminal. What it is made of is escaped here and nowhere else, no matter who has written it.

use std::fmt;

use s3guard_posture::text::escaped;

use crate::ui::lines::folded;
use crate::ui::output::Paint;

/// How a part of a line is painted. Colour carries no information of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Bad,
    Good,
    Notable,
    Warning,
    Hint,
}

/// A line, in parts. A part is escaped when it is added: it cannot begin another line, move the cursor or change the style.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TextLine(Vec<(Style, String)>);

/// The lines of a result.
#[derive(Debug, Default)]
pub(crate) struct Text {
    lines: Vec<TextLine>,
    /// The width of the terminal, if the text is for one.
    pub(crate) columns: Option<usize>,
}

/// What can be shown to a person.
pub(crate) trait Printable {
    /// Adds its lines.
    fn print(&self, text: &mut Text);
}

impl<T: fmt::Display> From<T> for TextLine {
    fn from(text: T) -> Self {
        Self::styled(Style::Plain, text)
    }
}

impl TextLine {
    pub(crate) fn styled(style: Style, text: impl fmt::Display) -> Self {
        Self(vec![(style, escaped(&text.to_string()))])
    }

    pub(crate) fn bad(text: impl fmt::Display) -> Self {
        Self::styled(Style::Bad, text)
    }

    pub(crate) fn good(text: impl fmt::Display) -> Self {
        Self::styled(Style::Good, text)
    }

    pub(crate) fn notable(text: impl fmt::Display) -> Self {
        Self::styled(Style::Notable, text)
    }

    pub(crate) fn hint(text: impl fmt::Display) -> Self {
        Self::styled(Style::Hint, text)
    }

    /// The same line with more at its end.
    pub(crate) fn and(mut self, more: impl Into<Self>) -> Self {
        self.0.extend(more.into().0);
        self
    }

    /// The line as it is written: the only control characters are those of the styles.
    pub(crate) fn painted(&self, paint: Paint) -> String {
        let parts = self.0.iter().filter(|(_, text)| !text.is_empty());
        parts.map(|(style, text)| paint.paint(*style, text)).collect()
    }
}

impl Text {
    /// The text of something for a terminal of this width.
    pub(crate) fn of(what: &(impl Printable + ?Sized), columns: Option<usize>) -> Self {
        let mut text = Self { lines: Vec::new(), columns };
        what.print(&mut text);
        text
    }

    pub(crate) fn line(&mut self, line: impl Into<TextLine>) {
        self.lines.push(line.into());
    }

    /// Adds an empty line.
    pub(crate) fn gap(&mut self) {
        self.lines.push(TextLine::default());
    }

    pub(crate) fn into_lines(self) -> Vec<TextLine> {
        self.lines
    }

    /// The text as it is written, wrapped between words.
    pub(crate) fn painted(&self, paint: Paint) -> String {
        let mut all = String::new();
        for line in &self.lines {
            let line = line.painted(paint);
            all += &self.columns.map_or_else(|| line.clone(), |columns| folded(&line, columns));
            all.push('\n');
        }
        all
    }
}

impl Printable for TextLine {
    fn print(&self, text: &mut Text) {
        text.line(self.clone());
    }
}

/// The text without colour, not wrapped.
#[cfg(test)]
pub(crate) fn plain(what: &(impl Printable + ?Sized)) -> String {
    Text::of(what, None).painted(Paint::Plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\x1b]0;pwn\x07\x1b[2J\u{9b}31m\u{202e}\u{2066}\r\nerror: forged";

    #[test]
    fn a_part_neither_ends_its_line_nor_changes_its_style() {
        let line = TextLine::from("is ").and(TextLine::bad(HOSTILE)).and(" now");
        let text = r"a\u{1b}]0;pwn\u{7}\u{1b}[2J\u{9b}31m\u{202e}\u{2066}\u{d}\u{a}error: forged";
        assert_eq!(line.painted(Paint::Plain), format!("is {text} now"));
        assert_eq!(line.painted(Paint::Ansi), format!("is \x1b[1;31m{text}\x1b[0m now"));
    }

    #[test]
    fn a_text_is_wrapped_by_the_width_of_what_is_shown() {
        for columns in [40, 80, 120] {
            let mut text = Text { columns: Some(columns), ..Text::default() };
            text.line(TextLine::notable(format!("{} ", "\x1b[2J\u{ad}").repeat(30)));
            for line in text.painted(Paint::Plain).lines() {
                assert!(line.len() <= columns, "{line}");
            }
        }
    }
}
