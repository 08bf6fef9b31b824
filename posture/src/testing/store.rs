//! A store in memory, and an outbox that remembers: for tests, benchmarks and `s3guard replay`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Mutex;

use time::OffsetDateTime;

use crate::digest::window::{Listed, Store};

/// Objects in memory.
#[derive(Debug)]
pub struct MemoryStore {
    objects: Mutex<BTreeMap<String, (Vec<u8>, OffsetDateTime)>>,
    now: Mutex<OffsetDateTime>,
}

impl MemoryStore {
    /// An empty store whose clock shows this time.
    pub fn new(now: OffsetDateTime) -> Self {
        Self { objects: Mutex::default(), now: Mutex::new(now) }
    }

    /// Sets the store's clock.
    pub fn set_time(&self, now: OffsetDateTime) {
        *self.now.lock().expect("no test dies with it") = now;
    }

    /// All keys.
    pub fn keys(&self) -> Vec<String> {
        self.objects.lock().expect("no test dies with it").keys().cloned().collect()
    }

    fn put_now(&self, key: &str, body: Vec<u8>) {
        let now = *self.now.lock().expect("no test dies with it");
        self.objects.lock().expect("no test dies with it").insert(key.to_owned(), (body, now));
    }
}

impl Store for MemoryStore {
    type Error = Infallible;

    async fn put(&self, key: &str, body: Vec<u8>) -> Result<(), Infallible> {
        self.put_now(key, body);
        Ok(())
    }

    async fn put_new(&self, key: &str, body: Vec<u8>) -> Result<bool, Infallible> {
        let is_new = !self.objects.lock().expect("no test dies with it").contains_key(key);
        if is_new {
            self.put_now(key, body);
        }
        Ok(is_new)
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Infallible> {
        let objects = self.objects.lock().expect("no test dies with it");
        Ok(objects.get(key).map(|(body, _)| body.clone()))
    }

    async fn list(&self, prefix: &str, after: &str) -> Result<Vec<Listed>, Infallible> {
        let objects = self.objects.lock().expect("no test dies with it");
        let listed =
            objects.iter().filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after);
        Ok(listed
            .map(|(key, (_, written))| Listed { key: key.clone(), written: *written })
            .collect())
    }
}
