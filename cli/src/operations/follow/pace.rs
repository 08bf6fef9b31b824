//! How long is waited between two looks at AWS.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::Duration;

use tokio::time::sleep;

/// The first looks come fast: much is over, or has failed, at once.
const DELAY_FIRST: Duration = Duration::from_millis(100);
const DELAY_BUSY: Duration = Duration::from_secs(1);
const DELAY_MAX: Duration = Duration::from_secs(5);
/// Where AWS has had too many calls.
const DELAY_THROTTLED_MAX: Duration = Duration::from_secs(20);

/// The growing pause between two looks, spread so that many commands do not look at once.
#[derive(Debug)]
pub(crate) struct Pace(Duration);

impl Pace {
    pub(crate) fn new() -> Self {
        Self(DELAY_FIRST)
    }

    pub(crate) async fn pause(&mut self) {
        sleep(self.next(RandomState::new().hash_one(()))).await;
    }

    /// The next pause: somewhere between three and five quarters of what it would be, as this number has it.
    pub(crate) fn next(&mut self, random: u64) -> Duration {
        let spread = u32::try_from(random % 512).unwrap_or(256);
        let pause = self.0 * (768 + spread) / 1024;
        let grown = if self.0 < DELAY_BUSY { self.0 * 2 } else { self.0 * 5 / 4 };
        self.0 = grown.min(DELAY_MAX.max(self.0));
        pause
    }

    /// Something has happened: the next look comes soon.
    pub(crate) fn hurry(&mut self) {
        self.0 = self.0.min(DELAY_BUSY);
    }

    /// AWS has had too many calls.
    pub(crate) fn slow_down(&mut self) {
        self.0 = (self.0.max(DELAY_BUSY) * 2).min(DELAY_THROTTLED_MAX);
    }
}

/// A number that is another one each time, without a dependency on a generator.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_shrink_when_something_happens_and_grow_further_when_aws_is_asked_too_much() {
        let mut pace = Pace::new();
        let pauses: Vec<_> = (0..12).map(|_| pace.next(256).as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 2000, 2500, 3125, 3906, 4882, 5000, 5000]);
        pace.hurry();
        assert_eq!(pace.next(256), Duration::from_secs(1));
        for _ in 0..8 {
            pace.slow_down();
        }
        assert_eq!(pace.next(256), Duration::from_secs(20));
        pace.hurry();
        assert_eq!(pace.next(256), Duration::from_secs(1));
    }

    #[test]
    fn pauses_are_spread_around_what_they_would_be() {
        let next = |random| Pace(Duration::from_secs(4)).next(random);
        assert_eq!(next(0), Duration::from_secs(3));
        assert!(next(511) < Duration::from_secs(5) && next(511) > Duration::from_millis(4900));
    }
}
