//! The live area: lines at the bottom of a terminal that change while messages scroll above them.
//!
//! Each of several Regions has its own part. [`Area`] computes the text to write and uses no terminal.

use std::cell::RefCell;
use std::io::{self, Write as _};
use std::os::fd::AsFd;
use std::rc::Rc;

use crate::ui::lines::{folded, width};
use crate::ui::output::Paint;
use crate::ui::text::TextLine;

/// The size of a terminal that does not report one.
const SIZE: Size = Size { columns: 80, rows: 24 };

/// The size of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

impl Size {
    /// The size of a terminal, if the stream is one.
    pub(crate) fn of(stream: impl AsFd) -> Option<Self> {
        let (terminal_size::Width(columns), terminal_size::Height(rows)) =
            terminal_size::terminal_size_of(stream)?;
        let is_known = columns > 0 && rows > 0;
        is_known.then(|| Self { columns: columns.into(), rows: rows.into() })
    }

    /// The size of the terminal on stderr.
    pub(crate) fn now() -> Self {
        Self::of(io::stderr()).unwrap_or(SIZE)
    }
}

/// Where messages are written: a terminal with a live area, or a stream of lines.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    /// `None` if lines are only appended.
    area: Option<RefCell<Area>>,
}

/// A part of the live area, which is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Part {
    screen: Rc<Screen>,
    id: usize,
}

impl Screen {
    /// A terminal with a live area.
    pub(crate) fn live() -> Self {
        Self { area: Some(RefCell::default()) }
    }

    /// Writes whole lines that are escaped already, above the live area if there is one.
    pub(crate) fn write(&self, text: &str) {
        let text = wrapped(text);
        match &self.area {
            Some(area) => to_stderr(&area.borrow_mut().say(&text, Size::now())),
            None => to_stderr(&text),
        }
    }

    /// Runs another writer, perhaps to the same terminal, while the live area is erased.
    pub(crate) fn beside<T>(&self, write: impl FnOnce() -> T) -> T {
        let Some(area) = &self.area else { return write() };
        let erased = area.borrow_mut().erased(Size::now());
        if erased.is_empty() {
            return write();
        }
        to_stderr(&erased);
        let written = write();
        to_stderr(&area.borrow_mut().redrawn(Size::now()));
        written
    }

    /// Notes that a person has typed a line, which has moved the live area.
    pub(crate) fn typed(&self) {
        if let Some(area) = &self.area {
            area.borrow_mut().typed += 1;
        }
    }

    /// A new part of the live area, if there is one.
    pub(crate) fn part(self: &Rc<Self>) -> Option<Part> {
        let id = self.area.as_ref()?.borrow_mut().add();
        Some(Part { screen: Rc::clone(self), id })
    }
}

impl Part {
    /// Replaces the lines.
    pub(crate) fn show(&self, lines: &[TextLine], paint: Paint) {
        let lines: Vec<String> = lines.iter().map(|line| line.painted(paint)).collect();
        self.change(|area| area.show(self.id, &lines, Size::now()));
    }

    fn change(&self, change: impl FnOnce(&mut Area) -> String) {
        if let Some(area) = &self.screen.area {
            let text = change(&mut area.borrow_mut());
            if !text.is_empty() {
                to_stderr(&text);
            }
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.change(|area| area.remove(self.id, Size::now()));
    }
}

/// The lines that are drawn, and the text that changes them.
#[derive(Debug, Default)]
struct Area {
    parts: Vec<(usize, Vec<String>)>,
    next: usize,
    /// The lines on the terminal.
    drawn: Vec<String>,
    /// How many lines a person has typed below them.
    typed: usize,
}

impl Area {
    fn add(&mut self) -> usize {
        self.next += 1;
        self.parts.push((self.next, Vec::new()));
        self.next
    }

    fn say(&mut self, text: &str, size: Size) -> String {
        let was_drawn = !self.drawn.is_empty();
        let mut all = self.erased(size);
        all.push_str(text);
        all.push_str(&self.redrawn(size));
        // The cursor would jump with every change.
        match (was_drawn, !self.drawn.is_empty()) {
            (false, true) => CURSOR_HIDDEN.to_owned() + &all,
            (true, false) => all + CURSOR_SHOWN,
            (true, true) | (false, false) => all,
        }
    }

    fn show(&mut self, id: usize, lines: &[String], size: Size) -> String {
        for part in self.parts.iter_mut().filter(|part| part.0 == id) {
            part.1 = lines.to_vec();
        }
        let is_drawn = self.typed == 0 && self.lines(size.rows) == self.drawn;
        if is_drawn { String::new() } else { self.say("", size) }
    }

    fn remove(&mut self, id: usize, size: Size) -> String {
        self.parts.retain(|part| part.0 != id);
        self.say("", size)
    }

    /// The text that erases the lines.
    fn erased(&mut self, size: Size) -> String {
        // A terminal that has become narrower has wrapped longer lines.
        let rows = |line: &String| width(line).div_ceil(size.columns).max(1);
        let rows = self.drawn.iter().map(rows).sum::<usize>() + self.typed;
        if self.drawn.is_empty() {
            return String::new();
        }
        (self.drawn, self.typed) = (Vec::new(), 0);
        format!("\r\x1b[{rows}A\x1b[J")
    }

    fn redrawn(&mut self, size: Size) -> String {
        self.drawn = self.lines(size.rows);
        if self.drawn.is_empty() {
            return String::new();
        }
        self.typed = 0;
        self.drawn.join("\n") + "\n"
    }

    /// All parts, as far as there is room: what has scrolled out of the terminal cannot be erased.
    fn lines(&self, rows: usize) -> Vec<String> {
        let room = rows.saturating_sub(2);
        let mut all: Vec<String> =
            self.parts.iter().flat_map(|part| part.1.iter().cloned()).collect();
        if all.len() > room {
            let shown = room.saturating_sub(1);
            let more = all.split_off(shown).len();
            all.push(format!("          and {more} more"));
        }
        all
    }
}

const CURSOR_HIDDEN: &str = "\x1b[?25l";
const CURSOR_SHOWN: &str = "\x1b[?25h";

/// Writes a message that is escaped already to stderr, wrapped between words on a terminal.
pub(crate) fn message(text: &str) {
    to_stderr(&wrapped(text));
}

fn wrapped(text: &str) -> String {
    Size::of(io::stderr()).map_or_else(|| text.to_owned(), |size| folded(text, size.columns))
}

/// Writes text to stderr; a closed stderr is no failure.
pub(crate) fn to_stderr(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Size = Size { columns: 20, rows: 10 };

    fn lines(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    /// The rows of a terminal of so many columns after these writes.
    fn shown(written: &str, columns: usize) -> Vec<String> {
        let mut rows = vec![String::new()];
        let mut at = 0;
        let mut rest = written;
        while let Some(first) = rest.chars().next() {
            if let Some(sequence) = rest.strip_prefix("\x1b[") {
                let end = sequence.find(|c: char| c.is_ascii_alphabetic()).unwrap();
                match &sequence[..=end] {
                    "?25l" | "?25h" => {}
                    "J" => {
                        rows.truncate(at);
                        rows.push(String::new());
                    }
                    up if up.ends_with('A') => {
                        at -= up.trim_end_matches('A').parse::<usize>().unwrap();
                    }
                    other => panic!("{other}"),
                }
                rest = &sequence[end + 1..];
                continue;
            }
            rest = &rest[first.len_utf8()..];
            if first == '\r' {
                continue;
            }
            if first != '\n' {
                rows[at].push(first);
            }
            let is_full = rows[at].chars().count() > columns;
            if first == '\n' || is_full {
                let over = if is_full { rows[at].pop() } else { None };
                at += 1;
                if at == rows.len() {
                    rows.push(String::new());
                }
                rows[at].extend(over);
            }
        }
        rows
    }

    #[test]
    fn messages_scroll_above_the_live_area_which_is_removed_completely() {
        let mut area = Area::default();
        let (a, b) = (area.add(), area.add());
        let mut text = area.say("begun\n", WIDE);
        text += &area.show(a, &lines(&["a 1"]), WIDE);
        text += &area.show(b, &lines(&["b 1", "b 2"]), WIDE);
        assert_eq!(shown(&text, 20), ["begun", "a 1", "b 1", "b 2", ""]);
        text += &area.say("made\n", WIDE);
        text += &area.show(a, &lines(&["a 2"]), WIDE);
        assert_eq!(shown(&text, 20), ["begun", "made", "a 2", "b 1", "b 2", ""]);
        text += &area.remove(a, WIDE);
        text += &area.remove(b, WIDE);
        text += &area.say("over\n", WIDE);
        assert_eq!(shown(&text, 20), ["begun", "made", "over", ""]);
        assert!(text.rfind(CURSOR_SHOWN) > text.rfind(CURSOR_HIDDEN));
    }

    #[test]
    fn a_terminal_that_becomes_narrower_is_erased_completely() {
        let mut area = Area::default();
        let part = area.add();
        let drawn = area.show(part, &lines(&["0123456789"]), WIDE);
        let narrow = Size { columns: 5, rows: 10 };
        let mut text = drawn + &area.show(part, &lines(&["new"]), narrow);
        assert_eq!(shown(&text, 5), ["new", ""]);
        // A person presses Enter below.
        text.push('\n');
        area.typed = 1;
        text += &area.remove(part, narrow);
        assert_eq!(shown(&text, 5), [""]);
    }

    #[test]
    fn no_more_is_drawn_than_can_be_erased() {
        let mut area = Area::default();
        let (a, b) = (area.add(), area.add());
        let many: Vec<String> = (0..20).map(|n| format!("line {n}")).collect();
        area.show(a, &many, WIDE);
        area.show(b, &many, WIDE);
        assert_eq!(area.drawn.len(), 8);
        assert_eq!(area.drawn[6..], ["line 6", "          and 33 more"]);
        let tiny = Size { columns: 20, rows: 1 };
        area.say("", tiny);
        assert_eq!(area.drawn.len(), 1);
    }
}
