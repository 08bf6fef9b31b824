//! A plan carried out: protection, the stack, then the buckets that stay without it, and the bucket for code.

use anyhow::anyhow;
use s3guard_aws::emptying::{Emptying, Outcome as Emptied, Tally};
use s3guard_aws::stacks::deletion::{Deletion, Way};
use s3guard_aws::stacks::{Operation, Resource};

use crate::args::removal::RemovalArgs;
use crate::error;
use crate::operations::destroy::plan::{Code, Plan, asked, why};
use crate::operations::destroy::pruning;
use crate::operations::destroy::report::{Bucket, InRegion, Outcome, Stay, grouped};
use crate::operations::destroy::step::{Asked, Step};
use crate::operations::follow;
use crate::operations::follow::{Ended, Follower};
use crate::operations::interrupt::Run;

/// After so many more deleted versions it is said how far it is.
const TOLD_EVERY: u64 = 10_000;

/// Carries the plan out; gives what was done, also when something failed.
pub(crate) async fn carry_out(
    mut plan: Plan,
    args: &RemovalArgs,
    run: &Run,
) -> (InRegion, anyhow::Result<()>) {
    let done = plan.carry_out(args, run).await;
    let was_there = plan.stack.is_some();
    plan.report.outcome = match (&done, was_there) {
        (Err(_), _) => Outcome::Failed,
        (Ok(()), true) => Outcome::Deleted,
        (Ok(()), false) => Outcome::Absent,
    };
    (plan.report, done)
}

impl Plan {
    async fn carry_out(&mut self, args: &RemovalArgs, run: &Run) -> anyhow::Result<()> {
        let is_there = matches!(self.step, Step::Delete | Step::DeleteAgain | Step::Follow);
        if is_there {
            self.delete_stack(args, run).await?;
            self.output.say(format_args!("stack `{}` deleted", self.name));
        }
        let emptied = self.remove_buckets().await;
        match &self.code {
            Code::Goes(_) => self.remove_code_bucket().await?,
            Code::Stays if is_there => {
                pruning::prune(&self.account, None, &self.output, run.now).await;
            }
            Code::Stays => {}
        }
        self.advise();
        emptied
    }

    /// Deletes the stack. Buckets of its own that keep it from going are emptied, if that was agreed to, and it is tried again.
    async fn delete_stack(&mut self, args: &RemovalArgs, run: &Run) -> anyhow::Result<()> {
        let mut ended = self
            .delete_once(args, run, (self.step != Step::Follow).then(|| run.token.clone()))
            .await?;
        let mut full = Vec::new();
        if !is_gone(&ended) {
            full = self.full_buckets().await;
            let agreed: Vec<Emptying> =
                full.iter().filter_map(|member| self.agreed(member)).collect();
            if !agreed.is_empty() && agreed.len() == full.len() {
                for emptying in &agreed {
                    self.output.say(format_args!(
                        "bucket `{}` keeps the stack: it is emptied",
                        emptying.name()
                    ));
                    emptying.empty(&mut Tally::default(), &mut |_| {}).await?;
                }
                ended = self.delete_once(args, run, Some(format!("{}-again", run.token))).await?;
            }
        }
        if !is_gone(&ended) {
            let what = format!("stack `{}` was not deleted whole", self.name);
            return Err(follow::failed(&what, &ended, &self.way_on(&full).await));
        }
        // What CloudFormation says it left counts more than what was expected.
        for event in ended.events.iter().filter(|event| event.is_left_behind()) {
            let (kind, name) = (event.resource_type.clone(), event.physical_id.clone());
            let is_known = self.report.stays.iter().any(|stay| stay.name == name)
                || self.to_empty.iter().any(|(emptying, _)| emptying.name().as_str() == name);
            if !is_known {
                self.report.goes.retain(|thing| thing.name != name);
                let why = if args.force { "it could not be deleted" } else { why(&kind, false) };
                self.report.stays.push(Stay { kind, name, why: why.to_owned() });
            }
        }
        Ok(())
    }

    /// Asks for the deletion, unless somebody has, and follows it. Protection comes back if it has not begun.
    async fn delete_once(
        &self,
        args: &RemovalArgs,
        run: &Run,
        token: Option<String>,
    ) -> anyhow::Result<Ended> {
        let Some(stack) = &self.stack else { return Err(anyhow!("there is no stack")) };
        let follower =
            Follower::new(&self.stacks, &self.output, &run.interrupts, &stack.id, token.as_deref())
                .await;
        let Some(token) = token else { return follower.follow().await };
        // After a first deletion it is so no more.
        if stack.protected
            && self.stacks.describe(&stack.id).await?.is_some_and(|now| now.protected)
        {
            self.stacks.protect(&stack.id, false).await?;
            self.output.say(format_args!("stack `{}` is not protected any more", self.name));
        }
        let way = match asked(args) {
            Asked::Force => Way::Force,
            Asked::Plainly => Way::Plain,
            Asked::Retain => Way::Retain(args.retain.clone()),
        };
        let role_arn = args.role_arn.clone();
        let deletion = Deletion { token, role_arn, way };
        let ended = match self.stacks.delete_as(&stack.id, &deletion).await {
            Ok(()) => follower.follow().await,
            Err(error) => Err(error.into()),
        };
        match ended {
            Err(error) if stack.protected => Err(self.protect_again(&stack.id, error).await),
            ended => ended,
        }
    }

    /// Protects a stack again whose deletion has not begun.
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

    /// The buckets that keep the stack from going, as far as that can be asked.
    async fn full_buckets(&self) -> Vec<Resource> {
        let Some(stack) = &self.stack else { return Vec::new() };
        let members = self.stacks.resources(&stack.id).await.unwrap_or_default();
        members.into_iter().filter(Resource::is_full_bucket).collect()
    }

    /// The bucket, if it was agreed that it is emptied.
    fn agreed(&self, member: &Resource) -> Option<Emptying> {
        let name = &member.physical_id;
        let agreed = self.to_empty.iter().find(|(emptying, _)| emptying.name().as_str() == name);
        agreed.map(|(emptying, _)| emptying.clone())
    }

    /// How to go on after a deletion that has failed.
    async fn way_on(&self, full: &[Resource]) -> String {
        let destroy =
            format!("`s3guard destroy --stack {} --region {}", self.name, self.report.region);
        if let [first, ..] = full {
            let names: Vec<_> = full.iter().map(|one| format!("`{}`", one.physical_id)).collect();
            return format!(
                "{} not empty: {destroy} --empty-buckets` empties what is the stack's own, {destroy} --retain {}` leaves it in \
                 the account",
                if names.len() == 1 {
                    format!("bucket {} is", names[0])
                } else {
                    format!("buckets {} are", names.join(", "))
                },
                first.logical_id
            );
        }
        let id = self.stack.as_ref().map_or("", |stack| stack.id.as_str());
        let members = self.stacks.resources(id).await.unwrap_or_default();
        let failed: Vec<_> = members.iter().filter(|one| one.could_not_go()).collect();
        match failed.first() {
            None => format!("mend the cause, then {destroy}` again"),
            Some(one) => format!(
                "mend the cause, then {destroy}` again; or leave in the account what cannot be deleted: {destroy} --retain \
                 {}` for one resource, {destroy} --force` for all",
                one.logical_id
            ),
        }
    }

    /// Empties and deletes the buckets that stay without the stack. One that does not go keeps no other.
    async fn remove_buckets(&mut self) -> anyhow::Result<()> {
        self.report.emptied.clear();
        let mut first_failure = None;
        for (emptying, contents) in std::mem::take(&mut self.to_empty) {
            let name = emptying.name().clone();
            let all = contents.versions + contents.markers;
            let mut told = 0;
            let output = &self.output;
            let removed = emptying
                .remove(|tally| {
                    if tally.deleted / TOLD_EVERY > told {
                        told = tally.deleted / TOLD_EVERY;
                        let (deleted, all) = (grouped(tally.deleted), grouped(all));
                        let more = if contents.is_more { "more than " } else { "" };
                        output
                            .say(format_args!("bucket `{name}`: {deleted} of {more}{all} deleted"));
                    }
                })
                .await;
            let failure = match removed {
                Ok((tally, became)) => {
                    self.report.emptied.push(Bucket::done(&name, &tally, &became));
                    let failure = left(name.as_str(), &tally, &became, &self.report.region);
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
                self.report.stays.push(Stay::bucket(&name, "it could not be emptied"));
                if first_failure.is_some() {
                    self.output.warn(format_args!("{failure:#}"));
                } else {
                    first_failure = Some(failure);
                }
            }
        }
        first_failure.map_or(Ok(()), Err)
    }

    /// Empties and deletes the bucket for code, unless somebody has begun to use it meanwhile.
    async fn remove_code_bucket(&mut self) -> anyhow::Result<()> {
        let Code::Goes(bucket) = &self.code else { return Ok(()) };
        let name = bucket.name().clone();
        let users = pruning::users(&self.stacks, &name, None).await?.stacks;
        let why = if users.is_empty() {
            let (tally, became) = bucket.emptying().remove(|_| {}).await?;
            match left(name.as_str(), &tally, &became, &self.report.region) {
                None => {
                    self.output.say(format_args!("bucket `{name}` emptied and deleted"));
                    return Ok(());
                }
                Some(failure) => return Err(failure),
            }
        } else {
            format!("used by stack `{}`", users.join("`, `"))
        };
        self.output.warn(format_args!("bucket `{name}` stays: it is {why}"));
        self.report.goes.retain(|thing| thing.name != name.as_str());
        self.report.stays.push(Stay::bucket(name, why));
        Ok(())
    }

    /// Says what can be done about what stays.
    fn advise(&self) {
        let InRegion { region, stays, .. } = &self.report;
        let is_ours = |stay: &&Stay| {
            ["-logs-", "-ledger-", "-trail-"].iter().any(|word| stay.name.contains(word))
        };
        if stays.iter().any(|stay| is_ours(&stay)) {
            self.output.say(format_args!(
                "`s3guard deploy --stack {0} --region {region}` takes the buckets back, by their names; `s3guard destroy \
                 --stack {0} --region {region} --empty-buckets` deletes them with what is in them",
                self.name
            ));
        }
        for key in stays.iter().filter(|stay| stay.kind == "AWS::KMS::Key") {
            self.output.say(format_args!(
                "key `{0}` costs money until it is deleted, and without it what it encrypted can never be read again: `aws kms \
                 schedule-key-deletion --region {region} --key-id {0} --pending-window-in-days 30`. A new deployment makes a \
                 key of its own, and what the old one encrypted stays readable by it",
                key.name
            ));
        }
    }
}

fn is_gone(ended: &Ended) -> bool {
    ended.stack.as_ref().is_none_or(|stack| stack.status.is_deleted())
}

/// Why a bucket is still there.
fn left(name: &str, tally: &Tally, became: &Emptied, region: &str) -> Option<anyhow::Error> {
    let Tally { deleted, locked, failed, locks, first_failure, .. } = tally;
    let (what, hint) = match became {
        Emptied::Gone => return None,
        Emptied::Refilled => (
            anyhow!("bucket `{name}` fills again as fast as it is emptied"),
            "stop what writes to it, then run the command again".to_owned(),
        ),
        Emptied::Holds if *locked > 0 => (
            anyhow!(
                "bucket `{name}` stays: {} in it are held by {locks}; {} others were deleted",
                grouped(*locked),
                grouped(*deleted)
            ),
            if locks.governance.is_some() {
                "`--bypass-governance` deletes what is locked in governance mode, with the permission \
                 `s3:BypassGovernanceRetention`; the rest goes when its time is over, with the same command"
                    .to_owned()
            } else {
                "nobody can delete them before their time is over or the hold is taken away; then the same command \
                 deletes them and the bucket"
                    .to_owned()
            },
        ),
        Emptied::Holds => (
            anyhow!("{}", first_failure.as_deref().unwrap_or("no reason was given")).context(
                format!("bucket `{name}` stays: {} in it could not be deleted", grouped(*failed)),
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
        let said = |tally: &Tally, became: Emptied| {
            let error = left("logs", tally, &became, "eu-west-1");
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
            error: bucket `logs` fills again as fast as it is emptied

            hint: stop what writes to it, then run the command again
            error: bucket `logs` stays: 2 in it are held by an object lock; 1,200 others were deleted

            hint: nobody can delete them before their time is over or the hold is taken away; then the same command deletes them and the bucket
            error: bucket `logs` stays: 2 in it are held by governance mode; 1,200 others were deleted

            hint: `--bypass-governance` deletes what is locked in governance mode, with the permission `s3:BypassGovernanceRetention`; the rest goes when its time is over, with the same command
            error: bucket `logs` stays: 3 in it could not be deleted
              caused by: AccessDenied: no

            hint: the caller needs `s3:DeleteObjectVersion` and `s3:DeleteObject` on `logs` in `eu-west-1`, and nothing there may deny them; then run the command again
        "#]].assert_eq(&all.concat());
    }
}
