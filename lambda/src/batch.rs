//! The event and the answer of the functions: a batch of SQS messages, and those that failed.
//!
//! Source of both shapes: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS" and "Reporting batch item failures".

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

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
    /// Its id, which identifies a failure.
    #[serde(rename = "messageId")]
    pub(crate) id: String,
    /// Its body.
    pub(crate) body: String,
    /// Its attributes.
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

impl Message {
    /// Whether it was delivered before, with an unknown result.
    pub(crate) fn is_again(&self) -> bool {
        let count = self.attributes.get("ApproximateReceiveCount");
        count.and_then(|count| count.parse().ok()).unwrap_or(1_u64) > 1
    }
}

/// The answer to Lambda: the messages to deliver again. None means that all succeeded.
pub(crate) fn answer(failed: &[String]) -> Value {
    let failed: Vec<Value> = failed.iter().map(|id| json!({ "itemIdentifier": id })).collect();
    json!({ "batchItemFailures": failed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_was_delivered_before_says_so() {
        let is_again = |attributes: &str| {
            let record = format!(r#"{{"messageId":"m","body":"b"{attributes}}}"#);
            serde_json::from_str::<Message>(&record).unwrap().is_again()
        };
        assert!(!is_again(""));
        assert!(!is_again(r#","attributes":{"ApproximateReceiveCount":"1","SenderId":"s"}"#));
        assert!(is_again(r#","attributes":{"ApproximateReceiveCount":"2"}"#));
    }
}
