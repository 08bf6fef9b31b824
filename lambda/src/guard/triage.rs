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
    Look { bucket: BucketName, region: Option<Region>, trigger: Trigger, body: Option<String> },
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
                    let trigger = Trigger::Call(call);
                    add(&mut looks, id, bucket, Some(region), trigger, Some(message.body));
                }
            }
            Request::LookAt(bucket) => add(&mut looks, id, bucket, None, Trigger::Sweep, None),
            Request::Sweep(continuation) => alone(Task::Sweep { continuation }),
            Request::Tell(notice) => alone(Task::Tell(notice)),
            Request::Ignore(reason) => alone(Task::Nothing { reason }),
        }
    }
    tasks.extend(looks.into_values());
    tasks
}

/// When to look again for a bucket that is not to be seen: a new one may only not be known yet.
pub(super) fn look_again(trigger: &Trigger, now: OffsetDateTime) -> Option<u16> {
    match trigger {
        Trigger::Call(call) if call.event_name == "CreateBucket" => {
            ((now - call.time).whole_seconds() < UNKNOWN_SECONDS_MAX)
                .then_some(UNKNOWN_DELAY_SECONDS)
        }
        Trigger::Call(_) | Trigger::Sweep => None,
    }
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

/// Joins the looks at one bucket; the latest call is taken for the reason.
fn add(
    looks: &mut BTreeMap<BucketName, TaskOf>,
    id: String,
    bucket: BucketName,
    region: Option<Region>,
    trigger: Trigger,
    body: Option<String>,
) {
    match looks.get_mut(&bucket) {
        None => {
            let task = Task::Look { bucket: bucket.clone(), region, trigger, body };
            looks.insert(bucket, TaskOf { task, message_ids: vec![id] });
        }
        Some(known) => {
            known.message_ids.push(id);
            if let Task::Look { trigger: before, .. } = &known.task
                && is_later(&trigger, before)
            {
                known.task = Task::Look { bucket, region, trigger, body };
            }
        }
    }
}

fn is_later(trigger: &Trigger, before: &Trigger) -> bool {
    match (trigger, before) {
        (Trigger::Call(call), Trigger::Call(before)) => call.time > before.time,
        (Trigger::Call(_), Trigger::Sweep) => true,
        (Trigger::Sweep, _) => false,
    }
}

#[cfg(test)]
mod tests;
