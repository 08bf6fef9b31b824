//! `s3guard guardrails`: the policies of an organization that protect the guard.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use s3guard_posture::StackName;
use s3guard_posture::contract::parameter;

use crate::args::account::{STACK, stack_name};
use crate::args::arn::principals;
use crate::args::guard::{declared, prefix_of};
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::files;
use crate::operations::guardrails::guardrails;
use crate::ui::output::{Form, Output};
use crate::ui::text::TextLine;

/// Print policies for AWS Organizations that protect the guard
///
/// Prints an organization S3 policy, a service control policy and a resource control policy, each with what it makes
/// unnecessary and what it does not prevent. They protect the guard from principals of its account, and apply to the stack
/// of this name in every account and Region that they are attached to. Needs no account and no network.
///
/// Deployers, the guard's roles, AWS services and service-linked roles are exempt. CloudFormation acts as its caller,
/// or as its service role: give the ARN of that role, too. Attach the policies to a test account first.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name of the stack
    #[arg(long, value_name = "NAME", env = "S3GUARD_STACK", value_parser = stack_name)]
    #[arg(default_value = STACK)]
    stack: StackName,

    /// Prefix of the names of the stack's buckets [default: the stack's name]
    #[arg(long, value_name = "PREFIX", value_parser = declared(parameter::BUCKET_PREFIX))]
    bucket_prefix: Option<String>,

    /// IAM role or user that deploys the guard; can be repeated; `*` matches anything, as in
    /// `arn:aws:iam::*:role/deployer`
    #[arg(long = "deployer", value_name = "ARN", value_parser = principals, required = true)]
    deployers: Vec<String>,

    /// Write each policy to a file in this folder, which is created if it does not exist
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let prefix = args.bucket_prefix.clone().map_or_else(|| prefix_of(&args.stack), Ok)?;
    let mut guardrails = guardrails(&args.stack, &prefix, &args.deployers)?;
    if let Some(folder) = &args.out {
        fs::create_dir_all(folder)
            .with_context(|| format!("folder `{}` could not be created", folder.display()))
            .hint("name another folder with `--out`")?;
        for policy in &mut guardrails.policies {
            let file = folder.join(format!("{}.json", policy.name));
            files::write(&file, policy.text().as_bytes())?;
            policy.file = Some(file.display().to_string());
        }
    }
    output.result(&guardrails)?;
    if output.form() == Form::Text && args.out.is_none() {
        for policy in &guardrails.policies {
            output.unwrapped(&TextLine::from(policy.text()))?;
        }
    }
    Ok(Exit::Done)
}
