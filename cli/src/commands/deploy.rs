//! `s3guard deploy`: installs or updates the guard, in one Region or several.

use time::OffsetDateTime;

use crate::args::deploy_options::OptionArgs;
use crate::args::wanted::WantedArgs;
use crate::exit::Exit;
use crate::operations::deploy::deploy;
use crate::operations::interrupt::Run;
use crate::operations::session;
use crate::ui::output::Output;

/// Install the guard in an account, or update it
///
/// Packages the functions, creates a CloudFormation change set, shows it and executes it: in one Region
/// or, with `--region a,b`, in several, each with its own stack. A setting that is not given keeps its
/// value. If nothing changes, nothing is uploaded. Changes that broaden permissions need approval, or
/// `--approve never`. The outputs of the stack are written to stdout.
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
        "CloudFormation continues the operation; `s3guard deploy --stack {}` shows its progress",
        account.stack
    );
    let run = Run::new(now, account.profile.as_deref(), on_interrupt);
    session::run_with(&run.interrupts, deploy(&args.wanted, &args.options, output, &run))
}
