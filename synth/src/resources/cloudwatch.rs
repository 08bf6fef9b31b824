//! CloudWatch: alarms and dashboards.

mod dashboard;

use serde::Serialize;

pub use dashboard::{Dashboard, DashboardBody, MetricView, Widget, WidgetContent};

use super::Tag;
use crate::cfn::{
    Value,
    kind::{AnyArn, Text},
};

/// `AWS::CloudWatch::Alarm`, of one metric
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Alarm {
    /// What is watched.
    #[serde(flatten)]
    pub metric: Metric,
    /// How the values of a period become one.
    pub statistic: Statistic,
    /// How long a period is.
    #[serde(rename = "Period")]
    pub period_seconds: u32,
    /// How the value is compared with the threshold.
    pub comparison_operator: ComparisonOperator,
    /// What it is compared with.
    pub threshold: Threshold,
    /// How many periods are looked at.
    pub evaluation_periods: u32,
    /// In how many of them it has to be so.
    pub datapoints_to_alarm: Option<u32>,
    /// What a period without values means.
    pub treat_missing_data: Option<TreatMissingData>,
    /// Its name; CloudFormation finds one that is free.
    pub alarm_name: Option<Value<Text>>,
    /// What it means, and what to do: the mail shows it.
    pub alarm_description: Option<&'static str>,
    /// Whether it tells anybody.
    pub actions_enabled: Option<bool>,
    /// Whom it tells; at most five.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alarm_actions: Vec<Value<AnyArn>>,
    /// Whom it tells when it is over.
    #[serde(rename = "OKActions", skip_serializing_if = "Vec::is_empty")]
    pub ok_actions: Vec<Value<AnyArn>>,
    /// Tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

resource! {
    Alarm = "AWS::CloudWatch::Alarm";
    ref {
        /// The alarm's name.
        name: AlarmName
    }
    get {
        /// The alarm's ARN.
        arn: AlarmArn = "Arn"
    }
}

impl Alarm {
    /// An alarm that is raised when the metric's sum over five minutes is at least `threshold`, and tells nobody yet.
    pub fn new(metric: Metric, threshold: Threshold) -> Self {
        Self {
            metric,
            statistic: Statistic::Sum,
            period_seconds: 300,
            comparison_operator: ComparisonOperator::GreaterThanOrEqualToThreshold,
            threshold,
            evaluation_periods: 1,
            datapoints_to_alarm: None,
            treat_missing_data: None,
            alarm_name: None,
            alarm_description: None,
            actions_enabled: None,
            alarm_actions: Vec::new(),
            ok_actions: Vec::new(),
            tags: Vec::new(),
        }
    }
}

/// What an alarm's value is compared with; whole numbers do for what we count.
pub type Threshold = u32;

/// Something that is measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Metric {
    /// Whose metric, such as `AWS/SQS`.
    pub namespace: &'static str,
    /// Which.
    pub metric_name: &'static str,
    /// Of what.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dimensions: Vec<Dimension>,
}

impl Metric {
    /// A metric of one thing.
    pub fn new(
        namespace: &'static str,
        metric_name: &'static str,
        dimension: &'static str,
        value: impl Into<Value<Text>>,
    ) -> Self {
        let dimensions = vec![Dimension { name: dimension, value: value.into() }];
        Self { namespace, metric_name, dimensions }
    }
}

/// What a metric is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Dimension {
    /// Such as `QueueName`.
    pub name: &'static str,
    /// Such as a queue's name.
    pub value: Value<Text>,
}

choices! {
    /// How the values of a period become one.
    pub enum Statistic {
        /// The mean
        Average = "Average",
        /// The largest
        Maximum = "Maximum",
        /// The smallest
        Minimum = "Minimum",
        /// How many there are
        SampleCount = "SampleCount",
        /// All together
        Sum = "Sum",
    }

    /// How a value is compared with the threshold.
    pub enum ComparisonOperator {
        /// As large, or larger
        GreaterThanOrEqualToThreshold = "GreaterThanOrEqualToThreshold",
        /// Larger
        GreaterThanThreshold = "GreaterThanThreshold",
        /// Smaller
        LessThanThreshold = "LessThanThreshold",
        /// As small, or smaller
        LessThanOrEqualToThreshold = "LessThanOrEqualToThreshold",
    }

    /// What a period without values means.
    pub enum TreatMissingData {
        /// The worst
        Breaching = "breaching",
        /// The alarm stays as it is
        Ignore = "ignore",
        /// Nobody knows
        Missing = "missing",
        /// All is well
        NotBreaching = "notBreaching",
    }
}
