//! Messages to the owner, through SNS.

use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;
use s3guard_posture::Notice;
use s3guard_posture::notice::Attribute;

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

    /// Publishes a notice; its attributes are what subscriptions filter by.
    pub async fn publish(&self, notice: &Notice) -> Result<(), AwsError> {
        let mut call = self
            .client
            .publish()
            .topic_arn(&self.arn)
            .subject(&notice.subject)
            .message(&notice.text);
        for (name, attribute) in &notice.attributes {
            call = call.message_attributes(name, value(attribute));
        }
        match call.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(AwsError::new("Publish", format!("topic `{}`", self.arn), &error)),
        }
    }
}

fn value(attribute: &Attribute) -> MessageAttributeValue {
    let (data_type, text) = match attribute {
        Attribute::One(text) => ("String", text.clone()),
        Attribute::Many(texts) => ("String.Array", serde_json::json!(texts).to_string()),
    };
    MessageAttributeValue::builder()
        .data_type(data_type)
        .string_value(text)
        .build()
        .expect("the data type is given")
}

#[cfg(test)]
mod tests;
