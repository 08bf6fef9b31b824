//! Since when a subscription to the notifications is confirmed, in the ledger: SNS drops what is published before, so what was
//! found before is reported again.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::record::rfc3339;

/// Where it is.
pub const KEY: &str = "sweeps/subscribed";

/// What a sweep has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subscribed {
    /// A subscription is confirmed, and was found so first at this time.
    Since(OffsetDateTime),
    /// None is.
    No,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    since: Option<String>,
}

impl Subscribed {
    /// Reads its object.
    pub fn read(json: &[u8]) -> Option<Self> {
        let Wire { since } = serde_json::from_slice(json).ok()?;
        match since {
            Some(since) => OffsetDateTime::parse(&since, &Rfc3339).ok().map(Self::Since),
            None => Some(Self::No),
        }
    }

    /// Its object.
    pub fn json(self) -> Vec<u8> {
        let since = match self {
            Self::Since(time) => Some(rfc3339(time)),
            Self::No => None,
        };
        serde_json::to_vec(&Wire { since }).expect("it has only a text")
    }

    /// What follows from what was known and what SNS says now.
    pub fn next(known: Option<Self>, is_confirmed: bool, now: OffsetDateTime) -> Self {
        match known {
            Some(since @ Self::Since(_)) if is_confirmed => since,
            _ if is_confirmed => Self::Since(now),
            Some(Self::Since(_) | Self::No) | None => Self::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_time_is_that_of_the_first_sweep_that_finds_it_confirmed() {
        let [first, later] = [datetime!(2026-11-20 12:00 UTC), datetime!(2026-11-20 18:00 UTC)];
        let next = Subscribed::next;
        assert_eq!(next(None, false, first), Subscribed::No);
        for known in [None, Some(Subscribed::No)] {
            assert_eq!(next(known, true, first), Subscribed::Since(first));
        }
        let known = Some(Subscribed::Since(first));
        assert_eq!(next(known, true, later), Subscribed::Since(first));
        assert_eq!(next(known, false, later), Subscribed::No);
        for one in [Subscribed::No, Subscribed::Since(first)] {
            assert_eq!(Subscribed::read(&one.json()), Some(one));
        }
        assert_eq!(Subscribed::read(b"{}x"), None);
    }
}
