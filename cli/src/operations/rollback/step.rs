//! How a stack is brought back, by where it stands: decided here, done elsewhere.

use s3guard_aws::stacks::{Operation, Phase, StackStatus};
use s3guard_posture::StackName;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Go on with a rollback that got stuck.
    Continue,
    /// Roll back what failed and was left so.
    RollBack(&'static str),
    /// Cancel the update that is going on.
    Cancel,
    Stop {
        why: &'static str,
        hint: String,
    },
}

/// The stack is well, and what it was before is not known any more.
const WELL: &str = "there is nothing to roll back";

/// Decides from the status of the stack.
///
/// Source: AWS CloudFormation API Reference, `ContinueUpdateRollback`, `RollbackStack` and `CancelUpdateStack`: the
/// statuses that each takes.
pub(crate) fn next(name: &StackName, status: &StackStatus) -> Step {
    let events = format!("`s3guard events --follow --stack {name}` shows it until it is over");
    let (why, hint) = match status.known() {
        Some((Operation::UpdateRollback, Phase::Failed)) => return Step::Continue,
        Some((Operation::Create, Phase::Failed)) => {
            return Step::RollBack("the creation that failed, which deletes what was made");
        }
        Some((Operation::Update, Phase::Failed)) => {
            return Step::RollBack("the update that failed");
        }
        Some((Operation::Update, Phase::InProgress)) => return Step::Cancel,
        Some((Operation::Review, _) | (Operation::Delete, Phase::Complete)) => {
            ("nothing of it is there", format!("`s3guard deploy --stack {name}` makes it"))
        }
        Some((
            Operation::Rollback | Operation::UpdateRollback | Operation::ImportRollback,
            Phase::InProgress | Phase::Cleanup,
        )) => ("it is being rolled back already", events),
        Some((_, Phase::InProgress | Phase::Cleanup)) => {
            ("what is going on cannot be cancelled", events)
        }
        Some((Operation::Rollback | Operation::Delete, _)) => (
            "it can only be deleted",
            format!("`s3guard destroy --stack {name}`, then deploy again"),
        ),
        Some((Operation::UpdateRollback | Operation::ImportRollback, Phase::Complete)) => (
            "it was rolled back already",
            format!("`s3guard deploy --stack {name}` changes it again"),
        ),
        Some((_, Phase::Complete)) => (
            WELL,
            "to have what was there before, deploy it again from an earlier version".to_owned(),
        ),
        Some((Operation::Import | Operation::ImportRollback, Phase::Failed)) => (
            "an import could not be undone",
            "look at the stack in the CloudFormation console, which can continue it".to_owned(),
        ),
        None => (
            "this s3guard does not know the status",
            "look at the stack in the CloudFormation console; a newer s3guard may know this status"
                .to_owned(),
        ),
    };
    Step::Stop { why, hint }
}

/// Whether a stack in this status was brought back.
pub(crate) fn is_back(status: &StackStatus) -> bool {
    use Operation::{Delete, Rollback, UpdateRollback};
    matches!(status.known(), Some((UpdateRollback | Rollback | Delete, Phase::Complete)))
}

/// How to go on with a stack that was not brought back.
pub(crate) fn after_failure(name: &StackName, status: &StackStatus) -> String {
    match next(name, status) {
        Step::Continue => format!(
            "mend the cause, or leave the resource as it is with `s3guard rollback --stack {name} --skip ID`"
        ),
        Step::RollBack(_) => {
            format!("mend the cause, then `s3guard rollback --stack {name}` again")
        }
        Step::Cancel => format!("`s3guard events --follow --stack {name}` shows it"),
        // It was too late to cancel it.
        Step::Stop { why: WELL, .. } => "it was over before it could be undone".to_owned(),
        Step::Stop { hint, .. } => hint,
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
            let words = match next(&name, &status) {
                Step::Continue => "continue".to_owned(),
                Step::RollBack(_) => "roll back".to_owned(),
                Step::Cancel => "cancel".to_owned(),
                Step::Stop { hint, .. } => hint,
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
