//! The event and the answer of the functions: a batch of SQS messages, and those that failed.
//!
//! Source of both shapes: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS" and "Reporting batch item failures".

use std::collections::BTreeMap;

use s3guard_posture::Region;
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
    /// The service that delivers it.
    #[serde(default)]
    event_source: String,
    /// The queue from which it comes.
    #[serde(default, rename = "eventSourceARN")]
    event_source_arn: String,
    /// Its attributes.
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

impl Batch {
    /// Whether Lambda has received all of it from this queue, which only AWS and the stack's roles can send to. Other
    /// principals may be able to call the function.
    pub(crate) fn is_from(&self, queue_arn: &str) -> bool {
        let is_from = |message: &Message| {
            message.event_source == "aws:sqs" && message.event_source_arn == queue_arn
        };
        self.records.iter().all(is_from)
    }
}

/// The ARN of the queue with this URL.
///
/// Source: Amazon SQS Developer Guide, "Queue and message identifiers".
pub(crate) fn queue_arn(url: &str, region: &Region) -> String {
    let mut parts = url.rsplit('/');
    let name = parts.next().unwrap_or_default();
    let account = parts.next().unwrap_or_default();
    format!("arn:{}:sqs:{region}:{account}:{name}", region.partition())
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
    fn a_batch_counts_only_if_all_of_it_is_from_the_queue() {
        let region = "eu-west-1".parse().unwrap();
        let url = "https://sqs.eu-west-1.amazonaws.com/111122223333/guard";
        let arn = queue_arn(url, &region);
        assert_eq!(arn, "arn:aws:sqs:eu-west-1:111122223333:guard");
        let record = |source: &str, arn: &str| json!({ "messageId": "m", "body": "{}", "eventSource": source, "eventSourceARN": arn });
        let is_from = |records: Vec<Value>| {
            let batch: Batch = serde_json::from_value(json!({ "Records": records })).unwrap();
            batch.is_from(&arn)
        };
        let ours = record("aws:sqs", &arn);
        assert!(is_from(vec![ours.clone(), ours.clone()]));
        let sns = "arn:aws:sns:eu-west-1:111122223333:guard";
        for other in [
            json!({ "messageId": "m", "body": "{}" }),
            record("aws:sns", &arn),
            record("aws:sqs", sns),
            record("aws:sqs", "arn:aws:sqs:eu-west-1:999900001111:guard"),
            record("aws:sqs", "arn:aws:sqs:us-east-1:111122223333:guard"),
            record("aws:sqs", "arn:aws:sqs:eu-west-1:111122223333:guard-2"),
        ] {
            assert!(!is_from(vec![ours.clone(), other.clone()]), "{other}");
        }
    }

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
