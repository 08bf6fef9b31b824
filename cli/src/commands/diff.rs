//! `s3guard diff`: shows what a deployment would change.

use time::OffsetDateTime;

use crate::args::wanted::WantedArgs;
use crate::exit::Exit;
use crate::operations::deploy::diff::diff;
use crate::operations::interrupt::{Run, token};
use crate::operations::session;
use crate::ui::output::Output;

/// Show what a deployment would change
///
/// Creates a CloudFormation change set, shows it as `s3guard deploy` does, and deletes it again. The package is not
/// uploaded; the template is, to the code bucket, which is created if it does not exist. A stack whose creation failed
/// is not touched: a deployment would create everything again.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    wanted: WantedArgs,

    /// Exit with 3 if there are differences
    #[arg(long)]
    fail: bool,
}

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let account = &args.wanted.account;
    let on_interrupt = format!(
        "nothing was changed; a change set `{}` of stack `{}` may be left, which is harmless",
        token(now),
        account.stack
    );
    let run = Run::new(now, account.profile.as_deref(), on_interrupt);
    session::run_with(&run.interrupts, async {
        let difference = diff(&args.wanted, output, &run).await?;
        output.result(&difference)?;
        Ok(if difference.differs() && args.fail { Exit::Findings } else { Exit::Done })
    })
}
