//! The time, and the time that is left.

use std::time::Duration;

use time::OffsetDateTime;

/// The time reserved to end an invocation properly, in seconds.
const TO_END_SECONDS: i64 = 5;

/// The time, and the deadline of the invocation.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    /// Returns the time.
    pub(crate) now: fn() -> OffsetDateTime,
    /// When Lambda ends the function.
    pub(crate) deadline: OffsetDateTime,
}

impl Clock {
    /// The clock of an invocation that Lambda ends at this time, in milliseconds since 1970.
    pub(crate) fn until(deadline: u64) -> Result<Self, time::error::ComponentRange> {
        let deadline = i128::from(deadline) * 1_000_000;
        let deadline = OffsetDateTime::from_unix_timestamp_nanos(deadline)?;
        Ok(Self { now: OffsetDateTime::now_utc, deadline })
    }

    /// The time.
    pub(crate) fn now(self) -> OffsetDateTime {
        (self.now)()
    }

    /// How long the invocation may still work before it must end.
    pub(crate) fn left(self) -> Duration {
        let left = self.deadline - self.now() - time::Duration::seconds(TO_END_SECONDS);
        left.try_into().unwrap_or_default()
    }
}
