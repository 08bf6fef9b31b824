//! The events in the order of time: what happens, what the guard hears of it, and when it looks.

use std::collections::BTreeMap;

use s3guard_posture::digest::objects;
use s3guard_posture::events::Request;
use s3guard_posture::events::field;
use s3guard_posture::events::object_event;
use s3guard_posture::events::{self, Read};
use s3guard_posture::notify::notification::Origin;
use s3guard_posture::reconcile::triage::{self, Message, TaskOf, triage};
use s3guard_posture::{
    Baseline, BucketId, BucketName, MemoryBucket, Notice, Observed, Region, Trigger,
};
use serde::Deserialize as _;
use serde_json::Value as Json;
use time::{Date, Duration, OffsetDateTime};

use crate::operations::replay::recorded::{Came, Recorded};
use crate::operations::replay::replayed::{Fate, Heard, Outcome, Replayed, Task, Told};
use crate::operations::replay::rules;
use crate::operations::replay::rules::Rules;
use crate::operations::replay::world::World;
use crate::operations::replay::{Scene, Wanted, engine};

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

struct Stage<'a, B> {
    scene: &'a Scene<B>,
    here: Region,
    rules: Rules,
    world: World,
    replayed: Vec<Replayed>,
    /// What comes later, by time and by the order in which it was sent.
    later: BTreeMap<(OffsetDateTime, usize), Step>,
    sent: usize,
}

pub(crate) fn run<B>(recorded: &[Recorded], scene: &Scene<B>) -> Vec<Replayed>
where
    B: Wanted,
{
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

impl<B> Stage<'_, B>
where
    B: Wanted,
{
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
            Request::Changed(changed) => {
                let id = self.id(changed.bucket.clone(), Some(&changed.region));
                let scene = self.scene;
                let guarded = |memory: &MemoryBucket| guard(scene, &id, memory, now);
                self.world.happen(&id, &changed, parameters, guarded)
            }
            Request::AccountChanged(call) => {
                self.world.happen_to_account(&call.event_name, parameters)
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
            Request::LookAt { .. }
            | Request::LookAtAccount
            | Request::Sweep { .. }
            | Request::Tell(_) => Vec::new(),
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
        for TaskOf { task, .. } in triage(vec![message], now, self.scene.settle_seconds) {
            let replayed = &mut self.replayed[index];
            match task {
                triage::Task::Look(look) => {
                    replayed.task = Some(Task::Look);
                    self.look(index, &look, now, &body, stack_is_done);
                }
                triage::Task::LookAtAccount { calls, .. } => {
                    replayed.task = Some(Task::LookAtAccount);
                    self.look_at_account(index, &Trigger::of(calls), now);
                }
                triage::Task::Later { body, delay_seconds } => {
                    replayed.settles_seconds = Some(delay_seconds);
                    match later(now, delay_seconds) {
                        Some(then) => self.send(then, Step { index, body, stack_is_done }),
                        None => replayed.outcome = Outcome::Ignored { because: NEVER.to_owned() },
                    }
                }
                triage::Task::Sweep { .. } => replayed.task = Some(Task::Sweep),
                triage::Task::Tell(notice) => {
                    replayed.task = Some(Task::Tell);
                    match Notice::deserialize(&notice) {
                        Ok(notice) => replayed.says = Some(Told::from(&notice)),
                        Err(error) => {
                            replayed.outcome = Outcome::DeadLetter { because: error.to_string() };
                        }
                    }
                }
                triage::Task::Nothing { reason } => {
                    replayed.task = Some(Task::Nothing);
                    replayed.assumed.clear();
                    replayed.outcome = Outcome::Ignored { because: reason.to_owned() };
                }
            }
        }
    }

    fn look(
        &mut self,
        index: usize,
        look: &triage::Look,
        now: OffsetDateTime,
        body: &str,
        stack_is_done: bool,
    ) {
        let scene = self.scene;
        let id = self.id(look.bucket.clone(), look.region.as_ref());
        let assumed = self.world.ensure(&id, |memory| guard(scene, &id, memory, now));
        self.replayed[index].assumed.extend(assumed);
        if stack_is_done {
            self.world.finish_stack(&id.name);
            let assumed = "the bucket's stack is done when it is looked at again".to_owned();
            self.replayed[index].assumed.push(assumed);
        }
        let trigger = &look.trigger;
        let wanted = wanted(scene, &id, (trigger, u32::from(stack_is_done)), now);
        let mut looked = engine::look(self.world.bucket(&id, now), &wanted, trigger, now);
        if looked.finds.iter().any(|found| found.fate == Fate::Later) && !stack_is_done {
            looked.waits_seconds = triage::stack_delay_seconds(look.attempt);
        }
        if let Some(delay_seconds) = looked.waits_seconds {
            let step = Step { index, body: body.to_owned(), stack_is_done: true };
            if let Some(then) = later(now, delay_seconds) {
                self.send(then, step);
            }
        }
        self.replayed[index].looks.push(looked);
    }

    fn look_at_account(&mut self, index: usize, trigger: &Trigger, now: OffsetDateTime) {
        let id = self.id(BucketName::account(), None);
        let mode = self.scene.account_mode;
        let wanted = |_: &Observed| Baseline::of_account(mode);
        let look = engine::look(self.world.bucket(&id, now), &wanted, trigger, now);
        self.world.account_looked_at();
        self.replayed[index].looks.push(look);
    }

    fn tell_of_object(&mut self, index: usize, body: &str) {
        let replayed = &mut self.replayed[index];
        match object_event::read(body) {
            Ok(event) => {
                replayed.task = Some(Task::TellOfObject);
                let (bucket, key) = (event.bucket.as_str(), event.key.as_str());
                if !self.scene.selection.wants(bucket, key, event.change) {
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

/// What is wanted of a bucket, as a function of what is seen of it.
fn wanted<B>(
    scene: &Scene<B>,
    id: &BucketId,
    (trigger, attempt): (&Trigger, u32),
    now: OffsetDateTime,
) -> impl Fn(&Observed) -> Baseline + Sync
where
    B: Wanted,
{
    move |observed| (scene.baseline)(id, &observed.tags, (trigger, attempt), now.date())
}

/// Makes a bucket what the guard would have left.
fn guard<B>(scene: &Scene<B>, id: &BucketId, memory: &MemoryBucket, now: OffsetDateTime)
where
    B: Wanted,
{
    engine::guard(memory, &wanted(scene, id, (&Trigger::Sweep, 0), now), now);
}
