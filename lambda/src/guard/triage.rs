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
    Look { bucket: BucketName, region: Option<Region>, trigger: Trigger, bodies: Vec<String> },
    /// Send a message back.
    Later { body: String, delay_seconds: u16 },
    /// List buckets.
    Sweep { continuation: Option<String> },
    /// Publish what could not be published before.
    Tell(Notice),
    /// Nothing.
    Nothing { reason: &'static str },
}

/// Sorts the requests of a batch, one task for each bucket.
pub(super) fn triage(
    requests: Vec<(Message, Request)>,
    now: OffsetDateTime,
    settle_seconds: u16,
) -> Vec<TaskOf> {
    let mut tasks = Vec::new();
    let mut looks: BTreeMap<BucketName, TaskOf> = BTreeMap::new();
    for (message, request) in requests {
        let id = message.message_id;
        let mut alone = |task| tasks.push(TaskOf { task, message_ids: vec![id.clone()] });
        match request {
            Request::Changed(changed) => {
                if let Some(delay_seconds) = settling(&changed.call, now, settle_seconds) {
                    alone(Task::Later { body: message.body, delay_seconds });
                } else {
                    let Changed { bucket, region, call } = changed;
                    let look = looks.entry(bucket.clone()).or_insert_with(|| swept(bucket));
                    look.message_ids.push(id);
                    look.add(region, call, message.body);
                }
            }
            Request::LookAt(bucket) => {
                let look = looks.entry(bucket.clone()).or_insert_with(|| swept(bucket));
                look.message_ids.push(id);
            }
            Request::Sweep(continuation) => alone(Task::Sweep { continuation }),
            Request::Tell(notice) => alone(Task::Tell(notice)),
            Request::Ignore(reason) => alone(Task::Nothing { reason }),
        }
    }
    tasks.extend(looks.into_values());
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
fn swept(bucket: BucketName) -> TaskOf {
    let task = Task::Look { bucket, region: None, trigger: Trigger::Sweep, bodies: Vec::new() };
    TaskOf { task, message_ids: Vec::new() }
}

impl TaskOf {
    /// Adds a call to a look, in the order of the calls.
    fn add(&mut self, there: Region, call: Call, body: String) {
        let Task::Look { region, trigger, bodies, .. } = &mut self.task else { return };
        *region = Some(there);
        bodies.push(body);
        match trigger {
            Trigger::Sweep => *trigger = Trigger::Calls(vec![call]),
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
