//! Removes the guard from an account: `plan` finds what is deleted, `step` decides, `removal` deletes, `report` is the
//! result, and `pruning` deletes old packages from the code bucket.

pub(crate) mod plan;
pub(crate) mod pruning;
pub(crate) mod removal;
pub(crate) mod report;
pub(crate) mod step;

use futures_util::future::join_all;

use crate::args::removal::RemovalArgs;
use crate::exit::Exit;
use crate::operations::destroy::plan::DestroyPlan;
use crate::operations::destroy::report::Destroyed;
use crate::operations::interrupt::Run;
use crate::operations::regions;
use crate::operations::regions::{Failed, FailedRegion};
use crate::operations::session;
use crate::ui::output::Output;

/// Deletes the stack of each Region, after a person has approved the plan.
pub(crate) async fn destroy(
    args: &RemovalArgs,
    output: &Output,
    run: &Run,
) -> anyhow::Result<Exit> {
    let found = regions::each(&args.account, output, async |of, output| {
        plan::plan(args, &of, output, run).await
    });
    let found = found.await.unless_the_only_one_failed()?;
    let (plans, mut failed) = (found.done, found.failed);
    let count = plans.len() + failed.len();
    for plan in &plans {
        plan.show();
    }
    if !plans.is_empty() {
        for Failed { region, .. } in &failed {
            output
                .warn(format_args!("nothing is done in `{region}`: the reason follows at the end"));
        }
        let unplanned: Vec<_> = failed.iter().map(Failed::view).collect();
        approve(args, &plans, &unplanned, output).await?;
        run.interrupts.set_hint(begun(args));
        let done = plans.into_iter().map(|plan| plan.carry_out(args, run));
        let mut reports = Vec::new();
        for (report, done) in join_all(done).await {
            failed.extend(done.err().map(|error| Failed { region: report.region.clone(), error }));
            reports.push(report);
        }
        let failed = failed.iter().map(Failed::view).collect();
        output.result(&Destroyed { regions: reports, failed })?;
    }
    let stack = &args.account.stack;
    regions::failures(failed, count, "failed", output, |regions| {
        format!(
            "fix the causes, then repeat the command with `--region {regions}`, for stack `{stack}`"
        )
    })?;
    Ok(Exit::Done)
}

/// What to do after an interrupt of a deletion.
fn begun(args: &RemovalArgs) -> String {
    let protection = if args.disable_protection {
        "; `aws cloudformation describe-stacks` shows whether the stack is still protected"
    } else {
        ""
    };
    format!(
        "run the same command again: it follows a deletion that AWS has started already, and does the rest{protection}"
    )
}

/// Asks for approval once for all Regions, and once more before buckets are emptied.
async fn approve(
    args: &RemovalArgs,
    plans: &[DestroyPlan],
    failed: &[FailedRegion],
    output: &Output,
) -> anyhow::Result<()> {
    if args.yes || !plans.iter().any(DestroyPlan::needs_approval) {
        return Ok(());
    }
    let stack = &args.account.stack;
    let place =
        if plans.len() == 1 { String::new() } else { format!(" in {} Regions", plans.len()) };
    let what = format!("deleting stack `{stack}`{place}");
    let mut approved = session::confirm_by_name(&what, stack.as_str(), output).await;
    let emptied: usize = plans.iter().map(|plan| plan.to_empty.len()).sum();
    if approved.is_ok() && emptied > 0 {
        let buckets = if emptied == 1 { "bucket" } else { "buckets" };
        let what = format!("emptying {emptied} {buckets}");
        let question =
            format!("delete the content of {emptied} {buckets} permanently, with all versions?");
        approved = session::confirm(&what, &question, output).await;
    }
    let regions = plans.iter().map(|plan| plan.report.clone()).collect();
    session::unless_approved(approved, &Destroyed { regions, failed: failed.to_vec() }, output)
}
