//! The alarms. Their descriptions are in [`s3guard_posture::contract::alarms`].

use s3guard_posture::contract::Channel;
use s3guard_posture::contract::alarms::ALARMS;
use s3guard_posture::contract::metrics::{self, Metric as OwnMetric};

use super::{function::Parts, subscriptions::Topics};
use crate::{
    cfn::{Attributes, Handle, LogicalId, Pseudo, Template},
    resources::{
        cloudwatch::{Alarm, Metric, Statistic},
        lambda::Function,
        sns::Topic,
        sqs::Queue,
    },
};

/// An hour. (The guard may put off a bucket by up to a quarter of an hour, more than once.)
const WAITING_SECONDS: u32 = 60 * 60;

/// The alarms that were added.
pub(super) struct Alarms {
    pub(super) all: Vec<Handle<Alarm>>,
    /// Those that the notify function reports. The others, which fire when it cannot or when what it reads cannot be relied
    /// on, publish directly to the topic of alarms.
    pub(super) reported: Vec<Handle<Alarm>>,
}

/// Adds the alarms.
pub(super) fn add(template: &mut Template, guard: Parts, notify: Parts, topics: Topics) -> Alarms {
    let (reported, direct) = (None, Some(topics.alerts));
    let rows = [
        ("GuardDlqAlarm", reported, dead_letters(guard.intake.dead_letters)),
        ("ObjectDlqAlarm", direct, dead_letters(notify.intake.dead_letters)),
        ("NotificationDlqAlarm", direct, dead_letters(topics.dead_letters)),
        ("GuardWaitingAlarm", reported, waiting(guard.intake.queue)),
        ("ObjectWaitingAlarm", direct, waiting(notify.intake.queue)),
        ("GuardErrorsAlarm", reported, sum(function_metric("Errors", guard.function))),
        ("NotifyErrorsAlarm", direct, sum(function_metric("Errors", notify.function))),
        ("FailedAlarm", reported, sum(own_metric(OwnMetric::Failed))),
        ("ConflictAlarm", reported, sum(own_metric(OwnMetric::Conflict))),
        ("NotRecordedAlarm", reported, sum(own_metric(OwnMetric::NotRecorded))),
        ("CoverageGapsAlarm", reported, sum(own_metric(OwnMetric::CoverageGaps))),
        ("RefusedAlarm", direct, sum(own_metric(OwnMetric::Refused))),
        ("ForeignObjectAlarm", direct, sum(own_metric(OwnMetric::ForeignObject))),
        ("LedgerNotReadableAlarm", direct, sum(own_metric(OwnMetric::LedgerNotReadable))),
        ("NotPublishedAlarm", direct, sum(own_metric(OwnMetric::NotPublished))),
        ("EmailUndeliveredAlarm", direct, undelivered(topics.of(Channel::Email))),
        ("SmsUndeliveredAlarm", direct, undelivered(topics.of(Channel::Sms))),
        ("DocumentUndeliveredAlarm", direct, undelivered(topics.of(Channel::Document))),
        ("ChatUndeliveredAlarm", direct, undelivered(topics.of(Channel::Chat))),
        ("AlertUndeliveredAlarm", direct, undelivered(topics.alerts)),
    ];
    let mut alarms = Alarms { all: Vec::new(), reported: Vec::new() };
    for (id, direct, (metric, statistic, threshold)) in rows {
        let of_id = ALARMS.iter().find(|(of, _)| *of == id);
        let (_, what) = *of_id.expect("each alarm has a description");
        let alarm = Alarm {
            metric,
            statistic,
            threshold,
            alarm_description: what,
            alarm_actions: direct.map(|topic| topic.arn().into()).into_iter().collect(),
        };
        // The descriptions twice would leave little room in a call to CloudFormation.
        let attributes = Attributes::deleted("Notifies the owner; see its description.");
        let alarm = template.add_with(LogicalId::new(id), attributes, alarm);
        alarms.all.push(alarm);
        if direct.is_none() {
            alarms.reported.push(alarm);
        }
    }
    alarms
}

/// Raised when a dead-letter queue has a message.
fn dead_letters(queue: Handle<Queue>) -> (Metric, Statistic, u32) {
    (queue_metric("ApproximateNumberOfMessagesVisible", queue), Statistic::Maximum, 1)
}

/// Raised when a message has waited too long.
fn waiting(queue: Handle<Queue>) -> (Metric, Statistic, u32) {
    let metric = queue_metric("ApproximateAgeOfOldestMessage", queue);
    (metric, Statistic::Maximum, WAITING_SECONDS)
}

/// Raised when a message could not be delivered: also to a subscription of the owner's own, which may have no dead-letter
/// queue.
fn undelivered(topic: Handle<Topic>) -> (Metric, Statistic, u32) {
    sum(topic_metric("NumberOfNotificationsFailed", topic))
}

/// Raised when there is one.
fn sum(metric: Metric) -> (Metric, Statistic, u32) {
    (metric, Statistic::Sum, 1)
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
