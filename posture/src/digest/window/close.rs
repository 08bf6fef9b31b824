//! Closes windows, and fixes and publishes their digests.

use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime};

use super::{
    CLOCKS_APART, Close, Digest, Fetched, Gather, GatherError, LEASE, LENGTH_MAX, LOOKED_BACK,
    Outbox, Published, REDRIVEN_WITHIN, Store, StoreResult, WindowState, get, merge, stored,
};
use crate::BucketName;
use crate::digest::window::keys::{self, Entry, Window};
use crate::events::object_event::ObjectEvent;

impl<S: Store, O: Outbox> Gather<'_, S, O> {
    /// Closes windows and publishes their digests, the oldest first. If a window fails, the others are published all the same
    /// ([`Published::failures`]), and the next call continues with it.
    pub async fn close(&self, which: Close, now: OffsetDateTime) -> StoreResult<Published, S> {
        let (prefix, after) = match which {
            Close::One(window) => (window.prefix_of_time(), String::new()),
            Close::Ended => (keys::PREFIX.to_owned(), Window::from(now - looked_back(now))),
            Close::All => (keys::PREFIX.to_owned(), String::new()),
        };
        let mut result = Published::default();
        for (window, state) in self.states(&prefix, &after).await? {
            let is_meant = match which {
                Close::One(one) => window == one,
                Close::Ended => state.is_over(window, now),
                Close::All => true,
            };
            if is_meant && !state.parts.is_empty() && !state.is_published() {
                self.publish_window(window, &state, now, &mut result).await;
            }
        }
        Ok(result)
    }

    /// Closes a window before its end because of an alert about these buckets, and publishes it.
    pub async fn alert(
        &self,
        window: Window,
        buckets: &[BucketName],
        now: OffsetDateTime,
    ) -> StoreResult<Published, S> {
        self.put_new(&window.key(&Entry::Closed), stored::closed(buckets)).await?;
        self.close(Close::One(window), now).await
    }

    /// How often each bucket had an alert in the earlier windows of the same time.
    pub async fn alerted_before(
        &self,
        window: Window,
    ) -> StoreResult<BTreeMap<BucketName, u32>, S> {
        let mut times = BTreeMap::new();
        for (before, state) in self.states(&window.prefix_of_time(), "").await? {
            if before < window && state.is_closed() {
                let key = before.key(&Entry::Closed);
                let closed = self.store.get(&key, stored::CLOSED_BYTES_MAX).await;
                let Fetched::Content(closed) = closed.map_err(GatherError::Store)? else {
                    tracing::error!(key, "an object of the ledger was left out");
                    continue;
                };
                for bucket in stored::alerted(&closed) {
                    *times.entry(bucket).or_default() += 1;
                }
            }
        }
        Ok(times)
    }

    /// Publishes a window, unless another function does. Failures are added to the result.
    async fn publish_window(
        &self,
        window: Window,
        state: &WindowState,
        now: OffsetDateTime,
        result: &mut Published,
    ) {
        let outcome = match self.digest(window, state, now, result).await {
            Ok((digest, is_ours)) => self.publish(window, &digest, is_ours, now, result).await,
            Err(error) => Err(error),
        };
        result.failures.extend(outcome.err().map(|error| format!("window {window}: {error}")));
    }

    async fn publish(
        &self,
        window: Window,
        digest: &Digest,
        is_ours: bool,
        now: OffsetDateTime,
        result: &mut Published,
    ) -> StoreResult<(), S> {
        // The state is read after the digest, which another function may have fixed.
        let state = self.state(window).await?;
        if state.is_published() {
            return Ok(());
        }
        if !is_ours {
            let (count, since) = match (state.again, state.digest_written) {
                (Some((count, written)), _) => (count.saturating_add(1), written),
                (None, Some(written)) => (0, written),
                (None, None) => (0, now),
            };
            let is_late = now - since > LEASE;
            let claim = window.key(&Entry::Again(count));
            if !is_late || !self.put_new(&claim, b"{}".to_vec()).await? {
                result.busy += 1;
                return Ok(());
            }
        }
        let mut notifications = Vec::new();
        if !digest.events.is_empty() {
            notifications = self.outbox.notifications(digest);
        }
        for (number, notification) in
            notifications.iter().enumerate().map(|(at, notification)| (at + 1, notification))
        {
            if state.sent.contains(&(number, notifications.len())) {
                continue;
            }
            let published = self.outbox.publish(notification).await;
            published.map_err(|error| GatherError::Publish(error.to_string()))?;
            result.notifications += 1;
            self.put_sent(window, number, notifications.len()).await?;
        }
        // A window without new events has no notifications.
        if notifications.is_empty() {
            self.put_sent(window, 0, 0).await?;
        }
        result.events += digest.events.len();
        Ok(())
    }

    async fn put_sent(&self, window: Window, number: usize, of: usize) -> StoreResult<(), S> {
        let key = window.key(&Entry::Sent(number, of));
        self.store.put(&key, b"{}".to_vec()).await.map_err(GatherError::Store)
    }

    /// Closes a window and fixes its digest, if necessary. Returns the digest, and whether it was fixed here.
    ///
    /// Whether there is a digest is known from the list: without permission to list the whole bucket, S3 answers `403` and
    /// not `404` for a missing object.
    ///
    /// Source: Amazon S3 API Reference, `GetObject`, "Permissions".
    async fn digest(
        &self,
        window: Window,
        state: &WindowState,
        now: OffsetDateTime,
        result: &mut Published,
    ) -> StoreResult<(Digest, bool), S> {
        let mut has_foreign = false;
        if state.digest_written.is_some() {
            match self.fixed(window, result).await? {
                Some(digest) => return Ok((digest, false)),
                None => has_foreign = true,
            }
        }
        self.put_new(&window.key(&Entry::Closed), stored::closed(&[])).await?;
        let state = self.state(window).await?;
        if state.digest_written.is_some() && !has_foreign {
            match self.fixed(window, result).await? {
                Some(digest) => return Ok((digest, false)),
                None => has_foreign = true,
            }
        }
        let keys: Vec<String> = state.parts.into_iter().map(|part| part.key).collect();
        let mut events = merge::merged(self.parts(&keys, result).await?);
        self.leave_out_counted(window, &mut events, now, result).await?;
        let mut digest = Digest::new(window, now, events);
        if !digest.events.is_empty() {
            digest.known = self.outbox.known(&digest).await;
        }
        let (key, json) = (window.digest_key(), stored::json(&digest));
        if json.len() as u64 > stored::DIGEST_BYTES_MAX {
            return Err(GatherError::TooMany);
        }
        // A digest that does not count must not keep the window unpublished. The bucket keeps its version.
        if has_foreign {
            self.store.put(&key, json).await.map_err(GatherError::Store)?;
            return Ok((digest, true));
        }
        if self.put_new(&key, json).await? {
            return Ok((digest, true));
        }
        Ok((get(self.store, &key).await?, false))
    }

    /// The digest of a window, if it counts.
    async fn fixed(
        &self,
        window: Window,
        result: &mut Published,
    ) -> StoreResult<Option<Digest>, S> {
        result.counts(get(self.store, &window.digest_key()).await)
    }

    /// Leaves out the events that earlier windows have counted: SQS delivers a message twice or it is redriven from the DLQ, a
    /// part is put too late, or S3 sends an event twice.
    ///
    /// A window that was closed before an event happened cannot contain it. Digests are compared one by one to limit memory.
    async fn leave_out_counted(
        &self,
        window: Window,
        events: &mut Vec<ObjectEvent>,
        now: OffsetDateTime,
        result: &mut Published,
    ) -> StoreResult<(), S> {
        let Some(since) = events.iter().map(|event| event.time).min() else { return Ok(()) };
        let since = since.max(now - REDRIVEN_WITHIN) - CLOCKS_APART;
        // A window that contains this time began at most its length before. Another length needs a new configuration.
        let from = since.min(window.start()) - Duration::seconds(window.length().into());
        for (before, mut state) in self.states(keys::PREFIX, &Window::from(from)).await? {
            let is_before = before < window && before.end() >= since && state.is_over(before, now);
            let was_closed = state.closed_written.is_some_and(|closed| closed < since);
            if !is_before || was_closed || state.parts.is_empty() {
                continue;
            }
            // Every earlier window is fixed before this one, or both could count the same event.
            if state.digest_written.is_none() {
                Box::pin(self.publish_window(before, &state, now, result)).await;
                state = self.state(before).await?;
            }
            // The failure is already recorded. Publishing twice is better than never.
            if state.digest_written.is_none() {
                continue;
            }
            match self.fixed(before, result).await {
                Ok(Some(digest)) => merge::leave_out(events, &digest.events),
                Ok(None) => {}
                // One that cannot be read must not block all others.
                Err(error @ GatherError::Unreadable { .. }) => {
                    result.failures.push(format!("window {before}: {error}"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn state(&self, window: Window) -> StoreResult<WindowState, S> {
        Ok(self.states(&window.prefix(), "").await?.remove(&window).unwrap_or_default())
    }
}

/// How old the windows are that are listed: about a day, and [`LOOKED_BACK`] once an hour, because short windows have many keys.
fn looked_back(now: OffsetDateTime) -> Duration {
    if now.minute() < 15 { LOOKED_BACK } else { LENGTH_MAX + Duration::HOUR }
}
