//! Publishes the notifications of a window that was not published at once, in as few notifications as possible.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};

use super::keys::{Object, Window};
use super::{GRACE, window_of};
use crate::contract::ledger::DIGESTS;
use crate::contract::metrics::Metric;
use crate::events::CloseDigest;
use crate::flow::{Flow, Ledger, Outgoing, Tally, TaskResult};
use crate::notify::report::{self, Folded};
use crate::reconcile::account::CallError;
use crate::reconcile::ledger::{Condition, KeyRange, Stored};
use crate::{Account, Notification};

/// The most entries of one digest: their names have to fit into a message.
const ENTRIES_MAX: usize = 1_000;
/// How many entries are read at once.
const READ_AT_ONCE: usize = 16;
/// The pause between two digests.
const PAUSE: Duration = Duration::from_secs(1);
/// After how long a digest is published by another function, if the one that fixed it has not: longer than its timeout.
const LEASE: time::Duration = time::Duration::seconds(130);
/// How often that is tried; then the message goes to the dead-letter queue.
const ATTEMPTS_MAX: u32 = 5;
/// How far back a sweep looks for windows that were not closed.
const LOOKED_BACK: time::Duration = time::Duration::hours(50);

/// The objects of a window.
#[derive(Default)]
struct Listed {
    entries: BTreeSet<String>,
    sets: BTreeSet<usize>,
    done: BTreeSet<usize>,
}

impl<A, L, O> Flow<'_, A, L, O>
where
    A: Account<Error: CallError>,
    L: Ledger,
    O: Outgoing,
{
    /// Closes the window of a message.
    pub(in crate::flow) async fn close_digest(&self, message: &CloseDigest) -> TaskResult {
        let mut result = TaskResult::default();
        let Some(window) = window_of(message, self.now()) else {
            result.tally.count(Metric::Refused, 1);
            return result;
        };
        if self.now() < window.end() {
            let rest = window.end() + GRACE - self.now();
            result.retry = !self.close_later(message.clone(), rest).await;
            return result;
        }
        match self.publish_sets(window, message.attempt > 0, &mut result.tally).await {
            Ok(true) => {}
            Ok(false) if message.attempt < ATTEMPTS_MAX => {
                let again = CloseDigest { attempt: message.attempt + 1, ..message.clone() };
                result.retry = !self.close_later(again, LEASE).await;
            }
            Ok(false) => result.retry = true,
            Err(error) => {
                tracing::error!(%window, %error, "the digest of a window could not be published");
                result.retry = true;
            }
        }
        if result.retry {
            result.tally.count(Metric::NotPublished, 1);
        }
        result
    }

    /// Publishes what is left of a window. `false` if another function may be publishing a part of it, or has failed.
    async fn publish_sets(
        &self,
        window: Window,
        is_leased_out: bool,
        tally: &mut Tally,
    ) -> Result<bool, L::Error> {
        let prefix = window.prefix();
        let keys = self.ledger.keys(KeyRange { prefix: &prefix, ..KeyRange::default() }).await?;
        let mut listed = Listed::default();
        for object in keys.iter().filter_map(|key| window.object(key)) {
            match object {
                Object::Entry(name) => drop(listed.entries.insert(name)),
                Object::Set(number) => drop(listed.sets.insert(number)),
                Object::Done(number) => drop(listed.done.insert(number)),
                Object::Slot => {}
            }
        }
        let mut sets = BTreeMap::new();
        for number in &listed.sets {
            sets.insert(*number, self.entries_of(window, *number, tally).await?);
        }
        let mut is_all = true;
        let mut published = 0;
        for (number, entries) in sets.iter().filter(|(number, _)| !listed.done.contains(number)) {
            is_all &= is_leased_out
                && self.publish_set(window, *number, entries, &mut published, tally).await?;
        }
        let is_in_set = |name: &String| sets.values().any(|entries| entries.contains(name));
        let rest: Vec<String> =
            listed.entries.into_iter().filter(|name| !is_in_set(name)).collect();
        let first = listed.sets.last().map_or(0, |last| last + 1);
        for (place, entries) in rest.chunks(ENTRIES_MAX).enumerate() {
            let number = first + place;
            let body = serde_json::to_vec(entries).expect("a list of texts is JSON");
            let is_ours = self.ledger.write(&window.set(number), body, Condition::Absent).await?;
            is_all &=
                is_ours && self.publish_set(window, number, entries, &mut published, tally).await?;
        }
        Ok(is_all)
    }

    /// The names of the entries of a set.
    async fn entries_of(
        &self,
        window: Window,
        number: usize,
        tally: &mut Tally,
    ) -> Result<Vec<String>, L::Error> {
        let key = window.set(number);
        let (Stored::Ours { body, .. }, key) = (self.ledger.read(&key).await?, key) else {
            tracing::error!(%window, number, "a list of entries does not count");
            tally.count(Metric::ForeignObject, 1);
            return Ok(Vec::new());
        };
        Ok(serde_json::from_slice(&body).unwrap_or_else(|error| {
            tracing::error!(key, %error, "a list of entries does not count");
            tally.count(Metric::ForeignObject, 1);
            Vec::new()
        }))
    }

    /// Publishes the notification about these entries, and notes that. `false` if it could not be published.
    async fn publish_set(
        &self,
        window: Window,
        number: usize,
        names: &[String],
        published: &mut usize,
        tally: &mut Tally,
    ) -> Result<bool, L::Error> {
        let read = stream::iter(names).map(|name| self.entry(window, name)).buffered(READ_AT_ONCE);
        let read: Vec<Result<Option<Folded>, L::Error>> = read.collect().await;
        let read: Vec<Option<Folded>> = read.into_iter().collect::<Result<_, _>>()?;
        let foreign = read.iter().filter(|one| one.is_none()).count();
        tally.count(Metric::ForeignObject, foreign);
        let entries: Vec<Folded> = read.into_iter().flatten().collect();
        if let Some(notification) = self.digest_of(window, number, &entries) {
            if *published > 0 {
                self.outgoing.pause(PAUSE).await;
            }
            *published += 1;
            if !self.publish_now(&notification).await {
                return Ok(false);
            }
            tally.count(Metric::Notifications, 1);
        }
        let done = window.done(number);
        if let Err(error) = self.ledger.write(&done, b"{}".to_vec(), Condition::Always).await {
            tracing::error!(key = done, %error, "the ledger could not be written");
            tally.count(Metric::NotRecorded, 1);
        }
        Ok(true)
    }

    fn digest_of(&self, window: Window, number: usize, entries: &[Folded]) -> Option<Notification> {
        let id = format!("digest:{}:{window}:{number}", self.settings.account);
        report::digest(entries, &self.origin(), &id, &window.set(number))
    }

    /// An entry; `None` if it does not count.
    async fn entry(&self, window: Window, name: &str) -> Result<Option<Folded>, L::Error> {
        let key = window.entry_named(name);
        let cause = match self.ledger.read(&key).await? {
            Stored::Absent => "it does not exist".to_owned(),
            Stored::Foreign { cause, .. } => cause,
            Stored::Ours { body, .. } => match Folded::read(&body) {
                Some(folded) if folded.name() == name => return Ok(Some(folded)),
                Some(_) | None => "its content is not that of its key".to_owned(),
            },
        };
        tracing::error!(key, cause, "an entry of a digest does not count");
        Ok(None)
    }

    /// Closes windows whose message was lost, at the beginning of a sweep.
    pub(in crate::flow) async fn close_forgotten(&self) {
        if self.desk.is_none() {
            return;
        }
        let now = self.now();
        let key = |time| Window::of(time, 60).prefix();
        let (after, to) = (key(now - LOOKED_BACK), key(now - time::Duration::minutes(15)));
        let range = KeyRange { prefix: DIGESTS, after: Some(&after), to: Some(&to) };
        let keys = match self.ledger.keys(range).await {
            Ok(keys) => keys,
            Err(error) => {
                tracing::error!(%error, "the digests could not be listed");
                return;
            }
        };
        let mut windows: BTreeMap<Window, (usize, usize, usize)> = BTreeMap::new();
        for key in &keys {
            let Some(window) = Window::of_key(key) else { continue };
            let (entries, sets, done) = windows.entry(window).or_default();
            match window.object(key) {
                Some(Object::Entry(_)) => *entries += 1,
                Some(Object::Set(_)) => *sets += 1,
                Some(Object::Done(_)) => *done += 1,
                Some(Object::Slot) | None => {}
            }
        }
        for (window, (entries, sets, done)) in windows {
            if entries > 0 && (sets == 0 || done < sets) {
                let message = CloseDigest { window: window.to_string(), attempt: 1 };
                self.close_later(message, time::Duration::ZERO).await;
            }
        }
    }
}
