//! A batch of SQS messages in, those that failed out.
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
    /// What a failure is reported by.
    #[serde(rename = "messageId")]
    pub(crate) id: String,
    /// The message itself.
    pub(crate) body: String,
    /// What SQS knows of it.
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

impl Message {
    /// Whether it was delivered before, and what came of that is not known.
    pub(crate) fn is_again(&self) -> bool {
        let count = self.attributes.get("ApproximateReceiveCount");
        count.and_then(|count| count.parse().ok()).unwrap_or(1_u64) > 1
    }
}

/// Lambda's answer: the messages that are to be delivered again. None means that all is done.
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
