//! Sorts a batch: what to look at now, what later, what not at all.
//!
//! Many events of one bucket are looked at once. A bucket that was only just made is left to whoever is setting it
//! up, until it is as old as the settle time by the event's own time, so that CloudTrail's delay counts; weakening
//! waits for nothing.

use std::collections::BTreeMap;

use s3guard_posture::report::{Call, Trigger};
use s3guard_posture::{BucketName, Notice, Region};
use time::OffsetDateTime;

use crate::batch::Message;
use crate::event::{Changed, Request};

/// How long after its creation a bucket may be unknown to a part of S3, in seconds.
///
/// Terraform waits as long (hashicorp/terraform-provider-aws#11795).
const UNKNOWN_SECONDS_MAX: i64 = 120;
/// After how long such a bucket is looked for again, in seconds.
const UNKNOWN_DELAY_SECONDS: u16 = 15;

/// Something to do, and the messages that are done with it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TaskOf {
    pub(super) task: Task,
    pub(super) message_ids: Vec<String>,
}

/// Something to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Look at a bucket, here where no Region is given.
    Look(Look),
    /// Send a message back.
    Later { body: String, delay_seconds: u16 },
    /// List buckets.
    Sweep { continuation: Option<String> },
    /// Publish what could not be published before.
    Tell(Notice),
    /// Nothing.
    Nothing { reason: &'static str },
}

/// A look at one bucket.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// The bucket.
    pub(super) bucket: BucketName,
    /// Where it is, if that is known: here, otherwise.
    pub(super) region: Option<Region>,
    /// Why it is looked at.
    pub(super) trigger: Trigger,
    /// The messages that told of it.
    pub(super) bodies: Vec<String>,
    /// Whether it was begun before, and not ended.
    pub(super) is_again: bool,
}

/// Sorts the requests of a batch, one task for each bucket.
pub(super) fn triage(
    requests: Vec<(Message, Request)>,
    now: OffsetDateTime,
    settle_seconds: u16,
) -> Vec<TaskOf> {
    let mut tasks = Vec::new();
    let mut looks: BTreeMap<BucketName, (Look, Vec<String>)> = BTreeMap::new();
    for (message, request) in requests {
        let is_again = message.is_again();
        let id = message.id;
        let mut alone = |task| tasks.push(TaskOf { task, message_ids: vec![id.clone()] });
        match request {
            Request::Changed(changed) => {
                if let Some(delay_seconds) = settling(&changed.call, now, settle_seconds) {
                    alone(Task::Later { body: message.body, delay_seconds });
                } else {
                    let Changed { bucket, region, call } = changed;
                    let (look, ids) = looks.entry(bucket.clone()).or_insert_with(|| swept(bucket));
                    ids.push(id);
                    look.add(region, call, message.body);
                    look.is_again |= is_again;
                }
            }
            Request::LookAt(bucket) => {
                looks.entry(bucket.clone()).or_insert_with(|| swept(bucket)).1.push(id);
            }
            Request::Sweep(continuation) => alone(Task::Sweep { continuation }),
            Request::Tell(notice) => alone(Task::Tell(notice)),
            Request::Ignore(reason) => alone(Task::Nothing { reason }),
        }
    }
    let looks = looks.into_values();
    tasks.extend(looks.map(|(look, message_ids)| TaskOf { task: Task::Look(look), message_ids }));
    tasks
}

/// When to look again for a bucket that is not to be seen: one that was called a moment ago may only not be known yet.
pub(super) fn look_again(trigger: &Trigger, now: OffsetDateTime) -> Option<u16> {
    let Trigger::Calls(calls) = trigger else { return None };
    let is_new = |call: &Call| (now - call.time).whole_seconds() < UNKNOWN_SECONDS_MAX;
    calls.iter().any(is_new).then_some(UNKNOWN_DELAY_SECONDS)
}

/// How long a new bucket has still to settle, in seconds, rounded up.
fn settling(call: &Call, now: OffsetDateTime, settle_seconds: u16) -> Option<u16> {
    if call.event_name != "CreateBucket" {
        return None;
    }
    let settle = time::Duration::seconds(settle_seconds.into());
    // A clock that runs ahead of AWS's must not keep a bucket waiting for longer than the settle time.
    let missing = (call.time + settle - now).min(settle);
    let seconds = (missing.whole_milliseconds() + 999) / 1000;
    u16::try_from(seconds).ok().filter(|seconds| *seconds > 0)
}

/// A look at a bucket that nobody has called yet.
fn swept(bucket: BucketName) -> (Look, Vec<String>) {
    let look =
        Look { bucket, region: None, trigger: Trigger::Sweep, bodies: Vec::new(), is_again: false };
    (look, Vec::new())
}

impl Look {
    /// Adds a call, in the order of the calls.
    fn add(&mut self, region: Region, call: Call, body: String) {
        self.region = Some(region);
        self.bodies.push(body);
        match &mut self.trigger {
            Trigger::Sweep => self.trigger = Trigger::Calls(vec![call]),
            Trigger::Calls(calls) => {
                // CloudTrail delivers the same event twice at times.
                if !calls.contains(&call) {
                    calls.push(call);
                    calls.sort_by_key(|call| call.time);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
