//! `s3guard status`: the health of the guard, its outputs, and what was changed outside CloudFormation.

use std::time::Duration;

use anyhow::anyhow;
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::error;
use crate::error::{Advice as _, Invalid};
use crate::exit::Exit;
use crate::operations::regions;
use crate::operations::session;
use crate::operations::session::AccountsArgs;
use crate::operations::status::outputs::Outputs;
use crate::operations::status::show::Status;
use crate::operations::status::status;
use crate::ui::output::Output;

/// Show the health of the guard, and what to do about problems
///
/// Shows the stack, its functions, queues, dead-letter queues and alarms, the trail that it depends on, the last sweep, the
/// last drift detection, and the subscriptions to its notifications. Parts that cannot be read are named.
///
/// With `--drift` CloudFormation first compares every resource with the template. Only properties that the template sets
/// are compared, and some types of resources are not: the number is shown.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    account: AccountsArgs,

    /// Print only the outputs of the stack
    #[arg(long, conflicts_with_all = ["drift", "watch"])]
    outputs: bool,

    /// Detect what was changed outside CloudFormation, which takes about a minute
    #[arg(long, conflicts_with = "watch")]
    drift: bool,

    /// Refresh at this interval, until Ctrl-C
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "5", value_parser = seconds)]
    watch: Option<u64>,
}

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let on_interrupt = if args.drift {
        "CloudFormation completes the drift detection, which changes nothing"
    } else {
        "nothing was changed: this only reads"
    };
    let command = async {
        match (args.outputs, args.watch) {
            (true, _) => outputs(args, output).await,
            (false, Some(seconds)) => watch(args, seconds, output, now).await,
            (false, None) => once(args, false, output, now).await,
        }
    };
    match session::run(command, on_interrupt.to_owned()) {
        // Ctrl-C is the regular end.
        Err(error) if args.watch.is_some() && error::is_interrupted(&error) => Ok(Exit::Done),
        done => done,
    }
}

async fn outputs(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let fetch = async |one, _| Outputs::fetch(&one).await;
    let fetched = regions::each(&args.account, output, fetch).await.unless_the_only_one_failed()?;
    fetched.finish(output, hint)?;
    Ok(Exit::Done)
}

async fn watch(
    args: &Args,
    seconds: u64,
    output: &Output,
    now: OffsetDateTime,
) -> anyhow::Result<Exit> {
    let begun = Instant::now();
    once(args, false, output, now).await?;
    loop {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        if let Err(error) = once(args, true, output, now + begun.elapsed()).await {
            // A later failure may be transient.
            error::report(&error, output);
        }
    }
}

/// Shows the stack of each Region once.
async fn once(
    args: &Args,
    redraws: bool,
    output: &Output,
    now: OffsetDateTime,
) -> anyhow::Result<Exit> {
    let fetch = async |one, output| status(&one, args.drift, &output, now).await;
    let fetched = regions::each(&args.account, output, fetch).await.unless_the_only_one_failed()?;
    if redraws {
        output.clear();
    }
    let is_well = fetched.done.iter().all(|status: &Status| status.to_do.is_empty());
    let is_blind = fetched.done.iter().any(|status| status.is_blind);
    fetched.finish(output, hint)?;
    if is_blind {
        return Err(anyhow!("no part of the stack may be read"))
            .hint("the permissions that are missing are listed above; `s3guard doctor --print-policy` prints them");
    }
    Ok(if is_well { Exit::Done } else { Exit::Findings })
}

fn hint(_: &str) -> String {
    "the error of each is shown above".to_owned()
}

fn seconds(text: &str) -> Result<u64, Invalid> {
    text.parse().ok().filter(|seconds| (1..=3600).contains(seconds)).ok_or_else(|| {
        Invalid::new(format!("`{text}` is not a number of seconds from 1 to 3600"), "5 is usual")
    })
}
