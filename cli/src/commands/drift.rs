//! `s3guard drift`: what of the guard's stack somebody has changed by hand.

use std::fmt;

use anyhow::anyhow;
use futures_util::future::join_all;
use serde::Serialize;

use crate::error;
use crate::error::Advice as _;
use crate::exit::{self, Exit};
use crate::operations::drift::{Drift, detect};
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
    let each = args.account.each();
    let is_one = each.len() == 1;
    let looks = each.iter().map(|one| {
        let label = one.region.as_ref().filter(|_| !is_one);
        let output =
            label.map_or_else(|| output.clone(), |region| output.labelled(region.as_str()));
        async move { detect(one, &output).await }
    });
    let mut stacks = Vec::new();
    let mut failed = 0;
    for (one, looked) in each.iter().zip(join_all(looks).await) {
        match looked {
            Ok(drift) => stacks.push(drift),
            Err(error) if is_one => return Err(error),
            Err(error) => {
                failed += 1;
                let region = one.region.as_ref().map(ToString::to_string).unwrap_or_default();
                error::report(&error, &output.labelled(&region));
            }
        }
    }
    let is_drifted = stacks.iter().any(Drift::is_drifted);
    match &stacks[..] {
        [one] if is_one => output.result(one)?,
        _ => output.result(&All { stacks })?,
    }
    if failed > 0 {
        return Err(anyhow!("{failed} of {} Regions could not be looked at", each.len()))
            .hint("what is wrong with each is said above");
    }
    Ok(if is_drifted { Exit::Findings } else { Exit::Done })
}

#[derive(Serialize)]
struct All {
    stacks: Vec<Drift>,
}

impl fmt::Display for All {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stacks.iter().try_for_each(|stack| write!(f, "{stack}"))
    }
}

fn manual() -> String {
    let examples = "Examples:\n  s3guard drift\n  s3guard drift --region eu-west-1,us-east-1 --output json\n\n";
    let exits = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Findings, Exit::Interrupted];
    examples.to_owned() + &exit::codes(&exits)
}
