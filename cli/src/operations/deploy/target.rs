//! The stack of one Region, with the next step.

use std::collections::BTreeMap;

use anyhow::anyhow;
use s3guard_aws::stacks::{ChangeSet, OnFailure, Stack, Stacks};
use s3guard_posture::{Region, StackName};
use serde_json::Value as Json;

use crate::args::deploy_options::OptionArgs;
use crate::error::Advice as _;
use crate::operations::deploy::names;
use crate::operations::deploy::step;
use crate::operations::deploy::step::DeployStep;
use crate::operations::follow;
use crate::operations::follow::Follower;
use crate::operations::interrupt::Run;
use crate::operations::session;
use crate::operations::session::{Account, AccountArgs};
use crate::ui::output::Output;

/// A stack that can be created or updated.
pub(crate) struct DeployTarget {
    pub(crate) name: StackName,
    pub(crate) account: Account,
    pub(crate) stacks: Stacks,
    pub(crate) output: Output,
    pub(crate) found: Option<Stack>,
    pub(crate) step: DeployStep,
    /// The template of an existing stack; `None` if it cannot be read, or is not JSON.
    pub(crate) deployed: Option<Json>,
}

impl DeployTarget {
    /// Finds the stack, and refuses one that cannot be updated or is not a guard.
    pub(crate) async fn find(
        args: &AccountArgs,
        output: Output,
        options: Option<&OptionArgs>,
        run: &Run,
    ) -> anyhow::Result<Self> {
        let name = args.stack.clone();
        let account = Account::open(args).await?;
        names::check_region(account.connection.region())?;
        let (region, number) = (account.connection.region(), &account.caller.account);
        output.say(format_args!("stack `{name}` in `{region}`, account `{number}`"));
        let stacks = Stacks::new(&account.connection);
        let mut found = stacks.describe(name.as_str()).await?;
        if let Some(stack) = &found {
            session::check_is_guard(&stacks, stack, &name).await?;
        }
        if options.is_some_and(|options| options.wait)
            && let Some(stack) = found.take_if(|stack| !stack.status.is_settled())
        {
            output.say(format_args!(
                "it is in `{}`: waiting for the end of that operation",
                stack.status
            ));
            let interrupts = &run.interrupts;
            let follower = Follower::new(&stacks, &output, interrupts, &stack.id, None).await;
            follower.follow().await?;
            found = stacks.describe(name.as_str()).await?;
        }
        if let Some(stack) = &found
            && stack.status.is_review()
        {
            output.say(
                "an earlier change set was never carried out: the stack is created under its name",
            );
        }
        // CloudFormation updates a stack after a kept failure only if the next failure is kept, too; `diff` always can.
        let keeps = options.is_none_or(|options| options.on_failure == OnFailure::Keep);
        let step = permitted_step(&name, region, found.as_ref(), keeps)?;
        let deployed = match &found {
            // Without it, CloudFormation decides whether anything changes.
            Some(stack) if step == DeployStep::Update => {
                stacks.template(&stack.id, None).await.ok().flatten()
            }
            Some(_) | None => None,
        };
        let deployed = deployed.and_then(|text| serde_json::from_str(&text).ok());
        Ok(Self { name, account, stacks, output, found, step, deployed })
    }

    /// The stack and its Region, as flags.
    pub(crate) fn place(&self) -> String {
        step::place(self.name.as_str(), self.region().as_str())
    }

    pub(crate) fn region(&self) -> &Region {
        self.account.connection.region()
    }

    /// Whether the stack is created, not updated.
    pub(crate) fn is_new(&self) -> bool {
        matches!(self.step, DeployStep::Create | DeployStep::Remake)
    }

    /// Whether a failed creation left an empty stack, for which no change set can be created.
    pub(crate) fn is_shell(&self) -> bool {
        self.step == DeployStep::Remake
    }

    /// Deletes the empty stack that a change set of this run has left; if that fails, it is harmless. An empty stack
    /// of another change set stays.
    pub(crate) async fn remove_name(&self, set: &ChangeSet, token: &str) {
        if (self.found.is_none() || self.is_shell())
            && let Ok(Some(stack)) = self.stacks.describe(&set.stack_id).await
            && stack.status.is_review()
        {
            let _ = self.stacks.delete(&set.stack_id, &format!("{token}-remove-name")).await;
        }
    }

    /// The parameters of the stack; none of a new one. Those of a failed creation are what was requested then.
    pub(crate) fn previous(&self) -> BTreeMap<String, String> {
        match (&self.found, self.step) {
            (Some(stack), DeployStep::Update | DeployStep::Remake) => stack.parameters.clone(),
            (_, DeployStep::Create | DeployStep::Busy | DeployStep::Failed | DeployStep::Stuck)
            | (None, _) => BTreeMap::new(),
        }
    }

    /// Deletes the empty stack that a failed creation left.
    pub(crate) async fn remove_shell(&self, run: &Run) -> anyhow::Result<()> {
        let (DeployStep::Remake, Some(shell)) = (self.step, &self.found) else { return Ok(()) };
        self.output.say(format_args!(
            "the stack is in `{}` and empty: it is deleted and created again",
            shell.status
        ));
        let token = format!("{}-remove", run.token);
        let Self { stacks, output, .. } = self;
        let interrupts = &run.interrupts;
        let follower = Follower::new(stacks, output, interrupts, &shell.id, Some(&token)).await;
        self.stacks.delete(&shell.id, &token).await?;
        let ended = follower.follow().await?;
        match &ended.stack {
            None => Ok(()),
            Some(stack) if stack.status.is_deleted() => Ok(()),
            Some(_) => {
                let what = "the empty stack could not be deleted";
                Err(follow::failed(what, &ended, "delete it in the CloudFormation console"))
            }
        }
    }
}

/// The next step, if there is one.
fn permitted_step(
    name: &StackName,
    region: &Region,
    found: Option<&Stack>,
    keeps_failures: bool,
) -> anyhow::Result<DeployStep> {
    let step = step::next(found.map(|stack| &stack.status));
    let status = found.map_or("", |stack| stack.status.as_str());
    let place = step::place(name.as_str(), region.as_str());
    match step {
        DeployStep::Create | DeployStep::Update | DeployStep::Remake => Ok(step),
        // CloudFormation: "This stack is currently in a non-terminal [UPDATE_FAILED] state. To update the stack from this
        // state, please use the disable-rollback parameter".
        DeployStep::Failed if keeps_failures => Ok(DeployStep::Update),
        DeployStep::Busy => Err(anyhow!(
            "stack `{name}` is in `{status}`: an operation is in progress"
        ))
        .hint(format!(
            "`s3guard events --follow {place}` shows it; `--wait` waits for its end and deploys"
        )),
        DeployStep::Failed | DeployStep::Stuck => {
            Err(anyhow!("stack `{name}` is in `{status}` and cannot be updated"))
                .hint(step::hint(&place, found.map(|stack| &stack.status)))
        }
    }
}
