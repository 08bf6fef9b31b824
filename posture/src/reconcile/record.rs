//! The record of a write in the ledger: what was read, why and from what to what it was changed, by which event, and whether
//! it was verified.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::model::setting::{Setting, SettingKind};
use crate::{Aspect, Grade, Trigger};

/// The version of the format. A reader of older versions rejects a newer one.
pub const VERSION: u32 = 1;

/// One write, as a JSON object in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Record {
    /// [`VERSION`].
    pub version: u32,
    /// The record's id, by which it can be undone: `BUCKET@TIME-SETTING`.
    pub id: String,
    /// Its state.
    #[serde(rename = "status")]
    pub state: State,
    /// The bucket.
    pub bucket: String,
    /// Its account.
    pub account: String,
    /// Its Region.
    pub region: String,
    /// When the write began, in UTC.
    pub time: String,
    /// The grade of the bucket.
    pub grade: Grade,
    /// Why it has this grade.
    pub grade_reason: String,
    /// What was remediated.
    pub aspects: Vec<Aspect>,
    /// The setting that was written.
    pub setting: SettingKind,
    /// The call that wrote it.
    pub call: String,
    /// What was found, in words.
    #[serde(rename = "reasons")]
    pub why: Vec<String>,
    /// The setting before, if it was known.
    pub from: Option<Setting>,
    /// The setting that was written.
    pub to: Setting,
    /// The calls that led to it; none for the sweep.
    pub events: Vec<Event>,
    /// From the first of the calls until the write was verified.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub time_to_protect_milliseconds: Option<u64>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<String>,
}

/// The state of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum State {
    /// It was begun. Without a later state, the function was stopped.
    Begun,
    /// S3 accepted it, but it was not visible when it was read.
    Written,
    /// It was read, and is as written.
    Verified,
    /// S3 rejected it.
    Failed,
}

/// A call that led to a write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "CausedBy"))]
pub struct Event {
    /// `CloudTrail`'s name of the call.
    pub event_name: String,
    /// `CloudTrail`'s id of the event.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub event_id: Option<String>,
    /// Its time, in UTC.
    pub time: String,
    /// Who made it.
    pub principal: String,
    /// The tool that made it.
    pub tool: String,
}

impl Record {
    /// Notes that S3 rejected the write.
    pub fn fail(&mut self, cause: String) {
        self.state = State::Failed;
        self.cause = Some(cause);
    }

    /// Notes that S3 accepted the write, which was read `now`.
    pub fn end(&mut self, state: State, trigger: &Trigger, now: OffsetDateTime) {
        self.state = state;
        let first = trigger.calls().iter().map(|call| call.time).min();
        self.time_to_protect_milliseconds = first
            .filter(|_| state == State::Verified)
            .and_then(|first| u64::try_from((now - first).whole_milliseconds()).ok());
    }
}

/// A time in the ledger: in UTC, to the millisecond.
pub(super) fn rfc3339(time: OffsetDateTime) -> String {
    let time = time.to_offset(time::UtcOffset::UTC);
    let time = time.replace_millisecond(time.millisecond()).unwrap_or(time);
    time.format(&Rfc3339).unwrap_or_else(|_| time.to_string())
}
