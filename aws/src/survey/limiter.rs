//! How many requests a Region takes at once: a few more while it answers, half as many when it has too many.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The requests at the beginning.
const FIRST: usize = 32;
/// The fewest requests.
const LEAST: usize = 4;
/// After so many answers there is room for one request more.
const ANSWERS: usize = 50;

/// A limit that grows by one after many answers and is halved when there were too many requests (AIMD).
#[derive(Debug)]
pub(super) struct Limiter {
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Debug)]
struct State {
    limit: usize,
    most: usize,
    in_flight: usize,
    answers: usize,
    throttles: u64,
    /// How often the limit was halved: what was sent before the last time says nothing about the limit since then.
    halvings: u64,
}

/// A request that may be made.
#[derive(Debug)]
pub(super) struct Permit<'a> {
    limiter: &'a Limiter,
    halvings: u64,
}

impl Limiter {
    pub(super) fn new(most: usize) -> Self {
        let state = State {
            limit: FIRST.min(most),
            most,
            in_flight: 0,
            answers: 0,
            throttles: 0,
            halvings: 0,
        };
        Self { state: Mutex::new(state), freed: Notify::new() }
    }

    /// How often there were too many requests.
    pub(super) fn throttles(&self) -> u64 {
        self.lock().throttles
    }

    /// Waits for room for a request.
    pub(super) async fn acquire(&self) -> Permit<'_> {
        loop {
            let freed = self.freed.notified();
            {
                let mut state = self.lock();
                if state.in_flight < state.limit {
                    state.in_flight += 1;
                    if state.in_flight < state.limit {
                        // There may be room for another one that waits.
                        self.freed.notify_one();
                    }
                    return Permit { limiter: self, halvings: state.halvings };
                }
            }
            freed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// The request was answered.
    pub(super) fn succeeded(self) {
        let mut state = self.limiter.lock();
        state.answers += 1;
        if state.answers >= ANSWERS {
            state.answers = 0;
            state.limit = (state.limit + 1).min(state.most);
        }
    }

    /// There were too many requests.
    pub(super) fn throttled(self) {
        let mut state = self.limiter.lock();
        state.throttles += 1;
        state.answers = 0;
        if self.halvings == state.halvings {
            state.limit = (state.limit / 2).max(LEAST.min(state.most));
            state.halvings += 1;
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.limiter.lock().in_flight -= 1;
        self.limiter.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;

    use super::*;

    fn limit(limiter: &Limiter) -> usize {
        limiter.lock().limit
    }

    #[tokio::test]
    async fn it_grows_by_one_after_many_answers_up_to_the_most() {
        let limiter = Limiter::new(33);
        for _ in 0..ANSWERS {
            limiter.acquire().await.succeeded();
        }
        assert_eq!(limit(&limiter), 33);
        for _ in 0..ANSWERS {
            limiter.acquire().await.succeeded();
        }
        assert_eq!(limit(&limiter), 33);
    }

    #[tokio::test]
    async fn it_is_halved_once_for_all_requests_of_one_moment() {
        let limiter = Limiter::new(128);
        let mut permits = Vec::new();
        for _ in 0..FIRST {
            permits.push(limiter.acquire().await);
        }
        permits.into_iter().for_each(Permit::throttled);
        assert_eq!((limit(&limiter), limiter.throttles()), (16, 32));
        for _ in 0..5 {
            limiter.acquire().await.throttled();
        }
        assert_eq!(limit(&limiter), LEAST);
    }

    #[tokio::test]
    async fn who_finds_no_room_waits_for_it() {
        let limiter = Limiter::new(1);
        let first = limiter.acquire().await;
        let mut second = pin!(limiter.acquire());
        let waits = poll_fn(|context| Poll::Ready(second.as_mut().poll(context).is_pending()));
        assert!(waits.await);
        drop(first);
        second.await.succeeded();
        assert_eq!(limiter.lock().in_flight, 0);
    }
}
