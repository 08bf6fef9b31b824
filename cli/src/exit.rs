//! How the command ends: exit codes, which are part of its interface.

use std::fmt::Write as _;
use std::process::ExitCode;

/// How the command ended: part of its interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Done = 0,
    /// It was tried and failed.
    Failed = 1,
    /// Nothing was tried.
    Usage = 2,
    Findings = 3,
    /// A person has to approve, or did not.
    Approval = 4,
    Interrupted = 130,
}

impl Exit {
    pub(crate) const ALL: [Self; 6] =
        [Self::Done, Self::Failed, Self::Usage, Self::Findings, Self::Approval, Self::Interrupted];

    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "success",
            Self::Failed => "failed",
            Self::Usage => "wrong command line or configuration",
            Self::Findings => {
                "something to act on was found: unsafe settings, problems, drift or differences"
            }
            Self::Approval => "needs approval, or was cancelled",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The section of a help text that lists exit codes.
pub(crate) fn codes<'a>(exits: impl IntoIterator<Item = &'a Exit>) -> String {
    let mut text = String::from("Exit codes:");
    for exit in exits {
        let _ = write!(text, "\n  {:<3}  {}", *exit as u8, exit.meaning());
    }
    text
}
