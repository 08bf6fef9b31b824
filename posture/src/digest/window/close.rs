//! Closes windows, fixes what they have gathered, and tells it.

use std::collections::BTreeMap;

use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::{
    CLOCKS_APART, Close, Digest, Gather, GatherError, LEASE, LENGTH_MAX, LOOKED_BACK, Outbox,
    REDRIVEN_WITHIN, State, Store, StoreResult, Told, get, kept, merge,
};
use crate::BucketName;
use crate::digest::window::keys::{self, Entry, Window};
use crate::events::object_event::ObjectEvent;

impl<S: Store, O: Outbox> Gather<'_, S, O> {
    /// Closes windows, and tells what they have gathered, the oldest first. What fails of one window is no reason not to tell
    /// the others ([`Told::failures`]); whoever comes next goes on with it.
    pub async fn close(&self, which: Close, now: OffsetDateTime) -> StoreResult<Told, S> {
        let (prefix, after) = match which {
            Close::One(window) => (window.prefix_of_time(), String::new()),
            Close::Ended => (keys::PREFIX.to_owned(), Window::from(now - looked_back(now))),
            Close::All => (keys::PREFIX.to_owned(), String::new()),
        };
        let mut told = Told::default();
        for (window, state) in self.states(&prefix, &after).await? {
            let is_meant = match which {
                Close::One(one) => window == one,
                Close::Ended => state.is_over(window, now),
                Close::All => true,
            };
            if is_meant && !state.parts.is_empty() && !state.is_told() {
                self.tell(window, &state, now, &mut told).await;
            }
        }
        Ok(told)
    }

    /// Closes a window before its end because too much has happened in these buckets, and tells it.
    pub async fn alert(
        &self,
        window: Window,
        buckets: &[BucketName],
        now: OffsetDateTime,
    ) -> StoreResult<Told, S> {
        self.put_new(&window.key(&Entry::Closed), kept::closed(buckets)).await?;
        self.close(Close::One(window), now).await
    }

    /// How often each bucket was the reason to close a window of the same time before this one.
    pub async fn alerted_before(
        &self,
        window: Window,
    ) -> StoreResult<BTreeMap<BucketName, u32>, S> {
        let mut times = BTreeMap::new();
        for (before, state) in self.states(&window.prefix_of_time(), "").await? {
            if before < window && state.is_closed() {
                let closed = self.store.get(&before.key(&Entry::Closed)).await;
                for bucket in
                    kept::alerted(&closed.map_err(GatherError::Store)?.unwrap_or_default())
                {
                    *times.entry(bucket).or_default() += 1;
                }
            }
        }
        Ok(times)
    }

    /// Tells a window; if somebody else is at it, not. What fails is added to what was told.
    async fn tell(&self, window: Window, state: &State, now: OffsetDateTime, told: &mut Told) {
        let result = match self.digest(window, state, now, told).await {
            Ok((digest, is_ours)) => self.publish(window, &digest, is_ours, now, told).await,
            Err(error) => Err(error),
        };
        told.failures.extend(result.err().map(|error| format!("window {window}: {error}")));
    }

    async fn publish(
        &self,
        window: Window,
        digest: &Digest,
        is_ours: bool,
        now: OffsetDateTime,
        told: &mut Told,
    ) -> StoreResult<(), S> {
        // What was sent, and who is at it, is read after the digest: before, it may have been somebody else's.
        let state = self.state(window).await?;
        if state.is_told() {
            return Ok(());
        }
        if !is_ours {
            let (count, since) = match (state.again, state.digest_written) {
                (Some((count, written)), _) => (count + 1, written),
                (None, Some(written)) => (0, written),
                (None, None) => (0, now),
            };
            let is_late = now - since > LEASE;
            let claim = window.key(&Entry::Again(count));
            if !is_late || !self.put_new(&claim, b"{}".to_vec()).await? {
                told.busy += 1;
                return Ok(());
            }
        }
        let notices: Vec<O::Notice> =
            serde_json::from_value(digest.notices.clone()).map_err(|error| GatherError::Form {
                key: window.digest_key(),
                cause: error.to_string(),
            })?;
        for (number, notice) in notices.iter().enumerate().map(|(at, notice)| (at + 1, notice)) {
            if state.sent.contains(&(number, notices.len())) {
                continue;
            }
            let published = self.outbox.publish(notice).await;
            published.map_err(|error| GatherError::Publish(error.to_string()))?;
            told.notices += 1;
            self.put_sent(window, number, notices.len()).await?;
        }
        // A window in which nothing is new is told by nobody.
        if notices.is_empty() {
            self.put_sent(window, 0, 0).await?;
        }
        told.events += digest.events.len();
        Ok(())
    }

    async fn put_sent(&self, window: Window, number: usize, of: usize) -> StoreResult<(), S> {
        let key = window.key(&Entry::Sent(number, of));
        self.store.put(&key, b"{}".to_vec()).await.map_err(GatherError::Store)
    }

    /// The digest of a window, which is closed and fixed if it was not; and whether it was fixed here.
    ///
    /// Whether there is a digest is told by the list: whoever may not list a bucket without a prefix hears of a missing
    /// object that it is forbidden.
    ///
    /// Source: Amazon S3 API Reference, `GetObject`, "Permissions".
    async fn digest(
        &self,
        window: Window,
        state: &State,
        now: OffsetDateTime,
        told: &mut Told,
    ) -> StoreResult<(Digest, bool), S> {
        if state.digest_written.is_some() {
            return Ok((self.fixed(window).await?, false));
        }
        self.put_new(&window.key(&Entry::Closed), kept::closed(&[])).await?;
        let state = self.state(window).await?;
        if state.digest_written.is_some() {
            return Ok((self.fixed(window).await?, false));
        }
        let keys: Vec<String> = state.parts.into_iter().map(|part| part.key).collect();
        let mut events = merge::merged(self.parts(&keys).await?);
        self.leave_out_counted(window, &mut events, now, told).await?;
        let mut digest = Digest::new(window, now, events);
        let notices =
            if digest.events.is_empty() { Vec::new() } else { self.outbox.notices(&digest).await };
        digest.notices = json!(notices);
        if self.put_new(&window.digest_key(), kept::json(&digest)).await? {
            return Ok((digest, true));
        }
        Ok((self.fixed(window).await?, false))
    }

    async fn fixed(&self, window: Window) -> StoreResult<Digest, S> {
        get(self.store, &window.digest_key()).await
    }

    /// Leaves out what windows before this one have counted: SQS delivers a message twice or it comes back from the dead
    /// letters, a part came too late, or S3 sends an event twice.
    ///
    /// An event cannot have been counted before it happened: a window that was closed by then has none of these. One digest
    /// after the other is held against them, so that memory does not grow with how many there are.
    async fn leave_out_counted(
        &self,
        window: Window,
        events: &mut Vec<ObjectEvent>,
        now: OffsetDateTime,
        told: &mut Told,
    ) -> StoreResult<(), S> {
        let Some(since) = events.iter().map(|event| event.time).min() else { return Ok(()) };
        let since = since.max(now - REDRIVEN_WITHIN) - CLOCKS_APART;
        // A longer window may have begun earlier: of another length only after the configuration was changed.
        let from = since.min(window.start()) - Duration::seconds(window.length().into());
        for (before, mut state) in self.states(keys::PREFIX, &Window::from(from)).await? {
            let is_before = before < window && before.end() >= since && state.is_over(before, now);
            let was_closed = state.closed_written.is_some_and(|closed| closed < since);
            if !is_before || was_closed || state.parts.is_empty() {
                continue;
            }
            // Every window before this one is fixed before it, or both could count the same event.
            if state.digest_written.is_none() {
                Box::pin(self.tell(before, &state, now, told)).await;
                state = self.state(before).await?;
            }
            // Why it could not be fixed is said already. Told twice is better than never.
            if state.digest_written.is_none() {
                continue;
            }
            match self.fixed(before).await {
                Ok(digest) => merge::leave_out(events, &digest.events),
                // Nor may one that nobody understands keep all others from being told.
                Err(error @ GatherError::Form { .. }) => {
                    told.failures.push(format!("window {before}: {error}"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// How far a window is.
    async fn state(&self, window: Window) -> StoreResult<State, S> {
        Ok(self.states(&window.prefix(), "").await?.remove(&window).unwrap_or_default())
    }
}

/// How far back windows are looked for that have ended: a while, and once in an hour all of [`LOOKED_BACK`]. Short windows
/// have many keys.
fn looked_back(now: OffsetDateTime) -> Duration {
    if now.minute() < 15 { LOOKED_BACK } else { LENGTH_MAX + Duration::HOUR }
}
