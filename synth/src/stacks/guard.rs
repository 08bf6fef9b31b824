//! The template of the guard of one account: from CloudTrail's events to the notification.

use s3guard_posture::contract::{output, variable};
use s3guard_posture::evaluate::permissions;
use s3guard_posture::{Config, On};

use super::{
    alarms, bucket, dashboard,
    evidence::{self, Evidence},
    intake::{self, Feed, Intake},
    key, notify, parameters, patterns, topic, trail,
    worker::{self, Batch, Made, Shared, Worker},
};
use crate::{
    cfn::{
        Handle, LogicalId, Output, Pseudo, Statement, Sub, Template, Test, Value,
        kind::{AnyArn, Text},
    },
    resources::{cloudwatch::Dashboard, events::Trigger},
};

// Logical ids must not change: CloudFormation replaces a resource whose id is new.
const INTAKE: intake::Ids = intake::Ids {
    queue: LogicalId::new("GuardQueue"),
    dead_letters: LogicalId::new("GuardDeadLetters"),
    queue_policy: LogicalId::new("GuardQueuePolicy"),
    dead_letters_policy: LogicalId::new("GuardDeadLettersPolicy"),
    why: "Buckets to look at. A queue, so that what fails is tried again, and nothing is lost.",
};
const GUARD: worker::Ids = worker::Ids {
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
    let mut template =
        Template::new("s3guard: every bucket of this account encrypted, private and watched.");
    template.architecture(
        "CloudTrail -> EventBridge rule -> SQS -> guard function sets buckets back -> SNS; S3 object events -> rule -> \
         SQS -> notify function -> SNS. The event is a hint, the state that is read decides; a sweep finds what no \
         event told. Every queue, target and subscription has dead letters, with an alarm.",
    );
    let parameters = parameters::add(&mut template);
    let key = key::add(&mut template);
    let notices = topic::add(&mut template, &parameters, key, config);
    let evidence = evidence::add(&mut template, &parameters, key);
    let files = trail::add_bucket(&mut template, &parameters, key, evidence);
    let shared = Shared { parameters, key, notices, evidence };
    let intake = add_intake(&mut template, &shared);
    let batch = notify::batch(notifications.window());
    let object_intake =
        intake::add(&mut template, &notify::INTAKE, batch.visibility_timeout_seconds());
    let guard = add_guard(&mut template, &shared, intake);
    let notify = notify::add(&mut template, &shared, object_intake, notifications);
    worker::start(&mut template, &notify::NOTIFY, notify, batch, Vec::new());
    let alarms = alarms::add(&mut template, guard, notify, notices);
    notify::feed(&mut template, &shared, notify, notifications, &alarms);
    let dashboard = dashboard::add(&mut template, guard, notify, notices, &alarms);
    // Records and log files would keep a bucket from being deleted when the creation of a later resource fails; the trail's
    // events need queues with policies.
    let ends = template.ends();
    worker::start(&mut template, &GUARD, guard, BATCH, ends);
    trail::add_last(&mut template, &shared.parameters, key, files);
    add_outputs(&mut template, &shared, guard, notify, dashboard);
    let condition = Some(shared.parameters.own_trail);
    let bucket = Output::new("The trail's files; stays, too", files.bucket.name());
    template.output(
        const { LogicalId::new(output::TRAIL_BUCKET_NAME) },
        Output { condition, ..bucket },
    );
    template
}

fn add_outputs(
    template: &mut Template,
    Shared { notices, evidence, .. }: &Shared,
    guard: Made,
    notify: Made,
    dashboard: Handle<Dashboard>,
) {
    let outputs: [(_, _, Value<Text>); 12] = [
        (
            output::TOPIC_ARN,
            "Where notices are published: subscribe to it",
            notices.topic.arn().into(),
        ),
        (output::GUARD_QUEUE_URL, "Buckets to look at", guard.intake.queue.url().into()),
        (output::GUARD_QUEUE_ARN, "Buckets to look at", guard.intake.queue.arn().into()),
        (output::OBJECT_QUEUE_URL, "Objects to tell of", notify.intake.queue.url().into()),
        (
            output::GUARD_DEAD_LETTERS_URL,
            "Bucket events not handled",
            guard.intake.dead_letters.url().into(),
        ),
        (
            output::OBJECT_DEAD_LETTERS_URL,
            "Object events not told",
            notify.intake.dead_letters.url().into(),
        ),
        (
            output::NOTICE_DEAD_LETTERS_URL,
            "Notices not delivered",
            notices.dead_letters.url().into(),
        ),
        (output::GUARD_FUNCTION_NAME, "Sets buckets back", guard.function.name().into()),
        (output::NOTIFY_FUNCTION_NAME, "Tells of objects", notify.function.name().into()),
        (output::GUARD_ROLE_ARN, "What the guard acts as", guard.role.arn().into()),
        (output::NOTIFY_ROLE_ARN, "What the teller acts as", notify.role.arn().into()),
        (output::DASHBOARD_NAME, "The whole chain on one page", dashboard.name().into()),
    ];
    let chat = notices.chat.map(|chat| {
        (output::CHAT_TOPIC_ARN, "Give it to the channel's settings", chat.arn().into())
    });
    let (ledger, logs) = (evidence.ledger.name().into(), evidence.logs.name().into());
    let buckets = [
        (output::LEDGER_BUCKET_NAME, "What was done; stays when the stack goes", ledger),
        (output::LOG_BUCKET_NAME, "Who read or wrote; stays, too", logs),
    ];
    for (id, description, value) in outputs.into_iter().chain(chat).chain(buckets) {
        template.output(LogicalId::new(id), Output::new(description, value));
    }
}

fn add_intake(template: &mut Template, shared: &Shared) -> Intake {
    let feeds = [
        Feed {
            id: const { LogicalId::new("BucketChanged") },
            why: "A bucket was made, or changed by somebody else.",
            trigger: Trigger::Pattern(patterns::bucket_changed()),
            input: None,
        },
        Feed {
            id: const { LogicalId::new("Sweep") },
            why: "Now and then all buckets are looked at, whether an event told or not.",
            trigger: Trigger::Schedule(shared.parameters.sweep_rate.value()),
            input: None,
        },
    ];
    let intake = intake::add(template, &INTAKE, BATCH.visibility_timeout_seconds());
    intake::feed(template, &INTAKE, intake, feeds);
    intake
}

fn add_guard(template: &mut Template, shared: &Shared, intake: Intake) -> Made {
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
    let guard = Worker {
        why: "Looks at buckets and sets them back as they should be.",
        handler: "guard",
        statements: permitted(*evidence),
        variables,
    };
    worker::add(template, &GUARD, shared, intake, guard)
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
            ..allow("SetBucketsBack", On::Buckets, Sub::arn("s3:::*").into())
        },
        allow("FindBuckets", On::Account, Value::literal("*")),
        // Of any account: many keep their keys in another one, where the key's policy must allow it as well.
        // Source: AWS KMS Developer Guide, "Allowing users in other accounts to use a KMS key".
        allow("AskForKeys", On::Keys, Sub::arn("kms").text(":*:*:key/*").into()),
        allow("AskForStacks", On::Stacks, stacks.into()),
        Statement::allow("LookUp", on_ledger, [ledger.clone().into()]),
        Statement::allow("Record", on_records, [bucket::within(&ledger, "/*")]),
    ]
}
