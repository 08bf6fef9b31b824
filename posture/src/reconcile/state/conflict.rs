//! Conflicts in the state of a bucket: how often the guard has written because of whom, and what it has stopped writing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{BucketState, sources};
use crate::Call;
use crate::model::setting::SettingKind;
use crate::text::wire::as_time;

/// A setting that the guard has stopped writing, because another party kept changing it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Since when.
    #[serde(with = "as_time")]
    pub since: OffsetDateTime,
    /// Until when it does not write it.
    #[serde(with = "as_time")]
    pub until: OffsetDateTime,
    /// Whether that was reported.
    pub notified: bool,
    /// Who kept changing it, if that is known: the changes of others are still reverted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// Who has changed which setting now.
pub type Callers = BTreeMap<SettingKind, String>;

/// The most principals whose writes of one setting are counted by themselves: their conflicts together end, too.
const PRINCIPALS_MAX: u32 = 5;

/// Who has changed which setting by these calls: the last one.
pub fn callers(calls: &[Call]) -> Callers {
    let all = calls
        .iter()
        .flat_map(|call| sources(call).map(|(kind, _)| (kind, call.caller().to_owned())));
    all.collect()
}

impl BucketState {
    /// How often a setting was written within the hour because of this principal; without one, because of any single one.
    ///
    /// A write whose cause is not known counts for all of them.
    pub(super) fn writes_by(
        &self,
        kind: SettingKind,
        caller: Option<&String>,
        now: OffsetDateTime,
    ) -> u32 {
        let mut by: BTreeMap<Option<&String>, u32> = BTreeMap::new();
        let recent = self.writes.iter().filter(|write| write.time > now - Duration::HOUR);
        for write in recent.filter(|write| write.setting == kind) {
            *by.entry(write.principal.as_ref()).or_default() += 1;
        }
        let all: u32 = by.values().sum();
        let of_unknown = by.remove(&None).unwrap_or_default();
        let of_one = match caller {
            Some(_) => by.get(&caller).copied(),
            None => by.values().max().copied(),
        };
        (of_one.unwrap_or_default() + of_unknown).max(all / PRINCIPALS_MAX)
    }

    /// The stop of a setting that is in force for this principal; without one, for any.
    pub fn stop(
        &self,
        kind: SettingKind,
        caller: Option<&String>,
        now: OffsetDateTime,
    ) -> Option<&Stop> {
        let is_of = |stop: &&Stop| {
            stop.until > now
                && (caller.is_none() || stop.by.is_none() || stop.by.as_ref() == caller)
        };
        self.stops.get(&kind)?.iter().filter(is_of).max_by_key(|stop| (stop.until, stop.notified))
    }

    /// The stops in force that could not be reported.
    pub fn unreported_stops(
        &self,
        now: OffsetDateTime,
    ) -> impl Iterator<Item = (SettingKind, &Stop)> {
        let all = self.stops.iter().flat_map(|(kind, all)| all.iter().map(|stop| (*kind, stop)));
        all.filter(move |(_, stop)| stop.until > now && !stop.notified)
    }

    /// When the last stop ends that is in force.
    pub fn stopped_until(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let all = self.stops.values().flatten().map(|stop| stop.until);
        all.filter(|until| *until > now).max()
    }

    /// Notes a stop of one principal: the one that ends last counts.
    pub(super) fn add_stop(&mut self, kind: SettingKind, stop: &Stop) {
        let all = self.stops.entry(kind).or_default();
        let Some(last) = all.iter_mut().find(|last| last.by == stop.by) else {
            all.push(stop.clone());
            all.sort_by(|one, other| one.by.cmp(&other.by));
            return;
        };
        if last.until < stop.until {
            last.clone_from(stop);
        } else if last.until == stop.until {
            last.notified |= stop.notified;
        }
    }

    /// Forgets the stops that are over, but for the last one of each setting.
    pub(super) fn forget_stops(&mut self, now: OffsetDateTime) {
        for stops in self.stops.values_mut() {
            let last = stops.iter().map(|stop| stop.until).max();
            stops.retain(|stop| stop.until > now || Some(stop.until) == last);
        }
    }
}
