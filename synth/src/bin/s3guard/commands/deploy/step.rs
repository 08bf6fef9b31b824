//! What to do with a stack in which it stands: decided here, done elsewhere.

use s3guard_aws::stacks::StackStatus;
use s3guard_posture::StackName;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Make the stack.
    Create,
    /// Change the stack.
    Update,
    /// Delete the shell that a failed creation left, then make the stack.
    Remake,
    /// Leave it: something is going on.
    Busy,
    /// Leave it: only a person can say how to go on.
    Stuck(Stuck),
}

/// Why a stack takes no change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stuck {
    /// A creation or update failed while rollback was off.
    Failed,
    /// It could not be rolled back or deleted: deleting is all that is left.
    DeleteOnly,
    /// An update could not be rolled back.
    Rollback,
    /// A status that this version does not know.
    Unknown,
}

/// Decides from the status of the stack, if there is one.
pub(crate) fn next(status: Option<&StackStatus>) -> Step {
    let Some(status) = status else { return Step::Create };
    match status {
        StackStatus::ReviewInProgress | StackStatus::DeleteComplete => Step::Create,
        StackStatus::CreateComplete
        | StackStatus::UpdateComplete
        | StackStatus::UpdateRollbackComplete
        | StackStatus::ImportComplete
        | StackStatus::ImportRollbackComplete => Step::Update,
        StackStatus::RollbackComplete => Step::Remake,
        StackStatus::CreateInProgress
        | StackStatus::RollbackInProgress
        | StackStatus::DeleteInProgress
        | StackStatus::UpdateInProgress
        | StackStatus::UpdateCompleteCleanupInProgress
        | StackStatus::UpdateRollbackInProgress
        | StackStatus::UpdateRollbackCompleteCleanupInProgress
        | StackStatus::ImportInProgress
        | StackStatus::ImportRollbackInProgress => Step::Busy,
        StackStatus::CreateFailed | StackStatus::UpdateFailed => Step::Stuck(Stuck::Failed),
        StackStatus::RollbackFailed | StackStatus::DeleteFailed => Step::Stuck(Stuck::DeleteOnly),
        StackStatus::UpdateRollbackFailed | StackStatus::ImportRollbackFailed => {
            Step::Stuck(Stuck::Rollback)
        }
        StackStatus::Unknown(_) => Step::Stuck(Stuck::Unknown),
    }
}

/// How to go on with a stack that did not become what was asked for.
pub(crate) fn after_failure(stack: &StackName, status: Option<&StackStatus>) -> String {
    match next(status) {
        Step::Stuck(why) => format!("mend the cause, then {}", why.way_out(stack)),
        Step::Busy => {
            "something else is going on: deploy again when it has come to rest".to_owned()
        }
        Step::Create | Step::Update | Step::Remake => {
            "what was changed was undone; mend the cause and deploy again".to_owned()
        }
    }
}

impl Stuck {
    /// What a person can do about it.
    pub(crate) fn way_out(self, stack: &StackName) -> String {
        match self {
            Self::Failed => format!("`aws cloudformation rollback-stack --stack-name {stack}`, then deploy again"),
            Self::DeleteOnly => format!("`s3guard destroy --stack {stack}`, then deploy again"),
            Self::Rollback => {
                format!("`aws cloudformation continue-update-rollback --stack-name {stack}`, then deploy again")
            }
            Self::Unknown => "look at the stack in the CloudFormation console; a newer s3guard may know this status".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_made_changed_or_made_again() {
        assert_eq!(next(None), Step::Create);
        assert_eq!(next(Some(&StackStatus::ReviewInProgress)), Step::Create);
        assert_eq!(next(Some(&StackStatus::UpdateRollbackComplete)), Step::Update);
        assert_eq!(next(Some(&StackStatus::RollbackComplete)), Step::Remake);
    }

    #[test]
    fn only_what_was_undone_is_said_to_be() {
        let stack = "s".parse().unwrap();
        for status in StackStatus::ALL {
            let undone = status.is_settled() && !status.as_str().ends_with("_FAILED");
            let hint = after_failure(&stack, Some(&status));
            assert_eq!(hint.contains("was undone"), undone, "{status}: {hint}");
        }
        let hint = after_failure(&stack, Some(&StackStatus::UpdateRollbackFailed));
        assert!(hint.contains("continue-update-rollback --stack-name s`"), "{hint}");
        let hint = after_failure(&stack, Some(&StackStatus::RollbackFailed));
        assert!(hint.contains("`s3guard destroy --stack s`, then deploy again"), "{hint}");
    }

    #[test]
    fn nothing_is_begun_while_something_is_going_on() {
        for status in StackStatus::ALL {
            let busy = !status.is_settled();
            assert_eq!(next(Some(&status)) == Step::Busy, busy, "{status}");
        }
    }

    #[test]
    fn after_a_failure_that_was_not_undone_a_person_decides() {
        for status in StackStatus::ALL {
            let failed = status.as_str().ends_with("_FAILED");
            assert_eq!(matches!(next(Some(&status)), Step::Stuck(_)), failed, "{status}");
        }
        let unknown = StackStatus::Unknown("NEW".to_owned());
        assert_eq!(next(Some(&unknown)), Step::Stuck(Stuck::Unknown));
    }
}
