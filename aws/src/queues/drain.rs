//! What a person does with a queue: how deep it is, and taking messages out.

use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, QueueAttributeName};
use serde::Serialize;

use super::{BATCH_MAX, Queue, SendError};
use crate::AwsError;
use crate::error::Answer as _;

/// How long a message that was taken out is hidden from others, in seconds: it is sent on and deleted meanwhile.
const HIDDEN_SECONDS: i32 = 60;
/// How long to wait for a message, in seconds: without waiting, SQS asks only some of its servers.
///
/// Source: Amazon SQS Developer Guide, "Short and long polling".
const WAIT_SECONDS: i32 = 2;

/// How many messages a queue has. SQS counts approximately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Depth {
    /// Those that can be received.
    pub waiting: u64,
    /// Those that somebody is at.
    pub in_flight: u64,
    /// Those that cannot be received yet.
    pub delayed: u64,
}

/// A message that was taken out and is hidden for a minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Its text.
    pub body: String,
    /// What it is deleted by.
    receipt: String,
}

impl Queue {
    /// How many messages it has.
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

    /// Takes up to ten messages out; none if it waited and there were none.
    pub async fn receive(&self) -> Result<Vec<Received>, AwsError> {
        let call = self.client.receive_message().queue_url(&self.url);
        let call = call.max_number_of_messages(10).visibility_timeout(HIDDEN_SECONDS);
        let answer = call.wait_time_seconds(WAIT_SECONDS).send().await;
        let answer = answer.named("ReceiveMessage", self.object())?;
        let messages = answer.messages.unwrap_or_default();
        Ok(messages
            .into_iter()
            .filter_map(|message| {
                Some(Received { body: message.body?, receipt: message.receipt_handle? })
            })
            .collect())
    }

    /// Deletes messages that were taken out. One that SQS does not delete comes back after a minute.
    pub async fn delete(&self, messages: &[Received]) -> Result<(), SendError> {
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
                let (count, code) = (answer.failed().len(), first.code().to_owned());
                return Err(SendError::LeftOut { url: self.url.clone(), count, code });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
