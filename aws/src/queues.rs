//! The guard's own queue, through SQS.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use s3guard_posture::flow::Delayed;

use crate::error::Answer as _;
use crate::{AwsError, Connection};

/// The most messages of one `SendMessageBatch`.
const BATCH_MAX: usize = 10;
/// The attempts for the messages of a batch that SQS does not accept.
const BATCH_ATTEMPTS_MAX: usize = 3;

/// An SQS queue.
#[derive(Clone, Debug)]
pub struct Queue {
    pub(crate) client: Client,
    pub(crate) url: String,
}

impl Queue {
    /// The queue with this URL.
    pub fn new(connection: &Connection, url: impl Into<String>) -> Self {
        Self { client: Client::new(&connection.config), url: url.into() }
    }

    /// Sends one message, to be received after `delay_seconds` (0 to 900).
    pub async fn send(&self, body: &str, delay_seconds: u16) -> Result<(), AwsError> {
        let call = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .delay_seconds(delay_seconds.into());
        call.send().await.named("SendMessage", self.object()).map(drop)
    }

    /// Sends messages, ten in a call; those that SQS does not accept are sent again a few times.
    pub async fn send_all(&self, messages: &[Delayed]) -> Result<(), AwsError> {
        for batch in messages.chunks(BATCH_MAX) {
            self.send_batch(batch).await?;
        }
        Ok(())
    }

    async fn send_batch(&self, messages: &[Delayed]) -> Result<(), AwsError> {
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
        Err(self.left_out("SendMessageBatch", waiting.len(), &code))
    }

    fn left_out(&self, call: &'static str, count: usize, code: &str) -> AwsError {
        let why = format!("{count} messages were not accepted, the first with `{code}`");
        AwsError::other(call, self.object(), why)
    }

    pub(crate) fn object(&self) -> String {
        format!("queue `{}`", self.url)
    }
}

#[cfg(feature = "deploy")]
mod drain;
#[cfg(feature = "deploy")]
pub use drain::{Depth, Received};

#[cfg(test)]
mod tests;
