//! The events in the order of time: each changes its bucket in memory, and the guard's flow handles what its queue gets.

use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use s3guard_posture::digest::objects;
use s3guard_posture::evaluate::assess::STACK_TAG;
use s3guard_posture::evaluate::coverage::Known;
use s3guard_posture::events::{self, Changed, NotAnEvent, Read, Request, field, object_event};
use s3guard_posture::flow::memory::{MemoryLedger, MemoryOutgoing, Sent};
use s3guard_posture::flow::{Clock, Flow, TaskResult, WriteCounter};
use s3guard_posture::model::observed::Reading;
use s3guard_posture::notify::notification::Origin;
use s3guard_posture::reconcile::ledger::RecordId;
use s3guard_posture::reconcile::memory::Step;
use s3guard_posture::reconcile::triage::{Message, ReconcileTask, Task, TaskOf, triage};
use s3guard_posture::{Baseline, BucketId, BucketName, MemoryBucket, Observed, Region};
use serde_json::Value as Json;
use time::{Date, Duration, OffsetDateTime};

use crate::operations::replay::recorded::{Recorded, RecordedForm};
use crate::operations::replay::replayed::{
    Delivery, Reconciled, RenderedNotification, ReplayOutcome, Replayed,
};
use crate::operations::replay::rules;
use crate::operations::replay::rules::Rules;
use crate::operations::replay::{STACK, Scene, apply};

/// The Region of the guard if no event names one. There, `CreateBucket` succeeds for a bucket that the caller owns, and
/// resets its ACL.
///
/// Source: Amazon S3 API Reference, `CreateBucket`, `BucketAlreadyOwnedByYou`.
const US_EAST_1: &str = "us-east-1";
const NEVER: &str = "its delay ends after the last valid date";

struct Stage<'a> {
    scene: &'a Scene,
    here: Region,
    rules: Rules<'a>,
    /// The buckets; the account's public access block is that of the bucket [`BucketName::account`].
    buckets: BTreeMap<BucketName, MemoryBucket>,
    ledger: MemoryLedger,
    replayed: Vec<Replayed>,
    /// Messages in the queue, by time and order: the number of their event, and the body.
    queue: BTreeMap<(OffsetDateTime, usize), (usize, String)>,
    sent: usize,
}

/// Replays events in the order of their times; those without a time come with the one before them.
pub(crate) fn run(recorded: &[Recorded], scene: &Scene) -> Vec<Replayed> {
    let here = scene.region.clone().or_else(|| recorded.iter().find_map(|one| one.field("region")));
    let mut stage = Stage {
        scene,
        here: here.unwrap_or_else(|| US_EAST_1.parse().expect("it is a Region")),
        rules: Rules::new(scene),
        buckets: BTreeMap::new(),
        ledger: MemoryLedger::default(),
        replayed: Vec::new(),
        queue: BTreeMap::new(),
        sent: 0,
    };
    let mut last = recorded.iter().find_map(Recorded::time).unwrap_or(scene.now);
    let timed = recorded.iter().map(|recorded| {
        last = recorded.time().unwrap_or(last);
        (last, recorded)
    });
    let mut timed: Vec<_> = timed.collect();
    timed.sort_by_key(|(time, _)| *time);
    for (time, recorded) in timed {
        stage.deliver_until(time);
        stage.happen(time, recorded);
        stage.deliver_until(time);
    }
    stage.deliver_until(OffsetDateTime::new_utc(Date::MAX, time::Time::MAX));
    stage.replayed
}

impl Stage<'_> {
    /// Delivers the messages that are due by then.
    fn deliver_until(&mut self, time: OffsetDateTime) {
        while let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= time) {
            let ((now, _), (index, body)) = entry.remove_entry();
            self.deliver(now, index, &body);
        }
    }

    /// An event happens, and is sent to the guard if a rule matches.
    fn happen(&mut self, now: OffsetDateTime, recorded: &Recorded) {
        let (delivery, body) = match &recorded.form {
            RecordedForm::Event(event) => {
                (self.rules.delivery(event, &self.here), event.to_string())
            }
            RecordedForm::Message { body, .. } => (Delivery::InQueue, body.clone()),
            RecordedForm::Unknown(_) => (Delivery::Never, String::new()),
        };
        let event = recorded.event();
        let mut assumed = event
            .filter(|event| !self.rules.is_ours(event, &self.here))
            .map_or_else(Vec::new, |event| self.change(now, event));
        let is_sent = matches!(delivery, Delivery::Matches { .. } | Delivery::InQueue);
        let outcome = match &recorded.form {
            RecordedForm::Unknown(reason) => ReplayOutcome::NoEvent { reason: reason.clone() },
            RecordedForm::Event(_) | RecordedForm::Message { .. } if is_sent => ReplayOutcome::Done,
            RecordedForm::Event(_) | RecordedForm::Message { .. } => {
                self.ignored(now, &body, &delivery)
            }
        };
        if !is_sent {
            assumed.clear();
        }
        let index = self.replayed.len();
        self.replayed.push(Replayed {
            number: index + 1,
            place: recorded.place.clone(),
            head: recorded.head(),
            delivery,
            task: None,
            settles_seconds: None,
            assumed,
            reconciliations: Vec::new(),
            notification: None,
            outcome,
        });
        if is_sent && event.is_some_and(rules::is_of_object) {
            self.report_object(now, index, &body);
        } else if is_sent {
            self.send(now, index, body);
        }
    }

    /// Why an event that no rule matches is ignored: the guard's own reason, if it has one.
    fn ignored(&self, now: OffsetDateTime, body: &str, delivery: &Delivery) -> ReplayOutcome {
        let reason = match events::read(body, &self.scene.account, now) {
            Ok(Read { request: Request::Ignore(reason), .. }) => reason,
            Ok(_) | Err(_) if matches!(delivery, Delivery::NotDelivered { .. }) => {
                "the event is not delivered to the guard"
            }
            Ok(_) | Err(_) => "the rule does not match",
        };
        ReplayOutcome::Ignored { reason: reason.to_owned() }
    }

    /// Changes buckets as a call did, no matter whether a rule matches. Returns what had to be assumed.
    fn change(&mut self, now: OffsetDateTime, event: &Json) -> Vec<String> {
        let detail = event.get("detail").unwrap_or(&Json::Null);
        let parameters = field::at(detail, &["requestParameters"]).unwrap_or(&Json::Null);
        let account = &self.scene.account;
        match events::read(&event.to_string(), account, now).map(|read| read.request) {
            Ok(Request::Changed(changed)) if changed.bucket.is_account() => {
                let id = self.id(BucketName::account(), None);
                let bucket = self.buckets.entry(id.name.clone()).or_insert_with(|| new(id));
                let mut assumed = Vec::new();
                bucket.change(|bucket| {
                    assumed = apply::changed(bucket, &changed.call.event_name, parameters);
                });
                assumed
            }
            Ok(Request::Changed(changed)) => self.change_bucket(now, &changed, parameters),
            Ok(_) | Err(_) => Vec::new(),
        }
    }

    fn change_bucket(
        &mut self,
        now: OffsetDateTime,
        changed: &Changed,
        parameters: &Json,
    ) -> Vec<String> {
        let id = self.id(changed.bucket.clone(), Some(&changed.region));
        let call = changed.call.event_name.as_str();
        let mut assumed = Vec::new();
        if call == "DeleteBucket" {
            self.buckets.remove(&id.name);
        } else if call != "CreateBucket" {
            assumed = self.ensure(&id, now);
            self.buckets[&id.name].change(|bucket| {
                assumed.extend(apply::changed(bucket, call, parameters));
            });
        } else if let Some(bucket) =
            self.buckets.get(&id.name).filter(|_| id.region.as_str() == US_EAST_1)
        {
            bucket.change(|bucket| apply::acl(bucket, parameters));
            assumed.push("the bucket exists already: only its ACL is reset".to_owned());
        } else {
            let bucket = new(id.clone());
            bucket.set_created(now);
            bucket.change(|bucket| apply::created(bucket, parameters));
            self.buckets.insert(id.name, bucket);
        }
        assumed
    }

    /// Adds a bucket that was not seen yet, as a sweep long ago would have left it. Returns what had to be assumed.
    fn ensure(&mut self, id: &BucketId, now: OffsetDateTime) -> Vec<String> {
        if self.buckets.contains_key(&id.name) {
            return Vec::new();
        }
        let bucket = new(id.clone());
        let task = ReconcileTask {
            region: Some(id.region.clone()),
            // The guard has protected it since its creation.
            known: Some(Known::Gap),
            ..ReconcileTask::of_sweep(id.name.clone())
        };
        self.task(&bucket, &MemoryLedger::default(), &Task::Reconcile(task), now);
        bucket.take_steps();
        self.buckets.insert(id.name.clone(), bucket);
        vec!["every other setting is as the guard left it".to_owned()]
    }

    /// The guard receives a message.
    fn deliver(&mut self, now: OffsetDateTime, index: usize, body: &str) {
        let read = match events::read(body, &self.scene.account, now) {
            Ok(read) => read,
            Err(error @ NotAnEvent::Refused(_)) => return self.refused(index, &error),
            Err(error) => return self.dead_letter(index, &error),
        };
        let message = Message { id: String::new(), is_again: false, read };
        for TaskOf { task, .. } in triage(vec![message], now, self.scene.settle_seconds()) {
            let mut id = self.id(BucketName::account(), None);
            let gone = deleted(&task).filter(|bucket| !self.buckets.contains_key(bucket)).cloned();
            let name = match &task {
                Task::Reconcile(task) if task.bucket.is_account() => Some("reconcile-account"),
                Task::Reconcile(task) if gone.is_some() => {
                    id = self.id(task.bucket.clone(), task.region.as_ref());
                    Some("reconcile")
                }
                Task::Reconcile(task) => {
                    id = self.id(task.bucket.clone(), task.region.as_ref());
                    let mut assumed = self.ensure(&id, now);
                    if task.attempt > 0 {
                        self.buckets[&id.name].change(finish_stack);
                        assumed.push(
                            "the bucket's stack is complete when the guard retries".to_owned(),
                        );
                    }
                    self.replayed[index].assumed.extend(assumed);
                    Some("reconcile")
                }
                Task::Later { delay_seconds, .. } => {
                    self.replayed[index].settles_seconds = Some(*delay_seconds);
                    None
                }
                Task::Sweep(_) => Some("sweep"),
                Task::Digest(_) => Some("digest"),
                Task::Tick(_) => Some("tick"),
                Task::Nothing { reason } => {
                    self.replayed[index].assumed.clear();
                    self.replayed[index].outcome =
                        ReplayOutcome::Ignored { reason: (*reason).to_owned() };
                    Some("nothing")
                }
            };
            let is_end = deleted(&task).is_some();
            self.replayed[index].task = if is_end { Some("close") } else { name };
            if !matches!(task, Task::Sweep(_)) {
                self.reconcile(index, id, &task, now);
            }
            if let Some(gone) = gone {
                self.buckets.remove(&gone);
            }
        }
    }

    /// Runs a task on a bucket, or on the account's block, and adds what the guard did to the report.
    fn reconcile(&mut self, index: usize, id: BucketId, task: &Task, now: OffsetDateTime) {
        let account = self.buckets.get(&BucketName::account());
        let block = account.map_or(Reading::Absent, |account| account.truth().account_block);
        let name = id.name.clone();
        let bucket = self.buckets.entry(name.clone()).or_insert_with(|| new(id)).clone();
        bucket.change(|bucket| bucket.account_block = block);
        let (mut result, sent) = self.task(&bucket, &self.ledger, task, now);
        let steps = bucket.take_steps();
        for step in &steps {
            if let Step::Kept(record) = step
                && let Ok(id) = record.id.parse::<RecordId>()
            {
                let json = serde_json::to_vec(record);
                self.ledger
                    .put(&id.key(), json.expect("a record has only texts, numbers and lists"));
            }
        }
        for message in &sent.messages {
            match now.checked_add(Duration::seconds(message.delay_seconds.into())) {
                Some(then) => self.send(then, index, message.body.clone()),
                None => {
                    self.replayed[index].outcome =
                        ReplayOutcome::Ignored { reason: NEVER.to_owned() };
                }
            }
        }
        if result.retry {
            // In memory, nothing else can fail.
            return self.dead_letter(index, &NotAnEvent::Unknown);
        }
        let replayed = &mut self.replayed[index];
        match result.seen.take() {
            Some(mut seen) => {
                if self.scene.grade.is_some() {
                    of_option(&mut seen.baseline);
                }
                replayed.reconciliations.push(Reconciled::new(&name, &seen, &sent, &steps, now));
            }
            None => {
                replayed.notification = sent.notifications.first().map(RenderedNotification::from);
            }
        }
    }

    /// Runs a task of the guard's flow: what it form to, and what was sent.
    fn task(
        &self,
        bucket: &MemoryBucket,
        ledger: &MemoryLedger,
        task: &Task,
        now: OffsetDateTime,
    ) -> (TaskResult, Sent) {
        let outgoing = MemoryOutgoing::default();
        let flow = Flow {
            account: &WriteCounter::new(bucket.clone(), move || now),
            ledger,
            outgoing: &outgoing,
            settings: &self.scene.settings(&bucket.truth().id.region),
            clock: Clock { now: &|| now, deadline: None },
            desk: None,
        };
        (at_once(flow.alone(task)), outgoing.take())
    }

    /// The guard counts a message, and does nothing.
    fn refused(&mut self, index: usize, error: &NotAnEvent) {
        self.replayed[index].assumed.clear();
        self.replayed[index].outcome = ReplayOutcome::Ignored { reason: error.to_string() };
    }

    fn report_object(&mut self, now: OffsetDateTime, index: usize, body: &str) {
        let event = match object_event::read(body, &self.scene.account, now) {
            Ok(event) => event,
            Err(error @ NotAnEvent::Refused(_)) => return self.refused(index, &error),
            Err(error) => return self.dead_letter(index, &error),
        };
        let replayed = &mut self.replayed[index];
        replayed.task = Some("record-object");
        let (bucket, key) = (event.bucket.as_str(), event.key.as_str());
        if self.scene.config.notifications().objects.wants(bucket, key, event.change) {
            let account = &self.scene.account;
            let origin = Origin { account, region: &self.here, stack: STACK, now: event.time };
            replayed.notification =
                Some(RenderedNotification::from(&objects::notification_of(&event, &origin)));
        } else {
            let reason = "the configuration does not select the object".to_owned();
            replayed.outcome = ReplayOutcome::Ignored { reason };
        }
    }

    fn dead_letter(&mut self, index: usize, error: &impl ToString) {
        self.replayed[index].outcome = ReplayOutcome::DeadLetter { reason: error.to_string() };
    }

    fn send(&mut self, time: OffsetDateTime, index: usize, body: String) {
        self.queue.insert((time, self.sent), (index, body));
        self.sent += 1;
    }

    fn id(&self, name: BucketName, region: Option<&Region>) -> BucketId {
        let region = region.unwrap_or(&self.here).clone();
        BucketId { name, account: self.scene.account.clone(), region }
    }
}

/// Says that the default grade is that of the command line.
fn of_option(baseline: &mut Baseline) {
    let default = Baseline::new(baseline.grade, None).grade_reason;
    if let Some(rest) = baseline.grade_reason.strip_prefix(&default) {
        baseline.grade_reason = format!("`--grade`{rest}");
    }
}

/// The bucket that the task's last call has deleted.
fn deleted(task: &Task) -> Option<&BucketName> {
    let Task::Reconcile(task) = task else { return None };
    let last = task.trigger.calls().last()?;
    (last.event_name == "DeleteBucket").then_some(&task.bucket)
}

fn new(id: BucketId) -> MemoryBucket {
    MemoryBucket::new(Observed::new_bucket(id))
}

/// Marks a bucket as its stack does when it is done.
fn finish_stack(bucket: &mut Observed) {
    let mut tags = bucket.tags.known().cloned().unwrap_or_default();
    tags.entry(STACK_TAG.to_owned()).or_insert_with(|| "assumed".to_owned());
    bucket.tags = Reading::Known(tags);
    bucket.stack_in_progress = Reading::Known(false);
}

/// Runs a future that never waits: a bucket in memory answers at once.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}
