//! What the store has gathered of one bucket, and what of it was told: read by whoever wants to see that events arrive.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use time::OffsetDateTime;

use super::{AT_ONCE, Digest, GatherError, Part, State, Store, Window};
use crate::BucketName;
use crate::digest::window::keys::Entry;
use crate::events::object_event::ObjectEvent;

/// The events of one bucket that were seen so far. Each object of the store is read once, however often it is looked.
#[derive(Clone, Debug, Default)]
pub struct Sightings {
    events: BTreeMap<String, ObjectEvent>,
    told: BTreeSet<String>,
    windows: BTreeSet<Window>,
    read: BTreeSet<String>,
}

impl Sightings {
    /// Each event once, in no order that means anything.
    pub fn events(&self) -> impl Iterator<Item = &ObjectEvent> {
        self.events.values()
    }

    /// Whether the window that has the event was told.
    pub fn is_told(&self, event: &ObjectEvent) -> bool {
        self.told.contains(&event.id)
    }

    /// Looks for events of a bucket in windows of this length, in seconds, that end after a time.
    ///
    /// # Errors
    ///
    /// If the store does not list, does not give what it has listed, or gives what is not understood.
    pub async fn look<S: Store>(
        &mut self,
        store: &S,
        (since, length): (OffsetDateTime, u32),
        bucket: &BucketName,
    ) -> Result<(), GatherError<S::Error, Infallible>> {
        let after = Window::from(Window::at(since, length).start());
        let listed = store.list(super::keys::PREFIX, &after).await.map_err(GatherError::Store)?;
        let mut states: BTreeMap<Window, State> = BTreeMap::new();
        let mut parts = Vec::new();
        for listed in listed {
            let Some((window, entry)) = Window::of_key(&listed.key) else { continue };
            if matches!(entry, Entry::Part(..)) && !self.read.contains(&listed.key) {
                parts.push((window, listed.key.clone()));
            }
            states.entry(window).or_default().add(listed, &entry);
        }
        let parts: Vec<(Window, String, Part)> = stream::iter(parts)
            .map(|(window, key)| async move {
                let part = get(store, &key, Part::from_json).await?;
                Ok((window, key, part))
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        for (window, key, part) in parts {
            self.read.insert(key);
            for event in part.events.into_iter().filter(|event| event.bucket == *bucket) {
                self.windows.insert(window);
                self.events.insert(event.id.clone(), event);
            }
        }
        for (window, state) in states {
            let key = window.digest_key();
            if self.windows.contains(&window) && state.is_told() && !self.read.contains(&key) {
                let digest = get(store, &key, Digest::from_json).await?;
                let ours = digest.events.into_iter().filter(|event| event.bucket == *bucket);
                self.told.extend(ours.map(|event| event.id));
                self.read.insert(key);
            }
        }
        Ok(())
    }
}

async fn get<S: Store, T>(
    store: &S,
    key: &str,
    read: impl FnOnce(&[u8]) -> Result<T, serde_json::Error>,
) -> Result<T, GatherError<S::Error, Infallible>> {
    let form = |cause: String| GatherError::Form { key: key.to_owned(), cause };
    let json = store.get(key).await.map_err(GatherError::Store)?;
    let json = json.ok_or_else(|| form("it is listed and cannot be read".to_owned()))?;
    read(&json).map_err(|error| form(error.to_string()))
}
