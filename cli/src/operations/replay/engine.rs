//! The guard's flow on a bucket in memory, and what it did, step by step.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use s3guard_posture::flow::memory::{MemoryLedger, MemoryOutgoing, Sent};
use s3guard_posture::flow::{Clock, Flow, Seen, TaskResult, WriteCounter};
use s3guard_posture::model::finding::STACK_IN_PROGRESS;
use s3guard_posture::notify::notification::document::Body;
use s3guard_posture::reconcile::memory::Step;
use s3guard_posture::reconcile::record::State;
use s3guard_posture::reconcile::triage::{Look as LookTask, Task};
use s3guard_posture::{BucketId, Finding, MemoryBucket, Notice, Question};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::operations::replay::Scene;
use crate::operations::replay::replayed::{Called, Fate, Found, Look, Told};

/// The stack whose guard is replayed.
pub(crate) const STACK: &str = "s3guard";

/// What a task came to, and what was sent.
pub(crate) struct Ran {
    pub(crate) result: TaskResult,
    pub(crate) sent: Sent,
}

/// Runs a task of the guard at a bucket.
pub(crate) fn run(
    scene: &Scene,
    memory: &MemoryBucket,
    ledger: &MemoryLedger,
    task: &Task,
    now: OffsetDateTime,
) -> Ran {
    let account = WriteCounter::new(memory.clone(), move || now);
    let outgoing = MemoryOutgoing::default();
    let flow = Flow {
        account: &account,
        ledger,
        outgoing: &outgoing,
        settings: &scene.settings(&memory.truth().id.region),
        clock: Clock { now: &|| now, deadline: None },
    };
    let result = at_once(flow.task(task));
    Ran { result, sent: outgoing.take() }
}

/// Brings a bucket to its baseline, as a sweep long ago would have.
pub(crate) fn guard(scene: &Scene, memory: &MemoryBucket, now: OffsetDateTime) {
    let BucketId { name, region, .. } = memory.truth().id;
    let look = LookTask { region: Some(region), ..LookTask::of_sweep(name) };
    run(scene, memory, &MemoryLedger::default(), &Task::Look(look), now);
}

/// What a look at a bucket has read, found, written and published.
pub(crate) fn shown(ran: Ran, seen: &Seen, steps: &[Step], now: OffsetDateTime) -> Look {
    let Ran { result, sent } = ran;
    let is_write = |step: &Step| matches!(step, Step::Wrote(_));
    let before = steps.iter().position(is_write).unwrap_or(steps.len());
    // That the guard stops is shown by the number of its writes.
    let is_shown = |notice: &Notice| !matches!(notice.document.body, Body::TugOfWar(_));
    Look {
        time: shown_time(now),
        grade: seen.baseline.grade,
        grade_because: seen.baseline.grade_because.clone(),
        reads: rounds(&steps[..before]),
        finds: seen.findings.iter().map(found).collect(),
        calls: calls(steps),
        waits_seconds: sent.messages.first().map(|message| message.delay_seconds),
        stops_after_writes: seen
            .findings
            .iter()
            .filter_map(Finding::stopped)
            .map(|(_, of)| of)
            .max(),
        says: sent
            .notifications
            .iter()
            .find(|&notice| is_shown(notice))
            .map(Told::from)
            .or(result.notification.as_ref().map(Told::from)),
    }
}

/// A time in UTC, as CloudTrail writes it.
fn shown_time(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_else(|_| time.to_string())
}

/// Runs what waits for nothing: a bucket in memory answers at once.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

fn rounds(steps: &[Step]) -> Vec<Vec<String>> {
    let rounds = steps.iter().filter_map(|step| match step {
        Step::Read(questions) => Some(questions.iter().copied().map(asked).collect()),
        Step::Wrote(_) | Step::Kept(_) => None,
    });
    rounds.collect()
}

/// The writes, each with what was read after it.
fn calls(steps: &[Step]) -> Vec<Called> {
    let mut calls: Vec<Called> = Vec::new();
    for step in steps {
        match step {
            Step::Wrote(setting) => calls.push(Called {
                call: setting.kind().call(),
                setting: setting.clone(),
                reads: Vec::new(),
                is_verified: false,
            }),
            Step::Read(questions) => {
                if let Some(call) = calls.last_mut() {
                    call.reads.push(questions.iter().copied().map(asked).collect());
                }
            }
            Step::Kept(record) => {
                let of = calls.iter_mut().rfind(|call| call.setting.kind() == record.setting);
                if let Some(call) = of {
                    call.is_verified = record.state == State::Verified;
                }
            }
        }
    }
    calls
}

/// The call that asks, and what it is about where the call is not one on the bucket.
fn asked(question: Question) -> String {
    let of = match question {
        Question::AccountBlock => " (account)",
        Question::Key => " (key)",
        Question::Stack => " (stack)",
        Question::History => " (ledger)",
        Question::Encryption
        | Question::PublicAccessBlock
        | Question::Policy
        | Question::PolicyStatus
        | Question::Acl
        | Question::Website
        | Question::Ownership
        | Question::Versioning
        | Question::AccessLogs
        | Question::Notifications
        | Question::Tags
        | Question::Replication
        | Question::Lifecycle
        | Question::ObjectLock => "",
    };
    format!("{}{of}", question.name())
}

fn found(finding: &Finding) -> Found {
    let aspect = finding.aspect();
    let (fate, words) = match finding {
        Finding::Weak { was, mend, .. } => {
            (Fate::Mended, format!("{}: {was} (wanted: {mend})", aspect.words()))
        }
        Finding::Later { .. } => (Fate::Later, format!("{}: {STACK_IN_PROGRESS}", aspect.words())),
        Finding::Left { because, .. } => (Fate::Left, format!("{}: {because}", aspect.words())),
    };
    Found { aspect, fate, words }
}
