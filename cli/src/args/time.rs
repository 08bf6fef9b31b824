//! Times on the command line: a length such as `2h`, or a time in RFC 3339.

use s3guard_posture::text;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::error::Invalid;

/// Nothing is older.
const DAYS_MAX: i64 = 100_000;

/// A time, or one relative to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// So long ago, or so long from now.
    Length(Duration),
    At(OffsetDateTime),
}

impl When {
    /// The time, if the length counts into the past.
    pub(crate) fn before(self, now: OffsetDateTime) -> OffsetDateTime {
        match self {
            Self::Length(length) => now.saturating_sub(length),
            Self::At(time) => time,
        }
    }

    /// The time, if the length counts into the future.
    pub(crate) fn after(self, now: OffsetDateTime) -> OffsetDateTime {
        match self {
            Self::Length(length) => now.saturating_add(length),
            Self::At(time) => time,
        }
    }
}

/// A length.
pub(crate) fn length(text: &str) -> Result<Duration, Invalid> {
    parsed_length(text).ok_or_else(|| {
        Invalid::new(format!("`{text}` is not a time"), "write `90s`, `15m`, `6h` or `2d`")
    })
}

/// A length or a time.
pub(crate) fn when(text: &str) -> Result<When, Invalid> {
    let at = || OffsetDateTime::parse(text, &Rfc3339).ok().map(When::At);
    parsed_length(text).map(When::Length).or_else(at).ok_or_else(|| {
        Invalid::new(
            format!("`{text}` is not a time"),
            "write `90s`, `15m`, `6h` or `2d`, or a time with its zone, as `2026-12-01T08:00:00Z`",
        )
    })
}

fn parsed_length(text: &str) -> Option<Duration> {
    let seconds = text::seconds(text).and_then(|seconds| i64::try_from(seconds).ok());
    let length = seconds.map(Duration::seconds);
    length.filter(|length| length.is_positive() && *length <= Duration::days(DAYS_MAX))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_length_has_a_number_and_a_unit() {
        assert_eq!(length("90s").unwrap(), Duration::seconds(90));
        assert_eq!(length("2d").unwrap(), Duration::days(2));
        for bad in ["", "s", "1", "0h", "-1h", "1w", "1 h", "9999999d", "1ä"] {
            assert!(length(bad).is_err(), "{bad}");
            assert!(when(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_time_is_absolute_or_relative_to_now() {
        let now = datetime!(2026-12-01 10:00 UTC);
        let relative = when("2h").unwrap();
        assert_eq!(relative.before(now), datetime!(2026-12-01 8:00 UTC));
        assert_eq!(relative.after(now), datetime!(2026-12-01 12:00 UTC));
        let absolute = when("2026-12-01T10:00:00+02:00").unwrap();
        assert_eq!((absolute.before(now), absolute.after(now)), {
            let at = datetime!(2026-12-01 8:00 UTC);
            (at, at)
        });
        assert!(when("2026-12-01").is_err() && when("2026-12-01T10:00:00").is_err());
    }
}
