//! A ledger, publisher and queue in memory, for `replay` and for tests.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::Date;

use super::{Delayed, Ledger, Outgoing};
use crate::evaluate::coverage::{self, Mark};
use crate::reconcile::reported::Reported;
use crate::{BucketName, Notification};

/// The objects of a ledger.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    objects: Mutex<BTreeMap<String, Vec<u8>>>,
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
        self.lock().get(key).cloned()
    }

    /// Puts an empty object. `false` if there was one with this key.
    pub fn put(&self, key: &str) -> bool {
        self.lock().insert(key.to_owned(), Vec::new()).is_none()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger for MemoryLedger {
    type Error = Infallible;

    async fn claim(&self, key: &str) -> Result<bool, Infallible> {
        Ok(self.put(key))
    }

    async fn replace(&self, key: &str, body: Vec<u8>) -> Result<(), Infallible> {
        self.lock().insert(key.to_owned(), body);
        Ok(())
    }

    async fn has(&self, key: &str) -> Result<bool, Infallible> {
        Ok(self.lock().contains_key(key))
    }

    async fn reported(&self, bucket: &BucketName, today: Date) -> Result<Reported, Infallible> {
        Ok(Reported::of(bucket, self.lock().keys().map(String::as_str), today))
    }

    async fn marks(
        &self,
        from: &BucketName,
        to: &BucketName,
    ) -> Result<BTreeMap<BucketName, BTreeSet<Mark>>, Infallible> {
        let mut marks: BTreeMap<BucketName, BTreeSet<Mark>> = BTreeMap::new();
        let known = self.lock();
        let known = known.keys().filter_map(|key| coverage::of_key(key));
        for (bucket, mark) in known.filter(|(bucket, _)| (from..=to).contains(&bucket)) {
            marks.entry(bucket).or_default().insert(mark);
        }
        Ok(marks)
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

    async fn pause(&self, _: Duration) {}
}
