//! Merges batches into one list with each event once.

use std::collections::BTreeSet;

use time::{Duration, OffsetDateTime};

use super::Part;
use crate::events::object_event::ObjectEvent;
use crate::model::change::Change;

/// By how much the sequencers may correct the times of events, which have a resolution of seconds.
const CORRECTION_MAX: Duration = Duration::seconds(2);

/// The identity of an event in several deliveries.
///
/// Of a creation or deletion it is the object and the sequencer, because S3 may send an event twice with two ids; else it is
/// the id of EventBridge, which is the same when SQS delivers a message again. The sequencer of another event may be the one
/// of the version, and two of a kind would be one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Identity {
    /// The version of the object, the sequencer and the change as S3 delivered it.
    Sequence([String; 4], Change),
    /// The id of EventBridge.
    Id(String),
}

pub(super) fn identity(event: &ObjectEvent) -> Identity {
    match &event.sequencer {
        Some(sequencer) if event.change.is_sequenced() => {
            let version_id = event.version_id.clone().unwrap_or_default();
            let sequencer = sequencer.to_ascii_uppercase();
            let version = [event.bucket.to_string(), event.key.clone(), version_id, sequencer];
            Identity::Sequence(version, event.change.as_delivered())
        }
        Some(_) | None => Identity::Id(event.id.clone()),
    }
}

/// The events of all parts, each once, ordered.
pub(super) fn merged(parts: Vec<Part>) -> Vec<ObjectEvent> {
    let mut seen = BTreeSet::new();
    let mut events: Vec<ObjectEvent> = parts.into_iter().flat_map(|part| part.events).collect();
    events.retain(|event| seen.insert(identity(event)));
    events.sort_by_cached_key(|event| {
        let sequence = Sequence::of(event).map(|sequence| sequence.left);
        (event.bucket.clone(), event.key.clone(), event.time, sequence, event.id.clone())
    });
    for of_key in events.chunk_by_mut(|a, b| (&a.bucket, &a.key) == (&b.bucket, &b.key)) {
        order(of_key);
    }
    events
}

/// Removes the events that were counted already.
pub(super) fn leave_out(events: &mut Vec<ObjectEvent>, counted: &[ObjectEvent]) {
    let coming: BTreeSet<Identity> = events.iter().map(identity).collect();
    let again: BTreeSet<Identity> =
        counted.iter().map(identity).filter(|identity| coming.contains(identity)).collect();
    if !again.is_empty() {
        events.retain(|event| !again.contains(&identity(event)));
    }
}

/// A sequencer, by both readings of its guide: it is hexadecimal, and the shorter of two is filled up with zeros, on the left
/// as the guide says today, or on the right as it said before.
///
/// Source: Amazon S3 User Guide, "Event message structure".
struct Sequence {
    /// The number of digits without leading zeros, and the digits.
    left: (usize, String),
    /// The digits without zeros at the end.
    right: String,
}

impl Sequence {
    fn of(event: &ObjectEvent) -> Option<Self> {
        let sequencer = event.sequencer.as_ref().filter(|_| event.change.is_sequenced())?;
        let digits = sequencer.to_ascii_uppercase();
        let left = digits.trim_start_matches('0').to_owned();
        let right = digits.trim_end_matches('0').to_owned();
        Some(Self { left: (left.len(), left), right })
    }

    /// Whether it is before another one by both readings.
    fn is_before(&self, other: &Self) -> bool {
        self.left < other.left && self.right < other.right
    }
}

/// Orders events of one key, which are ordered by time, by their sequencers.
///
/// An event moves before those that are later by their sequencers, one after the other, as long as both readings agree and
/// their times are close. So no two events are against their times by more than [`CORRECTION_MAX`], although "close" is not
/// transitive, and the order does not depend on the order of delivery. Events without a sequencer stay in their places.
fn order(events: &mut [ObjectEvent]) {
    let places: Vec<usize> =
        (0..events.len()).filter(|place| Sequence::of(&events[*place]).is_some()).collect();
    let sequences: Vec<(Sequence, OffsetDateTime)> = places
        .iter()
        .filter_map(|place| Some((Sequence::of(&events[*place])?, events[*place].time)))
        .collect();
    let mut order: Vec<usize> = Vec::with_capacity(places.len());
    for (next, (sequence, time)) in sequences.iter().enumerate() {
        let is_after = |earlier: &usize| {
            let (other, at) = &sequences[*earlier];
            *time - *at <= CORRECTION_MAX && sequence.is_before(other)
        };
        let after = order.iter().rev().take_while(|earlier| is_after(earlier)).count();
        order.insert(order.len() - after, next);
    }
    let in_order: Vec<ObjectEvent> =
        order.into_iter().map(|at| events[places[at]].clone()).collect();
    for (place, event) in places.into_iter().zip(in_order) {
        events[place] = event;
    }
}

#[cfg(test)]
mod tests;
