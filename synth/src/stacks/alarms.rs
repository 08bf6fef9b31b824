//! The alarms: each says what it means and where to look.

use s3guard_posture::contract::metrics::{self, Metric as OwnMetric};

use super::{subscriptions::Notices, worker::Made};
use crate::{
    cfn::{Attributes, Handle, LogicalId, Pseudo, Template},
    resources::{
        cloudwatch::{Alarm, Metric, Statistic},
        lambda::Function,
        sns::Topic,
        sqs::Queue,
    },
};

/// A message has waited for an hour. (A bucket may be set back by up to a quarter of one, more than once.)
const WAITING_SECONDS: u32 = 60 * 60;

/// The alarms that were added.
pub(super) struct Alarms {
    pub(super) all: Vec<Handle<Alarm>>,
    /// Those that the notify function reports. The others are about the way that its notifications take, and publish
    /// directly to the topic.
    pub(super) reported: Vec<Handle<Alarm>>,
}

/// Adds the alarms.
pub(super) fn add(template: &mut Template, guard: Made, notify: Made, notices: Notices) -> Alarms {
    let (reported, direct) = (None, Some(notices.topic));
    let failed = topic_metric("NumberOfNotificationsFailed", notices.topic);
    let rows = [
        (
            "GuardDeadLettersAlarm",
            reported,
            dead_letters(guard.intake.dead_letters),
            "A bucket's event was not handled: it lies in the queue GuardDeadLetters. Mend the cause, then redrive the queue.",
        ),
        (
            "ObjectDeadLettersAlarm",
            direct,
            dead_letters(notify.intake.dead_letters),
            "An object's event was not told: it lies in the queue ObjectDeadLetters. Mend the cause, then redrive the queue.",
        ),
        (
            "NoticeDeadLettersAlarm",
            direct,
            dead_letters(notices.dead_letters),
            "A notice was not delivered: it lies in the queue NoticeDeadLetters. Look at the topic's subscriptions.",
        ),
        (
            "GuardWaitingAlarm",
            reported,
            waiting(guard.intake.queue),
            "A bucket has waited for an hour to be looked at: the function is throttled, or fails.",
        ),
        (
            "ObjectWaitingAlarm",
            direct,
            waiting(notify.intake.queue),
            "An object's event has waited for an hour to be told: the function is throttled, or fails.",
        ),
        (
            "GuardErrorsAlarm",
            reported,
            sum(function_metric("Errors", guard.function)),
            "The function that sets buckets back failed as a whole. Its log group says why.",
        ),
        (
            "NotifyErrorsAlarm",
            direct,
            sum(function_metric("Errors", notify.function)),
            "The function that tells of objects failed as a whole. Its log group says why.",
        ),
        (
            "FailedAlarm",
            reported,
            sum(own_metric(OwnMetric::Failed)),
            "Buckets could not be protected, or not whole. The log group of GuardFunction says which, and why.",
        ),
        (
            "TugOfWarAlarm",
            reported,
            sum(own_metric(OwnMetric::TugOfWar)),
            "Somebody undoes what the guard does, again and again: it has stopped at a bucket for an hour. The notice says who.",
        ),
        (
            "NotRecordedAlarm",
            reported,
            sum(own_metric(OwnMetric::NotRecorded)),
            "What the guard did to a bucket is not in the ledger: it cannot be undone from there. The log group of GuardFunction says why.",
        ),
        (
            "CoverageGapsAlarm",
            reported,
            sum(own_metric(OwnMetric::CoverageGaps)),
            "The sweep found a bucket, or a change, of which no event had told. Does the trail record write management events here?",
        ),
        (
            "NotToldAlarm",
            direct,
            sum(own_metric(OwnMetric::NotTold)),
            "Changes of objects were gathered and could not be told; nothing is lost. The log group of NotifyFunction says why; s3guard \
             redrive tells them.",
        ),
        (
            "UndeliveredAlarm",
            direct,
            sum(failed),
            "A notice could not be delivered to a subscriber of the topic.",
        ),
    ];
    let mut alarms = Alarms { all: Vec::new(), reported: Vec::new() };
    for (id, direct, (metric, statistic, threshold), what) in rows {
        let alarm = Alarm {
            metric,
            statistic,
            period_seconds: 300,
            comparison_operator: "GreaterThanOrEqualToThreshold",
            threshold,
            evaluation_periods: 1,
            treat_missing_data: "notBreaching",
            alarm_description: what,
            alarm_actions: direct.map(|topic| topic.arn().into()).into_iter().collect(),
        };
        // The descriptions twice would leave little room in a call to CloudFormation.
        let attributes = Attributes::deleted("Tells the owner what its description says.");
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
