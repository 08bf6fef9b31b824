//! `s3guard outputs`: what a guard's stack says of itself, for people, programs and shells.

use crate::args::account::AccountsArgs;
use crate::exit::{self, Exit};
use crate::operations::outputs::{Format, outputs};
use crate::operations::session;
use crate::ui::output::Output;

/// Print the outputs of the guard's stack
///
/// All of them, or the value of one, bare, for `$(s3guard outputs TopicArn)`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = manual())]
pub(crate) struct Args {
    /// Output whose value is printed; without it, all are
    #[arg(value_name = "NAME")]
    name: Option<String>,

    #[command(flatten)]
    account: AccountsArgs,

    /// How all of them are written as text
    #[arg(long, value_name = "FORMAT", default_value = "table", conflicts_with = "name")]
    format: Format,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let command = outputs(&args.account, args.name.as_deref(), args.format, output);
    session::run(command, "nothing was changed: this only reads".to_owned())
}

fn manual() -> String {
    let examples = "Examples:\n  s3guard outputs\n  s3guard outputs TopicArn\n  \
                    eval \"$(s3guard outputs --format env)\"\n\n";
    let exits = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Interrupted];
    examples.to_owned() + &exit::codes(&exits)
}
