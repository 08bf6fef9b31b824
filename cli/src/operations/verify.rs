//! Proving the deployed guard on a bucket of its own.
//!
//! `prepare` asks, `plan` says what is tried, `attempt` has `settings`, `objects` and `notices` try it, `links` judges what
//! is not seen, `clean` removes what was made. Nothing but the canary is ever written to.

mod attempt;
mod clean;
mod deployed;
mod links;
mod notices;
mod objects;
mod plan;
mod prepare;
mod probe;
mod report;
mod run;
mod settings;

use anyhow::anyhow;
use time::OffsetDateTime;

use crate::args::verify::Options;
use crate::error;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::interrupt::Interrupts;
use crate::operations::session;
use crate::operations::session::Account;
use crate::operations::verify::attempt::attempt;
use crate::operations::verify::clean::{Leftover, Leftovers, Whose};
use crate::operations::verify::prepare::{agree, prepare};
use crate::operations::verify::report::Report;
use crate::operations::verify::run::Interrupted;
use crate::ui::output::Output;
use s3guard_posture::contract::output;

/// Proves the guard, or only removes what earlier runs have left.
pub(crate) fn run(
    options: &Options,
    only_cleans_up: bool,
    output: &Output,
    now: OffsetDateTime,
) -> anyhow::Result<Exit> {
    let interrupts = Interrupts::cleaning_up();
    session::run_with(&interrupts, async {
        if !only_cleans_up {
            return Box::pin(verify(options, &interrupts, output, now)).await;
        }
        tokio::select! {
            done = clean_up(options, output, now) => done,
            () = interrupts.pressed(1) => Err(interrupted("the same command goes on with it")),
        }
    })
}

async fn verify(
    options: &Options,
    interrupts: &Interrupts,
    output: &Output,
    now: OffsetDateTime,
) -> anyhow::Result<Exit> {
    let agreed = async {
        let run = prepare(options, interrupts, output, now).await?;
        agree(&run).await?;
        anyhow::Ok(run)
    };
    let run = tokio::select! {
        run = agreed => run?,
        () = interrupts.pressed(1) => return Err(interrupted("nothing was made")),
    };
    tokio::select! {
        _ = run.leftovers.remove(&[Leftover::Over], output) => {}
        () = interrupts.pressed(1) => return Err(interrupted("nothing was made")),
    }
    let again = run.command("verify --clean-up");
    let mut broken = Vec::new();
    let work = async {
        let tried = attempt(&run, &mut broken).await;
        let is_interrupted = tried.as_ref().is_err_and(anyhow::Error::is::<Interrupted>);
        if is_interrupted {
            output.say("interrupted: cleaning up; Ctrl-C once more leaves at once");
        }
        let made = run.made.borrow().clone();
        let left = clean::remove(&made, options.keep && !is_interrupted).await;
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
        output.say(format_args!("still there: {}; `{again}` removes it", left.join(", ")));
    }
    let keeps_all = options.keep && left.len() == 1;
    let report = Report {
        stack: options.account.stack.to_string(),
        region: run.id.region.to_string(),
        account: run.id.account.to_string(),
        bucket: run.id.name.to_string(),
        grade: run.grade.clone(),
        is_interrupted,
        steps: run.steps.take(),
        broken,
        left,
    };
    output.result(&report)?;
    if is_interrupted {
        let is_clean = report.left.is_empty();
        return Err(interrupted(if is_clean {
            "what was made is removed"
        } else {
            "all else is removed"
        }));
    }
    tried?;
    let is_clean = report.left.is_empty() || keeps_all;
    Ok(if report.is_well() && is_clean { Exit::Done } else { Exit::Failed })
}

/// Removes what earlier runs for this stack have left or kept.
async fn clean_up(options: &Options, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    const KINDS: &[Leftover] = &[Leftover::Over, Leftover::InUse];
    let account = Account::open(&options.account).await?;
    let stack = session::guard_stack(&options.account, &account).await?;
    let topic = session::output_of(&stack, &options.account, output::TOPIC_ARN, "topic")?;
    let owner = &account.caller.account;
    let whose = Whose { owner, stack: options.account.stack.as_str(), topic };
    let found = Leftovers::find(&account.connection, whose, now).await?;
    found.warn(output);
    if found.of(KINDS).next().is_none() {
        output.say("nothing is left of earlier runs");
    } else {
        for made in found.of(KINDS) {
            output.say(format_args!("  removes  {made}"));
        }
        if !options.yes {
            session::approve("removing what earlier runs have left", "yes", "`yes`", output)
                .await?;
        }
    }
    let cleaned = found.remove(KINDS, output).await;
    output.result(&cleaned)?;
    let is_clean = cleaned.left.is_empty() && found.unseen.is_empty();
    Ok(if is_clean { Exit::Done } else { Exit::Failed })
}

fn interrupted(hint: &str) -> anyhow::Error {
    let error = Err::<(), _>(error::hinted(anyhow!("interrupted"), hint)).exit(Exit::Interrupted);
    error.expect_err("it is one")
}
