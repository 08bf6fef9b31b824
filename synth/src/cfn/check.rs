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
    /// Two parts of the template have the same id.
    #[error("the id `{id}` is used twice")]
    Duplicate {
        /// The id.
        id: LogicalId,
    },
    /// A handle of another template was used.
    #[error("`{from}` refers to `{to}`, which is not in this template")]
    Foreign {
        /// The part that refers.
        from: LogicalId,
        /// What it refers to.
        to: String,
    },
    /// A reference to a resource that does not exist whenever the reference does.
    #[error("`{from}` refers to `{to}`, which exists only where `{condition}` holds")]
    Unconditional {
        /// The part that refers.
        from: LogicalId,
        /// What it refers to.
        to: String,
        /// When that exists.
        condition: LogicalId,
    },
    /// A limit of CloudFormation or of the service.
    #[error("{what} is {is}, more than the {max} allowed")]
    Limit {
        /// What is limited, and where.
        what: String,
        /// What it is.
        is: usize,
        /// What it may be.
        max: usize,
    },
    /// Properties that cannot be rendered.
    #[error("`{id}` cannot be rendered: {cause}")]
    Properties {
        /// The part of the template.
        id: LogicalId,
        /// Why not.
        cause: String,
    },
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

fn check_unique(ids: impl Iterator<Item = LogicalId>) -> Result<(), RenderError> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(RenderError::Duplicate { id });
        }
    }
    Ok(())
}

/// An intrinsic function, if that is what the JSON is: its name and its argument.
pub(crate) fn intrinsic(json: &Json) -> Option<(&str, &Json)> {
    let map = json.as_object().filter(|map| map.len() == 1)?;
    let (name, argument) = map.iter().next()?;
    (name == "Ref" || name.starts_with("Fn::")).then_some((name, argument))
}
