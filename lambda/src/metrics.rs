//! Metrics in CloudWatch's embedded metric format: a log line becomes a metric, without a call.
//!
//! Source: Amazon CloudWatch User Guide, "Specification: Embedded metric format".

use std::io::{self, Write as _};

use s3guard_posture::contract::metrics::{DIMENSION, Metric, NAMESPACE};
use s3guard_posture::flow::Tally;
use serde_json::{Value, json};
use time::OffsetDateTime;

/// The most values of one metric in a line.
const VALUES_MAX: usize = 100;

/// Writes the metrics of a stack to the log.
pub(crate) fn emit(stack: &str, now: OffsetDateTime, tally: &Tally) {
    let Some(line) = line(stack, now, tally) else { return };
    if let Err(error) = writeln!(io::stdout().lock(), "{line}") {
        tracing::error!(%error, "metrics could not be written");
    }
}

fn line(stack: &str, now: OffsetDateTime, tally: &Tally) -> Option<Value> {
    let counts = tally.counts.iter().map(|(metric, count)| (metric.name(), "Count", json!(count)));
    let times: Vec<_> = tally.times_to_protect_milliseconds.iter().take(VALUES_MAX).collect();
    let times =
        (!times.is_empty()).then(|| (Metric::TimeToProtect.name(), "Milliseconds", json!(times)));
    let metrics: Vec<_> = counts.chain(times).collect();
    if metrics.is_empty() {
        return None;
    }
    let milliseconds = i64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
    let declared: Vec<Value> =
        metrics.iter().map(|(name, unit, _)| json!({ "Name": name, "Unit": unit })).collect();
    let directive =
        json!({ "Namespace": NAMESPACE, "Dimensions": [[DIMENSION]], "Metrics": declared });
    let aws = json!({ "Timestamp": milliseconds, "CloudWatchMetrics": [directive] });
    let mut line = json!({ "_aws": aws, (DIMENSION): stack });
    for (name, _, value) in metrics {
        line[name] = value;
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use time::macros::datetime;

    use super::*;

    const NOON: OffsetDateTime = datetime!(2026-11-20 12:00:00.250 UTC);

    #[test]
    fn a_line_declares_each_metric_that_it_holds() {
        let mut tally = Tally { times_to_protect_milliseconds: vec![4250.5], ..Tally::default() };
        tally.count(Metric::Protected, 1);
        let mut other = Tally::default();
        other.count(Metric::Protected, 2);
        other.count(Metric::Compliant, 1);
        other.count(Metric::Failed, 0);
        tally.add(other);
        let line = line("s3guard", NOON, &tally).unwrap();
        expect![[r#"{"_aws":{"Timestamp":1795176000250,"CloudWatchMetrics":[{"Namespace":"s3guard","Dimensions":[["Stack"]],"Metrics":[{"Name":"Compliant","Unit":"Count"},{"Name":"Protected","Unit":"Count"},{"Name":"TimeToProtect","Unit":"Milliseconds"}]}]},"Stack":"s3guard","Compliant":1,"Protected":3,"TimeToProtect":[4250.5]}"#]]
        .assert_eq(&line.to_string());
    }

    #[test]
    fn nothing_to_count_is_no_line() {
        assert_eq!(line("s3guard", NOON, &Tally::default()), None);
    }
}
