//! Change sets: created for all Regions or none, then carried out or deleted.

use std::collections::BTreeMap;

use anyhow::anyhow;
use futures_util::future::join_all;
use s3guard_aws::AwsError;
use s3guard_aws::stacks::change_set::ChangeSetKind;
use s3guard_aws::stacks::{
    ChangeSet, ChangeSetRequest, ChangeSetState, Event, Manner, OnFailure, Ready, Stack,
};
use s3guard_aws::wait::{self, Pace};
use s3guard_posture::config::Config;
use s3guard_posture::contract::parameter;
use serde_json::Value as Json;
use tokio::time::Instant;

use crate::args::wanted::WantedArgs;
use crate::error;
use crate::error::Advice as _;
use crate::operations::deploy::asking::Asking;
use crate::operations::deploy::broadening::{Given, broadening};
use crate::operations::deploy::lowered::{Compared, lowered};
use crate::operations::deploy::packaged::Packaged;
use crate::operations::deploy::plan::DeployPlan;
use crate::operations::deploy::review::Review;
use crate::operations::deploy::step;
use crate::operations::deploy::step::DeployStep;
use crate::operations::deploy::target::DeployTarget;
use crate::operations::deploy::{
    all_or_none, earlier, guarded, kept, replacement, reserved, reviewed, trail, upload,
};
use crate::operations::follow;
use crate::operations::follow::Follower;
use crate::operations::interrupt::Run;
use crate::operations::regions::ByRegion;
use crate::operations::session;
use crate::package;
use crate::package::Package;

/// How long CloudFormation may take to create a change set.
const LIMIT: std::time::Duration = std::time::Duration::from_mins(10);

/// The answer of CloudFormation to a plan.
pub(crate) struct Answer {
    pub(crate) target: DeployTarget,
    /// `None` if there is nothing to change.
    pub(crate) proposal: Option<Proposal>,
}

/// A change set that can be carried out.
pub(crate) struct Proposal {
    pub(crate) set: ChangeSet,
    pub(crate) review: Review,
    ready: Ready,
    /// Whether this run created it: a change set of an earlier run is not deleted.
    is_new: bool,
}

impl Answer {
    /// Creates the change set. A failed one is explained, and deleted with what it left.
    pub(crate) async fn ask(
        plan: DeployPlan,
        request: &ChangeSetRequest,
        uploaded: &str,
    ) -> anyhow::Result<Self> {
        let target = &plan.target;
        let set = target.stacks.create_change_set(request).await;
        let set = set.or_else(|error| in_between(error, target))?;
        let proposal = match settled(target, &set).await? {
            ChangeSetState::Empty => {
                // If it cannot be deleted, it is harmless.
                let _ = target.stacks.delete_change_set(&set).await;
                None
            }
            ChangeSetState::Ready(mut ready) => {
                // The description does not always repeat it.
                ready.says_on_failure |= request.manner.says_on_failure();
                ready.keeps_failures |=
                    request.manner.is_express && request.manner.on_failure == OnFailure::Keep;
                let new = Given { template: &plan.template, parameters: plan.parameters.clone() };
                let reviewed = async {
                    reviewed::compare(&plan, &set, uploaded, &ready).await?;
                    let mut review = review(target, Some(&new), &ready).await?;
                    let compared = Compared::of(target, Some(&plan.config), &new.parameters);
                    review.compared(compared.await);
                    // The same package was approved before.
                    if plan.pinned.is_none() {
                        review.carried.clone_from(&plan.carried);
                    }
                    anyhow::Ok(review)
                };
                let reviewed = reviewed.await;
                match reviewed {
                    Ok(review) => Some(Proposal { set, review, ready, is_new: true }),
                    Err(error) => {
                        let _ = target.stacks.delete_change_set(&set).await;
                        target.remove_name(&set, &request.name).await;
                        return Err(error);
                    }
                }
            }
            ChangeSetState::Pending => return Err(late(&set)),
            ChangeSetState::Failed(reason) => {
                let error = refused(target, &set, reason).await;
                target.remove_name(&set, &request.name).await;
                return Err(error);
            }
        };
        Ok(Self { target: plan.target, proposal })
    }

    /// Finds a change set of an earlier run, by its id or name.
    pub(crate) async fn find(target: DeployTarget, id: &str) -> anyhow::Result<Self> {
        let Some(stack) = &target.found else {
            return Err(anyhow!("stack `{}` does not exist, so it has no change set", target.name))
                .hint("deploy without `--change-set`");
        };
        let set = ChangeSet { id: id.to_owned(), stack_id: stack.id.clone() };
        let problem = match target.stacks.change_set(&set).await {
            Ok(ChangeSetState::Ready(ready)) => {
                let new = target.stacks.template(&set.stack_id, Some(&set)).await.ok().flatten();
                let new = new.and_then(|text| serde_json::from_str::<Json>(&text).ok());
                let parameters = ready.parameters.clone();
                reviewed::check_pinned(&target, &parameters).await?;
                let new = new.as_ref().map(|template| Given { template, parameters });
                let mut review = review(&target, new.as_ref(), &ready).await?;
                review.compared(Compared::of(&target, None, &ready.parameters).await);
                let proposal = Some(Proposal { set, review, ready, is_new: false });
                return Ok(Self { target, proposal });
            }
            Ok(ChangeSetState::Pending) => anyhow!("change set `{id}` is still being created"),
            Ok(ChangeSetState::Empty) => anyhow!("change set `{id}` has no changes"),
            Ok(ChangeSetState::Failed(reason)) => {
                anyhow!("change set `{id}` cannot be carried out: {reason}")
            }
            Err(error) => error.into(),
        };
        Err(error::hinted(problem, "create another with `s3guard deploy --no-execute`"))
    }

    /// Deletes the change set of this run, and the empty stack that it may have left.
    pub(crate) async fn withdraw(&self, token: &str) {
        if let Some(proposal) = self.proposal.as_ref().filter(|proposal| proposal.is_new) {
            let _ = self.target.stacks.delete_change_set(&proposal.set).await;
            self.target.remove_name(&proposal.set, token).await;
        }
    }
}

impl Proposal {
    /// Whether what was done before a failure stays, given what the command says about failures.
    fn keeps_failures(&self, on_failure: OnFailure) -> bool {
        if self.ready.says_on_failure {
            return self.ready.keeps_failures;
        }
        on_failure == OnFailure::Keep
    }

    /// Refuses replacements that CloudFormation would refuse while it carries the change set out.
    pub(crate) fn check_replacements(
        &self,
        target: &DeployTarget,
        on_failure: OnFailure,
    ) -> anyhow::Result<()> {
        if !self.keeps_failures(on_failure) {
            return Ok(());
        }
        if let Some(warning) = replacement::warning(&self.ready.changes) {
            target.output.warn(warning);
        }
        let has_failed = step::next(target.found.as_ref().map(|stack| &stack.status));
        let place = (has_failed == DeployStep::Failed).then(|| target.place());
        replacement::check(&self.ready.changes, place.as_deref())
    }

    /// Carries it out and waits for the end; returns the stack.
    pub(crate) async fn carry_out(
        &self,
        target: &DeployTarget,
        on_failure: OnFailure,
        run: &Run,
    ) -> anyhow::Result<Option<Stack>> {
        let DeployTarget { stacks, output, name, .. } = target;
        let (id, token) = (&self.set.stack_id, run.token.as_str());
        let follower = Follower::new(stacks, output, &run.interrupts, id, Some(token)).await;
        let begun = async {
            kept::unlock(target, &self.review.imported).await?;
            let executed = stacks.execute(&self.set, &self.ready, on_failure, token).await;
            executed.or_else(|error| in_between(error, target))
        };
        let begun = begun.await;
        if begun.is_err() {
            kept::lock(target, &self.review.imported).await;
        }
        begun?;
        let ended = follower.of(self.ready.changes.len()).follow().await?;
        if ended.stack.as_ref().is_some_and(|stack| stack.status.is_success()) {
            return Ok(ended.stack);
        }
        kept::lock(target, &self.review.imported).await;
        let verb = if self.review.is_new { "created" } else { "updated" };
        let what = format!("stack `{name}` was not {verb}");
        let status = ended.stack.as_ref().map(|stack| &stack.status);
        let is_refused = |event: &Event| event.refuses_replacement();
        let then = if follow::first_cause(&ended.events).is_some_and(is_refused) {
            step::after_refused_replacement(&target.place())
        } else {
            step::after_failure(&target.place(), status)
        };
        Err(follow::failed(&what, &ended, &then))
    }
}

/// Checks every deployment, builds the packages, then creates the change sets. If one fails, those of the other Regions are deleted.
pub(crate) async fn propose(
    targets: Vec<DeployTarget>,
    asking: &Asking<'_>,
) -> anyhow::Result<Vec<Answer>> {
    let Asking { wanted, configuration, output, run, .. } = *asking;
    let contents = Packaged::new(wanted, configuration, output)?;
    let guards = trail::of_each(&targets, &wanted.guard, configuration).await;
    let guarded = guarded::regions(&targets).await;
    let plans = targets.into_iter().zip(&guards).map(|(target, guard)| {
        let region = target.region().to_string();
        (region, DeployPlan::new(target, guard, asking, &contents, &guarded))
    });
    let plans = all_or_none(plans.collect::<ByRegion<_>>(), output)?;
    for plan in &plans {
        reserved::check(plan).await?;
    }
    let packages = packages(&plans, wanted, configuration).await?;
    let answers = plans.into_iter().map(|plan| async {
        let region = plan.target.region().to_string();
        let package = &packages[plan.architecture.as_str()];
        let plan = plan.with(package, wanted.revert_drift);
        (region, answer(plan, asking, &packages).await)
    });
    let answers: ByRegion<Answer> = join_all(answers).await.into_iter().collect();
    if !answers.failed.is_empty() {
        for answer in &answers.done {
            answer.withdraw(&run.token).await;
        }
    }
    all_or_none(answers, output)
}

/// The zip for each processor, the same in every Region.
type Packages = BTreeMap<&'static str, Package>;

async fn packages(
    plans: &[DeployPlan],
    wanted: &WantedArgs,
    configuration: Option<&Config>,
) -> anyhow::Result<Packages> {
    let json = configuration.map(Config::to_json);
    let mut packages = BTreeMap::new();
    for architecture in plans.iter().map(|plan| plan.architecture) {
        if packages.contains_key(architecture.as_str()) {
            continue;
        }
        let (source, json) = (wanted.source(), json.clone());
        let package =
            session::blocking(move || package::make(&source, architecture, json.as_deref()))
                .await?;
        packages.insert(architecture.as_str(), package);
    }
    Ok(packages)
}

/// Uploads package and template, and creates the change set, unless nothing changes.
async fn answer(
    mut plan: DeployPlan,
    asking: &Asking<'_>,
    packages: &Packages,
) -> anyhow::Result<Answer> {
    if plan.is_unchanged {
        return Ok(Answer { target: plan.target, proposal: None });
    }
    let Asking { wanted, run, .. } = asking;
    let target = &plan.target;
    let (account, output) = (&target.account, &target.output);
    let named = wanted.code_bucket.as_ref();
    let bucket = upload::bucket(named, &plan.deployers, account, output).await?;
    let mut manner =
        Manner { reverts_drift: wanted.revert_drift, imports: true, ..Manner::default() };
    if let Some(options) = asking.options {
        manner = options.manner(target.is_new(), wanted);
        let (package, pinned) = (&packages[plan.architecture.as_str()], plan.pinned.as_deref());
        let version = upload::package(&bucket, package, pinned, output).await?;
        plan.parameters.insert(parameter::CODE_VERSION.to_owned(), version);
    }
    if target.is_new() {
        earlier::take_over(target, &plan.template, &mut plan.parameters).await?;
    }
    let sent = reviewed::text(&plan.template);
    target.remove_shell(run).await?;
    let request = ChangeSetRequest {
        stack: target.name.clone(),
        name: run.token.clone(),
        kind: if target.is_new() { ChangeSetKind::Create } else { ChangeSetKind::Update },
        template_url: upload::template(sent.clone(), &bucket, output).await?,
        parameters: plan.parameters.clone(),
        tags: plan.tags.clone(),
        manner,
    };
    Answer::ask(plan, &request, &sent).await
}

/// The changes, the permissions that they broaden, and the buckets that they import. If the permissions are unknown, the
/// change needs approval.
async fn review(
    target: &DeployTarget,
    new: Option<&Given<'_>>,
    ready: &Ready,
) -> anyhow::Result<Review> {
    let is_new = target.is_new();
    let old = target.deployed.as_ref().or(is_new.then_some(&Json::Null));
    let old = old.map(|template| Given { template, parameters: target.previous() });
    let both = old.as_ref().zip(new);
    let grants = both.map(|(old, new)| broadening(old, new));
    let lowered = both.filter(|_| !is_new).map(|(old, new)| lowered(old, new));
    let imported = kept::imported(&ready.changes, &target.account).await?;
    let changes = ready.changes.clone();
    let without_values = ready.without_values.clone();
    let lowered = lowered.unwrap_or_default();
    Ok(Review { changes, grants, lowered, imported, without_values, is_new, ..Review::default() })
}

/// Reports that another operation on the stack is in progress, and how to follow it.
fn in_between<T>(error: AwsError, target: &DeployTarget) -> anyhow::Result<T> {
    if !error.is_busy_stack() {
        return Err(error.into());
    }
    let (name, region) = (&target.name, target.region());
    Err(anyhow::Error::new(error).context(format!("another operation is changing stack `{name}`"))).hint(format!(
        "`s3guard events --follow --stack {name} --region {region}` shows it; deploy again afterwards, or with `--wait`"
    ))
}

/// Explains why a change set failed, and deletes it.
async fn refused(target: &DeployTarget, set: &ChangeSet, reason: String) -> anyhow::Error {
    let DeployTarget { stacks, output, name, .. } = target;
    let found = stacks.validation_failures(set).await.unwrap_or_default();
    for event in &found {
        output.say(follow::line(event));
    }
    let _ = stacks.delete_change_set(set).await;
    let reason = follow::first_cause(&found)
        .map_or(reason, |event| format!("`{}`: {}", event.logical_id, follow::reason(event)));
    let what = format!("CloudFormation rejects the change of stack `{name}`");
    error::hinted(
        anyhow!("{reason}").context(what),
        "nothing was changed; fix the cause and deploy again",
    )
}

/// Waits until a change set is created.
async fn settled(target: &DeployTarget, set: &ChangeSet) -> anyhow::Result<ChangeSetState> {
    let state = async || {
        let state = target.stacks.change_set(set).await?;
        Ok((state != ChangeSetState::Pending).then_some(state))
    };
    let deadline = Instant::now() + LIMIT;
    match wait::until(Pace::default(), deadline, AwsError::is_transient, state).await {
        Ok(settled) => Ok(settled.unwrap_or(ChangeSetState::Pending)),
        Err(error) => in_between(error, target),
    }
}

fn late(set: &ChangeSet) -> anyhow::Error {
    let minutes = LIMIT.as_secs() / 60;
    let error = anyhow!("change set `{}` is not ready after {minutes} minutes", set.id)
        .context("CloudFormation did not finish the change set; nothing was changed");
    error::hinted(
        error,
        "deploy again later; the AWS Health Dashboard shows whether CloudFormation has a problem",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_change_set_comes_with_what_to_do() {
        let set = ChangeSet { id: "set".to_owned(), stack_id: "s".to_owned() };
        let text = error::text(&late(&set));
        assert!(
            text.contains("`set` is not ready after 10 minutes\n\nhint: deploy again"),
            "{text}"
        );
    }
}
