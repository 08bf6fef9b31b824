//! Waiting for AWS: polling until there is a result, retrying a call, and the pauses.
//!
//! A loop that a person may interrupt takes the interrupt as a future, which is raced with the pauses alone: a call in
//! progress is never dropped.

use std::collections::hash_map::RandomState;
use std::future::{Future, pending};
use std::hash::BuildHasher as _;
use std::pin::{Pin, pin};
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// The first pause of a [`Pace`]: many operations end, or fail, at once.
const PACE_FIRST: Duration = Duration::from_millis(100);
const PACE_BUSY: Duration = Duration::from_secs(1);
const PACE_MAX: Duration = Duration::from_secs(5);
/// After throttling.
const PACE_THROTTLED_MAX: Duration = Duration::from_secs(20);

/// Polls until there is a result, or until the deadline; a transient failure is retried.
///
/// At the deadline it returns the failure of the last call, or `None` if that did not fail.
pub async fn until<T, E>(
    pauses: impl Iterator<Item = Duration>,
    deadline: Instant,
    is_transient: impl Fn(&E) -> bool,
    call: impl AsyncFnMut() -> Result<Option<T>, E>,
) -> Result<Option<T>, E> {
    until_or((pauses, deadline), pending(), is_transient, call).await
}

/// The same, unless `interrupt` comes first: then it returns that error.
pub async fn until_or<T, E>(
    (mut pauses, deadline): (impl Iterator<Item = Duration>, Instant),
    interrupt: impl Future<Output = E>,
    is_transient: impl Fn(&E) -> bool,
    mut call: impl AsyncFnMut() -> Result<Option<T>, E>,
) -> Result<Option<T>, E> {
    let mut interrupt = pin!(interrupt);
    loop {
        let failure = match call().await {
            Ok(None) => None,
            Err(error) if is_transient(&error) => Some(error),
            answer => return answer,
        };
        match pauses.next() {
            Some(pause) if Instant::now() < deadline => {
                sleep_or(pause, interrupt.as_mut()).await?;
            }
            Some(_) | None => return failure.map_or(Ok(None), Err),
        }
    }
}

/// Retries a call whose failure is transient, once after each pause.
pub async fn retry<T, E>(
    pauses: impl Iterator<Item = Duration>,
    is_transient: impl Fn(&E) -> bool,
    call: impl AsyncFnMut() -> Result<T, E>,
) -> Result<T, E> {
    retry_or(pauses, pending(), is_transient, call).await
}

/// The same, unless `interrupt` comes first: then it returns that error.
pub async fn retry_or<T, E>(
    mut pauses: impl Iterator<Item = Duration>,
    interrupt: impl Future<Output = E>,
    is_transient: impl Fn(&E) -> bool,
    mut call: impl AsyncFnMut() -> Result<T, E>,
) -> Result<T, E> {
    let mut interrupt = pin!(interrupt);
    loop {
        match call().await {
            Err(error) if is_transient(&error) => match pauses.next() {
                Some(pause) => sleep_or(pause, interrupt.as_mut()).await?,
                None => return Err(error),
            },
            answer => return answer,
        }
    }
}

/// Sleeps, unless `interrupt` comes first.
pub async fn sleep_or<E>(
    pause: Duration,
    interrupt: Pin<&mut impl Future<Output = E>>,
) -> Result<(), E> {
    tokio::select! {
        () = sleep(pause) => Ok(()),
        error = interrupt => Err(error),
    }
}

/// Pauses that grow by a factor up to a maximum, without end.
pub fn growing(first: Duration, factor: u32, max: Duration) -> impl Iterator<Item = Duration> {
    std::iter::successors(Some(first), move |pause| Some((*pause * factor).min(max)))
}

/// Growing pauses between two polls, without end, with jitter so that many commands do not poll at once.
#[derive(Debug)]
pub struct Pace(Duration);

impl Default for Pace {
    fn default() -> Self {
        Self(PACE_FIRST)
    }
}

impl Iterator for Pace {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        Some(self.spread(random()))
    }
}

impl Pace {
    /// The next pause, between three and five quarters of the base, chosen by this number.
    fn spread(&mut self, random: u64) -> Duration {
        let spread = u32::try_from(random % 512).unwrap_or(256);
        let pause = self.0 * (768 + spread) / 1024;
        let grown = if self.0 < PACE_BUSY { self.0 * 2 } else { self.0 * 5 / 4 };
        self.0 = grown.min(PACE_MAX.max(self.0));
        pause
    }

    /// Something has happened: poll again soon.
    pub fn hurry(&mut self) {
        self.0 = self.0.min(PACE_BUSY);
    }

    /// AWS throttles.
    pub fn slow_down(&mut self) {
        self.0 = (self.0.max(PACE_BUSY) * 2).min(PACE_THROTTLED_MAX);
    }
}

/// A random number, without a dependency on a generator.
pub fn random() -> u64 {
    RandomState::new().hash_one(())
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::iter::repeat;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn is_transient(error: &&str) -> bool {
        *error == "passes"
    }

    /// Asks each second for ten seconds; gives the answer and when it came.
    async fn asked(
        interrupt: impl Future<Output = &'static str>,
        mut answer: impl FnMut(u32) -> Result<Option<u32>, &'static str>,
    ) -> (Result<Option<u32>, &'static str>, u64) {
        let begun = Instant::now();
        let mut calls = 0;
        let each_second = (repeat(SECOND), begun + SECOND * 10);
        let found = until_or(each_second, interrupt, is_transient, async || {
            calls += 1;
            answer(calls)
        });
        (found.await, begun.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_asked_until_there_is_an_answer_a_lasting_failure_or_the_deadline() {
        let third = asked(pending(), |call| match call {
            1 => Ok(None),
            2 => Err("passes"),
            call => Ok(Some(call)),
        });
        assert_eq!(third.await, (Ok(Some(3)), 2));
        assert_eq!(asked(pending(), |_| Err("lasts")).await, (Err("lasts"), 0));
        assert_eq!(asked(pending(), |_| Ok(None)).await, (Ok(None), 10));
        assert_eq!(asked(pending(), |_| Err("passes")).await, (Err("passes"), 10));
    }

    #[tokio::test(start_paused = true)]
    async fn an_interrupt_ends_a_pause_and_no_call() {
        let interrupt = async {
            sleep(SECOND * 5 / 2).await;
            "interrupted"
        };
        assert_eq!(asked(interrupt, |_| Ok(None)).await, (Err("interrupted"), 2));
        let answered = asked(ready("interrupted"), |call| Ok(Some(call)));
        assert_eq!(answered.await, (Ok(Some(1)), 0));
        let repeated = retry_or(
            repeat(SECOND),
            ready("interrupted"),
            is_transient,
            async || -> Result<(), _> { Err("passes") },
        );
        assert_eq!(repeated.await, Err("interrupted"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_is_repeated_after_each_pause_while_its_failure_passes() {
        let repeated = async |answer: fn(u32) -> Result<u32, &'static str>| {
            let begun = Instant::now();
            let mut calls = 0;
            let pauses = growing(SECOND, 2, SECOND * 3).take(3);
            let found = retry(pauses, is_transient, async || {
                calls += 1;
                answer(calls)
            });
            let found = found.await;
            (found, calls, begun.elapsed().as_secs())
        };
        let second = |call| if call < 2 { Err("passes") } else { Ok(call) };
        assert_eq!(repeated(second).await, (Ok(2), 2, 1));
        assert_eq!(repeated(|_| Err("lasts")).await, (Err("lasts"), 1, 0));
        assert_eq!(repeated(|_| Err("passes")).await, (Err("passes"), 4, 1 + 2 + 3));
    }

    #[test]
    fn pauses_grow_shrink_when_something_happens_and_grow_further_when_aws_is_asked_too_much() {
        let mut pace = Pace::default();
        let pauses: Vec<_> = (0..12).map(|_| pace.spread(256).as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 2000, 2500, 3125, 3906, 4882, 5000, 5000]);
        pace.hurry();
        assert_eq!(pace.spread(256), SECOND);
        for _ in 0..8 {
            pace.slow_down();
        }
        assert_eq!(pace.spread(256), Duration::from_secs(20));
        pace.hurry();
        assert_eq!(pace.spread(256), SECOND);
    }

    #[test]
    fn pauses_are_spread_around_what_they_would_be() {
        let next = |random| Pace(Duration::from_secs(4)).spread(random);
        assert_eq!(next(0), Duration::from_secs(3));
        assert!(next(511) < Duration::from_secs(5) && next(511) > Duration::from_millis(4900));
    }
}
