//! What a [`Value`] is: a role's ARN, a queue's URL, plain text.
//!
//! Each kind is a type without values, and lists the wider kinds for which it may be used.

use super::Value;

macro_rules! kinds {
    ($( $(#[$doc:meta])* $kind:ident $(is $($wider:ident),+)? ; )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub enum $kind {}

            impl From<Value<$kind>> for Value<Text> {
                fn from(narrow: Value<$kind>) -> Self {
                    narrow.widened()
                }
            }

            $($(
                impl From<Value<$kind>> for Value<$wider> {
                    fn from(narrow: Value<$kind>) -> Self {
                        narrow.widened()
                    }
                }
            )+)?
        )*
    };
}

/// Any text. Every other kind may be used for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {}

/// Several ARNs, in which `*` matches anything: the value of a list parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arns {}

/// A number of things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {}

kinds! {
    /// Any ARN, as policies take them.
    AnyArn;
    /// The ARN of an IAM role.
    RoleArn is AnyArn;
    /// The name of an IAM role.
    RoleName;
    /// The ARN of an IAM policy.
    PolicyArn is AnyArn;
    /// The ARN of a Lambda function.
    FunctionArn is AnyArn, FunctionName;
    /// What names a Lambda function: its name or its ARN.
    FunctionName;
    /// The ARN of an EventBridge rule.
    RuleArn is AnyArn;
    /// An EventBridge schedule, such as `rate(6 hours)`.
    ScheduleExpression;
    /// The ARN of an SQS queue.
    QueueArn is AnyArn;
    /// The name of an SQS queue.
    QueueName;
    /// The URL of an SQS queue.
    QueueUrl;
    /// The ARN of an SNS topic.
    TopicArn is AnyArn;
    /// The name of an SNS topic.
    TopicName;
    /// The ARN of a CloudTrail trail.
    TrailArn is AnyArn;
    /// The ARN of an S3 bucket.
    BucketArn is AnyArn;
    /// The name of an S3 bucket.
    BucketName;
    /// The ARN of a KMS key.
    KeyArn is AnyArn, KeyId;
    /// What names a KMS key where an id is accepted: its id or its ARN.
    KeyId;
    /// The name of a KMS alias, such as `alias/reports`.
    AliasName;
    /// The ARN of a log group, with the `:*` that its log streams need.
    LogGroupArn is AnyArn;
    /// The name of a log group.
    LogGroupName;
    /// The ARN of a CloudWatch alarm.
    AlarmArn is AnyArn;
    /// The name of a CloudWatch dashboard.
    DashboardName;
    /// A processor architecture, `x86_64` or `arm64`.
    Architecture;
}
