//! `s3guard drift`: what of the guard's stack somebody has changed by hand.

use std::fmt;

use serde::Serialize;

use crate::exit::{self, Exit};
use crate::operations::drift::{Drift, detect};
use crate::operations::regions;
use crate::operations::session;
use crate::operations::session::AccountsArgs;
use crate::ui::output::Output;

/// Show what of the guard's stack was changed by hand
///
/// Has CloudFormation compare every resource with the template. Only what the template says is compared,
/// and some kinds of resources are not: how many is said. `s3guard deploy --revert-drift` sets it back.
#[derive(Debug, clap::Args)]
#[command(after_long_help = manual())]
pub(crate) struct Args {
    #[command(flatten)]
    account: AccountsArgs,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    session::run(
        drift(args, output),
        "CloudFormation goes on looking; that changes nothing".to_owned(),
    )
}

async fn drift(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let looked =
        regions::each(&args.account, output, async |one, output| detect(&one, &output).await);
    let looked = looked.await.unless_the_only_one_failed()?;
    let stacks = &looked.done[..];
    let is_drifted = stacks.iter().any(Drift::is_drifted);
    match stacks {
        [one] if looked.is_one() => output.result(one)?,
        _ => output.result(&All { stacks })?,
    }
    looked.all("could not be looked at", output, |_| {
        "what is wrong with each is said above".to_owned()
    })?;
    Ok(if is_drifted { Exit::Findings } else { Exit::Done })
}

#[derive(Serialize)]
struct All<'a> {
    stacks: &'a [Drift],
}

impl fmt::Display for All<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stacks.iter().try_for_each(|stack| write!(f, "{stack}"))
    }
}

fn manual() -> String {
    let examples = "Examples:\n  s3guard drift\n  s3guard drift --region eu-west-1,us-east-1 --output json\n\n";
    let exits = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Findings, Exit::Interrupted];
    examples.to_owned() + &exit::codes(&exits)
}
