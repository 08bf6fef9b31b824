//! The next step of a deletion, by the status of the stack.

use s3guard_aws::stacks::deletion::Way;
use s3guard_aws::stacks::{Operation, Phase, StackStatus};
use s3guard_posture::StackName;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DestroyStep {
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
pub(crate) fn next(status: Option<&StackStatus>, way: &Way) -> DestroyStep {
    let Some(status) = status else { return DestroyStep::Absent };
    match status.known() {
        None => DestroyStep::Unknown,
        Some((Operation::Delete, Phase::InProgress | Phase::Cleanup)) => DestroyStep::Follow,
        Some((Operation::Delete, Phase::Complete)) => DestroyStep::Absent,
        Some((Operation::Delete, Phase::Failed)) => DestroyStep::DeleteAgain,
        Some(_) if !status.is_settled() => DestroyStep::Busy,
        Some(_) => match way {
            Way::Plain => DestroyStep::Delete,
            Way::Force | Way::Retain(_) => DestroyStep::NotFailed,
        },
    }
}

impl DestroyStep {
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
    const TABLE: [(&str, DestroyStep, DestroyStep); 24] = [
        ("CREATE_IN_PROGRESS", DestroyStep::Busy, DestroyStep::Busy),
        ("CREATE_FAILED", DestroyStep::Delete, DestroyStep::NotFailed),
        ("CREATE_COMPLETE", DestroyStep::Delete, DestroyStep::NotFailed),
        ("ROLLBACK_IN_PROGRESS", DestroyStep::Busy, DestroyStep::Busy),
        ("ROLLBACK_FAILED", DestroyStep::Delete, DestroyStep::NotFailed),
        ("ROLLBACK_COMPLETE", DestroyStep::Delete, DestroyStep::NotFailed),
        ("DELETE_IN_PROGRESS", DestroyStep::Follow, DestroyStep::Follow),
        ("DELETE_FAILED", DestroyStep::DeleteAgain, DestroyStep::DeleteAgain),
        ("DELETE_COMPLETE", DestroyStep::Absent, DestroyStep::Absent),
        ("UPDATE_IN_PROGRESS", DestroyStep::Busy, DestroyStep::Busy),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", DestroyStep::Busy, DestroyStep::Busy),
        ("UPDATE_COMPLETE", DestroyStep::Delete, DestroyStep::NotFailed),
        ("UPDATE_FAILED", DestroyStep::Delete, DestroyStep::NotFailed),
        ("UPDATE_ROLLBACK_IN_PROGRESS", DestroyStep::Busy, DestroyStep::Busy),
        ("UPDATE_ROLLBACK_FAILED", DestroyStep::Delete, DestroyStep::NotFailed),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", DestroyStep::Busy, DestroyStep::Busy),
        ("UPDATE_ROLLBACK_COMPLETE", DestroyStep::Delete, DestroyStep::NotFailed),
        ("REVIEW_IN_PROGRESS", DestroyStep::Delete, DestroyStep::NotFailed),
        ("IMPORT_IN_PROGRESS", DestroyStep::Busy, DestroyStep::Busy),
        ("IMPORT_COMPLETE", DestroyStep::Delete, DestroyStep::NotFailed),
        ("IMPORT_ROLLBACK_IN_PROGRESS", DestroyStep::Busy, DestroyStep::Busy),
        ("IMPORT_ROLLBACK_FAILED", DestroyStep::Delete, DestroyStep::NotFailed),
        ("IMPORT_ROLLBACK_COMPLETE", DestroyStep::Delete, DestroyStep::NotFailed),
        ("SOMETHING_NEW", DestroyStep::Unknown, DestroyStep::Unknown),
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
            assert_eq!(next(None, &way), DestroyStep::Absent);
        }
    }

    #[test]
    fn where_nothing_is_done_a_hint_says_what_to_do() {
        let stack = "s".parse().unwrap();
        for (text, plainly, otherwise) in TABLE {
            for step in [plainly, otherwise] {
                let acts = [
                    DestroyStep::Absent,
                    DestroyStep::Delete,
                    DestroyStep::DeleteAgain,
                    DestroyStep::Follow,
                ];
                let refusal = step.refusal(&stack, "eu-west-1");
                assert_eq!(refusal.is_none(), acts.contains(&step), "{text}");
            }
        }
        let (_, busy) = DestroyStep::Busy.refusal(&stack, "eu-west-1").unwrap();
        assert!(busy.contains("`s3guard events --follow --stack s --region eu-west-1`"), "{busy}");
        assert!(busy.contains("--wait"), "{busy}");
    }
}
