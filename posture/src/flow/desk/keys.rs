//! The keys of the digests of notifications in the ledger.
//!
//! ```text
//! digests/20261130T152000Z-60/slot/critical-1            a notification is published at once
//! digests/20261130T152000Z-60/entry/NAME.json            a notification that is not
//! digests/20261130T152000Z-60/set/0000.json              the entries of a digest
//! digests/20261130T152000Z-60/done/0000                  it was published
//! ```

use std::fmt;
use std::str::FromStr;

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime};

use crate::contract::ledger::DIGESTS;
use crate::notify::report::Folded;

const STAMP: &[BorrowedFormatItem<'_>] =
    format_description!("[year][month][day]T[hour][minute][second]Z");

/// A window of notifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::flow) struct Window {
    start: OffsetDateTime,
    length_seconds: u32,
}

/// An object of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Object {
    /// By the name of the entry.
    Entry(String),
    Set(usize),
    Done(usize),
    Slot,
}

impl Window {
    /// The window of this time.
    pub(super) fn of(time: OffsetDateTime, length_seconds: u32) -> Self {
        let length = i64::from(length_seconds.max(1));
        let start = time.unix_timestamp().div_euclid(length) * length;
        let start = OffsetDateTime::from_unix_timestamp(start).unwrap_or(time);
        Self { start, length_seconds }
    }

    pub(super) const fn start(self) -> OffsetDateTime {
        self.start
    }

    pub(super) fn end(self) -> OffsetDateTime {
        self.start.saturating_add(Duration::seconds(self.length_seconds.into()))
    }

    /// The n-th window after this one.
    pub(super) fn later(self, windows: i64) -> Option<Self> {
        let length = Duration::seconds(windows * i64::from(self.length_seconds));
        Some(Self { start: self.start.checked_add(length)?, ..self })
    }

    pub(super) fn prefix(self) -> String {
        format!("{DIGESTS}{self}/")
    }

    pub(super) fn slot(self, name: &str) -> String {
        format!("{}slot/{name}", self.prefix())
    }

    pub(in crate::flow) fn entry(self, folded: &Folded) -> String {
        self.entry_named(&folded.name())
    }

    pub(in crate::flow) fn entry_named(self, name: &str) -> String {
        format!("{}entry/{name}.json", self.prefix())
    }

    pub(super) fn set(self, number: usize) -> String {
        format!("{}set/{number:04}.json", self.prefix())
    }

    pub(super) fn done(self, number: usize) -> String {
        format!("{}done/{number:04}", self.prefix())
    }

    /// What a key of this window is.
    pub(super) fn object(self, key: &str) -> Option<Object> {
        let (kind, name) = key.strip_prefix(&self.prefix())?.split_once('/')?;
        match kind {
            "entry" => Some(Object::Entry(name.strip_suffix(".json")?.to_owned())),
            "set" => Some(Object::Set(name.strip_suffix(".json")?.parse().ok()?)),
            "done" => Some(Object::Done(name.parse().ok()?)),
            "slot" => Some(Object::Slot),
            _ => None,
        }
    }

    /// The window of a key.
    pub(in crate::flow) fn of_key(key: &str) -> Option<Self> {
        key.strip_prefix(DIGESTS)?.split_once('/')?.0.parse().ok()
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.start.format(STAMP).map_err(|_| fmt::Error)?;
        write!(f, "{start}-{}", self.length_seconds)
    }
}

impl FromStr for Window {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (start, length) = text.split_once('-').ok_or(())?;
        let start = PrimitiveDateTime::parse(start, STAMP).map_err(|_| ())?.assume_utc();
        let length_seconds = length.parse().map_err(|_| ())?;
        let window = Self { start, length_seconds };
        (window.to_string() == text && (10..=60).contains(&length_seconds))
            .then_some(window)
            .ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn windows_begin_with_the_clock_and_are_read_from_their_names() {
        let window = Window::of(datetime!(2026-11-30 15:20:59.9 UTC), 60);
        assert_eq!(window.to_string(), "20261130T152000Z-60");
        assert_eq!(window.to_string().parse(), Ok(window));
        assert_eq!(window.end(), datetime!(2026-11-30 15:21 UTC));
        assert_eq!(window.later(1).unwrap().to_string(), "20261130T152100Z-60");
        assert_eq!(Window::of_key(&window.set(3)), Some(window));
        for wrong in ["", "20261130T152000Z", "20261130T152000Z-9", "20261130T152000Z-060", "x-60"]
        {
            assert_eq!(wrong.parse::<Window>(), Err(()), "{wrong}");
        }
        for (key, object) in [
            (window.entry_named("a"), Some(Object::Entry("a".to_owned()))),
            (window.set(3), Some(Object::Set(3))),
            (window.done(3), Some(Object::Done(3))),
            (window.slot("info"), Some(Object::Slot)),
            (format!("{}other/1", window.prefix()), None),
            ("digests/20261130T152100Z-60/set/0003.json".to_owned(), None),
        ] {
            assert_eq!(window.object(&key), object, "{key}");
        }
    }
}
