//! Proving the deployed guard on a canary, a bucket made for it. No other bucket is written to.
//!
//! `prepare` fetches and asks for approval, `plan` has what is tried, `settings`, `objects` and `notifications` try it,
//! `links` finds the link that is probably broken, `clean` removes what was made.

pub(crate) mod clean;
mod links;
mod notifications;
mod objects;
mod plan;
mod prepare;
pub(crate) mod report;
mod run;
mod settings;

use std::collections::BTreeSet;

use anyhow::anyhow;
use s3guard_aws::canary::Inbox;
use s3guard_posture::contract::Channel;
use time::OffsetDateTime;

use crate::args::verify::Options;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::interrupt::{Interrupts, interrupted};
use crate::operations::session;
use crate::operations::session::Account;
use crate::operations::verify::clean::{Cleaned, Leftovers, Made};
use crate::operations::verify::links::Chain;
use crate::operations::verify::notifications::Arrivals;
use crate::operations::verify::prepare::{approve, prepare};
use crate::operations::verify::report::{Broken, StepStatus, VerifyReport};
use crate::operations::verify::run::{Interrupted, VerifyRun};
use crate::ui::output::Output;

/// Proves the guard, or only removes what earlier runs have left.
pub(crate) fn run(
    options: &Options,
    only_cleans_up: bool,
    output: &Output,
    now: OffsetDateTime,
) -> anyhow::Result<Exit> {
    if only_cleans_up {
        let on_interrupt = "run the same command again to continue".to_owned();
        return session::run(clean_up(options, output, now), on_interrupt);
    }
    let interrupts = Interrupts::cleaning_up();
    session::run_with(&interrupts, Box::pin(verify(options, &interrupts, output, now)))
}

async fn verify(
    options: &Options,
    interrupts: &Interrupts,
    output: &Output,
    now: OffsetDateTime,
) -> anyhow::Result<Exit> {
    let approved = async {
        let run = prepare(options, interrupts, output, now).await?;
        approve(&run).await?;
        Cleaned::of(&run.leftovers.over, output).await;
        anyhow::Ok(run)
    };
    let run = tokio::select! {
        run = approved => run?,
        () = interrupts.pressed(1) => return Err(interrupted("interrupted", "nothing was created")),
    };
    let again = run.command("verify --clean-up");
    let mut broken = Vec::new();
    let mut is_kept = false;
    let work = async {
        let tried = attempt(&run, &mut broken).await;
        let is_interrupted = tried.as_ref().is_err_and(anyhow::Error::is::<Interrupted>);
        if is_interrupted {
            output.say("interrupted: cleaning up; press Ctrl-C again to exit at once");
        }
        let mut left = Vec::new();
        let made = run.made.borrow().clone();
        for made in &made {
            if options.keep && !is_interrupted && matches!(made, Made::Canary(_)) {
                is_kept = true;
                left.push(format!("{made} (kept)"));
            } else if let Err(error) = made.remove().await {
                left.push(format!("{made} ({error})"));
            }
        }
        (tried, is_interrupted, left)
    };
    let (tried, is_interrupted, left) = tokio::select! {
        done = work => done,
        () = interrupts.pressed(2) => {
            let made: Vec<String> = run.made.borrow().iter().rev().map(ToString::to_string).collect();
            return Err(anyhow!("interrupted before all was removed: {}", made.join(", ")))
                .hint(format!("`{again}` removes it"))
                .exit(Exit::Interrupted);
        }
    };
    if !left.is_empty() {
        output.say(format_args!("not removed: {}; `{again}` removes it", left.join(", ")));
    }
    let is_clean = left.len() == usize::from(is_kept);
    let report = VerifyReport { is_interrupted, broken, left, ..run.report(run.steps.take()) };
    output.result(&report)?;
    if is_interrupted {
        let hint = if is_clean { "everything was removed" } else { "everything else was removed" };
        return Err(interrupted("interrupted", hint));
    }
    tried?;
    Ok(if report.is_well() && is_clean { Exit::Done } else { Exit::Failed })
}

/// Creates the canary and tries the whole plan. For what is not seen, it finds the broken links.
async fn attempt(run: &VerifyRun<'_>, broken: &mut Vec<Broken>) -> anyhow::Result<()> {
    let mut chains = Chain::all(run).await;
    let mut inbox = None;
    if run.options.notifications {
        let names = (run.canary_id.as_str(), run.topic.as_str());
        let made = inbox.insert(Inbox::create(&run.account.connection, names, &run.tags).await?);
        run.made.borrow_mut().push(Made::Inbox(made.clone()));
        made.subscribe(&run.id.name).await?;
    }
    run.made.borrow_mut().push(Made::Canary(run.canary.clone()));
    let [guard, objects, _] = &mut chains;
    let tried = steps(run, inbox.as_ref(), guard, objects).await;
    for step in &run.plan.skipped {
        run.note(step.clone())?;
    }
    if tried.as_ref().is_err_and(anyhow::Error::is::<Interrupted>) {
        return tried;
    }
    for chain in &mut chains {
        if let Some(link) = chain.judge(run).await? {
            let commands = link.commands.iter().map(|command| run.command(command)).collect();
            broken.push(Broken { link: link.name, text: link.text, commands });
        }
    }
    tried
}

/// Tries one step after the other; those that depend on one that failed are left out.
async fn steps(
    run: &VerifyRun<'_>,
    inbox: Option<&Inbox>,
    guard: &mut Chain,
    objects: &mut Chain,
) -> anyhow::Result<()> {
    if let Some(clues) = settings::protect(run).await? {
        guard.clues = clues;
        return Ok(());
    }
    guard.clues = settings::remediate(run).await?;
    objects.clues = objects::objects(run).await?;
    let Some(inbox) = inbox else { return Ok(()) };
    let mut arrivals = Arrivals { inbox, kinds: BTreeSet::new() };
    arrivals.wait_for(run, "notify: about the bucket", &["bucket-report", "joined"]).await?;
    let is_published =
        |step: &report::VerifyStep| step.name == plan::DIGEST && step.state == StepStatus::Ok;
    if run.steps.borrow().iter().any(is_published) {
        arrivals.wait_for(run, "notify: about its objects", &["objects"]).await?;
    }
    Ok(())
}

/// Removes what earlier runs for this stack have left or kept.
async fn clean_up(options: &Options, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let account = Account::open(&options.account).await?;
    let stack = session::guard_stack(&options.account, &account).await?;
    let topic = session::output_of(&stack, &options.account, Channel::Document.output(), "topic")?;
    let (owner, name) = (&account.caller.account, options.account.stack.as_str());
    let found = Leftovers::find(&account.connection, owner, name, topic, now).await?;
    found.warnings.iter().for_each(|warning| output.warn(warning));
    let all: Vec<&Made> = found.over.iter().chain(&found.in_use).collect();
    if all.is_empty() {
        output.say("earlier runs have left nothing");
    }
    for made in &all {
        output.say(format_args!("  removes  {made}"));
    }
    if !all.is_empty() && !options.yes {
        let what = "removing what earlier runs have left";
        let approved = session::confirm(what, "remove it?", output).await;
        session::unless_approved(approved, &Cleaned::planned(&all), output)?;
    }
    let cleaned = Cleaned::of(all, output).await;
    output.result(&cleaned)?;
    let is_clean = cleaned.left.is_empty() && !found.is_partial;
    Ok(if is_clean { Exit::Done } else { Exit::Failed })
}
