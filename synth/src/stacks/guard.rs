//! The guard of one account: from CloudTrail's events to the owner's notice.

use s3guard_posture::config::Notifications;
use s3guard_posture::contract::metrics::Metric;
use s3guard_posture::contract::{output, variable};
use s3guard_posture::digest::objects;
use s3guard_posture::evaluate::permissions;
use s3guard_posture::{Config, On};

use super::{
    alarms::Alarms,
    bucket,
    dashboard::{self, Shown},
    evidence::{self, Evidence},
    intake::{self, Feed, Intake},
    key, notify,
    parameters::{self, Parameters},
    patterns,
    subscriptions::Notices,
    topic,
    trail::{self, Files},
    worker::{self, Batch, Made, Shared, Worker},
};
use crate::{
    cfn::{Handle, LogicalId, Output, Pseudo, Statement, Sub, Template, Test, Value, kind::AnyArn},
    resources::{cloudwatch::Dashboard, events::Trigger},
};

// Logical ids are for ever: a renamed one replaces its resource.
const KEY: key::Ids = key::Ids { key: LogicalId::new("Key"), alias: LogicalId::new("KeyAlias") };
const TOPIC: topic::Ids = topic::Ids {
    topic: LogicalId::new("Topic"),
    policy: LogicalId::new("TopicPolicy"),
    email: LogicalId::new("EmailSubscription"),
    dead_letters: LogicalId::new("NoticeDeadLetters"),
    dead_letters_policy: LogicalId::new("NoticeDeadLettersPolicy"),
    chat: LogicalId::new("ChatTopic"),
    chat_policy: LogicalId::new("ChatTopicPolicy"),
};
const EVIDENCE: evidence::Ids = evidence::Ids {
    ledger: LogicalId::new("LedgerBucket"),
    ledger_policy: LogicalId::new("LedgerBucketPolicy"),
    logs: LogicalId::new("LogBucket"),
    logs_policy: LogicalId::new("LogBucketPolicy"),
};
const TRAIL: trail::Ids = trail::Ids {
    trail: LogicalId::new("Trail"),
    bucket: LogicalId::new("TrailBucket"),
    bucket_policy: LogicalId::new("TrailBucketPolicy"),
};
const GUARD_INTAKE: intake::Ids = intake::Ids {
    queue: LogicalId::new("GuardQueue"),
    dead_letters: LogicalId::new("GuardDeadLetters"),
    queue_policy: LogicalId::new("GuardQueuePolicy"),
    dead_letters_policy: LogicalId::new("GuardDeadLettersPolicy"),
    why: "Buckets to look at. A queue, so that what fails is tried again, and nothing is lost.",
};
const OBJECT_INTAKE: intake::Ids = intake::Ids {
    queue: LogicalId::new("ObjectQueue"),
    dead_letters: LogicalId::new("ObjectDeadLetters"),
    queue_policy: LogicalId::new("ObjectQueuePolicy"),
    dead_letters_policy: LogicalId::new("ObjectDeadLettersPolicy"),
    why: "Objects to tell of. A queue, so that many become one notice.",
};
const BUCKET_CHANGED: LogicalId = LogicalId::new("BucketChanged");
const OBJECT_CHANGED: LogicalId = LogicalId::new("ObjectChanged");
const CLOSE_WINDOWS: LogicalId = LogicalId::new("CloseWindows");
const ALARM_CHANGED: LogicalId = LogicalId::new("AlarmChanged");
const SWEEP: LogicalId = LogicalId::new("Sweep");
const GUARD: worker::Ids = worker::Ids {
    function: LogicalId::new("GuardFunction"),
    role: LogicalId::new("GuardRole"),
    policy: LogicalId::new("GuardPolicy"),
    logs: LogicalId::new("GuardLogs"),
};
const GUARD_SOURCE: LogicalId = LogicalId::new("GuardSource");
const NOTIFY: worker::Ids = worker::Ids {
    function: LogicalId::new("NotifyFunction"),
    role: LogicalId::new("NotifyRole"),
    policy: LogicalId::new("NotifyPolicy"),
    logs: LogicalId::new("NotifyLogs"),
};
const NOTIFY_SOURCE: LogicalId = LogicalId::new("NotifySource");
const GUARD_DEAD_LETTERS_ALARM: LogicalId = LogicalId::new("GuardDeadLettersAlarm");
const OBJECT_DEAD_LETTERS_ALARM: LogicalId = LogicalId::new("ObjectDeadLettersAlarm");
const NOTICE_DEAD_LETTERS_ALARM: LogicalId = LogicalId::new("NoticeDeadLettersAlarm");
const GUARD_WAITING_ALARM: LogicalId = LogicalId::new("GuardWaitingAlarm");
const OBJECT_WAITING_ALARM: LogicalId = LogicalId::new("ObjectWaitingAlarm");
const GUARD_ERRORS_ALARM: LogicalId = LogicalId::new("GuardErrorsAlarm");
const NOTIFY_ERRORS_ALARM: LogicalId = LogicalId::new("NotifyErrorsAlarm");
const FAILED_ALARM: LogicalId = LogicalId::new("FailedAlarm");
const TUG_OF_WAR_ALARM: LogicalId = LogicalId::new("TugOfWarAlarm");
const NOT_RECORDED_ALARM: LogicalId = LogicalId::new("NotRecordedAlarm");
const COVERAGE_GAPS_ALARM: LogicalId = LogicalId::new("CoverageGapsAlarm");
const NOT_TOLD_ALARM: LogicalId = LogicalId::new("NotToldAlarm");
const UNDELIVERED_ALARM: LogicalId = LogicalId::new("UndeliveredAlarm");
const DASHBOARD: LogicalId = LogicalId::new("Dashboard");

/// The alarms of the way on which notices go: they do not go by it. Of the others notify tells as of everything else.
const TOLD_DIRECTLY: [LogicalId; 6] = [
    OBJECT_DEAD_LETTERS_ALARM,
    OBJECT_WAITING_ALARM,
    NOTIFY_ERRORS_ALARM,
    NOTICE_DEAD_LETTERS_ALARM,
    NOT_TOLD_ALARM,
    UNDELIVERED_ALARM,
];

const GUARD_BATCH: Batch = Batch { size: 10, window_seconds: 0, concurrency_max: 5 };
/// When windows that end with the clock may have ended.
const QUARTERS: &str = "cron(0/15 * * * ? *)";

/// A message has waited for an hour. (A bucket may be set back by up to a quarter of one, more than once.)
const WAITING_SECONDS: u32 = 60 * 60;

/// The template of a guard without a configuration.
pub fn guard() -> Template {
    guard_with(&Config::default())
}

/// The template of a guard with this configuration, which says who hears of what. All else of it goes into the package.
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
    let key = key::add(&mut template, &KEY, &trail::arn());
    let notices = topic::add(&mut template, &TOPIC, &parameters, key, config);
    let evidence = evidence::add(&mut template, &EVIDENCE, &parameters, key);
    let files = trail::add_bucket(&mut template, &TRAIL, &parameters, key, evidence);
    let shared = Shared { parameters, key, notices, evidence };
    let guard_intake = add_guard_intake(&mut template, &shared.parameters);
    let batch = notify::batch(notifications.window());
    let object_intake =
        intake::add(&mut template, &OBJECT_INTAKE, batch.visibility_timeout_seconds());
    let guard = add_guard(&mut template, &shared, guard_intake);
    let notify = notify::add(&mut template, &NOTIFY, &shared, object_intake, notifications);
    worker::start(&mut template, NOTIFY_SOURCE, notify, batch, Vec::new());
    let mut alarms = Alarms::new(&mut template, notices.topic, &TOLD_DIRECTLY);
    add_alarms(&mut alarms, guard, notify, notices);
    let shown = Shown { guard, notify, notices, alarms: alarms.finish() };
    feed_notify(&mut template, &shared.parameters, notifications, &shown);
    let dashboard = dashboard::add(&mut template, DASHBOARD, &shown);
    // Records and the trail's files would keep a bucket from going when something after them fails; the trail's events
    // need queues with policies.
    let ends = template.ends();
    worker::start(&mut template, GUARD_SOURCE, guard, GUARD_BATCH, ends);
    trail::add_last(&mut template, &TRAIL, &shared.parameters, key, files);
    add_outputs(&mut template, &shown, dashboard);
    add_bucket_outputs(&mut template, &shared.parameters, evidence, files);
    template
}

fn add_guard_intake(template: &mut Template, parameters: &Parameters) -> Intake {
    let feeds = vec![
        Feed {
            id: BUCKET_CHANGED,
            why: "A bucket was made, or changed by somebody else.",
            trigger: Trigger::Pattern(patterns::bucket_changed()),
            input: None,
        },
        Feed {
            id: SWEEP,
            why: "Now and then all buckets are looked at, whether an event told or not.",
            trigger: Trigger::Schedule(parameters.sweep_rate.value()),
            input: None,
        },
    ];
    let intake = intake::add(template, &GUARD_INTAKE, GUARD_BATCH.visibility_timeout_seconds());
    intake::feed(template, &GUARD_INTAKE, intake, feeds);
    intake
}

/// The rules of notify's queue: they come after the alarms, of which one tells.
fn feed_notify(
    template: &mut Template,
    parameters: &Parameters,
    notifications: &Notifications,
    shown: &Shown,
) {
    let told = shown.alarms.iter().filter(|alarm| !TOLD_DIRECTLY.contains(&alarm.id()));
    let feeds = vec![
        Feed {
            id: OBJECT_CHANGED,
            why: "An object came, went or changed.",
            trigger: Trigger::Pattern(patterns::object_changed(parameters, &notifications.objects)),
            input: None,
        },
        Feed {
            id: CLOSE_WINDOWS,
            why: "What was gathered is told when its time is over.",
            trigger: Trigger::Schedule(Value::literal(QUARTERS)),
            input: Some(objects::CLOSE_WINDOWS),
        },
        Feed {
            id: ALARM_CHANGED,
            why: "An alarm was raised, or is over.",
            trigger: Trigger::Pattern(patterns::alarm_changed(told.copied())),
            input: None,
        },
    ];
    intake::feed(template, &OBJECT_INTAKE, shown.notify.intake, feeds);
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
        memory_mebibytes: 256,
        statements: permitted(*evidence),
        variables,
    };
    worker::add(template, &GUARD, shared, intake, guard)
}

/// What the code asks and does, on what.
fn permitted(evidence: Evidence) -> Vec<Statement> {
    let stacks = Sub::arn("cloudformation").text(":*:").pseudo(Pseudo::AccountId).text(":stack/*");
    let allow = |sid, on: On, resource: Value<AnyArn>| Statement {
        sid: Some(sid),
        ..Statement::allow(permissions::on(on), [resource])
    };
    let ledger = evidence.ledger.arn();
    // IAM knows the two apart: what is done with a bucket, and with what is in it.
    let (on_records, on_ledger): (Vec<_>, Vec<_>) =
        permissions::on(On::Ledger).into_iter().partition(|action| action.ends_with("Object"));
    vec![
        Statement {
            conditions: vec![Test::equals("aws:ResourceAccount", Pseudo::AccountId)],
            ..allow("SetBucketsBack", On::Buckets, Sub::arn("s3:::*").into())
        },
        allow("FindBuckets", On::Account, Value::literal("*")),
        // Of any account: many keep their keys in one of their own, whose key's policy has to allow it as well.
        // Source: AWS KMS Developer Guide, "Allowing users in other accounts to use a KMS key".
        allow("AskForKeys", On::Keys, Sub::arn("kms").text(":*:*:key/*").into()),
        allow("AskForStacks", On::Stacks, stacks.into()),
        Statement { sid: Some("LookUp"), ..Statement::allow(on_ledger, [ledger.clone().into()]) },
        Statement {
            sid: Some("Record"),
            ..Statement::allow(on_records, [bucket::within(&ledger, "/*")])
        },
    ]
}

fn add_alarms(alarms: &mut Alarms<'_>, guard: Made, notify: Made, notices: Notices) {
    alarms.dead_letters(
        GUARD_DEAD_LETTERS_ALARM,
        guard.intake.dead_letters,
        "A bucket's event was not handled: it lies in the queue GuardDeadLetters. Mend the cause, then redrive the queue.",
    );
    alarms.dead_letters(
        OBJECT_DEAD_LETTERS_ALARM,
        notify.intake.dead_letters,
        "An object's event was not told: it lies in the queue ObjectDeadLetters. Mend the cause, then redrive the queue.",
    );
    alarms.dead_letters(
        NOTICE_DEAD_LETTERS_ALARM,
        notices.dead_letters,
        "A notice was not delivered: it lies in the queue NoticeDeadLetters. Look at the topic's subscriptions.",
    );
    alarms.waiting(
        GUARD_WAITING_ALARM,
        guard.intake.queue,
        WAITING_SECONDS,
        "A bucket has waited for an hour to be looked at: the function is throttled, or fails.",
    );
    alarms.waiting(
        OBJECT_WAITING_ALARM,
        notify.intake.queue,
        WAITING_SECONDS,
        "An object's event has waited for an hour to be told: the function is throttled, or fails.",
    );
    alarms.errors(
        GUARD_ERRORS_ALARM,
        guard.function,
        "The function that sets buckets back failed as a whole. Its log group says why.",
    );
    alarms.errors(
        NOTIFY_ERRORS_ALARM,
        notify.function,
        "The function that tells of objects failed as a whole. Its log group says why.",
    );
    alarms.counted(
        FAILED_ALARM,
        Metric::Failed,
        "Buckets could not be protected, or not whole. The log group of GuardFunction says which, and why.",
    );
    alarms.counted(
        TUG_OF_WAR_ALARM,
        Metric::TugOfWar,
        "Somebody undoes what the guard does, again and again: it has stopped at a bucket for an hour. The notice says who.",
    );
    alarms.counted(
        NOT_RECORDED_ALARM,
        Metric::NotRecorded,
        "What the guard did to a bucket is not in the ledger: it cannot be undone from there. The log group of GuardFunction says why.",
    );
    alarms.counted(
        COVERAGE_GAPS_ALARM,
        Metric::CoverageGaps,
        "The sweep found a bucket, or a change, of which no event had told. Does the trail record write management events here?",
    );
    alarms.counted(
        NOT_TOLD_ALARM,
        Metric::NotTold,
        "Changes of objects were gathered and could not be told; nothing is lost. The log group of NotifyFunction says why; s3guard \
         redrive tells them.",
    );
    alarms.undelivered(
        UNDELIVERED_ALARM,
        "A notice could not be delivered to a subscriber of the topic.",
    );
}

fn add_outputs(template: &mut Template, shown: &Shown, dashboard: Handle<Dashboard>) {
    const IDS: [LogicalId; 12] = [
        LogicalId::new(output::TOPIC_ARN),
        LogicalId::new(output::GUARD_QUEUE_URL),
        LogicalId::new(output::GUARD_QUEUE_ARN),
        LogicalId::new(output::OBJECT_QUEUE_URL),
        LogicalId::new(output::GUARD_DEAD_LETTERS_URL),
        LogicalId::new(output::OBJECT_DEAD_LETTERS_URL),
        LogicalId::new(output::NOTICE_DEAD_LETTERS_URL),
        LogicalId::new(output::GUARD_FUNCTION_NAME),
        LogicalId::new(output::NOTIFY_FUNCTION_NAME),
        LogicalId::new(output::GUARD_ROLE_ARN),
        LogicalId::new(output::NOTIFY_ROLE_ARN),
        LogicalId::new(output::DASHBOARD_NAME),
    ];
    let (guard, notify) = (shown.guard, shown.notify);
    let outputs = [
        Output::new("Where notices are published: subscribe to it", shown.notices.topic.arn()),
        Output::new("Buckets to look at", guard.intake.queue.url()),
        Output::new("Buckets to look at", guard.intake.queue.arn()),
        Output::new("Objects to tell of", notify.intake.queue.url()),
        Output::new("Bucket events not handled", guard.intake.dead_letters.url()),
        Output::new("Object events not told", notify.intake.dead_letters.url()),
        Output::new("Notices not delivered", shown.notices.dead_letters.url()),
        Output::new("Sets buckets back", guard.function.name()),
        Output::new("Tells of objects", notify.function.name()),
        Output::new("What the guard acts as", guard.role.arn()),
        Output::new("What the teller acts as", notify.role.arn()),
        Output::new("The whole chain on one page", dashboard.name()),
    ];
    for (id, output) in IDS.into_iter().zip(outputs) {
        template.output(id, output);
    }
    if let Some(chat) = shown.notices.chat {
        const CHAT_TOPIC_ARN: LogicalId = LogicalId::new(output::CHAT_TOPIC_ARN);
        template
            .output(CHAT_TOPIC_ARN, Output::new("Give it to the channel's settings", chat.arn()));
    }
}

fn add_bucket_outputs(
    template: &mut Template,
    parameters: &Parameters,
    evidence: Evidence,
    files: Files,
) {
    const LEDGER_BUCKET_NAME: LogicalId = LogicalId::new(output::LEDGER_BUCKET_NAME);
    const LOG_BUCKET_NAME: LogicalId = LogicalId::new(output::LOG_BUCKET_NAME);
    const TRAIL_BUCKET_NAME: LogicalId = LogicalId::new(output::TRAIL_BUCKET_NAME);
    let ledger = Output::new("What was done; stays when the stack goes", evidence.ledger.name());
    let logs = Output::new("Who read or wrote; stays, too", evidence.logs.name());
    let trail = Output::new("The trail's files; stays, too", files.bucket.name());
    template.output(LEDGER_BUCKET_NAME, ledger);
    template.output(LOG_BUCKET_NAME, logs);
    template.output(TRAIL_BUCKET_NAME, Output { condition: Some(parameters.own_trail), ..trail });
}
