//! Sorts a batch: what to look at now, what later, what not at all.
//!
//! Many events of one bucket are looked at once. A bucket that was only just made is left to whoever is setting it
//! up, until it is as old as the settle time by the event's own time, so that CloudTrail's delay counts; weakening
//! waits for nothing.

use std::collections::BTreeMap;

use serde_json::Value;
use time::OffsetDateTime;

use crate::config::Extent;
use crate::evaluate::coverage::Mark;
use crate::events::Read;
use crate::events::{Changed, Request};
use crate::{BucketName, Call, Region, Trigger};

/// How long after its creation a bucket may be unknown to a part of S3, in seconds.
///
/// Terraform waits as long (hashicorp/terraform-provider-aws#11795).
const UNKNOWN_SECONDS_MAX: i64 = 120;
/// After how long such a bucket is looked for again, in seconds.
pub const UNKNOWN_DELAY_SECONDS: u16 = 15;
/// How often a look waits for `CloudFormation`. All the waiting together takes almost four hours.
pub const STACK_ATTEMPTS_MAX: u32 = 20;
/// After how long it looks again for the first time, in seconds; twice as long after each further one.
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
    /// Whether it was delivered before, and what came of that is not known.
    pub is_again: bool,
    /// What it says.
    pub read: Read,
}

/// Something to do, and the messages that are done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskOf {
    /// What to do.
    pub task: Task,
    /// The ids of the messages.
    pub message_ids: Vec<String>,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// Look at a bucket.
    Look(Look),
    /// Look at the account's public access block.
    LookAtAccount {
        /// The calls that have changed it, in the order of their times; none if the sweep looks at it.
        calls: Vec<Call>,
        /// Whether it was begun before, and not ended.
        is_again: bool,
    },
    /// Send a message back.
    Later {
        /// The message.
        body: String,
        /// When it is to be delivered again.
        delay_seconds: u16,
    },
    /// List buckets.
    Sweep {
        /// Where S3 goes on with its list.
        continuation: Option<String>,
        /// The last bucket that was seen.
        after: Option<String>,
    },
    /// Publish what could not be published before.
    Tell(Value),
    /// Nothing.
    Nothing {
        /// Why.
        reason: &'static str,
    },
}

/// A look at one bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The bucket.
    pub bucket: BucketName,
    /// Where it is, if that is known: here, otherwise.
    pub region: Option<Region>,
    /// Why it is looked at.
    pub trigger: Trigger,
    /// The messages that told of its calls, as they first came.
    pub bodies: Vec<String>,
    /// Whether it was begun before, and not ended.
    pub is_again: bool,
    /// How often it has waited for a stack.
    pub attempt: u32,
    /// Whether the sweep looks at it, too, if calls have led to it.
    pub is_swept: bool,
    /// What the sweep knows of the bucket.
    pub mark: Option<Mark>,
}

/// Sorts the messages of a batch, one task for each bucket.
pub fn triage(messages: Vec<Message>, now: OffsetDateTime, settle_seconds: u16) -> Vec<TaskOf> {
    let swept = |bucket| (Look::of_sweep(bucket), Vec::new());
    let mut tasks = Vec::new();
    let mut looks: BTreeMap<BucketName, (Look, Vec<String>)> = BTreeMap::new();
    let mut of_account = (Vec::new(), false, Vec::new());
    for Message { id, is_again, read: Read { request, attempt, body } } in messages {
        let mut alone = |task| tasks.push(TaskOf { task, message_ids: vec![id.clone()] });
        match request {
            Request::Changed(changed) => {
                let settling = settling(&changed.call, now, settle_seconds);
                if let Some(delay_seconds) = settling.filter(|_| attempt == 0) {
                    alone(Task::Later { body, delay_seconds });
                } else {
                    let Changed { bucket, region, call } = changed;
                    let (look, ids) = looks.entry(bucket.clone()).or_insert_with(|| swept(bucket));
                    ids.push(id);
                    look.add(region, call, body);
                    look.is_again |= is_again;
                    look.attempt = look.attempt.max(attempt);
                }
            }
            Request::AccountChanged(call) => {
                let (calls, any_again, ids) = &mut of_account;
                add(calls, call);
                *any_again |= is_again;
                ids.push(id);
            }
            Request::LookAt { bucket, mark } => {
                let (look, ids) = looks.entry(bucket.clone()).or_insert_with(|| swept(bucket));
                ids.push(id);
                look.is_swept = true;
                look.mark = look.mark.max(mark);
                look.attempt = look.attempt.max(attempt);
            }
            Request::LookAtAccount => of_account.2.push(id),
            Request::Sweep { continuation, after } => alone(Task::Sweep { continuation, after }),
            Request::Tell(notice) => alone(Task::Tell(notice)),
            Request::Ignore(reason) => alone(Task::Nothing { reason }),
        }
    }
    let (calls, is_again, message_ids) = of_account;
    if !message_ids.is_empty() {
        tasks.push(TaskOf { task: Task::LookAtAccount { calls, is_again }, message_ids });
    }
    let looks = looks.into_values();
    tasks.extend(looks.map(|(look, message_ids)| TaskOf { task: Task::Look(look), message_ids }));
    tasks
}

/// When to look again for a bucket that is not to be seen: one that was called a moment ago may only not be known yet.
pub fn look_again(trigger: &Trigger, now: OffsetDateTime) -> Option<u16> {
    let is_new = |call: &Call| (now - call.time).whole_seconds() < UNKNOWN_SECONDS_MAX;
    trigger.calls().iter().any(is_new).then_some(UNKNOWN_DELAY_SECONDS)
}

/// When to look again at a bucket whose stack is not done, after so many attempts; `None` if it was waited for long
/// enough.
pub fn stack_delay_seconds(attempt: u32) -> Option<u16> {
    if attempt >= STACK_ATTEMPTS_MAX {
        return None;
    }
    let doubled =
        2_u16.checked_pow(attempt).and_then(|factor| STACK_DELAY_SECONDS.checked_mul(factor));
    Some(doubled.map_or(DELAY_SECONDS_MAX, |delay| delay.min(DELAY_SECONDS_MAX)))
}

/// How long a call's bucket has still to settle, in seconds, rounded up.
fn settling(call: &Call, now: OffsetDateTime, settle_seconds: u16) -> Option<u16> {
    if !may_settle(call) {
        return None;
    }
    let settle = time::Duration::seconds(settle_seconds.into());
    // A clock that runs ahead of AWS's must not keep a bucket waiting for longer than the settle time.
    let missing = (settle - (now - call.time)).min(settle);
    let seconds = (missing.whole_milliseconds() + 999) / 1000;
    u16::try_from(seconds).ok().filter(|seconds| *seconds > 0)
}

/// Whether a call is one of many by which a bucket is being set up, and lets nobody in by itself.
///
/// Whoever makes a website switches the block off before the policy comes. Without a public policy or ACL nobody gets in
/// yet, and a block that is back on too early would make the next call fail.
fn may_settle(call: &Call) -> bool {
    match call.event_name.as_str() {
        "CreateBucket" => !call.exposes,
        "PutBucketPublicAccessBlock" | "DeleteBucketPublicAccessBlock" => call.tool.is_iac(),
        // Tags weaken nothing, and come a moment after the bucket, while it is being set up.
        "PutBucketTagging" | "DeleteBucketTagging" | "TagResource" | "UntagResource" => true,
        _ => false,
    }
}

/// Adds a call, in the order of the calls. CloudTrail delivers the same event twice at times.
fn add(calls: &mut Vec<Call>, call: Call) {
    if !calls.contains(&call) {
        calls.push(call);
        calls.sort_by_key(|call| call.time);
    }
}

impl Look {
    /// A look at a bucket for which no call is known yet.
    pub fn of_sweep(bucket: BucketName) -> Self {
        Self {
            bucket,
            region: None,
            trigger: Trigger::Sweep,
            bodies: Vec::new(),
            is_again: false,
            attempt: 0,
            is_swept: false,
            mark: None,
        }
    }

    /// How much of the bucket is looked at: what its events touch, and all that is kept if the sweep looks at it, too.
    pub fn extent(&self) -> Extent {
        match &self.trigger {
            Trigger::Calls(_) if self.is_swept => Extent::KeptAndTouched(self.trigger.touched()),
            Trigger::Calls(_) | Trigger::Sweep => Extent::of(&self.trigger),
        }
    }

    fn add(&mut self, region: Region, call: Call, body: String) {
        self.region = Some(region);
        self.bodies.push(body);
        match &mut self.trigger {
            Trigger::Sweep => self.trigger = Trigger::Calls(vec![call]),
            Trigger::Calls(calls) => add(calls, call),
        }
    }
}

#[cfg(test)]
mod tests;
