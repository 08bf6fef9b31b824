//! A batch of SQS messages in, those that failed out.
//!
//! Source of both shapes: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS" and "Reporting batch item failures".

use serde::{Deserialize, Serialize};

/// What Lambda delivers from a queue.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Batch {
    /// The messages.
    pub(crate) records: Vec<Message>,
}

/// One message of a queue.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    /// What a failure is reported by.
    pub(crate) message_id: String,
    /// The message itself.
    pub(crate) body: String,
}

/// The messages that are to be delivered again. None means that all is done.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Failures {
    /// One for each message.
    pub(crate) batch_item_failures: Vec<Failure>,
}

/// A message that is to be delivered again.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Failure {
    /// Its id.
    pub(crate) item_identifier: String,
}

impl Failures {
    /// Has a message delivered again.
    pub(crate) fn add(&mut self, message_id: &str) {
        self.batch_item_failures.push(Failure { item_identifier: message_id.to_owned() });
    }
}
