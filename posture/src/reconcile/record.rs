//! The record of a write in the ledger: what was read, why and from what to what it was changed, by which event, and whether
//! it was verified.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::ledger::RecordId;
use crate::model::setting::{Setting, SettingKind};
use crate::{AccountId, Action, Aspect, Call, Finding, Grade, Region, Tool, Trigger};

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

/// Why an object of the ledger is not the record of its key.
#[derive(Debug, Error)]
pub enum InvalidRecord {
    /// It was written by a newer version.
    #[error(
        "the record has version {0}, and this s3guard supports versions up to {VERSION}: update s3guard"
    )]
    Newer(u64),
    /// It has not the form of a record.
    #[error("the record is not valid: {0}")]
    Form(#[from] serde_json::Error),
    /// It is the record of something else.
    #[error("the record is not that of its key: its `{field}` is `{found}`, not `{expected}`")]
    Differs {
        /// The field.
        field: &'static str,
        /// What it says.
        found: String,
        /// What it has to say.
        expected: String,
    },
}

impl Record {
    /// Reads the record with this id. Its content has to say the same as the id, and the account.
    ///
    /// Its Region is that of the bucket, which may not be that of the ledger: a bucket can be created through us-east-1.
    pub fn read(json: &[u8], id: &RecordId, account: &AccountId) -> Result<Self, InvalidRecord> {
        // The version comes first: a newer version may have other fields.
        let value: Value = serde_json::from_slice(json)?;
        if let Some(version) = value.get("version").and_then(Value::as_u64)
            && version > VERSION.into()
        {
            return Err(InvalidRecord::Newer(version));
        }
        let record: Self = serde_json::from_value(value)?;
        let kind = id.kind.name();
        let region: Result<Region, _> = record.region.parse();
        let from = record.from.as_ref().map_or(kind, |from| from.kind().name());
        for (field, found, expected) in [
            ("id", record.id.as_str(), id.to_string().as_str()),
            ("bucket", &record.bucket, id.bucket.as_str()),
            ("account", &record.account, account.as_str()),
            ("setting", record.setting.name(), kind),
            ("to", record.to.kind().name(), kind),
            ("from", from, kind),
            ("region", &record.region, region.as_ref().map_or("a Region", Region::as_str)),
        ] {
            if found != expected {
                let (found, expected) = (found.chars().take(300).collect(), expected.to_owned());
                return Err(InvalidRecord::Differs { field, found, expected });
            }
        }
        Ok(record)
    }

    /// The action that it records.
    pub fn action(&self) -> Action {
        Action { set: self.to.clone(), aspects: self.aspects.clone() }
    }

    /// What was found before the write.
    pub fn findings(&self) -> impl Iterator<Item = Finding> + '_ {
        self.aspects.iter().filter_map(|&aspect| {
            let was = |why: &String| {
                why.strip_prefix(aspect.words())?.strip_prefix(": ").map(str::to_owned)
            };
            let was = self.why.iter().find_map(was)?;
            Some(Finding::Weak { aspect, was, remediate: self.to.clone() })
        })
    }

    /// Why the write was made.
    pub fn trigger(&self) -> Trigger {
        let calls: Vec<Call> = self.events.iter().filter_map(Event::call).collect();
        if calls.is_empty() { Trigger::Sweep } else { Trigger::Calls(calls) }
    }

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

impl Event {
    /// The call, as far as the record has it.
    fn call(&self) -> Option<Call> {
        Some(Call {
            event_name: self.event_name.clone(),
            event_id: self.event_id.clone(),
            time: OffsetDateTime::parse(&self.time, &Rfc3339).ok()?,
            principal: self.principal.clone(),
            principal_arn: None,
            tool: Tool::from_name(&self.tool).unwrap_or(Tool::Sdk),
            source_ip: None,
            exposes: false,
            opens_sse_c: false,
            makes_default_bucket: false,
            policy: None,
            effect: crate::model::deed::Effect::default(),
        })
    }
}

/// A time in the ledger: in UTC, to the millisecond.
pub(super) fn rfc3339(time: OffsetDateTime) -> String {
    let time = time.to_offset(time::UtcOffset::UTC);
    let time = time.replace_millisecond(time.millisecond()).unwrap_or(time);
    time.format(&Rfc3339).unwrap_or_else(|_| time.to_string())
}
