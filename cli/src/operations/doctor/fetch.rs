//! What AWS answers about everything that the guard depends on, asked at once.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use s3guard_aws::identity::{self, Identity};
use s3guard_aws::limits::{self, TextMessages};
use s3guard_aws::pause::Pause;
use s3guard_aws::stacks::{Stack, Stacks};
use s3guard_aws::{AwsError, Buckets, Connection, account_block, function_state, keys, trails};
use s3guard_posture::contract::{output, parameter};
use s3guard_posture::events::trail::Trail;
use s3guard_posture::model::setting::PublicAccessBlock;
use s3guard_posture::{BucketName, KeyArn, KeyState, Reading, Region, StackName};
use time::OffsetDateTime;

use crate::operations::doctor::Wanted;
use crate::operations::doctor::rights::{Rights, rights};
use crate::operations::doctor::trust::{InUse, in_use};
use crate::operations::rules::{self, Rule};
use crate::operations::session;
use crate::operations::subscribers::{self, Subscriber};
use crate::operations::unguarded::{self, Unguarded};

/// A reading, or why there is none.
pub(crate) type Fetched<T> = Result<Reading<T>, AwsError>;

/// The answers in a Region.
pub(crate) struct Seen<'a> {
    pub(crate) region: &'a Region,
    pub(crate) name: &'a StackName,
    pub(crate) caller: &'a Identity,
    pub(crate) wanted: &'a Wanted,
    /// When the credentials expire.
    pub(crate) end: Option<OffsetDateTime>,
    pub(crate) stack: Fetched<FoundStack>,
    /// The functions, and why one cannot be called, if it cannot.
    pub(crate) functions: Vec<(String, Fetched<Option<String>>)>,
    /// The rules of the guard's stack, if there is one.
    pub(crate) rules: Option<Fetched<Vec<Rule>>>,
    /// Until when the guard of the stack is paused, if there is one.
    pub(crate) pause: Option<Fetched<OffsetDateTime>>,
    /// The subscriptions to the topics of the stack, if there is one.
    pub(crate) subscribers: Option<Fetched<Vec<Subscriber>>>,
    pub(crate) trails: Fetched<Vec<Trail>>,
    /// Whether a guard of the name is in us-east-1.
    pub(crate) global: Fetched<bool>,
    /// Regions with buckets and without a guard.
    pub(crate) unguarded: Result<Unguarded, AwsError>,
    pub(crate) rights: Result<Rights, AwsError>,
    /// The account's public access block, as it takes effect.
    pub(crate) account_block: Fetched<PublicAccessBlock>,
    /// The buckets of the Region.
    pub(crate) buckets: Result<BTreeSet<BucketName>, AwsError>,
    pub(crate) key: Option<(KeyArn, Fetched<KeyState>)>,
    pub(crate) concurrency: Fetched<i32>,
    /// Asked only where there is an SMS subscription.
    pub(crate) text_messages: Option<Fetched<TextMessages>>,
    /// `None` if the buckets are not known.
    pub(crate) trust: Option<Result<InUse, AwsError>>,
}

/// A stack that has the name.
#[derive(Clone, Debug)]
pub(crate) struct FoundStack {
    pub(crate) stack: Stack,
    pub(crate) is_guard: bool,
}

impl Seen<'_> {
    /// The guard's stack, if there is one.
    pub(crate) fn guard(&self) -> Option<&Stack> {
        guard(&self.stack)
    }
}

fn guard(stack: &Fetched<FoundStack>) -> Option<&Stack> {
    let found = stack.as_ref().ok()?.known()?;
    found.is_guard.then_some(&found.stack)
}

pub(crate) async fn fetch<'a>(
    connection: &'a Connection,
    caller: &'a Identity,
    name: &'a StackName,
    wanted: &'a Wanted,
) -> Seen<'a> {
    let stack = async {
        let stack = found(connection, name).await;
        let guard = guard(&stack);
        let prefix = guard.and_then(|stack| stack.parameters.get(parameter::BUCKET_PREFIX));
        let prefix = prefix.cloned().unwrap_or_else(|| name.as_str().to_ascii_lowercase());
        let (functions, rules, pause, subscribers, key, rights) = futures_util::join!(
            functions(connection, guard),
            of_stack(connection, guard),
            pause(connection, guard),
            of_topics(connection, guard),
            key(connection, wanted, guard),
            rights(connection, caller, name, &prefix, &wanted.writable),
        );
        (stack, functions, rules, pause, subscribers, key, rights)
    };
    let buckets = async {
        let client = Buckets::new(connection, caller.account.clone(), None);
        let names = client.names().await;
        let trust = match &names {
            Ok(names) => Some(in_use(&client, names, &caller.account, &wanted.trusted).await),
            Err(_) => None,
        };
        (names, trust)
    };
    let text_messages =
        async { if wanted.has_sms { Some(limits::text_messages(connection).await) } else { None } };
    let (
        end,
        (stack, functions, rules, pause, subscribers, key, rights),
        trails,
        global,
        unguarded,
        concurrency,
        text_messages,
        account_block,
        (buckets, trust),
    ) = futures_util::join!(
        identity::credentials_end(connection),
        stack,
        trails::trails(connection),
        global(connection, name, wanted),
        unguarded::fetch(connection, &caller.account, name.as_str()),
        limits::concurrency(connection),
        text_messages,
        account_block::get(connection, &caller.account),
        buckets,
    );
    let region = connection.region();
    Seen {
        region,
        name,
        caller,
        wanted,
        end,
        stack,
        functions,
        rules,
        pause,
        subscribers,
        trails,
        global,
        unguarded,
        rights,
        account_block,
        buckets,
        key,
        concurrency,
        text_messages,
        trust,
    }
}

async fn found(connection: &Connection, name: &StackName) -> Fetched<FoundStack> {
    let stacks = Stacks::new(connection);
    match stacks.describe(name.as_str()).await {
        Ok(Some(stack)) => {
            let is_guard = session::is_guard_stack(&stacks, &stack).await?;
            Ok(Reading::Known(FoundStack { stack, is_guard }))
        }
        Ok(None) => Ok(Reading::Absent),
        Err(error) if error.is_denied() => Ok(Reading::Denied),
        Err(error) => Err(error),
    }
}

async fn functions(
    connection: &Connection,
    guard: Option<&Stack>,
) -> Vec<(String, Fetched<Option<String>>)> {
    let Some(stack) = guard else { return Vec::new() };
    let names = [output::GUARD_FUNCTION_NAME, output::NOTIFY_FUNCTION_NAME];
    let names = names.iter().filter_map(|output| stack.outputs.get(*output));
    let asked = names
        .map(|name| async move { (name.clone(), function_state::trouble(connection, name).await) });
    join_all(asked).await
}

/// The rules of the guard's stack.
async fn of_stack(connection: &Connection, guard: Option<&Stack>) -> Option<Fetched<Vec<Rule>>> {
    let resources = Stacks::new(connection).resources(&guard?.id).await;
    Some(match resources {
        Ok(resources) => rules::fetch(connection, &resources).await,
        Err(error) => Err(error),
    })
}

/// The subscriptions to the topics of the guard's stack.
async fn of_topics(
    connection: &Connection,
    guard: Option<&Stack>,
) -> Option<Fetched<Vec<Subscriber>>> {
    let guard = guard.filter(|stack| !subscribers::topics(stack).is_empty())?;
    Some(match subscribers::all(connection, guard).await {
        Ok(all) => Ok(Reading::Known(all)),
        Err(error) if error.is_denied() => Ok(Reading::Denied),
        Err(error) => Err(error),
    })
}

/// Until when the guard of the stack is paused.
async fn pause(connection: &Connection, guard: Option<&Stack>) -> Option<Fetched<OffsetDateTime>> {
    let role = guard?.outputs.get(output::GUARD_ROLE_ARN)?;
    Some(Pause::new(connection, role).until().await)
}

/// The key for the buckets of the Region.
async fn key(
    connection: &Connection,
    wanted: &Wanted,
    guard: Option<&Stack>,
) -> Option<(KeyArn, Fetched<KeyState>)> {
    let region = connection.region();
    let of_region = || wanted.keys.iter().find(|key| key.region() == region);
    let of_stack = || guard?.parameters.get(parameter::BUCKET_KEY_ARN)?.parse().ok();
    // A key of another Region is reported, too.
    let other = || wanted.keys.first().filter(|_| wanted.grade.needs_key());
    let key = of_region().cloned().or_else(of_stack).or_else(|| other().cloned())?;
    let state = if key.region() == region {
        keys::state(connection, &key).await
    } else {
        Ok(Reading::Known(KeyState::Unusable(format!("it is in `{}`", key.region()))))
    };
    Some((key, state))
}

/// Whether a guard receives calls through the global endpoint, whose events come to us-east-1 only.
async fn global(connection: &Connection, name: &StackName, wanted: &Wanted) -> Fetched<bool> {
    let us_east_1: Region = "us-east-1".parse().expect("it is a Region's code");
    if connection.region().partition() != us_east_1.partition()
        || wanted.regions.contains(&us_east_1)
    {
        return Ok(Reading::Known(true));
    }
    let there = found(&connection.in_region(&us_east_1), name).await?;
    Ok(match there {
        Reading::Known(found) => Reading::Known(found.is_guard),
        Reading::Absent | Reading::Unread => Reading::Known(false),
        Reading::Denied => Reading::Denied,
    })
}
