//! What the guard sends to itself, through its own queue.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::evaluate::coverage::Mark;
use crate::events::request::{NotAnEvent, Request, name};

/// A message that the guard sends to itself.
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum OwnMessage {
    /// Look at a bucket.
    LookAt {
        /// Its name.
        bucket: String,
        /// What the sweep knows of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mark: Option<Mark>,
    },
    /// Look at the account's public access block.
    LookAtAccount,
    /// List the next page.
    Sweep {
        /// Where S3 goes on with its list.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        continuation: Option<String>,
        /// The last bucket that was seen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    /// Publish a notification, as JSON.
    Tell(Value),
    /// Read a message again: `CloudFormation` was not done when it was read before.
    Again {
        /// The message as it first came, which is no `Again`.
        body: String,
        /// How often it was sent back.
        attempt: u32,
    },
}

impl OwnMessage {
    /// Publish this notification.
    pub fn tell(notification: &impl Serialize) -> Self {
        let json = serde_json::to_value(notification);
        Self::Tell(json.expect("a notification is texts and lists"))
    }

    /// The body of the message.
    pub fn body(&self) -> String {
        serde_json::json!({ "s3guard": self }).to_string()
    }

    /// What it asks for.
    pub(super) fn request(self) -> Result<Request, NotAnEvent> {
        match self {
            Self::LookAt { bucket, mark } => {
                Ok(Request::LookAt { bucket: name("s3guard.lookAt", &bucket)?, mark })
            }
            Self::LookAtAccount => Ok(Request::LookAtAccount),
            Self::Sweep { continuation, after } => Ok(Request::Sweep { continuation, after }),
            Self::Tell(notice) => Ok(Request::Tell(notice)),
            // A message that is sent back twice is still only wrapped once.
            Self::Again { .. } => Err(NotAnEvent::Unknown),
        }
    }
}
