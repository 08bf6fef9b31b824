//! CloudTrail, CloudWatch and its logs.

use s3guard_synth::{
    cfn::Value,
    resources::{
        cloudtrail::{AdvancedEventSelector, FieldSelector, Trail},
        cloudwatch::{
            Alarm, ComparisonOperator, Dashboard, DashboardBody, Dimension, Metric, Statistic,
            TreatMissingData,
        },
        logs::{LogGroup, LogGroupClass, Retention},
    },
};
use serde_json::{Value as Json, json};

use super::{Specimen, arn, key, specimen, tags, words};

pub(super) fn all() -> Vec<Specimen> {
    let bucket = || Value::literal("reports");
    let body = DashboardBody::default;
    let dashboard =
        Dashboard { dashboard_body: body(), dashboard_name: Some("reports".into()), tags: tags() };
    vec![
        specimen(Trail::new(bucket()), [trail()]),
        specimen(LogGroup::default(), [log_group()]),
        specimen(Alarm::new(metric(), 1), [alarm()]),
        specimen(Dashboard::new(body()), [dashboard]),
    ]
}

pub(super) fn vocabulary() -> Vec<(&'static str, &'static str, Vec<Json>)> {
    const ALARM: &str = "AWS::CloudWatch::Alarm";
    const LOG_GROUP: &str = "AWS::Logs::LogGroup";
    let days = Retention::ALL.iter().map(|one| json!(one.days())).collect();
    vec![
        (ALARM, "/Statistic", words!(Statistic)),
        (ALARM, "/ComparisonOperator", words!(ComparisonOperator)),
        (ALARM, "/TreatMissingData", words!(TreatMissingData)),
        (LOG_GROUP, "/RetentionInDays", days),
        (LOG_GROUP, "/LogGroupClass", words!(LogGroupClass)),
    ]
}

fn trail() -> Trail {
    Trail {
        s3_bucket_name: Value::literal("reports"),
        is_logging: true,
        trail_name: Some("reports".into()),
        s3_key_prefix: Some("reports".into()),
        is_multi_region_trail: Some(true),
        is_organization_trail: Some(false),
        include_global_service_events: Some(true),
        enable_log_file_validation: Some(true),
        kms_key_id: Some(key()),
        sns_topic_name: Some(Value::literal("reports")),
        advanced_event_selectors: vec![AdvancedEventSelector {
            name: Some("writes"),
            field_selectors: vec![FieldSelector {
                field: "eventCategory",
                equals: vec!["Management"],
                not_equals: vec!["Data"],
                starts_with: vec!["M"],
                not_starts_with: vec!["D"],
                ends_with: vec!["t"],
                not_ends_with: vec!["a"],
            }],
        }],
        tags: tags(),
    }
}

fn log_group() -> LogGroup {
    LogGroup {
        log_group_name: Some("reports".into()),
        retention: Some(Retention::Days30),
        kms_key_id: Some(key()),
        log_group_class: Some(LogGroupClass::Standard),
        deletion_protection_enabled: Some(false),
        tags: tags(),
    }
}

fn metric() -> Metric {
    Metric {
        namespace: "AWS/SQS",
        metric_name: "ApproximateAgeOfOldestMessage",
        dimensions: vec![Dimension { name: "QueueName", value: "reports".into() }],
    }
}

fn alarm() -> Alarm {
    let topic = || vec![arn("sns:eu-west-1:111122223333:reports")];
    Alarm {
        metric: metric(),
        statistic: Statistic::Maximum,
        period_seconds: 300,
        comparison_operator: ComparisonOperator::GreaterThanThreshold,
        threshold: 1,
        evaluation_periods: 2,
        datapoints_to_alarm: Some(1),
        treat_missing_data: Some(TreatMissingData::NotBreaching),
        alarm_name: Some("reports".into()),
        alarm_description: Some("no reports"),
        actions_enabled: Some(true),
        alarm_actions: topic(),
        ok_actions: topic(),
        tags: tags(),
    }
}
