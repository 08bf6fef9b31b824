//! What a message of the guard queue says.
//!
//! The Lambda reads its queue with this, and the command what it replays. Only what is needed is read: the name of the
//! call, the bucket, its Region, the time, who it was and with what.

use serde::Deserialize;
use serde_json::Value;

use super::cloudtrail;
use super::message::OwnMessage;
use super::request::{NotAnEvent, Request};
use crate::AccountId;

/// A message that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// What it asks for.
    pub request: Request,
    /// How often it was sent back because a stack was not done.
    pub attempt: u32,
    /// The message as it first came: what is sent back, if it has to wait again.
    pub body: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct WireEvent {
    source: String,
    detail_type: String,
    #[serde(default)]
    detail: Value,
}

/// Reads a message. `account` is the guard's own: events of others are ignored.
pub fn read(body: &str, account: &AccountId) -> Result<Read, NotAnEvent> {
    let value: Value = serde_json::from_str(body).map_err(NotAnEvent::Json)?;
    let Some(own) = value.get("s3guard") else {
        return Ok(Read { request: event(value, account)?, attempt: 0, body: body.to_owned() });
    };
    match OwnMessage::deserialize(own).map_err(|_| NotAnEvent::Unknown)? {
        OwnMessage::Again { body, attempt } => {
            let value: Value = serde_json::from_str(&body).map_err(NotAnEvent::Json)?;
            let request = match value.get("s3guard") {
                None => event(value, account)?,
                Some(own) => {
                    OwnMessage::deserialize(own).map_err(|_| NotAnEvent::Unknown)?.request()?
                }
            };
            Ok(Read { request, attempt, body })
        }
        own @ (OwnMessage::LookAt { .. }
        | OwnMessage::LookAtAccount
        | OwnMessage::Sweep { .. }
        | OwnMessage::Tell(_)) => {
            Ok(Read { request: own.request()?, attempt: 0, body: body.to_owned() })
        }
    }
}

/// Reads what `EventBridge` delivers. Nobody can put events with a source `aws.…` on the bus but AWS.
fn event(value: Value, account: &AccountId) -> Result<Request, NotAnEvent> {
    let event = WireEvent::deserialize(value).map_err(|_| NotAnEvent::Unknown)?;
    match (event.source.as_str(), event.detail_type.as_str()) {
        ("aws.events", "Scheduled Event") => Ok(Request::Sweep { continuation: None, after: None }),
        ("aws.s3" | "aws.s3-control", "AWS API Call via CloudTrail") => {
            cloudtrail::request(&event.detail, account)
        }
        _ => Err(NotAnEvent::Unknown),
    }
}

#[cfg(test)]
mod tests;
