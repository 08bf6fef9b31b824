//! How notices go out: to the topic, and what matters enough also to the topic for chats.

use s3guard_aws::{AwsError, Connection, Topic};
use s3guard_posture::Notice;
use s3guard_posture::model::severity::Severity;

use crate::settings::Common;

/// Publishes notices.
pub(crate) struct Publisher {
    topic: Topic,
    chat: Option<(Topic, Severity)>,
}

impl Publisher {
    /// Publishes to the stack's topic, and from a severity on also to the one for chats, if there is one.
    pub(crate) fn new(connection: &Connection, settings: &Common) -> Self {
        let topic = |arn: &str| Topic::new(connection, arn);
        let from = settings.config.notifications().chat;
        Self {
            topic: topic(&settings.topic),
            chat: settings.chat_topic.as_deref().map(topic).zip(from),
        }
    }

    /// Publishes a notice. What the chat does not take is logged and not tried again: everybody else has it already, and
    /// would get it twice.
    pub(crate) async fn publish(&self, notice: &Notice) -> Result<(), AwsError> {
        self.topic.publish(notice).await?;
        if let Some((topic, from)) = &self.chat
            && notice.document.severity >= *from
            && let Err(error) = topic.publish_chat(notice).await
        {
            tracing::error!(%error, subject = notice.subject, "a notice did not go to the chat");
        }
        Ok(())
    }
}
