//! The options of a deployment.

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use s3guard_aws::stacks::{Manner, OnFailure};
use s3guard_posture::config::Deploy;

use crate::args::arn::{role, topic};
use crate::args::wanted::WantedArgs;

/// The options of a deployment.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Deployment")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct OptionArgs {
    /// Which changes need approval; without a terminal, they are printed and the exit code is 4
    #[arg(long, value_name = "WHICH", default_value = "broadening")]
    pub(crate) approve: Approve,

    /// Approve everything without asking
    #[arg(long)]
    pub(crate) yes: bool,

    /// Create and show the change set, and print its id for `--change-set`
    #[arg(long)]
    pub(crate) no_execute: bool,

    /// Carry out this change set of `--no-execute`
    #[arg(long, value_name = "ID", conflicts_with = "no_execute")]
    pub(crate) change_set: Option<String>,

    /// What to do when the deployment fails; `delete` is for new stacks, others are rolled back. `keep` also updates a stack whose last failure was kept
    #[arg(long, value_name = "WHAT", default_value = "rollback", value_parser = on_failure())]
    pub(crate) on_failure: OnFailure,

    /// Use CloudFormation's express mode: end when all resources are configured, without waiting until they are ready
    #[arg(long)]
    pub(crate) express: bool,

    /// Wait for the end of an operation in progress, then deploy
    #[arg(long)]
    pub(crate) wait: bool,

    /// Enable the termination protection of an existing stack; a new stack has it
    #[arg(long, conflicts_with = "no_protect")]
    protect: bool,

    /// Disable the stack's termination protection, or leave it off for a new stack
    #[arg(long)]
    no_protect: bool,

    /// Role for CloudFormation [default: the stack's role, else the caller's permissions]
    #[arg(long, value_name = "ARN", value_parser = role)]
    pub(crate) role_arn: Option<String>,

    /// Topic for the stack's events; can be repeated, up to five times [default: the stack's topics]
    #[arg(long = "notification-arn", value_name = "ARN", value_parser = topic)]
    topics: Vec<String>,

    /// Create all resources, instead of importing those that an earlier installation retained, such as the trail's bucket
    #[arg(long)]
    no_import_existing: bool,

    /// Do not start a sweep of the existing buckets after the first deployment; the schedule starts it later
    #[arg(long, help_heading = "Guard")]
    pub(crate) no_sweep: bool,
}

/// Which changes need approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Approve {
    /// None
    Never,
    /// Those that broaden permissions, lower the protection, or take notifications from a recipient
    Broadening,
    /// All
    Any,
}

fn on_failure() -> impl TypedValueParser<Value = OnFailure> {
    PossibleValuesParser::new(["rollback", "delete", "keep"]).map(|text| match text.as_str() {
        "delete" => OnFailure::Delete,
        "keep" => OnFailure::Keep,
        _ => OnFailure::Rollback,
    })
}

impl OptionArgs {
    /// How the change of a new or an existing stack is carried out.
    pub(crate) fn manner(&self, is_new: bool, wanted: &WantedArgs) -> Manner {
        Manner {
            role: self.role_arn.clone(),
            on_failure: match self.on_failure {
                // CloudFormation deletes only a stack that it was creating.
                OnFailure::Delete if !is_new => OnFailure::Rollback,
                OnFailure::Rollback | OnFailure::Delete | OnFailure::Keep => self.on_failure,
            },
            is_express: self.express,
            reverts_drift: wanted.revert_drift,
            imports: !self.no_import_existing,
            topics: self.topics.clone(),
        }
    }

    /// The requested termination protection; `None` leaves that of an existing stack unchanged.
    pub(crate) fn protection(&self, configured: Option<&Deploy>) -> Option<bool> {
        match (self.protect, self.no_protect) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => configured.and_then(|deploy| deploy.protect),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        options: OptionArgs,
        #[command(flatten)]
        wanted: WantedArgs,
    }

    #[test]
    fn only_a_new_stack_is_deleted_when_it_fails() {
        let of = |value: &str| {
            let line = Line::try_parse_from(["s3guard", "--on-failure", value]).unwrap();
            [true, false].map(|is_new| line.options.manner(is_new, &line.wanted).on_failure)
        };
        assert_eq!(of("rollback"), [OnFailure::Rollback, OnFailure::Rollback]);
        assert_eq!(of("delete"), [OnFailure::Delete, OnFailure::Rollback]);
        assert_eq!(of("keep"), [OnFailure::Keep, OnFailure::Keep]);
    }
}
