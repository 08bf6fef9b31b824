//! The notify function, which reports object events: its permissions and its queue.

use s3guard_posture::config::{NotificationConfig, WindowLength};
use s3guard_posture::contract::{ledger, variable};
use s3guard_posture::digest::objects;
use s3guard_posture::evaluate::permissions::{self, NotifyOn};

use super::{
    alarms::Alarms,
    bucket,
    evidence::Evidence,
    function::{self, Batch, Definition, Parts, Shared},
    intake::{self, Feed, Feeding, Intake, User},
    patterns,
};
use crate::{
    cfn::{LogicalId, Pseudo, Statement, Sub, Template, Test, Value, kind::AnyArn},
    resources::events::Trigger,
};

pub(super) const INTAKE: intake::IntakeIds = intake::IntakeIds {
    queue: LogicalId::new("ObjectQueue"),
    dead_letters: LogicalId::new("ObjectDlq"),
    queue_policy: LogicalId::new("ObjectQueuePolicy"),
    dead_letters_policy: LogicalId::new("ObjectDlqPolicy"),
    why: "Object events to report. A queue, so that many events become one notification.",
};
pub(super) const NOTIFY: function::FunctionIds = function::FunctionIds {
    function: LogicalId::new("NotifyFunction"),
    platform_policy: LogicalId::new("NotifyPlatformPolicy"),
    read_policy: LogicalId::new("NotifyReadPolicy"),
    write_policy: LogicalId::new("NotifyWritePolicy"),
    logs: LogicalId::new("NotifyLogs"),
    source: LogicalId::new("NotifySource"),
};

/// The type of the events that make the function read an object's ACL.
const ACL_UPDATED: &str = "Object ACL Updated";
/// The type of the events that make it read an object's ACL in buckets where ACLs count.
const CREATED: &str = "Object Created";
/// Windows of a quarter of an hour and more end with the clock.
const QUARTERS: &str = "cron(0/15 * * * ? *)";
/// A call receives as many events as Lambda allows: writing them to the ledger costs the same for one and for thousands.
const BATCH_SIZE: u32 = 10_000;
pub(super) const CONCURRENCY_MAX: u32 = 2;

/// A call waits a tenth of the window for more events, so that there are few calls and no digest is late.
pub(super) fn batch(window: WindowLength) -> Batch {
    let window_seconds = (window.seconds() / 10).clamp(1, function::BATCH_SECONDS_MAX);
    Batch { size: BATCH_SIZE, window_seconds, concurrency_max: CONCURRENCY_MAX }
}

/// Adds the function.
pub(super) fn add(
    template: &mut Template,
    shared: &Shared,
    intake: Intake,
    notifications: &NotificationConfig,
) -> Parts {
    let mut variables = shared.variables();
    variables.push((variable::QUEUE, intake.queue.url().into()));
    let notify = Definition {
        why: "Notifies the owner of objects that were created, changed or deleted.",
        handler: "notify",
        role: shared.principals.notify,
        reads: reads(shared.evidence, notifications),
        writes: vec![write_windows(shared.evidence)],
        variables,
        reserved_concurrency: None,
    };
    function::add(template, &NOTIFY, shared, intake, notify)
}

/// Adds the rules that send to the function's queue. One of them matches the alarms.
pub(super) fn feed(
    template: &mut Template,
    shared: &Shared,
    notify: Parts,
    notifications: &NotificationConfig,
    alarms: &Alarms,
) {
    let selection = &notifications.objects;
    let feeds = [
        Feed {
            id: const { LogicalId::new("ObjectChanged") },
            why: "An object was created, changed or deleted.",
            trigger: Trigger::Pattern(patterns::object_changed(&shared.parameters, selection)),
            input: None,
        },
        Feed {
            id: const { LogicalId::new("CloseWindows") },
            why: "Publishes the digests of windows that have ended.",
            trigger: Trigger::Schedule(Value::literal(QUARTERS)),
            input: Some(objects::CLOSE_WINDOWS.into()),
        },
        Feed {
            id: const { LogicalId::new("AlarmChanged") },
            why: "An alarm was raised, or has returned to OK.",
            trigger: Trigger::Pattern(patterns::alarm_changed(&alarms.reported)),
            input: None,
        },
    ];
    let principals = shared.principals;
    let user = User::Function(principals.notify);
    let feeding = Feeding { principals, user, feeds: feeds.into() };
    intake::feed(template, &INTAKE, notify.intake, feeding);
}

/// What the code of the notify function writes.
fn write_windows(evidence: Evidence) -> Statement {
    let actions = permissions::of_notify(NotifyOn::Window).iter().copied();
    Statement::allow("WriteWindows", actions, [windows(evidence)])
}

fn windows(evidence: Evidence) -> Value<AnyArn> {
    bucket::within(&evidence.ledger.arn(), &format!("/{}*", ledger::WINDOWS))
}

/// What the code of the notify function reads.
fn reads(evidence: Evidence, notifications: &NotificationConfig) -> Vec<Statement> {
    let of_account = || vec![Test::equals("aws:ResourceAccount", Pseudo::AccountId)];
    let allow = |sid, on: NotifyOn, resources: Vec<Value<AnyArn>>, conditions| Statement {
        conditions,
        ..Statement::allow(sid, permissions::of_notify(on).iter().copied(), resources)
    };
    let of_prefix = vec![Test::like("s3:prefix", format!("{}*", ledger::WINDOWS))];
    let buckets = vec![Sub::arn("s3:::*").into()];
    let mut statements = vec![
        allow("ReadWindows", NotifyOn::Gathered, vec![windows(evidence)], Vec::new()),
        allow("FindWindows", NotifyOn::Ledger, vec![evidence.ledger.arn().into()], of_prefix),
        allow("FindGrades", NotifyOn::Buckets, buckets, of_account()),
    ];
    let detail_types = notifications.objects.detail_types();
    if detail_types.contains(&ACL_UPDATED) {
        let all_objects = vec![Sub::arn("s3:::*/*").into()];
        statements.push(allow("ReadAcls", NotifyOn::Acls, all_objects, of_account()));
        if detail_types.contains(&CREATED) {
            let buckets = vec![Sub::arn("s3:::*").into()];
            statements.push(allow("FindAclBuckets", NotifyOn::OpenToAcls, buckets, of_account()));
        }
    }
    let overwrites = notifications.report_overwrites();
    let overwrites: Vec<_> =
        overwrites.map(|pattern| Sub::arn("s3:::").text(pattern).into()).collect();
    if !overwrites.is_empty() {
        statements.push(allow("ReportOverwrites", NotifyOn::Overwrites, overwrites, of_account()));
    }
    statements
}
