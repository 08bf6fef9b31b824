//! `s3guard deploy`: installs or updates the guard.

use time::OffsetDateTime;

use crate::args::deploy_options::OptionArgs;
use crate::args::wanted::WantedArgs;
use crate::exit::{self, Exit};
use crate::operations::deploy::deploy;
use crate::operations::interrupt::Run;
use crate::operations::session;
use crate::ui::output::Output;

/// Install or update the guard in an account
///
/// Packages the Lambda, creates a CloudFormation change set, shows it, and carries it out: in one
/// Region or, with `--region a,b`, in several, each with its own stack. A setting that is not given
/// keeps its value. If nothing changes, nothing is uploaded. Changes that broaden permissions need
/// approval, or `--approve never`. The stack's outputs are printed to stdout.
#[derive(Debug, clap::Args)]
#[command(after_long_help = manual())]
pub(crate) struct Args {
    #[command(flatten)]
    wanted: WantedArgs,

    #[command(flatten)]
    options: OptionArgs,
}

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let account = &args.wanted.account;
    let on_interrupt = format!(
        "the deployment continues in AWS; run `s3guard deploy --stack {}` again to follow it",
        account.stack
    );
    let run = Run::new(now, account.profile.as_deref(), on_interrupt);
    session::run_with(&run.interrupts, deploy(&args.wanted, &args.options, output, &run))
}

fn manual() -> String {
    let examples = "Examples:\n  s3guard deploy --stack s3guard --region eu-west-1 --email owner@example.org\n  \
                    s3guard deploy --region eu-west-1,us-east-1 --trail existing\n  \
                    s3guard deploy --grade hybrid --key arn:aws:kms:eu-west-1:111122223333:key/…\n  \
                    s3guard deploy --no-execute && s3guard deploy --change-set ID\n  \
                    s3guard deploy --package bootstrap.zip --approve never --output json\n\n";
    let exits = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Approval, Exit::Interrupted];
    examples.to_owned() + &exit::codes(&exits)
}
