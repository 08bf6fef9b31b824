//! `s3guard deploy`: installs or updates the guard.

use time::OffsetDateTime;

use crate::args::deploy_options::OptionArgs;
use crate::args::wanted::WantedArgs;
use crate::exit::Exit;
use crate::operations::deploy::deploy;
use crate::operations::interrupt::Run;
use crate::operations::session;
use crate::ui::output::Output;

/// Install or update the guard in an account
///
/// Packages the Lambda, creates a CloudFormation change set, shows it, and carries it out: in one
/// Region or, with `--region a,b`, in several, each with its own stack. A setting that is not given
/// keeps its value. If nothing changes, nothing is uploaded. Changes that broaden permissions, lower the
/// protection, or take notifications from a recipient need approval, or `--approve never`; a first
/// deployment on a terminal asks as well. Without approval no stack is changed, and the package and the
/// template stay in the code bucket. The stack's outputs are printed to stdout.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    wanted: WantedArgs,

    #[command(flatten)]
    options: OptionArgs,
}

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let account = &args.wanted.account;
    let on_interrupt = format!(
        "run the same command again; if AWS has started the deployment already, `s3guard events --follow --stack {}` \
         shows it",
        account.stack
    );
    let run = Run::new(now, account.profile.as_deref(), on_interrupt);
    session::run_with(&run.interrupts, deploy(&args.wanted, &args.options, output, &run))
}
