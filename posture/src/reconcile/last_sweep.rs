//! The end of the last sweep, in the ledger: an object that each sweep replaces. The end of the first one is kept.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::record::rfc3339;
use crate::Region;

/// Where it is.
pub const KEY: &str = "sweeps/last";
/// Where that of the first sweep is, which is not replaced.
pub const FIRST: &str = "sweeps/first";

/// A sweep that has ended.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct LastSweep {
    /// When its last bucket was queued.
    #[serde(serialize_with = "write_time", deserialize_with = "read_time")]
    pub time: OffsetDateTime,
    /// How many buckets it queued: those of the Region.
    pub buckets: usize,
    /// The Region.
    pub region: Region,
}

impl LastSweep {
    /// Whether this is its object.
    pub fn is_valid(json: &[u8]) -> bool {
        serde_json::from_slice::<Self>(json).is_ok()
    }

    /// Its object.
    pub fn json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("it has only texts and a number")
    }
}

/// The interval of a schedule as `rate(6 hours)`. The interval of a `cron` expression is not known.
pub fn interval(schedule: &str) -> Option<Duration> {
    let rate = schedule.strip_prefix("rate(")?.strip_suffix(')')?;
    let (count, unit) = rate.split_once(' ')?;
    let count: i32 = count.parse().ok()?;
    let unit = match unit.trim_end_matches('s') {
        "minute" => Duration::MINUTE,
        "hour" => Duration::HOUR,
        "day" => Duration::DAY,
        _ => return None,
    };
    unit.checked_mul(count)
}

fn write_time<S: Serializer>(time: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*time))
}

fn read_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OffsetDateTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    OffsetDateTime::parse(&text, &Rfc3339).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn it_is_read_as_it_was_written() {
        let last = LastSweep {
            time: datetime!(2026-11-20 12:00:00.25 UTC),
            buckets: 214,
            region: "eu-west-1".parse().unwrap(),
        };
        let json = last.json();
        let text = r#"{"time":"2026-11-20T12:00:00.25Z","buckets":214,"region":"eu-west-1"}"#;
        assert_eq!(String::from_utf8(json.clone()).unwrap(), text);
        assert_eq!(serde_json::from_slice::<LastSweep>(&json).unwrap(), last);
        assert!(serde_json::from_str::<LastSweep>(&text.replace("2026", "later")).is_err());
    }
}
