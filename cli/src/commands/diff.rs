//! `s3guard diff`: what a deployment would change; nothing is changed.

use std::fmt;

use s3guard_aws::stacks::Manner;
use s3guard_posture::config::Config;
use serde::Serialize;

use crate::args::wanted::WantedArgs;
use crate::commands::deploy;
use crate::exit::{self, Exit};
use crate::operations::deploy::asking;
use crate::operations::deploy::asking::Asking;
use crate::operations::deploy::outcome;
use crate::operations::deploy::proposal::Answer;
use crate::operations::deploy::review::Told;
use crate::operations::deploy::target::Patience;
use crate::operations::session;
use crate::ui::output::Output;

/// Show what a deployment would change, and change nothing
///
/// Has CloudFormation work out a change set, shows it as `s3guard deploy` does, and takes it away again. The
/// package is not uploaded; a template that no call takes is, to the bucket for code, which is made if it
/// is not there. A stack whose creation has failed is not touched: all of it would be made anew.
#[derive(Debug, clap::Args)]
#[command(after_long_help = manual())]
pub(crate) struct Args {
    #[command(flatten)]
    wanted: WantedArgs,

    /// Exit with 3 if there are differences
    #[arg(long)]
    fail: bool,
}

pub(crate) fn run(args: &Args, output: &Output, token: &str) -> anyhow::Result<Exit> {
    let stack = &args.wanted.account.stack;
    let on_interrupt = format!(
        "nothing was changed; a change set `{token}` of stack `{stack}` may be left, and harms nobody"
    );
    session::run(diff(args, output, token), on_interrupt)
}

async fn diff(args: &Args, output: &Output, token: &str) -> anyhow::Result<Exit> {
    let configuration = args.wanted.account.config.read(output)?;
    // A failure that was kept can be compared, too.
    let patience = Patience { waits: false, keeps_failures: true };
    let targets = deploy::find(&args.wanted.account, output, patience).await?;
    let (shells, targets): (Vec<_>, Vec<_>) =
        targets.into_iter().partition(crate::operations::deploy::target::Target::is_shell);
    let mut stacks: Vec<Compared> = shells
        .iter()
        .map(|target| Compared {
            stack: target.name.to_string(),
            region: target.region().to_string(),
            differs: true,
            told: Told::default(),
            table: "its creation has failed: a deployment deletes what is left of it and makes all of it anew\n"
                .to_owned(),
        })
        .collect();
    if !targets.is_empty() {
        let manner = |_| Manner {
            reverts_drift: args.wanted.revert_drift,
            imports: true,
            ..Manner::default()
        };
        let asking = Asking { manner: &manner, uploads: false, token };
        let config: Option<&Config> = configuration.as_ref();
        let answers = asking::propose(targets, &args.wanted, config, &asking, output).await?;
        stacks.extend(answers.iter().map(|answer| of(answer, output)));
        for proposal in answers.iter().filter_map(Answer::proposal) {
            proposal.withdraw(token).await;
        }
    }
    let differs = stacks.iter().any(|stack| stack.differs);
    output.result(&Difference { stacks })?;
    Ok(if differs && args.fail { Exit::Findings } else { Exit::Done })
}

fn of(answer: &Answer, output: &Output) -> Compared {
    let target = answer.target();
    let proposal = answer.proposal();
    Compared {
        stack: target.name.to_string(),
        region: target.region().to_string(),
        differs: proposal.is_some(),
        told: proposal.map(|proposal| proposal.review.told()).unwrap_or_default(),
        table: proposal.map_or_else(
            || "no changes\n".to_owned(),
            |proposal| proposal.review.render(outcome::columns(output), output.results()),
        ),
    }
}

/// What would change in each Region.
#[derive(Serialize)]
struct Difference {
    stacks: Vec<Compared>,
}

/// What would change of a stack; as text, a table.
#[derive(Serialize)]
struct Compared {
    stack: String,
    region: String,
    differs: bool,
    #[serde(flatten)]
    told: Told,
    #[serde(skip)]
    table: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, stack) in self.stacks.iter().enumerate() {
            if self.stacks.len() > 1 {
                let gap = if index == 0 { "" } else { "\n" };
                writeln!(f, "{gap}{}", stack.region)?;
            }
            f.write_str(&stack.table)?;
        }
        Ok(())
    }
}

fn manual() -> String {
    let examples = "Examples:\n  s3guard diff\n  s3guard diff --region eu-west-1,us-east-1 --output json\n  \
                    s3guard diff --set SettleSeconds=60 --fail\n\n";
    let exits = exit::codes(&[Exit::Done, Exit::Failed, Exit::Usage, Exit::Interrupted]);
    format!("{examples}{exits}\n  3    with `--fail`: something would change")
}
