//! The window in which changes of objects are collected into one notification.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::config::mistake::{Wrong, quoted};
use crate::config::values::as_text;
use crate::text;

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;

/// Windows that a delayed message closes. SQS delays a message by at most 15 minutes.
const SHORT_SECONDS: RangeInclusive<u32> = 10..=5 * MINUTE;
/// Windows that the schedule closes, which runs every 15 minutes.
const LONG_SECONDS: [u32; 3] = [15 * MINUTE, HOUR, DAY];

/// The window in which changes of objects are collected: 10 to 300 seconds, 15 minutes, an hour or a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WindowLength(u32);

impl Default for WindowLength {
    fn default() -> Self {
        Self(MINUTE)
    }
}

impl WindowLength {
    /// Its length in seconds.
    pub const fn seconds(self) -> u32 {
        self.0
    }
}

as_text!(WindowLength: "a time such as `5m`");

impl FromStr for WindowLength {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let seconds = text::seconds(text).and_then(|seconds| u32::try_from(seconds).ok());
        let is_window = |s: &u32| SHORT_SECONDS.contains(s) || LONG_SECONDS.contains(s);
        seconds.filter(is_window).map(Self).ok_or_else(|| {
            let proposal = "write `10s` to `300s`, `1m` to `5m`, `15m`, `1h` or `1d`";
            Wrong::new(format!("{} is not a window", quoted(text)), proposal)
        })
    }
}

/// As in the configuration: `90s`, `5m`, `1h`, `1d`.
impl fmt::Display for WindowLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = match self.0 {
            seconds if seconds.is_multiple_of(DAY) => (seconds / DAY, "d"),
            seconds if seconds.is_multiple_of(HOUR) => (seconds / HOUR, "h"),
            seconds if seconds.is_multiple_of(MINUTE) => (seconds / MINUTE, "m"),
            seconds => (seconds, "s"),
        };
        write!(f, "{count}{unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_short_or_one_of_three() {
        for (text, seconds, shown) in [
            ("10s", 10, "10s"),
            ("60s", 60, "1m"),
            ("1m", 60, "1m"),
            ("90s", 90, "90s"),
            ("300s", 300, "5m"),
            ("15m", 900, "15m"),
            ("900s", 900, "15m"),
            ("60m", 3600, "1h"),
            ("1h", 3600, "1h"),
            ("24h", 86_400, "1d"),
            ("1d", 86_400, "1d"),
        ] {
            let window: WindowLength = text.parse().unwrap();
            assert_eq!((window.seconds(), window.to_string().as_str()), (seconds, shown), "{text}");
            assert_eq!(shown.parse(), Ok(window));
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "0s",
            "9s",
            "301s",
            "10m",
            "11m",
            "30m",
            "2h",
            "14h",
            "99999999999d",
            "",
            "s",
            "5",
            "5 m",
            "-5m",
            "5min",
            "five",
            "1.5h",
            "99999999999999999999d",
            "ä",
        ] {
            let wrong = text.parse::<WindowLength>().unwrap_err().to_string();
            assert!(
                wrong.starts_with(&format!("`{text}` is not a window\nwrite `10s`")),
                "{wrong}"
            );
        }
    }
}
