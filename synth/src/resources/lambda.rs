//! Lambda: functions, who may call them, and what calls them.

mod function;

use serde::Serialize;

pub use function::{
    ApplicationLogLevel, ArchitectureChoice, Code, DeadLetterConfig, Environment, EphemeralStorage,
    Function, LogFormat, LoggingConfig, RecursiveLoop, Runtime, SystemLogLevel, TracingConfig,
    TracingMode,
};

use super::Tag;
use crate::cfn::{
    Value,
    kind::{AnyArn, FunctionName, KeyArn, Text},
};

/// `AWS::Lambda::Permission`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Permission {
    /// The function.
    pub function_name: Value<FunctionName>,
    /// What may be done with it, `lambda:InvokeFunction` as a rule.
    pub action: &'static str,
    /// Who may: a service, such as `events.amazonaws.com`, or an account.
    pub principal: Value<Text>,
    /// Only for this resource of the service.
    pub source_arn: Option<Value<AnyArn>>,
    /// Only for resources of this account.
    pub source_account: Option<Value<Text>>,
    /// Only for callers of this organization.
    #[serde(rename = "PrincipalOrgID")]
    pub principal_organization: Option<Value<Text>>,
}

resource! {
    Permission = "AWS::Lambda::Permission";
    get {
        /// The id of the permission's statement.
        statement_id: Text = "Id"
    }
}

impl Permission {
    /// Lets someone call a function. Say for what resource, too: else everybody's will do.
    pub fn new(function: Value<FunctionName>, principal: impl Into<Value<Text>>) -> Self {
        Self {
            function_name: function,
            action: "lambda:InvokeFunction",
            principal: principal.into(),
            source_arn: None,
            source_account: None,
            principal_organization: None,
        }
    }
}

/// `AWS::Lambda::EventSourceMapping`, of a queue
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EventSourceMapping {
    /// The function. Its role has to be let to receive, before the mapping is made.
    pub function_name: Value<FunctionName>,
    /// The queue.
    pub event_source_arn: Value<AnyArn>,
    /// Whether the function is called at all.
    pub enabled: Option<bool>,
    /// How many messages a call gets at most.
    pub batch_size: Option<u32>,
    /// How long a call waits to get more.
    #[serde(rename = "MaximumBatchingWindowInSeconds")]
    pub batching_window_seconds: Option<u32>,
    /// What the function's answer means. Without it, one failed message brings back its whole batch.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub function_response_types: Vec<FunctionResponseType>,
    /// How many calls there may be at a time.
    pub scaling_config: Option<ScalingConfig>,
    /// The key that encrypts its filters.
    pub kms_key_arn: Option<Value<KeyArn>>,
    /// Tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

resource! {
    EventSourceMapping = "AWS::Lambda::EventSourceMapping";
    ref {
        /// The mapping's id.
        mapping_id: EventSourceMappingId
    }
    get {
        /// The mapping's ARN.
        arn: AnyArn = "EventSourceMappingArn"
    }
}

impl EventSourceMapping {
    /// A mapping that calls the function for the queue's messages.
    pub fn new(function: Value<FunctionName>, queue: impl Into<Value<AnyArn>>) -> Self {
        Self {
            function_name: function,
            event_source_arn: queue.into(),
            enabled: None,
            batch_size: None,
            batching_window_seconds: None,
            function_response_types: Vec::new(),
            scaling_config: None,
            kms_key_arn: None,
            tags: Vec::new(),
        }
    }
}

choices! {
    /// What the function's answer means.
    pub enum FunctionResponseType {
        /// The messages that failed, which alone come back
        ReportBatchItemFailures = "ReportBatchItemFailures",
    }
}

/// How many calls there may be at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ScalingConfig {
    /// 2 to 1000.
    #[serde(rename = "MaximumConcurrency")]
    pub concurrency_max: u32,
}
