//! The `EventBridge` event of an alarm that has changed its state.
//!
//! It is read leniently: a composite alarm has no metrics.
//!
//! Source: Amazon CloudWatch User Guide, "Alarm events and EventBridge".

use serde_json::Value;
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
    /// Its description, from the stack.
    pub description: Option<String>,
    /// The current state.
    pub state: AlarmState,
    /// The previous state, if the event has it.
    pub previous: Option<AlarmState>,
    /// The reason from `CloudWatch`.
    pub reason: Option<String>,
    /// The time of the state change, in UTC.
    pub since: OffsetDateTime,
}

/// The state of an alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlarmState {
    /// `ALARM`.
    Alarm,
    /// `OK`.
    Ok,
    /// `INSUFFICIENT_DATA`.
    InsufficientData,
    /// A state that AWS may add.
    Unknown(String),
}

impl AlarmState {
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

impl From<String> for AlarmState {
    fn from(name: String) -> Self {
        match name.as_str() {
            "ALARM" => Self::Alarm,
            "OK" => Self::Ok,
            "INSUFFICIENT_DATA" => Self::InsufficientData,
            _ => Self::Unknown(name),
        }
    }
}

/// Reads an event; `None` if it is another one, or lacks a required field.
pub fn read(body: &str) -> Option<AlarmEvent> {
    let event: Value = serde_json::from_str(body).ok()?;
    let field = |path: &[&str]| text(&event, path).filter(|text| !text.is_empty());
    if field(&["source"])? != SOURCE || field(&["detail-type"])? != DETAIL_TYPE {
        return None;
    }
    let since = field(&["detail", "state", "timestamp"]).and_then(|text| timestamp(&text));
    Some(AlarmEvent {
        id: field(&["id"]),
        name: field(&["detail", "alarmName"])?,
        description: field(&["detail", "configuration", "description"]),
        state: field(&["detail", "state", "value"])?.into(),
        previous: field(&["detail", "previousState", "value"]).map(AlarmState::from),
        reason: field(&["detail", "state", "reason"]),
        since: since.or_else(|| timestamp(&field(&["time"])?))?,
    })
}

/// A time of `CloudWatch`, as `2019-10-02T17:04:40.985+0000`, which is not RFC 3339, or of RFC 3339.
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
