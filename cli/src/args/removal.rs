//! The options of a deletion.

use crate::args::account::AccountsArgs;
use crate::args::arn::role;

/// Remove the guard from an account
///
/// Deletes the stack, in one Region or in several. The audit records are retained: the buckets of the
/// trail, the ledger and the logs, and the KMS key. The code bucket stays for other stacks, and every
/// bucket keeps the settings that the guard changed. The command lists what is deleted and what stays,
/// and asks for the stack's name. Retained buckets can be deleted later by the same command with
/// `--empty-buckets`.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct RemovalArgs {
    #[command(flatten)]
    pub(crate) account: AccountsArgs,

    /// Do not ask for the stack's name, nor before emptying buckets
    #[arg(long)]
    pub(crate) yes: bool,

    /// Disable the stack's termination protection first
    #[arg(long)]
    pub(crate) disable_protection: bool,

    /// Wait for the end of an operation in progress, instead of failing
    #[arg(long)]
    pub(crate) wait: bool,

    /// After a failed deletion: retain in the account every resource that cannot be deleted
    #[arg(long, conflicts_with = "retain")]
    pub(crate) force: bool,

    /// After a failed deletion: retain this resource in the account, by its logical id; can be
    /// repeated
    #[arg(long, value_name = "LOGICAL_ID", value_delimiter = ',')]
    pub(crate) retain: Vec<String>,

    /// Role for CloudFormation [default: the stack's role, else the caller's permissions]
    #[arg(long, value_name = "ARN", value_parser = role)]
    pub(crate) role_arn: Option<String>,

    /// Also delete the retained buckets of the stack, with all versions of their objects
    #[arg(long, help_heading = "Buckets")]
    pub(crate) empty_buckets: bool,

    /// Also delete objects that are locked in governance mode
    #[arg(long, requires = "empty_buckets", help_heading = "Buckets")]
    pub(crate) bypass_governance: bool,

    /// Also delete the code bucket, if no other stack of the Region uses it
    #[arg(long, help_heading = "Buckets")]
    pub(crate) all: bool,
}
