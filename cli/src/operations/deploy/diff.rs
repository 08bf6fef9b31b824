//! What a deployment would change.

use std::fmt;

use serde::Serialize;

use crate::args::wanted::WantedArgs;
use crate::operations::deploy::approval::Proposed;
use crate::operations::deploy::asking::Asking;
use crate::operations::deploy::find;
use crate::operations::deploy::proposal::{Answer, propose};
use crate::operations::deploy::target::Target;
use crate::operations::interrupt::Run;
use crate::ui::output::{Output, Paint};

/// The changes of each Region; as text, one table per Region.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Difference {
    regions: Vec<Proposed>,
    #[serde(skip)]
    paint: Paint,
}

/// Creates the change sets, and deletes them again.
pub(crate) async fn diff(
    wanted: &WantedArgs,
    output: &Output,
    run: &Run,
) -> anyhow::Result<Difference> {
    let configuration = wanted.account.config.read_to_deploy(output, run.now.date())?;
    let targets = find(&wanted.account, output, None, run).await?;
    let (shells, targets): (Vec<_>, Vec<_>) = targets.into_iter().partition(Target::is_shell);
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
    Ok(Difference { regions, paint: output.results() })
}

impl Difference {
    pub(crate) fn differs(&self) -> bool {
        self.regions.iter().any(|stack| stack.differs == Some(true))
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, stack) in self.regions.iter().enumerate() {
            if self.regions.len() > 1 {
                let gap = if index == 0 { "" } else { "\n" };
                writeln!(f, "{gap}{}", stack.region)?;
            }
            match &stack.review {
                Some(review) => f.write_str(&review.render(self.paint))?,
                None if stack.differs == Some(true) => writeln!(
                    f,
                    "its creation failed: a deployment deletes the rest of it and creates everything again"
                )?,
                None => writeln!(f, "no changes")?,
            }
        }
        Ok(())
    }
}
