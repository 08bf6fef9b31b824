//! `s3guard doctor`: whether an account can have the guard, and whether the one that is there can work.
//!
//! Here is the story; `look` asks AWS, `judge` says what that means, `report` shows it.

use std::fmt;

use futures_util::future::{join_all, try_join_all};
use s3guard_aws::Connection;
use s3guard_aws::identity;
use s3guard_posture::config::{Config, Endpoint};
use s3guard_posture::{Grade, KeyArn, Region, StackName};
use s3guard_synth::resources::lambda::EventSourceMapping;
use s3guard_synth::stacks;
use time::OffsetDateTime;

use crate::args::guard::{bucket_prefix, key, prefix_of};
use crate::exit::{self, Exit};
use crate::operations::doctor::judge;
use crate::operations::doctor::look;
use crate::operations::doctor::report::{OfRegion, Report};
use crate::operations::permissions;
use crate::operations::permissions::Target;
use crate::operations::session;
use crate::operations::session::AccountsArgs;
use crate::ui::output::{Form, Output};

/// Say whether an account can have the guard, and whether the one that is there can work
///
/// Looks at all that the guard depends on, before there is a stack and with one: credentials and clock, the trail, what
/// the caller may do and what an organization forbids, key, limits, stack and functions. Nothing is changed. Each line is
/// ok, a warning or failed; below what is not ok stands what to do. What may not be looked at is a warning that names the
/// permission. A warning does not count as a finding.
///
/// The policy that `--print-policy` prints is for whoever deploys the guard, looks at it and takes it away, to hand to who
/// gives out permissions. It is made of what AWS's resource schemas ask for the stack's resources and of what the command
/// itself calls. A managed policy may have 6,144 characters, so there are several: an object, by the name that each could
/// have. With several Regions it is for every Region.
#[derive(Debug, clap::Args)]
#[command(after_long_help = manual())]
pub(crate) struct Args {
    #[command(flatten)]
    account: AccountsArgs,

    /// KMS key that the buckets are to have; without it, the configuration's, or the stack's
    #[arg(long, value_name = "ARN", env = "S3GUARD_KEY", value_parser = key)]
    #[arg(help_heading = "Guard")]
    key: Option<KeyArn>,

    /// Print the policy that whoever deploys the guard needs, and look at nothing
    #[arg(long, help_heading = "Policy")]
    print_policy: bool,

    /// What the names of the stack's buckets begin with, for the policy [default: the stack's name]
    #[arg(long, value_name = "PREFIX", value_parser = bucket_prefix)]
    #[arg(help_heading = "Policy")]
    bucket_prefix: Option<String>,
}

/// What the guard is to be, as far as it can be had or not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// The Regions that get a stack.
    pub(crate) regions: Vec<Region>,
    /// The key that somebody named, and those of the configuration.
    pub(crate) keys: Vec<KeyArn>,
    /// The strongest grade that is asked for.
    pub(crate) grade: Grade,
    /// Whether somebody is told by text message.
    pub(crate) has_sms: bool,
    /// Whether the trail is to be one that is there.
    pub(crate) relies_on_trail: bool,
    /// How many calls of functions run at once at most.
    pub(crate) calls_at_once: i32,
}

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    session::run(doctor(args, output, now), "nothing was changed: this only reads".to_owned())
}

async fn doctor(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let configuration = args.account.config.read(output)?;
    let each = args.account.each();
    let connections = try_join_all(each.iter().map(session::connect)).await?;
    if args.print_policy {
        return print_policy(args, &connections, output).await;
    }
    let config = configuration.unwrap_or_default();
    let mut wanted = Wanted::of(&config, args.key.as_ref());
    for connection in &connections {
        if !wanted.regions.contains(connection.region()) {
            wanted.regions.push(connection.region().clone());
        }
    }
    let regions = join_all(
        connections.iter().map(|connection| look_at(connection, &args.account.stack, &wanted, now)),
    )
    .await;
    let report = Report::new(regions);
    if output.form() == Form::Text {
        let columns = terminal_size::terminal_size_of(std::io::stdout());
        let columns = columns.map(|(width, _)| usize::from(width.0));
        output.raw(report.text(columns, output.results()).as_bytes())?;
    } else {
        output.result(&report)?;
    }
    Ok(if report.failed > 0 { Exit::Findings } else { Exit::Done })
}

/// All that there is to say of a Region. Without a caller there is nothing else to ask.
async fn look_at(
    connection: &Connection,
    stack: &StackName,
    wanted: &Wanted,
    now: OffsetDateTime,
) -> OfRegion {
    let (caller, date) = identity::dated_identity(connection).await;
    let (account, lines) = match session::known(caller, connection) {
        Ok(caller) => {
            let seen = Box::pin(look::look(connection, &caller, stack, wanted)).await;
            let mut lines = vec![judge::caller(&caller, seen.end, now), judge::clock(date, now)];
            lines.extend(judge::lines(&seen, connection.region(), stack, &caller, wanted));
            (Some(caller.account), lines)
        }
        Err(error) => (None, vec![judge::no_caller(&error, date, now)]),
    };
    OfRegion {
        region: connection.region().to_string(),
        account: account.map(|account| account.to_string()),
        stack: stack.to_string(),
        checks: lines,
    }
}

/// One policy for all the Regions: closer than the only one it cannot be.
async fn print_policy(
    args: &Args,
    connections: &[Connection],
    output: &Output,
) -> anyhow::Result<Exit> {
    let stack = &args.account.stack;
    let connection = &connections[0];
    let caller = session::known(identity::identity(connection).await, connection)?;
    let prefix = match &args.bucket_prefix {
        Some(prefix) => prefix.clone(),
        None => prefix_of(stack)?,
    };
    let target = Target {
        partition: caller.partition().to_owned(),
        account: caller.account.clone(),
        region: (connections.len() == 1).then(|| connection.region().clone()),
        stack: stack.clone(),
        prefix,
    };
    let policies = permissions::policies(&target);
    let mut json = serde_json::to_vec_pretty(&policies)?;
    json.push(b'\n');
    output.raw(&json)?;
    if policies.len() > 1 {
        output.say(format_args!(
            "{} managed policies, because one may have 6,144 characters: attach all of them",
            policies.len()
        ));
    }
    Ok(Exit::Done)
}

impl Wanted {
    fn of(config: &Config, key: Option<&KeyArn>) -> Self {
        let deploy = config.deploy();
        let subscriptions = config.subscriptions();
        let is_sms = |endpoint: &Endpoint| matches!(endpoint, Endpoint::Sms(_));
        Self {
            regions: deploy.regions.clone(),
            keys: key.into_iter().chain(config.keys()).cloned().collect(),
            grade: config.strongest_grade(),
            has_sms: subscriptions.iter().any(|one| is_sms(one.endpoint())),
            relies_on_trail: deploy.trail == Some(s3guard_posture::config::TrailChoice::Existing),
            calls_at_once: calls_at_once(config),
        }
    }
}

/// How many calls the sources of the functions let run at once.
fn calls_at_once(config: &Config) -> i32 {
    let template = stacks::guard_with(config);
    let sources = template.resources::<EventSourceMapping>();
    let most = sources.filter_map(|source| source.resource.scaling_config);
    i32::try_from(most.map(|scaling| scaling.concurrency_max).sum::<u32>()).unwrap_or(i32::MAX)
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    Caller,
    Clock,
    Names,
    Stack,
    Functions,
    Trail,
    Global,
    Permissions,
    Organization,
    Key,
    Concurrency,
    TextMessages,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Caller => "caller",
            Self::Clock => "clock",
            Self::Names => "bucket names",
            Self::Stack => "stack",
            Self::Functions => "functions",
            Self::Trail => "trail",
            Self::Global => "us-east-1",
            Self::Permissions => "permissions",
            Self::Organization => "organization",
            Self::Key => "key",
            Self::Concurrency => "concurrency",
            Self::TextMessages => "text messages",
        })
    }
}

fn manual() -> String {
    let examples = "Examples:\n  s3guard doctor --region eu-west-1,us-east-1\n  \
                    s3guard doctor --stack s3guard --output json\n  \
                    s3guard doctor --print-policy > deployer.json\n\n";
    let exits = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Findings, Exit::Interrupted];
    examples.to_owned() + &exit::codes(&exits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_read_from_the_configuration() {
        let config = Config::from_json(
            r#"{"grade": "hybrid", "deploy": {"regions": ["eu-west-1"], "trail": "existing"},
                "subscription": [{"name": "a", "sms": "+4915112345678"}]}"#,
        )
        .unwrap();
        let key: KeyArn = "arn:aws:kms:eu-west-1:111122223333:key/1".parse().unwrap();
        let wanted = Wanted::of(&config, Some(&key));
        assert_eq!((wanted.grade, wanted.keys), (Grade::Hybrid, vec![key]));
        assert!(wanted.has_sms && wanted.relies_on_trail && wanted.regions.len() == 1);
        assert!(wanted.calls_at_once > 2, "both functions: {}", wanted.calls_at_once);
        let nothing = Wanted::of(&Config::default(), None);
        assert!(!nothing.has_sms && !nothing.relies_on_trail && nothing.keys.is_empty());
    }
}
