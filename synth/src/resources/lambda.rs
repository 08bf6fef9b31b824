//! Lambda: functions, permissions to call them, and event sources.

use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};

use crate::cfn::{
    Value,
    kind::{
        AnyArn, Architecture, Count, FunctionName, KeyArn, LogGroupName, QueueArn, RoleArn, Text,
    },
};

/// `AWS::Lambda::Function`: a program for Amazon Linux 2023 in a bucket of the stack's Region, which logs JSON
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its execution role.
    pub role: Value<RoleArn>,
    /// The bucket of the zip archive.
    pub code_bucket: Value<Text>,
    /// The key of the zip archive.
    pub code_key: Value<Text>,
    /// The version of the zip archive, if the bucket has versions.
    pub code_version: Option<Value<Text>>,
    /// The name of the handler, which the program reads.
    pub handler: &'static str,
    /// Its purpose.
    pub description: &'static str,
    /// The processor architecture.
    pub architecture: Value<Architecture>,
    /// The names and values of its environment variables.
    pub variables: Vec<(&'static str, Value<Text>)>,
    /// The key that encrypts the environment.
    pub kms_key: Value<KeyArn>,
    /// How long it may run.
    pub timeout_seconds: u32,
    /// The log group.
    pub log_group: Value<LogGroupName>,
    /// How many concurrent executions it has for itself; otherwise all functions of the account share theirs.
    pub reserved_concurrency: Option<Value<Count>>,
}

resource! {
    Function = "AWS::Lambda::Function";
    ref {
        /// The function's name.
        name: FunctionName
    }
    get {
        /// The function's ARN.
        arn: FunctionArn = "Arn"
    }
}

impl Serialize for Function {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let variables: Json =
            self.variables.iter().map(|(name, value)| (*name, json!(value))).collect();
        json!({
            "Role": self.role,
            "PackageType": "Zip",
            "Runtime": "provided.al2023",
            "Handler": self.handler,
            "Code": {
                "S3Bucket": self.code_bucket,
                "S3Key": self.code_key,
                "S3ObjectVersion": self.code_version,
            },
            "Description": self.description,
            "Architectures": [self.architecture],
            "Environment": { "Variables": variables },
            "KmsKeyArn": self.kms_key,
            "ReservedConcurrentExecutions": self.reserved_concurrency,
            // A batch of notify is up to six MiB, from which its notifications are written.
            "MemorySize": 256,
            "Timeout": self.timeout_seconds,
            "LoggingConfig": { "LogGroup": self.log_group, "LogFormat": "JSON" },
            // The functions send messages to the queue that they read, and Lambda would stop them after sixteen. Their own
            // counters limit them: the guard's attempts at buckets that settle or whose stack is in progress, the pages of
            // its sweep, and windows that end.
            // Source: AWS Lambda Developer Guide, "Use Lambda recursive loop detection to prevent infinite loops".
            "RecursiveLoop": "Allow",
        })
        .serialize(serializer)
    }
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

/// `AWS::Lambda::EventSourceMapping`, of a queue: messages that the function does not report as failed are deleted
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSourceMapping {
    /// The function. Its role must allow it to receive before the mapping is created.
    pub function_name: Value<FunctionName>,
    /// The queue.
    pub queue: Value<QueueArn>,
    /// The largest number of messages for one call.
    pub batch_size: u32,
    /// How long a call waits for more messages.
    pub batching_window_seconds: u32,
    /// The limit on concurrent calls, 2 to 1000.
    pub concurrency_max: u32,
}

resource! { EventSourceMapping = "AWS::Lambda::EventSourceMapping"; }

impl Serialize for EventSourceMapping {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({
            "FunctionName": self.function_name,
            "EventSourceArn": self.queue,
            "BatchSize": self.batch_size,
            "MaximumBatchingWindowInSeconds": self.batching_window_seconds,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "ScalingConfig": { "MaximumConcurrency": self.concurrency_max },
        })
        .serialize(serializer)
    }
}
