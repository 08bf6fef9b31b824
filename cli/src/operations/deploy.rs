//! A deployment to one Region or several.
//!
//! The stacks are found, each deployment is planned, CloudFormation works out the changes, and a person approves them
//! before any Region begins. `step`, `plan`, `broadening` and `review` decide.

pub(crate) mod approval;
pub(crate) mod asking;
pub(crate) mod broadening;
pub(crate) mod deployers;
pub(crate) mod diff;
pub(crate) mod earlier;
pub(crate) mod guarded;
pub(crate) mod kept;
pub(crate) mod lowered;
pub(crate) mod names;
pub(crate) mod packaged;
pub(crate) mod plan;
pub(crate) mod preview;
pub(crate) mod proposal;
pub(crate) mod replacement;
pub(crate) mod report;
pub(crate) mod reserved;
pub(crate) mod review;
pub(crate) mod reviewed;
pub(crate) mod set;
pub(crate) mod step;
pub(crate) mod target;
pub(crate) mod trail;
pub(crate) mod upload;

use anyhow::anyhow;
use futures_util::future::join_all;
use s3guard_aws::stacks::{OnFailure, Stack, Stacks};
use s3guard_aws::subscriptions::Subscription;
use s3guard_aws::{Connection, Queue};
use s3guard_posture::config::Config;
use s3guard_posture::events::{OwnMessage, Sweep};
use s3guard_posture::{Region, contract};
use tokio::time::Instant;

use crate::args::account::AccountsArgs;
use crate::args::deploy_options::OptionArgs;
use crate::args::wanted::WantedArgs;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::deploy::asking::Asking;
use crate::operations::deploy::names::GLOBAL_ENDPOINT_FIX;
use crate::operations::deploy::proposal::{Answer, propose};
use crate::operations::deploy::report::{Deployed, Deployment};
use crate::operations::deploy::target::DeployTarget;
use crate::operations::destroy::pruning;
use crate::operations::interrupt::Run;
use crate::operations::regions;
use crate::operations::regions::ByRegion;
use crate::operations::subscribers::{self, Subscriber};
use crate::ui::lines::duration;
use crate::ui::output::Output;

/// Creates or updates the stack of each Region.
pub(crate) async fn deploy(
    wanted: &WantedArgs,
    options: &OptionArgs,
    output: &Output,
    run: &Run,
) -> anyhow::Result<Exit> {
    let configuration = wanted.account.config.read_to_deploy(output, run.now.date())?;
    // Source: AWS CloudFormation API Reference, `DeploymentConfig`: it has `DisableRollback` and nothing else.
    if options.express && options.on_failure == OnFailure::Delete {
        return Err(anyhow!("`--express` cannot delete a new stack that fails"))
            .hint("leave out one of `--express` and `--on-failure delete`")
            .exit(Exit::Usage);
    }
    if options.express {
        output.warn(
            "in express mode a resource may not be ready when it is reported: using it at once can fail",
        );
    }
    let targets = find(&wanted.account, output, Some(options), run).await?;
    warn_of_global_endpoint(&targets, output).await;
    let answers = if let Some(id) = &options.change_set {
        let Ok([target]) = <[DeployTarget; 1]>::try_from(targets) else {
            return Err(anyhow!("a change set belongs to one stack in one Region"))
                .hint("name its Region with `--region`")
                .exit(Exit::Usage);
        };
        vec![Answer::find(target, id).await?]
    } else {
        let configuration = configuration.as_ref();
        let asking = Asking { wanted, configuration, options: Some(options), run, output };
        preview::show(&targets, &asking).await?;
        propose(targets, &asking).await?
    };
    approval::show(&answers, output)?;
    for answer in &answers {
        let on_failure = options.manner(answer.target.is_new(), wanted).on_failure;
        let proposal = answer.proposal.as_ref();
        let checked = proposal.map(|one| one.check_replacements(&answer.target, on_failure));
        if let Some(Err(error)) = checked {
            withdraw(&answers, &run.token).await;
            return Err(error);
        }
    }
    if options.no_execute {
        return approval::keep(&answers, output);
    }
    let named = wanted.code_bucket.as_ref();
    approval::approve(&answers, options, named, &run.token, output).await?;
    let protection = options.protection(configuration.as_ref().map(Config::deploy));
    let works = answers.into_iter().map(|answer| async {
        let region = answer.target.region().to_string();
        (region, carry_out(wanted, options, answer, protection, run).await)
    });
    let ended: ByRegion<Deployment> = join_all(works).await.into_iter().collect();
    report::finish(ended, &wanted.account.stack, output)
}

/// Deletes the change sets of this run.
async fn withdraw(answers: &[Answer], token: &str) {
    for answer in answers {
        answer.withdraw(token).await;
    }
}

/// Finds the stack of each Region; if one Region cannot be deployed to, nothing is done in any.
async fn find(
    args: &AccountsArgs,
    output: &Output,
    options: Option<&OptionArgs>,
    run: &Run,
) -> anyhow::Result<Vec<DeployTarget>> {
    let found = regions::each(args, output, async |one, output| {
        DeployTarget::find(&one, output, options, run).await
    });
    all_or_none(found.await, output)
}

fn all_or_none<T>(results: ByRegion<T>, output: &Output) -> anyhow::Result<Vec<T>> {
    let nothing = |_: &str| "nothing was changed in any Region".to_owned();
    results.all("cannot be deployed to", output, nothing)
}

/// CloudTrail records a bucket that is created through the global endpoint in us-east-1, whatever its Region.
///
/// Source: AWS CloudTrail User Guide, "Amazon S3 information in CloudTrail".
async fn warn_of_global_endpoint(targets: &[DeployTarget], output: &Output) {
    let Ok(global) = "us-east-1".parse::<Region>() else { return };
    let Some(first) = targets.first() else { return };
    // Other partitions have no such endpoint.
    let is_covered = targets.iter().any(|target| *target.region() == global);
    if is_covered || first.region().partition() != "aws" {
        return;
    }
    let connection = first.account.connection.in_region(&global);
    let there = Stacks::new(&connection).describe(first.name.as_str()).await;
    // Without the permission, or with the Region disabled, it is not known whether there is a gap.
    if let Ok(None) = there {
        output.warn(format_args!(
            "events of buckets that are created through the global endpoint arrive only in us-east-1, which has no stack \
             `{}`: only the sweep finds these buckets, hours later; {GLOBAL_ENDPOINT_FIX}",
            first.name
        ));
    }
}

async fn carry_out(
    wanted: &WantedArgs,
    options: &OptionArgs,
    answer: Answer,
    protection: Option<bool>,
    run: &Run,
) -> anyhow::Result<Deployment> {
    let begun = Instant::now();
    let Answer { target, proposal } = answer;
    let (mut deployed, mut now) = (Deployed::Unchanged, None);
    if let Some(proposal) = &proposal {
        let is_new = proposal.review.is_new;
        let on_failure = options.manner(is_new, wanted).on_failure;
        now = proposal.carry_out(&target, on_failure, run).await?;
        deployed = if is_new { Deployed::Created } else { Deployed::Updated };
    }
    let mut stack = now
        .or_else(|| target.found.clone())
        .ok_or_else(|| anyhow!("stack `{}` was deleted in the meantime", target.name))?;
    if deployed != Deployed::Unchanged {
        reviewed::check_code(&target.account, &stack, &target.output).await?;
    }
    // An update leaves it as it is, unless it is asked for.
    let is_protected = protection.or((deployed == Deployed::Created).then_some(true));
    if let Some(is_protected) = is_protected.filter(|wanted| *wanted != stack.protected) {
        let done = target.stacks.protect(&stack.id, is_protected).await;
        match done {
            Ok(()) => {
                stack.protected = is_protected;
                let now = if is_protected {
                    "is protected against deletion"
                } else {
                    "is not protected any more"
                };
                target.output.say(format_args!("stack `{}` {now}", target.name));
            }
            // The guard works without it.
            Err(error) if protection.is_none() => target.output.warn(format_args!(
                "termination protection could not be enabled: {error}; `s3guard deploy --protect {}` tries again",
                target.place()
            )),
            Err(error) => return Err(error.into()),
        }
    }
    if deployed != Deployed::Unchanged {
        let named = wanted.code_bucket.as_ref();
        pruning::prune(&target.account, named, &target.previous(), &target.output, run.now).await;
    }
    if deployed != Deployed::Unchanged && !options.no_sweep {
        sweep(&target.account.connection, &stack, &target.output).await;
    }
    let review = proposal.map(|proposal| proposal.review);
    let took = duration(begun.elapsed());
    target.output.say(format_args!("stack `{}` {deployed} in {took}", target.name));
    let next = if deployed == Deployed::Unchanged {
        Vec::new()
    } else {
        next(&target, &stack, deployed).await
    };
    Ok(Deployment::new(&target, deployed, stack, review, next))
}

/// What a person does next. Warns if nothing is subscribed; without the permission to list subscriptions it is not known.
async fn next(target: &DeployTarget, stack: &Stack, deployed: Deployed) -> Vec<String> {
    let (connection, name, region) = (&target.account.connection, &target.name, target.region());
    let subscribers = subscribers::all(connection, stack).await.ok();
    let has_topics = !subscribers::topics(stack).is_empty();
    if has_topics && subscribers.as_ref().is_some_and(Vec::is_empty) {
        target.output.warn(
            "nothing is subscribed to the notifications: deploy with `--email ADDRESS`, or add a `[[subscription]]` to \
             `s3guard.toml`",
        );
    }
    let pending = subscribers.into_iter().flatten().filter(|one| one.subscription.is_pending);
    let mut steps: Vec<String> = pending
        .map(|Subscriber { topic, subscription: Subscription { protocol, endpoint, .. } }| {
            format!(
                "confirm the subscription of {protocol} {endpoint} to the topic `{topic}` ({region}): `s3guard subscribe \
                 --confirm URL` with the URL of its email, so that no link in an email ends it"
            )
        })
        .collect();
    if deployed == Deployed::Created {
        steps.push(format!(
            "`s3guard verify --stack {name} --region {region}` tests the guard on a bucket of its own"
        ));
    }
    steps
}

/// Starts a sweep, which the schedule would start hours later: it applies the configuration to existing buckets. A failure
/// is only a warning.
async fn sweep(connection: &Connection, stack: &Stack, output: &Output) {
    let Some(url) = stack.outputs.get(contract::output::GUARD_QUEUE_URL) else {
        return output.warn(
            "the stack has no queue as output: existing buckets are checked by the schedule",
        );
    };
    match Queue::new(connection, url).send(&OwnMessage::Sweep(Sweep::default()).body(), 0).await {
        Ok(()) => output.say(
            "the guard checks the existing buckets: `s3guard status` shows when the sweep has ended",
        ),
        Err(error) => output.warn(format_args!(
            "existing buckets are checked by the schedule, because the sweep could not be started: {error}"
        )),
    }
}
