//! Publishing through SNS.
//!
//! Messages are plain: SNS's guide describes the attributes that subscriptions filter by for these only.

use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;
use futures_util::future::join_all;
use s3guard_posture::Notification;
use s3guard_posture::contract::Channel;
use s3guard_posture::model::severity::Severity;
use s3guard_posture::notify::notification::Attribute;

use crate::error::Answer as _;
use crate::{AwsError, Connection, subscriptions};

/// The topics of a stack's notifications, one for each channel.
#[derive(Clone, Debug)]
pub struct Topics {
    client: Client,
    arns: [(Channel, String); 4],
    /// The least severity of what is published for chats.
    chat_from: Severity,
}

impl Topics {
    /// The topics with these ARNs.
    pub fn new(connection: &Connection, arns: [(Channel, String); 4], chat_from: Severity) -> Self {
        Self { client: Client::new(&connection.config), arns, chat_from }
    }

    /// Publishes a notification on every channel. All are tried, also if one fails: the whole is repeated then, and a
    /// duplicate has the same id.
    pub async fn publish(&self, notification: &Notification) -> Result<(), AwsError> {
        let is_for_chat = notification.document.severity >= self.chat_from;
        let channels = self.arns.iter().filter(|(of, _)| *of != Channel::Chat || is_for_chat);
        let published = channels.map(|(channel, arn)| self.publish_on(*channel, arn, notification));
        join_all(published).await.into_iter().collect()
    }

    /// Whether a subscription to one of the topics is confirmed.
    pub async fn is_subscribed(&self) -> Result<bool, AwsError> {
        for (_, arn) in &self.arns {
            let all = subscriptions::listed(&self.client, arn).await?;
            if all.iter().any(|one| !one.is_pending) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn publish_on(
        &self,
        channel: Channel,
        arn: &str,
        notification: &Notification,
    ) -> Result<(), AwsError> {
        let call = self.client.publish().topic_arn(arn).message(notification.message(channel));
        let mut call = call.subject(&notification.subject);
        for (name, attribute) in &notification.attributes {
            call = call.message_attributes(name, value(attribute));
        }
        call.send().await.named("Publish", topic(arn)).map(drop)
    }
}

/// Publishes a text to a topic.
pub async fn publish_text(
    connection: &Connection,
    arn: &str,
    subject: &str,
    text: &str,
) -> Result<(), AwsError> {
    let call = Client::new(&connection.config).publish().topic_arn(arn);
    call.subject(subject).message(text).send().await.named("Publish", topic(arn)).map(drop)
}

fn topic(arn: &str) -> String {
    format!("topic `{arn}`")
}

fn value(attribute: &Attribute) -> MessageAttributeValue {
    let (data_type, text) = attribute.wire();
    MessageAttributeValue::builder()
        .data_type(data_type)
        .string_value(text)
        .build()
        .expect("the data type is given")
}

#[cfg(test)]
mod tests;
