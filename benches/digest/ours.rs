//! The function's work on the events without AWS: the ledger is in memory, and the notifications are dropped.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Mutex;

use futures_util::FutureExt as _;
use s3guard_posture::contract::Channel;
use s3guard_posture::digest::objects::{self, Alarming, ObjectMessage, Scene};
use s3guard_posture::digest::window::{Batch, Close, Digest, Gather, Known, Outbox};
use s3guard_posture::events::alarm::OfStack;
use s3guard_posture::events::object_event::ObjectEvent;
use s3guard_posture::notify::notification::Origin;
use s3guard_posture::testing::MemoryStore;
use s3guard_posture::{AccountId, BucketName, Notification, Region};
use time::OffsetDateTime;
use time::macros::datetime;

const BATCHES: usize = 3;
const WINDOW_SECONDS: u32 = 300;
const NOW: OffsetDateTime = datetime!(2026-11-20 12:03:00 UTC);

/// What was reported.
#[derive(Default)]
pub(crate) struct Reported {
    pub(crate) events: usize,
    pub(crate) notifications: usize,
    /// The bytes of all messages: email, SMS, document and chat.
    pub(crate) bytes: usize,
}

struct Stack {
    account: AccountId,
    region: Region,
    ledger: BucketName,
    alarming: Alarming,
    bytes: Mutex<usize>,
}

impl Outbox for Stack {
    type Notification = Notification;
    type Error = Infallible;

    async fn known(&self, _: &Digest) -> BTreeMap<BucketName, Known> {
        BTreeMap::new()
    }

    fn notifications(&self, digest: &Digest) -> Vec<Notification> {
        let Self { account, region, .. } = self;
        let scene = Scene {
            origin: Origin { account, region, stack: "s3guard", now: digest.until },
            ledger: Some(&self.ledger),
            known: &digest.known,
            alarming: &self.alarming,
            subscriptions: &[],
        };
        objects::notifications_of(digest, &scene)
    }

    async fn publish(&self, notification: &Notification) -> Result<(), Infallible> {
        let bytes =
            Channel::ALL.map(|channel| notification.message(channel).len()).iter().sum::<usize>();
        *self.bytes.lock().expect("one thread") += bytes;
        Ok(())
    }
}

/// Reads the bodies in batches, collects them in a window, closes it and makes its notifications.
pub(crate) fn digest(bodies: &[&str]) -> Result<Reported, String> {
    let stack = Stack {
        account: "111122223333".parse().expect("it is an account"),
        region: "eu-west-1".parse().expect("it is a Region"),
        ledger: "s3guard-ledger".parse().expect("it is a name"),
        alarming: Alarming::default(),
        bytes: Mutex::default(),
    };
    let store = MemoryStore::new(NOW);
    let gather = Gather { store: &store, outbox: &stack, length: WINDOW_SECONDS };
    let of = OfStack { account: &stack.account, region: &stack.region, stack: "s3guard", now: NOW };
    for (number, bodies) in bodies.chunks(bodies.len().div_ceil(BATCHES).max(1)).enumerate() {
        let events = bodies.iter().map(|body| event(body, of)).collect::<Result<Vec<_>, _>>()?;
        let name = format!("request-{number}");
        let put = gather.put(&Batch { name: &name, events, alarming: 0 }, NOW).now_or_never();
        put.expect("nothing waits").map_err(|error| error.to_string())?;
    }
    let end = NOW + time::Duration::seconds(WINDOW_SECONDS.into());
    let closed = gather.close(Close::Ended, end).now_or_never();
    let closed = closed.expect("nothing waits").map_err(|error| error.to_string())?;
    let bytes = *stack.bytes.lock().expect("one thread");
    Ok(Reported { events: closed.events, notifications: closed.notifications, bytes })
}

fn event(body: &str, of: OfStack<'_>) -> Result<ObjectEvent, String> {
    match ObjectMessage::read(body, of).map_err(|error| error.to_string())? {
        ObjectMessage::Event(event) => Ok(*event),
        ObjectMessage::Close(_) | ObjectMessage::Alarm(_) => {
            Err("it is not an object event".to_owned())
        }
    }
}
