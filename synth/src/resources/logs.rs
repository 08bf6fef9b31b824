//! CloudWatch Logs: log groups.

use serde::{Serialize, Serializer};

use super::Tag;
use crate::cfn::{
    Value,
    kind::{KeyArn, Text},
};

/// `AWS::Logs::LogGroup`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LogGroup {
    /// Its name; CloudFormation finds one that is free. (A fixed one stands in the way when the stack comes again.)
    pub log_group_name: Option<Value<Text>>,
    /// How long its entries stay; for ever where it is not said.
    #[serde(rename = "RetentionInDays")]
    pub retention: Option<Retention>,
    /// The key that encrypts it. Its policy has to let CloudWatch Logs use it.
    pub kms_key_id: Option<Value<KeyArn>>,
    /// What can be done with the entries, and what it costs.
    pub log_group_class: Option<LogGroupClass>,
    /// Whether it can be deleted only after this is taken back.
    pub deletion_protection_enabled: Option<bool>,
    /// Tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

resource! {
    LogGroup = "AWS::Logs::LogGroup";
    ref {
        /// The log group's name.
        name: LogGroupName
    }
    get {
        /// The log group's ARN, with the `:*` that its streams need.
        arn: LogGroupArn = "Arn"
    }
}

/// How long log entries stay. CloudWatch Logs knows more periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// A week
    Days7,
    /// A month
    Days30,
    /// A quarter
    Days90,
    /// A year
    Days365,
}

impl Retention {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Days7, Self::Days30, Self::Days90, Self::Days365];

    /// The period in days.
    pub const fn days(self) -> u32 {
        match self {
            Self::Days7 => 7,
            Self::Days30 => 30,
            Self::Days90 => 90,
            Self::Days365 => 365,
        }
    }
}

impl Serialize for Retention {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.days())
    }
}

choices! {
    /// What can be done with log entries.
    pub enum LogGroupClass {
        /// All
        Standard = "STANDARD",
        /// Less, for less
        InfrequentAccess = "INFREQUENT_ACCESS",
    }
}
