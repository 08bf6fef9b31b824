//! CloudWatch: alarms and dashboards.

mod dashboard;

use serde::{Serialize, Serializer};
use serde_json::json;

pub use dashboard::{Dashboard, Widget};

use crate::cfn::{
    Value,
    kind::{AnyArn, Text},
};

/// `AWS::CloudWatch::Alarm`, of one metric: raised when its value over five minutes is at least the threshold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// The metric.
    pub metric: Metric,
    /// How the values of a period become one.
    pub statistic: Statistic,
    /// What the value is compared with.
    pub threshold: u32,
    /// What the alarm means, and what to do: the notification shows it.
    pub alarm_description: &'static str,
    /// What is notified when the alarm is raised.
    pub alarm_actions: Vec<Value<AnyArn>>,
}

impl Serialize for Alarm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Metric { namespace, name, dimensions } = &self.metric;
        json!({
            "Namespace": namespace,
            "MetricName": name,
            "Dimensions": dimensions,
            "Statistic": self.statistic,
            "Period": 300,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Threshold": self.threshold,
            "EvaluationPeriods": 1,
            "TreatMissingData": "notBreaching",
            "AlarmDescription": self.alarm_description,
            "AlarmActions": (!self.alarm_actions.is_empty()).then_some(&self.alarm_actions),
        })
        .serialize(serializer)
    }
}

resource! {
    Alarm = "AWS::CloudWatch::Alarm";
    get {
        /// The alarm's ARN.
        arn: AlarmArn = "Arn"
    }
}

/// A metric of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    namespace: &'static str,
    name: &'static str,
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
        name: &'static str,
        dimension: &'static str,
        value: impl Into<Value<Text>>,
    ) -> Self {
        let dimensions = [Dimension { name: dimension, value: value.into() }];
        Self { namespace, name, dimensions }
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
