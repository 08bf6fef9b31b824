//! Test doubles, for the tests and benchmarks of this workspace: the feature `testing`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard};

use time::OffsetDateTime;

use crate::digest::window::{Listed, Store};

/// A store in memory.
#[derive(Debug)]
pub struct MemoryStore(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    objects: BTreeMap<String, (Vec<u8>, OffsetDateTime)>,
    now: OffsetDateTime,
}

impl MemoryStore {
    /// An empty store whose clock shows this time.
    pub fn new(now: OffsetDateTime) -> Self {
        Self(Mutex::new(Inner { objects: BTreeMap::new(), now }))
    }

    /// Sets the store's clock.
    pub fn set_time(&self, now: OffsetDateTime) {
        self.lock().now = now;
    }

    /// All keys.
    pub fn keys(&self) -> Vec<String> {
        self.lock().objects.keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().expect("no test dies with it")
    }
}

impl Store for MemoryStore {
    type Error = Infallible;

    async fn put(&self, key: &str, body: Vec<u8>) -> Result<(), Infallible> {
        let mut inner = self.lock();
        let now = inner.now;
        inner.objects.insert(key.to_owned(), (body, now));
        Ok(())
    }

    async fn put_new(&self, key: &str, body: Vec<u8>) -> Result<bool, Infallible> {
        let is_new = !self.lock().objects.contains_key(key);
        if is_new {
            self.put(key, body).await?;
        }
        Ok(is_new)
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Infallible> {
        Ok(self.lock().objects.get(key).map(|(body, _)| body.clone()))
    }

    async fn list(&self, prefix: &str, after: &str) -> Result<Vec<Listed>, Infallible> {
        let inner = self.lock();
        let objects = inner.objects.iter();
        Ok(objects
            .filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after)
            .map(|(key, (_, written))| Listed { key: key.clone(), written: *written })
            .collect())
    }
}
