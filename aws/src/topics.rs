//! Publishing through SNS.

use aws_sdk_sns::Client;
use aws_sdk_sns::operation::publish::builders::PublishFluentBuilder;
use aws_sdk_sns::types::MessageAttributeValue;
use s3guard_posture::Notification;
use s3guard_posture::notify::notification::Attribute;

use crate::error::Answer as _;
use crate::{AwsError, Connection};

/// An SNS topic.
#[derive(Clone, Debug)]
pub struct Topic {
    client: Client,
    arn: String,
}

impl Topic {
    /// The topic with this ARN.
    pub fn new(connection: &Connection, arn: impl Into<String>) -> Self {
        Self { client: Client::new(&connection.config), arn: arn.into() }
    }

    /// Publishes a notification, with a text for each protocol; subscriptions filter by its attributes.
    pub async fn publish(&self, notification: &Notification) -> Result<(), AwsError> {
        let call = self.client.publish().message_structure("json").message(notification.message());
        self.send(call, notification).await
    }

    /// Publishes a notification in the format of Amazon Q Developer in chat applications. It needs a topic of its own: other
    /// subscribers would get the same JSON.
    pub async fn publish_chat(&self, notification: &Notification) -> Result<(), AwsError> {
        self.send(self.client.publish().message(notification.chat()), notification).await
    }

    async fn send(
        &self,
        call: PublishFluentBuilder,
        notification: &Notification,
    ) -> Result<(), AwsError> {
        let mut call = call.topic_arn(&self.arn).subject(&notification.subject);
        for (name, attribute) in &notification.attributes {
            call = call.message_attributes(name, value(attribute));
        }
        call.send().await.named("Publish", format!("topic `{}`", self.arn)).map(drop)
    }
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
