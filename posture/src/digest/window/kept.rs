//! What lies in the ledger: the parts of a window, and its digest.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use super::Window;
use crate::BucketName;
use crate::events::object_event::ObjectEvent;
use crate::events::wire::as_time;

/// The version of both forms. A reader that knows only older ones refuses a newer one.
const VERSION: u32 = 1;

/// The events of one batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    version: u32,
    /// What happened.
    pub events: Vec<ObjectEvent>,
}

/// Why a window was closed before its end.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Closed {
    /// The buckets in which too much happened.
    alerted: Vec<String>,
}

/// What is put down when a window is closed; the buckets are those in which too much happened.
pub(super) fn closed(alerted: &[BucketName]) -> Vec<u8> {
    json(&Closed { alerted: alerted.iter().map(ToString::to_string).collect() })
}

/// The buckets because of which a window was closed.
pub(super) fn alerted(closed: &[u8]) -> Vec<BucketName> {
    let closed: Closed = serde_json::from_slice(closed).unwrap_or_default();
    closed.alerted.iter().filter_map(|name| name.parse().ok()).collect()
}

/// All that a window has gathered, each event once, by bucket and key in the order in which they happened; and what is
/// told of it. A JSON object that people read too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Digest {
    version: u32,
    /// The id of the window: where it lies.
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
    /// What happened.
    pub events: Vec<ObjectEvent>,
    /// A list of the notifications, as they are published.
    pub(super) notices: Value,
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
            notices: Value::Array(Vec::new()),
        }
    }

    /// A digest of one event, which lies nowhere.
    pub(crate) fn of_one(event: ObjectEvent) -> Self {
        let window = Window::at(event.time, 1);
        Self::new(window, window.end(), vec![event])
    }
}

/// Reads one of the forms: its version first, because a newer one may look like this one and mean something else.
pub(super) fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, serde_json::Error> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let Versioned { version } = serde_json::from_slice(json)?;
    if version > VERSION {
        let cause =
            format!("it has the form {version}, and this s3guard knows forms up to {VERSION}");
        return Err(serde::de::Error::custom(cause));
    }
    serde_json::from_slice(json)
}

pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts, numbers and lists are always JSON")
}
