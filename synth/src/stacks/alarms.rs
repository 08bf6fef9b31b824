//! The alarms: each says what it means and where to look.

use s3guard_posture::contract::metrics::{self, Metric as OwnMetric};

use crate::{
    cfn::{Attributes, Handle, LogicalId, Pseudo, Template},
    resources::{
        cloudwatch::{Alarm, Metric, Statistic, Threshold, TreatMissingData},
        lambda::Function,
        sns::Topic,
        sqs::Queue,
    },
};

/// Adds alarms.
pub(super) struct Alarms<'a> {
    template: &'a mut Template,
    topic: Handle<Topic>,
    /// The alarms that tell the topic themselves; a rule tells of the others.
    direct: &'static [LogicalId],
    added: Vec<Handle<Alarm>>,
}

impl<'a> Alarms<'a> {
    /// No alarms yet.
    pub(super) fn new(
        template: &'a mut Template,
        topic: Handle<Topic>,
        direct: &'static [LogicalId],
    ) -> Self {
        Self { template, topic, direct, added: Vec::new() }
    }

    /// Raised when there is anything in a queue for dead letters.
    pub(super) fn dead_letters(&mut self, id: LogicalId, queue: Handle<Queue>, what: &'static str) {
        let metric = queue_metric("ApproximateNumberOfMessagesVisible", queue);
        self.add(id, metric, Statistic::Maximum, 1, what);
    }

    /// Raised when a message has waited too long in a queue.
    pub(super) fn waiting(
        &mut self,
        id: LogicalId,
        queue: Handle<Queue>,
        seconds: Threshold,
        what: &'static str,
    ) {
        let metric = queue_metric("ApproximateAgeOfOldestMessage", queue);
        self.add(id, metric, Statistic::Maximum, seconds, what);
    }

    /// Raised when a function fails.
    pub(super) fn errors(&mut self, id: LogicalId, function: Handle<Function>, what: &'static str) {
        let metric = function_metric("Errors", function);
        self.add(id, metric, Statistic::Sum, 1, what);
    }

    /// Raised when a function counts any of what it should have none of.
    pub(super) fn counted(&mut self, id: LogicalId, metric: OwnMetric, what: &'static str) {
        self.add(id, own_metric(metric), Statistic::Sum, 1, what);
    }

    /// Raised when the topic cannot deliver.
    pub(super) fn undelivered(&mut self, id: LogicalId, what: &'static str) {
        let metric = topic_metric("NumberOfNotificationsFailed", self.topic);
        self.add(id, metric, Statistic::Sum, 1, what);
    }

    /// The alarms that were added.
    pub(super) fn finish(self) -> Vec<Handle<Alarm>> {
        self.added
    }

    fn add(
        &mut self,
        id: LogicalId,
        metric: Metric,
        statistic: Statistic,
        threshold: Threshold,
        what: &'static str,
    ) {
        let is_direct = self.direct.contains(&id);
        let alarm = Alarm {
            statistic,
            treat_missing_data: Some(TreatMissingData::NotBreaching),
            alarm_description: Some(what),
            alarm_actions: is_direct.then(|| self.topic.arn().into()).into_iter().collect(),
            ..Alarm::new(metric, threshold)
        };
        // A dozen descriptions said twice would leave little room in a call to CloudFormation.
        let attributes = Attributes::deleted("Tells the owner what its description says.");
        self.added.push(self.template.add_with(id, attributes, alarm));
    }
}

/// A metric that the functions write themselves.
pub(super) fn own_metric(metric: OwnMetric) -> Metric {
    Metric::new(metrics::NAMESPACE, metric.name(), metrics::DIMENSION, Pseudo::StackName)
}

/// A metric of a queue.
pub(super) fn queue_metric(name: &'static str, queue: Handle<Queue>) -> Metric {
    Metric::new("AWS/SQS", name, "QueueName", queue.name())
}

/// A metric of a function.
pub(super) fn function_metric(name: &'static str, function: Handle<Function>) -> Metric {
    Metric::new("AWS/Lambda", name, "FunctionName", function.name())
}

/// A metric of a topic.
pub(super) fn topic_metric(name: &'static str, topic: Handle<Topic>) -> Metric {
    Metric::new("AWS/SNS", name, "TopicName", topic.name())
}
