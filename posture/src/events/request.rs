//! What a message of the guard queue asks for.

use serde_json::Value;
use thiserror::Error;

use crate::evaluate::coverage::Mark;
use crate::{BucketName, Call, Region};

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
    /// Publish this notification, which could not be published before. What it says is not read here.
    Tell(Value),
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

pub(super) fn name(field: &'static str, text: &str) -> Result<BucketName, NotAnEvent> {
    text.parse().map_err(|error| wrong(field, &error))
}

pub(super) fn wrong(field: &'static str, cause: &impl ToString) -> NotAnEvent {
    NotAnEvent::Field { field, cause: cause.to_string() }
}
