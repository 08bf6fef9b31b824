//! The template of the guard of one account: from CloudTrail's events to the notification.

use s3guard_posture::contract::{output, variable};
use s3guard_posture::evaluate::permissions;
use s3guard_posture::{Config, On};

use super::{
    alarms, bucket, dashboard,
    evidence::{self, Evidence},
    function::{self, Batch, Definition, Parts, Shared},
    intake::{self, Feed, Intake},
    key, notify, parameters, patterns, topic, trail,
};
use crate::{
    cfn::{
        Handle, LogicalId, Output, Pseudo, Statement, Sub, Template, Test, Value,
        kind::{AnyArn, Text},
    },
    resources::{cloudwatch::Dashboard, events::Trigger},
};

// Logical ids must not change: CloudFormation replaces a resource whose id is new.
const INTAKE: intake::IntakeIds = intake::IntakeIds {
    queue: LogicalId::new("GuardQueue"),
    dead_letters: LogicalId::new("GuardDlq"),
    queue_policy: LogicalId::new("GuardQueuePolicy"),
    dead_letters_policy: LogicalId::new("GuardDlqPolicy"),
    why: "Buckets to check. A queue, so that failures are retried and no event is lost.",
};
const GUARD: function::FunctionIds = function::FunctionIds {
    function: LogicalId::new("GuardFunction"),
    role: LogicalId::new("GuardRole"),
    policy: LogicalId::new("GuardPolicy"),
    logs: LogicalId::new("GuardLogs"),
    source: LogicalId::new("GuardSource"),
};
const BATCH: Batch = Batch { size: 10, window_seconds: 0, concurrency_max: 5 };

/// How many calls of the functions run at once at most.
pub const CONCURRENCY_MAX: u32 = BATCH.concurrency_max + notify::CONCURRENCY_MAX;

/// The template of a guard without a configuration.
pub fn guard() -> Template {
    guard_with(&Config::default())
}

/// The template of a guard with this configuration, which says who is notified of what. Everything else of it is read from
/// the package.
pub fn guard_with(config: &Config) -> Template {
    let notifications = config.notifications();
    let mut template = Template::new(
        "s3guard: keeps every bucket of this account encrypted, private and monitored.",
    );
    template.architecture(
        "CloudTrail -> EventBridge rule -> SQS -> guard function remediates buckets -> SNS; S3 object events -> rule -> \
         SQS -> notify function -> SNS. An event is a hint, the settings that are read decide; a sweep finds what no \
         event reported. Every queue, target and subscription has a dead-letter queue with an alarm.",
    );
    let parameters = parameters::add(&mut template);
    let key = key::add(&mut template);
    let topics = topic::add(&mut template, &parameters, key, config);
    let evidence = evidence::add(&mut template, &parameters, key);
    let files = trail::add_bucket(&mut template, &parameters, key, evidence);
    let shared = Shared { parameters, key, topics, evidence };
    let intake = add_intake(&mut template, &shared);
    let batch = notify::batch(notifications.window());
    let object_intake =
        intake::add(&mut template, &notify::INTAKE, batch.visibility_timeout_seconds());
    let guard = add_guard(&mut template, &shared, intake);
    let notify = notify::add(&mut template, &shared, object_intake, notifications);
    function::add_source(&mut template, &notify::NOTIFY, notify, batch, Vec::new());
    let alarms = alarms::add(&mut template, guard, notify, topics);
    notify::feed(&mut template, &shared, notify, notifications, &alarms);
    let dashboard = dashboard::add(&mut template, guard, notify, topics, &alarms);
    // Records and log files would keep a bucket from being deleted when the creation of a later resource fails, and the
    // trail's events need queues with policies.
    let ends = template.ends();
    function::add_source(&mut template, &GUARD, guard, BATCH, ends);
    trail::add_last(&mut template, &shared.parameters, key, files);
    add_outputs(&mut template, &shared, guard, notify, dashboard);
    let condition = Some(shared.parameters.own_trail);
    let bucket = Output::new(
        "The trail's log files; retained when the stack is deleted",
        files.bucket.name(),
    );
    template.output(
        const { LogicalId::new(output::TRAIL_BUCKET_NAME) },
        Output { condition, ..bucket },
    );
    template
}

fn add_outputs(
    template: &mut Template,
    Shared { topics, evidence, key, .. }: &Shared,
    guard: Parts,
    notify: Parts,
    dashboard: Handle<Dashboard>,
) {
    let outputs: [(_, _, Value<Text>); 13] = [
        (
            output::TOPIC_ARN,
            "Topic of the notifications, for your own subscriptions",
            topics.topic.arn().into(),
        ),
        (
            output::GUARD_QUEUE_URL,
            "URL of the queue of buckets to check",
            guard.intake.queue.url().into(),
        ),
        (
            output::GUARD_QUEUE_ARN,
            "ARN of the queue of buckets to check",
            guard.intake.queue.arn().into(),
        ),
        (
            output::OBJECT_QUEUE_URL,
            "Queue of object events to report",
            notify.intake.queue.url().into(),
        ),
        (
            output::GUARD_DLQ_URL,
            "Bucket events that could not be handled",
            guard.intake.dead_letters.url().into(),
        ),
        (
            output::OBJECT_DLQ_URL,
            "Object events that could not be reported",
            notify.intake.dead_letters.url().into(),
        ),
        (
            output::NOTIFICATION_DLQ_URL,
            "Notifications that could not be delivered",
            topics.dead_letters.url().into(),
        ),
        (
            output::GUARD_FUNCTION_NAME,
            "Function that checks and remediates buckets",
            guard.function.name().into(),
        ),
        (
            output::NOTIFY_FUNCTION_NAME,
            "Function that reports object events",
            notify.function.name().into(),
        ),
        (output::GUARD_ROLE_ARN, "Role of the guard function", guard.role.arn().into()),
        (output::NOTIFY_ROLE_ARN, "Role of the notify function", notify.role.arn().into()),
        (output::KEY_ARN, "The stack's key, which encrypts the ledger", key.arn().into()),
        (output::DASHBOARD_NAME, "Dashboard of the whole stack", dashboard.name().into()),
    ];
    let chat = topics.chat.map(|chat| {
        (output::CHAT_TOPIC_ARN, "Topic for the settings of the chat channel", chat.arn().into())
    });
    let (ledger, logs) = (evidence.ledger.name().into(), evidence.logs.name().into());
    let buckets = [
        (
            output::LEDGER_BUCKET_NAME,
            "Ledger of what was changed; retained when the stack is deleted",
            ledger,
        ),
        (output::LOG_BUCKET_NAME, "Access logs; retained when the stack is deleted", logs),
    ];
    for (id, description, value) in outputs.into_iter().chain(chat).chain(buckets) {
        template.output(LogicalId::new(id), Output::new(description, value));
    }
}

fn add_intake(template: &mut Template, shared: &Shared) -> Intake {
    let feeds = [
        Feed {
            id: const { LogicalId::new("BucketChanged") },
            why: "A bucket was created, or changed by someone other than s3guard.",
            trigger: Trigger::Pattern(patterns::bucket_changed()),
            input: None,
        },
        Feed {
            id: const { LogicalId::new("Sweep") },
            why: "Checks all buckets regularly, also for changes that no event reported.",
            trigger: Trigger::Schedule(shared.parameters.sweep_rate.value()),
            input: None,
        },
    ];
    let intake = intake::add(template, &INTAKE, BATCH.visibility_timeout_seconds());
    intake::feed(template, &INTAKE, intake, feeds);
    intake
}

fn add_guard(template: &mut Template, shared: &Shared, intake: Intake) -> Parts {
    let Shared { parameters, evidence, .. } = shared;
    let mut variables = shared.variables();
    variables.extend([
        (variable::QUEUE, intake.queue.url().into()),
        (variable::GRADE, parameters.grade.value()),
        (variable::KEY, parameters.bucket_key_arn.value().into()),
        (variable::SETTLE_SECONDS, parameters.settle_seconds.value()),
        (variable::LEDGER, evidence.ledger.name().into()),
        (variable::LOG_BUCKET, evidence.logs.name().into()),
        (variable::OWN_BUCKETS, shared.own_buckets()),
    ]);
    let guard = Definition {
        why: "Checks buckets and remediates their settings.",
        handler: "guard",
        statements: permitted(*evidence),
        variables,
    };
    function::add(template, &GUARD, shared, intake, guard)
}

/// What the code of the guard reads and changes.
fn permitted(evidence: Evidence) -> Vec<Statement> {
    let stacks = Sub::arn("cloudformation").text(":*:").pseudo(Pseudo::AccountId).text(":stack/*");
    let allow = |sid, on: On, resource: Value<AnyArn>| {
        Statement::allow(sid, permissions::on(on), [resource])
    };
    let ledger = evidence.ledger.arn();
    // IAM distinguishes actions on a bucket from actions on its objects.
    let (on_records, on_ledger): (Vec<_>, Vec<_>) =
        permissions::on(On::Ledger).into_iter().partition(|action| action.ends_with("Object"));
    vec![
        Statement {
            conditions: vec![Test::equals("aws:ResourceAccount", Pseudo::AccountId)],
            ..allow("WriteBuckets", On::Buckets, Sub::arn("s3:::*").into())
        },
        allow("FindBuckets", On::Account, Value::literal("*")),
        // Of any account: many keep their keys in another one, where the key's policy must allow it as well.
        // Source: AWS KMS Developer Guide, "Allowing users in other accounts to use a KMS key".
        allow("AskForKeys", On::Keys, Sub::arn("kms").text(":*:*:key/*").into()),
        allow("AskForStacks", On::Stacks, stacks.into()),
        Statement::allow("ReadBuckets", on_ledger, [ledger.clone().into()]),
        Statement::allow("Record", on_records, [bucket::within(&ledger, "/*")]),
    ]
}
