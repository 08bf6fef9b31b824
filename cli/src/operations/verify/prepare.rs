//! What is fetched before anything is created, and the approval.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::Duration;

use s3guard_aws::Buckets;
use s3guard_aws::canary::{self, Canary, STACK_TAG, UNTIL_TAG};
use s3guard_aws::stacks::Stack;
use s3guard_posture::config::{EvaluationContext, Extent, SETTLE_SECONDS};
use s3guard_posture::contract::{Channel, output, parameter};
use s3guard_posture::evaluate::downgrade::MINUTES;
use s3guard_posture::model::setting::Tags;
use s3guard_posture::{Age, Aspect, BucketId, BucketName, CallContext, Config, Maker, Reading};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::args::verify::Options;
use crate::operations::interrupt::Interrupts;
use crate::operations::session::Account;
use crate::operations::verify::clean::{KEPT, Leftovers};
use crate::operations::verify::plan::{self, VerifyPlan};
use crate::operations::verify::report::{VerifyReport, VerifyStep};
use crate::operations::verify::run::{Bounds, VerifyRun};
use crate::operations::verify::settings::PROTECT;
use crate::operations::{operator, session};
use crate::package;
use crate::ui::lines::duration;
use crate::ui::output::Output;

/// Fetches all that the plan depends on; changes nothing.
pub(crate) async fn prepare<'a>(
    options: &'a Options,
    interrupts: &'a Interrupts,
    output: &'a Output,
    now: OffsetDateTime,
) -> anyhow::Result<VerifyRun<'a>> {
    let account = Account::open(&options.account).await?;
    let stack = session::guard_stack(&options.account, &account).await?;
    let output_of = |name, what| session::output_of(&stack, &options.account, name, what);
    let topic = output_of(Channel::Document.output(), "topic")?.to_owned();
    output_of(output::LEDGER_BUCKET_NAME, "ledger")?;
    let ledger = operator::readable_ledger(&options.account, &account, &stack).await;
    let ledger = ledger.map_err(|error| output.warn(format_args!("{error:#}"))).ok();
    let config = match deployed(&account, &stack).await {
        Ok(config) => config,
        Err(error) => {
            output.warn(format_args!(
                "the deployed configuration cannot be read: {error:#}; using the local one"
            ));
            options.account.config.read(output)?.unwrap_or_default()
        }
    };
    let connection = &account.connection;
    let owner = account.caller.account.clone();
    let bucket =
        |name| BucketId { name, account: owner.clone(), region: connection.region().clone() };
    let canary_id = format!("{:012x}", RandomState::new().hash_one(now.unix_timestamp()) >> 16);
    let id = bucket(Canary::name_of(&canary_id, &owner, connection.region())?);
    let parameter = |name: &str| stack.parameters.get(name).filter(|value| !value.is_empty());
    let log_bucket = stack.outputs.get(output::LOG_BUCKET_NAME);
    let context = EvaluationContext {
        extent: Extent::Everything,
        call_context: CallContext {
            maker: Maker::Another,
            has_waited: true,
            changed: changed(),
            exposes: true,
            age: Age::New,
            is_settling: false,
        },
        default_grade: parameter("Grade").and_then(|grade| grade.parse().ok()),
        default_key: parameter(parameter::BUCKET_KEY_ARN).and_then(|key| key.parse().ok()),
        log_bucket: log_bucket.and_then(|name| name.parse::<BucketName>().ok()).map(bucket),
        ..EvaluationContext::new(now.date())
    };
    let settle = parameter(parameter::SETTLE_SECONDS).and_then(|seconds| seconds.parse().ok());
    let settle = Duration::from_secs(u64::from(settle.unwrap_or(SETTLE_SECONDS)));
    let window = Duration::from_secs(u64::from(config.notifications().window().seconds()));
    let bounds = Bounds::new(options.timeout, settle, window);
    let until = (now + bounds.total()).replace_nanosecond(0)?.format(&Rfc3339)?;
    let until = if options.keep { KEPT.to_owned() } else { until };
    let name = options.account.stack.to_string();
    let leftovers = Leftovers::find(connection, &owner, &name, &topic, now).await?;
    let tags = Tags::from([(STACK_TAG.to_owned(), name), (UNTIL_TAG.to_owned(), until)]);
    let baseline = config.baseline(&id, &Reading::Known(tags.clone()), &context);
    let plan = plan::plan(&baseline, &id, config.notifications());
    let plan = if options.no_alarm { plan.without_alarm(&id.name) } else { plan };
    Ok(VerifyRun {
        options,
        interrupts,
        output,
        plan: if ledger.is_some() { plan } else { plan.without_ledger() },
        grade: format!("{} ({})", baseline.grade, baseline.grade_reason),
        bounds,
        leftovers,
        canary_id,
        canary: Canary::new(connection, id.name.clone(), owner.clone()),
        buckets: Buckets::new(connection, owner, None),
        ledger,
        id,
        tags,
        made: RefCell::default(),
        steps: RefCell::default(),
        facts: RefCell::default(),
        topic,
        config,
        context,
        stack,
        account,
    })
}

/// The configuration in the package that the stack runs.
async fn deployed(account: &Account, stack: &Stack) -> anyhow::Result<Config> {
    let parameter = |name: &str| stack.parameters.get(name).cloned().unwrap_or_default();
    let (bucket, key) = (parameter(parameter::CODE_BUCKET), parameter(parameter::CODE_KEY));
    // The key of a package of s3guard shows whether it contains one.
    if key.starts_with("s3guard/") && !package::is_configured(&key) {
        return Ok(Config::default());
    }
    let place = (&bucket.parse()?, key.as_str());
    let zip = canary::package(&account.connection, &account.caller.account, place).await?;
    package::configuration(&zip)
}

/// Prints what the run does, and asks for approval.
pub(crate) async fn approve(run: &VerifyRun<'_>) -> anyhow::Result<()> {
    let VerifyRun { id, plan, bounds, output, leftovers, .. } = run;
    let stack = &run.options.account.stack;
    output.say(format_args!("account {}, {}, stack `{stack}`", id.account, id.region));
    output.say(format_args!("  creates  bucket `{}`, grade {}", id.name, run.grade));
    if run.options.notifications {
        output.say(
            "  creates  a queue, subscribed to the stack's topic of documents for this bucket",
        );
    }
    output.say(format_args!("  tries    {PROTECT}"));
    for step in plan.steps() {
        output.say(format_args!("           {step}"));
    }
    for step in &plan.skipped {
        let why = step.detail.as_deref().unwrap_or_default();
        output.say(format_args!("  skips    {}: {why}", step.name));
    }
    output.say(format_args!(
        "  waits    up to {} for the new bucket, {} for each effect (CloudTrail takes minutes); the window is {}",
        duration(bounds.protect),
        duration(bounds.each),
        duration(Duration::from_secs(run.config.notifications().window().seconds().into()))
    ));
    output.say("  costs    the price of some hundred requests");
    output.say("  sends    notifications about this bucket to all subscribers");
    if let Some(alarm) = alarm(plan, &id.name, &run.account.caller.arn) {
        output.say(format_args!("  alarms   {alarm}"));
    }
    for made in &leftovers.over {
        output.say(format_args!("  removes  {made}, which an earlier run has left"));
    }
    let again = run.command("verify --clean-up");
    for made in &leftovers.in_use {
        output
            .warn(format_args!("{made} belongs to another run, or was kept: `{again}` removes it"));
    }
    leftovers.warnings.iter().for_each(|warning| output.warn(warning));
    if run.options.yes {
        return Ok(());
    }
    let what = "creating a bucket in this account";
    let approved = session::confirm(what, "continue?", output).await;
    let steps = [PROTECT.to_owned()].into_iter().chain(plan.steps()).map(VerifyStep::planned);
    let report = VerifyReport {
        steps: steps.chain(plan.skipped.iter().cloned()).collect(),
        ..run.report(Vec::new())
    };
    session::unless_approved(approved, &report, output)
}

/// The guard makes no exception for a canary, because an attacker could give a bucket its name.
fn alarm(plan: &VerifyPlan, bucket: &BucketName, caller: &str) -> Option<String> {
    let count = plan.protections().len();
    if plan.is_alarm(bucket) {
        return Some(format!(
            "CRITICAL, also by SMS: the guard takes it for an attack that `{caller}` switches off {count} protections \
             within {MINUTES} minutes, and reports what it switches off then, in any bucket, in a summary; `--no-alarm` \
             tries less"
        ));
    }
    (count > 0).then(|| {
        format!(
            "none, unless `{caller}` switches off more than these {count} protections within {MINUTES} minutes, in any \
             bucket or another run"
        )
    })
}

/// The aspects that a call on the canary may change: it never had replication or Object Lock.
fn changed() -> BTreeSet<Aspect> {
    let is_changed = |aspect: &Aspect| !matches!(aspect, Aspect::Replication | Aspect::ObjectLock);
    Aspect::ALL.into_iter().filter(is_changed).collect()
}
