//! CloudWatch Logs: log groups.

use serde::Serialize;

use crate::cfn::{Value, kind::KeyArn};

/// `AWS::Logs::LogGroup`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LogGroup {
    /// How long its entries are retained. CloudWatch Logs accepts only certain periods, such as 30 days.
    pub retention_in_days: u32,
    /// The key that encrypts it. Its policy must allow CloudWatch Logs to use it.
    pub kms_key_id: Value<KeyArn>,
}

resource! {
    LogGroup = "AWS::Logs::LogGroup";
    ref {
        /// The log group's name.
        name: LogGroupName
    }
    get {
        /// The log group's ARN, with the `:*` that its log streams need.
        arn: LogGroupArn = "Arn"
    }
}
