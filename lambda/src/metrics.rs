//! Metrics in CloudWatch's embedded metric format: a line of the log that becomes a metric, without a call.
//!
//! Source: Amazon CloudWatch User Guide, "Specification: Embedded metric format".

use std::io::{self, Write as _};

use s3guard_posture::contract::metrics::{DIMENSION, Metric, NAMESPACE};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

/// The most values that one metric of a line may have.
const VALUES_MAX: usize = 100;

/// What a batch came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    /// Buckets that were right.
    pub(crate) compliant: usize,
    /// Buckets that were mended.
    pub(crate) protected: usize,
    /// Buckets that could not be mended, or not whole.
    pub(crate) failed: usize,
    /// Buckets of which something was left as it is.
    pub(crate) left_as_is: usize,
    /// Messages that are no events.
    pub(crate) not_an_event: usize,
    /// Buckets that are exempt from something.
    pub(crate) exempt: usize,
    /// Buckets of which something waits for their stack.
    pub(crate) waiting: usize,
    /// Buckets that the guard writes to no more, because somebody else does.
    pub(crate) tug_of_war: usize,
    /// Buckets that no event ever told of.
    pub(crate) coverage_gaps: usize,
    /// What the ledger did not take.
    pub(crate) not_recorded: usize,
    /// Events of objects that were gathered, duplicates included.
    pub(crate) object_events: usize,
    /// Events of objects that were told, each once.
    pub(crate) told_events: usize,
    /// Notices about objects that were published.
    pub(crate) notices: usize,
    /// Windows that could not be told yet.
    pub(crate) not_told: usize,
    /// From the event to the last write, in milliseconds, for each bucket that an event led to.
    pub(crate) times_to_protect_milliseconds: Vec<f64>,
}

impl Tally {
    /// Adds what another part of the batch came to.
    pub(crate) fn add(&mut self, other: Self) {
        self.compliant += other.compliant;
        self.protected += other.protected;
        self.failed += other.failed;
        self.left_as_is += other.left_as_is;
        self.not_an_event += other.not_an_event;
        self.exempt += other.exempt;
        self.waiting += other.waiting;
        self.tug_of_war += other.tug_of_war;
        self.coverage_gaps += other.coverage_gaps;
        self.not_recorded += other.not_recorded;
        self.object_events += other.object_events;
        self.told_events += other.told_events;
        self.notices += other.notices;
        self.not_told += other.not_told;
        self.times_to_protect_milliseconds.extend(other.times_to_protect_milliseconds);
    }

    /// The metrics that there are: name, unit and value.
    fn metrics(&self) -> Vec<(&'static str, &'static str, Value)> {
        let counts = [
            (Metric::Compliant, self.compliant),
            (Metric::Protected, self.protected),
            (Metric::Failed, self.failed),
            (Metric::LeftAsIs, self.left_as_is),
            (Metric::NotAnEvent, self.not_an_event),
            (Metric::Exempt, self.exempt),
            (Metric::Waiting, self.waiting),
            (Metric::TugOfWar, self.tug_of_war),
            (Metric::CoverageGaps, self.coverage_gaps),
            (Metric::NotRecorded, self.not_recorded),
            (Metric::ObjectEvents, self.object_events),
            (Metric::ToldEvents, self.told_events),
            (Metric::Notices, self.notices),
            (Metric::NotTold, self.not_told),
        ];
        let mut metrics: Vec<_> = counts
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(metric, count)| (metric.name(), "Count", json!(count)))
            .collect();
        let mut times = self.times_to_protect_milliseconds.as_slice();
        times = &times[..times.len().min(VALUES_MAX)];
        if !times.is_empty() {
            metrics.push((Metric::TimeToProtect.name(), "Milliseconds", json!(times)));
        }
        metrics
    }
}

/// Writes the metrics of a stack to the log.
pub(crate) fn emit(stack: &str, now: OffsetDateTime, tally: &Tally) {
    let Some(line) = line(stack, now, tally) else { return };
    if let Err(error) = writeln!(io::stdout().lock(), "{line}") {
        tracing::error!(%error, "metrics could not be written");
    }
}

fn line(stack: &str, now: OffsetDateTime, tally: &Tally) -> Option<Value> {
    let metrics = tally.metrics();
    if metrics.is_empty() {
        return None;
    }
    let milliseconds = i64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
    let declared: Vec<Value> =
        metrics.iter().map(|(name, unit, _)| json!({ "Name": name, "Unit": unit })).collect();
    let directive =
        json!({ "Namespace": NAMESPACE, "Dimensions": [[DIMENSION]], "Metrics": declared });
    let mut line = Map::new();
    line.insert(
        "_aws".to_owned(),
        json!({ "Timestamp": milliseconds, "CloudWatchMetrics": [directive] }),
    );
    line.insert(DIMENSION.to_owned(), json!(stack));
    line.extend(metrics.into_iter().map(|(name, _, value)| (name.to_owned(), value)));
    Some(Value::Object(line))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use time::macros::datetime;

    use super::*;

    const NOON: OffsetDateTime = datetime!(2026-11-20 12:00:00.250 UTC);

    #[test]
    fn a_line_declares_each_metric_that_it_holds() {
        let mut tally =
            Tally { protected: 1, times_to_protect_milliseconds: vec![4250.5], ..Tally::default() };
        tally.add(Tally { protected: 2, compliant: 1, ..Tally::default() });
        let line = line("s3guard", NOON, &tally).unwrap();
        expect![[r#"{"_aws":{"Timestamp":1795176000250,"CloudWatchMetrics":[{"Namespace":"s3guard","Dimensions":[["Stack"]],"Metrics":[{"Name":"Compliant","Unit":"Count"},{"Name":"Protected","Unit":"Count"},{"Name":"TimeToProtect","Unit":"Milliseconds"}]}]},"Stack":"s3guard","Compliant":1,"Protected":3,"TimeToProtect":[4250.5]}"#]]
        .assert_eq(&line.to_string());
    }

    #[test]
    fn nothing_to_count_is_no_line() {
        assert_eq!(line("s3guard", NOON, &Tally::default()), None);
    }
}
