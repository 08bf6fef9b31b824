//! `s3guard doctor`: whether an account can have the guard, and whether the one that is there can work.

use futures_util::future::try_join_all;
use s3guard_aws::Connection;
use s3guard_aws::identity;
use s3guard_posture::KeyArn;
use s3guard_posture::contract::parameter;
use time::OffsetDateTime;

use crate::args::guard::{declared, key, prefix_of};
use crate::exit::Exit;
use crate::operations::doctor::{Wanted, examine};
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
    #[arg(long, value_name = "PREFIX", value_parser = declared(parameter::BUCKET_PREFIX))]
    #[arg(help_heading = "Policy")]
    bucket_prefix: Option<String>,
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
    let wanted = Wanted::of(&configuration.unwrap_or_default(), args.key.as_ref());
    let report = examine(&connections, &args.account.stack, wanted, now).await;
    if output.form() == Form::Text {
        output.raw(report.text(output.results_width(), output.results()).as_bytes())?;
    } else {
        output.result(&report)?;
    }
    Ok(if report.failed > 0 { Exit::Findings } else { Exit::Done })
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
