//! `s3guard deploy`: the guard put into an account, or changed there, in one Region or several.
//!
//! Here is the story: find the stacks, think each deployment through, have CloudFormation say what it would do, have
//! somebody agree, and only then begin. What comes next is decided in `step`, `unchanged`, `broadening` and `review`.

pub(crate) mod asking;
mod broadening;
pub(crate) mod inputs;
mod names;
mod options;
pub(crate) mod outcome;
mod plan;
pub(crate) mod proposal;
mod report;
pub(crate) mod review;
mod set;
mod step;
mod sweep;
pub(crate) mod target;
mod template;
mod trail;
mod unchanged;
mod upload;
pub(crate) mod wanted;

use futures_util::future::join_all;
use s3guard_posture::Region;
use s3guard_posture::config::Config;
use tokio::time::Instant;

use self::asking::Asking;
pub(super) use self::names::has_account_names;
use self::options::OptionArgs;
use self::outcome::{Done, Outcome};
use self::proposal::{Answer, Proposal};
use self::report::Deployed;
use self::review::Told;
use self::target::{Patience, Target};
use self::wanted::WantedArgs;
use super::account::{self, AccountsArgs};
use crate::cli;
use crate::failure::{Advice as _, Exit};
use crate::output::Output;

/// Install the guard in an account, or change it
///
/// Packages the Lambda, has CloudFormation work out what would change, shows it, and carries it out:
/// in one Region or, with `--region a,b`, in several, each with a stack of its own. A setting that is
/// not given keeps its value. Where nothing changes nothing is uploaded. What lets somebody do more
/// than before needs a yes, or `--approve never`. The stack's outputs go to stdout.
#[derive(Debug, clap::Args)]
#[command(after_long_help = manual())]
pub(crate) struct Args {
    #[command(flatten)]
    wanted: WantedArgs,

    /// Leave the buckets that exist to the schedule, instead of looking at them as soon as the guard is new
    #[arg(long, help_heading = "Guard")]
    no_sweep: bool,

    #[command(flatten)]
    options: OptionArgs,
}

pub(crate) fn run(args: &Args, output: &Output, token: &str) -> anyhow::Result<Exit> {
    let stack = &args.wanted.account.stack;
    let on_interrupt = format!(
        "what AWS was asked for goes on; `s3guard deploy --stack {stack}` again tells how far it is"
    );
    account::run(deploy(args, output, token), on_interrupt)
}

async fn deploy(args: &Args, output: &Output, token: &str) -> anyhow::Result<Exit> {
    let begun = Instant::now();
    let configuration = args.wanted.account.config.read(output)?;
    if args.options.is_contradictory() {
        return Err(anyhow::anyhow!("`--express` cannot delete a new stack that fails"))
            .hint("leave out one of `--express` and `--on-failure delete`")
            .exit(Exit::Usage);
    }
    if args.options.express {
        output.warn(
            "in express mode what was just made may not be ready: what uses it at once can fail",
        );
    }
    let targets = find(&args.wanted.account, output, args.options.patience()).await?;
    warn_of_global_endpoint(&targets, output).await;
    let proposals = if let Some(id) = &args.options.change_set {
        outcome::one_region(targets, |target| Proposal::find(target, id)).await?
    } else {
        let manner = |is_new| args.options.manner(is_new, &args.wanted);
        let asking = Asking { manner: &manner, uploads: true, token };
        asking::propose(targets, &args.wanted, configuration.as_ref(), &asking, output).await?
    };
    outcome::show(&proposals, output)?;
    if args.options.no_execute {
        return outcome::leave(&proposals, output);
    }
    outcome::agree(&proposals, args.options.approve, args.options.yes, token, output).await?;

    let protection = args.options.protection(configuration.as_ref().map(Config::deploy));
    let carried = proposals.into_iter().map(|answer| async {
        let region = answer.target().region().clone();
        (region, carry_out(args, answer, protection, token).await)
    });
    let all: Vec<(Region, anyhow::Result<Done>)> = join_all(carried).await;
    let outcome = Outcome { all, seconds: begun.elapsed().as_secs_f32() };
    outcome.finish(args, output)
}

/// Finds the stack of each Region; if one cannot be deployed to, nothing is done in any.
pub(crate) async fn find(
    args: &AccountsArgs,
    output: &Output,
    patience: Patience,
) -> anyhow::Result<Vec<Target>> {
    let each = args.each();
    let labels: Vec<Output> =
        each.iter().map(|one| labelled(output, one.region.as_ref(), each.len())).collect();
    let found = each.iter().zip(labels).map(|(one, output)| Target::find(one, output, patience));
    outcome::all_or_none(join_all(found).await, output)
}

fn labelled(output: &Output, region: Option<&Region>, count: usize) -> Output {
    match region {
        Some(region) if count > 1 => output.labelled(region.as_str()),
        Some(_) | None => output.clone(),
    }
}

/// A bucket that is made through the global endpoint is told of in us-east-1, wherever it lies.
///
/// Source: AWS CloudTrail User Guide, "Amazon S3 information in CloudTrail".
async fn warn_of_global_endpoint(targets: &[Target], output: &Output) {
    let Ok(global) = "us-east-1".parse::<Region>() else { return };
    let Some(first) = targets.first() else { return };
    // Other partitions have no such endpoint.
    let is_covered = targets.iter().any(|target| *target.region() == global);
    if is_covered || first.region().partition() != "aws" {
        return;
    }
    let connection = first.account.connection.in_region(&global);
    let there = s3guard_aws::stacks::Stacks::new(&connection).describe(first.name.as_str()).await;
    // Who may not look, or has the Region switched off, is not told of what may be no gap.
    if let Ok(None) = there {
        output.warn(format_args!(
            "buckets that are made through the global endpoint are seen only in us-east-1, where there is no stack \
             `{}`: the sweep finds them hours later; add us-east-1 to `--region`",
            first.name
        ));
    }
}

/// Does what was agreed to, and what belongs to it.
async fn carry_out(
    args: &Args,
    answer: Answer,
    protection: Option<bool>,
    token: &str,
) -> anyhow::Result<Done> {
    let (deployed, now, told) = match &answer {
        Answer::Empty(_) => (Deployed::Unchanged, None, Told::default()),
        Answer::Proposed(proposal) => {
            let manner = args.options.manner(proposal.review.is_new, &args.wanted);
            let now = proposal.carry_out(manner.on_failure, token).await?;
            let deployed =
                if proposal.review.is_new { Deployed::Created } else { Deployed::Updated };
            (deployed, now, proposal.review.told())
        }
    };
    let target = answer.target();
    let mut stack = now.or_else(|| target.found.clone()).ok_or_else(|| {
        anyhow::anyhow!("stack `{}` is gone, somebody has deleted it", target.name)
    })?;
    if let Some(wanted) = protection.filter(|wanted| *wanted != stack.protected) {
        target.stacks.protect(&stack.id, wanted).await?;
        stack.protected = wanted;
        let now = if wanted { "is protected against deletion" } else { "is protected no longer" };
        target.output.say(format_args!("stack `{}` {now}", target.name));
    }
    if deployed != Deployed::Unchanged {
        let named = args.wanted.code_bucket.as_ref();
        let now = time::OffsetDateTime::now_utc();
        super::destroy::pruning::prune(&target.account, named, &target.output, now).await;
    }
    if deployed == Deployed::Created && !args.no_sweep {
        sweep::begin(&target.account.connection, &stack, &target.output).await;
    }
    Ok(Done::new(target, deployed, stack, told))
}

fn manual() -> String {
    let examples = "Examples:\n  s3guard deploy --stack s3guard --region eu-west-1 --email owner@example.org\n  \
                    s3guard deploy --region eu-west-1,us-east-1 --trail existing\n  \
                    s3guard deploy --grade hybrid --key arn:aws:kms:eu-west-1:111122223333:key/…\n  \
                    s3guard deploy --no-execute && s3guard deploy --change-set ID\n  \
                    s3guard deploy --package bootstrap.zip --approve never --output json\n\n";
    let exits = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Approval, Exit::Interrupted];
    examples.to_owned() + &cli::exit_codes(&exits)
}
