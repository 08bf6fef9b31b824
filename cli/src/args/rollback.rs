//! How a stack is rolled back.

use crate::args::account::AccountArgs;

/// Roll a stack back to its last working state
///
/// What it does depends on the status of the stack: a rollback that failed is continued, an update or a creation that
/// failed is rolled back, and with `--cancel` an update in progress is cancelled. A stack whose creation failed is deleted.
#[derive(Debug, clap::Args)]
pub(crate) struct RollbackArgs {
    /// Skip the resource with this logical id when continuing a failed rollback; can be repeated
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
