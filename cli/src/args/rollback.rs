//! The options of a rollback.

use crate::args::account::AccountArgs;

/// The options of a rollback.
#[derive(Debug, clap::Args)]
pub(crate) struct RollbackArgs {
    /// Skip this resource in a failed rollback, by its logical id; can be repeated
    #[arg(long, value_name = "ID")]
    pub(crate) skip: Vec<String>,

    /// Skip every resource that cannot be rolled back
    #[arg(long, conflicts_with = "skip")]
    pub(crate) force: bool,

    /// Cancel the update in progress
    #[arg(long, conflicts_with_all = ["skip", "force"])]
    pub(crate) cancel: bool,

    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) account: AccountArgs,
}
