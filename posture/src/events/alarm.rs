//! An alarm that has changed its state, as `CloudWatch` tells `EventBridge`.
//!
//! Read leniently: a composite alarm has no metrics, and alarms of either kind may come to have fields of their own.
//!
//! Source: Amazon CloudWatch User Guide, "Alarm events and EventBridge".

use serde_json::Value;
use thiserror::Error;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

use crate::events::field::text;

/// The source of the event.
pub const SOURCE: &str = "aws.cloudwatch";
/// Its detail type.
pub const DETAIL_TYPE: &str = "CloudWatch Alarm State Change";

/// An alarm that has changed its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmEvent {
    /// `EventBridge`'s id of the event.
    pub id: Option<String>,
    /// The alarm's name.
    pub name: String,
    /// What it is for, as the stack says it.
    pub description: Option<String>,
    /// The state that it has now.
    pub state: State,
    /// The state that it had before, if it says so.
    pub previous: Option<State>,
    /// Why, in `CloudWatch`'s words.
    pub reason: Option<String>,
    /// Since when, in UTC.
    pub since: OffsetDateTime,
}

/// The state of an alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// `ALARM`.
    Alarm,
    /// `OK`.
    Ok,
    /// `INSUFFICIENT_DATA`.
    InsufficientData,
    /// One that does not exist yet.
    Unknown(String),
}

impl State {
    /// As `CloudWatch` spells it.
    pub fn name(&self) -> &str {
        match self {
            Self::Alarm => "ALARM",
            Self::Ok => "OK",
            Self::InsufficientData => "INSUFFICIENT_DATA",
            Self::Unknown(name) => name,
        }
    }
}

impl From<String> for State {
    fn from(name: String) -> Self {
        match name.as_str() {
            "ALARM" => Self::Alarm,
            "OK" => Self::Ok,
            "INSUFFICIENT_DATA" => Self::InsufficientData,
            _ => Self::Unknown(name),
        }
    }
}

/// Why a text is not such an event.
#[derive(Debug, Error)]
pub enum NotAnAlarm {
    /// It is not JSON.
    #[error("it is not JSON: {0}")]
    Json(serde_json::Error),
    /// It is another event.
    #[error("it is not a `{DETAIL_TYPE}` of `{SOURCE}`")]
    Other,
    /// It has not what every such event has.
    #[error("`{0}` is missing or wrong")]
    Field(&'static str),
}

/// Reads an event as `EventBridge` delivers it.
pub fn read(body: &str) -> Result<AlarmEvent, NotAnAlarm> {
    let event: Value = serde_json::from_str(body).map_err(NotAnAlarm::Json)?;
    of_event(&event)
}

/// Reads an event that is JSON already.
pub fn of_event(event: &Value) -> Result<AlarmEvent, NotAnAlarm> {
    let is = |field: &str, value: &str| text(event, &[field]).is_some_and(|text| text == value);
    if !is("source", SOURCE) || !is("detail-type", DETAIL_TYPE) {
        return Err(NotAnAlarm::Other);
    }
    let detail = |path: &[&str]| {
        let path: Vec<&str> = ["detail"].iter().chain(path).copied().collect();
        text(event, &path).filter(|text| !text.is_empty())
    };
    let since = detail(&["state", "timestamp"]).and_then(|text| timestamp(&text));
    let since = since.or_else(|| timestamp(&text(event, &["time"])?));
    Ok(AlarmEvent {
        id: text(event, &["id"]),
        name: detail(&["alarmName"]).ok_or(NotAnAlarm::Field("detail.alarmName"))?,
        description: detail(&["configuration", "description"]),
        state: detail(&["state", "value"]).ok_or(NotAnAlarm::Field("detail.state.value"))?.into(),
        previous: detail(&["previousState", "value"]).map(State::from),
        reason: detail(&["state", "reason"]),
        since: since.ok_or(NotAnAlarm::Field("detail.state.timestamp"))?,
    })
}

/// A time as `CloudWatch` writes it, `2019-10-02T17:04:40.985+0000`, which RFC 3339 does not allow, or as that does.
fn timestamp(text: &str) -> Option<OffsetDateTime> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok().or_else(|| {
        let format = time::macros::format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second][optional [.[subsecond]]]"
        );
        let time = text.strip_suffix("+0000")?;
        Some(PrimitiveDateTime::parse(time, &format).ok()?.assume_utc())
    })?;
    time.checked_to_offset(UtcOffset::UTC)
}

#[cfg(test)]
mod tests;
