//! What the compiler cannot check, checked when a template is rendered: duplicate ids, handles of another template,
//! references to resources that may not exist, limits of CloudFormation and the services.

mod limits;
mod references;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::{LogicalId, Template};

pub(super) use limits::check_size;
pub(super) use references::references;

/// Why a template cannot be rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// Two parts of the template have this id.
    #[error("the id `{0}` is used twice")]
    Duplicate(LogicalId),
    /// A part uses a handle of another template.
    #[error("`{0}` refers to `{1}`, which is not in this template")]
    Foreign(LogicalId, String),
    /// A part refers to a resource that exists only under a condition, but does not itself.
    #[error("`{0}` refers to `{1}`, which exists only where `{2}` holds")]
    Unconditional(LogicalId, String, LogicalId),
    /// Something exceeds a limit of CloudFormation or of the service.
    #[error("{0} is {1}, more than the {2} allowed")]
    Limit(String, usize, usize),
    /// The properties of a part cannot be rendered.
    #[error("`{0}` cannot be rendered: {1}")]
    Properties(LogicalId, String),
}

/// Checks the parts of a template.
pub(super) fn check(template: &Template) -> Result<(), RenderError> {
    check_ids(template)?;
    limits::check_counts(template)?;
    references::check(template)?;
    template.resources.iter().try_for_each(limits::check_resource)
}

fn check_ids(template: &Template) -> Result<(), RenderError> {
    // Parameters and resources share one namespace: `Ref` refers to both.
    check_unique(ids(&template.parameters).chain(template.resources.iter().map(|e| e.id)))?;
    check_unique(ids(&template.rules))?;
    check_unique(ids(&template.conditions))?;
    check_unique(ids(&template.outputs))
}

fn ids<T>(named: &[(LogicalId, T)]) -> impl Iterator<Item = LogicalId> {
    named.iter().map(|(id, _)| *id)
}

fn check_unique(mut ids: impl Iterator<Item = LogicalId>) -> Result<(), RenderError> {
    let mut seen = BTreeSet::new();
    let twice = ids.find(|id| !seen.insert(*id));
    twice.map_or(Ok(()), |id| Err(RenderError::Duplicate(id)))
}

/// An intrinsic function, if that is what the JSON is: its name and its argument.
pub(crate) fn intrinsic(json: &Json) -> Option<(&str, &Json)> {
    let map = json.as_object().filter(|map| map.len() == 1)?;
    let (name, argument) = map.iter().next()?;
    (name == "Ref" || name.starts_with("Fn::")).then_some((name, argument))
}
