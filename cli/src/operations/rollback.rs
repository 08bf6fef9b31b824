//! Rolls a stack back to its last working state.

use anyhow::anyhow;
use s3guard_aws::stacks::rollback::Skip;
use s3guard_aws::stacks::{Operation, Phase, Resource, Stack, StackStatus, Stacks};
use s3guard_posture::StackName;
use serde::Serialize;

use crate::args::rollback::RollbackArgs;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::deploy::reviewed;
use crate::operations::follow;
use crate::operations::follow::Follower;
use crate::operations::interrupt::Run;
use crate::operations::session;
use crate::operations::session::Account;
use crate::ui::output::Output;
use crate::ui::text::{Printable, Text};

/// What comes next, by the status of the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
enum RollbackStep {
    /// Continue a rollback that failed.
    Continue,
    /// Roll back a failed operation.
    RollBack(&'static str),
    /// Cancel the update in progress.
    Cancel,
    /// It works as it is.
    Nothing(&'static str),
    Stop {
        why: &'static str,
        hint: String,
    },
}

/// Rolls back the guard's stack, after a person has approved it.
pub(crate) async fn roll_back(
    args: &RollbackArgs,
    output: &Output,
    run: &Run,
) -> anyhow::Result<Exit> {
    let account = Account::open(&args.account).await?;
    let stack = session::guard_stack(&args.account, &account).await?;
    let stacks = Stacks::new(&account.connection);
    let name = &args.account.stack;
    let region = account.connection.region();
    output.say(format_args!(
        "stack `{name}` in `{region}`, account `{}`: `{}`",
        account.caller.account, stack.status
    ));
    let step = next(name, &stack.status);
    args.check(&step, &stack.status)?;
    let mut skip = Skip::None;
    let mut skipped = Vec::new();
    let question = match &step {
        RollbackStep::Continue => {
            let failed = stuck(&stacks, &stack, output).await?;
            skip = args.skip(&failed)?;
            skipped = match &skip {
                Skip::None => Vec::new(),
                Skip::These(ids) => ids.clone(),
                Skip::All => failed.clone(),
            };
            if skip == Skip::None && !failed.is_empty() {
                output.say(format_args!(
                    "fix the causes, or skip the resources with `--skip {}`",
                    failed.join(" --skip ")
                ));
            }
            question(&skipped)
        }
        RollbackStep::RollBack(what) => format!("roll back {what}?"),
        RollbackStep::Cancel => "cancel the update, and roll it back?".to_owned(),
        RollbackStep::Nothing(why) => {
            output.say(format_args!("nothing to roll back: {why}"));
            let (stack, status) = (name.to_string(), stack.status.to_string());
            output.result(&RolledBack { stack, status, skipped })?;
            return Ok(Exit::Done);
        }
        RollbackStep::Stop { why, hint } => {
            return Err(anyhow!("stack `{name}` is in `{}`: {why}", stack.status)).hint(hint);
        }
    };
    if !args.yes {
        session::confirm(&format!("rolling back stack `{name}`"), &question, output).await?;
    }
    run.interrupts.set_hint(format!(
        "if AWS has started the rollback already, `s3guard events --follow --stack {name}` shows it"
    ));
    let token = run.token.as_str();
    let follower = Follower::new(&stacks, output, &run.interrupts, &stack.id, Some(token)).await;
    match step {
        RollbackStep::Continue => stacks.continue_rollback(&stack.id, &skip, token).await?,
        RollbackStep::Cancel => stacks.cancel_update(&stack.id, token).await?,
        RollbackStep::RollBack(_) | RollbackStep::Nothing(_) | RollbackStep::Stop { .. } => {
            stacks.roll_back(&stack.id, token).await?;
        }
    }
    let ended = follower.follow().await?;
    let status =
        ended.stack.as_ref().map_or(StackStatus::from("DELETE_COMPLETE"), |s| s.status.clone());
    if !is_rolled_back(&status) {
        let what = format!("stack `{name}` was not rolled back");
        return Err(follow::failed(&what, &ended, &after_failure(name, &status)));
    }
    output.say(format_args!("stack `{name}` is rolled back, in `{status}`"));
    if let Some(stack) = &ended.stack {
        reviewed::check_code(&account, stack, output).await?;
    }
    if !skipped.is_empty() {
        output.warn(
            "skipped resources differ from the template: correct them by hand, or with the next `s3guard deploy`",
        );
    }
    output.result(&RolledBack { stack: name.to_string(), status: status.to_string(), skipped })?;
    Ok(Exit::Done)
}

impl RollbackArgs {
    /// Refuses flags that do not fit the status of the stack.
    fn check(&self, step: &RollbackStep, status: &StackStatus) -> anyhow::Result<()> {
        let misplaced = match step {
            RollbackStep::Cancel if !self.cancel => {
                return Err(anyhow!("the stack is in `{status}`: an update is in progress"))
                    .hint("`--cancel` cancels it; `s3guard events --follow` shows it")
                    .exit(Exit::Usage);
            }
            RollbackStep::Continue | RollbackStep::RollBack(_) if self.cancel => "--cancel",
            RollbackStep::RollBack(_) | RollbackStep::Cancel if self.force => "--force",
            RollbackStep::RollBack(_) | RollbackStep::Cancel if !self.skip.is_empty() => "--skip",
            RollbackStep::Continue
            | RollbackStep::RollBack(_)
            | RollbackStep::Cancel
            | RollbackStep::Nothing(_)
            | RollbackStep::Stop { .. } => return Ok(()),
        };
        Err(anyhow!("`{misplaced}` cannot be used with a stack in `{status}`"))
            .hint("omit the flag")
            .exit(Exit::Usage)
    }

    /// What to skip: CloudFormation accepts only resources that could not be rolled back.
    fn skip(&self, stuck: &[String]) -> anyhow::Result<Skip> {
        if let Some(id) = self.skip.iter().find(|id| !stuck.contains(id)) {
            let hint = if stuck.is_empty() {
                "there is none: omit `--skip`".to_owned()
            } else {
                format!("those that can be skipped are `{}`", stuck.join("`, `"))
            };
            return Err(anyhow!("`{id}` is not among the resources that could not be rolled back"))
                .hint(hint)
                .exit(Exit::Usage);
        }
        Ok(match &self.skip[..] {
            _ if self.force => Skip::All,
            [] => Skip::None,
            ids => Skip::These(ids.to_vec()),
        })
    }
}

/// Shows the resources that could not be rolled back, and returns their logical ids.
async fn stuck(stacks: &Stacks, stack: &Stack, output: &Output) -> anyhow::Result<Vec<String>> {
    let mut resources = stacks.resources(&stack.id).await?;
    resources.retain(Resource::is_stuck);
    if !resources.is_empty() {
        output.say("these could not be rolled back:");
    }
    for Resource { logical_id, resource_type, reason, .. } in &resources {
        let reason = reason.as_deref().unwrap_or("no reason was given");
        output.say(format_args!("  {logical_id} ({resource_type}): {reason}"));
    }
    Ok(resources.into_iter().map(|resource| resource.logical_id).collect())
}

fn question(skipped: &[String]) -> String {
    match skipped {
        [] => "continue the rollback, and try all of them again?".to_owned(),
        ids => format!("continue the rollback, and skip `{}`?", ids.join("`, `")),
    }
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RolledBack {
    stack: String,
    status: String,
    /// The logical ids of skipped resources.
    skipped: Vec<String>,
}

impl Printable for RolledBack {
    fn print(&self, text: &mut Text) {
        self.skipped.iter().for_each(|id| text.line(format_args!("skipped {id}")));
    }
}

/// Decides from the status of the stack.
///
/// Source: AWS CloudFormation API Reference, `ContinueUpdateRollback`, `RollbackStack` and `CancelUpdateStack`: the
/// statuses that each takes.
fn next(name: &StackName, status: &StackStatus) -> RollbackStep {
    let events = format!("`s3guard events --follow --stack {name}` shows it until it ends");
    let (why, hint) = match status.known() {
        Some((Operation::UpdateRollback, Phase::Failed)) => return RollbackStep::Continue,
        Some((Operation::Create, Phase::Failed)) => {
            return RollbackStep::RollBack("the creation that failed, which deletes what was made");
        }
        Some((Operation::Update, Phase::Failed)) => {
            return RollbackStep::RollBack("the update that failed");
        }
        Some((Operation::Update, Phase::InProgress)) => return RollbackStep::Cancel,
        Some((Operation::Review, _) | (Operation::Delete, Phase::Complete)) => {
            ("it has no resources", format!("`s3guard deploy --stack {name}` creates them"))
        }
        Some((
            Operation::Rollback | Operation::UpdateRollback | Operation::ImportRollback,
            Phase::InProgress | Phase::Cleanup,
        )) => ("a rollback is already in progress", events),
        Some((_, Phase::InProgress | Phase::Cleanup)) => {
            ("the operation in progress cannot be cancelled", events)
        }
        Some((Operation::Rollback | Operation::Delete, _)) => (
            "it can only be deleted",
            format!("`s3guard destroy --stack {name}`, then deploy again"),
        ),
        Some((Operation::UpdateRollback | Operation::ImportRollback, Phase::Complete)) => {
            return RollbackStep::Nothing("it is already rolled back");
        }
        Some((_, Phase::Complete)) => {
            return RollbackStep::Nothing(
                "the last operation succeeded; deploy an earlier version instead",
            );
        }
        Some((Operation::Import | Operation::ImportRollback, Phase::Failed)) => (
            "an import could not be rolled back",
            "check the stack in the CloudFormation console, which can continue it".to_owned(),
        ),
        None => (
            "this s3guard does not know the status",
            "check the stack in the CloudFormation console; a newer s3guard may know this status"
                .to_owned(),
        ),
    };
    RollbackStep::Stop { why, hint }
}

/// Whether a stack in this status is rolled back.
fn is_rolled_back(status: &StackStatus) -> bool {
    use Operation::{Delete, Rollback, UpdateRollback};
    matches!(status.known(), Some((UpdateRollback | Rollback | Delete, Phase::Complete)))
}

/// How to go on after a failed rollback.
fn after_failure(name: &StackName, status: &StackStatus) -> String {
    match next(name, status) {
        RollbackStep::Continue => format!(
            "fix the cause, or skip the resource with `s3guard rollback --stack {name} --skip ID`"
        ),
        RollbackStep::RollBack(_) => {
            format!("fix the cause, then `s3guard rollback --stack {name}` again")
        }
        RollbackStep::Cancel => format!("`s3guard events --follow --stack {name}` shows it"),
        // It was too late to cancel.
        RollbackStep::Nothing(_) => "the update ended before it could be cancelled".to_owned(),
        RollbackStep::Stop { hint, .. } => hint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::account::AccountArgs;

    fn ids(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    fn args(skip: &[&str], force: bool, cancel: bool) -> RollbackArgs {
        let account = AccountArgs {
            stack: "s".parse().unwrap(),
            region: None,
            profile: None,
            config: crate::args::config::ConfigArgs::default(),
        };
        RollbackArgs { account, skip: ids(skip), force, cancel, yes: false }
    }

    #[test]
    fn only_what_got_stuck_is_skipped() {
        let stuck = ids(&["A", "B"]);
        let skip = |asked: &[&str], force| args(asked, force, false).skip(&stuck).unwrap();
        assert_eq!(skip(&[], false), Skip::None);
        assert_eq!(skip(&["B"], false), Skip::These(ids(&["B"])));
        assert_eq!(skip(&[], true), Skip::All);
        assert!(question(&ids(&["B"])).ends_with("and skip `B`?"));
        let text = |stuck: &[String]| {
            crate::error::text(&args(&["C"], false, false).skip(stuck).unwrap_err())
        };
        assert!(text(&stuck).contains("hint: those that can be skipped are `A`, `B`"));
        assert!(text(&[]).contains("hint: there is none"));
    }

    #[test]
    fn a_flag_that_does_not_fit_the_status_is_refused() {
        for status in StackStatus::all() {
            let step = next(&"s".parse().unwrap(), &status);
            let refused = |skip: &[&str], force, cancel| {
                args(skip, force, cancel).check(&step, &status).is_err()
            };
            let expected = match step {
                RollbackStep::Continue => [false, false, false, true],
                RollbackStep::RollBack(_) => [false, true, true, true],
                RollbackStep::Cancel => [true, true, true, false],
                RollbackStep::Nothing(_) | RollbackStep::Stop { .. } => [false; 4],
            };
            let found = [
                refused(&[], false, false),
                refused(&["A"], false, false),
                refused(&[], true, false),
                refused(&[], false, true),
            ];
            assert_eq!(found, expected, "{status}");
        }
    }

    #[test]
    fn every_status_has_a_step_or_a_reason() {
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
            "REVIEW_IN_PROGRESS" | "DELETE_COMPLETE" => "s3guard deploy",
            "UPDATE_ROLLBACK_COMPLETE" | "IMPORT_ROLLBACK_COMPLETE" => "already rolled back",
            "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" => "earlier version",
            _ => "console",
        };
        let name: StackName = "s".parse().unwrap();
        let unknown = StackStatus::from("NEW");
        for status in StackStatus::all().chain([unknown]) {
            let words = match next(&name, &status) {
                RollbackStep::Continue => "continue".to_owned(),
                RollbackStep::RollBack(_) => "roll back".to_owned(),
                RollbackStep::Cancel => "cancel".to_owned(),
                RollbackStep::Nothing(why) => why.to_owned(),
                RollbackStep::Stop { hint, .. } => hint,
            };
            assert!(words.contains(expected(&status)), "{status}: {words}");
        }
    }

    #[test]
    fn no_operation_in_progress_counts_as_rolled_back() {
        for status in StackStatus::all() {
            assert!(!is_rolled_back(&status) || status.is_settled(), "{status}");
            let failed = status.as_str().ends_with("_FAILED");
            assert!(!(is_rolled_back(&status) && failed), "{status}");
        }
        let name = "s".parse().unwrap();
        let hint = after_failure(&name, &StackStatus::from("UPDATE_ROLLBACK_FAILED"));
        assert!(hint.contains("s3guard rollback --stack s --skip ID"), "{hint}");
        let hint = after_failure(&name, &StackStatus::from("UPDATE_COMPLETE"));
        assert_eq!(hint, "the update ended before it could be cancelled");
    }
}
