//! The dashboard: the whole stack on one page.

use s3guard_posture::contract::metrics::Metric as OwnMetric;

use super::{
    alarms::{Alarms, function_metric, own_metric, queue_metric, topic_metric},
    function::Parts,
    subscriptions::Topics,
};
use crate::{
    cfn::{Attributes, Handle, LogicalId, Pseudo, Sub, Template},
    resources::{
        cloudwatch::{Dashboard, Metric, Statistic, Widget},
        lambda::Function,
    },
};

const DASHBOARD: LogicalId = LogicalId::new("Dashboard");

/// Adds the dashboard.
pub(super) fn add(
    template: &mut Template,
    guard: Parts,
    notify: Parts,
    topics: Topics,
    alarms: &Alarms,
) -> Handle<Dashboard> {
    let age = |parts: Parts| queue_metric("ApproximateAgeOfOldestMessage", parts.intake.queue);
    let visible = |queue| queue_metric("ApproximateNumberOfMessagesVisible", queue);
    let widgets = vec![
        Widget::Text(
            "# s3guard\nBucket settings are remediated; object events are reported. \
             Messages in a dead-letter queue were not handled: check those first.",
        ),
        Widget::Alarms { title: "Alarms", alarms: alarms.all.clone() },
        own(
            "Buckets",
            &[
                ("remediated", OwnMetric::Protected),
                ("compliant", OwnMetric::Compliant),
                ("failed", OwnMetric::Failed),
            ],
        ),
        own(
            "Buckets not remediated, by reason",
            &[
                ("left unchanged", OwnMetric::NotRemediated),
                ("exempt", OwnMetric::Exempt),
                ("CloudFormation in progress", OwnMetric::Waiting),
                ("conflict", OwnMetric::Conflict),
            ],
        ),
        lines(
            "Time from event to last write in milliseconds",
            Statistic::Maximum,
            vec![("slowest", own_metric(OwnMetric::TimeToProtect))],
        ),
        own(
            "Coverage",
            &[
                ("not reported by an event", OwnMetric::CoverageGaps),
                ("not recorded in the ledger", OwnMetric::NotRecorded),
                ("foreign objects in the ledger", OwnMetric::ForeignObject),
                ("ledger not readable", OwnMetric::LedgerNotReadable),
                ("sign of life", OwnMetric::Tick),
                ("sweep overdue", OwnMetric::SweepOverdue),
                ("not readable", OwnMetric::Blinded),
            ],
        ),
        own(
            "Messages",
            &[
                ("object events", OwnMetric::ObjectEvents),
                ("reported, without duplicates", OwnMetric::PublishedEvents),
                ("notifications", OwnMetric::Notifications),
                ("digests not published yet", OwnMetric::NotPublished),
                ("not an event", OwnMetric::NotAnEvent),
                ("refused", OwnMetric::Refused),
                ("foreign object", OwnMetric::ForeignObject),
            ],
        ),
        calls("Buckets: function calls", guard.function),
        calls("Objects: function calls", notify.function),
        lines(
            "Duration in milliseconds",
            Statistic::Average,
            vec![
                ("buckets", function_metric("Duration", guard.function)),
                ("objects", function_metric("Duration", notify.function)),
            ],
        ),
        lines(
            "Oldest message in seconds",
            Statistic::Maximum,
            vec![("buckets", age(guard)), ("objects", age(notify))],
        ),
        lines(
            "Messages in dead-letter queues",
            Statistic::Maximum,
            vec![
                ("buckets", visible(guard.intake.dead_letters)),
                ("objects", visible(notify.intake.dead_letters)),
                ("notifications", visible(topics.dead_letters)),
            ],
        ),
        topics_lines("Notifications delivered", "NumberOfNotificationsDelivered", topics),
        topics_lines("Notifications failed", "NumberOfNotificationsFailed", topics),
    ];
    let dashboard = Dashboard {
        dashboard_body: widgets,
        // Dashboards are global: the stacks of two Regions would share one name.
        dashboard_name: Sub::new()
            .pseudo(Pseudo::StackName)
            .text("-")
            .pseudo(Pseudo::Region)
            .into(),
    };
    template.add_with(DASHBOARD, Attributes::deleted("The whole stack on one page."), dashboard)
}

fn own(title: &'static str, metrics: &[(&'static str, OwnMetric)]) -> Widget {
    let metrics = metrics.iter().map(|(label, metric)| (*label, own_metric(*metric)));
    lines(title, Statistic::Sum, metrics.collect())
}

fn calls(title: &'static str, function: Handle<Function>) -> Widget {
    let metrics = [("calls", "Invocations"), ("errors", "Errors"), ("throttled", "Throttles")];
    let metrics = metrics.map(|(label, name)| (label, function_metric(name, function)));
    lines(title, Statistic::Sum, metrics.into())
}

fn topics_lines(title: &'static str, metric: &'static str, topics: Topics) -> Widget {
    let of_channels = topics.notifications.map(|(channel, topic)| (channel.name(), topic));
    let all = of_channels.into_iter().chain([("alarms", topics.alerts)]);
    let metrics = all.map(|(label, topic)| (label, topic_metric(metric, topic)));
    lines(title, Statistic::Sum, metrics.collect())
}

fn lines(
    title: &'static str,
    statistic: Statistic,
    metrics: Vec<(&'static str, Metric)>,
) -> Widget {
    Widget::Metrics { title, statistic, metrics }
}
