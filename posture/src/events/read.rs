//! What a message of the guard queue says.
//!
//! The Lambda function reads its queue with this, and the command the events that it replays. Only what is needed is
//! read: the name of the call, the bucket, its Region, the time, the principal and the tool.

use serde::Deserialize as _;
use serde_json::Value;
use time::OffsetDateTime;

use super::cloudtrail;
use super::field::text;
use super::plausible::not_in_future;
use super::request::{Again, NotAnEvent, OwnMessage, Request, Sweep};
use crate::AccountId;
use crate::model::watch::Rule;

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

/// Reads a message. `account` is the guard's own: events of others are refused, and those of the future.
pub fn read(body: &str, account: &AccountId, now: OffsetDateTime) -> Result<Read, NotAnEvent> {
    let value: Value = serde_json::from_str(body)?;
    let Some(again) = value.pointer("/s3guard/again") else {
        let request = request(&value, account, now)?;
        return Ok(Read { request, attempt: 0, body: body.to_owned() });
    };
    // A message that is sent again twice is wrapped only once.
    let Again { body, attempt } = Again::deserialize(again).map_err(|_| NotAnEvent::Unknown)?;
    Ok(Read { request: request(&serde_json::from_str(&body)?, account, now)?, attempt, body })
}

/// Reads what `EventBridge` or the guard itself sends. Only AWS can put events with a source `aws.…` on the bus, but the
/// bus of another account may forward its events.
fn request(
    message: &Value,
    account: &AccountId,
    now: OffsetDateTime,
) -> Result<Request, NotAnEvent> {
    if let Some(own) = message.get("s3guard") {
        return self::own(own);
    }
    let field = |name| text(message, &[name]).unwrap_or_default();
    let request = match (field("source").as_str(), field("detail-type").as_str()) {
        ("aws.events", "Scheduled Event") => Ok(Request::Own(OwnMessage::Sweep(Sweep::default()))),
        (source, "AWS API Call via CloudTrail") if is_watched(source) => {
            cloudtrail::request(message.get("detail").unwrap_or(&Value::Null), account)
        }
        _ => return Err(NotAnEvent::Unknown),
    };
    of_account(&field("account"), account)?;
    let request = request?;
    if let Request::Changed(changed) = &request {
        not_in_future(changed.call.time, now)?;
    }
    Ok(request)
}

/// Whether a rule of the stack matches events of this source.
fn is_watched(source: &str) -> bool {
    Rule::ALL.into_iter().any(|rule| rule.sources().contains(&source))
}

/// Refuses the events of other accounts.
pub(super) fn of_account(account: &str, own: &AccountId) -> Result<(), NotAnEvent> {
    match account {
        "" => Err(NotAnEvent::field("account", &"it is not a text")),
        account if account == own.as_str() => Ok(()),
        _ => Err(NotAnEvent::Refused("it is another account's")),
    }
}

/// Reads what the guard sends to itself.
fn own(own: &Value) -> Result<Request, NotAnEvent> {
    let own = OwnMessage::deserialize(own).map_err(|_| NotAnEvent::Unknown)?;
    if let OwnMessage::Reconcile { bucket, .. } = &own
        && bucket.is_directory()
    {
        return Ok(Request::Ignore("directory buckets have other settings"));
    }
    if let OwnMessage::Sweep(sweep) = &own
        && !sweep.is_plausible()
    {
        return Err(NotAnEvent::Unknown);
    }
    Ok(Request::Own(own))
}

#[cfg(test)]
mod tests;
