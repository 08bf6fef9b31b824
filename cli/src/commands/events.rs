//! `s3guard events`: the events of a stack, with the root cause of a failure; or as they come, until the operation ends.

use anyhow::anyhow;
use s3guard_aws::stacks::{Event, Stack, StackStatus, Stacks};

use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::events::{EventsReport, is_failed, operations};
use crate::operations::follow;
use crate::operations::follow::Follower;
use crate::operations::interrupt::Interrupts;
use crate::operations::session;
use crate::operations::session::{Account, AccountArgs};
use crate::ui::output::{Form, Output};

/// The maximum of `--limit`.
const LIMIT_MAX: i64 = 2_000;

/// Show or follow the events of the stack, and why it failed
///
/// By default, shows the last operation on the stack, the newest event last, and marks the root cause of
/// a failure: the first resource that failed on its own. With `--follow`, shows the events of the
/// current operation as they come, no matter who started it, until it ends.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Follow the current operation until it ends: exit code 0 if it succeeded, else 1
    #[arg(long)]
    follow: bool,

    /// Show only failures, with validations and hooks, and count the resources that were cancelled
    #[arg(long, conflicts_with = "follow")]
    failed: bool,

    /// Show this number of the newest events, also of earlier operations
    #[arg(long, value_name = "COUNT", conflicts_with = "follow")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=LIMIT_MAX))]
    limit: Option<u32>,

    #[command(flatten)]
    account: AccountArgs,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let on_interrupt = "nothing was changed";
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
        .hint(
            "name the guard's stack with `--stack`, and its Region with `--region`; a deleted stack is found only by its \
             id, which the CloudFormation console lists",
        )?;
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
                "validations are not shown: they need the permission `cloudformation:DescribeEvents`",
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
    let is_listed = |event: &Event| !args.failed || is_failed(event);
    output.result(&EventsReport::new(&stack.id, stack.status.as_str(), &events, is_listed))?;
    Ok(if args.follow && !stack.status.is_success() { Exit::Failed } else { Exit::Done })
}

/// Follows the current operation, from its first event on.
async fn join(follower: Follower<'_>, stack: &Stack, output: &Output) -> anyhow::Result<Exit> {
    let (id, status) = (&stack.id, &stack.status);
    let (name, _) = follow::name_and_region(id);
    let ended = follower.follow().await?;
    let now = ended.stack.as_ref().map(|stack| &stack.status);
    match now {
        Some(now) => output.say(format_args!("stack `{name}` reached `{now}`")),
        None => output.say(format_args!("stack `{name}` is deleted")),
    }
    if now.is_none_or(StackStatus::is_success) {
        let now = now.map_or("DELETE_COMPLETE", StackStatus::as_str);
        // Except in one JSON object, each event was written as it came.
        let is_listed = |_: &Event| output.form() == Form::Json;
        output.result(&EventsReport::new(id, now, &ended.events, is_listed))?;
        return Ok(Exit::Done);
    }
    let what = format!("stack `{name}` was in `{status}`, and the operation failed");
    let again = format!("`s3guard events --failed --stack {name}` shows it again");
    Err(follow::failed(&what, &ended, &again))
}
