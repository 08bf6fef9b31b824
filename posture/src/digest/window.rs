//! Gathers the events of objects over a window of time and has them told once.
//!
//! SQS delivers at least once, in many batches, to functions that may die. So that each event is counted once all the
//! same, the events lie in the ledger until they are told, and each step there is one that only one function can take:
//!
//! 1. A batch is put as a *part* of the window, and the window is listed. If it was closed meanwhile, the part may or may
//!    not have counted: the batch is put again into the next window of the same time.
//! 2. Who *closes* a window, at its end or because of an alert, puts that down first and reads the parts then. A part that
//!    is not seen was put by somebody who saw the closing, and put it again.
//! 3. The *digest* is fixed: all events once, without those that digests before it have, and the notices about them. It
//!    is put only where there is none yet. Whoever was first tells it; whoever finds it untold after [`LEASE`] tells the
//!    same notices again.
//! 4. Each notice that was published is put down as *sent*.
//!
//! A function that dies between publishing and putting that down is the one case in which a notice goes out twice, with
//! the same id. Nobody deletes anything here, only the bucket's lifecycle does; the keys alone tell how far a window is
//! (`keys`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::{Duration, OffsetDateTime};

use crate::events::object_event::ObjectEvent;
use crate::events::wire::as_text;

mod close;
mod kept;
pub mod keys;
mod merge;
mod sightings;

pub use kept::{Digest, Part};
pub use keys::Window;
pub use sightings::Sightings;

use keys::Entry;

/// How long whoever fixed a digest has to tell it: longer than a function runs.
pub const LEASE: Duration = Duration::minutes(2);
/// How far back windows are looked for that are not told yet. After that, [`Close::All`] tells them.
pub const LOOKED_BACK: Duration = Duration::days(2);
/// The longest window.
const LENGTH_MAX: Duration = Duration::DAY;
/// How far the clocks of S3's events and of its lists may be apart.
const CLOCKS_APART: Duration = Duration::minutes(2);
/// For how long an event may lie in the dead letters and come again. SQS keeps no message longer.
///
/// Source: Amazon SQS API Reference, `SetQueueAttributes`.
const REDRIVEN_WITHIN: Duration = Duration::days(14);
/// The most events of a window, which is closed before its end to keep it: one digest has to fit into the memory of a
/// function.
pub const EVENTS_MAX: usize = 50_000;
/// How many more may come until a window that is full is closed: two functions gather at once, and Lambda hands each of them
/// 6 MB of messages that have more than a kilobyte.
///
/// Source: AWS Lambda Developer Guide, "Lambda quotas".
const ROOM: usize = 2 * 6_000;
/// How many objects of the ledger are read or written at once.
const AT_ONCE: usize = 16;
/// How often a batch is put again because its window was closed meanwhile.
const PUTS_MAX: u32 = 8;

/// An object of the store, as a list has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// When it was written, by the store's own clock.
    pub written: OffsetDateTime,
}

/// Where the events lie until they are told: the ledger bucket.
pub trait Store: Sync {
    /// What can go wrong with a call.
    type Error: fmt::Display + Send;

    /// Puts an object, in place of any other of this key.
    fn put(&self, key: &str, body: Vec<u8>)
    -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Puts an object where there is none. `false` if there is one.
    fn put_new(
        &self,
        key: &str,
        body: Vec<u8>,
    ) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Reads an object. `None` if there is none.
    fn get(&self, key: &str) -> impl Future<Output = Result<Option<Vec<u8>>, Self::Error>> + Send;

    /// Lists what is behind a key and begins with a prefix.
    fn list(
        &self,
        prefix: &str,
        after: &str,
    ) -> impl Future<Output = Result<Vec<Listed>, Self::Error>> + Send;
}

/// How notices go out.
pub trait Outbox: Sync {
    /// What is published.
    type Notice: Clone + Serialize + DeserializeOwned + Send + Sync;
    /// What can go wrong.
    type Error: fmt::Display + Send;

    /// Says what is to be told of a digest. It is put down with it, and asked for once.
    fn notices(&self, digest: &Digest) -> impl Future<Output = Vec<Self::Notice>> + Send;

    /// Publishes a notice.
    fn publish(
        &self,
        notice: &Self::Notice,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// Why something could not be gathered or told.
#[derive(Debug, Error)]
pub enum GatherError<S> {
    /// A call to the store failed.
    #[error("{0}")]
    Store(S),
    /// A notification could not be published.
    #[error("{0}")]
    Publish(String),
    /// Something in the store is not understood.
    #[error("`{key}` in the ledger is not understood: {cause}")]
    Form {
        /// Its key.
        key: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The windows were closed as fast as a batch could be put into them.
    #[error("{PUTS_MAX} windows were closed one after the other while a batch was put into them")]
    Closing,
}

/// A batch of events.
#[derive(Clone, Debug)]
pub struct Batch<'a> {
    /// A name that no other batch has.
    pub name: &'a str,
    /// What happened.
    pub events: Vec<ObjectEvent>,
    /// How many of the events could be one too many.
    pub alarming: usize,
}

/// Where a batch was put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gathered {
    /// The window in which it counts.
    pub window: Window,
    /// Whether it is the first in it: somebody has to have it closed.
    pub is_first: bool,
    /// How many events the window has now, duplicates included.
    pub events: usize,
    /// How many of them could be one too many.
    pub alarming: usize,
    /// The other batches of the window.
    others: Vec<String>,
}

impl Gathered {
    /// Whether the window has to be closed now, because it may not have room for what comes next.
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

/// What came of closing windows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// How many events were told.
    pub events: usize,
    /// How many notices were published.
    pub notices: usize,
    /// Windows that somebody else is telling this moment.
    pub busy: usize,
    /// What failed, in words.
    pub failures: Vec<String>,
}

type StoreResult<T, S> = Result<T, GatherError<<S as Store>::Error>>;

/// Gathers events.
#[derive(Clone, Copy, Debug)]
pub struct Gather<'a, S, O> {
    /// Where they lie.
    pub store: &'a S,
    /// How they are told.
    pub outbox: &'a O,
    /// How long a window is, in seconds.
    pub length: u32,
}

/// How far a window is, by its keys.
#[derive(Clone, Debug, Default)]
struct State {
    parts: Vec<Listed>,
    closed_written: Option<OffsetDateTime>,
    digest_written: Option<OffsetDateTime>,
    again: Option<(u32, OffsetDateTime)>,
    sent: BTreeSet<(usize, usize)>,
}

impl State {
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

    /// Whether nothing comes to it any more that would count.
    fn is_over(&self, window: Window, now: OffsetDateTime) -> bool {
        self.is_closed() || window.end() <= now
    }

    /// All that is told of it was sent.
    fn is_told(&self) -> bool {
        self.sent.first().is_some_and(|(_, of)| self.sent.len() >= *of)
    }
}

impl<S: Store, O: Outbox> Gather<'_, S, O> {
    /// Puts a batch where it counts.
    pub async fn put(&self, batch: &Batch<'_>, now: OffsetDateTime) -> StoreResult<Gathered, S> {
        let mut window = Window::at(now, self.length);
        for _ in 0..PUTS_MAX {
            let part = Part::new(batch.events.clone());
            let entry = Entry::Part(batch.events.len(), batch.alarming, batch.name.to_owned());
            let key = window.key(&entry);
            self.store.put(&key, kept::json(&part)).await.map_err(GatherError::Store)?;
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
                    counts.fold(so_far, |all, one| (all.0 + one.0, all.1 + one.1));
                return Ok(Gathered { window, is_first, events, alarming, others });
            }
            // Its parts were read before this one came, or after: the digest of the next window finds out.
            while states.get(&window).is_some_and(State::is_closed) {
                window = window.after_closing();
            }
        }
        Err(GatherError::Closing)
    }

    /// All events of the window that a batch was put into, with its own; duplicates are not taken out.
    pub async fn so_far(
        &self,
        gathered: &Gathered,
        batch: &Batch<'_>,
    ) -> StoreResult<Vec<ObjectEvent>, S> {
        let mut events = batch.events.clone();
        for part in self.parts(&gathered.others).await? {
            events.extend(part.events);
        }
        Ok(events)
    }

    async fn states(&self, prefix: &str, after: &str) -> StoreResult<BTreeMap<Window, State>, S> {
        states(self.store, prefix, after).await
    }

    async fn parts(&self, keys: &[String]) -> StoreResult<Vec<Part>, S> {
        let parts = stream::iter(keys).map(|key| get(self.store, key));
        parts.buffered(AT_ONCE).try_collect().await
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
) -> StoreResult<BTreeMap<Window, State>, S> {
    let mut states: BTreeMap<Window, State> = BTreeMap::new();
    for listed in store.list(prefix, after).await.map_err(GatherError::Store)? {
        if let Some((window, entry)) = Window::of_key(&listed.key) {
            states.entry(window).or_default().add(listed, &entry);
        }
    }
    Ok(states)
}

/// Reads a part or a digest.
async fn get<S: Store, T: DeserializeOwned>(store: &S, key: &str) -> StoreResult<T, S> {
    let form = |cause: String| GatherError::Form { key: key.to_owned(), cause };
    let json = store.get(key).await.map_err(GatherError::Store)?;
    let json = json.ok_or_else(|| form("it is listed and cannot be read".to_owned()))?;
    kept::read(&json).map_err(|error| form(error.to_string()))
}

/// How many events a part has, and how many of them could be one too many.
fn counts(key: &str) -> (usize, usize) {
    match Window::of_key(key) {
        Some((_, Entry::Part(count, alarming, _))) => (count, alarming),
        Some(_) | None => (0, 0),
    }
}

#[cfg(test)]
mod tests;
