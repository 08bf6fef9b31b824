//! The objects in the ledger: the parts of a window, and its digest.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use super::Window;
use crate::BucketName;
use crate::events::object_event::ObjectEvent;
use crate::events::wire::as_time;

/// The version of both forms. A reader rejects a newer one.
const VERSION: u32 = 1;

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

/// All events of a window once, ordered by bucket, key and time, and the notifications about them. People can read the JSON,
/// too.
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
    /// The events.
    pub events: Vec<ObjectEvent>,
    /// A list of the notifications, as they are published.
    pub(super) notifications: Value,
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
            events,
            notifications: Value::Array(Vec::new()),
        }
    }

    /// A digest of one event, which is not stored.
    pub(crate) fn of_one(event: ObjectEvent) -> Self {
        let window = Window::at(event.time, 1);
        Self::new(window, window.end(), vec![event])
    }
}

/// Reads one of the forms: its version first, because a newer one may have another meaning.
pub(super) fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, serde_json::Error> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let Versioned { version } = serde_json::from_slice(json)?;
    if version > VERSION {
        let cause =
            format!("it has version {version}, and this s3guard supports versions up to {VERSION}");
        return Err(serde::de::Error::custom(cause));
    }
    serde_json::from_slice(json)
}

pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts, numbers and lists are always JSON")
}
