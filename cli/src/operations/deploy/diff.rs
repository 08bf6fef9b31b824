//! What a deployment would change.

use serde::Serialize;

use crate::args::wanted::WantedArgs;
use crate::operations::deploy::approval::Proposed;
use crate::operations::deploy::find;
use crate::operations::deploy::proposal::{Answer, Asking, propose};
use crate::operations::deploy::target::DeployTarget;
use crate::operations::interrupt::Run;
use crate::ui::output::Output;
use crate::ui::text::{Printable, Text};

/// The changes of each Region; as text, one table per Region.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Difference {
    regions: Vec<Proposed>,
}

/// Creates the change sets, and deletes them again.
pub(crate) async fn diff(
    wanted: &WantedArgs,
    output: &Output,
    run: &Run,
) -> anyhow::Result<Difference> {
    let configuration = wanted.account.config.read_to_deploy(output, run.now.date())?;
    let targets = find(&wanted.account, output, None, run).await?;
    let (shells, targets): (Vec<_>, Vec<_>) = targets.into_iter().partition(DeployTarget::is_shell);
    let of = |answer: &Answer, differs| Proposed { differs: Some(differs), ..answer.view() };
    let shells = shells.into_iter().map(|target| Answer { target, proposal: None });
    let mut regions: Vec<Proposed> = shells.map(|shell| of(&shell, true)).collect();
    if !targets.is_empty() {
        let configuration = configuration.as_ref();
        let asking = Asking { wanted, configuration, options: None, run, output };
        for answer in propose(targets, &asking).await? {
            answer.withdraw(&run.token).await;
            regions.push(of(&answer, answer.proposal.is_some()));
        }
    }
    Ok(Difference { regions })
}

impl Difference {
    pub(crate) fn differs(&self) -> bool {
        self.regions.iter().any(|stack| stack.differs == Some(true))
    }
}

impl Printable for Difference {
    fn print(&self, text: &mut Text) {
        for (index, stack) in self.regions.iter().enumerate() {
            if index > 0 {
                text.gap();
            }
            if self.regions.len() > 1 {
                text.line(&stack.region);
            }
            match &stack.review {
                Some(review) => review.print(text),
                None if stack.differs == Some(true) => text.line(
                    "its creation failed: a deployment deletes the rest of it and creates everything again",
                ),
                None => text.line("no changes"),
            }
        }
    }
}
