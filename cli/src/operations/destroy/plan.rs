//! What would go, and what would stay: looked at before anybody is asked.

use anyhow::anyhow;
use s3guard_aws::code_bucket::CodeBucket;
use s3guard_aws::emptying::{Contents, Emptying};
use s3guard_aws::stacks::{Resource, Stack, Stacks};
use s3guard_aws::{Buckets, Ledger};
use s3guard_posture::contract::output;
use s3guard_posture::contract::parameter;
use s3guard_posture::model::setting::Tags;
use s3guard_posture::{BucketName, Reading, StackName};
use s3guard_synth::stacks;
use time::OffsetDateTime;

use crate::args::removal::RemovalArgs;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::destroy::pruning;
use crate::operations::destroy::report;
use crate::operations::destroy::report::{BUCKET, Bucket, Changed, InRegion, Stay, Thing};
use crate::operations::destroy::step;
use crate::operations::destroy::step::{Asked, Step};
use crate::operations::follow::Follower;
use crate::operations::interrupt::Run;
use crate::operations::session;
use crate::operations::session::{Account, AccountArgs, STACK_TAG};
use crate::ui::output::Output;

/// How many buckets that the guard has changed are named.
const CHANGED_SHOWN: usize = 20;
/// Up to so many versions are counted before somebody is asked.
const COUNTED_MAX: u64 = 50_000;

/// What becomes of buckets that stay while their policies go.
const WITHOUT_POLICIES: &str = "the buckets that stay lose their policies: access without TLS is not \
     refused there any more, and no access logs arrive there, neither of the trail's bucket nor of those that the \
     guard has set to log";

/// What is to be done in one Region.
pub(crate) struct Plan {
    pub(crate) account: Account,
    pub(crate) stacks: Stacks,
    pub(crate) output: Output,
    pub(crate) name: StackName,
    pub(crate) step: Step,
    pub(crate) stack: Option<Stack>,
    pub(crate) members: Vec<Resource>,
    /// Buckets that are emptied and deleted when the stack is gone.
    pub(crate) to_empty: Vec<(Emptying, Contents)>,
    pub(crate) code: Code,
    pub(crate) report: InRegion,
}

/// What becomes of the bucket for code.
pub(crate) enum Code {
    /// It stays, or there is none.
    Stays,
    /// It goes.
    Goes(CodeBucket),
}

/// Looks at the stack of one Region, and refuses what cannot be done.
pub(crate) async fn look(
    args: &RemovalArgs,
    of: &AccountArgs,
    output: Output,
    run: &Run,
) -> anyhow::Result<Plan> {
    let account = Account::open(of).await?;
    let name = of.stack.clone();
    let stacks = Stacks::new(&account.connection);
    let stack = find(args, &stacks, &name, &output, run).await?;
    let status = stack.as_ref().map(|stack| &stack.status);
    let step = step::next(status, asked(args));
    let region = account.connection.region().to_string();
    if let Some(stack) = &stack {
        if let Some(hint) = step.way_out(&name, &region) {
            let status = &stack.status;
            let what = match step {
                Step::NotFailed => "its deletion has not failed",
                Step::Busy => "something is going on",
                Step::Absent | Step::Delete | Step::DeleteAgain | Step::Follow | Step::Unknown => {
                    "it is not known what that means"
                }
            };
            return Err(anyhow!("stack `{name}` is in `{status}`: {what}")).hint(hint);
        }
        if stack.protected && !args.disable_protection && step != Step::Follow {
            return Err(anyhow!("stack `{name}` is protected against deletion"))
                .hint("`--disable-protection` takes the protection away first");
        }
    }
    let members = match &stack {
        Some(stack) => stacks.resources(&stack.id).await?,
        None => Vec::new(),
    };
    let members: Vec<_> = members.into_iter().filter(|member| !member.is_gone()).collect();
    check_retained(args, &members)?;
    let report =
        InRegion { region, account: account.caller.account.to_string(), ..InRegion::default() };
    let mut plan = Plan {
        account,
        stacks,
        output,
        name,
        step,
        stack,
        members,
        to_empty: Vec::new(),
        code: Code::Stays,
        report,
    };
    plan.fill(args).await?;
    Ok(plan)
}

/// How the deletion is asked for.
pub(crate) fn asked(args: &RemovalArgs) -> Asked {
    match (args.force, args.retain.is_empty()) {
        (true, _) => Asked::Force,
        (false, false) => Asked::Retain,
        (false, true) => Asked::Plainly,
    }
}

/// The guard's stack, after waiting for what is going on if that is asked for.
async fn find(
    args: &RemovalArgs,
    stacks: &Stacks,
    name: &StackName,
    output: &Output,
    run: &Run,
) -> anyhow::Result<Option<Stack>> {
    let Some(mut stack) = stacks.describe(name.as_str()).await? else { return Ok(None) };
    session::check_is_guard(stacks, &stack, name).await?;
    if args.wait && step::next(Some(&stack.status), asked(args)) == Step::Busy {
        output.say(format_args!("stack `{name}` is in `{}`: waiting until it rests", stack.status));
        Follower::new(stacks, output, &run.interrupts, &stack.id, None).await.follow().await?;
        match stacks.describe(&stack.id).await? {
            Some(now) => stack = now,
            None => return Ok(None),
        }
    }
    Ok(Some(stack))
}

/// CloudFormation refuses names that it does not know without saying which it knows.
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

impl Plan {
    /// Finds out what goes and what stays.
    async fn fill(&mut self, args: &RemovalArgs) -> anyhow::Result<()> {
        let kept = kept_by_template();
        let is_kept = |member: &Resource| {
            let id = &member.logical_id;
            kept.contains(id) || args.retain.contains(id)
        };
        let mut buckets: Vec<BucketName> = Vec::new();
        for resource in &self.members {
            let (kind, name) = (resource.resource_type.clone(), resource.physical_id.clone());
            let is_bucket = kind == BUCKET;
            let is_emptied =
                is_bucket && args.empty_buckets && !args.retain.contains(&resource.logical_id);
            if is_emptied && let Ok(bucket) = name.parse() {
                buckets.push(bucket);
            }
            if is_kept(resource) && !is_emptied {
                let why = why(&kind, args.retain.contains(&resource.logical_id)).to_owned();
                self.report.stays.push(Stay { kind, name, why });
            } else {
                let logical_id = resource.logical_id.clone();
                self.report.goes.push(Thing { kind, name, logical_id });
            }
        }
        // What an earlier deletion has left is not the stack's any more, and bears its name still.
        if matches!(self.step, Step::Absent | Step::DeleteAgain | Step::Follow) {
            let left_over = self.left_over().await.or_else(|error| {
                // Who wants them emptied has to hear that it was not done.
                if args.empty_buckets {
                    return Err(error);
                }
                let what = "whether buckets of an earlier deletion are left is not known";
                self.output.warn(format_args!("{what}: {error}"));
                Ok(Vec::new())
            });
            for name in left_over? {
                let is_listed = self.members.iter().any(|one| one.physical_id == name.as_str());
                if !is_listed && args.empty_buckets {
                    buckets.push(name);
                } else if !is_listed {
                    self.report.stays.push(Stay::bucket(name, why(BUCKET, false)));
                }
            }
        }
        self.report.changed = self.changed(&buckets).await;
        let owner = self.account.caller.account.clone();
        // The others log to it as they are emptied.
        buckets.sort_by_key(|name| name.as_str().contains("-logs-"));
        for name in buckets {
            let emptying = Emptying::new(&self.account.connection, name, owner.clone())
                .bypassing_governance(args.bypass_governance);
            if let Some(contents) = emptying.count(COUNTED_MAX).await? {
                self.report.emptied.push(Bucket::planned(emptying.name()));
                self.to_empty.push((emptying, contents));
            }
        }
        self.look_at_code(args).await
    }

    /// The buckets of the Region that are named as those of a guard and tagged as this one's.
    pub(crate) async fn left_over(&self) -> anyhow::Result<Vec<BucketName>> {
        let (account, region) = (&self.account.caller.account, self.account.connection.region());
        let is_ours = |name: &BucketName| {
            ["logs", "ledger", "trail"]
                .iter()
                .any(|word| name.as_str().ends_with(&format!("-{word}-{account}-{region}-an")))
        };
        let connection = &self.account.connection;
        let buckets = Buckets::new(connection, account.clone(), None, OffsetDateTime::now_utc);
        let tagged = buckets.tagged(is_ours).await?.into_iter();
        let is_this = |tags: Reading<Tags>| {
            tags.known()
                .and_then(|tags| tags.get(STACK_TAG))
                .is_some_and(|tag| *tag == self.name.as_str())
        };
        Ok(tagged.filter_map(|(name, tags)| is_this(tags).then_some(name)).collect())
    }

    /// What the guard has changed on other buckets. That it cannot be told is said and stops nothing.
    async fn changed(&self, emptied: &[BucketName]) -> Changed {
        let stays = self.report.stays.iter().map(|stay| &stay.name);
        let own: Vec<String> =
            stays.cloned().chain(emptied.iter().map(ToString::to_string)).collect();
        let by_name = || own.iter().find(|name| name.contains("-ledger-")).cloned();
        let named =
            self.stack.as_ref().and_then(|stack| stack.outputs.get(output::LEDGER_BUCKET_NAME));
        let Some(Ok(ledger)) = named.cloned().or_else(by_name).map(|name| name.parse()) else {
            let is_nothing = self.stack.is_none() && own.is_empty();
            return if is_nothing {
                Changed::default()
            } else {
                Changed::unknown("no ledger was found")
            };
        };
        let ledger =
            Ledger::new(&self.account.connection, ledger, self.account.caller.account.clone());
        match ledger.touched(CHANGED_SHOWN).await {
            Ok(touched) => Changed::of(&touched, &own),
            Err(error) => Changed::unknown(error),
        }
    }

    async fn look_at_code(&mut self, args: &RemovalArgs) -> anyhow::Result<()> {
        let standard = self.account.standard_code_bucket()?;
        let named =
            self.stack.as_ref().and_then(|stack| stack.parameters.get(parameter::CODE_BUCKET));
        let named = named.filter(|name| !name.is_empty());
        if self.stack.is_none() && !args.all {
            return Ok(());
        }
        if let Some(name) = named.filter(|name| name.as_str() != standard.as_str()) {
            let why = "its code was put where `--code-bucket` said, which is not ours";
            self.report.stays.push(Stay::bucket(name, why));
            return Ok(());
        }
        if !args.all {
            if named.is_some() {
                let why = "other stacks may use its code; `--all` removes it too";
                self.report.stays.push(Stay::bucket(standard, why));
            }
            return Ok(());
        }
        let bucket =
            CodeBucket::new(&self.account.connection, standard.clone(), &self.account.caller);
        let but = self.stack.as_ref().map(|stack| stack.id.as_str());
        let users = pruning::users(&self.stacks, &standard, but).await?.stacks;
        if !users.is_empty() {
            let why = format!("used by stack `{}`", users.join("`, `"));
            self.report.stays.push(Stay::bucket(standard, why));
        } else if bucket.emptying().count(0).await?.is_some() {
            self.report.goes.push(Thing {
                kind: BUCKET.to_owned(),
                name: standard.to_string(),
                logical_id: String::new(),
            });
            self.code = Code::Goes(bucket);
        }
        Ok(())
    }

    /// Whether there is anything that a person has to agree to.
    pub(crate) fn needs_approval(&self) -> bool {
        matches!(self.step, Step::Delete | Step::DeleteAgain)
            || !self.to_empty.is_empty()
            || matches!(self.code, Code::Goes(_))
    }

    /// Says what goes and what stays.
    pub(crate) fn show(&self) {
        let (output, report) = (&self.output, &self.report);
        let InRegion { region, account, goes, stays, changed, .. } = report;
        match &self.stack {
            Some(stack) => output.say(format_args!(
                "stack `{}` in `{region}`, account `{account}`, in `{}`",
                self.name, stack.status
            )),
            None => output.say(format_args!("stack `{}` does not exist in `{region}`", self.name)),
        }
        if !goes.is_empty() {
            output.say(format_args!("deleted are {} resources:", goes.len()));
            for Thing { kind, name, .. } in goes {
                output.say(format_args!("  {kind:<32} {name}"));
            }
        }
        if !stays.is_empty() {
            output.say("these stay:");
            for stay in stays {
                output.say(format_args!("  {stay}"));
            }
        }
        if self.stack.is_some() || !changed.buckets.is_empty() {
            output.say("the settings that the guard gave to other buckets stay as they are:");
            for line in changed.lines() {
                output.say(line);
            }
        }
        if self.members.iter().any(|resource| {
            resource.resource_type == BUCKET
                && stays.iter().any(|stay| stay.name == resource.physical_id)
        }) {
            output.say(WITHOUT_POLICIES);
        }
        if !self.to_empty.is_empty() {
            output.say(
                "these buckets are emptied and deleted, and what is in them is gone for good:",
            );
            for (emptying, contents) in &self.to_empty {
                output.say(format_args!("  {}  ({})", emptying.name(), report::contents(contents)));
            }
        }
    }
}

/// The logical ids that the template keeps when the stack goes.
pub(crate) fn kept_by_template() -> Vec<String> {
    stacks::guard().retained().map(|id| id.to_string()).collect()
}

/// Why something stays.
pub(crate) fn why(resource_type: &str, is_asked_for: bool) -> &'static str {
    match resource_type {
        _ if is_asked_for => "`--retain` says so",
        BUCKET => "it holds the record of who did what",
        "AWS::KMS::Key" => "without it what it encrypted cannot be read",
        _ => "the template keeps it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_keeps_the_evidence_and_its_key() {
        let kept = kept_by_template();
        assert_eq!(kept, ["Key", "LogBucket", "LedgerBucket", "TrailBucket"]);
        assert_eq!(why("AWS::KMS::Key", false), "without it what it encrypted cannot be read");
        assert_eq!(why("AWS::KMS::Key", true), "`--retain` says so");
    }
}
