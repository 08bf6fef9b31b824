//! How the command ends: exit codes, which are part of its interface.

use std::fmt::Write as _;
use std::process::ExitCode;

/// How the command ended: part of its interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All was done, or nothing was to do.
    Done,
    /// It was tried and failed.
    Failed,
    /// The command line or the configuration makes no sense; nothing was tried.
    Usage,
    /// Something unsafe was found.
    Findings,
    /// A person has to agree, or did not.
    Approval,
    /// Interrupted by Ctrl-C.
    Interrupted,
}

impl Exit {
    pub(crate) const ALL: [Self; 6] =
        [Self::Done, Self::Failed, Self::Usage, Self::Findings, Self::Approval, Self::Interrupted];

    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Findings => 3,
            Self::Approval => 4,
            Self::Interrupted => 130,
        }
    }

    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done, or nothing was to do",
            Self::Failed => "failed",
            Self::Usage => "wrong command line or configuration",
            Self::Findings => "unsafe settings were found",
            Self::Approval => "needs approval, or was cancelled",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The section of a help text that lists exit codes.
pub(crate) fn codes(exits: &[Exit]) -> String {
    let mut text = String::from("Exit codes:");
    for exit in exits {
        let _ = write!(text, "\n  {:<3}  {}", exit.code(), exit.meaning());
    }
    text
}
