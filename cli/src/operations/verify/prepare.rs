//! What is known before anything is made, and whether somebody agrees to it.

use std::time::Duration;

use s3guard_aws::canary::{Canary, STACK_TAG, UNTIL_TAG};
use s3guard_aws::stacks::Stack;
use s3guard_posture::BucketId;
use s3guard_posture::model::setting::Tags;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::args::verify::VerifyArgs;
use crate::operations::session;
use crate::operations::session::Account;
use crate::operations::verify::clean::{KEPT, Leftover, Leftovers};
use crate::operations::verify::deployed::Deployed;
use crate::operations::verify::plan;
use crate::operations::verify::plan::{Plan, TOLD, Weakening};
use crate::operations::verify::report;
use crate::operations::verify::stage::Bounds;
use crate::operations::verify::tries::PROTECT;
use crate::ui::output::Output;

/// What is known before anything is made.
pub(crate) struct Prepared {
    pub(crate) account: Account,
    pub(crate) stack: Stack,
    pub(crate) deployed: Deployed,
    pub(crate) plan: Plan,
    pub(crate) id: BucketId,
    pub(crate) grade: String,
    pub(crate) bounds: Bounds,
    pub(crate) topic: String,
    pub(crate) leftovers: Leftovers,
}

/// Looks at all that the plan depends on; changes nothing.
pub(crate) async fn prepare(
    args: &VerifyArgs,
    output: &Output,
    (canary_id, now): (&str, OffsetDateTime),
) -> anyhow::Result<Prepared> {
    let account = Account::open(&args.account).await?;
    let stack = session::guard_stack(&args.account, &account).await?;
    let topic = session::output_of(&stack, &args.account, "TopicArn", "topic")?.to_owned();
    let today = now.date();
    let deployed = Deployed::read(&args.account, &account, &stack, (today, output)).await?;
    let owner = account.caller.account.clone();
    let region = account.connection.region().clone();
    let name = Canary::name_of(canary_id, &owner, &region)?;
    let id = BucketId { name, account: owner, region };
    let tells = deployed.config.notifications();
    let window = Duration::from_secs(u64::from(tells.window().seconds()));
    let bounds = Bounds::new(args.timeout, deployed.settle, window);
    let baseline = deployed.baseline_of_new(&id, &tags(args, bounds, now)?);
    let plan = plan::plan(&baseline, &id, tells);
    let grade = format!("{} ({})", baseline.grade, baseline.grade_because);
    let whose = (&id.account, args.account.stack.as_str(), topic.as_str());
    let leftovers = Leftovers::find(&account.connection, whose, now).await?;
    Ok(Prepared { account, stack, deployed, plan, id, grade, bounds, topic, leftovers })
}

/// The tags of what this run makes.
pub(crate) fn tags(args: &VerifyArgs, bounds: Bounds, now: OffsetDateTime) -> anyhow::Result<Tags> {
    let until = if args.keep {
        KEPT.to_owned()
    } else {
        let until = (now + bounds.total()).replace_nanosecond(0)?;
        until.to_offset(time::UtcOffset::UTC).format(&Rfc3339)?
    };
    Ok(Tags::from([
        (STACK_TAG.to_owned(), args.account.stack.to_string()),
        (UNTIL_TAG.to_owned(), until),
    ]))
}

/// Says what will be made, and asks.
pub(crate) async fn agree(
    args: &VerifyArgs,
    prepared: &Prepared,
    output: &Output,
) -> anyhow::Result<()> {
    let Prepared { id, plan, bounds, grade, leftovers, deployed, .. } = prepared;
    let stack = &args.account.stack;
    output.say(format_args!("account {}, {}, stack `{stack}`", id.account, id.region));
    output.say(format_args!("  makes    bucket `{}`, grade {grade}", id.name));
    if args.notices {
        output.say(
            "  makes    a queue, subscribed to the stack's topic for what is told of this bucket",
        );
    }
    for (number, step) in tried(plan).iter().enumerate() {
        output.say(format_args!("  {:8} {step}", if number == 0 { "tries" } else { "" }));
    }
    for skipped in &plan.skipped {
        output.say(format_args!("  skips    {}: {}", skipped.step, skipped.why));
    }
    let Bounds { protect, mend, .. } = *bounds;
    let window = deployed.config.notifications().window();
    output.say(format_args!(
        "  waits    {} at most for the new bucket, {} for each effect; CloudTrail takes minutes; the window is {window}",
        report::bound(protect),
        report::bound(mend)
    ));
    output.say("  costs    nothing to speak of: some hundred requests");
    output.say("  tells    whoever is subscribed hears of this bucket, as of every other");
    let again = command(args, &prepared.account, "verify --clean-up");
    for name in leftovers.names(Leftover::Over) {
        output.say(format_args!("  removes  {name}, which an earlier run has left"));
    }
    for name in leftovers.names(Leftover::InUse) {
        output.warn(format_args!("{name} is of another run, or kept: `{again}` removes it"));
    }
    for unseen in &leftovers.unseen {
        output.warn(unseen);
    }
    for strange in &leftovers.strange {
        output.warn(format_args!("{strange}, so it is left, though it is called like a canary"));
    }
    if args.yes {
        return Ok(());
    }
    session::approve("making a bucket in this account", "yes", "`yes`", output).await
}

/// A command about the same stack.
pub(crate) fn command(args: &VerifyArgs, account: &Account, command: &str) -> String {
    let (stack, region) = (&args.account.stack, account.connection.region());
    format!("s3guard {command} --stack {stack} --region {region}")
}

/// The names of the steps, in their order.
fn tried(plan: &Plan) -> Vec<String> {
    let weakenings = plan.weakenings.iter().map(Weakening::name);
    let deeds = plan.deeds.iter().map(|deed| deed.name().to_owned());
    let told = plan.waits_for_window.then(|| TOLD.to_owned());
    [PROTECT.to_owned()].into_iter().chain(weakenings).chain(deeds).chain(told).collect()
}
