//! The tick: once an hour, so that silence is noticed whatever the schedule of the sweep is.

use time::{Duration, OffsetDateTime};

use super::{Flow, Ledger, Outgoing, TaskResult};
use crate::Account;
use crate::contract::metrics::Metric;
use crate::events::Tick;
use crate::reconcile::account::CallError;
use crate::reconcile::last_sweep::{self, LastSweep};
use crate::reconcile::ledger::Stored;

/// The longest that a sweep may take after its time.
const GRACE: Duration = Duration::hours(1);
/// The interval of a schedule that is not a rate: nothing is overdue earlier.
const OF_A_SCHEDULE: Duration = Duration::days(7);

impl<A, L, O> Flow<'_, A, L, O>
where
    A: Account<Error: CallError>,
    L: Ledger,
    O: Outgoing,
{
    /// Counts that the guard works, and whether a sweep is overdue.
    pub(super) async fn tick(&self, Tick { sweep_rate }: &Tick) -> TaskResult {
        let mut result = TaskResult::default();
        let last = match self.ledger.read(last_sweep::KEY).await {
            Ok(Stored::Ours { body, .. }) => serde_json::from_slice::<LastSweep>(&body).ok(),
            Ok(Stored::Absent | Stored::Foreign { .. }) => None,
            Err(error) => {
                // The guard works, and an alarm reports the ledger.
                Self::not_readable(&error, &mut result.tally);
                result.tally.count(Metric::Tick, 1);
                return result;
            }
        };
        let overdue = is_overdue(sweep_rate, last.map(|last| last.time), self.now());
        result.tally.count(Metric::SweepOverdue, usize::from(overdue));
        result.tally.count(Metric::Tick, 1);
        result
    }
}

/// Whether two sweeps in a row have not ended. One that has never ended is overdue: the alarm waits for hours.
fn is_overdue(rate: &str, last: Option<OffsetDateTime>, now: OffsetDateTime) -> bool {
    let interval = last_sweep::interval(rate).unwrap_or(OF_A_SCHEDULE);
    let late = interval.saturating_add(interval).saturating_add(GRACE);
    last.is_none_or(|last| now - last > late)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_sweep_is_overdue_after_two_intervals_and_an_hour() {
        let now = datetime!(2026-11-30 12:00 UTC);
        for (rate, last, overdue) in [
            ("rate(6 hours)", Some(datetime!(2026-11-29 23:00 UTC)), false),
            ("rate(6 hours)", Some(datetime!(2026-11-29 22:59 UTC)), true),
            ("rate(1 day)", Some(datetime!(2026-11-28 11:00 UTC)), false),
            ("rate(1 day)", Some(datetime!(2026-11-28 10:59 UTC)), true),
            ("rate(30 minutes)", Some(datetime!(2026-11-30 09:59 UTC)), true),
            ("cron(0 3 ? * MON *)", Some(datetime!(2026-11-17 12:00 UTC)), false),
            ("cron(0 3 ? * MON *)", Some(datetime!(2026-11-14 12:00 UTC)), true),
            ("rate(6 hours)", None, true),
            // The longest that the parameter accepts is beyond every time.
            ("rate(2000000000 days)", Some(datetime!(2026-11-29 12:00 UTC)), false),
            ("rate(99999999999 days)", Some(datetime!(2026-11-29 12:00 UTC)), false),
        ] {
            assert_eq!(is_overdue(rate, last, now), overdue, "{rate} {last:?}");
        }
    }
}
