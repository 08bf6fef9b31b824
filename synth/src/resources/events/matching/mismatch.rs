//! Why an event does not match, in words.

use std::fmt;

use super::words;

/// How many alternatives are told.
const TOLD_MAX: usize = 3;

/// Why an event does not match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// It is no event.
    NoObject,
    /// A field is not what the rule wants.
    Field {
        /// The path, its names joined by dots.
        path: String,
        /// What the field is, in words.
        is: String,
        /// What the rule wants it to be, in words.
        wanted: String,
    },
    /// Each field matches, but not in the same element of an array.
    Elsewhere {
        /// The field's path, its names joined by dots.
        path: String,
    },
    /// None of the pattern's alternatives matches, each for its own reason.
    Alternatives(Vec<Mismatch>),
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoObject => f.write_str("the event is not an object"),
            Self::Field { path, is, wanted } => {
                write!(f, "{} is {is}, the rule wants {wanted}", words::quoted(path))
            }
            Self::Elsewhere { path } => write!(
                f,
                "{} matches, but in another element of an array than the fields before it",
                words::quoted(path)
            ),
            Self::Alternatives(mismatches) => {
                write!(f, "no alternative of the rule matches: ")?;
                for (index, mismatch) in mismatches.iter().take(TOLD_MAX).enumerate() {
                    let separator = if index == 0 { "" } else { "; " };
                    write!(f, "{separator}{mismatch}")?;
                }
                match mismatches.len().saturating_sub(TOLD_MAX) {
                    0 => Ok(()),
                    more => write!(f, "; and {more} more"),
                }
            }
        }
    }
}
