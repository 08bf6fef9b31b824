//! The depth of a queue, and receiving its messages.

use std::collections::BTreeSet;

use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, MessageSystemAttributeName, QueueAttributeName,
};
use serde::Serialize;

use super::{BATCH_MAX, Queue};
use crate::AwsError;
use crate::error::Answer as _;

/// The visibility timeout of a received message, in seconds: it is sent on and deleted meanwhile.
const HIDDEN_SECONDS: i32 = 60;
/// How long to wait for a message, in seconds: without waiting, SQS queries only some of its servers.
///
/// Source: Amazon SQS Developer Guide, "Short and long polling".
const WAIT_SECONDS: i32 = 2;

/// How many messages a queue has. SQS counts approximately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Depth {
    /// Messages that can be received.
    pub waiting: u64,
    /// Messages that a consumer has received and not deleted.
    pub in_flight: u64,
    /// Messages that cannot be received yet.
    pub delayed: u64,
}

/// A received message, which is hidden for a minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Its text.
    pub body: String,
    /// The ARN of the queue from which SQS moved it, if it was in another queue before.
    pub source: Option<String>,
    /// The names of its attributes, such as those that SNS delivers of a notification.
    pub attributes: BTreeSet<String>,
    /// The handle to delete it.
    receipt: String,
}

impl Queue {
    /// Counts its messages.
    pub async fn depth(&self) -> Result<Depth, AwsError> {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let call = self.client.get_queue_attributes().queue_url(&self.url);
        let answer = call.set_attribute_names(Some(names.to_vec())).send().await;
        let answer = answer.named("GetQueueAttributes", self.object())?;
        let attributes = answer.attributes().cloned().unwrap_or_default();
        let count = |name| attributes.get(name).and_then(|text| text.parse().ok()).unwrap_or(0);
        let [waiting, in_flight, delayed] = names.each_ref().map(count);
        Ok(Depth { waiting, in_flight, delayed })
    }

    /// Receives up to ten messages; none if none arrived while it waited.
    pub async fn receive(&self) -> Result<Vec<Received>, AwsError> {
        let call = self.client.receive_message().queue_url(&self.url);
        let call = call.max_number_of_messages(10).visibility_timeout(HIDDEN_SECONDS);
        let source = MessageSystemAttributeName::DeadLetterQueueSourceArn;
        let call = call.message_system_attribute_names(source.clone());
        let call = call.message_attribute_names("All");
        let answer = call.wait_time_seconds(WAIT_SECONDS).send().await;
        let answer = answer.named("ReceiveMessage", self.object())?;
        let messages = answer.messages.unwrap_or_default();
        Ok(messages
            .into_iter()
            .filter_map(|message| {
                let source = message.attributes.and_then(|mut all| all.remove(&source));
                let attributes = message.message_attributes.unwrap_or_default().into_keys();
                Some(Received {
                    body: message.body?,
                    source,
                    attributes: attributes.collect(),
                    receipt: message.receipt_handle?,
                })
            })
            .collect())
    }

    /// Whether it is the queue with this ARN. Its Region is not compared: a dead-letter queue and its sources have the same.
    pub fn has_arn(&self, arn: &str) -> bool {
        let (mut of_url, mut of_arn) = (self.url.rsplit('/'), arn.rsplit(':'));
        let mut part = || (of_url.next(), of_arn.next());
        let (name, account) = (part(), part());
        name.0 == name.1 && account.0 == account.1
    }

    /// Deletes received messages. One that SQS does not delete is visible again after a minute.
    pub async fn delete(&self, messages: &[Received]) -> Result<(), AwsError> {
        for batch in messages.chunks(BATCH_MAX) {
            let entry = |(place, message): (usize, &Received)| {
                DeleteMessageBatchRequestEntry::builder()
                    .id(place.to_string())
                    .receipt_handle(&message.receipt)
                    .build()
                    .expect("id and receipt are given")
            };
            let entries = batch.iter().enumerate().map(entry).collect();
            let call = self.client.delete_message_batch().queue_url(&self.url);
            let answer = call.set_entries(Some(entries)).send().await;
            let answer = answer.named("DeleteMessageBatch", self.object())?;
            if let Some(first) = answer.failed().first() {
                let count = answer.failed().len();
                return Err(self.left_out("DeleteMessageBatch", count, first.code()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
