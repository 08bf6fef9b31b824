//! Many batches as one list, in which each event is once.

use std::collections::BTreeSet;

use super::Part;
use crate::events::object_event::ObjectEvent;
use crate::model::change::Change;

/// What makes two deliveries the same event.
///
/// Where S3 gives a sequencer, the object and it do, as S3 may send an event twice under two ids; of everything else
/// the id of EventBridge, which SQS delivers again with the message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Identity {
    /// What happened to which version, as S3 told it, and its place in the order.
    Sequence([String; 4], Change),
    /// The id of the event.
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

/// The events of all parts, each once, in order.
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

/// Leaves out the events that were counted already.
pub(super) fn leave_out(events: &mut Vec<ObjectEvent>, counted: &[ObjectEvent]) {
    let coming: BTreeSet<Identity> = events.iter().map(identity).collect();
    let again: BTreeSet<Identity> =
        counted.iter().map(identity).filter(|identity| coming.contains(identity)).collect();
    if !again.is_empty() {
        events.retain(|event| !again.contains(&identity(event)));
    }
}

/// Orders events of one key that are in the order of their times: S3 tells those to the second only, and the sequencer
/// decides among those that have one.
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
