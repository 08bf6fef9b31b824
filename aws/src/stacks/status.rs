//! Where a stack stands: AWS's open list of statuses as ours.

use std::fmt;

/// The status of a stack.
///
/// Source: AWS CloudFormation API Reference, `Stack`, `StackStatus`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StackStatus {
    /// It is being created.
    CreateInProgress,
    /// Creation failed, and rollback was off.
    CreateFailed,
    /// It was created.
    CreateComplete,
    /// Its failed creation is being undone.
    RollbackInProgress,
    /// Its failed creation could not be undone.
    RollbackFailed,
    /// Its failed creation was undone: an empty shell is left.
    RollbackComplete,
    /// It is being deleted.
    DeleteInProgress,
    /// Something of it could not be deleted.
    DeleteFailed,
    /// It was deleted.
    DeleteComplete,
    /// It is being updated.
    UpdateInProgress,
    /// It was updated, what was replaced is being removed.
    UpdateCompleteCleanupInProgress,
    /// It was updated.
    UpdateComplete,
    /// An update failed, and rollback was off.
    UpdateFailed,
    /// A failed update is being undone.
    UpdateRollbackInProgress,
    /// A failed update could not be undone.
    UpdateRollbackFailed,
    /// A failed update was undone, what it made is being removed.
    UpdateRollbackCompleteCleanupInProgress,
    /// A failed update was undone.
    UpdateRollbackComplete,
    /// Only its first change set exists.
    ReviewInProgress,
    /// Resources are being imported.
    ImportInProgress,
    /// Resources were imported.
    ImportComplete,
    /// A failed import is being undone.
    ImportRollbackInProgress,
    /// A failed import could not be undone.
    ImportRollbackFailed,
    /// A failed import was undone.
    ImportRollbackComplete,
    /// One that AWS has added since.
    Unknown(String),
}

impl StackStatus {
    /// All statuses that are known.
    pub const ALL: [Self; 23] = [
        Self::CreateInProgress,
        Self::CreateFailed,
        Self::CreateComplete,
        Self::RollbackInProgress,
        Self::RollbackFailed,
        Self::RollbackComplete,
        Self::DeleteInProgress,
        Self::DeleteFailed,
        Self::DeleteComplete,
        Self::UpdateInProgress,
        Self::UpdateCompleteCleanupInProgress,
        Self::UpdateComplete,
        Self::UpdateFailed,
        Self::UpdateRollbackInProgress,
        Self::UpdateRollbackFailed,
        Self::UpdateRollbackCompleteCleanupInProgress,
        Self::UpdateRollbackComplete,
        Self::ReviewInProgress,
        Self::ImportInProgress,
        Self::ImportComplete,
        Self::ImportRollbackInProgress,
        Self::ImportRollbackFailed,
        Self::ImportRollbackComplete,
    ];

    /// The status as AWS writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::CreateInProgress => "CREATE_IN_PROGRESS",
            Self::CreateFailed => "CREATE_FAILED",
            Self::CreateComplete => "CREATE_COMPLETE",
            Self::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Self::RollbackFailed => "ROLLBACK_FAILED",
            Self::RollbackComplete => "ROLLBACK_COMPLETE",
            Self::DeleteInProgress => "DELETE_IN_PROGRESS",
            Self::DeleteFailed => "DELETE_FAILED",
            Self::DeleteComplete => "DELETE_COMPLETE",
            Self::UpdateInProgress => "UPDATE_IN_PROGRESS",
            Self::UpdateCompleteCleanupInProgress => "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            Self::UpdateComplete => "UPDATE_COMPLETE",
            Self::UpdateFailed => "UPDATE_FAILED",
            Self::UpdateRollbackInProgress => "UPDATE_ROLLBACK_IN_PROGRESS",
            Self::UpdateRollbackFailed => "UPDATE_ROLLBACK_FAILED",
            Self::UpdateRollbackCompleteCleanupInProgress => {
                "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
            }
            Self::UpdateRollbackComplete => "UPDATE_ROLLBACK_COMPLETE",
            Self::ReviewInProgress => "REVIEW_IN_PROGRESS",
            Self::ImportInProgress => "IMPORT_IN_PROGRESS",
            Self::ImportComplete => "IMPORT_COMPLETE",
            Self::ImportRollbackInProgress => "IMPORT_ROLLBACK_IN_PROGRESS",
            Self::ImportRollbackFailed => "IMPORT_ROLLBACK_FAILED",
            Self::ImportRollbackComplete => "IMPORT_ROLLBACK_COMPLETE",
            Self::Unknown(text) => text,
        }
    }

    /// Whether CloudFormation is at rest: nothing changes until somebody asks for it.
    pub fn is_settled(&self) -> bool {
        match self {
            Self::CreateInProgress
            | Self::RollbackInProgress
            | Self::DeleteInProgress
            | Self::UpdateInProgress
            | Self::UpdateCompleteCleanupInProgress
            | Self::UpdateRollbackInProgress
            | Self::UpdateRollbackCompleteCleanupInProgress
            | Self::ImportInProgress
            | Self::ImportRollbackInProgress => false,
            Self::CreateFailed
            | Self::CreateComplete
            | Self::RollbackFailed
            | Self::RollbackComplete
            | Self::DeleteFailed
            | Self::DeleteComplete
            | Self::UpdateComplete
            | Self::UpdateFailed
            | Self::UpdateRollbackFailed
            | Self::UpdateRollbackComplete
            | Self::ReviewInProgress
            | Self::ImportComplete
            | Self::ImportRollbackFailed
            | Self::ImportRollbackComplete
            | Self::Unknown(_) => true,
        }
    }

    /// Whether CloudFormation may still make or change something: it is at it, and not only cleaning up behind itself.
    ///
    /// Source: AWS CloudFormation User Guide, "Stack status codes": what is removed in a cleanup was replaced before.
    pub fn may_still_write(&self) -> bool {
        match self {
            Self::CreateInProgress
            | Self::RollbackInProgress
            | Self::DeleteInProgress
            | Self::UpdateInProgress
            | Self::UpdateRollbackInProgress
            | Self::ImportInProgress
            | Self::ImportRollbackInProgress => true,
            Self::Unknown(text) => text.ends_with("_IN_PROGRESS"),
            Self::UpdateCompleteCleanupInProgress
            | Self::UpdateRollbackCompleteCleanupInProgress
            | Self::CreateFailed
            | Self::CreateComplete
            | Self::RollbackFailed
            | Self::RollbackComplete
            | Self::DeleteFailed
            | Self::DeleteComplete
            | Self::UpdateComplete
            | Self::UpdateFailed
            | Self::UpdateRollbackFailed
            | Self::UpdateRollbackComplete
            | Self::ReviewInProgress
            | Self::ImportComplete
            | Self::ImportRollbackFailed
            | Self::ImportRollbackComplete => false,
        }
    }

    /// Whether the last thing that was asked for was done.
    pub fn is_success(&self) -> bool {
        match self {
            Self::CreateComplete
            | Self::UpdateComplete
            | Self::ImportComplete
            | Self::DeleteComplete => true,
            Self::CreateInProgress
            | Self::CreateFailed
            | Self::RollbackInProgress
            | Self::RollbackFailed
            | Self::RollbackComplete
            | Self::DeleteInProgress
            | Self::DeleteFailed
            | Self::UpdateInProgress
            | Self::UpdateCompleteCleanupInProgress
            | Self::UpdateFailed
            | Self::UpdateRollbackInProgress
            | Self::UpdateRollbackFailed
            | Self::UpdateRollbackCompleteCleanupInProgress
            | Self::UpdateRollbackComplete
            | Self::ReviewInProgress
            | Self::ImportInProgress
            | Self::ImportRollbackInProgress
            | Self::ImportRollbackFailed
            | Self::ImportRollbackComplete
            | Self::Unknown(_) => false,
        }
    }
}

impl From<&str> for StackStatus {
    fn from(text: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .unwrap_or_else(|| Self::Unknown(text.to_owned()))
    }
}

impl fmt::Display for StackStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_read_as_it_is_written() {
        for status in StackStatus::ALL {
            assert_eq!(StackStatus::from(status.as_str()), status);
        }
        assert_eq!(StackStatus::from("NEW_THING"), StackStatus::Unknown("NEW_THING".to_owned()));
    }

    #[test]
    fn a_stack_is_busy_exactly_while_something_is_in_progress() {
        for status in StackStatus::ALL {
            let busy = status.as_str().ends_with("_IN_PROGRESS")
                && status != StackStatus::ReviewInProgress;
            assert_eq!(status.is_settled(), !busy, "{status}");
        }
    }

    #[test]
    fn in_a_cleanup_nothing_is_written_any_more() {
        let unknown = StackStatus::from("NEW_THING_IN_PROGRESS");
        for status in StackStatus::ALL.into_iter().chain([unknown]) {
            let text = status.as_str();
            let may = text.ends_with("_IN_PROGRESS")
                && !text.contains("CLEANUP")
                && status != StackStatus::ReviewInProgress;
            assert_eq!(status.may_still_write(), may, "{status}");
        }
    }

    #[test]
    fn what_was_rolled_back_is_no_success() {
        for status in StackStatus::ALL {
            let text = status.as_str();
            let success = text.ends_with("_COMPLETE") && !text.contains("ROLLBACK");
            assert_eq!(status.is_success(), success, "{status}");
        }
    }
}
