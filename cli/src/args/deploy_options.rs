//! How a deployment goes about it: what has to be agreed to, what becomes of a failure, what the stack is given besides.

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use s3guard_aws::stacks::{Manner, OnFailure};
use s3guard_posture::config::Deploy;

use crate::args::arn::{role, topic};
use crate::args::wanted::WantedArgs;

/// How to go about it.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Deployment")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct OptionArgs {
    /// Which changes need a yes: with no terminal to ask on, the table is printed, and the exit code is 4
    #[arg(long, value_name = "WHICH", default_value = "broadening")]
    pub(crate) approve: Approve,

    /// Say yes to whatever is asked
    #[arg(long)]
    pub(crate) yes: bool,

    /// Have the change set made and shown, and print its id; `--change-set` carries it out
    #[arg(long)]
    pub(crate) no_execute: bool,

    /// Carry out this change set, which `--no-execute` has made
    #[arg(long, value_name = "ID", conflicts_with = "no_execute")]
    pub(crate) change_set: Option<String>,

    /// What becomes of a change that fails; `delete` is for new stacks, others are rolled back then. `keep` also changes a stack whose last change failed and was kept
    #[arg(long, value_name = "WHAT", default_value = "rollback", value_parser = on_failure())]
    pub(crate) on_failure: OnFailure,

    /// Be done when everything is configured, without waiting for it to be ready; what is used at once may still fail
    #[arg(long)]
    pub(crate) express: bool,

    /// Wait for what is going on with the stack, then deploy
    #[arg(long)]
    pub(crate) wait: bool,

    /// Protect the stack against deletion
    #[arg(long, overrides_with = "no_protect")]
    protect: bool,

    /// Protect the stack no longer
    #[arg(long, overrides_with = "protect")]
    no_protect: bool,

    /// Role that `CloudFormation` takes [default: the one that the stack has, else the caller's own permissions]
    #[arg(long, value_name = "ARN", value_parser = role)]
    role_arn: Option<String>,

    /// Topic that hears of the stack's events; as often as wanted, up to five [default: those that the stack has]
    #[arg(long = "notification-arn", value_name = "ARN", value_parser = topic)]
    topics: Vec<String>,

    /// Make resources anew, instead of taking back what an earlier installation has left, as the trail's bucket
    #[arg(long)]
    no_import_existing: bool,

    /// Leave the buckets that exist to the schedule, instead of looking at them as soon as the guard is new
    #[arg(long, help_heading = "Guard")]
    pub(crate) no_sweep: bool,
}

/// Which changes somebody has to agree to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Approve {
    /// None
    Never,
    /// Those that let somebody do more than before
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
    /// How the change is carried out, of a new stack or of one that is there.
    pub(crate) fn manner(&self, is_new: bool, wanted: &WantedArgs) -> Manner {
        Manner {
            role: self.role_arn.clone(),
            on_failure: match self.on_failure {
                // CloudFormation deletes only what it was creating, as a guard that worked yesterday should stay.
                OnFailure::Delete if !is_new => OnFailure::Rollback,
                on_failure => on_failure,
            },
            is_express: self.express,
            reverts_drift: wanted.revert_drift,
            imports: !self.no_import_existing,
            topics: self.topics.clone(),
        }
    }

    /// Whether the stack is to be protected; `None` leaves it as it is.
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
