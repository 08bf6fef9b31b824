//! The events of one bucket in the store, to verify that events arrive and are published.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use time::OffsetDateTime;

use super::{AT_ONCE, Digest, Part, Published, Store, StoreResult, Window, get, states};
use crate::BucketName;
use crate::events::object_event::ObjectEvent;

/// The events of one bucket that were seen so far. Each object of the store is read only once.
#[derive(Clone, Debug, Default)]
pub struct Sightings {
    events: BTreeMap<String, ObjectEvent>,
    published: BTreeSet<String>,
    windows: BTreeSet<Window>,
    read: BTreeSet<String>,
}

impl Sightings {
    /// Each event once, unordered.
    pub fn events(&self) -> impl Iterator<Item = &ObjectEvent> {
        self.events.values()
    }

    /// Whether the window of the event was published.
    pub fn is_told(&self, event: &ObjectEvent) -> bool {
        self.published.contains(&event.id)
    }

    /// Reads the events of a bucket in windows of this length, in seconds, that end after a time.
    pub async fn read<S: Store>(
        &mut self,
        store: &S,
        (since, length): (OffsetDateTime, u32),
        bucket: &BucketName,
    ) -> StoreResult<(), S> {
        let after = Window::from(Window::at(since, length).start());
        let states = states(store, super::keys::PREFIX, &after).await?;
        let listed = states
            .iter()
            .flat_map(|(window, state)| state.parts.iter().map(|part| (*window, part.key.clone())));
        let unread = listed.filter(|(_, key)| !self.read.contains(key));
        let parts: Vec<(Window, String, Option<Part>)> = stream::iter(unread.collect::<Vec<_>>())
            .map(|(window, key)| async move {
                let part = Published::default().counts(get(store, &key).await)?;
                Ok((window, key, part))
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        for (window, key, part) in parts {
            self.read.insert(key);
            for event in part
                .into_iter()
                .flat_map(|part| part.events)
                .filter(|event| event.bucket == *bucket)
            {
                self.windows.insert(window);
                self.events.insert(event.id.clone(), event);
            }
        }
        for (window, state) in states {
            let key = window.digest_key();
            if self.windows.contains(&window) && state.is_published() && !self.read.contains(&key) {
                let digest = Published::default().counts(get::<_, Digest>(store, &key).await)?;
                let events = digest.into_iter().flat_map(|digest| digest.events);
                let ours = events.filter(|event| event.bucket == *bucket);
                self.published.extend(ours.map(|event| event.id));
                self.read.insert(key);
            }
        }
        Ok(())
    }
}
