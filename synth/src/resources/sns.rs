//! SNS: topics, their policies and their subscriptions.

use serde::Serialize;
use serde_json::Value as Json;

use crate::cfn::{
    PolicyDocument, Value,
    kind::{KeyId, QueueArn, Text, TopicArn},
};

/// `AWS::SNS::Topic`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Topic {
    /// The sender's name in emails and text messages.
    pub display_name: Option<Value<Text>>,
    /// The key that encrypts its messages. With `alias/aws/sns`, the alarms of CloudWatch are lost silently.
    pub kms_master_key_id: Option<Value<KeyId>>,
    /// How messages are signed: `2` is SHA-256.
    pub signature_version: Option<&'static str>,
}

resource! {
    Topic = "AWS::SNS::Topic";
    ref {
        /// The topic's ARN: for a topic, `Ref` returns it.
        arn: TopicArn
    }
    get {
        /// The topic's name.
        name: TopicName = "TopicName"
    }
}

/// `AWS::SNS::TopicPolicy`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TopicPolicy {
    /// The topic. It has one policy: a second one replaces the first.
    pub topics: [Value<TopicArn>; 1],
    /// Who may do what with it.
    pub policy_document: PolicyDocument,
}

resource! { TopicPolicy = "AWS::SNS::TopicPolicy"; }

/// `AWS::SNS::Subscription`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Subscription {
    /// The topic.
    pub topic_arn: Value<TopicArn>,
    /// How messages are delivered.
    pub protocol: Protocol,
    /// The address: an email address, a telephone number, a URL or an ARN.
    pub endpoint: Value<Text>,
    /// Which messages are delivered; without one, all are.
    pub filter_policy: Option<Json>,
    /// What the filter policy is applied to: `MessageAttributes`, or `MessageBody`.
    pub filter_policy_scope: Option<&'static str>,
    /// Whether the message is delivered without SNS's envelope.
    pub raw_message_delivery: Option<bool>,
    /// Where messages go that could not be delivered.
    pub redrive_policy: RedrivePolicy,
}

resource! { Subscription = "AWS::SNS::Subscription"; }

/// How messages are delivered. SNS does not check the spelling before the first message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// To an email address, whose owner must confirm
    Email,
    /// To a telephone number
    Sms,
    /// To a URL, which must confirm
    Https,
    /// To a queue, whose policy must allow the topic to send
    Sqs,
    /// To a function, which must permit the topic to call it
    Lambda,
}

/// Where messages go that could not be delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RedrivePolicy {
    /// The dead-letter queue. Its policy must allow the topic to send.
    pub dead_letter_target_arn: Value<QueueArn>,
}
