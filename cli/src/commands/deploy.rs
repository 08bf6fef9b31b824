//! `s3guard deploy`: the guard put into an account, or changed there, in one Region or several.

use time::OffsetDateTime;

use crate::args::deploy_options::OptionArgs;
use crate::args::wanted::WantedArgs;
use crate::exit::Exit;
use crate::operations::deploy::deploy;
use crate::operations::interrupt::Run;
use crate::operations::session;
use crate::ui::output::Output;

/// Install the guard in an account, or change it
///
/// Packages the Lambda, has CloudFormation work out what would change, shows it, and carries it out:
/// in one Region or, with `--region a,b`, in several, each with a stack of its own. A setting that is
/// not given keeps its value. Where nothing changes nothing is uploaded. What lets somebody do more
/// than before needs a yes, or `--approve never`. The stack's outputs go to stdout.
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
        "what AWS was asked for goes on; `s3guard deploy --stack {}` again tells how far it is",
        account.stack
    );
    let run = Run::new(now, account.profile.as_deref(), on_interrupt);
    session::run_with(&run.interrupts, deploy(&args.wanted, &args.options, output, &run))
}
