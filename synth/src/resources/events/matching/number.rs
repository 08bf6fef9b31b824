//! Numbers, to six digits after the point.

use std::{
    fmt,
    ops::{Bound, RangeBounds as _},
};

use serde_json::{Number, Value as Json};

use super::problem::Problem;

/// What a number may be at most, with and without its sign.
const MAX: f64 = 5e9;
/// How much of a number counts.
const MILLIONTHS: f64 = 1e6;

/// Where a number may lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Range {
    bottom: Bound<i64>,
    top: Bound<i64>,
    written: String,
}

impl Range {
    /// Reads `["=", 5]`, `["<", 5]` or `[">=", 0, "<", 5]`.
    pub(super) fn parse(argument: &Json) -> Result<Self, Problem> {
        let terms = argument.as_array().ok_or(Problem::Numeric)?;
        let (bottom, top) = match &terms[..] {
            [operator, limit] => one_comparison(operator, comparable(limit)?)?,
            [from, bottom, to, top] => {
                let (bottom, top) = (comparable(bottom)?, comparable(top)?);
                let ends = two_comparisons((from, bottom), (to, top))?;
                if bottom >= top {
                    return Err(Problem::EmptyRange);
                }
                ends
            }
            _ => return Err(Problem::Numeric),
        };
        let comparisons = terms.chunks(2).filter_map(|term| match term {
            [operator, limit] => Some(format!("{} {limit}", operator.as_str()?)),
            _ => None,
        });
        Ok(Self { bottom, top, written: comparisons.collect::<Vec<_>>().join(" and ") })
    }

    pub(super) fn contains(&self, number: &Number) -> bool {
        millionths(number).is_some_and(|number| (self.bottom, self.top).contains(&number))
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// Whether two numbers are the same, however they are written. Beyond five billions they have to be written so, too.
pub(super) fn is_same(one: &Number, other: &Number) -> bool {
    one == other || millionths(one).is_some_and(|one| millionths(other) == Some(one))
}

/// Whether a number is among those that are compared as numbers.
pub(super) fn is_comparable(number: &Number) -> bool {
    millionths(number).is_some()
}

fn one_comparison(operator: &Json, limit: i64) -> Result<(Bound<i64>, Bound<i64>), Problem> {
    match operator.as_str() {
        Some("=") => Ok((Bound::Included(limit), Bound::Included(limit))),
        Some(">") => Ok((Bound::Excluded(limit), Bound::Unbounded)),
        Some(">=") => Ok((Bound::Included(limit), Bound::Unbounded)),
        Some("<") => Ok((Bound::Unbounded, Bound::Excluded(limit))),
        Some("<=") => Ok((Bound::Unbounded, Bound::Included(limit))),
        Some(_) | None => Err(Problem::Numeric),
    }
}

fn two_comparisons(
    (from, bottom): (&Json, i64),
    (to, top): (&Json, i64),
) -> Result<(Bound<i64>, Bound<i64>), Problem> {
    match (one_comparison(from, bottom)?, one_comparison(to, top)?) {
        ((bottom, Bound::Unbounded), (Bound::Unbounded, top)) => Ok((bottom, top)),
        _ => Err(Problem::Numeric),
    }
}

fn comparable(limit: &Json) -> Result<i64, Problem> {
    millionths(limit.as_number().ok_or(Problem::Numeric)?).ok_or(Problem::LargeNumber)
}

#[expect(clippy::cast_possible_truncation, reason = "at most 5e15")]
fn millionths(number: &Number) -> Option<i64> {
    let number = number.as_f64()?;
    (number.abs() <= MAX).then(|| (number * MILLIONTHS).round() as i64)
}
