//! CloudWatch: alarms and dashboards.

mod dashboard;

use serde::{Serialize, Serializer};
use serde_json::json;

pub use dashboard::{Dashboard, Widget};

use crate::cfn::{
    Sub, Value,
    kind::{AlarmArn, AnyArn, Text},
};

/// `AWS::CloudWatch::Alarm`, of one metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// The metric.
    pub metric: Metric,
    /// How the values of a period become one.
    pub statistic: Statistic,
    /// When it is raised.
    pub raised: Raised,
    /// What the alarm means, and what to do: the notification shows it.
    pub alarm_description: &'static str,
    /// What is notified when the alarm is raised.
    pub alarm_actions: Vec<Value<AnyArn>>,
}

impl Serialize for Alarm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Metric { namespace, name, dimensions } = &self.metric;
        let at_least = "GreaterThanOrEqualToThreshold";
        let (comparison, threshold, period, periods, missing) = match self.raised {
            Raised::AtLeast(threshold) => (at_least, threshold, 300, 1, "notBreaching"),
            Raised::AtLeastForHours(threshold, hours)
            | Raised::AtLeastWithinHours(threshold, hours) => {
                (at_least, threshold, HOUR, hours, "notBreaching")
            }
            Raised::NoneForHours(hours) => ("LessThanThreshold", 1, HOUR, hours, "breaching"),
        };
        let is_any = matches!(self.raised, Raised::AtLeastWithinHours(..));
        json!({
            "Namespace": namespace,
            "MetricName": name,
            "Dimensions": dimensions,
            "Statistic": self.statistic,
            "Period": period,
            "ComparisonOperator": comparison,
            "Threshold": threshold,
            "EvaluationPeriods": periods,
            "DatapointsToAlarm": is_any.then_some(1),
            "TreatMissingData": missing,
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

const HOUR: u32 = 3_600;

/// When an alarm is raised. An alarm sees seven days at most.
///
/// Source: Amazon CloudWatch API Reference, `PutMetricAlarm`, `Period`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raised {
    /// The value over five minutes is at least this.
    AtLeast(u32),
    /// The values of so many hours are each at least this.
    AtLeastForHours(u32, u32),
    /// One of the values of so many hours is at least this: it stays as long as that is so.
    AtLeastWithinHours(u32, u32),
    /// The values of so many hours are missing, or less than one.
    NoneForHours(u32),
}

/// `AWS::CloudWatch::CompositeAlarm`: raised while one alarm is raised and another one is not
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompositeAlarm {
    /// The alarm that is raised.
    pub raised: Value<AlarmArn>,
    /// The alarm that is not.
    pub unless: Value<AlarmArn>,
    /// What the alarm means, and what to do.
    pub alarm_description: &'static str,
    /// What is notified when the alarm is raised.
    pub alarm_actions: Vec<Value<AnyArn>>,
}

impl Serialize for CompositeAlarm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rule = Sub::new().text("ALARM(\"").value(&self.raised).text("\") AND NOT ALARM(\"");
        let rule: Value<Text> = rule.value(&self.unless).text("\")").into();
        json!({
            "AlarmRule": rule,
            "AlarmDescription": self.alarm_description,
            "AlarmActions": self.alarm_actions,
        })
        .serialize(serializer)
    }
}

resource! {
    CompositeAlarm = "AWS::CloudWatch::CompositeAlarm";
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
