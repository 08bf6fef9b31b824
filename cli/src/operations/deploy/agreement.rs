//! What would be done, shown; and somebody's agreement, once for all Regions.

use std::fmt;

use serde::Serialize;

use crate::args::deploy_options::OptionArgs;
use crate::exit::Exit;
use crate::operations::deploy::proposal::{Answer, Proposal};
use crate::operations::deploy::review::Told;
use crate::operations::session;
use crate::ui::output::Output;

/// What would be done to the stack of a Region, for programs.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Proposed {
    pub(crate) stack: String,
    pub(crate) region: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) change_set: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) differs: Option<bool>,
    #[serde(flatten)]
    pub(crate) told: Told,
}

impl Answer {
    pub(crate) fn view(&self) -> Proposed {
        let target = self.target();
        Proposed {
            stack: target.name.to_string(),
            region: target.region().to_string(),
            told: self.proposal().map(|proposal| proposal.review.told()).unwrap_or_default(),
            ..Proposed::default()
        }
    }
}

/// Shows what would be done in each Region.
pub(crate) fn show(answers: &[Answer], output: &Output) -> anyhow::Result<()> {
    for answer in answers {
        let words = &answer.target().output;
        let Some(proposal) = answer.proposal() else {
            words.say("no changes");
            continue;
        };
        for line in proposal.review.render(columns(words), output.paint()).lines() {
            words.say(line);
        }
        output.event("changes", &answer.view())?;
    }
    Ok(())
}

/// How many columns a table has: what its lines begin with takes its part of the screen.
pub(crate) fn columns(output: &Output) -> usize {
    output.width().saturating_sub(output.label().map_or(0, |label| label.len() + 2))
}

/// Leaves the change sets to be carried out later.
pub(crate) fn leave(answers: &[Answer], output: &Output) -> anyhow::Result<Exit> {
    let mut change_sets = Vec::new();
    for answer in answers {
        let Some(Proposal { set, .. }) = answer.proposal() else { continue };
        let view = Proposed { change_set: Some(set.id.clone()), ..answer.view() };
        output.say(format_args!(
            "nothing was changed; `s3guard deploy --stack {} --region {} --change-set {}` does it",
            view.stack, view.region, set.id
        ));
        change_sets.push(view);
    }
    output.result(&Waiting { change_sets })?;
    Ok(Exit::Done)
}

/// The change sets that wait; as text, an id a line.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Waiting {
    change_sets: Vec<Proposed>,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ids = self.change_sets.iter().filter_map(|one| one.change_set.as_ref());
        ids.try_for_each(|id| writeln!(f, "{id}"))
    }
}

/// Has somebody agree where that is needed. What nobody agrees to is deleted, unless it was made by an earlier run.
pub(crate) async fn agree(
    answers: &[Answer],
    options: &OptionArgs,
    token: &str,
    output: &Output,
) -> anyhow::Result<()> {
    let proposals: Vec<&Proposal> = answers.iter().filter_map(Answer::proposal).collect();
    let needs_approval = |one: &&Proposal| one.review.needs_approval(options.approve);
    if options.yes || !proposals.iter().any(needs_approval) {
        return Ok(());
    }
    let agreed = session::confirm("this", "carry this out?", output).await;
    if agreed.is_err() {
        for proposal in proposals.into_iter().filter(|proposal| proposal.is_new) {
            proposal.withdraw(token).await;
        }
    }
    agreed
}
