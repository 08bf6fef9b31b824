//! `s3guard doctor`: the prerequisites of an account and the health of an installation.

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
use crate::operations::permissions::PermissionTarget;
use crate::operations::session;
use crate::operations::session::AccountsArgs;
use crate::ui::output::{Form, Output};

/// Check whether an account can have a guard, or why one fails
///
/// Checks everything that the guard depends on, with or without a stack: credentials and clock, the trail, the caller's
/// permissions and the organization's policies, key, limits, stack and functions. Changes nothing. Each line is ok, a
/// warning or failed, with a hint what to do. A check without the permission for it is a warning that names the
/// permission. Warnings do not count as findings.
///
/// `--print-policy` prints the IAM permissions for deploying, inspecting and destroying the guard: what AWS's resource
/// schemas require for the stack's resources, and what the command itself calls. A managed policy is limited to 6,144
/// characters, so the output is an object with several policies, by name. With several Regions, they apply to every
/// Region.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    account: AccountsArgs,

    /// KMS key for the buckets [default: the configuration's, else the stack's]
    #[arg(long, value_name = "ARN", env = "S3GUARD_KEY", value_parser = key)]
    #[arg(help_heading = "Guard")]
    key: Option<KeyArn>,

    /// Print the IAM policies that are needed to deploy the guard, and check nothing
    #[arg(long, help_heading = "Policy")]
    print_policy: bool,

    /// Prefix of the names of the stack's buckets, for the policy [default: the stack's name]
    #[arg(long, value_name = "PREFIX", value_parser = declared(parameter::BUCKET_PREFIX))]
    #[arg(help_heading = "Policy")]
    bucket_prefix: Option<String>,

    /// Permissions boundary that the stack's roles must have, for the policy
    #[arg(long, value_name = "ARN", value_parser = declared(parameter::PERMISSIONS_BOUNDARY))]
    #[arg(help_heading = "Policy")]
    permissions_boundary: Option<String>,
}

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    session::run(doctor(args, output, now), "nothing was changed".to_owned())
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
    output.result(&report)?;
    Ok(if report.failed > 0 { Exit::Findings } else { Exit::Done })
}

/// Prints policies for the only Region, or for every Region.
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
    let target = PermissionTarget {
        partition: caller.partition().to_owned(),
        account: caller.account.clone(),
        region: (connections.len() == 1).then(|| connection.region().clone()),
        stack: stack.clone(),
        prefix,
        boundary: args.permissions_boundary.clone().filter(|boundary| !boundary.is_empty()),
    };
    let policies = permissions::policies(&target);
    match output.form() {
        Form::Text | Form::Json => output.json(&policies)?,
        Form::Ndjson => output.event("result", &policies)?,
    }
    if policies.len() > 1 {
        output.say(format_args!(
            "{} managed policies, because one is limited to 6,144 characters: attach all of them",
            policies.len()
        ));
    }
    Ok(Exit::Done)
}
