//! SQS: queues and their policies.

use serde::Serialize;

use crate::cfn::{
    PolicyDocument, Value,
    kind::{QueueArn, QueueUrl},
};

/// `AWS::SQS::Queue`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Queue {
    /// Whether it is encrypted with a key of SQS: any service can send without access to a key.
    pub sqs_managed_sse_enabled: bool,
    /// How long a message is retained.
    #[serde(rename = "MessageRetentionPeriod")]
    pub message_retention_seconds: u32,
    /// How long a received message is hidden from other receivers.
    #[serde(rename = "VisibilityTimeout")]
    pub visibility_timeout_seconds: Option<u32>,
    /// Where messages go that could not be handled.
    pub redrive_policy: Option<RedrivePolicy>,
}

resource! {
    Queue = "AWS::SQS::Queue";
    ref {
        /// The queue's URL: for a queue, `Ref` returns it.
        url: QueueUrl
    }
    get {
        /// The queue's ARN.
        arn: QueueArn = "Arn",
        /// The queue's name.
        name: QueueName = "QueueName"
    }
}

impl Queue {
    /// An encrypted queue that retains messages this long.
    pub fn new(message_retention_seconds: u32) -> Self {
        Self {
            sqs_managed_sse_enabled: true,
            message_retention_seconds,
            visibility_timeout_seconds: None,
            redrive_policy: None,
        }
    }
}

/// Where messages go that were received too often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RedrivePolicy {
    /// The dead-letter queue.
    pub dead_letter_target_arn: Value<QueueArn>,
    /// How often a message is received at most.
    pub max_receive_count: u32,
}

/// `AWS::SQS::QueuePolicy`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct QueuePolicy {
    /// The queue. It has one policy: a second one replaces the first.
    pub queues: [Value<QueueUrl>; 1],
    /// Who may do what with it.
    pub policy_document: PolicyDocument,
}

resource! { QueuePolicy = "AWS::SQS::QueuePolicy"; }
