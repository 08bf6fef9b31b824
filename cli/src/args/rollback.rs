//! How a stack is brought back.

use crate::args::account::AccountArgs;

/// How a stack is brought back.
#[derive(Debug, clap::Args)]
pub(crate) struct RollbackArgs {
    /// Leave this resource as it is in a rollback that got stuck, by its name in the template; can be repeated
    #[arg(long, value_name = "ID")]
    pub(crate) skip: Vec<String>,

    /// Leave every resource as it is that cannot be rolled back
    #[arg(long, conflicts_with = "skip")]
    pub(crate) force: bool,

    /// Cancel the update that is going on
    #[arg(long, conflicts_with_all = ["skip", "force"])]
    pub(crate) cancel: bool,

    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) account: AccountArgs,
}
