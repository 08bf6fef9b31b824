//! `s3guard status`: whether the guard is well, and who hears of it.

use std::fmt;

use s3guard_aws::Queue;
use s3guard_aws::stacks::StackStatus;
use s3guard_aws::subscriptions::{self, Subscription};
use s3guard_posture::text::shown;
use serde::Serialize;

use super::account::{self, Account, AccountArgs};
use crate::cli;
use crate::failure::Exit;
use crate::output::Output;

/// Show whether the guard is well, and who hears of it
///
/// Shows the stack, the depth of its queues and dead letter queues, and who is subscribed to its notices.
/// A subscription that nobody has confirmed gets nothing: it is named, with how to confirm it.
#[derive(Debug, clap::Args)]
#[command(after_long_help = manual())]
pub(crate) struct Args {
    #[command(flatten)]
    account: AccountArgs,
}

/// The queues: the name of each, the stack's output with its URL, and whether it should be empty.
const QUEUES: [(&str, &str, bool); 5] = [
    ("buckets to look at", "GuardQueueUrl", false),
    ("buckets not handled", "GuardDeadLettersUrl", true),
    ("objects to tell of", "ObjectQueueUrl", false),
    ("objects not told", "ObjectDeadLettersUrl", true),
    ("notices not delivered", "NoticeDeadLettersUrl", true),
];

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    stack: String,
    region: String,
    account: String,
    state: String,
    queues: Vec<QueueStatus>,
    subscriptions: Vec<SubscriptionStatus>,
    /// What somebody has to do.
    to_do: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct QueueStatus {
    name: &'static str,
    waiting: u64,
    in_flight: u64,
    delayed: u64,
    is_dead_letters: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SubscriptionStatus {
    protocol: String,
    endpoint: String,
    is_pending: bool,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    account::run(status(args, output), "nothing was changed: this only reads".to_owned())
}

async fn status(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let account = Account::open(&args.account).await?;
    let stack = account::guard_stack(&args.account, &account).await?;
    let topic = account::output_of(&stack, &args.account, "TopicArn", "topic")?;
    let mut queues = Vec::new();
    for (name, output, is_dead_letters) in QUEUES {
        let Some(url) = stack.outputs.get(output) else { continue };
        let depth = Queue::new(&account.connection, url).depth().await?;
        let (waiting, in_flight, delayed) = (depth.waiting, depth.in_flight, depth.delayed);
        queues.push(QueueStatus { name, waiting, in_flight, delayed, is_dead_letters });
    }
    let subscribed = subscriptions::subscriptions(&account.connection, topic).await?;
    let mut to_do: Vec<String> = queues
        .iter()
        .filter(|queue| queue.is_dead_letters && queue.waiting > 0)
        .map(|queue| dead_letters(queue, args))
        .collect();
    to_do.extend(subscribed.iter().filter(|one| one.is_pending).map(|one| confirm(one, topic)));
    if subscribed.is_empty() {
        to_do.push(format!(
            "nobody hears of anything: give `--email ADDRESS` to `s3guard deploy`, or subscribe to {topic}"
        ));
    }
    let is_up =
        [StackStatus::CreateComplete, StackStatus::UpdateComplete, StackStatus::ImportComplete];
    if !is_up.contains(&stack.status) {
        let reason = stack.reason.as_deref().map(|reason| format!(" ({})", shown(reason, 300)));
        let stack = &args.account.stack;
        let reason = reason.unwrap_or_default();
        to_do.push(format!(
            "the stack is not as it was last wanted{reason}: `s3guard deploy --stack {stack}`"
        ));
    }
    let is_well = to_do.is_empty();
    let region = account.connection.region().to_string();
    output.result(&Status {
        stack: args.account.stack.to_string(),
        region,
        account: account.caller.account.to_string(),
        state: stack.status.to_string(),
        queues,
        subscriptions: subscribed
            .into_iter()
            .map(|Subscription { protocol, endpoint, is_pending }| SubscriptionStatus {
                protocol,
                endpoint,
                is_pending,
            })
            .collect(),
        to_do,
    })?;
    Ok(if is_well { Exit::Done } else { Exit::Findings })
}

fn dead_letters(queue: &QueueStatus, args: &Args) -> String {
    let QueueStatus { name, waiting, .. } = queue;
    if *name == QUEUES[4].0 {
        return format!("{waiting} {name}: an endpoint does not take them; look at its logs");
    }
    let stack = &args.account.stack;
    format!(
        "{waiting} {name}: mend the cause (the functions' log groups say it), then `s3guard redrive --stack {stack}`"
    )
}

/// How a subscription is confirmed.
///
/// Source: Amazon SNS Developer Guide, "Subscribing an endpoint": the token is good for two days, and subscribing once
/// more sends a new one.
fn confirm(subscription: &Subscription, topic: &str) -> String {
    let Subscription { protocol, endpoint, .. } = subscription;
    let endpoint = shown(endpoint, 256);
    let how = match protocol.as_str() {
        "email" | "email-json" => "open the mail of SNS and follow \"Confirm subscription\"",
        "http" | "https" => "have the endpoint open the `SubscribeURL` that SNS has sent to it",
        _ => {
            "whoever owns the endpoint has to call `ConfirmSubscription` with the token that SNS has sent"
        }
    };
    format!(
        "{protocol} {endpoint} is not confirmed and gets nothing: {how}; after two days a new one is sent by `aws sns \
         subscribe --topic-arn {topic} --protocol {protocol} --notification-endpoint {endpoint}`"
    )
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stack, region, account, state, .. } = self;
        writeln!(f, "Stack {stack} ({region}, account {account}): {state}")?;
        writeln!(f, "\nQueues                   waiting  in flight  delayed")?;
        for QueueStatus { name, waiting, in_flight, delayed, .. } in &self.queues {
            writeln!(f, "  {name:22} {waiting:>7}  {in_flight:>9}  {delayed:>7}")?;
        }
        writeln!(f, "\nWho hears of it")?;
        for SubscriptionStatus { protocol, endpoint, is_pending } in &self.subscriptions {
            let state = if *is_pending { "  (not confirmed)" } else { "" };
            writeln!(f, "  {protocol:8} {}{state}", shown(endpoint, 256))?;
        }
        if self.subscriptions.is_empty() {
            writeln!(f, "  nobody")?;
        }
        if !self.to_do.is_empty() {
            writeln!(f, "\nTo do")?;
            for to_do in &self.to_do {
                writeln!(f, "  {to_do}")?;
            }
        }
        Ok(())
    }
}

fn manual() -> String {
    let examples = "Examples:\n  s3guard status --stack s3guard\n  \
                    s3guard status --stack s3guard --output json\n\n";
    let exits = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Findings, Exit::Interrupted];
    examples.to_owned() + &cli::exit_codes(&exits)
}
