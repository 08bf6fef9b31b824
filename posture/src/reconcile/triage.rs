//! Sorts a batch: which buckets to reconcile now, which later, and which messages to ignore.
//!
//! All events of one bucket are one task. A new bucket is not reconciled before the settle time has passed since the event,
//! so that its creator can finish the setup; a call that weakens a bucket is handled at once.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::config::Extent;
use crate::evaluate::coverage::Known;
use crate::events::plausible::is_plausible;
use crate::events::{Changed, CloseDigest, OwnMessage, Read, Request, Sweep, Tick};
use crate::{BucketName, Call, Region, Trigger};

/// How long after its creation a bucket may not be visible in all of S3, in seconds.
///
/// Terraform waits as long (hashicorp/terraform-provider-aws#11795).
const UNKNOWN_SECONDS_MAX: i64 = 120;
/// After how long such a bucket is read again, in seconds.
pub const UNKNOWN_DELAY_SECONDS: u16 = 15;
/// How often a bucket waits for `CloudFormation`; altogether almost four hours.
pub const STACK_ATTEMPTS_MAX: u32 = 20;
/// After how long it is reconciled again the first time, in seconds; doubled each time.
const STACK_DELAY_SECONDS: u16 = 15;
/// The longest that a message can be delayed, in seconds.
///
/// Source: Amazon SQS Developer Guide, "Message timers".
pub const DELAY_SECONDS_MAX: u16 = 900;

/// A message that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// Whether it was delivered before, with an unknown result.
    pub is_again: bool,
    /// Its content.
    pub read: Read,
}

/// A task, and the messages that it handles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskOf {
    /// The task.
    pub task: Task,
    /// The ids of the messages.
    pub message_ids: Vec<String>,
}

/// A task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// Reconcile a bucket, or the account's public access block.
    Reconcile(ReconcileTask),
    /// Send a message back.
    Later {
        /// The message.
        body: String,
        /// After how many seconds it is delivered again.
        delay_seconds: u16,
    },
    /// List buckets.
    Sweep(Sweep),
    /// Publish the notifications of a window.
    Digest(CloseDigest),
    /// Count that the guard works.
    Tick(Tick),
    /// Nothing.
    Nothing {
        /// Why.
        reason: &'static str,
    },
}

/// The reconciliation of one bucket, or of the account's public access block as [`BucketName::account`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReconcileTask {
    /// The bucket.
    pub bucket: BucketName,
    /// Its Region, if it is known; otherwise that of the guard.
    pub region: Option<Region>,
    /// Why it is reconciled.
    pub trigger: Trigger,
    /// The original messages of its calls.
    pub bodies: Vec<String>,
    /// Whether it was begun before, with an unknown result.
    pub is_again: bool,
    /// How often it has waited for a stack.
    pub attempt: u32,
    /// Whether the sweep asks for it too.
    pub is_swept: bool,
    /// Whether it is queued for the end of a conflict.
    pub ends_stop: bool,
    /// How the bucket becomes known to the sweep, if it has no state.
    pub known: Option<Known>,
}

/// Sorts the messages of a batch, one task for each bucket.
///
/// No message is sent back without an end, whatever it contains: the settle time ends because the event's time is plausible,
/// and the attempts to wait for a stack are counted.
pub fn triage(messages: Vec<Message>, now: OffsetDateTime, settle_seconds: u16) -> Vec<TaskOf> {
    let mut tasks = Vec::new();
    let mut by_bucket: BTreeMap<BucketName, (ReconcileTask, Vec<String>)> = BTreeMap::new();
    for Message { id, is_again, read: Read { request, attempt, body } } in messages {
        let task = match request {
            // An event whose time cannot be right is only a hint: the bucket is reconciled without its caller.
            Request::Changed(Changed { bucket, region, call }) if !is_plausible(call.time, now) => {
                let task = task_for(&mut by_bucket, bucket, id, attempt);
                task.region.get_or_insert(region);
                task.is_swept = true;
                continue;
            }
            Request::Changed(Changed { bucket, region, call }) => {
                let settling = settling(&call, now, settle_seconds).filter(|_| attempt == 0);
                let Some(delay_seconds) = settling else {
                    let task = task_for(&mut by_bucket, bucket, id, attempt);
                    task.add(region, call, body);
                    task.is_again |= is_again;
                    continue;
                };
                Task::Later { body, delay_seconds }
            }
            Request::Own(OwnMessage::Reconcile { bucket, known }) => {
                let task = task_for(&mut by_bucket, bucket, id, attempt);
                task.is_swept = true;
                task.is_again |= is_again;
                task.known = task.known.max(known);
                continue;
            }
            Request::Own(OwnMessage::AfterConflict { bucket }) => {
                let task = task_for(&mut by_bucket, bucket, id, attempt);
                task.ends_stop = true;
                task.is_again |= is_again;
                continue;
            }
            Request::Own(OwnMessage::Sweep(sweep)) => Task::Sweep(sweep),
            Request::Own(OwnMessage::Digest(close)) => Task::Digest(close),
            Request::Own(OwnMessage::Tick(tick)) => Task::Tick(tick),
            Request::Ignore(reason) => Task::Nothing { reason },
        };
        tasks.push(TaskOf { task, message_ids: vec![id] });
    }
    let by_bucket = fairly(by_bucket.into_values().collect());
    tasks.extend(
        by_bucket
            .into_iter()
            .map(|(task, message_ids)| TaskOf { task: Task::Reconcile(task), message_ids }),
    );
    tasks
}

/// Orders tasks so that many buckets of one principal are not before the first one of another.
fn fairly(tasks: Vec<(ReconcileTask, Vec<String>)>) -> Vec<(ReconcileTask, Vec<String>)> {
    let mut turns: BTreeMap<String, usize> = BTreeMap::new();
    let mut ordered: Vec<(usize, _)> = Vec::new();
    for task in tasks {
        let caller = task.0.trigger.calls().first().map_or("", |call| call.caller());
        let turn = turns.entry(caller.to_owned()).or_default();
        ordered.push((*turn, task));
        *turn += 1;
    }
    ordered.sort_by_key(|(turn, _)| *turn);
    ordered.into_iter().map(|(_, task)| task).collect()
}

/// The reconciliation of a bucket to which this message belongs.
fn task_for(
    by_bucket: &mut BTreeMap<BucketName, (ReconcileTask, Vec<String>)>,
    bucket: BucketName,
    message_id: String,
    attempt: u32,
) -> &mut ReconcileTask {
    let (task, ids) = by_bucket
        .entry(bucket.clone())
        .or_insert_with(|| (ReconcileTask::of_sweep(bucket), Vec::new()));
    ids.push(message_id);
    task.attempt = task.attempt.max(attempt);
    task
}

/// When to retry a bucket that was not found, because it may be new and not visible yet.
pub fn retry_seconds(trigger: &Trigger, now: OffsetDateTime) -> Option<u16> {
    let is_new = |call: &Call| (now - call.time).whole_seconds() < UNKNOWN_SECONDS_MAX;
    trigger.calls().iter().any(is_new).then_some(UNKNOWN_DELAY_SECONDS)
}

/// When to retry a bucket whose stack operation is in progress, after so many attempts; `None` after the last one.
pub fn stack_delay_seconds(attempt: u32) -> Option<u16> {
    let delay = STACK_DELAY_SECONDS.saturating_mul(2_u16.saturating_pow(attempt));
    (attempt < STACK_ATTEMPTS_MAX).then(|| delay.min(DELAY_SECONDS_MAX))
}

/// The rest of the settle time of a call's bucket, in seconds, rounded up.
fn settling(call: &Call, now: OffsetDateTime, settle_seconds: u16) -> Option<u16> {
    may_settle(call).then(|| rest_seconds(call.time, now, settle_seconds)).flatten()
}

/// The rest of the settle time since then, in seconds, rounded up.
pub fn rest_seconds(
    since: OffsetDateTime,
    now: OffsetDateTime,
    settle_seconds: u16,
) -> Option<u16> {
    let settle = time::Duration::seconds(settle_seconds.into());
    // A clock that differs from AWS's must not delay a bucket for longer than the settle time, each time: it differs by at
    // most a minute.
    let missing = (settle - (now - since)).min(settle);
    let seconds = (missing.whole_milliseconds() + 999) / 1000;
    u16::try_from(seconds).ok().filter(|seconds| *seconds > 0)
}

/// Whether a call is part of the setup of a bucket, and gives no access by itself.
fn may_settle(call: &Call) -> bool {
    match call.event_name.as_str() {
        "CreateBucket" => !call.exposes,
        // Tags weaken nothing, and are set a moment after the bucket is created.
        "PutBucketTagging" | "DeleteBucketTagging" | "TagResource" | "UntagResource" => true,
        _ => false,
    }
}

impl ReconcileTask {
    /// The reconciliation of a bucket without calls.
    pub fn of_sweep(bucket: BucketName) -> Self {
        Self {
            bucket,
            region: None,
            trigger: Trigger::Sweep,
            bodies: Vec::new(),
            is_again: false,
            attempt: 0,
            is_swept: false,
            ends_stop: false,
            known: None,
        }
    }

    /// How much of the bucket is judged: what its calls touch, and everything if the sweep asks for it too.
    pub fn extent(&self) -> Extent {
        match &self.trigger {
            Trigger::Calls(_) if self.is_swept => Extent::Everything,
            Trigger::Calls(_) | Trigger::Sweep => Extent::of(&self.trigger),
        }
    }

    fn add(&mut self, region: Region, call: Call, body: String) {
        self.region = Some(region);
        self.bodies.push(body);
        match &mut self.trigger {
            Trigger::Sweep => self.trigger = Trigger::Calls(vec![call]),
            // CloudTrail may deliver an event twice.
            Trigger::Calls(calls) if calls.contains(&call) => {}
            Trigger::Calls(calls) => {
                calls.push(call);
                calls.sort_by_key(|call| call.time);
            }
        }
    }
}

#[cfg(test)]
mod tests;
