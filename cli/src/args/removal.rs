//! The options of a deletion.

use crate::args::account::AccountsArgs;
use crate::args::arn::role;

/// The options of a deletion.
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

    /// After a failed deletion: retain this resource in the account, by its logical id
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
