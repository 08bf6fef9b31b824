//! Why EventBridge would not take a pattern.

use thiserror::Error;

use super::parse::{CHARACTERS_MAX, COMBINATIONS_MAX};

/// A pattern that EventBridge would refuse.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{} {problem}", named(.path))]
pub struct PatternError {
    path: String,
    problem: Problem,
}

impl PatternError {
    pub(super) fn new(path: &str, problem: Problem) -> Self {
        Self { path: path.to_owned(), problem }
    }

    /// Where in the pattern it is, as `detail.$or[1].bucket.name[0]`; empty for the whole pattern.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// What is wrong, as a sentence whose subject is the place.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum Problem {
    #[error("is not an object")]
    NoObject,
    #[error("is empty")]
    Empty,
    #[error("is neither a list of what the field may be nor an object")]
    NoList,
    #[error("is a list in a list")]
    ListInList,
    #[error("is an object without exactly one operator")]
    OneOperator,
    #[error("has the operator `{0}`, which EventBridge does not know there")]
    Unknown(String),
    #[error("has something else than {takes} for `{operator}`")]
    Argument { operator: &'static str, takes: &'static str },
    #[error(
        "has neither one text or number nor a list of only texts or only numbers for `anything-but`"
    )]
    Mixed,
    #[error("has nothing for `{0}` in `anything-but`")]
    NothingBut(&'static str),
    #[error(
        "has something else than one or two comparisons for `numeric`, as `[\">\", 0, \"<=\", 5]`"
    )]
    Numeric,
    #[error("has a range whose bottom is not below its top")]
    EmptyRange,
    #[error("has a number beyond -5e9 to 5e9, which is not compared")]
    LargeNumber,
    #[error(
        "has something else than a network for `cidr`, as `10.0.0.0/8` (at most /31, /127 for IPv6)"
    )]
    Cidr,
    #[error("has two `*` in a row")]
    Asterisks,
    #[error("has a `\\` before something else than `*` or `\\`")]
    Backslash,
    #[error("is not a list of at least two objects")]
    Alternatives,
    #[error("is the name of an operator, which no field in a `$or` may have")]
    Reserved,
    #[error("has more than {COMBINATIONS_MAX} combinations of alternatives")]
    Combinations,
    #[error("has {0} characters, a pattern has at most {CHARACTERS_MAX}")]
    Long(usize),
}

fn named(path: &str) -> String {
    if path.is_empty() { "the pattern".to_owned() } else { format!("`{path}`") }
}
