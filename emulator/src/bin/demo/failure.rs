//! Why the demo could not go on, and what to try.

use std::fmt;
use std::io::{self, Write as _};

use s3guard_emulator::{CallError, EmulatorError, Late};

/// Why the demo could not go on.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn report(&self) {
        let mut out = io::stderr().lock();
        // Nobody is left to be told if stderr is closed.
        let _ = writeln!(out, "error: {}", self.what);
        if let Some(hint) = &self.hint {
            let _ = writeln!(out, "\nhint: {hint}");
        }
    }
}

impl From<EmulatorError> for Failure {
    fn from(error: EmulatorError) -> Self {
        let hint = error.hint().map(str::to_owned);
        Self { what: whole(&error), hint }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::new(whole(&error))
    }
}

impl From<Late> for Failure {
    fn from(late: Late) -> Self {
        Self::new(late.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(format!("stdout could not be written: {error}"))
    }
}

/// An error with its causes.
fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Says what was being done when something failed.
pub(crate) trait Doing<T> {
    fn doing(self, what: &str) -> Result<T, Failure>;
}

impl<T, E: fmt::Display> Doing<T> for Result<T, E> {
    fn doing(self, what: &str) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(format!("{what}: {error}")))
    }
}
