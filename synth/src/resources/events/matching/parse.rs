//! From a pattern's JSON to its fields.

use serde_json::{Map, Value as Json};

use super::{
    field::Branch,
    operators,
    problem::{PatternError, Problem},
};

/// How many characters a pattern has at most.
///
/// Source: Amazon EventBridge User Guide, "EventBridge quotas".
pub(super) const CHARACTERS_MAX: usize = 2_048;
/// How many combinations a pattern's `$or`s have at most.
///
/// Source: Amazon EventBridge User Guide, "EventBridge quotas".
pub(super) const COMBINATIONS_MAX: usize = 1_000;

/// What makes alternatives of a list of objects.
const OR: &str = "$or";

/// Where we are in the pattern.
#[derive(Clone, Default)]
struct At<'p> {
    /// The path of the field.
    names: Vec<&'p str>,
    /// The same with the alternatives and elements on the way, for who looks for a mistake.
    place: String,
    in_or: bool,
}

/// Reads a pattern: a branch for each combination of alternatives.
pub(super) fn branches(pattern: &Json) -> Result<Vec<Branch>, PatternError> {
    let at = At::default();
    let characters = pattern.to_string().chars().count();
    if characters > CHARACTERS_MAX {
        return Err(at.error(Problem::Long(characters)));
    }
    let Json::Object(fields) = pattern else { return Err(at.error(Problem::NoObject)) };
    with_fields(vec![Branch::default()], fields, &at)
}

fn with_fields<'p>(
    mut branches: Vec<Branch>,
    fields: &'p Map<String, Json>,
    at: &At<'p>,
) -> Result<Vec<Branch>, PatternError> {
    if fields.is_empty() {
        return Err(at.error(Problem::Empty));
    }
    for (name, value) in fields {
        let at = &if name == OR { at.or() } else { at.field(name) };
        if at.in_or && operators::RESERVED.contains(&name.as_str()) {
            return Err(at.error(Problem::Reserved));
        }
        branches = match value {
            _ if name == OR => with_alternatives(&branches, value, at)?,
            Json::Object(fields) => with_fields(branches, fields, at)?,
            Json::Array(filters) => with_filters(branches, filters, at)?,
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
                return Err(at.error(Problem::NoList));
            }
        };
    }
    Ok(branches)
}

fn with_alternatives<'p>(
    branches: &[Branch],
    value: &'p Json,
    at: &At<'p>,
) -> Result<Vec<Branch>, PatternError> {
    let alternatives = value.as_array().filter(|alternatives| alternatives.len() >= 2);
    let mut combined = Vec::new();
    for (index, one) in
        alternatives.ok_or_else(|| at.error(Problem::Alternatives))?.iter().enumerate()
    {
        let fields = one.as_object().ok_or_else(|| at.error(Problem::Alternatives))?;
        combined.extend(with_fields(branches.to_vec(), fields, &at.element(index))?);
        if combined.len() > COMBINATIONS_MAX {
            return Err(at.error(Problem::Combinations));
        }
    }
    Ok(combined)
}

fn with_filters(
    mut branches: Vec<Branch>,
    filters: &[Json],
    at: &At<'_>,
) -> Result<Vec<Branch>, PatternError> {
    if filters.is_empty() {
        return Err(at.error(Problem::Empty));
    }
    let mut wanted = Vec::new();
    for (index, filter) in filters.iter().enumerate() {
        let one = operators::wanted(filter);
        wanted.push(one.map_err(|problem| at.element(index).error(problem))?);
    }
    for branch in &mut branches {
        branch.set(at.names.join("."), wanted.clone());
    }
    Ok(branches)
}

impl<'p> At<'p> {
    fn field(&self, name: &'p str) -> Self {
        let names = self.names.iter().copied().chain([name]).collect();
        Self { names, place: self.below(name), in_or: self.in_or }
    }

    fn or(&self) -> Self {
        Self { names: self.names.clone(), place: self.below(OR), in_or: true }
    }

    fn element(&self, index: usize) -> Self {
        Self { place: format!("{}[{index}]", self.place), ..self.clone() }
    }

    fn below(&self, name: &str) -> String {
        if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) }
    }

    fn error(&self, problem: Problem) -> PatternError {
        PatternError::new(&self.place, problem)
    }
}
