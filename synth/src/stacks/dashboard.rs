//! The dashboard: the whole chain on one page.

use s3guard_posture::contract::metrics::Metric as OwnMetric;

use super::{
    alarms::{function_metric, own_metric, queue_metric, topic_metric},
    intake::Intake,
    subscriptions::Notices,
    worker::Made,
};
use crate::{
    cfn::{Attributes, Handle, LogicalId, Pseudo, Sub, Template},
    resources::cloudwatch::{
        Alarm, Dashboard, DashboardBody, Metric, MetricView, Statistic, Widget, WidgetContent,
    },
};

const PERIOD_SECONDS: u32 = 300;

/// What the dashboard shows.
pub(super) struct Shown {
    pub(super) guard: Made,
    pub(super) notify: Made,
    pub(super) notices: Notices,
    pub(super) alarms: Vec<Handle<Alarm>>,
}

/// Adds the dashboard.
pub(super) fn add(template: &mut Template, id: LogicalId, shown: &Shown) -> Handle<Dashboard> {
    let (guard, notify) = (shown.guard, shown.notify);
    let widgets = vec![
        Widget {
            width: 24,
            height: 3,
            content: WidgetContent::Text(
                "# s3guard\nBuckets are set back as they should be; objects that come, change or go are told of. \
                 Something in a dead letter queue was not handled: look there first."
                    .to_owned(),
            ),
        },
        Widget {
            width: 24,
            height: 3,
            content: WidgetContent::Alarms {
                title: "Alarms",
                alarms: shown.alarms.iter().map(Handle::<Alarm>::arn).collect(),
            },
        },
        lines(
            "Buckets",
            Statistic::Sum,
            vec![
                ("set back", own_metric(OwnMetric::Protected)),
                ("as they should be", own_metric(OwnMetric::Compliant)),
                ("failed", own_metric(OwnMetric::Failed)),
            ],
        ),
        lines(
            "Buckets left, by reason",
            Statistic::Sum,
            vec![
                ("as they are", own_metric(OwnMetric::LeftAsIs)),
                ("exempt", own_metric(OwnMetric::Exempt)),
                ("CloudFormation at work", own_metric(OwnMetric::Waiting)),
                ("undone by somebody", own_metric(OwnMetric::TugOfWar)),
            ],
        ),
        lines(
            "From event to last write in milliseconds",
            Statistic::Maximum,
            vec![("slowest", own_metric(OwnMetric::TimeToProtect))],
        ),
        lines("What is missing", Statistic::Sum, vec![
            ("not told by an event", own_metric(OwnMetric::CoverageGaps)),
            ("not recorded", own_metric(OwnMetric::NotRecorded)),
        ]),
        lines("Messages", Statistic::Sum, vec![
            ("changes of objects", own_metric(OwnMetric::ObjectEvents)),
            ("told, each once", own_metric(OwnMetric::ToldEvents)),
            ("notices about them", own_metric(OwnMetric::Notices)),
            ("windows not told yet", own_metric(OwnMetric::NotTold)),
            ("not an event", own_metric(OwnMetric::NotAnEvent)),
        ]),
        lines("Buckets: function calls", Statistic::Sum, vec![
            ("calls", function_metric("Invocations", guard.function)),
            ("errors", function_metric("Errors", guard.function)),
            ("throttled", function_metric("Throttles", guard.function)),
        ]),
        lines("Objects: function calls", Statistic::Sum, vec![
            ("calls", function_metric("Invocations", notify.function)),
            ("errors", function_metric("Errors", notify.function)),
            ("throttled", function_metric("Throttles", notify.function)),
        ]),
        lines("Duration in milliseconds", Statistic::Average, vec![
            ("buckets", function_metric("Duration", guard.function)),
            ("objects", function_metric("Duration", notify.function)),
        ]),
        lines("Oldest message in seconds", Statistic::Maximum, vec![
            ("buckets", queue_metric("ApproximateAgeOfOldestMessage", guard.intake.queue)),
            ("objects", queue_metric("ApproximateAgeOfOldestMessage", notify.intake.queue)),
        ]),
        lines("Dead letters", Statistic::Maximum, vec![
            ("buckets", visible(guard.intake)),
            ("objects", visible(notify.intake)),
            (
                "notices",
                queue_metric("ApproximateNumberOfMessagesVisible", shown.notices.dead_letters),
            ),
        ]),
        lines("Notices", Statistic::Sum, vec![
            ("published", topic_metric("NumberOfMessagesPublished", shown.notices.topic)),
            ("delivered", topic_metric("NumberOfNotificationsDelivered", shown.notices.topic)),
            ("failed", topic_metric("NumberOfNotificationsFailed", shown.notices.topic)),
        ]),
    ];
    // Dashboards have no region: the stacks of two regions would share one name.
    let name = Sub::new().pseudo(Pseudo::StackName).text("-").pseudo(Pseudo::Region);
    let dashboard = Dashboard {
        dashboard_name: Some(name.into()),
        ..Dashboard::new(DashboardBody { widgets })
    };
    template.add_with(id, Attributes::deleted("The whole chain on one page."), dashboard)
}

fn visible(intake: Intake) -> Metric {
    queue_metric("ApproximateNumberOfMessagesVisible", intake.dead_letters)
}

fn lines(
    title: &'static str,
    statistic: Statistic,
    metrics: Vec<(&'static str, Metric)>,
) -> Widget {
    let content = WidgetContent::Metrics {
        title,
        view: MetricView::TimeSeries,
        statistic,
        period_seconds: PERIOD_SECONDS,
        metrics,
    };
    Widget { width: 8, height: 6, content }
}
