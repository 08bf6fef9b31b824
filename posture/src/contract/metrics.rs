//! What the functions count, under the names by which CloudWatch knows it: they write it, an alarm and the dashboard read it.

use crate::text::named::named;

/// The namespace of all metrics.
pub const NAMESPACE: &str = "s3guard";
/// The one dimension of each: the stack, by its name.
pub const DIMENSION: &str = "Stack";

/// One of the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Buckets that were right.
    Compliant,
    /// Buckets that were mended.
    Protected,
    /// Buckets that could not be mended, or not whole.
    Failed,
    /// Buckets of which something was left as it is.
    LeftAsIs,
    /// Buckets of which something was left because it is exempt, for a reason and a time.
    Exempt,
    /// Buckets of which something waits until `CloudFormation` is done with them.
    Waiting,
    /// Buckets at which the guard has stopped for an hour, because somebody undoes what it does.
    TugOfWar,
    /// Buckets of which the sweep found what no event had told.
    CoverageGaps,
    /// Writes to buckets of which no record could be kept.
    NotRecorded,
    /// Messages that are no events.
    NotAnEvent,
    /// Events of objects that were gathered, duplicates included.
    ObjectEvents,
    /// Events of objects that were told, each once.
    ToldEvents,
    /// Notices about objects that were published.
    Notices,
    /// Windows of events that could not be told yet.
    NotTold,
    /// From the event to the last write, for each bucket that an event led to.
    TimeToProtect,
}

named! {
    Metric:
    Compliant = "Compliant",
    Protected = "Protected",
    Failed = "Failed",
    LeftAsIs = "LeftAsIs",
    Exempt = "Exempt",
    Waiting = "Waiting",
    TugOfWar = "TugOfWar",
    CoverageGaps = "CoverageGaps",
    NotRecorded = "NotRecorded",
    NotAnEvent = "NotAnEvent",
    ObjectEvents = "ObjectEvents",
    ToldEvents = "ToldEvents",
    Notices = "Notices",
    NotTold = "NotTold",
    TimeToProtect = "TimeToProtect",
}

impl Metric {
    /// What it is counted in, as CloudWatch spells it.
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
