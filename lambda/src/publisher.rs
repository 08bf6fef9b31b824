//! The output of the functions: notifications to the topic, above a severity also to the chat topic, and messages to the
//! function's own queue.

use std::time::Duration;

use s3guard_aws::{AwsError, Connection, Queue, Topic};
use s3guard_posture::Notification;
use s3guard_posture::flow::{Delayed, Outgoing};
use s3guard_posture::model::severity::Severity;

use crate::settings::Common;

/// Publishes notifications, and sends messages.
pub(crate) struct Publisher {
    topic: Topic,
    chat: Option<(Topic, Severity)>,
    pub(crate) queue: Queue,
}

impl Publisher {
    /// Publishes to the stack's topic, and from a severity on also to the chat topic, if there is one.
    pub(crate) fn new(connection: &Connection, settings: &Common) -> Self {
        let topic = |arn: &str| Topic::new(connection, arn);
        let from = settings.config.notifications().chat;
        Self {
            topic: topic(&settings.topic),
            chat: settings.chat_topic.as_deref().map(topic).zip(from),
            queue: Queue::new(connection, &settings.queue),
        }
    }
}

impl Outgoing for Publisher {
    type Error = AwsError;

    /// A failure of the chat topic is logged and not retried: the other subscribers would get the notification twice.
    async fn publish(&self, notification: &Notification) -> Result<(), AwsError> {
        self.topic.publish(notification).await?;
        if let Some((topic, from)) = &self.chat
            && notification.document.severity >= *from
            && let Err(error) = topic.publish_chat(notification).await
        {
            tracing::error!(%error, subject = notification.subject, "could not publish to chat");
        }
        Ok(())
    }

    async fn send(&self, messages: &[Delayed]) -> Result<(), AwsError> {
        match messages {
            [one] => self.queue.send(&one.body, one.delay_seconds).await,
            many => self.queue.send_all(many).await,
        }
    }

    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
