//! Lambda: functions, permissions to call them, and event sources.

use serde::{Serialize, Serializer};
use serde_json::{Map, json};

use crate::cfn::{
    Value,
    kind::{AnyArn, Architecture, FunctionName, KeyArn, LogGroupName, QueueArn, RoleArn, Text},
};

/// `AWS::Lambda::Function`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Function {
    /// Its execution role.
    pub role: Value<RoleArn>,
    /// The program.
    #[serde(flatten)]
    pub code: Archive,
    /// Its purpose.
    pub description: &'static str,
    /// The processor architecture.
    pub architectures: [Value<Architecture>; 1],
    /// The names and values of its environment variables.
    #[serde(serialize_with = "variables")]
    pub environment: Vec<(&'static str, Value<Text>)>,
    /// The key that encrypts the environment.
    pub kms_key_arn: Value<KeyArn>,
    /// Its memory, and with it its share of a processor.
    #[serde(rename = "MemorySize")]
    pub memory_mebibytes: u32,
    /// How long it may run.
    #[serde(rename = "Timeout")]
    pub timeout_seconds: u32,
    /// Where and how it logs.
    pub logging_config: LoggingConfig,
    /// What Lambda does when the function seems to call itself: `Allow`, or `Terminate`.
    pub recursive_loop: &'static str,
}

resource! {
    Function = "AWS::Lambda::Function";
    ref {
        /// The function's name.
        name: FunctionName
    }
}

/// A program for Amazon Linux 2023: a zip archive in a bucket of the stack's Region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// The bucket.
    pub bucket: Value<Text>,
    /// The archive's key.
    pub key: Value<Text>,
    /// The name of the handler, which the program reads.
    pub handler: &'static str,
}

impl Serialize for Archive {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { bucket, key, handler } = self;
        json!({
            "PackageType": "Zip", "Runtime": "provided.al2023", "Handler": handler,
            "Code": { "S3Bucket": bucket, "S3Key": key },
        })
        .serialize(serializer)
    }
}

fn variables<S: Serializer>(
    variables: &[(&'static str, Value<Text>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let variables: Map<_, _> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    json!({ "Variables": variables }).serialize(serializer)
}

/// Where and how a function logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LoggingConfig {
    /// The log group.
    pub log_group: Value<LogGroupName>,
    /// `JSON`, or `Text`.
    pub log_format: &'static str,
}

/// `AWS::Lambda::Permission`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Permission {
    /// The function.
    pub function_name: Value<FunctionName>,
    /// What is allowed: `lambda:InvokeFunction`.
    pub action: &'static str,
    /// The service that is allowed to do it.
    pub principal: &'static str,
    /// The only resource of the service for which it is allowed.
    pub source_arn: Value<AnyArn>,
}

resource! { Permission = "AWS::Lambda::Permission"; }

/// `AWS::Lambda::EventSourceMapping`, of a queue
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EventSourceMapping {
    /// The function. Its role must allow it to receive before the mapping is created.
    pub function_name: Value<FunctionName>,
    /// The queue.
    pub event_source_arn: Value<QueueArn>,
    /// The largest number of messages for one call.
    pub batch_size: u32,
    /// How long a call waits for more messages.
    #[serde(rename = "MaximumBatchingWindowInSeconds")]
    pub batching_window_seconds: u32,
    /// `ReportBatchItemFailures`: without it, one failed message brings back its whole batch.
    pub function_response_types: [&'static str; 1],
    /// The limit on concurrent calls.
    pub scaling_config: ScalingConfig,
}

resource! { EventSourceMapping = "AWS::Lambda::EventSourceMapping"; }

/// The limit on concurrent calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ScalingConfig {
    /// 2 to 1000.
    #[serde(rename = "MaximumConcurrency")]
    pub concurrency_max: u32,
}
