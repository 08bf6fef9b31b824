//! The filter of a subscription by buckets.

use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};

use crate::config::mistake::{Wrong, quoted};
use crate::config::values::{as_text, is_bucket};

/// A condition on the value of an attribute.
///
/// Source: Amazon SNS Developer Guide, "Filter policy constraints" and "String value matching".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Filter {
    /// The value.
    Exactly(String),
    /// The beginning of the value.
    Prefix(String),
    /// The end of the value.
    Suffix(String),
}

as_text!(Filter: "a string");

impl Filter {
    pub(super) fn matches(&self, value: &str) -> bool {
        match self {
            Self::Exactly(text) => value == text,
            Self::Prefix(prefix) => value.starts_with(prefix),
            Self::Suffix(suffix) => value.ends_with(suffix),
        }
    }

    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Exactly(text) => json!(text),
            Self::Prefix(prefix) => json!({ "prefix": prefix }),
            Self::Suffix(suffix) => json!({ "suffix": suffix }),
        }
    }
}

/// As in the configuration.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(text) => f.write_str(text),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
            Self::Suffix(suffix) => write!(f, "*{suffix}"),
        }
    }
}

/// A bucket's name, or its beginning or end: SNS supports no other patterns.
///
/// Source: Amazon SNS Developer Guide, "String value matching".
impl FromStr for Filter {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let refused = |proposal: String| {
            let problem = format!("{} is not a valid filter: SNS has no wildcards", quoted(text));
            Err(Wrong::new(problem, proposal))
        };
        if !text.is_empty() && text.chars().all(|c| c == '*') {
            return refused("remove `bucket` to match all buckets".to_owned());
        }
        is_bucket(text)?;
        let inner = text.strip_prefix('*').unwrap_or(text);
        match (inner.len() < text.len(), text.strip_suffix('*')) {
            (true, None) if !inner.contains(['*', '?']) => {
                return Ok(Self::Suffix(inner.to_owned()));
            }
            (false, Some(prefix)) if !prefix.contains(['*', '?']) => {
                return Ok(Self::Prefix(prefix.to_owned()));
            }
            (false, None) if !text.contains('?') && !text.contains('*') => {
                return Ok(Self::Exactly(text.to_owned()));
            }
            (_, _) => {}
        }
        let is_any = |c: char| c == '*' || c == '?';
        let prefix = text.split(is_any).next().unwrap_or_default();
        let suffix = text.rsplit(is_any).next().unwrap_or_default();
        refused(match (prefix, suffix) {
            ("", "") => {
                "write the beginning of the names, as `name-*`, or the end, as `*-name`".to_owned()
            }
            (prefix, suffix) if prefix.len() >= suffix.len() => format!("write `{prefix}*`"),
            (_, suffix) => format!("write `*{suffix}`"),
        })
    }
}
