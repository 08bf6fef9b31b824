//! The next step for a stack, by its status.

use s3guard_aws::stacks::{Operation, Phase, StackStatus};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeployStep {
    Create,
    Update,
    /// Delete the empty stack that a failed creation left, then create the stack.
    Remake,
    /// None: an operation is in progress.
    Busy,
    /// None, unless the next failure is kept, too: an operation failed while rollback was disabled.
    Failed,
    /// None: a person has to decide.
    Stuck,
}

/// Decides from the status of the stack, if it exists.
pub(crate) fn next(status: Option<&StackStatus>) -> DeployStep {
    let Some(status) = status else { return DeployStep::Create };
    match status.known() {
        Some((Operation::Review, _) | (Operation::Delete, Phase::Complete)) => DeployStep::Create,
        Some((_, Phase::InProgress | Phase::Cleanup)) => DeployStep::Busy,
        Some((Operation::Rollback, Phase::Complete)) => DeployStep::Remake,
        Some((_, Phase::Complete)) => DeployStep::Update,
        Some((Operation::Create | Operation::Update | Operation::Import, Phase::Failed)) => {
            DeployStep::Failed
        }
        Some((_, Phase::Failed)) | None => DeployStep::Stuck,
    }
}

/// How to go on after a failed deployment. `place` is the stack and its Region, as flags.
pub(crate) fn after_failure(place: &str, status: Option<&StackStatus>) -> String {
    match next(status) {
        DeployStep::Failed | DeployStep::Stuck => {
            format!("fix the cause, then {}", hint(place, status))
        }
        DeployStep::Busy => {
            "another operation is in progress: deploy again when it has ended".to_owned()
        }
        DeployStep::Create | DeployStep::Update | DeployStep::Remake => {
            "the changes were rolled back; fix the cause and deploy again".to_owned()
        }
    }
}

/// How to go on after CloudFormation has refused to replace a resource while rollback was disabled.
pub(crate) fn after_refused_replacement(place: &str) -> String {
    format!(
        "`s3guard rollback {place}`, then deploy again without `--on-failure keep`; if it cannot be rolled back, \
         `s3guard destroy {place}`, then deploy again"
    )
}

/// What a person can do about a stack that cannot be updated. `place` is the stack and its Region, as flags.
pub(crate) fn hint(place: &str, status: Option<&StackStatus>) -> String {
    match status.and_then(StackStatus::known).map(|(operation, _)| operation) {
        Some(Operation::Rollback) => format!("`s3guard destroy {place}`, then deploy again"),
        Some(Operation::Delete) => {
            format!(
                "`s3guard destroy {place}` again, with `--force` if it fails again, then deploy again"
            )
        }
        Some(Operation::UpdateRollback | Operation::ImportRollback) => format!(
            "`s3guard rollback {place}`, with `--skip ID` for what cannot be rolled back, then deploy again"
        ),
        Some(Operation::Create | Operation::Update | Operation::Import | Operation::Review) => {
            format!(
                "`s3guard rollback {place}`, then deploy again; or go on from there with `s3guard deploy {place} \
             --on-failure keep`; if neither is possible, `s3guard destroy {place}`, then deploy again"
            )
        }
        None => {
            "check the stack in the CloudFormation console; a newer s3guard may know this status"
                .to_owned()
        }
    }
}

/// A stack and its Region, as flags.
pub(crate) fn place(stack: &str, region: &str) -> String {
    format!("--stack {stack} --region {region}")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn every_status_has_its_step() {
        let unknown = StackStatus::from("NEW");
        let line = |name: &str, step| format!("{name:<46}{step:?}\n");
        let statuses = StackStatus::all().chain([unknown]);
        let lines = statuses.map(|status| line(status.as_str(), next(Some(&status))));
        let table = line("(none)", next(None)) + &lines.collect::<String>();
        expect![[r#"
            (none)                                        Create
            CREATE_IN_PROGRESS                            Busy
            CREATE_FAILED                                 Failed
            CREATE_COMPLETE                               Update
            ROLLBACK_IN_PROGRESS                          Busy
            ROLLBACK_FAILED                               Stuck
            ROLLBACK_COMPLETE                             Remake
            DELETE_IN_PROGRESS                            Busy
            DELETE_FAILED                                 Stuck
            DELETE_COMPLETE                               Create
            UPDATE_IN_PROGRESS                            Busy
            UPDATE_COMPLETE_CLEANUP_IN_PROGRESS           Busy
            UPDATE_COMPLETE                               Update
            UPDATE_FAILED                                 Failed
            UPDATE_ROLLBACK_IN_PROGRESS                   Busy
            UPDATE_ROLLBACK_FAILED                        Stuck
            UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS  Busy
            UPDATE_ROLLBACK_COMPLETE                      Update
            REVIEW_IN_PROGRESS                            Create
            IMPORT_IN_PROGRESS                            Busy
            IMPORT_COMPLETE                               Update
            IMPORT_ROLLBACK_IN_PROGRESS                   Busy
            IMPORT_ROLLBACK_FAILED                        Stuck
            IMPORT_ROLLBACK_COMPLETE                      Update
            NEW                                           Stuck
        "#]]
        .assert_eq(&table);
    }

    #[test]
    fn only_what_was_rolled_back_is_reported_as_such() {
        let place = place("s", "eu-west-1");
        for status in StackStatus::all() {
            let rolled_back = status.is_settled() && !status.as_str().ends_with("_FAILED");
            let hint = after_failure(&place, Some(&status));
            assert_eq!(hint.contains("were rolled back"), rolled_back, "{status}: {hint}");
        }
        let hint = after_failure(&place, Some(&StackStatus::from("UPDATE_ROLLBACK_FAILED")));
        assert!(hint.contains("`s3guard rollback --stack s --region eu-west-1`"), "{hint}");
        let hint = after_failure(&place, Some(&StackStatus::from("ROLLBACK_FAILED")));
        assert!(
            hint.contains("`s3guard destroy --stack s --region eu-west-1`, then deploy again"),
            "{hint}"
        );
        let hint = after_failure(&place, Some(&StackStatus::from("DELETE_FAILED")));
        assert!(hint.contains("` again, with `--force` if it fails again"), "{hint}");
    }

    #[test]
    fn after_a_failure_that_was_kept_every_way_on_is_named() {
        for status in ["CREATE_FAILED", "UPDATE_FAILED"] {
            let hint = hint(&place("s", "eu-west-1"), Some(&StackStatus::from(status)));
            for way in ["rollback", "deploy", "destroy"] {
                let way = format!("`s3guard {way} --stack s --region eu-west-1");
                assert!(hint.contains(&way), "{way}: {hint}");
            }
        }
    }
}
