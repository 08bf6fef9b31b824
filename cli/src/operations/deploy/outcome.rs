//! Several Regions as one deployment: all are ready or none is begun, one yes is for all, and the end says what is done.

use std::fmt;
use std::future::Future;
use std::io::{self, IsTerminal as _};

use anyhow::{Context as _, anyhow};
use s3guard_aws::stacks::Stack;
use s3guard_posture::Region;
use serde::Serialize;

use crate::args::deploy_options::Approve;
use crate::commands::deploy::Args;
use crate::error;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::files;
use crate::operations::deploy::proposal::{Answer, Proposal};
use crate::operations::deploy::report::{Deployed, Deployment};
use crate::operations::deploy::review::Told;
use crate::operations::deploy::target::Target;
use crate::operations::session;
use crate::ui::output::Output;

/// A deployment that is done.
pub(crate) struct Done {
    deployment: Deployment,
    output: Output,
    verb: Deployed,
}

/// How the deployments to all Regions ended.
pub(crate) struct Outcome {
    pub(crate) all: Vec<(Region, anyhow::Result<Done>)>,
    pub(crate) seconds: f32,
}

impl Answer {
    pub(crate) fn target(&self) -> &Target {
        match self {
            Self::Proposed(proposal) => &proposal.target,
            Self::Empty(target) => target,
        }
    }

    pub(crate) fn proposal(&self) -> Option<&Proposal> {
        match self {
            Self::Proposed(proposal) => Some(proposal),
            Self::Empty(_) => None,
        }
    }
}

impl Done {
    pub(crate) fn new(target: &Target, verb: Deployed, stack: Stack, told: Told) -> Self {
        let account = &target.account.caller.account;
        let deployment = Deployment::new(&target.name, target.region(), account, verb, stack, told);
        Self { deployment, output: target.output.clone(), verb }
    }
}

/// All that was asked for, or the first failure after telling of every one.
pub(crate) fn all_or_none<T>(
    results: Vec<anyhow::Result<T>>,
    output: &Output,
) -> anyhow::Result<Vec<T>> {
    if results.len() == 1 {
        return results.into_iter().collect();
    }
    let count = results.len();
    let mut good = Vec::new();
    let mut failures = Vec::new();
    for result in results {
        match result {
            Ok(one) => good.push(one),
            Err(error) => failures.push(error),
        }
    }
    let Some(last) = failures.pop() else { return Ok(good) };
    for error in &failures {
        error::report(error, output);
    }
    let failed = failures.len() + 1;
    Err(last.context(format!(
        "{failed} of {count} Regions cannot be deployed to; nothing was changed in any"
    )))
}

/// All proposals, or none: those of the other Regions are taken away if one is refused.
pub(crate) async fn all_or_withdrawn(
    results: Vec<anyhow::Result<Answer>>,
    token: &str,
    output: &Output,
) -> anyhow::Result<Vec<Answer>> {
    if results.iter().any(Result::is_err) {
        for answer in results.iter().flatten() {
            if let Some(proposal) = answer.proposal() {
                proposal.withdraw(token).await;
            }
        }
    }
    all_or_none(results, output)
}

/// A change set is of one stack.
pub(crate) async fn one_region<F: Future<Output = anyhow::Result<Proposal>>>(
    targets: Vec<Target>,
    find: impl FnOnce(Target) -> F,
) -> anyhow::Result<Vec<Answer>> {
    let mut targets = targets.into_iter();
    match (targets.next(), targets.next()) {
        (Some(target), None) => Ok(vec![Answer::Proposed(Box::new(find(target).await?))]),
        (_, _) => Err(anyhow!("a change set is of one stack in one Region"))
            .hint("name its Region with `--region`")
            .exit(Exit::Usage),
    }
}

/// Shows what would be done in each Region.
pub(crate) fn show(answers: &[Answer], output: &Output) -> anyhow::Result<()> {
    /// A Region's changes, for programs.
    #[derive(Serialize)]
    struct Changes {
        stack: String,
        region: String,
        #[serde(flatten)]
        told: Told,
    }
    for answer in answers {
        let target = answer.target();
        let Some(proposal) = answer.proposal() else {
            target.output.say("no changes");
            continue;
        };
        let table = proposal.review.render(columns(&target.output), output.paint());
        for line in table.lines() {
            target.output.say(line);
        }
        output.event(
            "changes",
            &Changes {
                stack: target.name.to_string(),
                region: target.region().to_string(),
                told: proposal.review.told(),
            },
        )?;
    }
    Ok(())
}

/// How many columns a table has: what its lines begin with takes its part of the screen.
pub(crate) fn columns(output: &Output) -> usize {
    output.width().saturating_sub(output.label().map_or(0, |label| label.len() + 2))
}

/// Leaves the change sets to whoever carries them out later.
pub(crate) fn leave(answers: &[Answer], output: &Output) -> anyhow::Result<Exit> {
    let sets: Vec<Left> = answers
        .iter()
        .filter_map(Answer::proposal)
        .map(|proposal| Left {
            stack: proposal.target.name.to_string(),
            region: proposal.target.region().to_string(),
            change_set: proposal.set.id.clone(),
            told: proposal.review.told(),
        })
        .collect();
    for left in &sets {
        let Left { stack, region, change_set, .. } = left;
        output.say(format_args!(
            "nothing was changed; `s3guard deploy --stack {stack} --region {region} --change-set {change_set}` does it"
        ));
    }
    output.result(&AllLeft { change_sets: sets })?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Left {
    stack: String,
    region: String,
    change_set: String,
    #[serde(flatten)]
    told: Told,
}

/// The change sets that wait; as text, an id a line.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AllLeft {
    change_sets: Vec<Left>,
}

impl fmt::Display for AllLeft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.change_sets.iter().try_for_each(|left| writeln!(f, "{}", left.change_set))
    }
}

/// Has somebody agree where that is needed, once for all Regions. What nobody agrees to is taken away, unless it was made
/// before.
pub(crate) async fn agree(
    answers: &[Answer],
    approve: Approve,
    is_agreed: bool,
    token: &str,
    output: &Output,
) -> anyhow::Result<()> {
    let proposals: Vec<&Proposal> = answers.iter().filter_map(Answer::proposal).collect();
    if is_agreed || !proposals.iter().any(|proposal| proposal.review.needs_approval(approve)) {
        return Ok(());
    }
    let agreed = if io::stdin().is_terminal() {
        output.say("carry this out? [y/N]");
        let answer = session::blocking(|| {
            let mut answer = String::new();
            io::stdin().read_line(&mut answer).context("the answer could not be read")?;
            Ok(answer)
        });
        match answer.await?.trim() {
            "y" | "Y" | "yes" => Ok(()),
            _ => Err(anyhow!("cancelled")).hint("nothing was changed"),
        }
    } else {
        Err(anyhow!("this needs approval, and there is no terminal to ask on")).hint(
            "nothing was changed; read what is above, then give `--yes`, or `--approve never` to agree to whatever comes",
        )
    };
    if agreed.is_err() {
        for proposal in proposals.into_iter().filter(|proposal| proposal.is_new) {
            proposal.withdraw(token).await;
        }
    }
    agreed.exit(Exit::Approval)
}

impl Outcome {
    /// Says how it ended, for all Regions.
    pub(crate) fn finish(self, args: &Args, output: &Output) -> anyhow::Result<Exit> {
        let is_one = self.all.len() == 1;
        let mut done = Vec::new();
        let mut failed: Vec<(Region, anyhow::Error)> = Vec::new();
        for (region, result) in self.all {
            match result {
                Ok(one) => {
                    let (stack, verb) = (&args.wanted.account.stack, one.verb);
                    one.output.say(format_args!("stack `{stack}` {verb} in {:.1} s", self.seconds));
                    done.push(one.deployment);
                }
                Err(error) if is_one => return Err(error),
                Err(error) => failed.push((region, error)),
            }
        }
        let all = Deployments {
            stacks: done,
            failed: (failed.iter())
                .map(|(region, error)| Failed {
                    region: region.to_string(),
                    error: format!("{error:#}"),
                })
                .collect(),
        };
        if let Some(file) = &args.options.outputs_file {
            files::write(file, &all.outputs(is_one)?)?;
        }
        match (is_one, all.stacks.first()) {
            (true, Some(one)) => output.result(one)?,
            (_, _) => output.result(&all)?,
        }
        if failed.is_empty() {
            return Ok(Exit::Done);
        }
        let regions: Vec<&str> = failed.iter().map(|(region, _)| region.as_str()).collect();
        let regions = regions.join(",");
        let count = all.stacks.len() + failed.len();
        for (region, error) in &failed {
            error::report(error, &output.labelled(region.as_str()));
        }
        Err(anyhow!("{} of {count} Regions failed: {regions}", failed.len())).hint(format!(
            "the others are done; go on with `s3guard deploy --stack {} --region {regions}` and the other flags as before",
            args.wanted.account.stack
        ))
    }
}

/// The deployments to several Regions.
#[derive(Serialize)]
struct Deployments {
    stacks: Vec<Deployment>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<Failed>,
}

#[derive(Serialize)]
struct Failed {
    region: String,
    error: String,
}

impl Deployments {
    /// The outputs, of several Regions below their names.
    fn outputs(&self, is_one: bool) -> anyhow::Result<Vec<u8>> {
        let json = if let (true, Some(one)) = (is_one, self.stacks.first()) {
            serde_json::to_value(one.outputs())?
        } else {
            let by_region = self
                .stacks
                .iter()
                .map(|one| Ok((one.region().to_owned(), serde_json::to_value(one.outputs())?)));
            serde_json::Value::Object(by_region.collect::<anyhow::Result<_>>()?)
        };
        let mut bytes = serde_json::to_vec_pretty(&json)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

impl fmt::Display for Deployments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, one) in self.stacks.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n" };
            write!(f, "{gap}{}\n{one}", one.region())?;
        }
        Ok(())
    }
}
