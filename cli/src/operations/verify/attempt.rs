//! The story of a run: from the making of the canary to the judgement of what was not seen.

use s3guard_aws::canary::{Canary, Inbox};
use s3guard_aws::{Buckets, Ledger};
use s3guard_posture::model::setting::Tags;
use time::OffsetDateTime;

use crate::args::verify::VerifyArgs;
use crate::operations::interrupt::Interrupts;
use crate::operations::session;
use crate::operations::verify::clean::Made;
use crate::operations::verify::links::Link;
use crate::operations::verify::plan;
use crate::operations::verify::plan::Plan;
use crate::operations::verify::prepare::{Prepared, command, tags};
use crate::operations::verify::probe::Probe;
use crate::operations::verify::report::{Broken, State, Step};
use crate::operations::verify::stage::{Interrupted, Stage};
use crate::operations::verify::{notices, objects, tries};
use crate::ui::output::Output;

/// Makes the canary and tries all of the plan. What is not seen is judged.
pub(crate) async fn attempt(
    args: &VerifyArgs,
    prepared: &Prepared,
    made: &Made,
    (interrupts, output, now, canary_id): (&Interrupts, &Output, OffsetDateTime, &str),
    (steps, broken): (&mut Vec<Step>, &mut Vec<Broken>),
) -> anyhow::Result<()> {
    let Prepared { account, stack, deployed, plan, id, bounds, topic, .. } = prepared;
    let connection = &account.connection;
    let ledger = session::output_of(stack, &args.account, "LedgerBucketName", "ledger")?.parse()?;
    let ledger = Ledger::new(connection, ledger, id.account.clone());
    let buckets = Buckets::new(connection, id.account.clone(), None, OffsetDateTime::now_utc);
    let canary = Canary::new(connection, id.name.clone(), id.account.clone());
    let tags = tags(args, *bounds, now)?;
    let mut probe = Probe::new(connection, stack, &args.account.stack);
    probe.begin().await;
    let inbox = if args.notices {
        let inbox = Inbox::create(connection, (canary_id, topic), &tags).await?;
        *made.inbox.borrow_mut() = Some(inbox.clone());
        inbox.subscribe(&id.name).await?;
        Some(inbox)
    } else {
        None
    };
    *made.canary.borrow_mut() = Some(canary.clone());
    let stage = Stage {
        canary: &canary,
        id,
        buckets: &buckets,
        ledger: &ledger,
        deployed,
        interrupts,
        output,
        bounds: *bounds,
    };
    let tried = all(&stage, plan, (&tags, inbox.as_ref()), &mut probe, steps).await;
    for skipped in &plan.skipped {
        let step = Step::without_wait(&skipped.step, State::Skipped, &skipped.why);
        output.event("step", &step)?;
        steps.push(step);
    }
    let found = match &tried {
        Err(error) if error.is::<Interrupted>() => Vec::new(),
        Ok(()) | Err(_) => probe.judge(&stage, steps).await?,
    };
    let flags = |link: Link| Broken {
        link,
        says: link.says(),
        look: link.look().iter().map(|look| command(args, account, look)).collect(),
    };
    broken.extend(found.into_iter().map(flags));
    tried
}

async fn all(
    stage: &Stage<'_>,
    plan: &Plan,
    (tags, inbox): (&Tags, Option<&Inbox>),
    probe: &mut Probe,
    steps: &mut Vec<Step>,
) -> anyhow::Result<()> {
    let mut arrivals = inbox.map(notices::Arrivals::new);
    if !tries::protect(stage, tags, (steps, &mut probe.clues)).await? {
        let why = "the guard has not brought the new bucket to its grade";
        let names = plan.weakenings.iter().map(plan::Weakening::name);
        let names = names.chain(plan.deeds.iter().map(|deed| deed.name().to_owned()));
        let told = plan.waits_for_window.then(|| plan::TOLD.to_owned());
        for name in names.chain(told) {
            steps.push(Step::without_wait(name, State::NotTried, why));
        }
        return Ok(());
    }
    tries::mend(stage, &plan.weakenings, (steps, &mut probe.clues)).await?;
    objects::objects(stage, plan, (steps, &mut probe.object_clues), OffsetDateTime::now_utc())
        .await?;
    let Some(arrivals) = &mut arrivals else { return Ok(()) };
    arrivals.wait_for(stage, notices::BUCKET, steps).await?;
    let is_told = steps.iter().any(|step| step.name == plan::TOLD && step.state == State::Ok);
    if is_told {
        arrivals.wait_for(stage, notices::OBJECTS, steps).await?;
    } else {
        let why = "no window was told";
        steps.push(notices::not_tried(notices::OBJECTS.0, why));
    }
    Ok(())
}
