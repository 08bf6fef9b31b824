//! Carries out the plan: protection, the stack, its buckets, and the code bucket.

use std::collections::BTreeMap;

use anyhow::anyhow;
use s3guard_aws::code_bucket::CodeBucket;
use s3guard_aws::emptying::{Emptying, Outcome as Emptied, Tally};
use s3guard_aws::stacks::deletion::Deletion;
use s3guard_aws::stacks::{Event, Operation, Resource};

use crate::args::removal::RemovalArgs;
use crate::error;
use crate::operations::destroy::plan::{DestroyPlan, reason, way};
use crate::operations::destroy::pruning;
use crate::operations::destroy::report::{DestroyOutcome, EmptiedBucket, InRegion, Item, grouped};
use crate::operations::destroy::step::DestroyStep;
use crate::operations::follow;
use crate::operations::follow::{Ended, Follower};
use crate::operations::interrupt::Run;
use crate::operations::pause;

/// Progress is reported after this many deleted versions.
const REPORTED_EVERY: u64 = 10_000;

impl DestroyPlan {
    /// Carries the plan out; the report is complete also after a failure.
    pub(crate) async fn carry_out(
        mut self,
        args: &RemovalArgs,
        run: &Run,
    ) -> (InRegion, anyhow::Result<()>) {
        let done = self.remove(args, run).await;
        self.report.outcome = match (&done, &self.stack) {
            (Err(_), _) => DestroyOutcome::Failed,
            (Ok(()), Some(_)) => DestroyOutcome::Deleted,
            (Ok(()), None) => DestroyOutcome::Absent,
        };
        (self.report, done)
    }

    async fn remove(&mut self, args: &RemovalArgs, run: &Run) -> anyhow::Result<()> {
        let is_there = matches!(
            self.step,
            DestroyStep::Delete | DestroyStep::DeleteAgain | DestroyStep::Follow
        );
        if is_there {
            self.delete_stack(args, run).await?;
            self.output.say(format_args!("stack `{}` deleted", self.name));
        }
        let emptied = self.remove_buckets().await;
        if let Some(bucket) = self.code.take() {
            self.remove_code_bucket(&bucket).await?;
        } else if is_there {
            pruning::prune(&self.account, None, &BTreeMap::new(), &self.output, run.now).await;
        }
        self.advise();
        emptied
    }

    /// Deletes the stack. If its buckets are not empty, they are emptied, if that was approved, and it is tried again.
    async fn delete_stack(&mut self, args: &RemovalArgs, run: &Run) -> anyhow::Result<()> {
        let mut ended = self
            .delete_once(args, run, (self.step != DestroyStep::Follow).then(|| run.token.clone()))
            .await?;
        let mut full = Vec::new();
        if !is_gone(&ended) {
            full = self.members().await.into_iter().filter(Resource::is_full_bucket).collect();
            let is_full = |emptying: &&Emptying| {
                full.iter().any(|one| one.physical_id == emptying.name().as_str())
            };
            let agreed = self.to_empty.iter().map(|(emptying, _)| emptying);
            let agreed: Vec<&Emptying> = agreed.filter(is_full).collect();
            if !agreed.is_empty() && agreed.len() == full.len() {
                for emptying in agreed {
                    self.output.say(format_args!(
                        "bucket `{}` is not empty, so the stack could not be deleted: it is emptied",
                        emptying.name()
                    ));
                    emptying.empty(&mut Tally::default(), &mut |_| {}).await?;
                }
                ended = self.delete_once(args, run, Some(format!("{}-again", run.token))).await?;
            }
        }
        if !is_gone(&ended) {
            let what = format!("stack `{}` was not completely deleted", self.name);
            let hint = self.hint_after_failure(&full, &ended).await;
            return Err(follow::failed(&what, &ended, &hint));
        }
        // What CloudFormation reports as left behind overrides the plan.
        for event in ended.events.iter().filter(|event| event.is_left_behind()) {
            let (kind, name) = (event.resource_type.clone(), event.physical_id.clone());
            // The policy of a bucket has its name.
            let is_known = self.report.retained.iter().any(|item| item.name == name)
                || self.to_empty.iter().any(|(emptying, _)| emptying.name().as_str() == name);
            if !is_known {
                self.report.deleted.retain(|item| item.name != name);
                let reason =
                    if args.force { "it could not be deleted" } else { reason(&kind, false) };
                let (reason, logical_id) = (reason.to_owned(), event.logical_id.clone());
                self.report.retained.push(Item {
                    kind,
                    name,
                    logical_id,
                    reason,
                    is_unplanned: true,
                });
            }
        }
        Ok(())
    }

    /// Starts the deletion, or follows one in progress. If it does not begin, the protection is enabled again.
    async fn delete_once(
        &self,
        args: &RemovalArgs,
        run: &Run,
        token: Option<String>,
    ) -> anyhow::Result<Ended> {
        let Some(stack) = &self.stack else { return Err(anyhow!("there is no stack")) };
        let follower =
            Follower::new(&self.stacks, &self.output, &run.interrupts, &stack.id, token.as_deref())
                .await
                .of(self.members.len());
        let Some(token) = token else { return follower.follow().await };
        // The first attempt has already disabled it.
        if stack.protected
            && self.stacks.describe(&stack.id).await?.is_some_and(|now| now.protected)
        {
            self.stacks.protect(&stack.id, false).await?;
            self.output.say(format_args!("stack `{}` is not protected any more", self.name));
        }
        pause::end_before_deletion(&self.account.connection, stack).await?;
        let deletion = Deletion { token, role_arn: args.role_arn.clone(), way: way(args) };
        let ended = match self.stacks.delete_as(&stack.id, &deletion).await {
            Ok(()) => follower.follow().await,
            Err(error) => Err(error.into()),
        };
        match ended {
            Err(error) if stack.protected => Err(self.protect_again(&stack.id, error).await),
            ended => ended,
        }
    }

    /// Enables the protection of a stack whose deletion has not begun.
    async fn protect_again(&self, stack_id: &str, error: anyhow::Error) -> anyhow::Error {
        let is_deleted = match self.stacks.describe(stack_id).await {
            Ok(Some(stack)) => matches!(stack.status.known(), Some((Operation::Delete, _))),
            Ok(None) => true,
            Err(_) => false,
        };
        if is_deleted {
            return error;
        }
        match self.stacks.protect(stack_id, true).await {
            Ok(()) => self.output.say(format_args!("stack `{}` is protected again", self.name)),
            Err(problem) => self.output.warn(format_args!(
                "stack `{}` is NOT protected any more, and could not be protected again: {problem}",
                self.name
            )),
        }
        error
    }

    /// The current resources, if they can be read.
    async fn members(&self) -> Vec<Resource> {
        let Some(stack) = &self.stack else { return Vec::new() };
        self.stacks.resources(&stack.id).await.unwrap_or_default()
    }

    /// How to go on after a deletion that has failed.
    async fn hint_after_failure(&self, full: &[Resource], ended: &Ended) -> String {
        let destroy =
            format!("`s3guard destroy --stack {} --region {}", self.name, self.report.region);
        if let [first, ..] = full {
            let names: Vec<_> = full.iter().map(|one| format!("`{}`", one.physical_id)).collect();
            return format!(
                "not empty: {}; {destroy} --empty-buckets` empties the stack's own buckets, {destroy} --retain {}` retains one in \
                 the account",
                names.join(", "),
                first.logical_id
            );
        }
        // Forced, the deletion would leave resources behind whose names the next deployment needs.
        if follow::first_cause(&ended.events).is_some_and(Event::is_passing) {
            return format!("then run {destroy}` again");
        }
        match self.members().await.iter().find(|one| one.could_not_go()) {
            None => format!("fix the cause, then {destroy}` again"),
            Some(one) => format!(
                "fix the cause, then {destroy}` again; or retain in the account what cannot be deleted: {destroy} --retain \
                 {}` for one resource, {destroy} --force` for all",
                one.logical_id
            ),
        }
    }

    /// Empties and deletes the buckets that the stack retained. A failure does not stop the others.
    async fn remove_buckets(&mut self) -> anyhow::Result<()> {
        self.report.emptied.clear();
        let mut first_failure = None;
        for (emptying, _) in std::mem::take(&mut self.to_empty) {
            let name = emptying.name().clone();
            let mut reported = 0;
            let output = &self.output;
            let removed = emptying.remove(|tally| {
                if tally.deleted >= reported + REPORTED_EVERY {
                    reported = tally.deleted;
                    output.say(format_args!("bucket `{name}`: {} deleted", grouped(reported)));
                }
            });
            let failure = match removed.await {
                Ok((tally, outcome)) => {
                    self.report.emptied.push(EmptiedBucket::done(&name, &tally, &outcome));
                    let failure = left(name.as_str(), &tally, &outcome, &self.report.region);
                    if failure.is_none() {
                        let deleted = grouped(tally.deleted);
                        self.output.say(format_args!(
                            "bucket `{name}` emptied ({deleted} deleted) and deleted"
                        ));
                    }
                    failure
                }
                Err(error) => Some(
                    anyhow::Error::new(error).context(format!("bucket `{name}` was not emptied")),
                ),
            };
            if let Some(failure) = failure {
                self.report.retained.push(Item::bucket(&name, "it could not be emptied"));
                if first_failure.is_some() {
                    self.output.warn(format_args!("{failure:#}"));
                } else {
                    first_failure = Some(failure);
                }
            }
        }
        first_failure.map_or(Ok(()), Err)
    }

    /// Empties and deletes the code bucket, unless a stack uses it by now.
    async fn remove_code_bucket(&mut self, bucket: &CodeBucket) -> anyhow::Result<()> {
        let name = bucket.name();
        let users = pruning::users(&self.stacks, name, None).await?.stacks;
        if users.is_empty() {
            let (tally, outcome) = bucket.emptying().remove(|_| {}).await?;
            if let Some(failure) = left(name.as_str(), &tally, &outcome, &self.report.region) {
                return Err(failure);
            }
            self.output.say(format_args!("bucket `{name}` emptied and deleted"));
            return Ok(());
        }
        let reason = format!("used by stack `{}`", users.join("`, `"));
        self.output.warn(format_args!("bucket `{name}` stays: it is {reason}"));
        self.report.deleted.retain(|item| item.name != name.as_str());
        self.report.retained.push(Item::bucket(name, reason));
        Ok(())
    }

    fn advise(&self) {
        let InRegion { region, retained, .. } = &self.report;
        let is_ours = |item: &&Item| {
            ["-logs-", "-ledger-", "-trail-"].iter().any(|word| item.name.contains(word))
        };
        if retained.iter().any(|item| is_ours(&item)) {
            self.output.say(format_args!(
                "`s3guard deploy --stack {0} --region {region}` takes the buckets back; `s3guard destroy --stack {0} --region \
                 {region} --empty-buckets` deletes them with their content",
                self.name
            ));
        }
        for key in retained.iter().filter(|item| item.kind == "AWS::KMS::Key") {
            self.output.say(format_args!(
                "key `{0}` costs money until it is deleted, and data that it encrypted cannot be read after that: `aws kms \
                 schedule-key-deletion --region {region} --key-id {0} --pending-window-in-days 30`. A new deployment creates \
                 another key, and needs this one to read the ledger",
                key.name
            ));
        }
    }
}

fn is_gone(ended: &Ended) -> bool {
    ended.stack.as_ref().is_none_or(|stack| stack.status.is_deleted())
}

fn left(name: &str, tally: &Tally, outcome: &Emptied, region: &str) -> Option<anyhow::Error> {
    let Tally { deleted, locked, failed, locks, first_failure, .. } = tally;
    let (what, hint) = match outcome {
        Emptied::Gone => return None,
        Emptied::Refilled => (
            anyhow!("bucket `{name}` is written to as fast as it is emptied"),
            "stop what writes to it, then run the command again".to_owned(),
        ),
        Emptied::Holds if *locked > 0 => (
            anyhow!(
                "bucket `{name}` stays, {} of its objects held by {locks}; {} others were deleted",
                grouped(*locked),
                grouped(*deleted)
            ),
            if locks.governance.is_some() {
                "`--bypass-governance` deletes objects in governance mode, with the permission \
                 `s3:BypassGovernanceRetention`; the same command deletes the rest when its retention ends"
                    .to_owned()
            } else {
                "they cannot be deleted before their retention ends or the legal hold is removed; then the same command \
                 deletes them and the bucket"
                    .to_owned()
            },
        ),
        Emptied::Holds => (
            anyhow!("{}", first_failure.as_deref().unwrap_or("no reason was given")).context(
                format!(
                    "bucket `{name}` stays: deleting {} of its objects failed",
                    grouped(*failed)
                ),
            ),
            format!(
                "the caller needs `s3:DeleteObjectVersion` and `s3:DeleteObject` on `{name}` in `{region}`, and nothing there may \
                 deny them; then run the command again"
            ),
        ),
    };
    Some(error::hinted(what, hint))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use s3guard_aws::emptying::Locks;

    use super::*;

    #[test]
    fn why_a_bucket_is_still_there_is_said_with_the_way() {
        let said = |tally: &Tally, outcome: Emptied| {
            let error = left("logs", tally, &outcome, "eu-west-1");
            error.map_or_else(|| "gone\n".to_owned(), |error| error::text(&error))
        };
        let held = Tally { deleted: 1200, locked: 2, ..Tally::default() };
        let governed = Locks { looked_at: 2, governance: Some(None), ..Locks::default() };
        let refused = Tally {
            failed: 3,
            first_failure: Some("AccessDenied: no".to_owned()),
            ..Tally::default()
        };
        let all = [
            said(&Tally::default(), Emptied::Gone),
            said(&Tally::default(), Emptied::Refilled),
            said(&held, Emptied::Holds),
            said(&Tally { locks: governed, ..held.clone() }, Emptied::Holds),
            said(&refused, Emptied::Holds),
        ];
        expect![[r#"
            gone
            error: bucket `logs` is written to as fast as it is emptied

            hint: stop what writes to it, then run the command again
            error: bucket `logs` stays, 2 of its objects held by an object lock; 1,200 others were deleted

            hint: they cannot be deleted before their retention ends or the legal hold is removed; then the same command deletes them and the bucket
            error: bucket `logs` stays, 2 of its objects held by governance mode; 1,200 others were deleted

            hint: `--bypass-governance` deletes objects in governance mode, with the permission `s3:BypassGovernanceRetention`; the same command deletes the rest when its retention ends
            error: bucket `logs` stays: deleting 3 of its objects failed
              caused by: AccessDenied: no

            hint: the caller needs `s3:DeleteObjectVersion` and `s3:DeleteObject` on `logs` in `eu-west-1`, and nothing there may deny them; then run the command again
        "#]].assert_eq(&all.concat());
    }
}
