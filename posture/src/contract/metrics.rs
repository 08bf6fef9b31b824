//! The metrics that the functions write, and that alarms and the dashboard read.

use crate::text::named::named;

/// The namespace of all metrics.
pub const NAMESPACE: &str = "s3guard";
/// The only dimension of each: the name of the stack.
pub const DIMENSION: &str = "Stack";

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Buckets that were compliant.
    Compliant,
    /// Buckets that were remediated.
    Protected,
    /// Buckets that could not be fully remediated.
    Failed,
    /// Buckets with a setting that was left as it is.
    NotRemediated,
    /// Buckets of which a setting could not be read.
    Blinded,
    /// Buckets with a setting that is exempt.
    Exempt,
    /// Buckets with a setting that waits for `CloudFormation`.
    Waiting,
    /// Buckets where the guard has stopped because of a conflict.
    Conflict,
    /// Buckets that the sweep found and no event had reported.
    CoverageGaps,
    /// Writes whose record could not be saved.
    NotRecorded,
    /// That the guard works, once an hour.
    Tick,
    /// Sweeps that have not ended in time.
    SweepOverdue,
    /// Objects of the ledger that do not count: not encrypted with the stack's key, or not what their key says.
    ForeignObject,
    /// Reads of the ledger that failed, or that found more than the guard reads.
    LedgerNotReadable,
    /// Messages that are not events.
    NotAnEvent,
    /// Messages that were refused: from another account, or with a time that is not plausible.
    Refused,
    /// Object events that were collected, duplicates included.
    ObjectEvents,
    /// Object events that were published, without duplicates.
    PublishedEvents,
    /// Notifications about objects that were published.
    Notifications,
    /// Windows that could not be published yet.
    NotPublished,
    /// The time from the event to the last write, for each bucket with an event.
    TimeToProtect,
}

named! {
    Metric:
    Compliant = "Compliant",
    Protected = "Protected",
    Failed = "Failed",
    NotRemediated = "NotRemediated",
    Blinded = "Blinded",
    Exempt = "Exempt",
    Waiting = "Waiting",
    Conflict = "Conflict",
    CoverageGaps = "CoverageGaps",
    NotRecorded = "NotRecorded",
    Tick = "Tick",
    SweepOverdue = "SweepOverdue",
    ForeignObject = "ForeignObject",
    LedgerNotReadable = "LedgerNotReadable",
    NotAnEvent = "NotAnEvent",
    Refused = "Refused",
    ObjectEvents = "ObjectEvents",
    PublishedEvents = "PublishedEvents",
    Notifications = "Notifications",
    NotPublished = "NotPublished",
    TimeToProtect = "TimeToProtect",
}

impl Metric {
    /// Its unit, as CloudWatch spells it.
    pub const fn unit(self) -> &'static str {
        if matches!(self, Self::TimeToProtect) { "Milliseconds" } else { "Count" }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_metrics_share_a_name() {
        let names: BTreeSet<&str> = Metric::ALL.into_iter().map(Metric::name).collect();
        assert_eq!(names.len(), Metric::ALL.len());
    }
}
