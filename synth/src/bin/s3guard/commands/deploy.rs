//! `s3guard deploy`: the guard put into an account, or changed there.
//!
//! Here is the story; `inputs` checks what is asked, `step` decides what comes next, `report` says what was done.

pub(crate) mod inputs;
mod names;
mod report;
mod step;
mod sweep;
mod template;
mod upload;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use s3guard_aws::stacks::change_set::Kind;
use s3guard_aws::stacks::{
    ChangeSet, ChangeSetRequest, ChangeSetState, Stack, StackStatus, Stacks, Value,
};
use s3guard_posture::config::Config;
use s3guard_posture::{BucketName, StackName};
use s3guard_synth::stacks;
use tokio::time::Instant;

use self::inputs::GuardArgs;
use self::report::{Deployed, Deployment};
use self::step::Step;
use super::account::{self, Account, AccountArgs, STACK_TAG};
use super::package::BuildArgs;
use super::progress::{self, Follower, Pace};
use crate::cli::{self, Invalid};
use crate::failure::{self, Advice as _, Exit};
use crate::output::Output;
use crate::package::{self, Architecture, Package, Source};

/// How long CloudFormation may think about a change set.
const CHANGE_SET_LIMIT: std::time::Duration = std::time::Duration::from_mins(10);

/// Install the guard in an account, or change it
///
/// Packages the Lambda, uploads it to a bucket of its own if it is not there, and creates or updates
/// the stack by a change set. The stack's outputs go to stdout, everything else to stderr. A setting
/// that is not given keeps its value. Deploying twice is deploying once.
#[derive(Debug, clap::Args)]
#[command(after_long_help = manual())]
pub(crate) struct Args {
    #[command(flatten)]
    account: AccountArgs,

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
    let name = &args.account.stack;
    let account = Account::open(&args.account).await?;
    let region = account.connection.region();
    names::check_region(region)?;
    let configuration = args.account.config.read(output)?;
    output.say(format_args!("stack `{name}` in `{region}`, account `{}`", account.caller.account));
    let stacks = Stacks::new(&account.connection);
    let found = stacks.describe(name.as_str()).await?;
    if let Some(stack) = &found {
        account::check_is_guard(&stacks, stack, name).await?;
    }
    let step = permitted_step(name, found.as_ref())?;
    let previous = match (&found, step) {
        (Some(stack), Step::Update | Step::Remake) => stack.parameters.clone(),
        (_, Step::Create | Step::Busy | Step::Stuck(_)) | (None, _) => BTreeMap::new(),
    };
    let guard = match &configuration {
        Some(config) => args.guard.over(config, region),
        None => args.guard.clone(),
    };
    let mut parameters = guard.parameters(name, region, &previous)?;
    let architecture = architecture(args.arch, &previous)?;
    if let Some(advice) = guard.trail_advice(region) {
        output.say(advice);
    }
    if let Some(config) = &configuration
        && let Some(advice) = guard.rule_advice(config, region, &previous)
    {
        output.warn(advice);
    }

    let source = args.source();
    let json = configuration.as_ref().map(Config::to_json);
    let package =
        account::blocking(move || package::make(&source, architecture, json.as_deref())).await?;
    keeps_configuration(&package, &previous, args.account.config.is_refused())?;
    let bucket = upload::upload(args.code_bucket.as_ref(), &account, &package, output).await?;
    for (parameter, value) in [
        ("CodeBucket", bucket.name().to_string()),
        ("CodeKey", package.key()),
        ("Architecture", architecture.to_string()),
    ] {
        parameters.insert(parameter.to_owned(), Value::New(value));
    }

    if let (Step::Remake, Some(shell)) = (step, &found) {
        output.say("an earlier creation failed and left an empty stack: it is deleted first");
        remove_shell(&stacks, output, shell, token).await?;
        // What the shell was given is given again: the new stack has no previous values.
        for (parameter, value) in &mut parameters {
            if *value == Value::Previous {
                *value = Value::New(previous[parameter].clone());
            }
        }
    }
    let kind = if step == Step::Update { Kind::Update } else { Kind::Create };
    let tags = tags(name, found.as_ref());
    let config = package.configuration()?;
    told_once(&config, parameters.get("Email"), &previous)?;
    let text = template_text(&account, &config, &mut parameters, &previous)?;
    let request = ChangeSetRequest {
        stack: name.clone(),
        name: token.to_owned(),
        kind,
        template: template::place(text, &bucket, output).await?,
        parameters,
        tags,
    };
    let is_new = found.is_none() || step == Step::Remake;
    let (deployed, changed) = change(&stacks, output, &request, is_new).await?;
    let stack = changed.or(found);
    let stack = stack.ok_or_else(|| anyhow!("stack `{name}` is gone, somebody has deleted it"))?;
    let seconds = begun.elapsed().as_secs_f32();
    output.say(format_args!("stack `{name}` {deployed} in {seconds:.1} s"));
    if deployed == Deployed::Created && !args.no_sweep {
        sweep::begin(&account.connection, &stack, output).await;
    }
    output.result(&Deployment::new(name, region, &account.caller.account, deployed, stack))?;
    Ok(Exit::Done)
}

impl Args {
    fn source(&self) -> Source {
        match &self.package {
            Some(path) => Source::Zip(path.clone()),
            None => self.build.source(),
        }
    }
}

/// The next step, unless the stack takes none.
fn permitted_step(name: &StackName, found: Option<&Stack>) -> anyhow::Result<Step> {
    let step = step::next(found.map(|stack| &stack.status));
    let status = found.map_or("", |stack| stack.status.as_str());
    match step {
        Step::Create | Step::Update | Step::Remake => Ok(step),
        Step::Busy => Err(anyhow!("stack `{name}` is in `{status}`: something is going on"))
            .hint("try again when it has come to rest"),
        Step::Stuck(stuck) => Err(anyhow!("stack `{name}` is in `{status}` and takes no change"))
            .hint(stuck.way_out(name)),
    }
}

/// A stack that has a configuration does not lose it because nobody has thought of the file.
fn keeps_configuration(
    package: &Package,
    previous: &BTreeMap<String, String>,
    is_refused: bool,
) -> anyhow::Result<()> {
    let had = previous.get("CodeKey").is_some_and(|key| package::is_configured(key));
    if !had || package.is_configured || is_refused {
        return Ok(());
    }
    Err(anyhow!("the stack has a configuration, with rules and exemptions, and now there is none"))
        .hint("name the file with `--config`, or give `--no-config` to take the configuration away")
        .exit(Exit::Usage)
}

/// SNS knows a subscription by its topic and its address, and refuses a second one with another filter: better now than when
/// the stack is half made.
fn told_once(
    config: &Config,
    email: Option<&Value>,
    previous: &BTreeMap<String, String>,
) -> anyhow::Result<()> {
    let email = match email {
        Some(Value::New(email)) => email.as_str(),
        Some(Value::Previous) => previous.get("Email").map_or("", String::as_str),
        None => "",
    };
    let subscriptions = config.notifications().subscriptions();
    let is_same = |address: &str| !email.is_empty() && address.eq_ignore_ascii_case(email);
    match subscriptions.iter().find(|one| is_same(one.endpoint().address())) {
        None => Ok(()),
        Some(one) => Err(anyhow!(
            "`{email}` is the stack's mail address and that of the subscription `{}`: SNS takes it once",
            one.name()
        ))
        .hint("leave it to the subscription with `--email ''`, or remove that")
        .exit(Exit::Usage),
    }
}

/// The processor that was asked for, else the one that the stack has.
fn architecture(
    asked: Option<Architecture>,
    previous: &BTreeMap<String, String>,
) -> anyhow::Result<Architecture> {
    match (asked, previous.get("Architecture")) {
        (Some(architecture), _) => Ok(architecture),
        (None, Some(text)) => Architecture::from_parameter(text)
            .ok_or_else(|| anyhow!("the stack runs on `{text}`, which this s3guard does not know"))
            .hint("choose a processor with `--arch`"),
        (None, None) => Ok(Architecture::default()),
    }
}

async fn remove_shell(
    stacks: &Stacks,
    output: &Output,
    shell: &Stack,
    token: &str,
) -> anyhow::Result<()> {
    let token = format!("{token}-remove");
    let follower = Follower::new(stacks, output, &shell.id, Some(&token)).await;
    stacks.delete(&shell.id, &token).await?;
    let ended = follower.follow().await?;
    match &ended.stack {
        None => Ok(()),
        Some(stack) if stack.status == StackStatus::DeleteComplete => Ok(()),
        Some(_) => Err(progress::failure("the empty stack could not be deleted", &ended))
            .hint(progress::failure_hint(&ended, "delete it in the CloudFormation console")),
    }
}

/// Our template, with the names of roles written out, and no parameter besides those that it has.
fn template_text(
    account: &Account,
    config: &Config,
    parameters: &mut BTreeMap<String, Value>,
    previous: &BTreeMap<String, String>,
) -> anyhow::Result<String> {
    let template = stacks::guard_with(config)
        .to_json()
        .context("the template cannot be rendered, which is a mistake in s3guard")?;
    let mut template = serde_json::from_str(&template).context("the template is no JSON")?;
    names::write_out(&mut template, |name| match name {
        "AWS::AccountId" => Some(account.caller.account.as_str()),
        "AWS::Region" => Some(account.connection.region().as_str()),
        "AWS::Partition" => Some(account.caller.partition()),
        name => match parameters.get(name)? {
            Value::New(value) => Some(value),
            Value::Previous => previous.get(name).map(String::as_str),
        },
    });
    // A parameter that an earlier version had is none of this template's, and AWS would refuse it.
    parameters.retain(|name, _| template["Parameters"].get(name).is_some());
    Ok(template.to_string())
}

/// The tags that the stack has and ours: what is not named in a change is taken away.
fn tags(name: &StackName, found: Option<&Stack>) -> BTreeMap<String, String> {
    let mut tags = found.map(|stack| stack.tags.clone()).unwrap_or_default();
    // Those of AWS itself are not ours to give.
    tags.retain(|key, _| !key.starts_with("aws:"));
    tags.insert(STACK_TAG.to_owned(), name.to_string());
    tags
}

/// Has the change set worked out, shows it, and carries it out; gives the stack as it is then, if it was changed.
async fn change(
    stacks: &Stacks,
    output: &Output,
    request: &ChangeSetRequest,
    is_new: bool,
) -> anyhow::Result<(Deployed, Option<Stack>)> {
    let set = stacks.create_change_set(request).await?;
    match settled(stacks, &set).await? {
        ChangeSetState::Empty => {
            // Left behind it would only be in the way; that it is there harms nobody.
            let _ = stacks.delete_change_set(&set).await;
            output.say("no changes");
            return Ok((Deployed::Unchanged, None));
        }
        ChangeSetState::Ready(changes) => {
            for change in &changes {
                output.say(report::change_line(change));
            }
        }
        ChangeSetState::Pending => return Err(late(&set)),
        ChangeSetState::Failed(reason) => {
            let error = refused(stacks, output, request, &set, reason).await;
            if is_new {
                remove_name(stacks, &set, &request.name).await;
            }
            return Err(error);
        }
    }
    let follower = Follower::new(stacks, output, &set.stack_id, Some(&request.name)).await;
    stacks.execute(&set, &request.name).await?;
    let ended = follower.follow().await?;
    let (deployed, verb) = match request.kind {
        Kind::Create => (Deployed::Created, "created"),
        Kind::Update => (Deployed::Updated, "updated"),
    };
    if ended.stack.as_ref().is_some_and(|stack| stack.status.is_success()) {
        return Ok((deployed, ended.stack));
    }
    let what = format!("stack `{}` was not {verb}", request.stack);
    let status = ended.stack.as_ref().map(|stack| &stack.status);
    let then = step::after_failure(&request.stack, status);
    Err(progress::failure(&what, &ended)).hint(progress::failure_hint(&ended, &then))
}

/// Says why a change set cannot be carried out, and takes it away.
async fn refused(
    stacks: &Stacks,
    output: &Output,
    request: &ChangeSetRequest,
    set: &ChangeSet,
    reason: String,
) -> anyhow::Error {
    let found = stacks.validation_failures(set).await.unwrap_or_default();
    for event in &found {
        output.say(progress::line(event));
    }
    let _ = stacks.delete_change_set(set).await;
    let reason = progress::first_cause(&found)
        .map_or(reason, |event| format!("`{}`: {}", event.logical_id, progress::reason(event)));
    let what = format!("CloudFormation refuses the change of stack `{}`", request.stack);
    failure::hinted(
        anyhow!("{reason}").context(what),
        "nothing was changed; mend the cause and deploy again",
    )
}

/// Takes away the name without a stack that a change set which was not carried out has left. That it stays harms nobody.
async fn remove_name(stacks: &Stacks, set: &ChangeSet, token: &str) {
    if let Ok(Some(stack)) = stacks.describe(&set.stack_id).await
        && stack.status == StackStatus::ReviewInProgress
    {
        let _ = stacks.delete(&set.stack_id, &format!("{token}-remove-name")).await;
    }
}

/// Waits until a change set is worked out.
async fn settled(stacks: &Stacks, set: &ChangeSet) -> anyhow::Result<ChangeSetState> {
    let begun = Instant::now();
    let mut pace = Pace::new();
    loop {
        let looked = stacks.change_set(set).await;
        let is_late = begun.elapsed() > CHANGE_SET_LIMIT;
        match looked {
            Ok(ChangeSetState::Pending) if !is_late => {}
            Ok(state) => return Ok(state),
            // A look that is throttled says nothing about the change set.
            Err(error) if is_late || !progress::passes(&error) => return Err(error.into()),
            Err(_) => {}
        }
        pace.pause().await;
    }
}

fn late(set: &ChangeSet) -> anyhow::Error {
    let minutes = CHANGE_SET_LIMIT.as_secs() / 60;
    let error = anyhow!("change set `{}` is not ready after {minutes} minutes", set.id)
        .context("CloudFormation does not say what would change; nothing was changed");
    failure::hinted(
        error,
        "deploy again later; the AWS Health Dashboard says whether CloudFormation is slow",
    )
}

fn code_bucket(text: &str) -> Result<BucketName, Invalid> {
    text.parse().map_err(|problem: s3guard_posture::names::InvalidBucketName| {
        Invalid::new(problem.to_string(), "name a bucket of the stack's region, without `s3://`")
    })
}

fn manual() -> String {
    let examples = "Examples:\n  s3guard deploy --stack s3guard --region eu-west-1 --email owner@example.org\n  \
                    s3guard deploy --stack s3guard --grade hybrid --key arn:aws:kms:eu-west-1:111122223333:key/…\n  \
                    s3guard deploy --stack s3guard --package bootstrap.zip --output json\n\n";
    examples.to_owned()
        + &cli::exit_codes(&[Exit::Done, Exit::Failed, Exit::Usage, Exit::Interrupted])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_keeps_the_tags_that_others_gave_it() {
        let name: StackName = "s".parse().unwrap();
        let ours = (STACK_TAG.to_owned(), "s".to_owned());
        assert_eq!(tags(&name, None), BTreeMap::from([ours.clone()]));
        let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let stack = Stack {
            id: String::new(),
            status: StackStatus::UpdateComplete,
            reason: None,
            parameters: BTreeMap::new(),
            outputs: BTreeMap::new(),
            tags: [tag("team", "storage"), tag("aws:x", "y"), tag(STACK_TAG, "old")].into(),
            updated: None,
            protected: false,
        };
        assert_eq!(tags(&name, Some(&stack)), BTreeMap::from([ours, tag("team", "storage")]));
    }

    #[test]
    fn a_configuration_is_not_lost_by_accident() {
        let package = |is_configured| Package {
            architecture: Architecture::X86_64,
            zip: Vec::new(),
            sha256: [0; 32],
            default_path: PathBuf::new(),
            is_configured,
        };
        let had = |package: &Package| BTreeMap::from([("CodeKey".to_owned(), package.key())]);
        let (with, without) = (package(true), package(false));
        assert!(keeps_configuration(&without, &had(&with), false).is_err());
        assert!(keeps_configuration(&without, &had(&with), true).is_ok());
        assert!(keeps_configuration(&with, &had(&with), false).is_ok());
        assert!(keeps_configuration(&without, &had(&without), false).is_ok());
        assert!(keeps_configuration(&without, &BTreeMap::new(), false).is_ok());
    }

    #[test]
    fn an_address_is_not_subscribed_twice() {
        let written = r#"{"subscription": [{"name": "a", "email": "a@example.com"}]}"#;
        let config = Config::from_json(written).unwrap();
        let had = BTreeMap::from([("Email".to_owned(), "A@example.com".to_owned())]);
        let check = |email: Option<Value>| told_once(&config, email.as_ref(), &had).is_ok();
        assert!(!check(Some(Value::New("a@example.com".to_owned()))));
        assert!(!check(Some(Value::Previous)));
        assert!(check(Some(Value::New("b@example.com".to_owned()))));
        assert!(check(Some(Value::New(String::new()))) && check(None));
    }

    #[test]
    fn a_late_change_set_comes_with_what_to_do() {
        let set = ChangeSet { id: "set".to_owned(), stack_id: "s".to_owned() };
        let text = failure::text(&late(&set));
        assert!(
            text.contains("`set` is not ready after 10 minutes\n\nhint: deploy again"),
            "{text}"
        );
    }
}
