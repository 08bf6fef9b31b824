//! What is known before anything is made, and whether a person agrees to it.

use std::cell::RefCell;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::Duration;

use s3guard_aws::canary::{Canary, STACK_TAG, UNTIL_TAG};
use s3guard_aws::{Buckets, Ledger};
use s3guard_posture::BucketId;
use s3guard_posture::contract::output;
use s3guard_posture::model::setting::Tags;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use crate::args::verify::Options;
use crate::operations::interrupt::Interrupts;
use crate::operations::session;
use crate::operations::session::Account;
use crate::operations::verify::clean::{KEPT, Leftover, Leftovers, Whose};
use crate::operations::verify::deployed::Deployed;
use crate::operations::verify::run::{Bounds, Run};
use crate::operations::verify::settings::PROTECT;
use crate::operations::verify::{plan, report};
use crate::ui::output::Output;

/// Looks at all that the plan depends on; changes nothing.
pub(crate) async fn prepare<'a>(
    options: &'a Options,
    interrupts: &'a Interrupts,
    output: &'a Output,
    now: OffsetDateTime,
) -> anyhow::Result<Run<'a>> {
    let account = Account::open(&options.account).await?;
    let stack = session::guard_stack(&options.account, &account).await?;
    let output_of = |name, what| session::output_of(&stack, &options.account, name, what);
    let topic = output_of(output::TOPIC_ARN, "topic")?.to_owned();
    let ledger = output_of(output::LEDGER_BUCKET_NAME, "ledger")?.parse()?;
    let config = Deployed::config(&options.account, &account, &stack, output).await?;
    let deployed = Deployed::new(config, &account, &stack, now.date());
    let connection = &account.connection;
    let owner = account.caller.account.clone();
    let canary_id = format!("{:012x}", RandomState::new().hash_one(now.unix_timestamp()) >> 16);
    let name = Canary::name_of(&canary_id, &owner, connection.region())?;
    let id = BucketId { name, account: owner.clone(), region: connection.region().clone() };
    let notifications = deployed.config.notifications();
    let window = Duration::from_secs(u64::from(notifications.window().seconds()));
    let bounds = Bounds::new(options.timeout, deployed.settle, window);
    let tags = tags(options, bounds, now)?;
    let baseline = deployed.baseline_of_new(&id, &tags);
    let whose = Whose { owner: &owner, stack: options.account.stack.as_str(), topic: &topic };
    Ok(Run {
        options,
        interrupts,
        output,
        plan: plan::plan(&baseline, &id, notifications),
        grade: format!("{} ({})", baseline.grade, baseline.grade_because),
        bounds,
        leftovers: Leftovers::find(connection, whose, now).await?,
        canary_id,
        canary: Canary::new(connection, id.name.clone(), owner.clone()),
        buckets: Buckets::new(connection, owner.clone(), None, OffsetDateTime::now_utc),
        ledger: Ledger::new(connection, ledger, owner),
        id,
        tags,
        made: RefCell::default(),
        steps: RefCell::default(),
        topic,
        deployed,
        stack,
        account,
    })
}

/// The tags of what this run makes.
fn tags(options: &Options, bounds: Bounds, now: OffsetDateTime) -> anyhow::Result<Tags> {
    let until = if options.keep {
        KEPT.to_owned()
    } else {
        let until = (now + bounds.total()).replace_nanosecond(0)?;
        until.to_offset(UtcOffset::UTC).format(&Rfc3339)?
    };
    let stack = options.account.stack.to_string();
    Ok(Tags::from([(STACK_TAG.to_owned(), stack), (UNTIL_TAG.to_owned(), until)]))
}

/// Says what will be made, and asks.
pub(crate) async fn agree(run: &Run<'_>) -> anyhow::Result<()> {
    let Run { id, plan, bounds, output, leftovers, .. } = run;
    let stack = &run.options.account.stack;
    output.say(format_args!("account {}, {}, stack `{stack}`", id.account, id.region));
    output.say(format_args!("  makes    bucket `{}`, grade {}", id.name, run.grade));
    if run.options.notices {
        output.say(
            "  makes    a queue, subscribed to the stack's topic for what is told of this bucket",
        );
    }
    output.say(format_args!("  tries    {PROTECT}"));
    for step in plan.steps() {
        output.say(format_args!("           {step}"));
    }
    for skipped in &plan.skipped {
        output.say(format_args!("  skips    {}: {}", skipped.step, skipped.why));
    }
    output.say(format_args!(
        "  waits    {} at most for the new bucket, {} for each effect; CloudTrail takes minutes; the window is {}",
        report::bound(bounds.protect),
        report::bound(bounds.each),
        run.deployed.config.notifications().window()
    ));
    output.say("  costs    nothing to speak of: some hundred requests");
    output.say("  tells    whoever is subscribed hears of this bucket, as of every other");
    for made in leftovers.of(&[Leftover::Over]) {
        output.say(format_args!("  removes  {made}, which an earlier run has left"));
    }
    let again = run.command("verify --clean-up");
    for made in leftovers.of(&[Leftover::InUse]) {
        output.warn(format_args!("{made} is of another run, or kept: `{again}` removes it"));
    }
    leftovers.warn(output);
    if run.options.yes {
        return Ok(());
    }
    session::approve("making a bucket in this account", "yes", "`yes`", output).await
}
