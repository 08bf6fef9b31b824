//! The alarms. Their descriptions are in [`s3guard_posture::contract::alarms`].

use s3guard_posture::contract::alarms::{ALARMS, CONDITIONS};
use s3guard_posture::contract::metrics::{self, Metric as OwnMetric};
use s3guard_posture::contract::{Channel, SETTLE_SECONDS_MAX};

use super::{
    function::{self, Parts},
    subscriptions::Topics,
};
use crate::{
    cfn::{Attributes, Handle, LogicalId, Pseudo, Template, Value, kind::AlarmArn},
    resources::{
        cloudwatch::{Alarm, CompositeAlarm, Metric, Raised, Statistic},
        lambda::Function,
        sns::Topic,
        sqs::Queue,
    },
};

/// How long a message of an ordinary day may wait. The metric is the age of the oldest message that was not deleted: AWS
/// leaves out neither messages that are delayed nor those that are in flight. So it is the longest delay of a message, one
/// attempt that fails and is repeated after the visibility timeout, and the second attempt. What is put off again is a new message.
///
/// Source: Amazon SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS", `ApproximateAgeOfOldestMessage`.
const WAITING_SECONDS: u32 =
    SETTLE_SECONDS_MAX + function::VISIBILITY_TIMEOUT_SECONDS_MAX + function::TIMEOUT_SECONDS;
/// What the alarms say.
const WAITING_MINUTES_MAX: u32 = 23;
const _: () = assert!(WAITING_SECONDS.div_ceil(60) == WAITING_MINUTES_MAX);

/// After so many hours without a tick the guard is silent.
const SILENT_HOURS: u32 = 3;
/// As far as an alarm sees: without a tick in so many hours, the guard is new.
const NEW_HOURS: u32 = 7 * 24;
/// From one sweep to the next and an hour: as long as each finds a bucket that it may not read, the alarm stays.
const BLINDED_HOURS: u32 = 7;
/// For so many ticks a sweep is overdue before it is reported: a first sweep of many buckets takes its time.
const OVERDUE_HOURS: u32 = 3;

/// The alarms that were added.
pub(super) struct Alarms {
    pub(super) all: Vec<Value<AlarmArn>>,
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
        (
            "BlindedAlarm",
            direct,
            (
                own_metric(OwnMetric::Blinded),
                Statistic::Sum,
                Raised::AtLeastWithinHours(1, BLINDED_HOURS),
            ),
        ),
        (
            "SweepOverdueAlarm",
            direct,
            (
                own_metric(OwnMetric::SweepOverdue),
                Statistic::Maximum,
                Raised::AtLeastForHours(1, OVERDUE_HOURS),
            ),
        ),
        ("NotPublishedAlarm", direct, sum(own_metric(OwnMetric::NotPublished))),
        ("EmailUndeliveredAlarm", direct, undelivered(topics.of(Channel::Email))),
        ("SmsUndeliveredAlarm", direct, undelivered(topics.of(Channel::Sms))),
        ("DocumentUndeliveredAlarm", direct, undelivered(topics.of(Channel::Document))),
        ("ChatUndeliveredAlarm", direct, undelivered(topics.of(Channel::Chat))),
        ("AlertUndeliveredAlarm", direct, undelivered(topics.alerts)),
    ];
    let mut alarms = Alarms { all: Vec::new(), reported: Vec::new() };
    for (id, direct, alarm) in rows {
        let alarm = add_alarm(template, id, direct, alarm);
        alarms.all.push(alarm.arn());
        if direct.is_none() {
            alarms.reported.push(alarm);
        }
    }
    alarms.all.push(add_silence(template, topics.alerts));
    alarms
}

/// A metric, its statistic, and when the alarm is raised.
type Definition = (Metric, Statistic, Raised);

fn add_alarm(
    template: &mut Template,
    id: &'static str,
    topic: Option<Handle<Topic>>,
    (metric, statistic, raised): Definition,
) -> Handle<Alarm> {
    let alarm = Alarm {
        metric,
        statistic,
        raised,
        alarm_description: description(id),
        alarm_actions: topic.map(|topic| topic.arn().into()).into_iter().collect(),
    };
    template.add_with(LogicalId::new(id), Attributes::deleted(WHY), alarm)
}

const SILENCE: &str = "SilenceAlarm";
/// The descriptions twice would leave little room in a call to CloudFormation.
const WHY: &str = "Notifies the owner; see its description.";

fn description(id: &str) -> &'static str {
    let found = ALARMS.iter().find(|(of, _)| *of == id);
    found.map(|(_, description)| *description).expect("each alarm has a description")
}

/// Raised when the hourly ticks are missing, but not in a new stack, which has had none yet.
///
/// A missing value is what the alarm is about, so an alarm alone would be raised as soon as it exists.
fn add_silence(template: &mut Template, alerts: Handle<Topic>) -> Value<AlarmArn> {
    let [missing, never] = CONDITIONS;
    let none_for =
        |hours| (own_metric(OwnMetric::Tick), Statistic::Sum, Raised::NoneForHours(hours));
    let [raised, unless] = [(missing, SILENT_HOURS), (never, NEW_HOURS)]
        .map(|(id, hours)| add_alarm(template, id, None, none_for(hours)).arn());
    let alarm = CompositeAlarm {
        raised,
        unless,
        alarm_description: description(SILENCE),
        alarm_actions: vec![alerts.arn().into()],
    };
    template.add_with(LogicalId::new(SILENCE), Attributes::deleted(WHY), alarm).arn()
}

/// Raised when a dead-letter queue has a message.
fn dead_letters(queue: Handle<Queue>) -> Definition {
    let metric = queue_metric("ApproximateNumberOfMessagesVisible", queue);
    (metric, Statistic::Maximum, Raised::AtLeast(1))
}

/// Raised when a message has waited too long.
fn waiting(queue: Handle<Queue>) -> Definition {
    let metric = queue_metric("ApproximateAgeOfOldestMessage", queue);
    (metric, Statistic::Maximum, Raised::AtLeast(WAITING_SECONDS))
}

/// Raised when a message could not be delivered: also to a subscription of the owner's own, which may have no dead-letter
/// queue.
fn undelivered(topic: Handle<Topic>) -> Definition {
    sum(topic_metric("NumberOfNotificationsFailed", topic))
}

/// Raised when there is one.
fn sum(metric: Metric) -> Definition {
    (metric, Statistic::Sum, Raised::AtLeast(1))
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
