//! The function that tells of objects: what it asks and does, and how it is fed.

use s3guard_posture::config::{Notifications, Window};
use s3guard_posture::contract::variable;
use s3guard_posture::digest::objects;
use s3guard_posture::evaluate::permissions::{self, NotifyOn};

use super::{
    bucket,
    evidence::Evidence,
    intake::Intake,
    worker::{self, Batch, Made, Shared, Worker},
};
use crate::cfn::{Pseudo, Statement, Sub, Template, Test, Value, kind::AnyArn};

/// A call gets as many events as Lambda gives it: what it gathers costs the same for one and for thousands.
const BATCH_SIZE: u32 = 10_000;

/// A call waits a tenth of the window for more events, so that there are few calls and no window is told late.
pub(super) fn batch(window: Window) -> Batch {
    let window_seconds = (window.seconds() / 10).clamp(1, 20);
    Batch { size: BATCH_SIZE, window_seconds, concurrency_max: 2 }
}

/// Adds the function.
pub(super) fn add(
    template: &mut Template,
    ids: &worker::Ids,
    shared: &Shared,
    intake: Intake,
    notifications: &Notifications,
) -> Made {
    let mut variables = shared.variables();
    variables.extend([
        (variable::OWN_BUCKETS, shared.own_buckets()),
        (variable::QUEUE, intake.queue.url().into()),
        (variable::LEDGER, shared.evidence.ledger.name().into()),
        (variable::GRADE, shared.parameters.grade.value()),
    ]);
    let notify = Worker {
        why: "Tells the owner of objects that came, changed or went.",
        handler: "notify",
        // A batch of six MiB is read, and what it tells is put together.
        memory_mebibytes: 256,
        statements: permitted(shared.evidence, notifications),
        variables,
    };
    worker::add(template, ids, shared, intake, notify)
}

/// What notify asks and does, on what.
fn permitted(evidence: Evidence, notifications: &Notifications) -> Vec<Statement> {
    let ledger = evidence.ledger.arn();
    let gathered = format!("{}*", objects::GATHERED_PREFIX);
    let of_account = || vec![Test::equals("aws:ResourceAccount", Pseudo::AccountId)];
    let allow = |sid, on: NotifyOn, resources: Vec<Value<AnyArn>>| Statement {
        sid: Some(sid),
        ..Statement::allow(permissions::of_notify(on).iter().copied(), resources)
    };
    let mut statements = vec![
        allow("Gather", NotifyOn::Gathered, vec![bucket::within(&ledger, &format!("/{gathered}"))]),
        Statement {
            conditions: vec![Test::like("s3:prefix", gathered)],
            ..allow("FindGathered", NotifyOn::Ledger, vec![ledger.into()])
        },
        Statement {
            conditions: of_account(),
            ..allow("FindGrades", NotifyOn::Buckets, vec![Sub::arn("s3:::*").into()])
        },
        Statement {
            conditions: of_account(),
            ..allow("LookAtAcls", NotifyOn::Acls, vec![Sub::arn("s3:::*/*").into()])
        },
    ];
    let looked_into: Vec<Value<AnyArn>> = notifications
        .tell_overwrites()
        .map(|pattern| Sub::arn("s3:::").text(pattern).into())
        .collect();
    if !looked_into.is_empty() {
        statements.push(Statement {
            conditions: of_account(),
            ..allow("TellOverwrites", NotifyOn::Overwrites, looked_into)
        });
    }
    statements
}
