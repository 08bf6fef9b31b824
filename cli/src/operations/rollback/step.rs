//! How a stack is brought back, by where it stands: decided here, done elsewhere.

use std::fmt;

use anyhow::anyhow;
use s3guard_aws::stacks::{Operation, Phase, StackStatus};
use s3guard_posture::StackName;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Go on with a rollback that got stuck.
    Continue,
    /// Roll back what failed and was left so.
    RollBack(What),
    /// Cancel the update that is going on.
    Cancel,
    /// Leave it.
    Stop(Why),
}

/// What is rolled back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A creation, which leaves nothing behind.
    Creation,
    /// An update.
    Update,
}

/// Why there is nothing to do here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The stack is well, and what it was before is not known any more.
    Well,
    /// It was rolled back already.
    RolledBack,
    /// It is being rolled back already.
    OnTheWay,
    /// Something else is going on that cannot be cancelled.
    Busy,
    /// Nothing is left but to delete it.
    DeleteOnly,
    /// Nothing of it was ever made, or nothing is left.
    Nothing,
    /// An import could not be undone.
    Import,
    /// A status that this version does not know.
    Unknown,
}

/// Decides from the status of the stack.
///
/// Source: AWS CloudFormation API Reference, `ContinueUpdateRollback`, `RollbackStack` and `CancelUpdateStack`: the
/// statuses that each takes.
pub(crate) fn next(status: &StackStatus) -> Step {
    let Some((operation, phase)) = status.known() else { return Step::Stop(Why::Unknown) };
    match (operation, phase) {
        (Operation::UpdateRollback, Phase::Failed) => Step::Continue,
        (Operation::Create, Phase::Failed) => Step::RollBack(What::Creation),
        (Operation::Update, Phase::Failed) => Step::RollBack(What::Update),
        (Operation::Update, Phase::InProgress) => Step::Cancel,
        (Operation::Review, _) | (Operation::Delete, Phase::Complete) => Step::Stop(Why::Nothing),
        (
            Operation::Rollback | Operation::UpdateRollback | Operation::ImportRollback,
            Phase::InProgress | Phase::Cleanup,
        ) => Step::Stop(Why::OnTheWay),
        (_, Phase::InProgress | Phase::Cleanup) => Step::Stop(Why::Busy),
        (Operation::Rollback | Operation::Delete, _) => Step::Stop(Why::DeleteOnly),
        (Operation::UpdateRollback | Operation::ImportRollback, Phase::Complete) => {
            Step::Stop(Why::RolledBack)
        }
        (_, Phase::Complete) => Step::Stop(Why::Well),
        (Operation::Import | Operation::ImportRollback, Phase::Failed) => Step::Stop(Why::Import),
    }
}

/// Whether a stack in this status was brought back.
pub(crate) fn is_back(status: &StackStatus) -> bool {
    matches!(
        status.known(),
        Some((
            Operation::UpdateRollback | Operation::Rollback | Operation::Delete,
            Phase::Complete
        ))
    )
}

/// How to go on with a stack that was not brought back.
pub(crate) fn after_failure(name: &StackName, status: &StackStatus) -> String {
    match next(status) {
        Step::Continue => format!(
            "mend the cause, or leave the resource as it is with `s3guard rollback --stack {name} --skip ID`"
        ),
        Step::RollBack(_) => {
            format!("mend the cause, then `s3guard rollback --stack {name}` again")
        }
        Step::Cancel => format!("`s3guard events --follow --stack {name}` shows it"),
        // It was too late to cancel it.
        Step::Stop(Why::Well) => "it was over before it could be undone".to_owned(),
        Step::Stop(why) => why.hint(name),
    }
}

impl Why {
    pub(crate) fn error(self, name: &StackName, status: &StackStatus) -> anyhow::Error {
        let why = match self {
            Self::Well => "there is nothing to roll back",
            Self::RolledBack => "it was rolled back already",
            Self::OnTheWay => "it is being rolled back already",
            Self::Busy => "what is going on cannot be cancelled",
            Self::DeleteOnly => "it can only be deleted",
            Self::Nothing => "nothing of it is there",
            Self::Import => "an import could not be undone",
            Self::Unknown => "this s3guard does not know the status",
        };
        anyhow!("stack `{name}` is in `{status}`: {why}")
    }

    pub(crate) fn hint(self, name: &StackName) -> String {
        match self {
            Self::Well => "to have what was there before, deploy it again from an earlier version".to_owned(),
            Self::RolledBack => format!("`s3guard deploy --stack {name}` changes it again"),
            Self::OnTheWay | Self::Busy => {
                format!("`s3guard events --follow --stack {name}` shows it until it is over")
            }
            Self::DeleteOnly => format!("`s3guard destroy --stack {name}`, then deploy again"),
            Self::Nothing => format!("`s3guard deploy --stack {name}` makes it"),
            Self::Import => "look at the stack in the CloudFormation console, which can continue it".to_owned(),
            Self::Unknown => {
                "look at the stack in the CloudFormation console; a newer s3guard may know this status".to_owned()
            }
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Creation => "the creation that failed, which deletes what was made",
            Self::Update => "the update that failed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_way_back_or_a_reason() {
        let expected = |status: &StackStatus| match status.as_str() {
            "UPDATE_ROLLBACK_FAILED" => "continue",
            "CREATE_FAILED" | "UPDATE_FAILED" => "roll back",
            "UPDATE_IN_PROGRESS" => "cancel",
            "ROLLBACK_IN_PROGRESS"
            | "UPDATE_ROLLBACK_IN_PROGRESS"
            | "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
            | "IMPORT_ROLLBACK_IN_PROGRESS"
            | "CREATE_IN_PROGRESS"
            | "DELETE_IN_PROGRESS"
            | "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
            | "IMPORT_IN_PROGRESS" => "events --follow",
            "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "DELETE_FAILED" => "s3guard destroy",
            "REVIEW_IN_PROGRESS"
            | "DELETE_COMPLETE"
            | "UPDATE_ROLLBACK_COMPLETE"
            | "IMPORT_ROLLBACK_COMPLETE" => "s3guard deploy",
            "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" => "earlier version",
            _ => "console",
        };
        let name: StackName = "s".parse().unwrap();
        let unknown = StackStatus::from("NEW");
        for status in StackStatus::all().chain([unknown]) {
            let words = match next(&status) {
                Step::Continue => "continue".to_owned(),
                Step::RollBack(_) => "roll back".to_owned(),
                Step::Cancel => "cancel".to_owned(),
                Step::Stop(why) => {
                    let text = why.error(&name, &status).to_string();
                    assert!(text.starts_with(&format!("stack `s` is in `{status}`: ")), "{text}");
                    why.hint(&name)
                }
            };
            assert!(words.contains(expected(&status)), "{status}: {words}");
        }
    }

    #[test]
    fn nothing_that_is_going_on_counts_as_brought_back() {
        for status in StackStatus::all() {
            assert!(!is_back(&status) || status.is_settled(), "{status}");
            let failed = status.as_str().ends_with("_FAILED");
            assert!(!(is_back(&status) && failed), "{status}");
        }
        let name = "s".parse().unwrap();
        let hint = after_failure(&name, &StackStatus::from("UPDATE_ROLLBACK_FAILED"));
        assert!(hint.contains("s3guard rollback --stack s --skip ID"), "{hint}");
        let hint = after_failure(&name, &StackStatus::from("UPDATE_COMPLETE"));
        assert_eq!(hint, "it was over before it could be undone");
    }
}
