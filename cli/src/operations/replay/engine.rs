//! A look at a bucket in memory: the guard's own engine, and what it did, step by step.

use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use s3guard_posture::notify::report::{self, Report};
use s3guard_posture::reconcile::memory::Step;
use s3guard_posture::reconcile::record::State;
use s3guard_posture::{
    Baseline, Finding, LeftBecause, MemoryBucket, Observed, Question, SettingKind, Trigger,
    carry_out, inspect,
};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::operations::replay::replayed::{Called, Fate, Found, Look, Told};
use crate::operations::replay::world::Bucket;

/// The stack whose guard is replayed.
pub(crate) const STACK: &str = "s3guard";

/// Looks at a bucket, mends it and tells of it.
pub(crate) fn look(
    bucket: &mut Bucket,
    wanted: &(impl Fn(&Observed) -> Baseline + Sync),
    trigger: &Trigger,
    now: OffsetDateTime,
) -> Look {
    let memory = &bucket.memory;
    let id = memory.truth().id;
    let Ok(inspection) = at_once(inspect(memory, &id, wanted));
    let inspection = inspection.expect("a bucket in memory is always there");
    let reads = rounds(&memory.take_steps());
    let outcome = at_once(carry_out(memory, &inspection, wanted, trigger, || now));
    let steps = memory.take_steps();
    // Of a bucket that is fought over one alert tells, and not each look.
    let (stopped, told): (Vec<Finding>, Vec<Finding>) =
        inspection.findings.iter().cloned().partition(|finding| of_stop(finding).is_some());
    let stopped: BTreeMap<SettingKind, u32> = stopped.iter().filter_map(of_stop).collect();
    let notice = report::notice(&Report {
        id: &id,
        stack: (STACK, &id.region),
        baseline: &inspection.baseline,
        trigger,
        findings: &told,
        done: &outcome.done,
        kept: &outcome.kept,
        failed: &[],
        // It says how fast the guard was, and here nobody was.
        took: None,
        is_again: false,
        owner: report::owner(&inspection.observed.tags),
        times_within_hour: report::times_within_hour(&outcome.done, |_| 0),
        now,
    });
    let mut calls = calls(&steps);
    for (call, (_, record)) in calls.iter_mut().zip(&outcome.done) {
        call.is_verified = record.state == State::Verified;
    }
    bucket.keep(&steps, stopped.keys().copied(), now);
    Look {
        time: shown_time(now),
        grade: inspection.baseline.grade,
        grade_because: inspection.baseline.grade_because.clone(),
        reads,
        finds: inspection.findings.iter().map(found).collect(),
        calls,
        waits_seconds: None,
        stops_after_writes: stopped.into_values().max(),
        says: notice.as_ref().map(Told::from),
    }
}

/// Brings a bucket to its baseline, as a sweep long ago would have.
pub(crate) fn guard(
    memory: &MemoryBucket,
    wanted: &(impl Fn(&Observed) -> Baseline + Sync),
    now: OffsetDateTime,
) {
    let id = memory.truth().id;
    let Ok(inspection) = at_once(inspect(memory, &id, wanted));
    let inspection = inspection.expect("a bucket in memory is always there");
    at_once(carry_out(memory, &inspection, wanted, &Trigger::Sweep, || now));
}

/// A time in UTC, as CloudTrail writes it.
pub(crate) fn shown_time(time: OffsetDateTime) -> String {
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
            Step::Kept(_) => {}
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
    format!("{}{of}", question.call())
}

fn found(finding: &Finding) -> Found {
    let aspect = finding.aspect();
    let (fate, words) = match finding {
        Finding::Weak { was, mend, .. } => {
            (Fate::Mended, format!("{}: {was} (wanted: {mend})", aspect.words()))
        }
        Finding::Later { because, .. } => (Fate::Later, format!("{}: {because}", aspect.words())),
        Finding::Left { because, .. } => (Fate::Left, format!("{}: {because}", aspect.words())),
    };
    Found { aspect, fate, words }
}

/// The setting that the guard writes no more, and how often it has.
fn of_stop(finding: &Finding) -> Option<(SettingKind, u32)> {
    match finding {
        Finding::Left { because: LeftBecause::TooManyWrites(kind, writes), .. } => {
            Some((*kind, *writes))
        }
        Finding::Left { .. } | Finding::Weak { .. } | Finding::Later { .. } => None,
    }
}
