//! How the guard is removed from an account.

use crate::args::account::AccountsArgs;
use crate::args::arn::role;

/// Remove the guard from an account
///
/// Deletes the stack, in one Region or in several. The buckets of the trail, the ledger and the access logs are retained,
/// and so is the KMS key: they are needed to read the past. The bucket for code is retained for other stacks, and every
/// bucket keeps the settings that the guard has written. Before anything is done, everything that is deleted and retained
/// is listed, and the name of the stack has to be typed. The same command with `--empty-buckets` deletes what an earlier
/// deletion has retained.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct RemovalArgs {
    #[command(flatten)]
    pub(crate) account: AccountsArgs,

    /// Do not ask for approval, not even to empty buckets
    #[arg(long)]
    pub(crate) yes: bool,

    /// Also delete a stack with termination protection
    #[arg(long)]
    pub(crate) disable_protection: bool,

    /// Wait for the operation in progress on the stack instead of refusing
    #[arg(long)]
    pub(crate) wait: bool,

    /// After a failed deletion: retain every resource that cannot be deleted
    #[arg(long, conflicts_with = "retain")]
    pub(crate) force: bool,

    /// After a failed deletion: retain the resource with this logical id
    #[arg(long, value_name = "LOGICAL_ID", value_delimiter = ',')]
    pub(crate) retain: Vec<String>,

    /// Role that CloudFormation assumes [default: the role of the stack, else the caller's permissions]
    #[arg(long, value_name = "ARN", value_parser = role)]
    pub(crate) role_arn: Option<String>,

    /// Also delete the buckets that the stack retains, with all versions of their objects
    #[arg(long, help_heading = "Buckets")]
    pub(crate) empty_buckets: bool,

    /// Also delete objects that are locked in governance mode
    #[arg(long, requires = "empty_buckets", help_heading = "Buckets")]
    pub(crate) bypass_governance: bool,

    /// Also delete the bucket for code, if no other stack of the Region uses it
    #[arg(long, help_heading = "Buckets")]
    pub(crate) all: bool,
}
