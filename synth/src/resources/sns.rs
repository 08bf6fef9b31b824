//! SNS: topics, who may publish to them, and who hears.

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::{Value as Json, json};

use super::Tag;
use crate::cfn::{
    PolicyDocument, Value,
    kind::{FunctionArn, KeyId, QueueArn, RoleArn, Text, TopicArn},
};

/// `AWS::SNS::Topic`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Topic {
    /// Its name; CloudFormation finds one that is free.
    pub topic_name: Option<Value<Text>>,
    /// The sender's name in mails and short messages.
    pub display_name: Option<Value<Text>>,
    /// The key that encrypts its messages. On `alias/aws/sns` the alarms of CloudWatch vanish silently.
    pub kms_master_key_id: Option<Value<KeyId>>,
    /// How messages are signed: `2` is SHA-256.
    pub signature_version: Option<&'static str>,
    /// `Active` or `PassThrough`
    pub tracing_config: Option<&'static str>,
    /// Tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

resource! {
    Topic = "AWS::SNS::Topic";
    ref {
        /// The topic's ARN: for a topic, that is what `Ref` returns.
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
    /// The topics. A topic has one policy: a second one replaces the first.
    pub topics: Vec<Value<TopicArn>>,
    /// Who may do what with them.
    pub policy_document: PolicyDocument,
}

resource! { TopicPolicy = "AWS::SNS::TopicPolicy"; }

impl TopicPolicy {
    /// The policy of a topic.
    pub fn new(topic: Value<TopicArn>, document: PolicyDocument) -> Self {
        Self { topics: vec![topic], policy_document: document }
    }
}

/// `AWS::SNS::Subscription`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Subscription {
    /// The topic.
    pub topic_arn: Value<TopicArn>,
    /// Who hears of its messages.
    #[serde(flatten)]
    pub endpoint: Endpoint,
    /// Which messages: attribute or field, and what it may be.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "filter_policy")]
    pub filter_policy: Vec<(&'static str, Vec<Matcher>)>,
    /// What the filter looks at.
    pub filter_policy_scope: Option<FilterPolicyScope>,
    /// Whether the message comes alone, without SNS's envelope.
    pub raw_message_delivery: Option<bool>,
    /// Where messages go that cannot be delivered.
    pub redrive_policy: Option<RedrivePolicy>,
}

resource! {
    Subscription = "AWS::SNS::Subscription";
    ref {
        /// The subscription's ARN: that is what `Ref` returns.
        arn: SubscriptionArn
    }
}

impl Subscription {
    /// A subscription to everything.
    pub fn new(topic: Value<TopicArn>, endpoint: Endpoint) -> Self {
        Self {
            topic_arn: topic,
            endpoint,
            filter_policy: Vec::new(),
            filter_policy_scope: None,
            raw_message_delivery: None,
            redrive_policy: None,
        }
    }
}

/// Who hears of a topic's messages. SNS does not check the protocol's spelling before the first message; here it
/// cannot be misspelt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A mail address, whose owner has to confirm
    Email(Value<Text>),
    /// A telephone
    Sms(Value<Text>),
    /// An address on the web
    Https(Value<Text>),
    /// A queue, whose policy has to let the topic send
    Sqs(Value<QueueArn>),
    /// A function, which has to permit the topic
    Lambda(Value<FunctionArn>),
    /// A delivery stream, and the role to write to it
    Firehose(Value<Text>, Value<RoleArn>),
}

impl Serialize for Endpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (protocol, endpoint) = match self {
            Self::Email(address) => ("email", json!(address)),
            Self::Sms(number) => ("sms", json!(number)),
            Self::Https(url) => ("https", json!(url)),
            Self::Sqs(arn) => ("sqs", json!(arn)),
            Self::Lambda(arn) => ("lambda", json!(arn)),
            Self::Firehose(arn, _) => ("firehose", json!(arn)),
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("Protocol", protocol)?;
        map.serialize_entry("Endpoint", &endpoint)?;
        if let Self::Firehose(_, role) = self {
            map.serialize_entry("SubscriptionRoleArn", role)?;
        }
        map.end()
    }
}

choices! {
    /// What a filter looks at.
    pub enum FilterPolicyScope {
        /// The attributes beside the message
        MessageAttributes = "MessageAttributes",
        /// The message itself, which is JSON
        MessageBody = "MessageBody",
    }
}

/// What an attribute may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matcher {
    /// Exactly this
    Exactly(String),
    /// Something that begins so
    Prefix(String),
    /// Something that ends so
    Suffix(String),
    /// Anything but this
    AnythingBut(String),
}

impl Matcher {
    fn to_json(&self) -> Json {
        match self {
            Self::Exactly(text) => json!(text),
            Self::Prefix(prefix) => json!({ "prefix": prefix }),
            Self::Suffix(suffix) => json!({ "suffix": suffix }),
            Self::AnythingBut(text) => json!({ "anything-but": text }),
        }
    }
}

/// Where messages go that cannot be delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RedrivePolicy {
    /// The queue for them, whose policy has to let the topic send.
    pub dead_letter_target_arn: Value<QueueArn>,
}

fn filter_policy<S: Serializer>(
    policy: &[(&'static str, Vec<Matcher>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(
        policy.iter().map(|(key, matchers)| {
            (key, matchers.iter().map(Matcher::to_json).collect::<Vec<_>>())
        }),
    )
}
