//! Taking the guard out of an account.
//!
//! Here is the story; `plan` looks, `step` decides, `removal` does, `report` tells, `pruning` keeps the bucket for code small.

pub(crate) mod plan;
pub(crate) mod pruning;
pub(crate) mod removal;
pub(crate) mod report;
pub(crate) mod step;

use futures_util::future::join_all;

use crate::args::removal::RemovalArgs;
use crate::exit::Exit;
use crate::operations::destroy::plan::Plan;
use crate::operations::destroy::report::{Destroyed, InRegion};
use crate::operations::interrupt::Run;
use crate::operations::regions;
use crate::operations::regions::Failed;
use crate::operations::session;
use crate::ui::output::{Form, Output};

/// Deletes the stack of each Region, after a person has seen what goes and what stays.
pub(crate) async fn destroy(
    args: &RemovalArgs,
    output: &Output,
    run: &Run,
) -> anyhow::Result<Exit> {
    let looked = regions::each(&args.account, output, async |of, output| {
        plan::look(args, &of, output, run).await
    });
    let looked = looked.await.unless_the_only_one_failed()?;
    let (plans, mut failed) = (looked.done, looked.failed);
    let count = plans.len() + failed.len();
    for plan in &plans {
        plan.show();
    }
    if !plans.is_empty() {
        for Failed { region, .. } in &failed {
            output
                .warn(format_args!("nothing is done in `{region}`: the reason is told at the end"));
        }
        agree(args, &plans, output).await?;
        let done = plans.into_iter().map(|plan| plan.carry_out(args, run));
        let mut reports = Vec::new();
        for (report, done) in join_all(done).await {
            failed.extend(done.err().map(|error| Failed { region: report.region.clone(), error }));
            reports.push(report);
        }
        tell(args, reports, output)?;
    }
    let stack = &args.account.stack;
    regions::failures(failed, count, "failed", output, |regions| {
        format!(
            "mend the causes, then the same command with `--region {regions}`, for stack `{stack}`"
        )
    })?;
    Ok(Exit::Done)
}

/// Asks a person, if there is anything to agree to: once for all Regions, and once more for what is gone for good.
async fn agree(args: &RemovalArgs, plans: &[Plan], output: &Output) -> anyhow::Result<()> {
    if args.yes || !plans.iter().any(Plan::needs_approval) {
        return Ok(());
    }
    let stack = &args.account.stack;
    let place =
        if plans.len() == 1 { String::new() } else { format!(" in {} Regions", plans.len()) };
    let what = format!("deleting stack `{stack}`{place}");
    let mut agreed = session::approve(&what, stack.as_str(), "the stack's name", output).await;
    let emptied: usize = plans.iter().map(|plan| plan.to_empty.len()).sum();
    if agreed.is_ok() && emptied > 0 {
        let buckets = if emptied == 1 { "bucket" } else { "buckets" };
        output.say(format_args!(
            "what is in {emptied} {buckets} is deleted with all earlier versions, and nobody can bring it back"
        ));
        let what = format!("emptying {emptied} {buckets}");
        agreed = session::approve(&what, "empty", "the word `empty`", output).await;
    }
    if agreed.is_err() && output.form() != Form::Text {
        // A program reads what there is to agree to.
        tell(args, plans.iter().map(|plan| plan.report.clone()).collect(), output)?;
    }
    agreed
}

fn tell(args: &RemovalArgs, regions: Vec<InRegion>, output: &Output) -> anyhow::Result<()> {
    output.result(&Destroyed { stack: args.account.stack.to_string(), regions })
}
