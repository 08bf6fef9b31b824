//! The output of the functions: notifications to the topics, and messages to the function's own queue.

use std::time::Duration;

use s3guard_aws::{AwsError, Connection, Queue, Topics};
use s3guard_posture::Notification;
use s3guard_posture::flow::{Delayed, Outgoing};
use s3guard_posture::model::severity::Severity;

use crate::settings::Common;

/// Publishes notifications, and sends messages.
pub(crate) struct Publisher {
    topics: Topics,
    pub(crate) queue: Queue,
}

impl Publisher {
    /// Publishes to the stack's topics.
    pub(crate) fn new(connection: &Connection, settings: &Common) -> Self {
        let chat_from = settings.config.notifications().chat.unwrap_or(Severity::Info);
        Self {
            topics: Topics::new(connection, settings.topics.clone(), chat_from),
            queue: Queue::new(connection, &settings.queue),
        }
    }
}

impl Outgoing for Publisher {
    type Error = AwsError;

    async fn publish(&self, notification: &Notification) -> Result<(), AwsError> {
        self.topics.publish(notification).await
    }

    async fn send(&self, messages: &[Delayed]) -> Result<(), AwsError> {
        match messages {
            [one] => self.queue.send(&one.body, one.delay_seconds).await,
            many => self.queue.send_all(many).await,
        }
    }

    async fn is_subscribed(&self) -> Result<bool, AwsError> {
        self.topics.is_subscribed().await
    }

    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
