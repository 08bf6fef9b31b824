//! Collects object events over a window of time and publishes them once.
//!
//! SQS delivers at least once, in many batches, to functions that may be terminated at any time. So that each event still
//! counts exactly once, the events are stored in the ledger until they are published, in steps that only one function can
//! take:
//!
//! 1. A batch is put as a *part* of the window, and the window is listed. If the window was closed meanwhile, the part may or
//!    may not have counted: the batch is put again into the next window of the same time.
//! 2. A function that *closes* a window, at its end or because of an alert, first records that and then reads the parts. If
//!    it does not see a part, the function that put it sees the closing and puts the part again.
//! 3. The *digest* is fixed: all events once, without those in earlier digests, and what is known about their buckets. It is
//!    put only if there is none yet. The function that put it makes the notifications from it and publishes them; another
//!    function that finds it unpublished after [`LEASE`] makes the same notifications again.
//! 4. Each published notification is recorded as *sent*, with its number and the number of all.
//!
//! Only if a function is terminated between the last two steps, a notification is published twice, with the same id. If a
//! new code or configuration makes another number of notifications from the digest, all of them are published. Objects are
//! deleted only by the lifecycle of the bucket; the keys alone show the state of a window (`keys`).
//!
//! A part or a digest that another principal has written, or that is not what its key says, does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::{Duration, OffsetDateTime};

use crate::BucketName;
use crate::events::object_event::ObjectEvent;
use crate::text::wire::as_text;

mod close;
pub mod keys;
mod merge;
mod sightings;
mod stored;

pub use keys::Window;
pub use sightings::Sightings;
pub use stored::{Digest, Known, Part};

use keys::Entry;
use stored::{Keyed, Unreadable};

/// How long a function has to publish the digest that it fixed: longer than its timeout.
pub const LEASE: Duration = Duration::minutes(2);
/// How old an unpublished window may be. Older ones are published by [`Close::All`].
pub const LOOKED_BACK: Duration = Duration::days(2);
/// The longest window.
const LENGTH_MAX: Duration = Duration::DAY;
/// The most difference between the clocks of S3's events and of its lists.
const CLOCKS_APART: Duration = Duration::minutes(2);
/// How long an event may stay in the DLQ before it is redriven: the longest retention of SQS.
///
/// Source: Amazon SQS API Reference, `SetQueueAttributes`.
const REDRIVEN_WITHIN: Duration = Duration::days(14);
/// The most events of a window, which is closed before its end if necessary: a digest has to fit into the memory of a function.
pub const EVENTS_MAX: usize = 50_000;
/// How many events may arrive until a full window is closed: two functions run at once, each with at most 6 MB of messages of
/// more than a kilobyte.
///
/// Source: AWS Lambda Developer Guide, "Lambda quotas".
const ROOM: usize = 2 * 6_000;
/// The most events that are read into memory, if windows were not closed in time.
const EVENTS_READ_MAX: usize = 2 * EVENTS_MAX;
/// How many objects of the ledger are read at once.
const AT_ONCE: usize = 16;
/// How often a batch is put because its window was closed meanwhile.
const PUTS_MAX: u32 = 8;

/// An object in a list of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// When it was written, by the clock of the store.
    pub written: OffsetDateTime,
}

/// An object of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// The function wrote it.
    Content(Vec<u8>),
    /// It does not count, for this reason: another principal may have written it.
    Foreign(String),
    /// It does not exist.
    Absent,
}

/// The store of the events until they are published: the ledger bucket.
pub trait Store: Sync {
    /// The error of a call.
    type Error: fmt::Display + Send;

    /// Puts an object, and replaces any other of this key.
    fn put(&self, key: &str, body: Vec<u8>)
    -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Puts an object if there is none of this key. `false` if there is one.
    fn put_new(
        &self,
        key: &str,
        body: Vec<u8>,
    ) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Reads an object of at most so many bytes.
    fn get(
        &self,
        key: &str,
        max_bytes: u64,
    ) -> impl Future<Output = Result<Fetched, Self::Error>> + Send;

    /// Lists the keys with a prefix that follow a key. Too many of them are an error.
    fn list(
        &self,
        prefix: &str,
        after: &str,
    ) -> impl Future<Output = Result<Vec<Listed>, Self::Error>> + Send;
}

/// Makes and publishes notifications.
pub trait Outbox: Sync {
    /// A notification.
    type Notification: Send + Sync;
    /// The error of publishing.
    type Error: fmt::Display + Send;

    /// What is known about the buckets of a digest. It is called once, and the digest contains the result.
    fn known(&self, digest: &Digest) -> impl Future<Output = BTreeMap<BucketName, Known>> + Send;

    /// Makes the notifications about a digest: always the same about the same digest.
    fn notifications(&self, digest: &Digest) -> Vec<Self::Notification>;

    /// Publishes a notification.
    fn publish(
        &self,
        notification: &Self::Notification,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// Why events could not be collected or published.
#[derive(Debug, Error)]
pub enum GatherError<S> {
    /// A call to the store failed.
    #[error("{0}")]
    Store(S),
    /// A notification could not be published.
    #[error("{0}")]
    Publish(String),
    /// An object in the store does not count.
    #[error("`{key}` in the ledger does not count: {cause}")]
    Form {
        /// Its key.
        key: String,
        /// The cause.
        cause: String,
    },
    /// An object in the store cannot be read now.
    #[error("`{key}` in the ledger could not be read: {cause}")]
    Unreadable {
        /// Its key.
        key: String,
        /// The cause.
        cause: String,
    },
    /// A window has more events than a function can read.
    #[error("a window has more than {EVENTS_READ_MAX} events")]
    TooMany,
    /// Too many windows were closed while a batch was put into them.
    #[error("{PUTS_MAX} windows in a row were closed while a batch was put into them")]
    Closing,
}

/// A batch of events.
#[derive(Clone, Debug)]
pub struct Batch<'a> {
    /// Its unique name.
    pub name: &'a str,
    /// The events.
    pub events: Vec<ObjectEvent>,
    /// How many of the events count for an alert.
    pub alarming: usize,
}

/// The result of putting a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gathered {
    /// The window in which it counts.
    pub window: Window,
    /// Whether it is the first in it: the caller has to schedule the closing.
    pub is_first: bool,
    /// How many events the window has now, duplicates included.
    pub events: usize,
    /// How many of them count for an alert.
    pub alarming: usize,
    /// The other batches of the window.
    others: Vec<String>,
}

impl Gathered {
    /// Whether the window has to be closed now, because it may not have room for the next batches.
    pub fn is_full(&self) -> bool {
        self.events > EVENTS_MAX - ROOM
    }
}

/// Which windows are to be closed and published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Close {
    /// This one, before its end or after it.
    #[serde(rename = "close-window", with = "as_text")]
    One(Window),
    /// All that have ended within [`LOOKED_BACK`].
    #[serde(rename = "close-windows")]
    Ended,
    /// All that there are, ended or not.
    #[serde(rename = "close-all-windows")]
    All,
}

/// The result of closing windows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// How many events were published.
    pub events: usize,
    /// How many notifications were published.
    pub notifications: usize,
    /// Windows that another function is publishing at the moment.
    pub busy: usize,
    /// How many objects did not count.
    pub foreign: usize,
    /// The failures, in words.
    pub failures: Vec<String>,
}

type StoreResult<T, S> = Result<T, GatherError<<S as Store>::Error>>;

/// Collects events.
#[derive(Clone, Copy, Debug)]
pub struct Gather<'a, S, O> {
    /// The store of the events.
    pub store: &'a S,
    /// Publishes them.
    pub outbox: &'a O,
    /// The length of a window, in seconds.
    pub length: u32,
}

/// The state of a window by its keys.
#[derive(Clone, Debug, Default)]
struct WindowState {
    parts: Vec<Listed>,
    closed_written: Option<OffsetDateTime>,
    digest_written: Option<OffsetDateTime>,
    again: Option<(u32, OffsetDateTime)>,
    sent: BTreeSet<(usize, usize)>,
}

impl WindowState {
    fn add(&mut self, listed: Listed, entry: &Entry) {
        match *entry {
            Entry::Part(..) => self.parts.push(listed),
            Entry::Closed => self.closed_written = Some(listed.written),
            Entry::Digest => self.digest_written = Some(listed.written),
            Entry::Again(count) => self.again = self.again.max(Some((count, listed.written))),
            Entry::Sent(number, of) => drop(self.sent.insert((number, of))),
        }
    }

    fn is_closed(&self) -> bool {
        self.closed_written.is_some()
    }

    /// Whether no more events count in it.
    fn is_over(&self, window: Window, now: OffsetDateTime) -> bool {
        self.is_closed() || window.end() <= now
    }

    /// Whether all its notifications were sent: all of one making of them.
    fn is_published(&self) -> bool {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        self.sent.iter().for_each(|(_, of)| *counts.entry(*of).or_default() += 1);
        counts.into_iter().any(|(of, sent)| sent >= of)
    }
}

impl<S: Store, O: Outbox> Gather<'_, S, O> {
    /// Puts a batch into the window where it counts.
    pub async fn put(&self, batch: &Batch<'_>, now: OffsetDateTime) -> StoreResult<Gathered, S> {
        let mut window = Window::at(now, self.length);
        for _ in 0..PUTS_MAX {
            let part = Part::new(batch.events.clone());
            let entry = Entry::Part(batch.events.len(), batch.alarming, batch.name.to_owned());
            let key = window.key(&entry);
            self.store.put(&key, stored::json(&part)).await.map_err(GatherError::Store)?;
            let states = self.states(&window.prefix_of_time(), "").await?;
            let state = states.get(&window).cloned().unwrap_or_default();
            if !state.is_closed() {
                let first = state.parts.iter().min_by_key(|part| (part.written, &part.key));
                let is_first = first.is_none_or(|first| first.key == key);
                let keys = state.parts.into_iter().map(|part| part.key);
                let others: Vec<String> = keys.filter(|other| *other != key).collect();
                let counts = others.iter().map(|part| counts(part));
                let so_far = (batch.events.len(), batch.alarming);
                let (events, alarming) =
                    counts.fold(so_far, |all, one| (add(all.0, one.0), add(all.1, one.1)));
                return Ok(Gathered { window, is_first, events, alarming, others });
            }
            // Its digest may have this part or not: the digest of the next window leaves out what it has.
            while states.get(&window).is_some_and(WindowState::is_closed) {
                window = window.after_closing();
            }
        }
        Err(GatherError::Closing)
    }

    /// All events of the window that a batch was put into, its own and duplicates included.
    pub async fn so_far(
        &self,
        gathered: &Gathered,
        batch: &Batch<'_>,
    ) -> StoreResult<Vec<ObjectEvent>, S> {
        let mut events = batch.events.clone();
        for part in self.parts(&gathered.others, &mut Published::default()).await? {
            events.extend(part.events);
        }
        Ok(events)
    }

    async fn states(
        &self,
        prefix: &str,
        after: &str,
    ) -> StoreResult<BTreeMap<Window, WindowState>, S> {
        states(self.store, prefix, after).await
    }

    /// Reads parts. Those that do not count are left out.
    async fn parts(&self, keys: &[String], result: &mut Published) -> StoreResult<Vec<Part>, S> {
        let (mut parts, mut events) = (Vec::new(), 0);
        let mut all =
            stream::iter(keys).map(|key| get::<_, Part>(self.store, key)).buffered(AT_ONCE);
        while let Some(part) = all.next().await {
            if let Some(part) = result.counts(part)? {
                events += part.events.len();
                if events > EVENTS_READ_MAX {
                    return Err(GatherError::TooMany);
                }
                parts.push(part);
            }
        }
        Ok(parts)
    }

    async fn put_new(&self, key: &str, body: Vec<u8>) -> StoreResult<bool, S> {
        self.store.put_new(key, body).await.map_err(GatherError::Store)
    }
}

/// The windows in a list.
async fn states<S: Store>(
    store: &S,
    prefix: &str,
    after: &str,
) -> StoreResult<BTreeMap<Window, WindowState>, S> {
    let mut states: BTreeMap<Window, WindowState> = BTreeMap::new();
    for listed in store.list(prefix, after).await.map_err(GatherError::Store)? {
        if let Some((window, entry)) = Window::of_key(&listed.key) {
            states.entry(window).or_default().add(listed, &entry);
        }
    }
    Ok(states)
}

/// Reads a part or a digest.
async fn get<S: Store, T: Keyed>(store: &S, key: &str) -> StoreResult<T, S> {
    let form = |cause: String| GatherError::Form { key: key.to_owned(), cause };
    let unreadable = |cause: String| GatherError::Unreadable { key: key.to_owned(), cause };
    let json = match store.get(key, T::BYTES_MAX).await.map_err(GatherError::Store)? {
        Fetched::Content(json) => json,
        Fetched::Foreign(cause) => return Err(form(cause)),
        Fetched::Absent => return Err(unreadable("it is listed but does not exist".to_owned())),
    };
    let read: T = stored::read(&json).map_err(|error| match error {
        Unreadable::Form(cause) => form(cause),
        Unreadable::Newer(version) => {
            unreadable(format!("it has version {version}, which this s3guard does not support"))
        }
    })?;
    let is_of_key = Window::of_key(key).is_some_and(|(window, entry)| read.is_of(window, &entry));
    if is_of_key { Ok(read) } else { Err(form("its content does not match its key".to_owned())) }
}

impl Published {
    /// What was read, if it counts.
    fn counts<T, S>(&mut self, read: Result<T, GatherError<S>>) -> Result<Option<T>, GatherError<S>>
    where
        S: fmt::Display,
    {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(error @ GatherError::Form { .. }) => {
                tracing::error!(%error, "an object of the ledger was left out");
                self.foreign += 1;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// The sum of counts that keys contain, which are not checked.
fn add(count: usize, other: usize) -> usize {
    count.saturating_add(other)
}

/// How many events a part has, and how many of them count for an alert.
fn counts(key: &str) -> (usize, usize) {
    match Window::of_key(key) {
        Some((_, Entry::Part(count, alarming, _))) => (count, alarming),
        Some(_) | None => (0, 0),
    }
}

#[cfg(test)]
mod tests;
