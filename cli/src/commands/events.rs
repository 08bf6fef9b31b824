//! `s3guard events`: shows the events of a stack with the root cause of a failure, or follows them.

use anyhow::anyhow;
use s3guard_aws::stacks::{Event, Stack, Stacks};

use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::events::{Told, operations};
use crate::operations::follow;
use crate::operations::follow::{Ended, Follower};
use crate::operations::interrupt::Interrupts;
use crate::operations::session;
use crate::operations::session::{Account, AccountArgs};
use crate::ui::output::{Form, Output};

/// The most events that `--limit` accepts.
const LIMIT_MAX: i64 = 2_000;

/// Show the events of the stack and the root cause of a failure, or follow them
///
/// By default it shows the last operation on the stack, the newest event last, and marks the root cause
/// of a failure: the first resource that failed on its own. With `--follow` it follows an operation in
/// progress until it ends, no matter who started it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Follow the operation in progress until it ends: exit code 0 if it succeeded, else 1
    #[arg(long)]
    follow: bool,

    /// Show only failures, of resources, validations and hooks
    #[arg(long, conflicts_with = "follow")]
    failed: bool,

    /// Show the newest events, this many, including earlier operations
    #[arg(long, value_name = "COUNT", conflicts_with = "follow")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=LIMIT_MAX))]
    limit: Option<u32>,

    #[command(flatten)]
    account: AccountArgs,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let on_interrupt = "nothing was changed: this only reads";
    let interrupts = Interrupts::new(args.account.profile.as_deref(), on_interrupt);
    session::run_with(&interrupts, events(args, output, &interrupts))
}

async fn events(args: &Args, output: &Output, interrupts: &Interrupts) -> anyhow::Result<Exit> {
    let name = &args.account.stack;
    let account = Account::open(&args.account).await?;
    let region = account.connection.region();
    let stacks = Stacks::new(&account.connection);
    let stack = stacks
        .describe(name.as_str())
        .await?
        .ok_or_else(|| anyhow!("stack `{name}` does not exist in `{region}`"))
        .hint("a deleted stack is found only by its id, which the CloudFormation console shows")?;
    let all = stacks.events(&stack.id, None).await?;
    if args.follow && !stack.status.is_settled() {
        let current = operations(&all).pop().unwrap_or_default().len();
        let before = &all[..all.len() - current];
        let follower = Follower::joining(&stacks, output, interrupts, stack.clone(), before);
        return join(follower, &stack, output).await;
    }
    let mut events = match args.limit {
        Some(limit) => {
            let newest = usize::try_from(limit).unwrap_or(usize::MAX);
            all[all.len().saturating_sub(newest)..].to_vec()
        }
        None => operations(&all).pop().unwrap_or_default().to_vec(),
    };
    // After a success there is nothing to explain, and no other permission is needed.
    if args.failed || !stack.status.is_success() || events.iter().any(Event::is_failure) {
        let operation = follow::last_operation(&events).filter(|_| args.limit.is_none());
        match follow::unseen_failures(&stacks, &stack.id, operation, &events).await {
            Ok(found) => {
                events.extend(found);
                events.sort_by_key(|event| event.time);
            }
            // The events of the stack itself are known.
            Err(error) if error.is_denied() => output.say(
                "validations are not shown: missing permission `cloudformation:DescribeEvents`",
            ),
            Err(_) => {}
        }
    }
    if args.follow {
        output.say(format_args!(
            "stack `{name}` is in `{}`: no operation is in progress",
            stack.status
        ));
    }
    let is_success = stack.status.is_success();
    output.result(&Told::new(&stack, &events, args.failed))?;
    Ok(if args.follow && !is_success { Exit::Failed } else { Exit::Done })
}

/// Follows the operation in progress, from its first event on.
async fn join(follower: Follower<'_>, stack: &Stack, output: &Output) -> anyhow::Result<Exit> {
    let (id, status) = (&stack.id, &stack.status);
    let (name, _) = follow::name_and_region(id);
    // One object contains all events; otherwise each was written when it came.
    let is_whole = output.form() == Form::Json;
    let ended = follower.follow().await?;
    let Ended { stack, events } = &ended;
    let Some(stack) = stack else {
        // A stack that its name no longer finds was deleted.
        output.say(format_args!("stack `{name}` is deleted"));
        let told = Told::gone(id, events);
        output.result(&if is_whole { told } else { told.summary() })?;
        return Ok(Exit::Done);
    };
    output.say(format_args!("stack `{name}` reached `{}`", stack.status));
    if stack.status.is_success() {
        let told = Told::new(stack, events, false);
        output.result(&if is_whole { told } else { told.summary() })?;
        return Ok(Exit::Done);
    }
    let what = format!("the operation on stack `{name}`, which was in `{status}`, failed");
    let again = format!("`s3guard events --failed --stack {name}` shows it again");
    Err(follow::failed(&what, &ended, &again))
}
