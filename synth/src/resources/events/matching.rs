//! EventBridge's matching, so that a pattern can be tried on an event without AWS.
//!
//! It follows Event Ruler, the matcher that EventBridge is made of, where the documentation is silent. Deliberately not
//! here: speed (one pattern, one event), the quota on rules with wildcards, and the complexity that EventBridge reckons
//! for them.
//!
//! Sources: Amazon EventBridge User Guide, "Creating event patterns" and "Comparison operators"; the README and the
//! tests of <https://github.com/aws/event-ruler>.

mod address;
mod field;
mod leaves;
mod like;
mod mismatch;
mod number;
mod operators;
mod parse;
mod problem;
#[cfg(test)]
mod tests;
mod wanted;
mod words;

use serde_json::Value as Json;

pub use mismatch::Mismatch;
pub use problem::PatternError;

use field::Branch;
use leaves::Leaves;

/// A pattern, ready to be tried on events.
///
/// ```
/// # use s3guard_synth::resources::events::Matcher;
/// # use serde_json::json;
/// let failed_calls_are_left_out = json!({ "detail": { "errorCode": [{ "exists": false }] } });
/// let matcher = Matcher::parse(&failed_calls_are_left_out)?;
///
/// let mismatch = matcher.first_mismatch(&json!({ "detail": { "errorCode": "AccessDenied" } })).unwrap();
/// assert_eq!(mismatch.to_string(), "`detail.errorCode` is present, the rule wants it absent");
/// # Ok::<(), s3guard_synth::resources::events::PatternError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matcher {
    /// One for each combination of what its `$or`s offer; one where there is none.
    branches: Vec<Branch>,
}

impl Matcher {
    /// Reads a pattern, and refuses what EventBridge would.
    pub fn parse(pattern: &Json) -> Result<Self, PatternError> {
        Ok(Self { branches: parse::branches(pattern)? })
    }

    /// Whether the event matches.
    pub fn matches(&self, event: &Json) -> bool {
        self.first_mismatch(event).is_none()
    }

    /// The first field, in the pattern's order, that keeps the event from matching; nothing where the event matches.
    pub fn first_mismatch(&self, event: &Json) -> Option<Mismatch> {
        if !event.is_object() {
            return Some(Mismatch::NoObject);
        }
        let leaves = Leaves::of(event);
        let mut mismatches = Vec::new();
        for branch in &self.branches {
            // One branch that matches is enough.
            let mismatch = branch.mismatch(&leaves)?;
            if !mismatches.contains(&mismatch) {
                mismatches.push(mismatch);
            }
        }
        Some(match mismatches.len() {
            1 => mismatches.remove(0),
            _ => Mismatch::Alternatives(mismatches),
        })
    }
}
