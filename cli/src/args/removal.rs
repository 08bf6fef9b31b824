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

    /// Do not ask: neither for the stack's name nor whether buckets may be emptied
    #[arg(long)]
    pub(crate) yes: bool,

    /// Delete also a stack that is protected against deletion
    #[arg(long)]
    pub(crate) disable_protection: bool,

    /// Wait for what is going on with the stack, instead of refusing
    #[arg(long)]
    pub(crate) wait: bool,

    /// After a deletion that has failed: leave in the account whatever cannot be deleted
    #[arg(long, conflicts_with = "retain")]
    pub(crate) force: bool,

    /// After a deletion that has failed: leave this resource of the stack in the account, by its logical id
    #[arg(long, value_name = "LOGICAL_ID", value_delimiter = ',')]
    pub(crate) retain: Vec<String>,

    /// Role with whose permissions CloudFormation deletes; without it, the stack's or the caller's own
    #[arg(long, value_name = "ARN", value_parser = role)]
    pub(crate) role_arn: Option<String>,

    /// Delete also the stack's own buckets that stay otherwise, with every version of what is in them
    #[arg(long, help_heading = "Buckets")]
    pub(crate) empty_buckets: bool,

    /// Delete also objects that are locked in governance mode
    #[arg(long, requires = "empty_buckets", help_heading = "Buckets")]
    pub(crate) bypass_governance: bool,

    /// Delete also the bucket for code, if no other stack of the Region uses it
    #[arg(long, help_heading = "Buckets")]
    pub(crate) all: bool,
}
