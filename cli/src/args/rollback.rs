//! The options of a rollback.

use crate::args::account::AccountArgs;

/// Roll a stack back to its last working state
///
/// The status of the stack decides: a failed rollback is continued, a failed update or creation is
/// rolled back, and with `--cancel` an update in progress is cancelled. Rolling back a creation deletes
/// the stack.
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

    /// Do not ask for approval
    #[arg(long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) account: AccountArgs,
}
