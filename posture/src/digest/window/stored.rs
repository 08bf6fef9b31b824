//! The objects in the ledger: the parts of a window, and its digest. They hold data and no finished texts.
//!
//! An object counts only if it is what its key says.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{EVENTS_READ_MAX, Entry, Window};
use crate::events::object_event::ObjectEvent;
use crate::events::plausible::FUTURE_MAX;
use crate::text::wire::as_time;
use crate::{BucketName, Grade};

/// The version of both forms. A reader rejects a newer one.
const VERSION: u32 = 1;

/// The most bytes of a part: the events of one call of a function are smaller than their messages.
///
/// Source: AWS Lambda Developer Guide, "Lambda quotas".
pub(super) const PART_BYTES_MAX: u64 = 6 * 1024 * 1024;
/// The most bytes of a digest.
pub(super) const DIGEST_BYTES_MAX: u64 = 96 * 1024 * 1024;
/// The most bytes of the record of a closing.
pub(super) const CLOSED_BYTES_MAX: u64 = 1024 * 1024;

/// The events of one batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    version: u32,
    /// The events.
    pub events: Vec<ObjectEvent>,
}

/// Why a window was closed before its end.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Closed {
    /// The buckets with an alert.
    alerted: Vec<String>,
}

/// The record of a closing, with the buckets of the alert.
pub(super) fn closed(alerted: &[BucketName]) -> Vec<u8> {
    json(&Closed { alerted: alerted.iter().map(ToString::to_string).collect() })
}

/// The buckets of the alert that closed a window.
pub(super) fn alerted(closed: &[u8]) -> Vec<BucketName> {
    let closed: Closed = serde_json::from_slice(closed).unwrap_or_default();
    closed.alerted.iter().filter_map(|name| name.parse().ok()).collect()
}

/// What is known about a bucket besides its events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Known {
    /// Its grade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
    /// Its owner, by its tag `s3guard:owner`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// All events of a window once, ordered by bucket, key and time, and what was known about their buckets: the data from which
/// its notifications are made. People can read the JSON, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Digest {
    version: u32,
    /// The id of the window.
    pub window: String,
    /// When the window began.
    #[serde(with = "as_time")]
    pub from: OffsetDateTime,
    /// When it was closed.
    #[serde(with = "as_time")]
    pub until: OffsetDateTime,
    /// How many windows of the same time were closed before it: an alert closes one before its end.
    pub generation: u32,
    /// Whether it was closed before its end.
    pub is_early: bool,
    /// What was known about the buckets.
    pub known: BTreeMap<BucketName, Known>,
    /// The events.
    pub events: Vec<ObjectEvent>,
}

impl Part {
    pub(super) fn new(events: Vec<ObjectEvent>) -> Self {
        Self { version: VERSION, events }
    }
}

impl Digest {
    pub(crate) fn new(window: Window, now: OffsetDateTime, events: Vec<ObjectEvent>) -> Self {
        Self {
            version: VERSION,
            window: window.to_string(),
            from: window.start(),
            until: now.min(window.end()).max(window.start()),
            generation: window.generation(),
            is_early: now < window.end(),
            known: BTreeMap::new(),
            events,
        }
    }

    /// A digest of one event, which is not stored.
    pub(crate) fn of_one(event: ObjectEvent) -> Self {
        let window = Window::at(event.time, 1);
        Self::new(window, window.end(), vec![event])
    }
}

/// An object with a key that says what it is.
pub(super) trait Keyed: DeserializeOwned {
    /// Its most bytes.
    const BYTES_MAX: u64;

    /// Whether it is what its key says.
    fn is_of(&self, window: Window, entry: &Entry) -> bool;
}

impl Keyed for Part {
    const BYTES_MAX: u64 = PART_BYTES_MAX;

    fn is_of(&self, window: Window, entry: &Entry) -> bool {
        matches!(entry, Entry::Part(events, alarming, _)
            if *events == self.events.len() && alarming <= events)
            && are_of(&self.events, window)
    }
}

impl Keyed for Digest {
    const BYTES_MAX: u64 = DIGEST_BYTES_MAX;

    fn is_of(&self, window: Window, entry: &Entry) -> bool {
        *entry == Entry::Digest
            && self.window == window.to_string()
            && self.generation == window.generation()
            && self.from == window.start()
            && (window.start()..=window.end()).contains(&self.until)
            && self.is_early == (self.until < window.end())
            && self.events.len() <= EVENTS_READ_MAX
            && are_of(&self.events, window)
    }
}

/// Whether the events may be in the window: they are in buckets, and did not happen after it. How old an event is when it is
/// received is not known: it may have been redriven.
fn are_of(events: &[ObjectEvent], window: Window) -> bool {
    let end = window.end();
    let is_of = |event: &ObjectEvent| !event.bucket.is_account() && event.time - end <= FUTURE_MAX;
    events.iter().all(is_of)
}

/// Why a form cannot be read.
pub(super) enum Unreadable {
    /// It is not valid: it does not count.
    Form(String),
    /// A newer version of s3guard has written it.
    Newer(u32),
}

/// Reads one of the forms: its version first, because a newer one may have another meaning.
pub(super) fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Unreadable> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let form = |error: serde_json::Error| Unreadable::Form(error.to_string());
    let Versioned { version } = serde_json::from_slice(json).map_err(form)?;
    if version > VERSION {
        return Err(Unreadable::Newer(version));
    }
    serde_json::from_slice(json).map_err(form)
}

pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts, numbers and lists are always JSON")
}
