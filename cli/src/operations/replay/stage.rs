//! The events in the order of time: what happens, what the guard hears of it, and when it looks.

use std::collections::BTreeMap;

use s3guard_posture::digest::objects;
use s3guard_posture::events::Request;
use s3guard_posture::events::field;
use s3guard_posture::events::object_event;
use s3guard_posture::events::{self, Read};
use s3guard_posture::flow;
use s3guard_posture::notify::notification::Origin;
use s3guard_posture::reconcile::triage::{self, Message, TaskOf, triage};
use s3guard_posture::{BucketId, BucketName, MemoryBucket, Region};
use serde_json::Value as Json;
use time::{Date, Duration, OffsetDateTime};

use crate::operations::replay::recorded::{Came, Recorded};
use crate::operations::replay::replayed::{Heard, Outcome, Replayed, Task, Told};
use crate::operations::replay::rules;
use crate::operations::replay::rules::Rules;
use crate::operations::replay::world::World;
use crate::operations::replay::{Scene, engine};

/// Where a guard is if nobody says so.
const SOMEWHERE: &str = "us-east-1";
const NEVER: &str = "it waits until after the end of all dates";

/// Something that comes to the guard, and which event it belongs to.
struct Step {
    index: usize,
    /// The body of the message.
    body: String,
    /// Whether it has waited for the bucket's stack.
    stack_is_done: bool,
}

struct Stage<'a> {
    scene: &'a Scene,
    here: Region,
    rules: Rules,
    world: World,
    replayed: Vec<Replayed>,
    /// What comes later, by time and by the order in which it was sent.
    later: BTreeMap<(OffsetDateTime, usize), Step>,
    sent: usize,
}

pub(crate) fn run(recorded: &[Recorded], scene: &Scene) -> Vec<Replayed> {
    let here = scene.region.clone().or_else(|| recorded.iter().find_map(Recorded::region));
    let here = here.unwrap_or_else(|| SOMEWHERE.parse().expect("it is a Region"));
    let rules = Rules::new(scene);
    let mut stage = Stage {
        scene,
        here,
        rules,
        world: World::new(),
        replayed: Vec::new(),
        later: BTreeMap::new(),
        sent: 0,
    };
    for (time, recorded) in in_order(recorded, scene.now) {
        stage.until(time);
        stage.happen(time, recorded);
        stage.until(time);
    }
    stage.until(OffsetDateTime::new_utc(Date::MAX, time::Time::MAX));
    stage.replayed
}

/// Sorts by time. What has none keeps its place.
fn in_order(recorded: &[Recorded], now: OffsetDateTime) -> Vec<(OffsetDateTime, &Recorded)> {
    let mut last = recorded.iter().find_map(Recorded::time).unwrap_or(now);
    let timed = recorded.iter().map(|recorded| {
        last = recorded.time().unwrap_or(last);
        (last, recorded)
    });
    let mut timed: Vec<_> = timed.collect();
    timed.sort_by_key(|(time, _)| *time);
    timed
}

impl Stage<'_> {
    /// Has everything come that comes until then.
    fn until(&mut self, time: OffsetDateTime) {
        while let Some(entry) = self.later.first_entry().filter(|entry| entry.key().0 <= time) {
            let ((now, _), step) = entry.remove_entry();
            self.come(now, step);
        }
    }

    /// An event happens, and is sent to the guard if a rule hears of it.
    fn happen(&mut self, now: OffsetDateTime, recorded: &Recorded) {
        let index = self.replayed.len();
        let (heard, body) = match &recorded.came {
            Came::Event(event) => (self.rules.heard(event, &self.here), event.to_string()),
            Came::Message { body, .. } => (Heard::InQueue, body.clone()),
            Came::Unknown(_) => (Heard::Never, String::new()),
        };
        let assumed = match recorded.event() {
            Some(event) if !self.rules.is_ours(event, &self.here) => self.change(now, event),
            Some(_) | None => Vec::new(),
        };
        let is_sent = matches!(heard, Heard::Matches { .. } | Heard::InQueue);
        let outcome = match &recorded.came {
            Came::Unknown(because) => Outcome::NoEvent { because: because.clone() },
            Came::Event(_) | Came::Message { .. } if is_sent => Outcome::Done,
            Came::Event(_) | Came::Message { .. } => {
                Outcome::Ignored { because: self.unheard(&body, &heard) }
            }
        };
        self.replayed.push(Replayed {
            number: index + 1,
            place: recorded.place.clone(),
            head: recorded.head(),
            heard,
            task: None,
            settles_seconds: None,
            assumed: if is_sent { assumed } else { Vec::new() },
            looks: Vec::new(),
            says: None,
            outcome,
        });
        if is_sent && recorded.event().is_some_and(rules::is_of_object) {
            self.tell_of_object(index, &body);
        } else if is_sent {
            self.send(now, Step { index, body, stack_is_done: false });
        }
    }

    /// Why nothing comes of an event of which the guard does not hear: as the guard itself would say, if it would.
    fn unheard(&self, body: &str, heard: &Heard) -> String {
        let by_guard = match events::read(body, &self.scene.account) {
            Ok(Read { request: Request::Ignore(reason), .. }) => Some(reason.to_owned()),
            Ok(_) | Err(_) => None,
        };
        by_guard.unwrap_or_else(|| match heard {
            Heard::NotDelivered { .. } => "the event does not come to the guard".to_owned(),
            Heard::DoesNotMatch { .. } | Heard::Matches { .. } | Heard::InQueue | Heard::Never => {
                "the rule does not let it through".to_owned()
            }
        })
    }

    /// Does to the buckets what a call did, whether the guard hears of it or not. Returns what had to be assumed.
    fn change(&mut self, now: OffsetDateTime, event: &Json) -> Vec<String> {
        let nothing = Json::Null;
        let detail = event.get("detail").unwrap_or(&nothing);
        let parameters = field::at(detail, &["requestParameters"]).unwrap_or(&nothing);
        let Ok(read) = events::read(&event.to_string(), &self.scene.account) else {
            return Vec::new();
        };
        match read.request {
            Request::Changed(changed) if changed.bucket.is_account() => {
                self.world.happen_to_account(&changed.call.event_name, parameters)
            }
            Request::Changed(changed) => {
                let id = self.id(changed.bucket.clone(), Some(&changed.region));
                let scene = self.scene;
                let guarded = |memory: &MemoryBucket| engine::guard(scene, memory, now);
                self.world.happen(&id, &changed, parameters, guarded)
            }
            Request::Ignore(_) => {
                let failed = detail.get("errorCode").is_some_and(|code| !code.is_null());
                let recipient = field::text(detail, &["recipientAccountId"]);
                let is_other = recipient.is_some_and(|id| id != self.scene.account.as_str());
                let name =
                    field::text(parameters, &["bucketName"]).and_then(|name| name.parse().ok());
                let event_name = field::text(detail, &["eventName"]);
                if let (false, Some(bucket), Some(event_name)) =
                    (failed || is_other, name, event_name)
                {
                    self.world.happen_unheard(&bucket, &event_name);
                }
                Vec::new()
            }
            Request::Own(_) => Vec::new(),
        }
    }

    /// A message comes to the guard.
    fn come(&mut self, now: OffsetDateTime, step: Step) {
        let Step { index, body, stack_is_done } = step;
        let read = match events::read(&body, &self.scene.account) {
            Ok(read) => read,
            Err(error) => {
                self.replayed[index].outcome = Outcome::DeadLetter { because: error.to_string() };
                return;
            }
        };
        let message = Message { id: String::new(), is_again: false, read };
        for TaskOf { task, .. } in triage(vec![message], now, self.scene.settle_seconds()) {
            let replayed = &mut self.replayed[index];
            match &task {
                triage::Task::Look(look) if look.bucket.is_account() => {
                    replayed.task = Some(Task::LookAtAccount);
                    self.reconcile(index, &self.id(BucketName::account(), None), &task, now);
                    self.world.account_looked_at();
                }
                triage::Task::Look(look) => {
                    replayed.task = Some(Task::Look);
                    let id = self.id(look.bucket.clone(), look.region.as_ref());
                    // Who has attempted it has waited for the stack.
                    self.ensure(index, &id, now, stack_is_done || look.attempt > 0);
                    self.reconcile(index, &id, &task, now);
                }
                triage::Task::Later { body, delay_seconds } => {
                    replayed.settles_seconds = Some(*delay_seconds);
                    match later(now, *delay_seconds) {
                        Some(then) => {
                            self.send(then, Step { index, body: body.clone(), stack_is_done });
                        }
                        None => replayed.outcome = Outcome::Ignored { because: NEVER.to_owned() },
                    }
                }
                triage::Task::Sweep(_) => replayed.task = Some(Task::Sweep),
                triage::Task::Tell(message) => {
                    replayed.task = Some(Task::Tell);
                    match flow::queued_notification(message) {
                        Ok(notification) => replayed.says = Some(Told::from(&notification)),
                        Err(error) => {
                            replayed.outcome = Outcome::DeadLetter { because: error.to_string() };
                        }
                    }
                }
                triage::Task::Nothing { reason } => {
                    replayed.task = Some(Task::Nothing);
                    replayed.assumed.clear();
                    replayed.outcome = Outcome::Ignored { because: (*reason).to_owned() };
                }
            }
        }
    }

    /// Has the bucket there, and its stack done if that was waited for.
    fn ensure(&mut self, index: usize, id: &BucketId, now: OffsetDateTime, stack_is_done: bool) {
        let scene = self.scene;
        let mut assumed = self.world.ensure(id, |memory| engine::guard(scene, memory, now));
        if stack_is_done {
            self.world.finish_stack(&id.name);
            assumed.push("the bucket's stack is done when it is looked at again".to_owned());
        }
        self.replayed[index].assumed.extend(assumed);
    }

    /// Has the guard's flow reconcile a bucket, or the account's block.
    fn reconcile(&mut self, index: usize, id: &BucketId, task: &triage::Task, now: OffsetDateTime) {
        let memory = self.world.bucket(id, now);
        let mut ran = engine::run(self.scene, &memory, &self.world.ledger, task, now);
        let steps = memory.take_steps();
        self.world.keep(&steps);
        for message in &ran.sent.messages {
            if let Some(then) = later(now, message.delay_seconds) {
                let body = message.body.clone();
                self.send(then, Step { index, body, stack_is_done: true });
            }
        }
        if let Some(seen) = ran.result.seen.take() {
            self.replayed[index].looks.push(engine::shown(ran, &seen, &steps, now));
        }
    }

    fn tell_of_object(&mut self, index: usize, body: &str) {
        let replayed = &mut self.replayed[index];
        match object_event::read(body) {
            Ok(event) => {
                replayed.task = Some(Task::TellOfObject);
                let (bucket, key) = (event.bucket.as_str(), event.key.as_str());
                if !self.scene.config.notifications().selection().wants(bucket, key, event.change) {
                    let because = "the configuration does not select the object".to_owned();
                    replayed.outcome = Outcome::Ignored { because };
                    return;
                }
                let (account, now) = (&self.scene.account, event.time);
                let origin = Origin { account, region: &self.here, stack: engine::STACK, now };
                replayed.says = Some(Told::from(&objects::tell_one(&event, &origin)));
            }
            Err(error) => replayed.outcome = Outcome::DeadLetter { because: error.to_string() },
        }
    }

    fn send(&mut self, time: OffsetDateTime, step: Step) {
        self.later.insert((time, self.sent), step);
        self.sent += 1;
    }

    fn id(&self, name: BucketName, region: Option<&Region>) -> BucketId {
        let region = region.unwrap_or(&self.here).clone();
        BucketId { name, account: self.scene.account.clone(), region }
    }
}

/// When something comes that is sent back now; never, if that is after the end of all dates.
fn later(now: OffsetDateTime, seconds: u16) -> Option<OffsetDateTime> {
    now.checked_add(Duration::seconds(seconds.into()))
}
