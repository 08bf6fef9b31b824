//! The next step of a deletion, by the status of the stack.

use s3guard_aws::stacks::deletion::Way;
use s3guard_aws::stacks::{Operation, Phase, StackStatus};
use s3guard_posture::StackName;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Absent,
    Delete,
    /// Delete again in the requested way: something could not be deleted.
    DeleteAgain,
    /// A deletion is in progress: follow it.
    Follow,
    Busy,
    /// None: `--force` and `--retain` are only for a stack whose deletion failed.
    NotFailed,
    Unknown,
}

/// Decides from the status of the stack, if it exists.
///
/// Source: AWS CloudFormation API Reference, `DeleteStack`: `DeletionMode` and `RetainResources` are for stacks in the
/// `DELETE_FAILED` state.
pub(crate) fn next(status: Option<&StackStatus>, way: &Way) -> Step {
    let Some(status) = status else { return Step::Absent };
    match status.known() {
        None => Step::Unknown,
        Some((Operation::Delete, Phase::InProgress | Phase::Cleanup)) => Step::Follow,
        Some((Operation::Delete, Phase::Complete)) => Step::Absent,
        Some((Operation::Delete, Phase::Failed)) => Step::DeleteAgain,
        Some(_) if !status.is_settled() => Step::Busy,
        Some(_) => match way {
            Way::Plain => Step::Delete,
            Way::Force | Way::Retain(_) => Step::NotFailed,
        },
    }
}

impl Step {
    /// Why there is no step, and what a person can do; `None` if there is one.
    pub(crate) fn refusal(self, stack: &StackName, region: &str) -> Option<(&'static str, String)> {
        let here = format!("--stack {stack} --region {region}");
        match self {
            Self::Absent | Self::Delete | Self::DeleteAgain | Self::Follow => None,
            Self::Busy => Some((
                "another operation is in progress",
                format!("`s3guard events --follow {here}` shows it; with `--wait` this command waits for its end"),
            )),
            Self::NotFailed => Some((
                "its deletion has not failed",
                format!(
                    "`s3guard destroy {here}` first: CloudFormation takes `--force` and `--retain` only after a deletion \
                     has failed"
                ),
            )),
            Self::Unknown => Some((
                "this status is unknown",
                "check the stack in the CloudFormation console; a newer s3guard may know this status".to_owned(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each status, and what is done when asked plainly, and by force or with something to retain.
    const TABLE: [(&str, Step, Step); 24] = [
        ("CREATE_IN_PROGRESS", Step::Busy, Step::Busy),
        ("CREATE_FAILED", Step::Delete, Step::NotFailed),
        ("CREATE_COMPLETE", Step::Delete, Step::NotFailed),
        ("ROLLBACK_IN_PROGRESS", Step::Busy, Step::Busy),
        ("ROLLBACK_FAILED", Step::Delete, Step::NotFailed),
        ("ROLLBACK_COMPLETE", Step::Delete, Step::NotFailed),
        ("DELETE_IN_PROGRESS", Step::Follow, Step::Follow),
        ("DELETE_FAILED", Step::DeleteAgain, Step::DeleteAgain),
        ("DELETE_COMPLETE", Step::Absent, Step::Absent),
        ("UPDATE_IN_PROGRESS", Step::Busy, Step::Busy),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Step::Busy, Step::Busy),
        ("UPDATE_COMPLETE", Step::Delete, Step::NotFailed),
        ("UPDATE_FAILED", Step::Delete, Step::NotFailed),
        ("UPDATE_ROLLBACK_IN_PROGRESS", Step::Busy, Step::Busy),
        ("UPDATE_ROLLBACK_FAILED", Step::Delete, Step::NotFailed),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", Step::Busy, Step::Busy),
        ("UPDATE_ROLLBACK_COMPLETE", Step::Delete, Step::NotFailed),
        ("REVIEW_IN_PROGRESS", Step::Delete, Step::NotFailed),
        ("IMPORT_IN_PROGRESS", Step::Busy, Step::Busy),
        ("IMPORT_COMPLETE", Step::Delete, Step::NotFailed),
        ("IMPORT_ROLLBACK_IN_PROGRESS", Step::Busy, Step::Busy),
        ("IMPORT_ROLLBACK_FAILED", Step::Delete, Step::NotFailed),
        ("IMPORT_ROLLBACK_COMPLETE", Step::Delete, Step::NotFailed),
        ("SOMETHING_NEW", Step::Unknown, Step::Unknown),
    ];

    #[test]
    fn every_status_has_its_step() {
        for (text, plainly, otherwise) in TABLE {
            let status = StackStatus::from(text);
            assert_eq!(next(Some(&status), &Way::Plain), plainly, "{text}");
            for way in [Way::Force, Way::Retain(Vec::new())] {
                assert_eq!(next(Some(&status), &way), otherwise, "{text} {way:?}");
            }
        }
        let known = |status: &StackStatus| TABLE.iter().any(|(text, ..)| *text == status.as_str());
        assert!(StackStatus::all().all(|status| known(&status)), "the table has all of them");
        for way in [Way::Plain, Way::Force, Way::Retain(Vec::new())] {
            assert_eq!(next(None, &way), Step::Absent);
        }
    }

    #[test]
    fn where_nothing_is_done_a_hint_says_what_to_do() {
        let stack = "s".parse().unwrap();
        for (text, plainly, otherwise) in TABLE {
            for step in [plainly, otherwise] {
                let acts = [Step::Absent, Step::Delete, Step::DeleteAgain, Step::Follow];
                let refusal = step.refusal(&stack, "eu-west-1");
                assert_eq!(refusal.is_none(), acts.contains(&step), "{text}");
            }
        }
        let (_, busy) = Step::Busy.refusal(&stack, "eu-west-1").unwrap();
        assert!(busy.contains("`s3guard events --follow --stack s --region eu-west-1`"), "{busy}");
        assert!(busy.contains("--wait"), "{busy}");
    }
}
