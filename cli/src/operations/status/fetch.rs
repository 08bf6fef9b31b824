//! Fetches the status of a guard, with all calls at once. Parts that cannot be read are named.

use futures_util::future::join_all;
use s3guard_aws::alarms::{self, Alarm};
use s3guard_aws::function_state::{self, Function};
use s3guard_aws::ledger::{Newest, Suppressed};
use s3guard_aws::pause::Pause;
use s3guard_aws::stacks::drift::LastDrift;
use s3guard_aws::stacks::{Event, Resource, Stack, Stacks};
use s3guard_aws::trails;
use s3guard_aws::{AwsError, Buckets, Connection, Ledger, Queue};
use s3guard_posture::contract::alarms::CONDITIONS;
use s3guard_posture::contract::output;
use s3guard_posture::contract::parameter;
use s3guard_posture::events::trail::{Recording, Trail, recording, records_bucket_changes};
use s3guard_posture::reconcile::account::Account as _;
use s3guard_posture::reconcile::last_sweep::LastSweep;
use s3guard_posture::reconcile::state::OpenFinding;
use s3guard_posture::{BucketName, Config, Reading, Region};
use time::OffsetDateTime;

use crate::operations::deploy::{packaged, trail};
use crate::operations::operator;
use crate::operations::rules::{self, Rule};
use crate::operations::session::Account;
use crate::operations::status::function::trouble;
use crate::operations::status::show::{
    ExceptionStatus, FindingStatus, FunctionStatus, QueueStatus, Status, SuppressionStatus,
    SweepStatus, WriteStatus,
};
use crate::operations::subscribers::{self, Subscriber};
use crate::operations::unguarded::{self, Unguarded};
use crate::ui::lines::utc_time;

/// What was read, or why it could not be.
type Read<T> = Result<T, String>;

/// The queues: the name of each, the stack's output with its URL, and whether it is a dead-letter queue.
const QUEUES: [(&str, &str, bool); 5] = [
    ("bucket events", output::GUARD_QUEUE_URL, false),
    ("bucket DLQ", output::GUARD_DLQ_URL, true),
    ("object events", output::OBJECT_QUEUE_URL, false),
    ("object DLQ", output::OBJECT_DLQ_URL, true),
    ("notification DLQ", output::NOTIFICATION_DLQ_URL, true),
];

/// How many of the stack's last events are shown.
const EVENTS: usize = 3;
/// How many of the guard's last writes are shown.
const WRITES: usize = 5;
/// How many pages of the ledger are read for them: a page has a thousand keys and needs a call.
const LEDGER_PAGES_MAX: usize = 20;

/// Completes the status of this stack. The caller reads the ledger, unless another connection to it is given.
pub(crate) async fn fetch(
    account: &Account,
    stack: &Stack,
    ledger: Option<Ledger>,
    status: Status,
    now: OffsetDateTime,
) -> Status {
    let connection = &account.connection;
    let ledger = ledger.map_or_else(|| own_ledger(account, stack), Ok);
    let stacks = Stacks::new(connection);
    let names = [output::GUARD_FUNCTION_NAME, output::NOTIFY_FUNCTION_NAME];
    let names: Vec<&String> = names.iter().filter_map(|name| stack.outputs.get(*name)).collect();
    let key = stack.parameters.get(parameter::CODE_KEY).map(String::as_str);
    let queues: Vec<_> = QUEUES
        .into_iter()
        .filter_map(|queue| Some((queue, Queue::new(connection, stack.outputs.get(queue.1)?))))
        .collect();
    let of_resources = async {
        let resources = stacks.resources(&stack.id).await.map_err(|error| refused(&error));
        futures_util::join!(alarms(connection, &resources), rules(connection, &resources))
    };
    // The stack itself, and the last drift detection with it, is seen.
    let parts = names.len() + queues.len() + 11;
    let (
        troubles,
        depths,
        (alarms, rules),
        subscriptions,
        template,
        trails,
        drift,
        events,
        sweep,
        writes,
        paused,
        numbers,
        suppressed,
        unguarded,
        config,
    ) = futures_util::join!(
        join_all(names.iter().map(|name| function(connection, name, key))),
        join_all(queues.iter().map(async |(_, queue)| queue.depth().await)),
        of_resources,
        subscriptions(connection, stack),
        stacks.template(&stack.id, None),
        trails::trails(connection),
        last_drift(&stacks, stack),
        last_events(&stacks, stack),
        last_sweep(&ledger),
        last_writes(&ledger),
        paused(connection, stack, now),
        numbers(account, &ledger),
        suppressed(&ledger, now),
        unguarded::fetch(connection, &account.caller.account, stack.name()),
        packaged::deployed(account, &stack.parameters),
    );
    let mut fetched = status;
    let not_seen = &mut fetched.not_seen;
    for (name, trouble) in names.into_iter().zip(troubles) {
        let (trouble, is_changing) = known(trouble, "function", not_seen).unwrap_or_default();
        fetched.functions.push(FunctionStatus { name: name.clone(), trouble, is_changing });
    }
    for (((name, _, is_dead_letters), _), depth) in queues.into_iter().zip(depths) {
        let depth = known(depth.map_err(|error| refused(&error)), name, not_seen);
        fetched.queues.extend(depth.map(|depth| QueueStatus { name, depth, is_dead_letters }));
    }
    fetched.alarms = known(alarms, "alarms", not_seen).unwrap_or_default();
    fetched.rules = known(rules, "rules", not_seen).unwrap_or_default();
    fetched.subscriptions = known(subscriptions, "subscriptions", not_seen);
    let template = template.map_err(|error| refused(&error));
    // A template that was uploaded by hand may be YAML.
    let template = known(template, "template", not_seen).flatten();
    let template = template.and_then(|text| serde_json::from_str(&text).ok());
    fetched.declared = template.map(|json| subscribers::declared(&json, stack)).unwrap_or_default();
    let trails = reading(trails, "cloudtrail:DescribeTrails", Vec::new);
    if let Some(trails) = known(trails, "trails", not_seen) {
        judge_trails(&mut fetched, &trails, account, stack);
    }
    let not_seen = &mut fetched.not_seen;
    fetched.drift = known(drift, "drift", not_seen);
    fetched.paused_until = known(paused, "pause", not_seen).flatten().map(utc_time);
    fetched.last_events = (known(events, "events", not_seen).unwrap_or_default().iter())
        .map(|event| format!("{}  {} {}", utc_time(event.time), event.status, event.logical_id))
        .collect();
    if let Some(Newest { writes, is_whole }) = known(writes, "last writes", not_seen) {
        fetched.are_writes_partly_seen = !is_whole;
        fetched.last_write_age = writes.first().filter(|_| is_whole).map(|(id, _)| now - id.time);
        fetched.last_writes =
            writes.iter().map(|(id, has_failed)| WriteStatus::of(id, *has_failed)).collect();
    }
    if let Some(last) = known(sweep, "last sweep", not_seen) {
        judge_sweep(&mut fetched, last.as_ref(), stack, now);
    }
    let suppressed = known(suppressed, "suppressions", &mut fetched.not_seen).flatten();
    fetched.suppressions =
        suppressed.map(|all| all.into_iter().map(SuppressionStatus::of).collect());
    judge_unguarded(&mut fetched, unguarded);
    let config = known(config, "deployed configuration", &mut fetched.not_seen);
    fetched.exceptions = config.map(|config| exceptions(&config, now));
    let (buckets, findings) = numbers;
    fetched.buckets = buckets;
    fetched.findings = findings.as_ref().map(Vec::len);
    fetched.open_findings =
        findings.into_iter().flatten().map(|one| FindingStatus::of(&one)).collect();
    // A page does not list the buckets of a large account.
    fetched.buckets = fetched.buckets.or(fetched.last_sweep.as_ref().map(|last| last.buckets));
    fetched.is_blind = fetched.not_seen.len() >= parts;
    fetched
}

fn exceptions(config: &Config, now: OffsetDateTime) -> Vec<ExceptionStatus> {
    config.exceptions(now.date()).iter().map(ExceptionStatus::of).collect()
}

/// The last sweep, and for how long the stack has been without one.
fn judge_sweep(fetched: &mut Status, last: Option<&LastSweep>, stack: &Stack, now: OffsetDateTime) {
    let updated = stack.updated.map(OffsetDateTime::from_unix_timestamp);
    let ended = last.map(|last| last.time);
    fetched.last_sweep_age = ended.map(|ended| now - ended);
    fetched.unswept = ended.max(updated.and_then(Result::ok)).map(|since| now - since);
    fetched.last_sweep = last.map(SweepStatus::of);
}

/// The Regions without a guard, as far as it is known.
fn judge_unguarded(fetched: &mut Status, read: Result<Unguarded, AwsError>) {
    let read = read.map_err(|error| refused(&error));
    let not_seen = &mut fetched.not_seen;
    let Unguarded { regions, unknown } =
        known(read, "buckets of other Regions", not_seen).unwrap_or_default();
    not_seen.extend(unknown.map(|error| format!("guards of other Regions: {}", refused(&error))));
    fetched.unguarded_regions = regions;
}

/// Whether one of these trails records what the guard waits for.
fn judge_trails(fetched: &mut Status, trails: &[Trail], account: &Account, stack: &Stack) {
    let region = account.connection.region();
    let problems = trail::problems(trails, region);
    match recording(trails, region, &account.caller.account) {
        Recording::Yes(trail) => fetched.trail = Some(trail.name.clone()),
        Recording::No => fetched.trail_problems = Some(problems),
        Recording::Unknown => {
            fetched.not_seen.push(format!(
                "trail: it is not known whether one records the changes of buckets: {}",
                problems.join("; ")
            ));
            fetched.own_trail_problem = own_trail_problem(trails, stack, region);
        }
    }
}

/// What was read; otherwise the reason is added to what was not.
fn known<T>(read: Read<T>, what: &str, not_seen: &mut Vec<String>) -> Option<T> {
    read.map_err(|why| not_seen.push(format!("{what}: {why}"))).ok()
}

/// What is wrong with a function and with what calls it, and whether Lambda is changing the function.
async fn function(
    connection: &Connection,
    name: &str,
    code_key: Option<&str>,
) -> Read<(Option<String>, bool)> {
    let (function, sources) = futures_util::join!(
        function_state::describe(connection, name),
        function_state::sources(connection, name),
    );
    let function = match function {
        Ok(Reading::Absent) => return Ok((Some("it was deleted".to_owned()), false)),
        read => reading(read, "lambda:GetFunctionConfiguration", Function::default)?,
    };
    let sources = reading(sources, "lambda:ListEventSourceMappings", Vec::new);
    // A known problem is shown also where the rest cannot be read.
    match trouble(&function, sources.as_deref().ok(), code_key) {
        Some(trouble) => Ok((Some(trouble), false)),
        None => sources.map(|_| (None, function.is_changing)),
    }
}

async fn alarms(connection: &Connection, resources: &Read<Vec<Resource>>) -> Read<Vec<Alarm>> {
    let resources = resources.as_ref().map_err(String::clone)?;
    let alarms = resources.iter().filter(|one| {
        // What only another alarm reads may be raised in a healthy stack.
        matches!(&*one.resource_type, "AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm")
            && !CONDITIONS.contains(&&*one.logical_id)
    });
    let names: Vec<String> = alarms.map(|alarm| alarm.physical_id.clone()).collect();
    let read = alarms::alarms(connection, &names).await;
    reading(read, "cloudwatch:DescribeAlarms", Vec::new)
}

async fn rules(connection: &Connection, resources: &Read<Vec<Resource>>) -> Read<Vec<Rule>> {
    let resources = resources.as_ref().map_err(String::clone)?;
    reading(rules::fetch(connection, resources).await, "events:DescribeRule", Vec::new)
}

async fn subscriptions(connection: &Connection, stack: &Stack) -> Read<Vec<Subscriber>> {
    if subscribers::topics(stack).is_empty() {
        return Err("the stack has no topics".to_owned());
    }
    subscribers::all(connection, stack).await.map_err(|error| refused(&error))
}

async fn last_drift(stacks: &Stacks, stack: &Stack) -> Read<LastDrift> {
    let last = stacks.last_drift(&stack.id).await.map_err(|error| refused(&error))?;
    last.ok_or_else(|| "the stack was deleted".to_owned())
}

/// The stack's last events, the oldest first.
async fn last_events(stacks: &Stacks, stack: &Stack) -> Read<Vec<Event>> {
    let mut events = stacks.events(&stack.id, None).await.map_err(|error| refused(&error))?;
    Ok(events.split_off(events.len().saturating_sub(EVENTS)))
}

/// The number of buckets of the Region, as far as a page says, and the open findings, if there are few states to read.
async fn numbers(
    account: &Account,
    ledger: &Read<Ledger>,
) -> (Option<usize>, Option<Vec<(BucketName, OpenFinding)>>) {
    let owner = &account.caller.account;
    let buckets = Buckets::new(&account.connection, owner.clone(), None);
    let findings = async { ledger.as_ref().ok()?.open_findings().await.ok()? };
    let (page, findings) = futures_util::join!(buckets.list(None), findings);
    let page = page.ok().filter(|page| page.continuation.is_none());
    (page.map(|page| page.buckets.len() + page.strange.len()), findings)
}

async fn last_sweep(ledger: &Read<Ledger>) -> Read<Option<LastSweep>> {
    let ledger = ledger.as_ref().map_err(String::clone)?;
    ledger.last_sweep().await.map_err(|error| refused(&error))
}

async fn last_writes(ledger: &Read<Ledger>) -> Read<Newest> {
    let ledger = ledger.as_ref().map_err(String::clone)?;
    ledger.newest(WRITES, LEDGER_PAGES_MAX).await.map_err(|error| refused(&error))
}

/// What is suppressed, if the ledger has few suppressions.
async fn suppressed(ledger: &Read<Ledger>, now: OffsetDateTime) -> Read<Option<Vec<Suppressed>>> {
    let ledger = ledger.as_ref().map_err(String::clone)?;
    ledger.suppressed(now).await.map_err(|error| refused(&error))
}

/// Until when the guard is paused, if it is.
async fn paused(
    connection: &Connection,
    stack: &Stack,
    now: OffsetDateTime,
) -> Read<Option<OffsetDateTime>> {
    let role = stack.outputs.get(output::GUARD_ROLE_ARN).ok_or("the stack has no role")?;
    let until = match Pause::new(connection, role).until().await {
        Ok(Reading::Absent | Reading::Unread) => return Ok(None),
        until => reading(until, "iam:GetRolePolicy", || now)?,
    };
    Ok(Some(until).filter(|until| *until > now))
}

fn own_ledger(account: &Account, stack: &Stack) -> Read<Ledger> {
    let bucket = stack.outputs.get(output::LEDGER_BUCKET_NAME).and_then(|name| name.parse().ok());
    let bucket = bucket.ok_or("the stack has no ledger")?;
    let key = stack.outputs.get(output::KEY_ARN).and_then(|key| key.parse().ok());
    let key = key.ok_or("the stack has no output with its key")?;
    let ledger = Ledger::new(&account.connection, bucket, account.caller.account.clone());
    Ok(ledger.encrypted_by(key).formerly_by(operator::earlier_keys(stack)))
}

/// Why the trail of a stack that has its own does not record the changes of buckets, as far as that is known.
fn own_trail_problem(trails: &[Trail], stack: &Stack, region: &Region) -> Option<String> {
    let mode = stack.parameters.get(parameter::TRAIL_MODE)?;
    let own = trail::own_name(&stack.parameters, region.as_str());
    if mode != "create" {
        return None;
    }
    let Some(trail) = trails.iter().find(|trail| trail.name == own) else {
        return Some(format!("`{own}` was deleted"));
    };
    let verdict = records_bucket_changes(trail, region);
    (!verdict.is_unknown()).then(|| format!("`{own}` {verdict}"))
}

fn reading<T>(
    read: Result<Reading<T>, AwsError>,
    permission: &str,
    absent: impl FnOnce() -> T,
) -> Read<T> {
    match read {
        Ok(Reading::Known(read)) => Ok(read),
        Ok(Reading::Absent | Reading::Unread) => Ok(absent()),
        Ok(Reading::Denied) => Err(format!("missing permission `{permission}`")),
        Err(error) => Err(refused(&error)),
    }
}

fn refused(error: &AwsError) -> String {
    if !error.is_denied() {
        return error.to_string();
    }
    format!("missing permission `{}`", error.action())
}
