//! Why the account could not be started or asked, and what a person can do about it.

use std::io;
use std::path::PathBuf;

use crate::Late;

/// Why the emulated account could not be started or asked.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// There is no Python at all.
    #[error("`{python}` could not be run")]
    NoPython {
        /// The command that was tried.
        python: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The Python found is older than the emulator allows.
    #[error("`{python}` is Python {found}, the emulated account needs 3.10 or newer")]
    OldPython {
        /// The command that was tried.
        python: String,
        /// The version it told.
        found: String,
    },
    /// Python has no `venv` with `ensurepip`.
    #[error("`{python}` cannot make a virtualenv: {cause}")]
    NoVenv {
        /// The command that was tried.
        python: String,
        /// What Python said.
        cause: String,
    },
    /// The packages could not be installed.
    #[error("pip could not install the emulator's packages: {cause}")]
    NoPackages {
        /// The end of what pip said.
        cause: String,
    },
    /// The server ended, or did not answer in time.
    #[error("the emulated account did not start: {cause}; the end of `{}`:\n{tail}", log.display())]
    NotStarted {
        /// What was seen.
        cause: String,
        /// The server's log.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// A file of ours could not be read or written.
    #[error("`{}` could not be used", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The server did not answer a request.
    #[error("the emulated account did not answer `{request}`")]
    NoAnswer {
        /// Method and path.
        request: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A hook refused what was asked.
    #[error("the emulated account refused `{request}`: {cause}")]
    Refused {
        /// Method and path.
        request: String,
        /// The hook's words.
        cause: String,
    },
    /// What was waited for did not come.
    #[error(transparent)]
    Late(#[from] Late),
}

impl EmulatorError {
    /// What a person can do next, if we know.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoPython { .. } | Self::OldPython { .. } => Some(
                "install Python 3.10 or newer (`apt install python3 python3-venv`), \
                 or name one in S3GUARD_PYTHON",
            ),
            Self::NoVenv { .. } => Some("install the module: `apt install python3-venv`"),
            Self::NoPackages { .. } => Some(
                "the packages come from the Python package index: check the network, or set \
                 PIP_INDEX_URL or HTTPS_PROXY",
            ),
            Self::NotStarted { .. } => Some(
                "run it again; if the log names a missing module, remove the `venv-emulator-*` folder",
            ),
            Self::File { .. } | Self::NoAnswer { .. } | Self::Refused { .. } | Self::Late(_) => {
                None
            }
        }
    }
}
