//! How a stack is brought back, by where it stands: decided here, done elsewhere.

use std::fmt;

use anyhow::anyhow;
use s3guard_aws::stacks::StackStatus;
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
    match status {
        StackStatus::UpdateRollbackFailed => Step::Continue,
        StackStatus::CreateFailed => Step::RollBack(What::Creation),
        StackStatus::UpdateFailed => Step::RollBack(What::Update),
        StackStatus::UpdateInProgress => Step::Cancel,
        StackStatus::CreateComplete | StackStatus::UpdateComplete | StackStatus::ImportComplete => {
            Step::Stop(Why::Well)
        }
        StackStatus::UpdateRollbackComplete | StackStatus::ImportRollbackComplete => {
            Step::Stop(Why::RolledBack)
        }
        StackStatus::RollbackInProgress
        | StackStatus::UpdateRollbackInProgress
        | StackStatus::UpdateRollbackCompleteCleanupInProgress
        | StackStatus::ImportRollbackInProgress => Step::Stop(Why::OnTheWay),
        StackStatus::CreateInProgress
        | StackStatus::DeleteInProgress
        | StackStatus::UpdateCompleteCleanupInProgress
        | StackStatus::ImportInProgress => Step::Stop(Why::Busy),
        StackStatus::RollbackComplete | StackStatus::RollbackFailed | StackStatus::DeleteFailed => {
            Step::Stop(Why::DeleteOnly)
        }
        StackStatus::ReviewInProgress | StackStatus::DeleteComplete => Step::Stop(Why::Nothing),
        StackStatus::ImportRollbackFailed => Step::Stop(Why::Import),
        StackStatus::Unknown(_) => Step::Stop(Why::Unknown),
    }
}

/// Whether a stack in this status was brought back.
pub(crate) fn is_back(status: &StackStatus) -> bool {
    match status {
        StackStatus::UpdateRollbackComplete
        | StackStatus::RollbackComplete
        | StackStatus::DeleteComplete => true,
        StackStatus::CreateInProgress
        | StackStatus::CreateFailed
        | StackStatus::CreateComplete
        | StackStatus::RollbackInProgress
        | StackStatus::RollbackFailed
        | StackStatus::DeleteInProgress
        | StackStatus::DeleteFailed
        | StackStatus::UpdateInProgress
        | StackStatus::UpdateCompleteCleanupInProgress
        | StackStatus::UpdateComplete
        | StackStatus::UpdateFailed
        | StackStatus::UpdateRollbackInProgress
        | StackStatus::UpdateRollbackFailed
        | StackStatus::UpdateRollbackCompleteCleanupInProgress
        | StackStatus::ReviewInProgress
        | StackStatus::ImportInProgress
        | StackStatus::ImportComplete
        | StackStatus::ImportRollbackInProgress
        | StackStatus::ImportRollbackFailed
        | StackStatus::ImportRollbackComplete
        | StackStatus::Unknown(_) => false,
    }
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
        let expected = |status: &StackStatus| match status {
            StackStatus::UpdateRollbackFailed => "continue",
            StackStatus::CreateFailed | StackStatus::UpdateFailed => "roll back",
            StackStatus::UpdateInProgress => "cancel",
            StackStatus::RollbackInProgress
            | StackStatus::UpdateRollbackInProgress
            | StackStatus::UpdateRollbackCompleteCleanupInProgress
            | StackStatus::ImportRollbackInProgress
            | StackStatus::CreateInProgress
            | StackStatus::DeleteInProgress
            | StackStatus::UpdateCompleteCleanupInProgress
            | StackStatus::ImportInProgress => "events --follow",
            StackStatus::RollbackComplete
            | StackStatus::RollbackFailed
            | StackStatus::DeleteFailed => "s3guard destroy",
            StackStatus::ReviewInProgress
            | StackStatus::DeleteComplete
            | StackStatus::UpdateRollbackComplete
            | StackStatus::ImportRollbackComplete => "s3guard deploy",
            StackStatus::CreateComplete
            | StackStatus::UpdateComplete
            | StackStatus::ImportComplete => "earlier version",
            StackStatus::ImportRollbackFailed | StackStatus::Unknown(_) => "console",
        };
        let name: StackName = "s".parse().unwrap();
        let unknown = StackStatus::Unknown("NEW".to_owned());
        for status in StackStatus::ALL.into_iter().chain([unknown]) {
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
        for status in StackStatus::ALL {
            assert!(!is_back(&status) || status.is_settled(), "{status}");
            let failed = status.as_str().ends_with("_FAILED");
            assert!(!(is_back(&status) && failed), "{status}");
        }
        let name = "s".parse().unwrap();
        let hint = after_failure(&name, &StackStatus::UpdateRollbackFailed);
        assert!(hint.contains("s3guard rollback --stack s --skip ID"), "{hint}");
        let hint = after_failure(&name, &StackStatus::UpdateComplete);
        assert_eq!(hint, "it was over before it could be undone");
    }
}
