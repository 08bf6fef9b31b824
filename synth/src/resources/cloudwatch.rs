//! CloudWatch: alarms and dashboards.

mod dashboard;

use serde::Serialize;

pub use dashboard::{Dashboard, Widget};

use crate::cfn::{
    Value,
    kind::{AnyArn, Text},
};

/// `AWS::CloudWatch::Alarm`, of one metric
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Alarm {
    /// The metric.
    #[serde(flatten)]
    pub metric: Metric,
    /// How the values of a period become one.
    pub statistic: Statistic,
    /// The length of a period.
    #[serde(rename = "Period")]
    pub period_seconds: u32,
    /// How the value is compared with the threshold.
    pub comparison_operator: &'static str,
    /// What the value is compared with.
    pub threshold: u32,
    /// The number of periods that are evaluated.
    pub evaluation_periods: u32,
    /// What a period without values means.
    pub treat_missing_data: &'static str,
    /// What the alarm means, and what to do: the notification shows it.
    pub alarm_description: &'static str,
    /// What is notified when the alarm is raised.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alarm_actions: Vec<Value<AnyArn>>,
}

resource! {
    Alarm = "AWS::CloudWatch::Alarm";
    get {
        /// The alarm's ARN.
        arn: AlarmArn = "Arn"
    }
}

/// A metric of one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Metric {
    namespace: &'static str,
    metric_name: &'static str,
    dimensions: [Dimension; 1],
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Dimension {
    name: &'static str,
    value: Value<Text>,
}

impl Metric {
    /// A metric, such as `AWS/SQS`, `ApproximateAgeOfOldestMessage`, of the `QueueName` with this value.
    pub fn new(
        namespace: &'static str,
        metric_name: &'static str,
        dimension: &'static str,
        value: impl Into<Value<Text>>,
    ) -> Self {
        let dimensions = [Dimension { name: dimension, value: value.into() }];
        Self { namespace, metric_name, dimensions }
    }
}

/// How the values of a period become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Statistic {
    /// The mean
    Average,
    /// The largest
    Maximum,
    /// The total
    Sum,
}
