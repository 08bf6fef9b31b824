//! The dashboard: the whole stack on one page.

use s3guard_posture::contract::metrics::Metric as OwnMetric;

use super::{
    alarms::{Alarms, function_metric, own_metric, queue_metric, topic_metric},
    subscriptions::Notices,
    worker::Made,
};
use crate::{
    cfn::{Attributes, Handle, LogicalId, Pseudo, Sub, Template},
    resources::{
        cloudwatch::{Alarm, Dashboard, Metric, Statistic, Widget},
        lambda::Function,
    },
};

const DASHBOARD: LogicalId = LogicalId::new("Dashboard");

/// Adds the dashboard.
pub(super) fn add(
    template: &mut Template,
    guard: Made,
    notify: Made,
    notices: Notices,
    alarms: &Alarms,
) -> Handle<Dashboard> {
    let age = |made: Made| queue_metric("ApproximateAgeOfOldestMessage", made.intake.queue);
    let visible = |queue| queue_metric("ApproximateNumberOfMessagesVisible", queue);
    let of_topic = |name| topic_metric(name, notices.topic);
    let widgets = vec![
        Widget::Text(
            "# s3guard\nBuckets are set back as they should be; objects that come, change or go are told of. \
             Something in a dead letter queue was not handled: look there first.",
        ),
        Widget::Alarms {
            title: "Alarms",
            alarms: alarms.all.iter().map(Handle::<Alarm>::arn).collect(),
        },
        own(
            "Buckets",
            &[
                ("set back", OwnMetric::Protected),
                ("as they should be", OwnMetric::Compliant),
                ("failed", OwnMetric::Failed),
            ],
        ),
        own(
            "Buckets left, by reason",
            &[
                ("as they are", OwnMetric::LeftAsIs),
                ("exempt", OwnMetric::Exempt),
                ("CloudFormation at work", OwnMetric::Waiting),
                ("undone by somebody", OwnMetric::TugOfWar),
            ],
        ),
        lines(
            "From event to last write in milliseconds",
            Statistic::Maximum,
            vec![("slowest", own_metric(OwnMetric::TimeToProtect))],
        ),
        own(
            "What is missing",
            &[
                ("not told by an event", OwnMetric::CoverageGaps),
                ("not recorded", OwnMetric::NotRecorded),
            ],
        ),
        own(
            "Messages",
            &[
                ("changes of objects", OwnMetric::ObjectEvents),
                ("told, each once", OwnMetric::ToldEvents),
                ("notices about them", OwnMetric::Notices),
                ("windows not told yet", OwnMetric::NotTold),
                ("not an event", OwnMetric::NotAnEvent),
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
            "Dead letters",
            Statistic::Maximum,
            vec![
                ("buckets", visible(guard.intake.dead_letters)),
                ("objects", visible(notify.intake.dead_letters)),
                ("notices", visible(notices.dead_letters)),
            ],
        ),
        lines(
            "Notices",
            Statistic::Sum,
            vec![
                ("published", of_topic("NumberOfMessagesPublished")),
                ("delivered", of_topic("NumberOfNotificationsDelivered")),
                ("failed", of_topic("NumberOfNotificationsFailed")),
            ],
        ),
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
    template.add_with(DASHBOARD, Attributes::deleted("The whole chain on one page."), dashboard)
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

fn lines(
    title: &'static str,
    statistic: Statistic,
    metrics: Vec<(&'static str, Metric)>,
) -> Widget {
    Widget::Metrics { title, statistic, metrics }
}
