//! The story of a run: from the making of the canary to the judgement of what was not seen.

use s3guard_aws::canary::Inbox;

use crate::operations::verify::clean::Made;
use crate::operations::verify::notices::{self, Arrivals};
use crate::operations::verify::plan::TOLD;
use crate::operations::verify::probe::Probe;
use crate::operations::verify::report::{Broken, State, Step};
use crate::operations::verify::run::{Interrupted, Run};
use crate::operations::verify::{objects, settings};

/// Makes the canary and tries all of the plan. What is not seen is judged.
pub(crate) async fn attempt(run: &Run<'_>, broken: &mut Vec<Broken>) -> anyhow::Result<()> {
    let connection = &run.account.connection;
    let mut probe = Probe::new(connection, &run.stack, &run.options.account.stack);
    probe.begin().await;
    let inbox = if run.options.notices {
        let names = (run.canary_id.as_str(), run.topic.as_str());
        let inbox = Inbox::create(connection, names, &run.tags).await?;
        run.made.borrow_mut().push(Made::Inbox(inbox.clone()));
        inbox.subscribe(&run.id.name).await?;
        Some(inbox)
    } else {
        None
    };
    run.made.borrow_mut().push(Made::Canary(run.canary.clone()));
    let tried = all(run, inbox.as_ref(), &mut probe).await;
    for skipped in &run.plan.skipped {
        let step = Step::without_wait(&skipped.step, State::Skipped, &skipped.why);
        run.output.event("step", &step)?;
        run.steps.borrow_mut().push(step);
    }
    if !tried.as_ref().is_err_and(anyhow::Error::is::<Interrupted>) {
        for link in probe.judge(run).await? {
            let look = link.look.iter().map(|command| run.command(command)).collect();
            broken.push(Broken { link, says: link.says, look });
        }
    }
    tried
}

async fn all(run: &Run<'_>, inbox: Option<&Inbox>, probe: &mut Probe) -> anyhow::Result<()> {
    let not_tried = |name: &str, why| Step::without_wait(name, State::NotTried, why);
    if let Some(clues) = settings::protect(run).await? {
        probe.guard.clues = clues;
        let why = "the guard has not brought the new bucket to its grade";
        run.steps.borrow_mut().extend(run.plan.steps().iter().map(|name| not_tried(name, why)));
        return Ok(());
    }
    probe.guard.clues = settings::mend(run).await?;
    probe.objects.clues = objects::objects(run).await?;
    let Some(inbox) = inbox else { return Ok(()) };
    let mut arrivals = Arrivals::new(inbox);
    arrivals.wait_for(run, &notices::BUCKET).await?;
    let is_told = |step: &Step| step.name == TOLD && step.state == State::Ok;
    if run.steps.borrow().iter().any(is_told) {
        return arrivals.wait_for(run, &notices::OBJECTS).await;
    }
    run.steps.borrow_mut().push(not_tried(notices::OBJECTS.name, "no window was told"));
    Ok(())
}
