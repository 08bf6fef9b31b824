//! What is deleted and what stays, found before a person is asked.

use anyhow::anyhow;
use s3guard_aws::code_bucket::CodeBucket;
use s3guard_aws::emptying::{Contents, Emptying};
use s3guard_aws::stacks::deletion::Way;
use s3guard_aws::stacks::{Resource, Stack, Stacks};
use s3guard_aws::{Buckets, Ledger};
use s3guard_posture::contract::output;
use s3guard_posture::contract::parameter;
use s3guard_posture::model::setting::Tags;
use s3guard_posture::{BucketName, Reading, StackName};
use s3guard_synth::stacks;

use crate::args::removal::RemovalArgs;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::destroy::pruning;
use crate::operations::destroy::report;
use crate::operations::destroy::report::{
    BUCKET, BUCKET_POLICY, Changed, EmptiedBucket, InRegion, Item,
};
use crate::operations::destroy::step;
use crate::operations::destroy::step::DestroyStep;
use crate::operations::follow::Follower;
use crate::operations::interrupt::Run;
use crate::operations::session;
use crate::operations::session::{Account, AccountArgs, STACK_TAG};
use crate::ui::output::Output;

/// How many of the buckets that the guard has changed are listed.
const CHANGED_SHOWN: usize = 20;
/// Versions are counted up to this number before a person is asked.
const COUNTED_MAX: u64 = 50_000;

pub(crate) struct DestroyPlan {
    pub(crate) account: Account,
    pub(crate) stacks: Stacks,
    pub(crate) output: Output,
    pub(crate) name: StackName,
    pub(crate) step: DestroyStep,
    pub(crate) stack: Option<Stack>,
    pub(crate) members: Vec<Resource>,
    /// Buckets that are emptied and deleted when the stack is gone.
    pub(crate) to_empty: Vec<(Emptying, Contents)>,
    pub(crate) code: Option<CodeBucket>,
    pub(crate) report: InRegion,
}

/// Plans the deletion in one Region, and refuses what cannot be done.
pub(crate) async fn plan(
    args: &RemovalArgs,
    of: &AccountArgs,
    output: Output,
    run: &Run,
) -> anyhow::Result<DestroyPlan> {
    let account = Account::open(of).await?;
    let name = of.stack.clone();
    let stacks = Stacks::new(&account.connection);
    let stack = find(args, &stacks, &name, &output, run).await?;
    let step = step::next(stack.as_ref().map(|stack| &stack.status), &way(args));
    let region = account.connection.region().to_string();
    if let Some(stack) = &stack {
        if let Some((reason, hint)) = step.refusal(&name, &region) {
            return Err(anyhow!("stack `{name}` is in `{}`: {reason}", stack.status)).hint(hint);
        }
        if stack.protected && !args.disable_protection && step != DestroyStep::Follow {
            return Err(anyhow!("stack `{name}` is protected against deletion"))
                .hint("`--disable-protection` disables the protection first");
        }
    }
    let members = match &stack {
        Some(stack) => stacks.resources(&stack.id).await?,
        None => Vec::new(),
    };
    let members: Vec<_> = members.into_iter().filter(|member| !member.is_gone()).collect();
    check_retained(args, &members)?;
    let report = InRegion {
        stack: name.to_string(),
        region,
        account: account.caller.account.to_string(),
        ..InRegion::default()
    };
    let mut plan = DestroyPlan {
        account,
        stacks,
        output,
        name,
        step,
        stack,
        members,
        to_empty: Vec::new(),
        code: None,
        report,
    };
    plan.fill(args).await?;
    Ok(plan)
}

pub(crate) fn way(args: &RemovalArgs) -> Way {
    match &args.retain[..] {
        _ if args.force => Way::Force,
        [] => Way::Plain,
        ids => Way::Retain(ids.to_vec()),
    }
}

/// The guard's stack; with `--wait`, after the operation in progress.
async fn find(
    args: &RemovalArgs,
    stacks: &Stacks,
    name: &StackName,
    output: &Output,
    run: &Run,
) -> anyhow::Result<Option<Stack>> {
    let Some(stack) = stacks.describe(name.as_str()).await? else { return Ok(None) };
    session::check_is_guard(stacks, &stack, name).await?;
    if args.wait && step::next(Some(&stack.status), &way(args)) == DestroyStep::Busy {
        output.say(format_args!(
            "stack `{name}` is in `{}`: waiting for the end of that operation",
            stack.status
        ));
        Follower::new(stacks, output, &run.interrupts, &stack.id, None).await.follow().await?;
        return Ok(stacks.describe(&stack.id).await?);
    }
    Ok(Some(stack))
}

/// Checks the resources of `--retain`: CloudFormation would not say which it knows.
fn check_retained(args: &RemovalArgs, members: &[Resource]) -> anyhow::Result<()> {
    let is_known = |id: &&String| members.iter().any(|member| member.logical_id == **id);
    match args.retain.iter().find(|id| !is_known(id)) {
        None => Ok(()),
        Some(id) => {
            let failed = members.iter().filter(|member| member.could_not_go());
            let failed: Vec<_> = failed.map(|member| format!("`{}`", member.logical_id)).collect();
            Err(anyhow!("the stack has no resource `{id}` that could be retained"))
                .hint(format!("those that could not be deleted are {}", failed.join(", ")))
                .exit(Exit::Usage)
        }
    }
}

impl DestroyPlan {
    async fn fill(&mut self, args: &RemovalArgs) -> anyhow::Result<()> {
        let kept = kept_by_template();
        let mut buckets: Vec<BucketName> = Vec::new();
        for resource in &self.members {
            let Resource { resource_type: kind, physical_id: name, logical_id, .. } =
                resource.clone();
            let is_retained = args.retain.contains(&logical_id);
            // The policy of a bucket goes with it.
            let is_of_bucket = [BUCKET, BUCKET_POLICY].contains(&kind.as_str());
            let is_emptied = is_of_bucket && args.empty_buckets && !is_retained;
            if is_emptied
                && kind == BUCKET
                && let Ok(bucket) = name.parse()
            {
                buckets.push(bucket);
            }
            if (is_retained || kept.contains(&logical_id)) && !is_emptied {
                let reason = reason(&kind, is_retained).to_owned();
                self.report.retained.push(Item {
                    kind,
                    name,
                    logical_id,
                    reason,
                    ..Item::default()
                });
            } else {
                self.report.deleted.push(Item { kind, name, logical_id, ..Item::default() });
            }
        }
        // Buckets of an earlier deletion are not part of the stack, but still have its tag.
        if matches!(self.step, DestroyStep::Absent | DestroyStep::DeleteAgain | DestroyStep::Follow)
        {
            let left_over = self.left_over().await.or_else(|error| {
                // With `--empty-buckets` it is an error that they are not emptied.
                if args.empty_buckets {
                    return Err(error);
                }
                let what = "buckets of an earlier deletion could not be listed";
                self.output.warn(format_args!("{what}: {error}"));
                Ok(Vec::new())
            });
            for name in left_over? {
                let is_listed = self.members.iter().any(|one| one.physical_id == name.as_str());
                if !is_listed && args.empty_buckets {
                    buckets.push(name);
                } else if !is_listed {
                    self.report.retained.push(Item::bucket(name, reason(BUCKET, false)));
                }
            }
        }
        self.report.changed = self.changed(&buckets).await;
        let owner = self.account.caller.account.clone();
        // The log bucket comes last, because the others log to it.
        buckets.sort_by_key(|name| name.as_str().contains("-logs-"));
        for name in buckets {
            let emptying = Emptying::new(&self.account.connection, name, owner.clone())
                .bypassing_governance(args.bypass_governance)
                .unlocking();
            if let Some(contents) = emptying.count(COUNTED_MAX).await? {
                let name = emptying.name().to_string();
                self.report.emptied.push(EmptiedBucket { name, ..EmptiedBucket::default() });
                self.to_empty.push((emptying, contents));
            }
        }
        self.plan_code(args).await
    }

    fn buckets(&self) -> Buckets {
        let Account { connection, caller, .. } = &self.account;
        Buckets::new(connection, caller.account.clone(), None)
    }

    /// The buckets of the Region that have the names of a guard and the tag of this one.
    pub(crate) async fn left_over(&self) -> anyhow::Result<Vec<BucketName>> {
        let (account, region) = (&self.account.caller.account, self.account.connection.region());
        let is_ours = |name: &BucketName| {
            ["logs", "ledger", "trail"]
                .iter()
                .any(|word| name.as_str().ends_with(&format!("-{word}-{account}-{region}-an")))
        };
        let tagged = self.buckets().tagged(is_ours).await?.into_iter();
        let is_this = |tags: Reading<Tags>| {
            tags.known()
                .and_then(|tags| tags.get(STACK_TAG))
                .is_some_and(|tag| *tag == self.name.as_str())
        };
        Ok(tagged.filter_map(|(name, tags)| is_this(tags).then_some(name)).collect())
    }

    /// What the guard has changed on other buckets. It is no error if that is unknown.
    async fn changed(&self, emptied: &[BucketName]) -> Changed {
        let retained = self.report.retained.iter().map(|item| &item.name);
        let own: Vec<String> =
            retained.cloned().chain(emptied.iter().map(ToString::to_string)).collect();
        let by_name = || own.iter().find(|name| name.contains("-ledger-")).cloned();
        let named =
            self.stack.as_ref().and_then(|stack| stack.outputs.get(output::LEDGER_BUCKET_NAME));
        let Some(Ok(ledger)) = named.cloned().or_else(by_name).map(|name| name.parse()) else {
            let is_nothing = self.stack.is_none() && own.is_empty();
            let reason = (!is_nothing).then(|| "no ledger was found".to_owned());
            return Changed { unknown_reason: reason, ..Changed::default() };
        };
        let ledger =
            Ledger::new(&self.account.connection, ledger, self.account.caller.account.clone());
        // Without the permission to list them, buckets that are gone are shown, too.
        let there = self.buckets().names().await.ok();
        let is_shown = |name: &BucketName| {
            let is_account = name.as_str() == ".account";
            let is_there = there.as_ref().is_none_or(|there| is_account || there.contains(name));
            is_there && !own.contains(&name.to_string())
        };
        match ledger.touched(CHANGED_SHOWN, is_shown).await {
            Ok(touched) => Changed::of(&touched),
            Err(error) => Changed { unknown_reason: Some(error.to_string()), ..Changed::default() },
        }
    }

    async fn plan_code(&mut self, args: &RemovalArgs) -> anyhow::Result<()> {
        let standard = self.account.standard_code_bucket()?;
        let named =
            self.stack.as_ref().and_then(|stack| stack.parameters.get(parameter::CODE_BUCKET));
        let named = named.filter(|name| !name.is_empty());
        if let Some(name) = named.filter(|name| name.as_str() != standard.as_str()) {
            let reason = "it was named with `--code-bucket`, and is not a bucket of s3guard";
            self.report.retained.push(Item::bucket(name, reason));
            return Ok(());
        }
        if !args.all {
            if named.is_some() {
                let reason = "other stacks may use its code; `--all` deletes it, too";
                self.report.retained.push(Item::bucket(standard, reason));
            }
            return Ok(());
        }
        let bucket =
            CodeBucket::new(&self.account.connection, standard.clone(), &self.account.caller);
        let but = self.stack.as_ref().map(|stack| stack.id.as_str());
        let users = pruning::users(&self.stacks, &standard, but).await?.stacks;
        if !users.is_empty() {
            let reason = format!("used by stack `{}`", users.join("`, `"));
            self.report.retained.push(Item::bucket(standard, reason));
        } else if bucket.emptying().count(0).await?.is_some() {
            self.report.deleted.push(Item::bucket(standard, ""));
            self.code = Some(bucket);
        }
        Ok(())
    }

    pub(crate) fn needs_approval(&self) -> bool {
        matches!(self.step, DestroyStep::Delete | DestroyStep::DeleteAgain)
            || !self.to_empty.is_empty()
            || self.code.is_some()
    }

    pub(crate) fn show(&self) {
        let (output, report) = (&self.output, &self.report);
        let InRegion { region, account, deleted, retained, changed, .. } = report;
        match &self.stack {
            Some(stack) => output.say(format_args!(
                "stack `{}` in `{region}`, account `{account}`, in `{}`",
                self.name, stack.status
            )),
            None => output.say(format_args!("stack `{}` does not exist in `{region}`", self.name)),
        }
        if !deleted.is_empty() {
            output.say(format_args!("{} resources are deleted:", deleted.len()));
            for Item { kind, name, .. } in deleted {
                output.say(format_args!("  {kind:<32} {name}"));
            }
        }
        if !retained.is_empty() {
            output.say("these stay:");
            for item in retained {
                output.say(format_args!("  {item}"));
            }
        }
        let changed = changed.lines();
        if !changed.is_empty() {
            output.say("the settings that the guard changed on other buckets stay:");
            for line in changed {
                output.say(line);
            }
        }
        if !self.to_empty.is_empty() {
            output.say("these buckets are emptied and deleted permanently:");
            for (emptying, contents) in &self.to_empty {
                output.say(format_args!("  {}  ({})", emptying.name(), report::contents(contents)));
            }
        }
    }
}

/// The logical ids that the template retains when the stack is deleted.
pub(crate) fn kept_by_template() -> Vec<String> {
    stacks::guard().retained().map(|id| id.to_string()).collect()
}

pub(crate) fn reason(resource_type: &str, is_asked_for: bool) -> &'static str {
    match resource_type {
        _ if is_asked_for => "named with `--retain`",
        BUCKET => "it holds the audit records",
        BUCKET_POLICY => "it locks a bucket that stays",
        "AWS::KMS::Key" => "data that it encrypted cannot be read without it",
        _ => "the template retains it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_keeps_the_evidence_and_its_key() {
        let kept = kept_by_template();
        let buckets = ["LogBucket", "LedgerBucket", "TrailBucket"];
        let with_policies = buckets.iter().flat_map(|id| [(*id).to_owned(), format!("{id}Policy")]);
        let all: Vec<String> = ["Key".to_owned()].into_iter().chain(with_policies).collect();
        assert_eq!(kept, all);
        assert_eq!(reason(BUCKET_POLICY, false), "it locks a bucket that stays");
        assert_eq!(
            reason("AWS::KMS::Key", false),
            "data that it encrypted cannot be read without it"
        );
        assert_eq!(reason("AWS::KMS::Key", true), "named with `--retain`");
    }
}
