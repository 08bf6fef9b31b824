//! `s3guard status`: whether the guard is well, and who hears of it.
//!
//! `gather` asks, `judge` says what is to do, `show` writes it.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::error;
use crate::error::Invalid;
use crate::exit::{self, Exit};
use crate::operations::regions;
use crate::operations::session;
use crate::operations::session::{Account, AccountArgs, AccountsArgs};
use crate::operations::status::gather;
use crate::operations::status::judge;
use crate::operations::status::show::{Status, View};
use crate::ui::output::Output;

/// Show whether the guard is well, and who hears of it
///
/// Shows the stack, its functions, queues, dead letters and alarms, the trail that it learns from, drift as it was last
/// seen, and who is subscribed to its notices. What is not well is named, with what to do about it. What may
/// not be looked at is said, and the rest is shown.
#[derive(Debug, clap::Args)]
#[command(after_long_help = manual())]
pub(crate) struct Args {
    #[command(flatten)]
    account: AccountsArgs,

    /// Look again every so many seconds, until Ctrl-C
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "5", value_parser = seconds)]
    watch: Option<u64>,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let done =
        session::run(status(args, output), "nothing was changed: this only reads".to_owned());
    match done {
        // Whoever watches ends it so.
        Err(error) if args.watch.is_some() && error::is_interrupted(&error) => Ok(Exit::Done),
        done => done,
    }
}

async fn status(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let Some(seconds) = args.watch else { return look(args, false, output).await };
    let mut is_first = true;
    loop {
        match look(args, !is_first, output).await {
            Ok(_) => {}
            // What comes later may be a stumble: whoever watches goes on.
            Err(error) if !is_first => {
                error::report(&error, output);
            }
            Err(error) => return Err(error),
        }
        is_first = false;
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }
}

/// Looks once at the stack of each Region.
async fn look(args: &Args, redraws: bool, output: &Output) -> anyhow::Result<Exit> {
    let looked =
        regions::each(&args.account, output, async |one, output| one_stack(&one, &output).await);
    let looked = looked.await.unless_the_only_one_failed()?;
    if redraws {
        output.clear();
    }
    let stacks = &looked.done[..];
    let is_well = stacks.iter().all(|status| status.to_do.is_empty());
    match stacks {
        [one] if looked.is_one() => output.result(one)?,
        _ => output.result(&Statuses { stacks })?,
    }
    looked.all("could not be looked at", output, |_| {
        "what is wrong with each is said above".to_owned()
    })?;
    Ok(if is_well { Exit::Done } else { Exit::Findings })
}

async fn one_stack(args: &AccountArgs, output: &Output) -> anyhow::Result<Status> {
    let account = Account::open(args).await?;
    let stack = session::guard_stack(args, &account).await?;
    let seen = Box::pin(gather::gather(&account, stack)).await;
    let name = args.stack.as_str();
    let to_do = judge::to_do(&seen, name);
    let view =
        View { width: output.results_width().unwrap_or(usize::MAX), paint: output.results() };
    Ok(Status::of(seen, name, to_do, view))
}

/// Several stacks, one below the other.
#[derive(Serialize)]
struct Statuses<'a> {
    stacks: &'a [Status],
}

impl fmt::Display for Statuses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        regions::separated(f, self.stacks)
    }
}

fn seconds(text: &str) -> Result<u64, Invalid> {
    text.parse().ok().filter(|seconds| (1..=3600).contains(seconds)).ok_or_else(|| {
        Invalid::new(format!("`{text}` is not a number of seconds from 1 to 3600"), "5 is usual")
    })
}

fn manual() -> String {
    let examples = "Examples:\n  s3guard status\n  s3guard status --region eu-west-1,us-east-1 --output json\n  \
                    s3guard status --watch 10\n\n";
    let exits = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Findings, Exit::Interrupted];
    examples.to_owned() + &exit::codes(&exits)
}
