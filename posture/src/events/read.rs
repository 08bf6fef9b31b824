//! What a message of the guard queue says.
//!
//! The Lambda function reads its queue with this, and the command the events that it replays. Only what is needed is
//! read: the name of the call, the bucket, its Region, the time, the principal and the tool.

use serde::Deserialize as _;
use serde_json::Value;

use super::cloudtrail;
use super::field::text;
use super::request::{Again, NotAnEvent, OwnMessage, Request, Sweep};
use crate::AccountId;

/// A message that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Its request.
    pub request: Request,
    /// How often it was sent back because a stack operation was in progress.
    pub attempt: u32,
    /// The original message: what is sent back, if it has to wait again.
    pub body: String,
}

/// Reads a message. `account` is the guard's own: events of others are ignored.
pub fn read(body: &str, account: &AccountId) -> Result<Read, NotAnEvent> {
    let value: Value = serde_json::from_str(body)?;
    let Some(again) = value.pointer("/s3guard/again") else {
        return Ok(Read { request: request(&value, account)?, attempt: 0, body: body.to_owned() });
    };
    // A message that is sent again twice is wrapped only once.
    let Again { body, attempt } = Again::deserialize(again).map_err(|_| NotAnEvent::Unknown)?;
    Ok(Read { request: request(&serde_json::from_str(&body)?, account)?, attempt, body })
}

/// Reads what `EventBridge` or the guard itself sends. Only AWS can put events with a source `aws.…` on the bus.
fn request(message: &Value, account: &AccountId) -> Result<Request, NotAnEvent> {
    if let Some(own) = message.get("s3guard") {
        return OwnMessage::deserialize(own).map(Request::Own).map_err(|_| NotAnEvent::Unknown);
    }
    let field = |name| text(message, &[name]).unwrap_or_default();
    match (field("source").as_str(), field("detail-type").as_str()) {
        ("aws.events", "Scheduled Event") => Ok(Request::Own(OwnMessage::Sweep(Sweep::default()))),
        ("aws.s3" | "aws.s3-control", "AWS API Call via CloudTrail") => {
            cloudtrail::request(message.get("detail").unwrap_or(&Value::Null), account)
        }
        _ => Err(NotAnEvent::Unknown),
    }
}

#[cfg(test)]
mod tests;
