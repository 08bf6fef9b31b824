//! CloudWatch alarms: which are in ALARM state, since when and why.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::operation::describe_alarms::DescribeAlarmsOutput;
use aws_sdk_cloudwatch::types::{AlarmType, CompositeAlarm, MetricAlarm, StateValue};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use s3guard_posture::Reading;
use serde::Serialize;

use crate::error::Answer as _;
use crate::{AwsError, Connection};

/// The most alarm names of one call.
///
/// Source: Amazon CloudWatch API Reference, `DescribeAlarms`, `AlarmNames`.
const NAMES_MAX: usize = 100;

/// An alarm as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`, as CloudWatch writes it.
    #[serde(rename = "status")]
    pub state: String,
    /// Why, in CloudWatch's words.
    pub reason: String,
    /// Since when, in RFC 3339.
    pub since: Option<String>,
}

impl Alarm {
    /// Whether it is in ALARM state.
    pub fn is_off(&self) -> bool {
        self.state == "ALARM"
    }
}

/// Reads alarms by name; an alarm that does not exist is left out.
pub async fn alarms(
    connection: &Connection,
    names: &[String],
) -> Result<Reading<Vec<Alarm>>, AwsError> {
    let client = Client::new(&connection.config);
    let mut alarms = Vec::new();
    for names in names.chunks(NAMES_MAX) {
        let call = client.describe_alarms().set_alarm_names(Some(names.to_vec()));
        // Without types, only alarms of metrics are returned.
        let call = call.alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
        let pages = call.into_paginator().send().try_collect().await;
        let pages = pages.reading("DescribeAlarms", "the stack's alarms", &[])?;
        let Reading::Known(pages) = pages else { return Ok(Reading::Denied) };
        alarms.extend(pages.iter().flat_map(DescribeAlarmsOutput::metric_alarms).map(read));
        alarms.extend(pages.iter().flat_map(DescribeAlarmsOutput::composite_alarms).map(composite));
    }
    Ok(Reading::Known(alarms))
}

fn read(alarm: &MetricAlarm) -> Alarm {
    let at = alarm.state_transitioned_timestamp().or(alarm.state_updated_timestamp());
    of(alarm.alarm_name(), alarm.state_value(), alarm.state_reason(), at)
}

fn composite(alarm: &CompositeAlarm) -> Alarm {
    let at = alarm.state_transitioned_timestamp().or(alarm.state_updated_timestamp());
    of(alarm.alarm_name(), alarm.state_value(), alarm.state_reason(), at)
}

fn of(
    name: Option<&str>,
    state: Option<&StateValue>,
    reason: Option<&str>,
    at: Option<&DateTime>,
) -> Alarm {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Alarm {
        name: text(name),
        state: text(state.map(StateValue::as_str)),
        reason: text(reason),
        since: at.and_then(|at| at.fmt(Format::DateTime).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_says_since_when_it_stands_so_and_its_words_may_be_newer() {
        let alarm = MetricAlarm::builder()
            .alarm_name("a")
            .state_value(StateValue::Alarm)
            .state_reason("too much")
            .state_updated_timestamp(DateTime::from_secs(1_700_000_000));
        let updated = read(&alarm.clone().build());
        assert!(updated.is_off() && updated.name == "a" && updated.reason == "too much");
        assert_eq!(updated.since.as_deref(), Some("2023-11-14T22:13:20Z"));
        let begun = DateTime::from_secs(1_600_000_000);
        let begun = read(&alarm.state_transitioned_timestamp(begun).build());
        assert_eq!(begun.since.as_deref(), Some("2020-09-13T12:26:40Z"));
        for quiet in [StateValue::Ok, StateValue::InsufficientData] {
            assert!(!read(&MetricAlarm::builder().state_value(quiet).build()).is_off());
        }
    }
}
