//! The pace of notifications, across all functions: which are published at once, and which are put into the ledger and
//! published together when a window of a minute is over.
//!
//! SNS suspends the subscription of an address that gets more than ten emails a second, and its owner gets nothing any more.
//!
//! 1. In each window a few *slots* publish at once, one for each severity and more for what is critical. A function has a slot
//!    if it has written its object, which it writes only if there is none. No more than two slots have the same second.
//! 2. What gets no slot is put into the ledger as an *entry*: the document, from which the notification is rendered again. A
//!    message to the guard's queue closes the window. Only then the notification counts as published.
//! 3. The function that closes the window (`close`) fixes *sets* of entries, and publishes a notification for each.
//! 4. In a flood the slots of the next windows are taken, too, but one for what is critical.
//!
//! Without the ledger, notifications are published at once, at a pace that five functions can keep together.

mod close;
pub(super) mod keys;

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::lock::Mutex;
use time::OffsetDateTime;

use self::keys::Window;
use super::{Flow, Ledger, Outgoing};
use crate::events::{CloseDigest, OwnMessage};
use crate::model::severity::Severity;
use crate::notify::report::Folded;
use crate::reconcile::account::CallError;
use crate::reconcile::ledger::Condition;
use crate::{Account, Notification};

/// The slots of a severity, and in which second after the claim each publishes.
const fn slots(severity: Severity) -> &'static [(&'static str, u64)] {
    match severity {
        Severity::Critical => &[("critical-1", 0), ("critical-2", 1), ("critical-3", 2)],
        Severity::High => &[("high", 2)],
        Severity::Warning => &[("warning", 1)],
        Severity::Info => &[("info", 0)],
    }
}

/// What publishes at once in the first seconds of a window waits, so that it does not meet what the one before publishes.
const STARTS_AFTER: time::Duration = time::Duration::seconds(3);
/// After its end, a window is closed: the clocks of functions differ, and a write may be slow.
const GRACE: time::Duration = time::Duration::seconds(8);
/// From how many entries of one function in a window on it is a flood.
const FLOOD: usize = 5;
/// How many of the next windows a flood takes the slots of.
const FLOODED_WINDOWS: i64 = 2;
/// How long a process knows since when a subscription is confirmed: a sweep asks again.
const SUBSCRIBED_FOR: time::Duration = time::Duration::minutes(1);
/// The pause before each notification without the ledger: five functions publish less than three a second together.
const PAUSE_WITHOUT_LEDGER: Duration = Duration::from_secs(2);

/// What a process knows of the current window.
#[derive(Debug)]
pub struct Desk {
    length_seconds: u32,
    memory: Mutex<Memory>,
    /// Since when a subscription is confirmed, and when that was read.
    subscribed: Mutex<Option<(OffsetDateTime, OffsetDateTime)>>,
}

#[derive(Debug, Default)]
struct Memory {
    window: Option<Window>,
    /// The slots that are taken.
    taken: BTreeSet<&'static str>,
    /// Whether the close of the window is queued.
    is_scheduled: bool,
    entries: usize,
}

impl Desk {
    /// A desk whose windows have this length, which is the same for all functions.
    pub fn new(length_seconds: u32) -> Self {
        let length_seconds = length_seconds.clamp(10, 60);
        Self { length_seconds, memory: Mutex::default(), subscribed: Mutex::default() }
    }

    /// Since when a subscription is confirmed, if that was read lately.
    pub(super) async fn subscribed(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let subscribed = *self.subscribed.lock().await;
        subscribed.filter(|(read, _)| now - *read < SUBSCRIBED_FOR).map(|(_, since)| since)
    }

    pub(super) async fn note_subscribed(&self, now: OffsetDateTime, since: OffsetDateTime) {
        *self.subscribed.lock().await = Some((now, since));
    }
}

impl Memory {
    fn enter(&mut self, window: Window) {
        if self.window != Some(window) {
            *self = Self { window: Some(window), ..Self::default() };
        }
    }
}

impl<A, L, O> Flow<'_, A, L, O>
where
    A: Account<Error: CallError>,
    L: Ledger,
    O: Outgoing,
{
    /// Publishes a notification, now or with others. Returns whether it was accepted.
    pub(super) async fn publish(&self, notification: &Notification) -> bool {
        let Some(desk) = self.desk else { return self.publish_now(notification).await };
        let mut memory = desk.memory.lock().await;
        let now = self.now();
        let window = Window::of(now, desk.length_seconds);
        memory.enter(window);
        let accepted = match self.claim(window, notification.document.severity, &mut memory).await {
            Ok(Some(seconds)) => {
                drop(memory);
                let start = window.start() + STARTS_AFTER;
                let pause =
                    (start - now).max(time::Duration::ZERO) + time::Duration::seconds(seconds);
                if pause > time::Duration::ZERO {
                    self.outgoing.pause(pause.unsigned_abs()).await;
                }
                return self.publish_now(notification).await;
            }
            Ok(None) => self.fold(window, notification, &mut memory).await,
            Err(error) => Err(error),
        };
        match accepted {
            Ok(is_accepted) => is_accepted,
            Err(error) => {
                tracing::error!(%error, "the ledger could not be written: a notification is published without it");
                self.outgoing.pause(PAUSE_WITHOUT_LEDGER).await;
                self.publish_now(notification).await
            }
        }
    }

    /// Takes a slot of the window, if there is one. Returns after how many seconds it publishes.
    async fn claim(
        &self,
        window: Window,
        severity: Severity,
        memory: &mut Memory,
    ) -> Result<Option<i64>, L::Error> {
        for (slot, seconds) in slots(severity) {
            if memory.taken.contains(slot) {
                continue;
            }
            memory.taken.insert(slot);
            let key = window.slot(slot);
            if self.ledger.write(&key, b"{}".to_vec(), Condition::Absent).await? {
                return Ok(Some(i64::try_from(*seconds).unwrap_or_default()));
            }
        }
        Ok(None)
    }

    /// Puts a notification into the ledger, to be published when the window is over. `false` if that is not certain.
    async fn fold(
        &self,
        window: Window,
        notification: &Notification,
        memory: &mut Memory,
    ) -> Result<bool, L::Error> {
        let folded = Folded::of(notification);
        self.ledger.write(&window.entry(&folded), folded.json(), Condition::Always).await?;
        memory.entries += 1;
        // Also if it is so late that the window may be closed already.
        if !memory.is_scheduled || self.now() > window.end() {
            let message = CloseDigest { window: window.to_string(), attempt: 0 };
            memory.is_scheduled =
                self.close_later(message, window.end() + GRACE - self.now()).await;
            if !memory.is_scheduled {
                return Ok(false);
            }
        }
        if memory.entries == FLOOD {
            self.take_next_slots(window).await;
        }
        tracing::info!(%window, subject = notification.subject, "put into the digest of the window");
        Ok(true)
    }

    /// Takes the slots of the next windows, but one for what is critical. Without them a flood goes on, within its bounds.
    async fn take_next_slots(&self, window: Window) {
        let all =
            Severity::ALL.into_iter().flat_map(slots).filter(|(slot, _)| *slot != "critical-1");
        for (slot, _) in all {
            for next in (1..=FLOODED_WINDOWS).filter_map(|next| window.later(next)) {
                let key = next.slot(slot);
                if let Err(error) = self.ledger.write(&key, b"{}".to_vec(), Condition::Absent).await
                {
                    tracing::warn!(%error, key, "a slot could not be taken");
                }
            }
        }
    }

    async fn close_later(&self, message: CloseDigest, delay: time::Duration) -> bool {
        let delay =
            delay.whole_seconds().clamp(0, i64::from(crate::reconcile::triage::DELAY_SECONDS_MAX));
        self.send_back(OwnMessage::Digest(message).body(), u16::try_from(delay).unwrap_or_default())
            .await
    }

    /// Publishes a notification at once. Returns whether it was accepted.
    async fn publish_now(&self, notification: &Notification) -> bool {
        let published = self.outgoing.publish(notification).await;
        if let Err(error) = &published {
            let subject = &notification.subject;
            tracing::error!(%error, subject, "a notification could not be published");
        }
        published.is_ok()
    }
}

/// Whether a window that this message names is plausible: others may write to the queue.
pub(super) fn window_of(message: &CloseDigest, now: OffsetDateTime) -> Option<Window> {
    let window: Window = message.window.parse().ok()?;
    let age = now - window.start();
    (age > -time::Duration::minutes(5) && age < time::Duration::days(30)).then_some(window)
}
