//! What is seen of a guard: everything asked at once. What may not be read is said in its place.

use futures_util::future::join_all;
use s3guard_aws::alarms::{self, Alarm};
use s3guard_aws::function_state::{self, Function};
use s3guard_aws::ledger::Newest;
use s3guard_aws::queues::Depth;
use s3guard_aws::stacks::drift::LastDrift;
use s3guard_aws::stacks::{Event, Stack, Stacks};
use s3guard_aws::subscriptions::{self, Subscription};
use s3guard_aws::{AwsError, Connection, Ledger, Queue, trails};
use s3guard_posture::contract::output;
use s3guard_posture::contract::parameter;
use s3guard_posture::events::trail::{Verdict, records_bucket_changes};
use s3guard_posture::{AccountId, Reading, Region};

use crate::operations::session::Account;
use crate::operations::status::function::trouble;

/// What was seen, or why it could not be.
pub(crate) type Look<T> = Result<T, String>;

/// The queues: the name of each, the stack's output with its URL, and whether it should be empty.
pub(crate) const QUEUES: [(&str, &str, bool); 5] = [
    ("buckets to look at", output::GUARD_QUEUE_URL, false),
    ("buckets not handled", output::GUARD_DEAD_LETTERS_URL, true),
    ("objects to tell of", output::OBJECT_QUEUE_URL, false),
    ("objects not told", output::OBJECT_DEAD_LETTERS_URL, true),
    ("notices not delivered", output::NOTICE_DEAD_LETTERS_URL, true),
];

/// How many of the stack's last events are shown.
const EVENTS: usize = 3;
/// How many of the guard's last writes are shown.
const WRITES: usize = 5;
/// How many pages of the ledger are looked through for them: a page has a thousand keys, and a call for each is enough.
const LEDGER_PAGES_MAX: usize = 20;

/// A guard as it was seen.
pub(crate) struct Seen {
    pub(crate) stack: Stack,
    pub(crate) region: Region,
    pub(crate) account: AccountId,
    /// Each function, and what is wrong with it.
    pub(crate) functions: Vec<(String, Look<Option<String>>)>,
    pub(crate) queues: Vec<QueueSeen>,
    pub(crate) alarms: Look<Vec<Alarm>>,
    pub(crate) subscriptions: Look<Vec<Subscription>>,
    pub(crate) trail: Look<Trail>,
    pub(crate) drift: Look<LastDrift>,
    /// The stack's last events, the oldest first.
    pub(crate) events: Look<Vec<Event>>,
    /// What the guard has written last, to whichever bucket.
    pub(crate) writes: Look<Newest>,
}

pub(crate) struct QueueSeen {
    pub(crate) name: &'static str,
    pub(crate) is_dead_letters: bool,
    pub(crate) depth: Look<Depth>,
}

/// The trail that tells of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trail {
    /// It records what the guard needs.
    Records(String),
    /// None does; what is wrong with each.
    None(Vec<String>),
}

/// Asks for everything.
pub(crate) async fn gather(account: &Account, stack: Stack) -> Seen {
    let connection = &account.connection;
    let stacks = Stacks::new(connection);
    let names = [output::GUARD_FUNCTION_NAME, output::NOTIFY_FUNCTION_NAME];
    let functions =
        names.iter().filter_map(|output| stack.outputs.get(*output)).map(|name| async {
            (
                name.clone(),
                function(connection, name, stack.parameters.get(parameter::CODE_KEY)).await,
            )
        });
    let queues = QUEUES.iter().filter_map(|(name, output, is_dead_letters)| {
        let url = stack.outputs.get(*output)?;
        Some(async move {
            let depth = Queue::new(connection, url).depth().await.map_err(|error| refused(&error));
            QueueSeen { name, is_dead_letters: *is_dead_letters, depth }
        })
    });
    let subscriptions = async {
        match stack.outputs.get(output::TOPIC_ARN) {
            Some(topic) => subscriptions::subscriptions(connection, topic)
                .await
                .map_err(|error| refused(&error)),
            None => Err("the stack names no topic".to_owned()),
        }
    };
    let drift = async {
        let last = stacks.last_drift(&stack.id).await.map_err(|error| refused(&error))?;
        last.ok_or_else(|| "the stack is gone".to_owned())
    };
    let events = async {
        let mut events = stacks.events(&stack.id, None).await.map_err(|error| refused(&error))?;
        Ok(events.split_off(events.len().saturating_sub(EVENTS)))
    };
    let (functions, queues, alarms, subscriptions, trail, drift, events, writes) = futures_util::join!(
        join_all(functions),
        join_all(queues),
        alarms_of(account, &stacks, &stack),
        subscriptions,
        trail(account),
        drift,
        events,
        writes(account, &stack),
    );
    Seen {
        region: connection.region().clone(),
        account: account.caller.account.clone(),
        functions,
        queues,
        alarms,
        subscriptions,
        trail,
        drift,
        events,
        writes,
        stack,
    }
}

/// What is wrong with a function and with what calls it.
async fn function(
    connection: &Connection,
    name: &str,
    code_key: Option<&String>,
) -> Look<Option<String>> {
    let (function, sources) = futures_util::join!(
        function_state::describe(connection, name),
        function_state::sources(connection, name),
    );
    let function = match function {
        Ok(Reading::Absent) => return Ok(Some("it is gone".to_owned())),
        seen => reading(seen, "lambda:GetFunctionConfiguration", Function::default)?,
    };
    let sources = reading(sources, "lambda:ListEventSourceMappings", Vec::new);
    // What is known to be wrong is said also where the rest may not be looked at.
    let known = trouble(&function, sources.as_deref().ok(), code_key.map(String::as_str));
    match (known, sources) {
        (Some(trouble), _) => Ok(Some(trouble)),
        (None, sources) => sources.map(|_| None),
    }
}

async fn writes(account: &Account, stack: &Stack) -> Look<Newest> {
    let bucket = stack.outputs.get(output::LEDGER_BUCKET_NAME).and_then(|name| name.parse().ok());
    let bucket = bucket.ok_or_else(|| "the stack names no ledger".to_owned())?;
    let ledger = Ledger::new(&account.connection, bucket, account.caller.account.clone());
    ledger.newest(WRITES, LEDGER_PAGES_MAX).await.map_err(|error| refused(&error))
}

async fn alarms_of(account: &Account, stacks: &Stacks, stack: &Stack) -> Look<Vec<Alarm>> {
    let resources = stacks.resources(&stack.id).await.map_err(|error| refused(&error))?;
    let alarms = resources.into_iter().filter(|one| one.resource_type == "AWS::CloudWatch::Alarm");
    let names: Vec<String> = alarms.map(|alarm| alarm.physical_id).collect();
    let seen = alarms::alarms(&account.connection, &names).await;
    reading(seen, "cloudwatch:DescribeAlarms", Vec::new)
}

async fn trail(account: &Account) -> Look<Trail> {
    let region = account.connection.region();
    let seen = trails::trails(&account.connection).await;
    let trails = reading(seen, "cloudtrail:DescribeTrails", Vec::new)?;
    let judged = trails.iter().map(|trail| (trail, records_bucket_changes(trail, region)));
    let (good, bad): (Vec<_>, Vec<_>) =
        judged.partition(|(_, verdict)| matches!(verdict, Verdict::Records));
    Ok(if let Some((trail, _)) = good.first() {
        Trail::Records(trail.name.clone())
    } else {
        let why = |(trail, verdict): &(&s3guard_posture::events::trail::Trail, Verdict)| {
            format!("`{}`: {verdict}", trail.name)
        };
        Trail::None(bad.iter().map(why).collect())
    })
}

fn reading<T>(
    seen: Result<Reading<T>, AwsError>,
    permission: &str,
    absent: impl FnOnce() -> T,
) -> Look<T> {
    match seen {
        Ok(Reading::Known(seen)) => Ok(seen),
        Ok(Reading::Absent | Reading::Unread) => Ok(absent()),
        Ok(Reading::Denied) => Err(format!("not allowed to look: `{permission}`")),
        Err(error) => Err(refused(&error)),
    }
}

/// The permission that a call needs, of those that are made here.
fn permission(call: &str) -> String {
    match call {
        // IAM's names are not the API's.
        "ListObjectsV2" => "s3:ListBucket".to_owned(),
        "GetObject" => "s3:GetObject".to_owned(),
        "GetQueueAttributes" => format!("sqs:{call}"),
        "ListSubscriptionsByTopic" => format!("sns:{call}"),
        "DescribeStacks" | "DescribeStackEvents" | "ListStackResources" => {
            format!("cloudformation:{call}")
        }
        call => call.to_owned(),
    }
}

fn refused(error: &AwsError) -> String {
    if error.is_denied() {
        return format!("not allowed to look: `{}`", permission(error.call));
    }
    error.to_string()
}
