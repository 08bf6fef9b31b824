//! A store, a topic, a queue and a function, each of which may fail at any call.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::FutureExt as _;
use time::macros::datetime;

use super::super::*;
use crate::model::change::Change;
use crate::testing::MemoryStore;

/// The start time.
pub(super) const NOON: OffsetDateTime = datetime!(2026-11-25 12:00 UTC);
/// The visibility timeout.
pub(super) const HIDDEN: Duration = Duration::minutes(6);
/// How often SQS delivers a message before it moves it to the DLQ.
const RECEIVES_MAX: u32 = 5;

/// The event of this number.
pub(super) fn event(number: usize) -> ObjectEvent {
    ObjectEvent {
        id: format!("id-{number}"),
        change: Change::CreatedOrOverwritten,
        bucket: "reports".parse().unwrap(),
        key: format!("key-{number}"),
        version_id: None,
        size_bytes: None,
        // Some kinds of events have none.
        sequencer: (!number.is_multiple_of(3)).then(|| format!("{number:016X}")),
        retention: None,
        is_acl_unchecked: false,
        requester: None,
        source_ip: None,
        time: NOON,
    }
}

/// A notification with the events that it is about.
#[derive(Clone, Debug)]
pub(super) struct Note {
    id: String,
    events: Vec<String>,
}

/// How the topic reacts to a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    /// It accepts it.
    There,
    /// It accepts one of three.
    Throttled,
    /// There is none.
    Missing,
}

/// A store and an outbox, each call of which may be the last one of a function.
pub(super) struct World {
    pub(super) store: MemoryStore,
    published: Mutex<Vec<Note>>,
    calls_left: AtomicU32,
    topic: Mutex<Topic>,
    asked_to_publish: AtomicU32,
    pub(super) a_notification: usize,
    /// After so many calls of one function another one closes all windows.
    pub(super) closed_after: AtomicU32,
}

/// The error of the last call of a function, or of a rejected call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Died;

impl fmt::Display for Died {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the function died")
    }
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            store: MemoryStore::new(NOON),
            published: Mutex::default(),
            calls_left: AtomicU32::new(u32::MAX),
            topic: Mutex::new(Topic::There),
            asked_to_publish: AtomicU32::new(0),
            a_notification: 2,
            closed_after: AtomicU32::new(u32::MAX),
        }
    }

    /// A function is terminated before a call, or after the call and before its answer.
    fn call<T>(&self, does: impl FnOnce() -> T) -> Result<T, Died> {
        match self.closed_after.load(Ordering::Relaxed) {
            u32::MAX => {}
            0 => {
                self.closed_after.store(u32::MAX, Ordering::Relaxed);
                let closed = self.gather().close(Close::All, NOON).now_or_never();
                closed.unwrap().unwrap();
            }
            left => self.closed_after.store(left - 1, Ordering::Relaxed),
        }
        match self.calls_left.load(Ordering::Relaxed) {
            0 => return Err(Died),
            u32::MAX => return Ok(does()),
            left => self.calls_left.store(left - 1, Ordering::Relaxed),
        }
        let done = does();
        if self.is_dead() { Err(Died) } else { Ok(done) }
    }

    fn is_dead(&self) -> bool {
        self.calls_left.load(Ordering::Relaxed) == 0
    }

    pub(super) fn gather(&self) -> Gather<'_, Self, Self> {
        Gather { store: self, outbox: self, length: 60 }
    }

    pub(super) fn set_topic(&self, topic: Topic) {
        *self.topic.lock().unwrap() = topic;
    }

    /// The number of events of each notification.
    pub(super) fn events_of_notifications(&self) -> Vec<usize> {
        self.published.lock().unwrap().iter().map(|note| note.events.len()).collect()
    }

    /// How often each event was published, in notifications with different ids; those with the same id must be equal.
    pub(super) fn published(&self) -> BTreeMap<String, usize> {
        let mut notes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for note in self.published.lock().unwrap().iter() {
            let known = notes.entry(note.id.clone()).or_insert_with(|| note.events.clone());
            assert_eq!(*known, note.events, "one id, two notifications");
        }
        let mut published = BTreeMap::new();
        for event in notes.into_values().flatten() {
            *published.entry(event).or_default() += 1;
        }
        published
    }
}

impl Store for World {
    type Error = Died;

    async fn put(&self, key: &str, body: Vec<u8>) -> Result<(), Died> {
        self.call(|| self.store.put(key, body).now_or_never().unwrap().unwrap())
    }

    async fn put_new(&self, key: &str, body: Vec<u8>) -> Result<bool, Died> {
        self.call(|| self.store.put_new(key, body).now_or_never().unwrap().unwrap())
    }

    async fn get(&self, key: &str, max_bytes: u64) -> Result<Fetched, Died> {
        // Without permission to list the whole bucket, S3 answers `403` for a missing object.
        let found =
            self.call(|| self.store.get(key, max_bytes).now_or_never().unwrap().unwrap())?;
        if found == Fetched::Absent { Err(Died) } else { Ok(found) }
    }

    async fn list(&self, prefix: &str, after: &str) -> Result<Vec<Listed>, Died> {
        self.call(|| self.store.list(prefix, after).now_or_never().unwrap().unwrap())
    }
}

impl Outbox for World {
    type Notification = Note;
    type Error = Died;

    async fn known(&self, digest: &Digest) -> BTreeMap<BucketName, Known> {
        let buckets = digest.events.iter().map(|event| event.bucket.clone());
        buckets.map(|bucket| (bucket, Known::default())).collect()
    }

    fn notifications(&self, digest: &Digest) -> Vec<Note> {
        let half = digest.events.len().div_ceil(self.a_notification).max(1);
        let note = |(number, events): (usize, &[ObjectEvent])| Note {
            id: format!("{}-{number}", digest.window),
            events: events.iter().map(|event| event.key.clone()).collect(),
        };
        digest.events.chunks(half).enumerate().map(note).collect()
    }

    async fn publish(&self, notification: &Note) -> Result<(), Died> {
        let is_third = self.asked_to_publish.fetch_add(1, Ordering::Relaxed).is_multiple_of(3);
        match *self.topic.lock().unwrap() {
            Topic::Missing => return Err(Died),
            Topic::Throttled if !is_third => return Err(Died),
            Topic::Throttled | Topic::There => {}
        }
        self.call(|| self.published.lock().unwrap().push(notification.clone()))
    }
}

/// The content of a message.
#[derive(Clone, Copy, Debug)]
enum Asks {
    /// The event of this number, at this time.
    Event(usize, OffsetDateTime),
    Close(Window),
}

/// A message of the queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    asks: Asks,
    receives: u32,
}

impl Message {
    pub(super) fn event(number: usize, time: OffsetDateTime) -> Self {
        Self::new(Asks::Event(number, time))
    }

    fn new(asks: Asks) -> Self {
        Self { asks, receives: 0 }
    }
}

/// A queue and a function, as SQS and Lambda drive them.
pub(super) struct Queue<'a> {
    world: &'a World,
    pub(super) now: OffsetDateTime,
    waiting: VecDeque<(OffsetDateTime, Message)>,
    dead_letters: Vec<Message>,
    invocations: usize,
}

impl<'a> Queue<'a> {
    pub(super) fn new(world: &'a World) -> Self {
        let (waiting, dead_letters) = (VecDeque::new(), Vec::new());
        Self { world, now: NOON, waiting, dead_letters, invocations: 0 }
    }

    pub(super) fn later(&mut self, at: OffsetDateTime, message: Message) {
        self.waiting.push_back((at, message));
    }

    /// Whether it and its DLQ are empty.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.dead_letters.is_empty()
    }

    /// The keys of the events in the DLQ.
    pub(super) fn dead(&self) -> BTreeSet<String> {
        let key = |message: &Message| match message.asks {
            Asks::Event(number, _) => Some(event(number).key),
            Asks::Close(_) => None,
        };
        self.dead_letters.iter().filter_map(key).collect()
    }

    /// Redrives the DLQ. SQS counts the deliveries of its messages from zero again.
    pub(super) fn redrive(&mut self) {
        for Message { asks, .. } in std::mem::take(&mut self.dead_letters) {
            self.later(self.now, Message::new(asks));
        }
    }

    /// Receives up to so many messages that are due.
    pub(super) fn receive(&mut self, max: usize) -> Vec<Message> {
        let (mut batch, mut rest) = (Vec::new(), VecDeque::new());
        for (at, message) in self.waiting.drain(..) {
            if at <= self.now && batch.len() < max {
                batch.push(message);
            } else {
                rest.push_back((at, message));
            }
        }
        self.waiting = rest;
        batch
    }

    /// Makes the unfinished messages visible again, or moves them to the DLQ.
    fn failed(&mut self, messages: &[Message]) {
        for message in messages {
            let receives = message.receives + 1;
            let message = Message { receives, ..*message };
            if receives == RECEIVES_MAX {
                self.dead_letters.push(message);
            } else {
                self.later(self.now + HIDDEN, message);
            }
        }
    }

    /// Invokes the function with a batch; it may be terminated after `calls`. Unfinished messages are delivered again.
    pub(super) fn invoke(&mut self, batch: Vec<Message>, calls: Option<u32>) {
        self.invocations += 1;
        self.world.store.set_time(self.now);
        self.world.calls_left.store(calls.unwrap_or(u32::MAX), Ordering::Relaxed);
        let failed = self.handle(&batch);
        // All messages of a terminated function are delivered again.
        let failed = if self.world.is_dead() { batch } else { failed };
        self.failed(&failed);
    }

    /// Does the same as `lambda::notify`; returns the failures.
    fn handle(&mut self, batch: &[Message]) -> Vec<Message> {
        let name = format!("request-{}", self.invocations);
        let (mut events, mut messages, mut closes) = (Vec::new(), Vec::new(), Vec::new());
        for message in batch {
            match message.asks {
                Asks::Event(number, time) => {
                    events.push(ObjectEvent { time, ..event(number) });
                    messages.push(*message);
                }
                Asks::Close(window) => closes.push((*message, window)),
            }
        }
        let mut failed = Vec::new();
        if !events.is_empty() {
            let batch = Batch { name: &name, events, alarming: 0 };
            match self.world.gather().put(&batch, self.now).now_or_never().unwrap() {
                Ok(gathered) if gathered.is_full() => {
                    // If it fails, the first batch of the window schedules the closing.
                    let _ = self.close(Close::One(gathered.window));
                }
                // The first batch of a window schedules the closing at its end.
                Ok(Gathered { window, is_first: true, .. }) => {
                    self.later(window.end().max(self.now), Message::new(Asks::Close(window)));
                }
                Ok(_) => {}
                Err(_) => failed = messages,
            }
        }
        for (message, window) in closes {
            let published = self.close(Close::One(window));
            if !published
                .is_ok_and(|published| published.failures.is_empty() && published.busy == 0)
            {
                failed.push(message);
            }
        }
        failed
    }

    fn close(&self, which: Close) -> Result<Published, GatherError<Died>> {
        self.world.gather().close(which, self.now).now_or_never().unwrap()
    }

    /// The schedule, which closes the other windows.
    pub(super) fn tick(&mut self) {
        self.world.store.set_time(self.now);
        self.world.calls_left.store(u32::MAX, Ordering::Relaxed);
        let _ = self.close(Close::Ended);
    }
}
