//! The status of a stack: its current or last operation, and the phase of it.

use std::fmt;

use self::Operation::{
    Create, Delete, Import, ImportRollback, Review, Rollback, Update, UpdateRollback,
};
use self::Phase::{Cleanup, Complete, Failed, InProgress};

/// The current or last operation on a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Its first change set was created, and nothing else exists yet.
    Review,
    /// It is created.
    Create,
    /// Its failed creation is rolled back; the result is a stack without resources.
    Rollback,
    /// It is deleted.
    Delete,
    /// It is updated.
    Update,
    /// A failed update is rolled back.
    UpdateRollback,
    /// Resources are imported.
    Import,
    /// A failed import is rolled back.
    ImportRollback,
}

/// The phase of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It is in progress. In a [`Review`](Operation::Review) CloudFormation waits, and nothing is in progress.
    InProgress,
    /// It is complete, and resources that it replaced, or created in vain, are being deleted.
    Cleanup,
    /// It is complete.
    Complete,
    /// It failed. A creation or an update stays in this phase only if rollback was off.
    Failed,
}

/// Source: AWS CloudFormation API Reference, `Stack`, `StackStatus`.
const KNOWN: [(&str, Operation, Phase); 23] = [
    ("CREATE_IN_PROGRESS", Create, InProgress),
    ("CREATE_FAILED", Create, Failed),
    ("CREATE_COMPLETE", Create, Complete),
    ("ROLLBACK_IN_PROGRESS", Rollback, InProgress),
    ("ROLLBACK_FAILED", Rollback, Failed),
    ("ROLLBACK_COMPLETE", Rollback, Complete),
    ("DELETE_IN_PROGRESS", Delete, InProgress),
    ("DELETE_FAILED", Delete, Failed),
    ("DELETE_COMPLETE", Delete, Complete),
    ("UPDATE_IN_PROGRESS", Update, InProgress),
    ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Update, Cleanup),
    ("UPDATE_COMPLETE", Update, Complete),
    ("UPDATE_FAILED", Update, Failed),
    ("UPDATE_ROLLBACK_IN_PROGRESS", UpdateRollback, InProgress),
    ("UPDATE_ROLLBACK_FAILED", UpdateRollback, Failed),
    ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", UpdateRollback, Cleanup),
    ("UPDATE_ROLLBACK_COMPLETE", UpdateRollback, Complete),
    ("REVIEW_IN_PROGRESS", Review, InProgress),
    ("IMPORT_IN_PROGRESS", Import, InProgress),
    ("IMPORT_COMPLETE", Import, Complete),
    ("IMPORT_ROLLBACK_IN_PROGRESS", ImportRollback, InProgress),
    ("IMPORT_ROLLBACK_FAILED", ImportRollback, Failed),
    ("IMPORT_ROLLBACK_COMPLETE", ImportRollback, Complete),
];

/// The status of a stack. A status that AWS adds later is not [known](Self::known).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackStatus(String);

impl StackStatus {
    /// All statuses that are known.
    pub fn all() -> impl Iterator<Item = Self> {
        KNOWN.into_iter().map(|(text, ..)| text.into())
    }

    /// The operation and its phase; `None` for a status that AWS has added later.
    pub fn known(&self) -> Option<(Operation, Phase)> {
        let known = KNOWN.iter().find(|(text, ..)| *text == self.0);
        known.map(|(_, operation, phase)| (*operation, *phase))
    }

    /// The status as AWS writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether only the stack's first change set exists.
    pub fn is_review(&self) -> bool {
        matches!(self.known(), Some((Review, _)))
    }

    /// Whether the stack was deleted.
    pub fn is_deleted(&self) -> bool {
        self.known() == Some((Delete, Complete))
    }

    /// Whether no operation is in progress.
    pub fn is_settled(&self) -> bool {
        self.is_review() || !matches!(self.known(), Some((_, InProgress | Cleanup)))
    }

    /// Whether CloudFormation may still create or change resources: an operation is in progress, and not only its cleanup.
    ///
    /// Source: AWS CloudFormation User Guide, "Stack status codes": a cleanup deletes resources that were replaced before.
    pub fn may_still_write(&self) -> bool {
        match self.known() {
            Some((operation, phase)) => operation != Review && phase == InProgress,
            None => self.0.ends_with("_IN_PROGRESS"),
        }
    }

    /// Whether the last requested operation succeeded.
    pub fn is_success(&self) -> bool {
        matches!(self.known(), Some((Create | Update | Import | Delete, Complete)))
    }
}

impl From<&str> for StackStatus {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for StackStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_aws_has_added_since_is_kept_as_it_came() {
        let new = StackStatus::from("NEW_THING");
        assert_eq!((new.as_str(), new.known()), ("NEW_THING", None));
        assert!(new.is_settled() && !new.is_success() && !new.may_still_write());
    }

    #[test]
    fn each_status_says_its_phase_at_its_end() {
        for status in StackStatus::all() {
            let (text, (_, phase)) = (status.as_str(), status.known().unwrap());
            let expected = match text {
                _ if text.ends_with("_CLEANUP_IN_PROGRESS") => Cleanup,
                _ if text.ends_with("_IN_PROGRESS") => InProgress,
                _ if text.ends_with("_FAILED") => Failed,
                _ => Complete,
            };
            assert_eq!(phase, expected, "{text}");
        }
    }

    #[test]
    fn a_stack_is_busy_exactly_while_something_is_in_progress() {
        for status in StackStatus::all() {
            let text = status.as_str();
            let busy = text.ends_with("_IN_PROGRESS") && text != "REVIEW_IN_PROGRESS";
            assert_eq!(status.is_settled(), !busy, "{text}");
        }
    }

    #[test]
    fn in_a_cleanup_nothing_is_written_any_more() {
        let unknown = StackStatus::from("NEW_THING_IN_PROGRESS");
        for status in StackStatus::all().chain([unknown]) {
            let text = status.as_str();
            let may = text.ends_with("_IN_PROGRESS")
                && !text.contains("CLEANUP")
                && text != "REVIEW_IN_PROGRESS";
            assert_eq!(status.may_still_write(), may, "{text}");
        }
    }

    #[test]
    fn what_was_rolled_back_is_no_success() {
        for status in StackStatus::all() {
            let text = status.as_str();
            let success = text.ends_with("_COMPLETE") && !text.contains("ROLLBACK");
            assert_eq!(status.is_success(), success, "{text}");
        }
    }
}
