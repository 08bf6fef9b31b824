//! One glob pattern or several, as the configuration writes them.

use serde::{Deserialize, Serialize};

/// One pattern, or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Patterns {
    /// One pattern.
    One(String),
    /// Several, of which one has to match.
    Many(Vec<String>),
}

impl Patterns {
    /// The patterns.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(pattern) => std::slice::from_ref(pattern),
            Self::Many(patterns) => patterns,
        }
    }
}
