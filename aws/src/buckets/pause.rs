//! How long to wait before something is read again.

use std::time::Duration;

/// S3's settings are mostly consistent at once, and then after seconds: 0.3 s, 0.9 s, 2.7 s.
pub(super) fn before(attempt: u32) -> Duration {
    Duration::from_millis(100) * 3_u32.saturating_pow(attempt.min(5))
}
