//! Merges batches into one list with each event once.

use std::collections::BTreeSet;

use super::Part;
use crate::events::object_event::ObjectEvent;
use crate::model::change::Change;

/// The identity of an event in several deliveries.
///
/// If there is a sequencer, it is the object and the sequencer, because S3 may send an event twice with two ids; else it is the
/// id of EventBridge, which is the same when SQS delivers a message again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Identity {
    /// The version of the object, the sequencer and the change as S3 delivered it.
    Sequence([String; 4], Change),
    /// The id of EventBridge.
    Id(String),
}

pub(super) fn identity(event: &ObjectEvent) -> Identity {
    match &event.sequencer {
        Some(sequencer) => {
            let version_id = event.version_id.clone().unwrap_or_default();
            let sequencer = sequencer.to_ascii_uppercase();
            let version = [event.bucket.to_string(), event.key.clone(), version_id, sequencer];
            Identity::Sequence(version, event.change.as_delivered())
        }
        None => Identity::Id(event.id.clone()),
    }
}

/// The events of all parts, each once, ordered.
pub(super) fn merged(parts: Vec<Part>) -> Vec<ObjectEvent> {
    let mut seen = BTreeSet::new();
    let mut events: Vec<ObjectEvent> = parts.into_iter().flat_map(|part| part.events).collect();
    events.retain(|event| seen.insert(identity(event)));
    events.sort_by_cached_key(|event| (event.bucket.clone(), event.key.clone(), event.time));
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

/// Orders events of one key, which are ordered by time, by their sequencers: the times of S3 have a resolution of seconds.
fn order(events: &mut [ObjectEvent]) {
    let places: Vec<usize> =
        (0..events.len()).filter(|place| events[*place].sequencer.is_some()).collect();
    let mut sequenced: Vec<ObjectEvent> =
        places.iter().map(|place| events[*place].clone()).collect();
    sequenced.sort_by_cached_key(ObjectEvent::sequence);
    for (place, event) in places.into_iter().zip(sequenced) {
        events[place] = event;
    }
}
