//! SQS: queues and who may send to them.

use serde::{Serialize, Serializer, ser::SerializeMap as _};

use super::Tag;
use crate::cfn::{
    PolicyDocument, Value,
    kind::{KeyId, QueueArn, QueueUrl, Text},
};

/// `AWS::SQS::Queue`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Queue {
    /// Its name; CloudFormation finds one that is free.
    pub queue_name: Option<Value<Text>>,
    /// How its messages are encrypted.
    #[serde(flatten)]
    pub encryption: Encryption,
    /// How long every message waits before it can be received.
    pub delay_seconds: Option<u32>,
    /// The largest message.
    #[serde(rename = "MaximumMessageSize")]
    pub message_size_bytes_max: Option<u32>,
    /// How long a message stays that nobody deletes.
    #[serde(rename = "MessageRetentionPeriod")]
    pub message_retention_seconds: Option<u32>,
    /// How long a call waits for a message.
    #[serde(rename = "ReceiveMessageWaitTimeSeconds")]
    pub receive_wait_seconds: Option<u32>,
    /// How long a received message is hidden from others.
    #[serde(rename = "VisibilityTimeout")]
    pub visibility_timeout_seconds: Option<u32>,
    /// Where messages go that nobody can handle.
    pub redrive_policy: Option<RedrivePolicy>,
    /// Tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

resource! {
    Queue = "AWS::SQS::Queue";
    ref {
        /// The queue's URL: for a queue, that is what `Ref` returns.
        url: QueueUrl
    }
    get {
        /// The queue's ARN.
        arn: QueueArn = "Arn",
        /// The queue's name.
        name: QueueName = "QueueName"
    }
}

/// How the messages of a queue are encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// With a key of SQS. Any service can send without being let to a key.
    #[default]
    SqsManaged,
    /// With a key of one's own. Its policy has to name every service that sends.
    Kms {
        /// The key.
        key: Value<KeyId>,
        /// How long SQS keeps a data key.
        data_key_reuse_seconds: Option<u32>,
    },
}

impl Serialize for Encryption {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::SqsManaged => map.serialize_entry("SqsManagedSseEnabled", &true)?,
            Self::Kms { key, data_key_reuse_seconds } => {
                map.serialize_entry("KmsMasterKeyId", key)?;
                map.serialize_entry("KmsDataKeyReusePeriodSeconds", data_key_reuse_seconds)?;
            }
        }
        map.end()
    }
}

/// Where messages go that were received too often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RedrivePolicy {
    /// The queue for them.
    pub dead_letter_target_arn: Value<QueueArn>,
    /// How often is too often.
    pub max_receive_count: u32,
}

/// `AWS::SQS::QueuePolicy`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct QueuePolicy {
    /// The queues. A queue has one policy: a second one replaces the first.
    pub queues: Vec<Value<QueueUrl>>,
    /// Who may do what with them.
    pub policy_document: PolicyDocument,
}

resource! { QueuePolicy = "AWS::SQS::QueuePolicy"; }

impl QueuePolicy {
    /// The policy of a queue.
    pub fn new(queue: Value<QueueUrl>, document: PolicyDocument) -> Self {
        Self { queues: vec![queue], policy_document: document }
    }
}
