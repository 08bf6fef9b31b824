//! A stack brought back to where it last was well.
//!
//! Here is the story; `step` decides what comes next.

mod step;

use std::fmt;

use anyhow::anyhow;
use s3guard_aws::stacks::rollback::Skip;
use s3guard_aws::stacks::{Resource, Stack, StackStatus, Stacks};
use serde::Serialize;

use crate::args::rollback::RollbackArgs;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::follow;
use crate::operations::follow::Follower;
use crate::operations::interrupt::Run;
use crate::operations::rollback::step::Step;
use crate::operations::session;
use crate::operations::session::Account;
use crate::ui::output::Output;

/// Brings the guard's stack back, after a person has agreed.
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
    let step = step::next(&stack.status);
    let question = match step {
        Step::Continue => String::new(),
        Step::RollBack(what) => format!("roll back {what}?"),
        Step::Cancel => "cancel the update, which is rolled back then?".to_owned(),
        Step::Stop(why) => return Err(why.error(name, &stack.status)).hint(why.hint(name)),
    };
    args.check(step, &stack.status)?;
    let choice = match step {
        Step::Continue => Some(args.choice(&stacks, &stack, output).await?),
        Step::RollBack(_) | Step::Cancel | Step::Stop(_) => None,
    };
    if !args.yes {
        let question = choice.as_ref().map_or(question, Choice::question);
        session::confirm(&format!("rolling back stack `{name}`"), &question, output).await?;
    }
    let token = run.token.as_str();
    let follower = Follower::new(&stacks, output, &run.interrupts, &stack.id, Some(token)).await;
    match &choice {
        Some(choice) => stacks.continue_rollback(&stack.id, &choice.skip, token).await?,
        None if step == Step::Cancel => stacks.cancel_update(&stack.id, token).await?,
        None => stacks.roll_back(&stack.id, token).await?,
    }
    let ended = follower.follow().await?;
    let status =
        ended.stack.as_ref().map_or(StackStatus::from("DELETE_COMPLETE"), |s| s.status.clone());
    if !step::is_back(&status) {
        let what = format!("stack `{name}` was not rolled back");
        return Err(follow::failed(&what, &ended, &step::after_failure(name, &status)));
    }
    output.say(format_args!("stack `{name}` is back, in `{status}`"));
    let skipped = choice.map(|choice| choice.skipped).unwrap_or_default();
    if !skipped.is_empty() {
        output.warn(
            "what was skipped is not as the template has it: mend it by hand, or have the next `s3guard deploy` set it",
        );
    }
    output.result(&RolledBack { stack: name.to_string(), status: status.to_string(), skipped })?;
    Ok(Exit::Done)
}

impl RollbackArgs {
    /// What was given and does not go with where the stack stands.
    fn check(&self, step: Step, status: &StackStatus) -> anyhow::Result<()> {
        let misplaced = match step {
            Step::Cancel if !self.cancel => {
                return Err(anyhow!("the stack is in `{status}`: an update is going on"))
                    .hint("`--cancel` cancels it; `s3guard events --follow` shows it")
                    .exit(Exit::Usage);
            }
            Step::Continue | Step::RollBack(_) if self.cancel => "--cancel",
            Step::RollBack(_) | Step::Cancel if self.force => "--force",
            Step::RollBack(_) | Step::Cancel if !self.skip.is_empty() => "--skip",
            Step::Continue | Step::RollBack(_) | Step::Cancel | Step::Stop(_) => return Ok(()),
        };
        Err(anyhow!("`{misplaced}` does not go with a stack in `{status}`"))
            .hint("leave it out")
            .exit(Exit::Usage)
    }

    /// What to do about the resources that got stuck, which are named.
    async fn choice(
        &self,
        stacks: &Stacks,
        stack: &Stack,
        output: &Output,
    ) -> anyhow::Result<Choice> {
        let mut resources = stacks.resources(&stack.id).await?;
        resources.retain(Resource::is_stuck);
        if !resources.is_empty() {
            output.say("these could not be rolled back:");
        }
        for Resource { logical_id, resource_type, reason, .. } in &resources {
            let reason = reason.as_deref().unwrap_or("no reason was given");
            output.say(format_args!("  {logical_id} ({resource_type}): {reason}"));
        }
        let ids: Vec<String> = resources.into_iter().map(|resource| resource.logical_id).collect();
        let choice = choose(&self.skip, self.force, &ids)?;
        if choice.skip == Skip::None && !ids.is_empty() {
            output.say(format_args!(
                "mend what is in the way, or leave them as they are with `--skip {}`",
                ids.join(" --skip ")
            ));
        }
        Ok(choice)
    }
}

/// How a rollback that got stuck goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Choice {
    skip: Skip,
    /// What is left as it is, by its logical id.
    skipped: Vec<String>,
}

impl Choice {
    fn question(&self) -> String {
        match (&self.skip, &self.skipped[..]) {
            (Skip::None, _) => "go on with the rollback, and try all of them again?".to_owned(),
            (Skip::These(_) | Skip::All, []) => "go on with the rollback?".to_owned(),
            (Skip::These(_) | Skip::All, ids) => {
                format!("go on with the rollback, and leave `{}` as it is?", ids.join("`, `"))
            }
        }
    }
}

/// CloudFormation skips only what could not be rolled back, and refuses everything else.
fn choose(asked: &[String], force: bool, stuck: &[String]) -> anyhow::Result<Choice> {
    if let Some(id) = asked.iter().find(|id| !stuck.contains(id)) {
        let hint = if stuck.is_empty() {
            "none is: leave `--skip` out".to_owned()
        } else {
            format!("those that can be skipped are `{}`", stuck.join("`, `"))
        };
        return Err(anyhow!("`{id}` is not among the resources that could not be rolled back"))
            .hint(hint)
            .exit(Exit::Usage);
    }
    Ok(if force {
        Choice { skip: Skip::All, skipped: stuck.to_vec() }
    } else if asked.is_empty() {
        Choice { skip: Skip::None, skipped: Vec::new() }
    } else {
        Choice { skip: Skip::These(asked.to_vec()), skipped: asked.to_vec() }
    })
}

/// The result of a rollback.
#[derive(Debug, Serialize)]
struct RolledBack {
    stack: String,
    status: String,
    /// What was left as it is, by its logical id.
    skipped: Vec<String>,
}

impl fmt::Display for RolledBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for id in &self.skipped {
            writeln!(f, "skipped {id}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::account::AccountArgs;

    fn ids(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn only_what_got_stuck_is_skipped() {
        let stuck = ids(&["A", "B"]);
        let choice = |asked: &[&str], force| choose(&ids(asked), force, &stuck).unwrap();
        assert_eq!(choice(&[], false), Choice { skip: Skip::None, skipped: vec![] });
        let some = Choice { skip: Skip::These(ids(&["B"])), skipped: ids(&["B"]) };
        assert_eq!(choice(&["B"], false), some);
        assert_eq!(choice(&[], true), Choice { skip: Skip::All, skipped: stuck.clone() });
        assert!(some.question().ends_with("leave `B` as it is?"));
        let text =
            |stuck: &[String]| crate::error::text(&choose(&ids(&["C"]), false, stuck).unwrap_err());
        assert!(text(&stuck).contains("hint: those that can be skipped are `A`, `B`"));
        assert!(text(&[]).contains("hint: none is"));
    }

    #[test]
    fn a_flag_that_does_not_go_with_where_the_stack_stands_is_refused() {
        let args = |skip: &[&str], force, cancel| RollbackArgs {
            account: AccountArgs {
                stack: "s".parse().unwrap(),
                region: None,
                profile: None,
                config: crate::args::config::ConfigArgs::default(),
            },
            skip: ids(skip),
            force,
            cancel,
            yes: false,
        };
        for status in StackStatus::all() {
            let step = step::next(&status);
            let refused = |skip: &[&str], force, cancel| {
                args(skip, force, cancel).check(step, &status).is_err()
            };
            let expected = match step {
                Step::Continue => [false, false, false, true],
                Step::RollBack(_) => [false, true, true, true],
                Step::Cancel => [true, true, true, false],
                Step::Stop(_) => [false; 4],
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
}
