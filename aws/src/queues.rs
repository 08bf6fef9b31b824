//! The guard's own queue, through SQS.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use s3guard_posture::flow::Delayed;
use thiserror::Error;

use crate::error::Answer as _;
use crate::{AwsError, Connection};

/// The most messages of one `SendMessageBatch`.
const BATCH_MAX: usize = 10;
/// How often the messages are sent again that SQS did not take out of a batch.
const BATCH_ATTEMPTS_MAX: usize = 3;

/// An SQS queue.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Client,
    url: String,
}

/// Messages that could not be sent.
#[derive(Debug, Error)]
pub enum SendError {
    /// The call failed.
    #[error(transparent)]
    Call(#[from] AwsError),
    /// SQS took the call and not all of its messages.
    #[error(
        "SendMessageBatch to queue `{url}` left {count} messages out, the first one with `{code}`"
    )]
    LeftOut {
        /// The queue.
        url: String,
        /// How many messages.
        count: usize,
        /// SQS's code for the first of them.
        code: String,
    },
}

impl Queue {
    /// The queue with this URL.
    pub fn new(connection: &Connection, url: impl Into<String>) -> Self {
        Self { client: Client::new(&connection.config), url: url.into() }
    }

    /// Sends one message, to be received after `delay_seconds` (0 to 900).
    pub async fn send(&self, body: &str, delay_seconds: u16) -> Result<(), SendError> {
        let call = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .delay_seconds(delay_seconds.into());
        call.send().await.named("SendMessage", self.object())?;
        Ok(())
    }

    /// Sends many messages, ten in a call; what SQS leaves out is sent again a few times.
    pub async fn send_all(&self, messages: &[Delayed]) -> Result<(), SendError> {
        for batch in messages.chunks(BATCH_MAX) {
            self.send_batch(batch).await?;
        }
        Ok(())
    }

    async fn send_batch(&self, messages: &[Delayed]) -> Result<(), SendError> {
        let mut waiting: Vec<usize> = (0..messages.len()).collect();
        let mut code = String::new();
        for _ in 0..BATCH_ATTEMPTS_MAX {
            let entry = |index: &usize| {
                SendMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .message_body(&messages[*index].body)
                    .delay_seconds(messages[*index].delay_seconds.into())
                    .build()
                    .expect("id and body are given")
            };
            let call = self
                .client
                .send_message_batch()
                .queue_url(&self.url)
                .set_entries(Some(waiting.iter().map(entry).collect()));
            let answer = call.send().await.named("SendMessageBatch", self.object())?;
            let Some(first) = answer.failed().first() else { return Ok(()) };
            first.code().clone_into(&mut code);
            waiting = answer.failed().iter().filter_map(|entry| entry.id().parse().ok()).collect();
        }
        Err(SendError::LeftOut { url: self.url.clone(), count: waiting.len(), code })
    }

    fn object(&self) -> String {
        format!("queue `{}`", self.url)
    }
}

#[cfg(feature = "deploy")]
mod drain;
#[cfg(feature = "deploy")]
pub use drain::{Depth, Received};

#[cfg(test)]
mod tests;
