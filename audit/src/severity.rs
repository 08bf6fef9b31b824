//! The severity of a finding.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The severity of a finding: how exposed the data is, and what that allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Severity {
    /// Worth knowing, such as for a compliance standard.
    Info,
    /// A safeguard is missing whose absence exposes nothing.
    Low,
    /// A safeguard is missing that matters if another one fails.
    Medium,
    /// One change away from exposure, or exposed to some outside of the account.
    High,
    /// Exposed to everyone now.
    Critical,
}

/// Why a text is not a severity.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a severity")]
pub struct InvalidSeverity(String);

impl Severity {
    /// All of them, the lowest first.
    pub const ALL: [Self; 5] = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The name, as in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Severity {
    type Err = InvalidSeverity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|one| one.name() == text);
        found.ok_or_else(|| InvalidSeverity(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_severity_is_read_by_its_name_and_written_by_it() {
        for severity in Severity::ALL {
            assert_eq!(severity.name().parse(), Ok(severity));
            assert_eq!(serde_json::to_value(severity).unwrap(), severity.name());
        }
        assert!("severe".parse::<Severity>().is_err());
        assert!(Severity::ALL.is_sorted());
    }
}
