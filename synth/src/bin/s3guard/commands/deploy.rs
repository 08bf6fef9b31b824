//! `s3guard deploy`: the guard put into an account, or changed there, in one Region or several.
//!
//! Here is the story: find the stacks, think each deployment through, have CloudFormation say what it would do, have
//! somebody agree, and only then begin. What comes next is decided in `step`, `unchanged`, `broadening` and `review`.

pub(crate) mod broadening;
pub(crate) mod inputs;
mod names;
mod options;
mod outcome;
pub(crate) mod plan;
pub(crate) mod proposal;
mod report;
mod review;
mod set;
mod step;
mod sweep;
pub(crate) mod target;
mod template;
mod trail;
mod unchanged;
mod upload;

use std::collections::BTreeMap;
use std::path::PathBuf;

use futures_util::future::join_all;
use s3guard_aws::stacks::ChangeSetRequest;
use s3guard_aws::stacks::change_set::Kind;
use s3guard_posture::config::Config;
use s3guard_posture::{BucketName, Region};
use tokio::time::Instant;

use self::inputs::GuardArgs;
pub(super) use self::names::has_account_names;
use self::options::OptionArgs;
use self::outcome::{Done, Outcome};
use self::plan::Plan;
use self::proposal::{Answer, Proposal};
use self::report::Deployed;
use self::target::Target;
use super::account::{self, AccountsArgs};
use super::package::BuildArgs;
use crate::cli::{self, Invalid};
use crate::failure::Exit;
use crate::output::Output;
use crate::package::{self, Architecture, Package, Source};

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
    pub(crate) account: AccountsArgs,

    #[command(flatten)]
    guard: GuardArgs,

    #[command(flatten)]
    build: BuildArgs,

    /// Upload this zip, as `s3guard package` makes it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["bootstrap", "cargo_profile"])]
    #[arg(help_heading = "Package")]
    package: Option<PathBuf>,

    /// Processor that the Lambda runs on [new stacks: `x86_64`]
    #[arg(long, value_name = "ARCH", help_heading = "Package")]
    arch: Option<Architecture>,

    /// Bucket to upload to, which exists and stays as it is; without it, one is made and hardened
    #[arg(long, value_name = "BUCKET", env = "S3GUARD_CODE_BUCKET", value_parser = code_bucket)]
    #[arg(help_heading = "Package")]
    code_bucket: Option<BucketName>,

    /// Leave the buckets that exist to the schedule, instead of looking at them as soon as the guard is new
    #[arg(long, help_heading = "Guard")]
    no_sweep: bool,

    #[command(flatten)]
    options: OptionArgs,
}

pub(crate) fn run(args: &Args, output: &Output, token: &str) -> anyhow::Result<Exit> {
    let stack = &args.account.stack;
    let on_interrupt = format!(
        "what AWS was asked for goes on; `s3guard deploy --stack {stack}` again tells how far it is"
    );
    account::run(deploy(args, output, token), on_interrupt)
}

async fn deploy(args: &Args, output: &Output, token: &str) -> anyhow::Result<Exit> {
    let begun = Instant::now();
    let configuration = args.account.config.read(output)?;
    if args.options.express {
        output.warn(
            "in express mode what was just made may not be ready: what uses it at once can fail",
        );
    }
    let targets = find(&args.account, output, args.options.wait).await?;
    warn_of_global_endpoint(&targets, output).await;
    let proposals = match &args.options.change_set {
        Some(id) => outcome::one_region(targets, |target| Proposal::find(target, id)).await?,
        None => propose(targets, args, configuration.as_ref(), token).await?,
    };
    outcome::show(&proposals, output)?;
    if args.options.no_execute {
        return outcome::leave(proposals, output);
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
    waits: bool,
) -> anyhow::Result<Vec<Target>> {
    let each = args.each();
    let labels: Vec<Output> =
        each.iter().map(|one| labelled(output, one.region.as_ref(), each.len())).collect();
    let found = each.iter().zip(labels).map(|(one, output)| Target::find(one, output, waits));
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

/// Thinks every deployment through, then has CloudFormation say what each would do.
async fn propose(
    targets: Vec<Target>,
    args: &Args,
    configuration: Option<&Config>,
    token: &str,
) -> anyhow::Result<Vec<Answer>> {
    let packages = packages(&targets, args, configuration).await?;
    let plans = targets.into_iter().map(|target| async {
        let architecture = plan::architecture(args.arch, &target.previous())?;
        Plan::make(target, args, configuration, &packages[architecture.as_str()]).await
    });
    let output = Output::default();
    let plans = outcome::all_or_none(join_all(plans).await, &output)?;
    let answers = plans.into_iter().map(|plan| async {
        if plan.is_unchanged {
            return Ok(Answer::Empty(plan.target));
        }
        let architecture = plan::architecture(args.arch, &plan.target.previous())?;
        ask(plan, args, &packages[architecture.as_str()], token).await
    });
    outcome::all_or_withdrawn(join_all(answers).await, token).await
}

/// One package for each processor that is used: the same zip for every Region.
pub(crate) async fn packages(
    targets: &[Target],
    args: &Args,
    configuration: Option<&Config>,
) -> anyhow::Result<BTreeMap<&'static str, Package>> {
    let json = configuration.map(Config::to_json);
    let mut packages = BTreeMap::new();
    for target in targets {
        let architecture = plan::architecture(args.arch, &target.previous())?;
        if packages.contains_key(architecture.as_str()) {
            continue;
        }
        let (source, json) = (args.source(), json.clone());
        let package =
            account::blocking(move || package::make(&source, architecture, json.as_deref()))
                .await?;
        packages.insert(architecture.as_str(), package);
    }
    Ok(packages)
}

/// Uploads what the stack is made from, and asks for the change set.
async fn ask(plan: Plan, args: &Args, package: &Package, token: &str) -> anyhow::Result<Answer> {
    let target = &plan.target;
    let bucket =
        upload::upload(args.code_bucket.as_ref(), &target.account, package, &target.output).await?;
    target.remove_shell(token).await?;
    let request = ChangeSetRequest {
        stack: target.name.clone(),
        name: token.to_owned(),
        kind: if target.is_new() { Kind::Create } else { Kind::Update },
        template: template::place(plan.template.to_string(), &bucket, &target.output).await?,
        parameters: plan.parameters.clone(),
        tags: plan.tags.clone(),
        manner: args.options.manner(),
    };
    Proposal::ask(plan, &request).await
}

/// Does what was agreed to, and what belongs to it.
async fn carry_out(
    args: &Args,
    answer: Answer,
    protection: Option<bool>,
    token: &str,
) -> anyhow::Result<Done> {
    let (deployed, changed, changes) = match &answer {
        Answer::Empty(_) => (Deployed::Unchanged, None, Vec::new()),
        Answer::Proposed(proposal) => {
            let changed = proposal.carry_out(args.options.manner().on_failure, token).await?;
            let deployed =
                if proposal.review.is_new { Deployed::Created } else { Deployed::Updated };
            (deployed, changed, proposal.review.told())
        }
    };
    let target = answer.target();
    let mut stack = changed.or_else(|| target.found.clone()).ok_or_else(|| {
        anyhow::anyhow!("stack `{}` is gone, somebody has deleted it", target.name)
    })?;
    if let Some(wanted) = protection.filter(|wanted| *wanted != stack.protected) {
        target.stacks.protect(&stack.id, wanted).await?;
        stack.protected = wanted;
        let now = if wanted { "is protected against deletion" } else { "is protected no longer" };
        target.output.say(format_args!("stack `{}` {now}", target.name));
    }
    if deployed == Deployed::Created && !args.no_sweep {
        sweep::begin(&target.account.connection, &stack, &target.output).await;
    }
    Ok(Done::new(target, deployed, stack, changes))
}

impl Args {
    fn source(&self) -> Source {
        match &self.package {
            Some(path) => Source::Zip(path.clone()),
            None => self.build.source(),
        }
    }
}

fn code_bucket(text: &str) -> Result<BucketName, Invalid> {
    text.parse().map_err(|problem: s3guard_posture::names::InvalidBucketName| {
        Invalid::new(problem.to_string(), "name a bucket of the stack's region, without `s3://`")
    })
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
