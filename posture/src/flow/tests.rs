//! The flow on an account in memory, whose every call is a point at which a run can be killed.

mod blind;
mod breaker;
mod calls;
mod cases;
mod closing;
mod deeds;
mod desk;
mod downgrades;
mod failure;
mod fallen;
mod flood;
mod foreign;
mod journal;
mod keys;
mod killed;
mod lost;
mod notified;
mod occasions;
mod own_bucket;
mod refused;
mod rounds;
mod settings;
mod swept;
mod tags;
mod two_writers;
mod undefended;
mod unguarded;

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;

use super::memory::{MemoryLedger, MemoryOutgoing};
use super::{
    Clock, Delayed, Delivered, Desk, Flow, Handled, Ledger, Outgoing, Settings, WriteCounter,
};
use crate::contract::metrics::Metric;
use crate::evaluate::coverage::Known;
use crate::model::glob::Glob;
use crate::model::refusal::Cause;
use crate::model::setting::PublicAccessBlock;
use crate::reconcile::account::Page;
use crate::reconcile::last_sweep::{self, LastSweep};
use crate::reconcile::ledger::{Condition, KeyRange, RecordId, Stored};
use crate::reconcile::record::State;
use crate::reconcile::state::{self, BucketState, Update, Write};
use crate::{
    Account, Baseline, BucketId, BucketName, Config, Grade, MemoryBucket, Notification, Observed,
    Question, Reading, Record, Region, Setting, SettingKind,
};

use failure::Failure;
use journal::notes;

const NOON: OffsetDateTime = datetime!(2026-11-20 12:00:00 UTC);
const ROLE: &str = "arn:aws:iam::111122223333:role/s3guard-GuardRole-1";

/// How a write is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lost {
    Request,
    Answer,
}

/// An account with one bucket, its ledger and its queue.
struct World {
    bucket: MemoryBucket,
    ledger: MemoryLedger,
    outgoing: MemoryOutgoing,
    state: Mutex<Inner>,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a way to fail by itself")]
struct Inner {
    now: OffsetDateTime,
    /// How many points a run has passed, and at which it is killed.
    points: usize,
    killed_at: usize,
    is_there: bool,
    is_published: bool,
    is_queued: bool,
    is_ledger_readable: bool,
    is_ledger_writable: bool,
    is_subscribed: bool,
    /// Whether notifications are folded.
    has_desk: bool,
    /// Whether another run goes on at each point.
    is_interleaved: bool,
    /// How the next writes of a state fail: before they have an effect, or after it.
    state_writes_fail: Vec<Lost>,
    /// What another function writes into the state just before the next write of it.
    written_by_another: Vec<Update>,
    /// The calls of the ledger.
    ledger_calls: Vec<String>,
    /// The key of the stack's parameter.
    key: Option<String>,
    /// The grade and the configuration, if they are not those of most tests.
    configured: Option<(Grade, String)>,
    /// How many pages the list of buckets has, of one bucket each.
    pages: usize,
    /// When the buckets were created, as the list says.
    created: Option<OffsetDateTime>,
    /// The buckets of other Regions.
    elsewhere: BTreeMap<Region, Vec<BucketName>>,
    /// The Regions with a guard, as the stack says.
    guarded: BTreeSet<Region>,
    /// Whether AWS refuses to list the buckets.
    is_list_refused: bool,
    /// What the next writes fail with.
    writes_fail: Vec<Failure>,
    /// The writes that AWS refuses for good, and how often it has.
    refuses: BTreeMap<SettingKind, Cause>,
    refusals: usize,
    /// The configuration, if it is another one.
    config: Option<&'static str>,
    records: BTreeMap<String, Record>,
    /// What the flow did that others can see: pauses, what was published or queued, and what was written to the ledger.
    journal: Vec<String>,
}

impl World {
    /// A new bucket, in an account where all goes well.
    fn new() -> &'static Self {
        Self::with_bucket("reports")
    }

    fn with_bucket(name: &str) -> &'static Self {
        let id = BucketId {
            name: name.parse().unwrap(),
            account: "111122223333".parse().unwrap(),
            region: "eu-west-1".parse().unwrap(),
        };
        let state = Inner {
            now: NOON,
            points: 0,
            killed_at: usize::MAX,
            is_there: true,
            is_published: true,
            is_queued: true,
            is_ledger_readable: true,
            is_ledger_writable: true,
            is_subscribed: true,
            has_desk: false,
            is_interleaved: false,
            state_writes_fail: Vec::new(),
            written_by_another: Vec::new(),
            ledger_calls: Vec::new(),
            key: None,
            configured: None,
            pages: 1,
            created: None,
            elsewhere: BTreeMap::new(),
            guarded: BTreeSet::new(),
            is_list_refused: false,
            writes_fail: Vec::new(),
            refuses: BTreeMap::new(),
            refusals: 0,
            config: None,
            records: BTreeMap::new(),
            journal: Vec::new(),
        };
        Box::leak(Box::new(Self {
            bucket: MemoryBucket::new(Observed::new_bucket(id)),
            ledger: MemoryLedger::default(),
            outgoing: MemoryOutgoing::default(),
            state: Mutex::new(state),
        }))
    }

    fn with<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        change(&mut self.state.lock().unwrap())
    }

    fn now(&self) -> OffsetDateTime {
        self.with(|state| state.now)
    }

    fn journal(&self) -> Vec<String> {
        self.with(|state| std::mem::take(&mut state.journal))
    }

    /// Passes a point; stays there if the run is killed at it or at an earlier one.
    async fn point(&self) {
        let (is_killed, mut yields) = self.with(|state| {
            state.points += 1;
            (state.points > state.killed_at, state.is_interleaved)
        });
        if is_killed {
            std::future::pending::<()>().await;
        }
        poll_fn(|_| if std::mem::take(&mut yields) { Poll::Pending } else { Poll::Ready(()) })
            .await;
    }

    fn id(&self) -> BucketId {
        self.bucket.truth().id
    }

    /// The state of the bucket in the ledger.
    fn state(&self) -> Option<BucketState> {
        let json = self.ledger.object(&state::key(&self.id().name))?;
        Some(BucketState::read(&json, &self.id().name, &self.id().account).unwrap())
    }

    /// Changes the state as another function would.
    fn update_state(&self, update: &Update) {
        let state = self.state().unwrap_or_else(|| BucketState::new(&self.id()));
        self.ledger.put(&state::key(&self.id().name), state.updated(update).json());
    }

    /// The guard has written a setting as often as it may within the hour.
    fn was_written(&self, setting: SettingKind) {
        let writes = (0..40).map(|minute| Write {
            time: NOON - time::Duration::minutes(minute),
            setting,
            principal: None,
        });
        let update =
            Update { known: Some(Known::Event), writes: writes.collect(), ..Update::new(NOON) };
        self.update_state(&update);
    }

    /// A sweep has ended before.
    fn was_swept(&self) {
        let last = LastSweep { time: NOON, buckets: 1, region: self.id().region };
        self.ledger.put(last_sweep::KEY, last.json());
    }

    /// The calls of the ledger since the last time.
    fn ledger_calls(&self) -> Vec<String> {
        self.with(|state| std::mem::take(&mut state.ledger_calls))
    }

    /// Runs the flow once in a process of its own, with so many seconds left. None if it was killed.
    fn run(&'static self, delivered: &[Delivered], seconds: i64) -> Option<Handled> {
        self.with(|state| state.points = 0);
        let account = WriteCounter::new(self, || self.now());
        let desk = self.with(|state| state.has_desk).then(|| Desk::new(60));
        let mut settings = self.configured();
        if let Some(config) = self.with(|state| state.config) {
            settings.config = Config::from_json(config).unwrap();
        }
        let deadline = Some(self.now() + time::Duration::seconds(seconds));
        let flow = Flow {
            account: &account,
            ledger: self,
            outgoing: self,
            settings: &settings,
            clock: Clock { now: &|| self.now(), deadline },
            desk: desk.as_ref(),
        };
        let mut handled = pin!(flow.handle(delivered.to_vec()));
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(handled) = handled.as_mut().poll(&mut context) {
                return Some(handled);
            }
            if self.with(|state| state.points > state.killed_at) {
                return None;
            }
        }
    }

    fn handle(&'static self, bodies: &[String]) -> Handled {
        self.run(&delivered(bodies, false), 300).unwrap()
    }

    fn is_closed(&self) -> bool {
        self.bucket.truth().public_access_block == Reading::Known(PublicAccessBlock::ALL)
    }
}

fn delivered(bodies: &[String], is_again: bool) -> Vec<Delivered> {
    let one = |body: &String| Delivered { id: body.clone(), body: body.clone(), is_again };
    bodies.iter().map(one).collect()
}

/// The message of a call at that time, made with the console or by this service.
fn call(name: &str, time: OffsetDateTime, by: Option<&str>) -> String {
    let time = time.format(&Rfc3339).unwrap();
    json!({
        "source": "aws.s3",
        "account": "111122223333",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": {
            "eventVersion": "1.11",
            "eventID": format!("{name}-{time}"),
            "eventName": name,
            "eventSource": "s3.amazonaws.com",
            "eventTime": time,
            "awsRegion": "eu-west-1",
            "recipientAccountId": "111122223333",
            "sourceIPAddress": by.unwrap_or("192.0.2.1"),
            "userAgent": by.unwrap_or("[S3Console/0.4]"),
            "userIdentity": {
                "type": "Root", "arn": "arn:aws:iam::111122223333:root", "invokedBy": by,
            },
            "requestParameters": { "bucketName": "reports" },
        },
    })
    .to_string()
}

/// A minute ago the bucket's block was taken away.
fn opened() -> String {
    call("DeleteBucketPublicAccessBlock", NOON - time::Duration::MINUTE, None)
}

/// The schedule starts a sweep.
fn scheduled() -> String {
    let account = "111122223333";
    json!({ "source": "aws.events", "detail-type": "Scheduled Event", "account": account })
        .to_string()
}

fn task_for() -> String {
    json!({ "s3guard": { "reconcile": { "bucket": "reports" } } }).to_string()
}

fn count(handled: &Handled, metric: Metric) -> usize {
    handled.tally.counts.get(&metric).copied().unwrap_or_default()
}

impl Account for &'static World {
    type Error = Failure;

    async fn observe(
        &self,
        ask: &[Question],
        observed: Observed,
        baseline: &Baseline,
    ) -> Result<Option<Observed>, Failure> {
        self.point().await;
        if !self.with(|state| state.is_there) {
            return Ok(None);
        }
        Ok(self.bucket.observe(ask, observed, baseline).await.unwrap())
    }

    async fn created(&self, bucket: &BucketId) -> Result<Option<OffsetDateTime>, Failure> {
        self.point().await;
        Ok(self.bucket.created(bucket).await.unwrap())
    }

    async fn apply(&self, bucket: &BucketId, setting: &Setting) -> Result<bool, Failure> {
        self.point().await;
        if let Some(failure) = self.with(|state| state.writes_fail.pop()) {
            return Err(failure);
        }
        let kind = setting.kind();
        if let Some(cause) = self.with(|state| state.refuses.get(&kind).copied()) {
            self.with(|state| state.refusals += 1);
            return Err(Failure::Refused(kind, cause));
        }
        self.bucket.apply(bucket, setting).await.unwrap();
        self.point().await;
        Ok(true)
    }

    async fn keep(&self, record: &Record) -> Result<(), Failure> {
        self.point().await;
        let id: RecordId = record.id.parse().unwrap();
        self.ledger.put(&id.key(), serde_json::to_vec(record).unwrap());
        if record.state == State::Failed {
            self.ledger.put(&id.failed_key(), Vec::new());
        }
        self.with(|state| state.records.insert(record.id.clone(), record.clone()));
        self.point().await;
        Ok(())
    }

    async fn pause(&self, _: u32) {
        self.point().await;
    }

    async fn regions(&self) -> Result<BTreeMap<Region, Vec<BucketName>>, Failure> {
        self.point().await;
        Ok(self.with(|state| state.elsewhere.clone()))
    }

    async fn list(&self, continuation: Option<String>) -> Result<Page, Failure> {
        self.point().await;
        if self.with(|state| state.is_list_refused) {
            return Err(Failure::Denied);
        }
        let page = continuation.map_or(0, |page| page.parse().unwrap());
        let name = self.bucket.truth().id.name;
        let bucket = if page == 0 { name } else { format!("{name}-{page}").parse().unwrap() };
        let is_last = page + 1 == self.with(|state| state.pages);
        let continuation = (!is_last).then(|| (page + 1).to_string());
        let created = self.with(|state| state.created).map(|time| (bucket.clone(), time));
        let created = created.into_iter().collect();
        Ok(Page { buckets: vec![bucket], created, continuation, ..Page::default() })
    }
}

impl Ledger for World {
    type Error = Failure;

    async fn read(&self, key: &str) -> Result<Stored, Failure> {
        self.point().await;
        self.with(|state| state.ledger_calls.push(format!("reads {key}")));
        if !self.with(|state| state.is_ledger_readable) {
            return Err(Failure::Denied);
        }
        Ok(self.ledger.read(key).await.unwrap())
    }

    async fn write(
        &self,
        key: &str,
        body: Vec<u8>,
        condition: Condition<'_>,
    ) -> Result<bool, Failure> {
        self.point().await;
        self.with(|state| state.ledger_calls.push(format!("writes {key}")));
        if !self.with(|state| state.is_ledger_writable) {
            return Err(Failure::Denied);
        }
        let is_state = state::of_key(key).is_some();
        if is_state && let Some(update) = self.with(|state| state.written_by_another.pop()) {
            self.update_state(&update);
        }
        let lost = self.with(|state| is_state.then(|| state.state_writes_fail.pop()).flatten());
        if lost == Some(Lost::Request) {
            return Err(Failure::Other);
        }
        let is_written = self.ledger.write(key, body.clone(), condition).await.unwrap();
        if is_written {
            self.with(|state| state.journal.push(format!("writes {key}{}", notes(key, &body))));
        }
        self.point().await;
        if lost.is_some() { Err(Failure::Other) } else { Ok(is_written) }
    }

    async fn keys(&self, range: KeyRange<'_>) -> Result<Vec<String>, Failure> {
        self.point().await;
        self.with(|state| state.ledger_calls.push(format!("lists {}", range.prefix)));
        if !self.with(|state| state.is_ledger_readable) {
            return Err(Failure::Denied);
        }
        Ok(Ledger::keys(&self.ledger, range).await.unwrap())
    }
}

impl Outgoing for World {
    type Error = Failure;

    async fn publish(&self, notification: &Notification) -> Result<(), Failure> {
        self.point().await;
        if !self.with(|state| state.is_published) {
            return Err(Failure::Other);
        }
        self.outgoing.publish(notification).await.unwrap();
        let published = format!("publishes {}", notification.subject);
        self.with(|state| state.journal.push(published));
        self.point().await;
        Ok(())
    }

    async fn send(&self, messages: &[Delayed]) -> Result<(), Failure> {
        self.point().await;
        if !self.with(|state| state.is_queued) {
            return Err(Failure::Other);
        }
        self.outgoing.send(messages).await.unwrap();
        let sent = messages.iter().map(|message| {
            let kind: String =
                message.body.chars().filter(|c| *c != '"').skip(1).take(14).collect();
            format!("sends {kind} in {} s", message.delay_seconds)
        });
        self.with(|state| state.journal.extend(sent));
        self.point().await;
        Ok(())
    }

    async fn is_subscribed(&self) -> Result<bool, Failure> {
        self.point().await;
        Ok(self.with(|state| state.is_subscribed))
    }

    async fn pause(&self, duration: Duration) {
        self.point().await;
        self.with(|state| {
            state.now += duration;
            state.journal.push("pauses".to_owned());
        });
    }
}
