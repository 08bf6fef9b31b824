//! A ledger, publisher and queue in memory, for `replay` and for tests.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Delayed, Ledger, Outgoing};
use crate::Notification;
use crate::reconcile::ledger::{Condition, KeyRange, Stored};

/// The objects of a ledger.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    objects: Mutex<BTreeMap<String, Held>>,
}

/// An object.
#[derive(Debug)]
struct Held {
    body: Vec<u8>,
    is_foreign: bool,
}

impl Held {
    /// Its version: the same content is the same version, as S3's `ETag` is.
    fn etag(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.body.hash(&mut hasher);
        format!("\"{:016x}\"", hasher.finish())
    }
}

/// What was published and sent, in order.
#[derive(Debug, Default)]
pub struct MemoryOutgoing {
    sent: Mutex<Sent>,
}

/// Published notifications and sent messages.
#[derive(Debug, Default)]
pub struct Sent {
    /// The notifications.
    pub notifications: Vec<Notification>,
    /// The messages.
    pub messages: Vec<Delayed>,
}

impl MemoryLedger {
    /// All keys.
    pub fn keys(&self) -> BTreeSet<String> {
        self.lock().keys().cloned().collect()
    }

    /// The object with this key.
    pub fn object(&self, key: &str) -> Option<Vec<u8>> {
        self.lock().get(key).map(|held| held.body.clone())
    }

    /// Puts an object.
    pub fn put(&self, key: &str, body: Vec<u8>) {
        self.lock().insert(key.to_owned(), Held { body, is_foreign: false });
    }

    /// Puts an object that does not count.
    pub fn put_foreign(&self, key: &str, body: Vec<u8>) {
        self.lock().insert(key.to_owned(), Held { body, is_foreign: true });
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Held>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger for MemoryLedger {
    type Error = Infallible;

    async fn read(&self, key: &str) -> Result<Stored, Infallible> {
        Ok(match self.lock().get(key) {
            None => Stored::Absent,
            Some(held) if held.is_foreign => Stored::Foreign {
                etag: held.etag(),
                cause: "it is not encrypted with the stack's key".to_owned(),
            },
            Some(held) => Stored::Ours { etag: held.etag(), body: held.body.clone() },
        })
    }

    async fn write(
        &self,
        key: &str,
        body: Vec<u8>,
        condition: Condition<'_>,
    ) -> Result<bool, Infallible> {
        let mut objects = self.lock();
        let held = objects.get(key).map(Held::etag);
        let holds = match condition {
            Condition::Always => true,
            Condition::Absent => held.is_none(),
            Condition::Still(etag) => held.as_deref() == Some(etag),
        };
        if holds {
            objects.insert(key.to_owned(), Held { body, is_foreign: false });
        }
        Ok(holds)
    }

    async fn keys(&self, range: KeyRange<'_>) -> Result<Vec<String>, Infallible> {
        let objects = self.lock();
        let is_in = |key: &&String| {
            key.starts_with(range.prefix)
                && range.after.is_none_or(|after| key.as_str() > after)
                && range.to.is_none_or(|to| key.as_str() <= to)
        };
        Ok(objects.keys().filter(is_in).cloned().collect())
    }
}

impl MemoryOutgoing {
    /// What was published and sent since the last call.
    pub fn take(&self) -> Sent {
        std::mem::take(&mut self.sent.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Outgoing for MemoryOutgoing {
    type Error = Infallible;

    async fn publish(&self, notification: &Notification) -> Result<(), Infallible> {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.notifications.push(notification.clone());
        Ok(())
    }

    async fn send(&self, messages: &[Delayed]) -> Result<(), Infallible> {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.messages.extend_from_slice(messages);
        Ok(())
    }

    async fn is_subscribed(&self) -> Result<bool, Infallible> {
        Ok(true)
    }

    async fn pause(&self, _: Duration) {}
}
