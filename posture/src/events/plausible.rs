//! Which times of events are plausible.
//!
//! A queue's policy admits only AWS and the roles of the stack. Should another principal have sent a message all the same,
//! its time must not keep it in the queue, and must not attribute a change.

use time::{Duration, OffsetDateTime};

use super::request::NotAnEvent;

/// How long an event can be on its way: a day in `EventBridge`, and the longest retention of SQS twice, in a queue and in its
/// DLQ.
///
/// Source: Amazon EventBridge User Guide, "Retrying undelivered events"; Amazon SQS API Reference, `SetQueueAttributes`.
const HELD_MAX: Duration = Duration::days(1 + 2 * 14);
/// How far in the future the time of an event may be. Later ones are refused.
pub(crate) const FUTURE_MAX: Duration = Duration::minutes(5);
/// The most difference between the clocks of AWS and of a function.
const SKEW_MAX: Duration = Duration::minutes(1);

/// Refuses an event whose time is in the future. It is not retried: it would be in the future for as long as its sender wants.
pub(super) fn not_in_future(time: OffsetDateTime, now: OffsetDateTime) -> Result<(), NotAnEvent> {
    if time - now > FUTURE_MAX {
        return Err(NotAnEvent::Refused("its time is more than five minutes in the future"));
    }
    Ok(())
}

/// Whether an event of this time may be on its way now.
pub(crate) fn is_plausible(time: OffsetDateTime, now: OffsetDateTime) -> bool {
    (-SKEW_MAX..=HELD_MAX).contains(&(now - time))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_age_of_an_event_is_bounded_on_both_sides() {
        let now = datetime!(2026-11-20 12:00 UTC);
        for (age, plausible, refused) in [
            (Duration::ZERO, true, false),
            (Duration::days(29), true, false),
            (Duration::days(29) + Duration::SECOND, false, false),
            (-Duration::MINUTE, true, false),
            (-Duration::seconds(61), false, false),
            (-Duration::minutes(5), false, false),
            (-Duration::seconds(301), false, true),
        ] {
            assert_eq!(is_plausible(now - age, now), plausible, "{age}");
            assert_eq!(not_in_future(now - age, now).is_err(), refused, "{age}");
        }
    }
}
