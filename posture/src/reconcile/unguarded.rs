//! Which Regions without a guard were reported, and when, in the ledger.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::record::rfc3339;
use crate::Region;

/// Where it is.
pub const KEY: &str = "sweeps/unguarded";
/// After so many days a Region is reported again.
const AGAIN_DAYS: i64 = 30;

/// The Regions that were reported, with when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unguarded(BTreeMap<Region, OffsetDateTime>);

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    reported: BTreeMap<String, String>,
}

impl Unguarded {
    /// Reads its object.
    pub fn read(json: &[u8]) -> Option<Self> {
        let Wire { reported } = serde_json::from_slice(json).ok()?;
        let read = |(region, time): (String, String)| {
            Some((region.parse().ok()?, OffsetDateTime::parse(&time, &Rfc3339).ok()?))
        };
        reported.into_iter().map(read).collect::<Option<_>>().map(Self)
    }

    /// Its object.
    pub fn json(&self) -> Vec<u8> {
        let text =
            |(region, time): (&Region, &OffsetDateTime)| (region.to_string(), rfc3339(*time));
        let reported = self.0.iter().map(text).collect();
        serde_json::to_vec(&Wire { reported }).expect("it has only texts")
    }

    /// Whether a report about these Regions is due: one is new, or was reported 30 days ago.
    pub fn is_due(&self, regions: &BTreeSet<Region>, now: OffsetDateTime) -> bool {
        let is_due = |region: &Region| {
            self.0.get(region).is_none_or(|last| now - *last >= Duration::days(AGAIN_DAYS))
        };
        regions.iter().any(is_due)
    }

    /// After a report about these Regions.
    #[must_use]
    pub fn reported(regions: &BTreeSet<Region>, now: OffsetDateTime) -> Self {
        Self(regions.iter().map(|region| (region.clone(), now)).collect())
    }

    /// Without those Regions that have a guard or no buckets now, so that they are reported when that ends.
    #[must_use]
    pub fn of(&self, regions: &BTreeSet<Region>) -> Self {
        let there = self.0.iter().filter(|(region, _)| regions.contains(*region));
        Self(there.map(|(region, time)| (region.clone(), *time)).collect())
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_region_is_due_when_it_is_new_and_every_thirty_days() {
        let noon = datetime!(2026-11-20 12:00 UTC);
        let regions = |codes: &[&str]| -> BTreeSet<Region> {
            codes.iter().map(|code| code.parse().unwrap()).collect()
        };
        let (none, one, two) = (regions(&[]), regions(&["a-b-1"]), regions(&["a-b-1", "c-d-1"]));
        let known = Unguarded::default();
        assert!(!known.is_due(&none, noon) && known.is_due(&one, noon));
        let known = Unguarded::reported(&one, noon);
        assert_eq!(Unguarded::read(&known.json()), Some(known.clone()));
        assert!(!known.is_due(&one, noon + Duration::days(29)));
        assert!(known.is_due(&one, noon + Duration::days(30)) && known.is_due(&two, noon));
        assert_eq!((known.of(&two), known.of(&none)), (known.clone(), Unguarded::default()));
        assert_eq!(Unguarded::read(b"{}"), None);
        assert_eq!(Unguarded::read(br#"{"reported":{"a-b-1":"later"}}"#), None);
    }
}
