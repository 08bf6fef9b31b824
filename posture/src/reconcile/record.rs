//! What the ledger keeps of each write: what was seen, why, what was changed from what to what, by which event, and whether
//! it was seen to be so afterwards.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::model::setting::{Setting, SettingKind};
use crate::{Aspect, Grade, Trigger};

/// The version of the form. A reader that knows only older ones refuses a newer one.
pub const VERSION: u32 = 1;

/// One write, as the ledger keeps it: a JSON object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// [`VERSION`].
    pub version: u32,
    /// The record's id, by which it can be undone: `BUCKET@TIME-SETTING`.
    pub id: String,
    /// How far it came.
    pub state: State,
    /// The bucket.
    pub bucket: String,
    /// Its account.
    pub account: String,
    /// Its Region.
    pub region: String,
    /// When the write began, in UTC.
    pub time: String,
    /// The grade the bucket is held to.
    pub grade: Grade,
    /// Why it is held to it.
    pub grade_because: String,
    /// What was mended.
    pub aspects: Vec<Aspect>,
    /// The setting that was written.
    pub setting: SettingKind,
    /// The call that wrote it.
    pub call: String,
    /// What was found, in words.
    pub why: Vec<String>,
    /// The setting before. Missing where it was not known.
    pub from: Option<Setting>,
    /// The setting that was written.
    pub to: Setting,
    /// The calls that led to it; none if the sweep did.
    pub events: Vec<Event>,
    /// From the first of the calls until the write was verified.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub time_to_protect_milliseconds: Option<u64>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<String>,
}

/// How far a write came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// It was begun. If nothing else follows, the function was ended in the middle.
    Begun,
    /// S3 took it, but did not show it when it was read again.
    Written,
    /// It was read again, and is so.
    Verified,
    /// S3 did not take it.
    Failed,
}

/// A call that led to a write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// `CloudTrail`'s name of the call.
    pub event_name: String,
    /// `CloudTrail`'s id of the event.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub event_id: Option<String>,
    /// When it was made, in UTC.
    pub time: String,
    /// Who made it.
    pub principal: String,
    /// With what.
    pub tool: String,
}

impl Record {
    /// S3 did not take the write.
    pub fn fail(&mut self, cause: String) {
        self.state = State::Failed;
        self.cause = Some(cause);
    }

    /// S3 took the write; `now` it was read again.
    pub fn end(&mut self, state: State, trigger: &Trigger, now: OffsetDateTime) {
        self.state = state;
        let first = trigger.calls().iter().map(|call| call.time).min();
        self.time_to_protect_milliseconds = first
            .filter(|_| state == State::Verified)
            .and_then(|first| u64::try_from((now - first).whole_milliseconds()).ok());
    }
}

/// A time as the ledger has it: in UTC, to the millisecond.
pub(super) fn rfc3339(time: OffsetDateTime) -> String {
    let time = time.to_offset(time::UtcOffset::UTC);
    let time = time.replace_millisecond(time.millisecond()).unwrap_or(time);
    time.format(&Rfc3339).unwrap_or_else(|_| time.to_string())
}
