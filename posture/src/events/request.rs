//! What a message of the guard queue asks for, and what the guard sends to itself.

use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::evaluate::coverage::Known;
use crate::{BucketName, Call, Region};

/// The most buckets of an account.
///
/// Source: Amazon S3 User Guide, "General purpose bucket quotas, restrictions, and limitations".
const BUCKETS_MAX: usize = 1_000_000;

/// The request of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "most requests are the largest, and few are kept")]
pub enum Request {
    /// A call has changed a bucket, or the account's public access block.
    Changed(Changed),
    /// The guard sent it to itself.
    Own(OwnMessage),
    /// Nothing, for this reason.
    Ignore(&'static str),
}

/// A bucket that a call has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The bucket, or [`BucketName::account`].
    pub bucket: BucketName,
    /// The Region of the bucket, which is not that of the call if that was sent to us-east-1.
    pub region: Region,
    /// The call.
    pub call: Call,
}

/// A message that the guard sends to itself: it asks for a reconciliation, and carries no text and no settings.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum OwnMessage {
    /// Reconcile a bucket that the sweep found, or the account's public access block.
    Reconcile {
        /// The bucket, or [`BucketName::account`].
        bucket: BucketName,
        /// How it becomes known to the sweep, if it has no state.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        known: Option<Known>,
    },
    /// Reconcile a bucket once the guard writes again what it has stopped writing because of a conflict.
    AfterConflict {
        /// The bucket, or [`BucketName::account`].
        bucket: BucketName,
    },
    /// List buckets.
    Sweep(Sweep),
    /// Publish the notifications of a window that were not published at once.
    Digest(CloseDigest),
    /// Count that the guard works, and whether a sweep is overdue.
    Tick(Tick),
}

/// What a rule sends every hour.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tick {
    /// The schedule of the sweep, as the rule has it.
    pub sweep_rate: String,
}

/// The window whose notifications are to be published.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CloseDigest {
    /// Its name.
    pub window: String,
    /// How often another function may have tried.
    #[serde(default)]
    pub attempt: u32,
}

/// A page of the list of the Region's buckets; the first one by default.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// Where the list of S3 continues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continuation: Option<String>,
    /// The last bucket that was queued: the list continues after its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many buckets the pages before this one had.
    #[serde(default)]
    pub buckets: usize,
}

/// A message that is sent again, because a stack operation was in progress.
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Again {
    /// The original message, which is not an `Again`.
    pub body: String,
    /// How often it was sent back.
    pub attempt: u32,
}

/// A message that could not be read.
#[derive(Debug, Error)]
pub enum NotAnEvent {
    /// Not JSON.
    #[error("it is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// JSON that is neither an event nor a message of the guard.
    #[error("it is neither an event of EventBridge nor a message of s3guard")]
    Unknown,
    /// An event that is not for this guard. It is counted, and not delivered again.
    #[error("it was refused: {0}")]
    Refused(&'static str),
    /// An event without a required field.
    #[error("`{field}` is missing or wrong: {cause}")]
    Field {
        /// The path of the field.
        field: &'static str,
        /// The error.
        cause: String,
    },
}

impl NotAnEvent {
    pub(crate) fn field(field: &'static str, cause: &impl ToString) -> Self {
        Self::Field { field, cause: cause.to_string() }
    }
}

/// Reads the value of a field.
pub(super) fn parsed<T: FromStr<Err: Display>>(
    field: &'static str,
    text: &str,
) -> Result<T, NotAnEvent> {
    text.parse().map_err(|error| NotAnEvent::field(field, &error))
}

/// Reads the name of a bucket, which the account itself is not.
pub(super) fn bucket(field: &'static str, text: &str) -> Result<BucketName, NotAnEvent> {
    let name: BucketName = parsed(field, text)?;
    if name.is_account() {
        return Err(NotAnEvent::field(field, &"it is not the name of a bucket"));
    }
    Ok(name)
}

impl Sweep {
    /// Whether the list of an account can continue there.
    pub(super) fn is_plausible(&self) -> bool {
        let is_name = |after: &String| after.parse::<BucketName>().is_ok();
        self.buckets <= BUCKETS_MAX && self.after.as_ref().is_none_or(is_name)
    }
}

impl OwnMessage {
    /// The body of the message.
    pub fn body(&self) -> String {
        serde_json::json!({ "s3guard": self }).to_string()
    }
}

impl Again {
    /// The body of the message.
    pub fn body(&self) -> String {
        serde_json::json!({ "s3guard": { "again": self } }).to_string()
    }
}
