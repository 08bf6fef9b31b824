//! How a deployment is carried out: which changes need approval, what a failure does, and the options of the stack.

use std::path::PathBuf;

use clap::ValueEnum;
use s3guard_aws::stacks::{Manner, OnFailure};
use s3guard_posture::config::Deploy;

use crate::args::arn::{role, topic};
use crate::args::wanted::WantedArgs;

/// How a deployment is carried out.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Deployment")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct OptionArgs {
    /// Which changes need approval; without a terminal they are printed and the exit code is 4
    #[arg(long, value_name = "WHICH", default_value = "broadening")]
    pub(crate) approve: Approve,

    /// Approve every change
    #[arg(long)]
    pub(crate) yes: bool,

    /// Create and show the change set, and print its id; `--change-set` executes it
    #[arg(long)]
    pub(crate) no_execute: bool,

    /// Execute this change set, which `--no-execute` created
    #[arg(long, value_name = "ID", conflicts_with = "no_execute")]
    pub(crate) change_set: Option<String>,

    /// What to do when the deployment fails; `delete` applies to new stacks, others are rolled back. `keep` also updates a stack whose last failure was kept
    #[arg(long, value_name = "WHAT", default_value = "rollback")]
    pub(crate) on_failure: Failure,

    /// Finish when all resources are configured, without waiting for them to stabilize
    #[arg(long)]
    pub(crate) express: bool,

    /// Wait for the operation in progress on the stack, then deploy
    #[arg(long)]
    pub(crate) wait: bool,

    /// Enable termination protection
    #[arg(long, overrides_with = "no_protect")]
    protect: bool,

    /// Disable termination protection
    #[arg(long, overrides_with = "protect")]
    no_protect: bool,

    /// Role that `CloudFormation` assumes [default: the role of the stack, else the caller's permissions]
    #[arg(long, value_name = "ARN", value_parser = role)]
    role_arn: Option<String>,

    /// Topic for the events of the stack; can be repeated, up to five [default: the topics of the stack]
    #[arg(long = "notification-arn", value_name = "ARN", value_parser = topic)]
    topics: Vec<String>,

    /// Create new resources instead of importing those that an earlier installation retained
    #[arg(long)]
    no_import_existing: bool,

    /// Write the stack's outputs to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) outputs_file: Option<PathBuf>,

    /// Leave existing buckets to the schedule instead of checking them after the first deployment
    #[arg(long, help_heading = "Guard")]
    pub(crate) no_sweep: bool,
}

/// What to do about a stack that cannot be updated as it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Patience {
    /// Whether to wait for an operation in progress.
    pub(crate) waits: bool,
    /// Whether to update after a failure that was kept: CloudFormation allows it if the next one is kept, too.
    pub(crate) keeps_failures: bool,
}

/// Which changes need approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Approve {
    /// None
    Never,
    /// Those that broaden permissions
    Broadening,
    /// All
    Any,
}

/// What to do when a deployment fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Failure {
    /// Roll back
    Rollback,
    /// Delete a new stack
    Delete,
    /// Keep what was done, for inspection
    Keep,
}

impl Failure {
    fn of(self, is_new: bool) -> OnFailure {
        match (self, is_new) {
            // CloudFormation deletes only a stack that it was creating.
            (Self::Rollback, _) | (Self::Delete, false) => OnFailure::Rollback,
            (Self::Delete, true) => OnFailure::Delete,
            (Self::Keep, _) => OnFailure::Keep,
        }
    }
}

impl OptionArgs {
    /// How the change of a new or an existing stack is carried out.
    pub(crate) fn manner(&self, is_new: bool, wanted: &WantedArgs) -> Manner {
        Manner {
            role: self.role_arn.clone(),
            on_failure: self.on_failure.of(is_new),
            is_express: self.express,
            reverts_drift: wanted.revert_drift,
            imports: !self.no_import_existing,
            topics: self.topics.clone(),
        }
    }

    /// Whether two flags exclude each other: express mode does not support deletion on failure.
    ///
    /// Source: AWS CloudFormation API Reference, `DeploymentConfig`: it has `DisableRollback` and nothing else.
    pub(crate) fn is_contradictory(&self) -> bool {
        self.express && self.on_failure == Failure::Delete
    }

    /// What to do about a stack that cannot be updated as it is.
    pub(crate) fn patience(&self) -> Patience {
        Patience { waits: self.wait, keeps_failures: self.on_failure == Failure::Keep }
    }

    /// Whether to enable termination protection; `None` leaves it unchanged.
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
    use super::*;

    #[test]
    fn only_a_new_stack_is_deleted_when_it_fails() {
        let of = |failure: Failure| [true, false].map(|is_new| failure.of(is_new));
        assert_eq!(of(Failure::Rollback), [OnFailure::Rollback, OnFailure::Rollback]);
        assert_eq!(of(Failure::Delete), [OnFailure::Delete, OnFailure::Rollback]);
        assert_eq!(of(Failure::Keep), [OnFailure::Keep, OnFailure::Keep]);
    }
}
