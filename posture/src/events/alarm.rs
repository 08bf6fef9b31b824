//! The `EventBridge` event of an alarm that has changed its state.
//!
//! Its texts are not read: principals that may call `SetAlarmState` or `PutMetricAlarm` write them.
//!
//! Source: Amazon CloudWatch User Guide, "Alarm events and EventBridge".

use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

use crate::contract::alarms::description;
use crate::events::field::text;
use crate::events::plausible::not_in_future;
use crate::events::read::of_account;
use crate::events::request::NotAnEvent;
use crate::{AccountId, Region};

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
    /// Its description, as the stack has it.
    pub description: &'static str,
    /// The current state.
    pub state: AlarmState,
    /// The previous state, if the event has it.
    pub previous: Option<AlarmState>,
    /// The time of the state change, in UTC.
    pub since: OffsetDateTime,
}

/// The state of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmState {
    /// `ALARM`.
    Alarm,
    /// `OK`.
    Ok,
    /// `INSUFFICIENT_DATA`.
    InsufficientData,
    /// A state that AWS may add.
    Unknown,
}

impl AlarmState {
    /// As `CloudWatch` spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alarm => "ALARM",
            Self::Ok => "OK",
            Self::InsufficientData => "INSUFFICIENT_DATA",
            Self::Unknown => "UNKNOWN",
        }
    }
}

impl From<String> for AlarmState {
    fn from(name: String) -> Self {
        match name.as_str() {
            "ALARM" => Self::Alarm,
            "OK" => Self::Ok,
            "INSUFFICIENT_DATA" => Self::InsufficientData,
            _ => Self::Unknown,
        }
    }
}

/// The stack whose alarms are read.
#[derive(Clone, Copy, Debug)]
pub struct OfStack<'a> {
    /// Its account.
    pub account: &'a AccountId,
    /// Its Region.
    pub region: &'a Region,
    /// Its name.
    pub stack: &'a str,
    /// The time.
    pub now: OffsetDateTime,
}

/// Reads an event; `None` if it is another one, or lacks a required field. Alarms that are not the stack's are refused.
pub fn read(body: &str, of: OfStack<'_>) -> Result<Option<AlarmEvent>, NotAnEvent> {
    let Ok(event) = serde_json::from_str::<Value>(body) else { return Ok(None) };
    let field = |path: &[&str]| text(&event, path).unwrap_or_default();
    if field(&["source"]) != SOURCE || field(&["detail-type"]) != DETAIL_TYPE {
        return Ok(None);
    }
    of_account(&field(&["account"]), of.account)?;
    let name = field(&["detail", "alarmName"]);
    let OfStack { account, region, .. } = of;
    let arn = format!("arn:{}:cloudwatch:{region}:{account}:alarm:{name}", region.partition());
    let is_ours = field(&["resources"]) == arn;
    let description = description(of.stack, &name)
        .filter(|_| is_ours)
        .ok_or(NotAnEvent::Refused("the alarm is not one of the stack's"))?;
    let state = AlarmState::from(field(&["detail", "state", "value"]));
    let since = timestamp(&field(&["detail", "state", "timestamp"]));
    let Some(since) = since.or_else(|| timestamp(&field(&["time"]))) else { return Ok(None) };
    not_in_future(since, of.now)?;
    Ok(Some(AlarmEvent {
        id: text(&event, &["id"]).filter(|id| !id.is_empty()),
        name,
        description,
        state,
        previous: text(&event, &["detail", "previousState", "value"]).map(AlarmState::from),
        since,
    }))
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
