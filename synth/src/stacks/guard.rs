//! The template of the guard of one account: from CloudTrail's events to the notification.

use std::collections::BTreeSet;

use s3guard_posture::config::writable_of_own_buckets;
use s3guard_posture::contract::{Channel, ledger, output, variable};
use s3guard_posture::evaluate::permissions;
use s3guard_posture::events::{OwnMessage, Tick};
use s3guard_posture::model::watch::Rule;
use s3guard_posture::{Config, On, SettingKind};

use super::{
    alarms,
    bucket::{self, Purpose},
    dashboard, evidence,
    function::{self, Batch, Definition, Parts, Shared},
    intake::{self, Feed, Feeding, Intake, User},
    key, notify, operators,
    parameters::{self, Parameters},
    patterns, principals, tampering, topic, trail,
};
use crate::{
    cfn::{
        Handle, LogicalId, Output, Pseudo, Statement, Sub, Template, Test, Value, Which,
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
    platform_policy: LogicalId::new("GuardPlatformPolicy"),
    read_policy: LogicalId::new("GuardReadPolicy"),
    write_policy: LogicalId::new("GuardWritePolicy"),
    logs: LogicalId::new("GuardLogs"),
    source: LogicalId::new("GuardSource"),
};
const BATCH: Batch = Batch { size: 10, window_seconds: 0, concurrency_max: 5 };

/// How many calls of the guard function run at once at most, and how many it has for itself if they are reserved.
pub const GUARD_CONCURRENCY_MAX: u32 = BATCH.concurrency_max;
/// How many calls of the functions run at once at most.
pub const CONCURRENCY_MAX: u32 = GUARD_CONCURRENCY_MAX + notify::CONCURRENCY_MAX;

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
    let principals = principals::add(&mut template, &parameters);
    let key = key::add(&mut template, &parameters, principals);
    let topics = topic::add(&mut template, &parameters, principals, key, config);
    let evidence = evidence::add(&mut template, &parameters, principals, key);
    let files = trail::add_bucket(&mut template, &parameters, principals, key, evidence);
    let shared = Shared { parameters, principals, key, topics, evidence };
    let intake = add_intake(&mut template, &shared);
    let batch = notify::batch(notifications.window());
    let object_intake =
        intake::add(&mut template, &notify::INTAKE, batch.visibility_timeout_seconds());
    let guard = add_guard(&mut template, &shared, intake, config);
    let notify = notify::add(&mut template, &shared, object_intake, notifications);
    let policies = notify.before_calls();
    function::add_source(&mut template, &notify::NOTIFY, notify, batch, policies);
    operators::add(&mut template, &shared, [intake, object_intake]);
    let alarms = alarms::add(&mut template, guard, notify, topics);
    notify::feed(&mut template, &shared, notify, notifications, &alarms);
    let dashboard = dashboard::add(&mut template, guard, notify, topics, &alarms);
    let watched = tampering::Watched {
        key,
        alerts: topics.alerts,
        emails: topics.of(Channel::Email),
        dead_letters: topics.dead_letters,
    };
    let rules = tampering::add(&mut template, &shared.parameters, principals, watched);
    topic::let_alert(&mut template, principals, topics, rules);
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
    if let Some(mode) = config.mode() {
        let mode = Output::new("The most that is done about any aspect", mode.name());
        template.output(const { LogicalId::new(output::MODE) }, mode);
    }
    let condition = Some(principals.has_operators);
    let operators = Output::new("Role that operators assume", principals.operator.arn());
    template.output(
        const { LogicalId::new(output::OPERATOR_ROLE_ARN) },
        Output { condition, ..operators },
    );
    template
}

fn add_outputs(
    template: &mut Template,
    Shared { principals, key, topics, evidence, .. }: &Shared,
    guard: Parts,
    notify: Parts,
    dashboard: Handle<Dashboard>,
) {
    let outputs: [(_, _, Value<Text>); 13] = [
        (
            output::ALERT_TOPIC_ARN,
            "Topic of the alarms, for your own subscriptions",
            topics.alerts.arn().into(),
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
        (output::GUARD_ROLE_ARN, "Role of the guard function", principals.guard.arn().into()),
        (output::NOTIFY_ROLE_ARN, "Role of the notify function", principals.notify.arn().into()),
        (output::KEY_ARN, "The stack's key, which encrypts the ledger", key.arn().into()),
        (output::DASHBOARD_NAME, "Dashboard of the whole stack", dashboard.name().into()),
    ];
    let channels = topics.notifications.map(|(channel, topic)| {
        let description = match channel {
            Channel::Email => "Topic of the notifications for email",
            Channel::Sms => "Topic of the notifications for SMS",
            Channel::Document => "Topic of the notifications for HTTPS, SQS and Lambda",
            Channel::Chat => "Topic for the settings of the chat channel",
        };
        (channel.output(), description, topic.arn().into())
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
    for (id, description, value) in channels.into_iter().chain(outputs).chain(buckets) {
        template.output(LogicalId::new(id), Output::new(description, value));
    }
}

fn add_intake(template: &mut Template, shared: &Shared) -> Intake {
    let of_calls = |id, why, rule| Feed {
        id,
        why,
        trigger: Trigger::Pattern(patterns::calls(rule, &shared.principals.guard.arn())),
        input: None,
    };
    let feeds = [
        of_calls(
            const { LogicalId::new("BucketChanged") },
            "A bucket was created, or changed by someone other than s3guard.",
            Rule::Buckets,
        ),
        of_calls(
            const { LogicalId::new("AccessChanged") },
            "Access points, access grants or exports were changed.",
            Rule::Beside,
        ),
        of_calls(
            const { LogicalId::new("ServiceChanged") },
            "A KMS key, or the delivery of access logs, was changed.",
            Rule::Services,
        ),
        Feed {
            id: const { LogicalId::new("Sweep") },
            why: "Checks all buckets regularly, also for changes that no event reported.",
            trigger: Trigger::Schedule(shared.parameters.sweep_rate.value()),
            input: None,
        },
        Feed {
            id: const { LogicalId::new("Tick") },
            why: "A sign of life every hour, whose absence is an alarm.",
            trigger: Trigger::Schedule(Value::literal("rate(1 hour)")),
            input: Some(tick(&shared.parameters)),
        },
    ];
    let intake = intake::add(template, &INTAKE, BATCH.visibility_timeout_seconds());
    let principals = shared.principals;
    let user = User::FunctionAndDeployers(principals.guard);
    let feeding = Feeding { principals, user, feeds: feeds.into() };
    intake::feed(template, &INTAKE, intake, feeding);
    intake
}

/// The message that has the guard count that it works.
fn tick(parameters: &Parameters) -> Value<Text> {
    let message = OwnMessage::Tick(Tick { sweep_rate: SWEEP_RATE.to_owned() }).body();
    let (before, after) = message.split_once(SWEEP_RATE).expect("the message has it");
    Sub::new().text(before).value(&parameters.sweep_rate.value()).text(after).into()
}

/// In a message, what is replaced by the schedule of the sweep.
const SWEEP_RATE: &str = "<rate>";

fn add_guard(template: &mut Template, shared: &Shared, intake: Intake, config: &Config) -> Parts {
    let Shared { parameters, evidence, .. } = shared;
    let mut variables = shared.variables();
    variables.extend([
        (variable::QUEUE, intake.queue.url().into()),
        (variable::KEY, parameters.bucket_key_arn.value().into()),
        (variable::SETTLE_SECONDS, parameters.settle_seconds.value()),
        (variable::LOG_BUCKET, evidence.logs.name().into()),
        (variable::ROLE, shared.principals.guard.arn().into()),
        (variable::DEPLOYERS, parameters.deployer_arns.joined()),
        (variable::GUARDED_REGIONS, parameters.guarded_regions.value()),
    ]);
    let guard = Definition {
        why: "Checks buckets and remediates their settings.",
        handler: "guard",
        role: shared.principals.guard,
        reads: reads(shared, config),
        writes: writes(shared, config),
        variables,
        reserved_concurrency: Some(
            Value::from(GUARD_CONCURRENCY_MAX).only_if(parameters.has_reserved_concurrency),
        ),
    };
    function::add(template, &GUARD, shared, intake, guard)
}

fn of_account() -> Vec<Test> {
    vec![Test::equals("aws:ResourceAccount", Pseudo::AccountId)]
}

/// What the code of the guard reads.
fn reads(shared: &Shared, config: &Config) -> Vec<Statement> {
    let Shared { parameters, topics, evidence, .. } = shared;
    let topics = topics.notifications.map(|(_, topic)| topic.arn().into());
    let stacks = Sub::arn("cloudformation").text(":*:").pseudo(Pseudo::AccountId).text(":stack/*");
    // Those of buckets, which S3 does not take from another Region: whether AWS manages them.
    let own_keys = Sub::arn("kms")
        .text(":")
        .pseudo(Pseudo::Region)
        .text(":")
        .pseudo(Pseudo::AccountId)
        .text(":key/*");
    let allow = |sid, on: On, resources: Vec<Value<AnyArn>>| {
        Statement::allow(sid, permissions::reads(on), resources)
    };
    let ledger = evidence.ledger.arn();
    let read = permissions::READ_BY_GUARD.map(|keys| bucket::within(&ledger, &format!("/{keys}*")));
    // Of any account: many keep their keys in another one, where the key's policy must allow it as well.
    // Source: AWS KMS Developer Guide, "Allowing users in other accounts to use a KMS key".
    let key = parameters.bucket_key_arn.value();
    let mut keys: Vec<Value<AnyArn>> =
        config.keys().map(|key| Value::literal(key.to_string())).collect();
    let asks_for_keys = if keys.is_empty() {
        let only_if = Some(parameters.has_bucket_key);
        Statement { only_if, ..allow("AskForKeys", On::Keys, vec![key.into()]) }
    } else {
        keys.push(key.only_if(parameters.has_bucket_key).into());
        allow("AskForKeys", On::Keys, keys)
    };
    vec![
        Statement {
            conditions: of_account(),
            ..allow("ReadBuckets", On::Buckets, vec![Sub::arn("s3:::*").into()])
        },
        allow("FindBuckets", On::Account, vec![Value::literal("*")]),
        asks_for_keys,
        allow("AskForBucketKeys", On::BucketKeys, vec![own_keys.into()]),
        allow("AskForStacks", On::Stacks, vec![stacks.into()]),
        // Not by prefix: then S3 would refuse to read an object that does not exist, instead of saying so.
        allow("ListLedger", On::Ledger, vec![ledger.into()]),
        Statement::allow("ReadLedger", ["s3:GetObject"], read),
        Statement::allow("FindSubscribers", [permissions::SUBSCRIPTIONS], topics),
    ]
}

/// What the code of the guard writes.
fn writes(shared: &Shared, config: &Config) -> Vec<Statement> {
    let Shared { parameters, evidence, .. } = shared;
    let ledger = evidence.ledger.arn();
    let recorded = ledger::OF_GUARD.map(|prefix| bucket::within(&ledger, &format!("/{prefix}*")));
    let writable = config.writable();
    let own: BTreeSet<SettingKind> =
        writable_of_own_buckets().difference(&writable).copied().collect();
    let own_buckets = Purpose::ALL
        .map(|purpose| Sub::arn("s3:::").value(&bucket::name(parameters, purpose)).into());
    let allow = |sid, on, settings, resources: Vec<Value<AnyArn>>, conditions| Statement {
        conditions,
        ..Statement::allow(sid, permissions::writes(on, settings), resources)
    };
    let all_buckets = vec![Sub::arn("s3:::*").into()];
    let account = vec![Value::literal("*")];
    let of_settings = [
        allow("WriteBuckets", On::Buckets, &writable, all_buckets, of_account()),
        allow("RestoreOwnBuckets", On::Buckets, &own, own_buckets.into(), of_account()),
        allow("WriteAccount", On::Account, &writable, account, Vec::new()),
    ];
    let has_actions = |statement: &Statement| statement.actions != Which::These(Vec::new());
    let record = Statement::allow("Record", ["s3:PutObject"], recorded);
    of_settings.into_iter().filter(has_actions).chain([record]).collect()
}
