//! What a message of the guard queue says.
//!
//! The Lambda reads its queue with this, and the command what it replays. Only what is needed is read: the name of the
//! call, the bucket, its Region, the time, who it was and with what.

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use crate::coverage::Mark;
use crate::{AccountId, BucketName, Call, Notice, Region};

mod cloudtrail;
pub mod field;
mod own;

pub use cloudtrail::{principal, tool};
pub use own::{OwnMessage, WireNotice};

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

/// What a message asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Somebody changed this bucket.
    Changed(Changed),
    /// Somebody changed the account's public access block.
    AccountChanged(Call),
    /// Look at a bucket, which the sweep found.
    LookAt {
        /// The bucket.
        bucket: BucketName,
        /// What the sweep knows of it.
        mark: Option<Mark>,
    },
    /// Look at the account's public access block, as the sweep does.
    LookAtAccount,
    /// List the Region's buckets; from the start, if nothing else is said.
    Sweep {
        /// Where S3 goes on with its list.
        continuation: Option<String>,
        /// The last bucket that was seen: the list goes on behind its name.
        after: Option<String>,
    },
    /// Publish this, which could not be published before.
    Tell(Box<Notice>),
    /// Nothing to do, for this reason.
    Ignore(&'static str),
}

/// A bucket that somebody changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The bucket.
    pub bucket: BucketName,
    /// Where the bucket is: not where the call was made, if it was made by way of us-east-1.
    pub region: Region,
    /// The call.
    pub call: Call,
}

/// A message that is not one of ours.
#[derive(Debug, Error)]
pub enum NotAnEvent {
    /// Not JSON at all.
    #[error("it is not JSON: {0}")]
    Json(serde_json::Error),
    /// JSON that is neither an event nor a message of the guard.
    #[error("it is neither an event of EventBridge nor a message of s3guard")]
    Unknown,
    /// An event without something that it must have.
    #[error("`{field}` is missing or wrong: {cause}")]
    Field {
        /// The path of the field.
        field: &'static str,
        /// What is wrong with it.
        cause: String,
    },
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

fn name(field: &'static str, text: &str) -> Result<BucketName, NotAnEvent> {
    text.parse().map_err(|error| wrong(field, &error))
}

fn wrong(field: &'static str, cause: &impl ToString) -> NotAnEvent {
    NotAnEvent::Field { field, cause: cause.to_string() }
}

#[cfg(test)]
mod tests;
