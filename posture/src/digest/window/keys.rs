//! Windows of time, and their keys in the ledger bucket.
//!
//! ```text
//! windows/20261125T021500Z-300s-0/part-120-7-REQUEST.json a batch of 120 events, of which 7 count for an alert
//! windows/20261125T021500Z-300s-0/closed.json             the window is closed: later events belong to a later one
//! windows/20261125T021500Z-300s-0/digest.json             all its events, and what is known about their buckets
//! windows/20261125T021500Z-300s-0/again-0.json            its notifications are published again
//! windows/20261125T021500Z-300s-0/sent-1-of-2.json        the first of two notifications was published
//! ```
//!
//! Windows begin at multiples of their length, in UTC. One that is closed before its end, by an alert, is followed by another
//! one of the same time: `-1`, `-2`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

/// The prefix of all keys.
pub const PREFIX: &str = "windows/";

const STAMP: &[BorrowedFormatItem<'_>] =
    format_description!("[year][month][day]T[hour][minute][second]Z");

/// A window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// When it begins, in seconds since 1970.
    start: i64,
    length: u32,
    /// The number of earlier windows of the same time.
    generation: u32,
}

/// A text that is not a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it is not a window such as `20261125T021500Z-300s-0`")]
pub struct InvalidWindow;

/// An object of a window in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// A batch: the number of events, how many of them count for an alert, and its name.
    Part(usize, usize, String),
    /// The window is closed.
    Closed,
    /// Its digest is fixed.
    Digest,
    /// Its notifications are published again, the n-th time.
    Again(u32),
    /// The n-th of so many notifications was published; the first is 1.
    Sent(usize, usize),
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Part(count, alarming, name) => write!(f, "part-{count}-{alarming}-{name}"),
            Self::Closed => f.write_str("closed"),
            Self::Digest => f.write_str("digest"),
            Self::Again(count) => write!(f, "again-{count}"),
            Self::Sent(number, of) => write!(f, "sent-{number}-of-{of}"),
        }
    }
}

impl Window {
    /// The window of this length, in seconds, in which a time is.
    pub fn at(time: OffsetDateTime, length: u32) -> Self {
        let length = length.max(1);
        let seconds = time.unix_timestamp();
        Self { start: seconds - seconds.rem_euclid(length.into()), length, generation: 0 }
    }

    /// The next one of the same time.
    pub(super) fn after_closing(self) -> Self {
        Self { generation: self.generation.saturating_add(1), ..self }
    }

    /// When it begins.
    pub fn start(self) -> OffsetDateTime {
        time(self.start)
    }

    /// When it ends, unless it is closed before.
    pub fn end(self) -> OffsetDateTime {
        time(self.start.saturating_add(self.length.into()))
    }

    /// Its length in seconds.
    pub fn length(self) -> u32 {
        self.length
    }

    /// The number of earlier windows of the same time.
    pub fn generation(self) -> u32 {
        self.generation
    }

    pub(super) fn prefix(self) -> String {
        format!("{PREFIX}{self}/")
    }

    /// The prefix of the keys of all windows of its time.
    pub(super) fn prefix_of_time(self) -> String {
        format!("{PREFIX}{}-{}s-", stamp(self.start), self.length)
    }

    pub(super) fn key(self, entry: &Entry) -> String {
        format!("{}{entry}.json", self.prefix())
    }

    /// The key of its digest.
    pub fn digest_key(self) -> String {
        self.key(&Entry::Digest)
    }

    /// The key that precedes all windows which begin then or later.
    pub(super) fn from(start: OffsetDateTime) -> String {
        format!("{PREFIX}{}", stamp(start.unix_timestamp()))
    }

    /// The window of a key, and the entry. `None` for other keys.
    pub(super) fn of_key(key: &str) -> Option<(Self, Entry)> {
        let (window, name) = key.strip_prefix(PREFIX)?.split_once('/')?;
        let name = name.strip_suffix(".json")?;
        let entry = match name.split('-').collect::<Vec<_>>()[..] {
            ["closed"] => Entry::Closed,
            ["digest"] => Entry::Digest,
            ["part", count, alarming, ref name @ ..] => {
                Entry::Part(count.parse().ok()?, alarming.parse().ok()?, name.join("-"))
            }
            ["again", count] => Entry::Again(count.parse().ok()?),
            ["sent", number, "of", of] => Entry::Sent(number.parse().ok()?, of.parse().ok()?),
            _ => return None,
        };
        Some((window.parse().ok()?, entry))
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}s-{}", stamp(self.start), self.length, self.generation)
    }
}

impl FromStr for Window {
    type Err = InvalidWindow;

    fn from_str(text: &str) -> Result<Self, InvalidWindow> {
        let read = || {
            let mut parts = text.split('-');
            let start = PrimitiveDateTime::parse(parts.next()?, STAMP).ok()?;
            let length = parts.next()?.strip_suffix('s')?.parse().ok()?;
            let generation = parts.next()?.parse().ok()?;
            let start = start.assume_utc().unix_timestamp();
            let window = Self { start, length, generation };
            (parts.next().is_none() && length > 0 && window.to_string() == text).then_some(window)
        };
        read().ok_or(InvalidWindow)
    }
}

fn time(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn stamp(seconds: i64) -> String {
    let time = time(seconds).to_offset(UtcOffset::UTC);
    time.format(STAMP).expect("a time has all parts of the format")
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_window_begins_at_a_multiple_of_its_length() {
        let noon = datetime!(2026-11-25 12:34:56.789 UTC);
        for (length, start, end) in [
            (1, datetime!(2026-11-25 12:34:56 UTC), datetime!(2026-11-25 12:34:57 UTC)),
            (60, datetime!(2026-11-25 12:34 UTC), datetime!(2026-11-25 12:35 UTC)),
            (300, datetime!(2026-11-25 12:30 UTC), datetime!(2026-11-25 12:35 UTC)),
            (3_600, datetime!(2026-11-25 12:00 UTC), datetime!(2026-11-25 13:00 UTC)),
            (86_400, datetime!(2026-11-25 00:00 UTC), datetime!(2026-11-26 00:00 UTC)),
        ] {
            let window = Window::at(noon, length);
            assert_eq!((window.start(), window.end()), (start, end), "{length}");
        }
    }

    #[test]
    fn its_name_can_be_parsed() {
        let window = Window::at(datetime!(2026-11-25 02:16:00 UTC), 300).after_closing();
        assert_eq!(window.to_string(), "20261125T021500Z-300s-1");
        assert_eq!(window.to_string().parse(), Ok(window));
        for bad in
            ["", "20261125T021500Z-300s", "20261125T021500Z-0s-0", "20261125T021500Z-300s-01"]
        {
            assert_eq!(bad.parse::<Window>(), Err(InvalidWindow), "{bad}");
        }
    }

    #[test]
    fn its_keys_can_be_parsed() {
        let window = Window::at(datetime!(2026-11-25 02:16:00 UTC), 300);
        let keys = [
            ("part-12-3-a-b-c", Entry::Part(12, 3, "a-b-c".to_owned())),
            ("closed", Entry::Closed),
            ("digest", Entry::Digest),
            ("again-3", Entry::Again(3)),
            ("sent-1-of-2", Entry::Sent(1, 2)),
        ];
        for (name, entry) in keys {
            let key = window.key(&entry);
            assert_eq!(key, format!("windows/20261125T021500Z-300s-0/{name}.json"));
            assert_eq!(Window::of_key(&key), Some((window, entry)), "{key}");
            assert!(key.starts_with(&window.prefix_of_time()), "{key}");
            assert!(key > Window::from(window.start()), "{key}");
        }
        assert_eq!(Window::of_key("windows/20261125T021500Z-300s-0/strange.json"), None);
        assert_eq!(Window::of_key("known/reports/event"), None);
    }
}
