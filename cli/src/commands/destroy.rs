//! `s3guard destroy`: the guard taken out of an account, and what stays there named.
//!
//! Here is the story; `plan` looks, `step` decides, `removal` does, `report` tells, `pruning` keeps the bucket for code small.

use anyhow::anyhow;
use futures_util::future::join_all;
use time::OffsetDateTime;

use crate::error;
use crate::error::Advice as _;
use crate::error::Invalid;
use crate::exit::{self, Exit};
use crate::operations::destroy::plan;
use crate::operations::destroy::plan::Plan;
use crate::operations::destroy::removal;
use crate::operations::destroy::report::{Destroyed, InRegion};
use crate::operations::destroy::step::Asked;
use crate::operations::session;
use crate::operations::session::{AccountArgs, AccountsArgs};
use crate::ui::output::{Form, Output};

/// What becomes of buckets that stay while their policies go.
pub(crate) const WITHOUT_POLICIES: &str = "the buckets that stay lose their policies: access without TLS is not \
     refused there any more, and no access logs arrive there, neither of the trail's bucket nor of those that the \
     guard has set to log";

/// Take the guard out of an account
///
/// Deletes the stack, in one Region or in several. What is needed to read the past stays: the trail's,
/// the ledger's and the log's bucket and the KMS key. The bucket for code stays for other stacks, and
/// every bucket keeps the settings that the guard gave it. All that goes and all that stays is named
/// before anything is done, and the stack's name has to be typed. What a deletion has left can be taken
/// away later by the same command with `--empty-buckets`.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[command(after_long_help = manual())]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) account: AccountsArgs,

    /// Do not ask: neither for the stack's name nor whether buckets may be emptied
    #[arg(long)]
    pub(crate) yes: bool,

    /// Delete also a stack that is protected against deletion
    #[arg(long)]
    pub(crate) disable_protection: bool,

    /// Wait for what is going on with the stack, instead of refusing
    #[arg(long)]
    pub(crate) wait: bool,

    /// After a deletion that has failed: leave in the account whatever cannot be deleted
    #[arg(long, conflicts_with = "retain")]
    pub(crate) force: bool,

    /// After a deletion that has failed: leave this resource of the stack in the account, by its logical id
    #[arg(long, value_name = "LOGICAL_ID", value_delimiter = ',')]
    pub(crate) retain: Vec<String>,

    /// Role with whose permissions CloudFormation deletes; without it, the stack's or the caller's own
    #[arg(long, value_name = "ARN", value_parser = role_arn)]
    pub(crate) role_arn: Option<String>,

    /// Delete also the stack's own buckets that stay otherwise, with every version of what is in them
    #[arg(long, help_heading = "Buckets")]
    pub(crate) empty_buckets: bool,

    /// Delete also objects that are locked in governance mode
    #[arg(long, requires = "empty_buckets", help_heading = "Buckets")]
    pub(crate) bypass_governance: bool,

    /// Delete also the bucket for code, if no other stack of the Region uses it
    #[arg(long, help_heading = "Buckets")]
    pub(crate) all: bool,
}

impl Args {
    pub(crate) fn asked(&self) -> Asked {
        match (self.force, self.retain.is_empty()) {
            (true, _) => Asked::Force,
            (false, false) => Asked::Retain,
            (false, true) => Asked::Plainly,
        }
    }
}

pub(crate) fn run(
    args: &Args,
    output: &Output,
    token: &str,
    now: OffsetDateTime,
) -> anyhow::Result<Exit> {
    let stack = &args.account.stack;
    let protection = if args.disable_protection {
        "; whether the stack is still protected, `aws cloudformation describe-stacks` tells"
    } else {
        ""
    };
    let on_interrupt = format!(
        "a deletion that was begun goes on; `s3guard destroy --stack {stack}` again, with the same flags, tells how far \
         it is and does what is left{protection}"
    );
    session::run(destroy(args, output, token, now), on_interrupt)
}

async fn destroy(
    args: &Args,
    output: &Output,
    token: &str,
    now: OffsetDateTime,
) -> anyhow::Result<Exit> {
    let each = args.account.each();
    let looked = each.iter().map(|of| plan::look(args, of, labelled(output, of, each.len())));
    let mut looked: Vec<_> = join_all(looked).await;
    if looked.len() == 1 {
        // The one that is meant: its failure is the command's.
        let plan = looked.remove(0)?;
        plan.show();
        let plans = [plan];
        agree(args, &plans, output).await?;
        let [plan] = plans;
        let (report, done) = removal::carry_out(plan, args, token, now).await;
        tell(args, vec![report], output)?;
        return done.map(|()| Exit::Done);
    }
    let mut failures = Vec::new();
    let mut plans = Vec::new();
    for (of, looked) in each.iter().zip(looked) {
        match looked {
            Ok(plan) => {
                plan.show();
                plans.push(plan);
            }
            Err(error) => failures.push((region(of), error)),
        }
    }
    if plans.is_empty() {
        return summary(args, &failures, each.len(), output);
    }
    for (region, _) in &failures {
        output.warn(format_args!("nothing is done in `{region}`: the reason is told at the end"));
    }
    agree(args, &plans, output).await?;
    let names: Vec<String> = plans.iter().map(|plan| plan.report.region.clone()).collect();
    let done = plans.into_iter().map(|plan| removal::carry_out(plan, args, token, now));
    let mut reports = Vec::new();
    for (region, (report, done)) in names.into_iter().zip(join_all(done).await) {
        reports.push(report);
        failures.extend(done.err().map(|error| (region, error)));
    }
    tell(args, reports, output)?;
    summary(args, &failures, each.len(), output)
}

/// Where words of one Region go: with its name before them, if there are several.
fn labelled(output: &Output, of: &AccountArgs, count: usize) -> Output {
    if count == 1 {
        return Output::new(output.form(), output.paint());
    }
    output.labelled(&region(of))
}

fn region(of: &AccountArgs) -> String {
    of.region.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// Asks a person, if there is anything to agree to: once for all Regions, and once more for what is gone for good.
async fn agree(args: &Args, plans: &[Plan], output: &Output) -> anyhow::Result<()> {
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

fn tell(args: &Args, regions: Vec<InRegion>, output: &Output) -> anyhow::Result<()> {
    output.result(&Destroyed { stack: args.account.stack.to_string(), regions })
}

/// Says what failed where, and how to go on with just that.
fn summary(
    args: &Args,
    failures: &[(String, anyhow::Error)],
    count: usize,
    output: &Output,
) -> anyhow::Result<Exit> {
    if failures.is_empty() {
        return Ok(Exit::Done);
    }
    for (region, error) in failures {
        output.say(format_args!("`{region}`:"));
        error::report(error, output);
    }
    let regions: Vec<&str> = failures.iter().map(|(region, _)| region.as_str()).collect();
    let failed = regions.len();
    Err(anyhow!("{failed} of {count} Regions failed: `{}`", regions.join("`, `"))).hint(format!(
        "mend the causes, then the same command with `--region {}`, for stack `{}`",
        regions.join(","),
        args.account.stack
    ))
}

fn role_arn(text: &str) -> Result<String, Invalid> {
    let is_role = text.starts_with("arn:") && text.contains(":iam::") && text.contains(":role/");
    if is_role {
        return Ok(text.to_owned());
    }
    let hint = "write it as `arn:aws:iam::111122223333:role/deployer`";
    Err(Invalid::new(format!("`{text}` is not the ARN of a role"), hint))
}

fn manual() -> String {
    let examples = "Examples:\n  s3guard destroy --stack s3guard\n  \
                    s3guard destroy --stack s3guard --region eu-west-1,us-east-1 --yes --output json\n  \
                    s3guard destroy --stack s3guard --empty-buckets --all\n  \
                    s3guard destroy --stack s3guard --force\n  \
                    s3guard destroy --stack s3guard --retain TrailBucket\n\n";
    let exits = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Approval, Exit::Interrupted];
    examples.to_owned() + &exit::codes(&exits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_arn_of_a_role_is_one() {
        assert!(role_arn("arn:aws:iam::111122223333:role/path/deployer").is_ok());
        assert!(role_arn("arn:aws-cn:iam::111122223333:role/deployer").is_ok());
        for wrong in ["deployer", "arn:aws:iam::111122223333:user/u", ""] {
            assert!(role_arn(wrong).is_err(), "{wrong}");
        }
    }
}
