//! The changes are shown, and approved once for all Regions.

use s3guard_posture::BucketName;
use serde::Serialize;

use crate::args::deploy_options::OptionArgs;
use crate::exit::Exit;
use crate::operations::deploy::preview;
use crate::operations::deploy::proposal::Answer;
use crate::operations::deploy::review::Review;
use crate::operations::deploy::withdraw;
use crate::operations::session;
use crate::ui::output::Output;
use crate::ui::text::{Printable, Text};

/// The changes of the stack of one Region, as JSON.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Proposed {
    pub(crate) stack: String,
    pub(crate) region: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) change_set: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) differs: Option<bool>,
    #[serde(flatten)]
    pub(crate) review: Option<Review>,
}

impl Answer {
    pub(crate) fn view(&self) -> Proposed {
        Proposed {
            stack: self.target.name.to_string(),
            region: self.target.region().to_string(),
            review: self.proposal.as_ref().map(|proposal| proposal.review.clone()),
            ..Proposed::default()
        }
    }
}

pub(crate) fn show(answers: &[Answer], output: &Output) -> anyhow::Result<()> {
    for answer in answers {
        let words = &answer.target.output;
        let Some(proposal) = &answer.proposal else {
            words.say("no changes");
            continue;
        };
        let text = Text::of(&proposal.review, None);
        text.into_lines().into_iter().for_each(|line| words.say(line));
        output.event("changes", &answer.view())?;
    }
    Ok(())
}

/// Keeps the change sets for a later run.
pub(crate) fn keep(answers: &[Answer], output: &Output) -> anyhow::Result<Exit> {
    let mut regions = Vec::new();
    for answer in answers {
        let Some(proposal) = &answer.proposal else { continue };
        let id = &proposal.set.id;
        let view = Proposed { change_set: Some(id.clone()), ..answer.view() };
        output.say(format_args!(
            "nothing was changed; `s3guard deploy --stack {} --region {} --change-set {id}` carries it out",
            view.stack, view.region
        ));
        regions.push(view);
    }
    output.result(&Waiting { regions })?;
    Ok(Exit::Done)
}

/// The change sets that wait; as text, one id per line.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Waiting {
    regions: Vec<Proposed>,
}

impl Printable for Waiting {
    fn print(&self, text: &mut Text) {
        let ids = self.regions.iter().filter_map(|one| one.change_set.as_ref());
        ids.for_each(|id| text.line(id));
    }
}

/// Asks for approval where it is needed. Without it, the change sets of this run are deleted.
pub(crate) async fn approve(
    answers: &[Answer],
    options: &OptionArgs,
    named: Option<&BucketName>,
    token: &str,
    output: &Output,
) -> anyhow::Result<()> {
    let needs_approval = |answer: &Answer| {
        answer.proposal.as_ref().is_some_and(|one| one.review.needs_approval(options.approve))
    };
    if options.yes {
        return Ok(());
    }
    let is_new = |answer: &Answer| answer.proposal.as_ref().is_some_and(|one| one.review.is_new);
    let unchanged = unchanged(answers, named)?;
    let approved = if answers.iter().any(needs_approval) {
        session::confirm_leaving(&unchanged, "this", "carry this out?", output).await
    } else {
        preview::approve(answers.iter().any(is_new), &unchanged, output).await
    };
    if approved.is_err() {
        withdraw(answers, token).await;
    }
    approved
}

/// What stays without the approval: CloudFormation reads package and template from a bucket to compute the changes.
fn unchanged(answers: &[Answer], named: Option<&BucketName>) -> anyhow::Result<String> {
    let changed: Vec<&Answer> = answers.iter().filter(|one| one.proposal.is_some()).collect();
    let buckets = changed.iter().map(|answer| answer.target.account.code_bucket(named));
    let buckets: Vec<BucketName> = buckets.collect::<anyhow::Result<_>>()?;
    let buckets: Vec<String> = buckets.iter().map(|name| format!("`{name}`")).collect();
    let deletes = match changed[..] {
        [first, ..] if named.is_none() && changed.iter().all(|answer| answer.target.is_new()) => {
            format!("; `s3guard destroy --all --stack {}` deletes it", first.target.name)
        }
        _ => String::new(),
    };
    Ok(format!(
        "no stack was changed; the package and the template stay in bucket {}{deletes}",
        buckets.join(", ")
    ))
}
