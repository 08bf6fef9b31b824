//! What the compiler cannot see, found when a template is rendered: ids used twice, handles of another template,
//! references to what may not be there, CloudFormation's and the services' limits.

mod limits;
mod references;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::{
    Condition, LogicalId, Template,
    sub::{Piece, pieces},
};

pub(super) use limits::check_size;

/// Why a template cannot be rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// Two parts of the template bear one id.
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
    /// A reference to a resource that is not there whenever the reference is.
    #[error("`{from}` refers to `{to}`, which is there only where `{condition}` holds")]
    Unconditional {
        /// The part that refers.
        from: LogicalId,
        /// What it refers to.
        to: String,
        /// When that is there.
        condition: LogicalId,
    },
    /// A rule over the parameters names a condition. CloudFormation knows none there yet.
    #[error("the rule `{rule}` uses the condition `{condition}`, rules know only parameters")]
    ConditionInRule {
        /// The rule.
        rule: LogicalId,
        /// The condition.
        condition: LogicalId,
    },
    /// `Fn::And` or `Fn::Or` of one or of more than ten.
    #[error("`{id}` joins {count} conditions, it can be 2 to 10")]
    Operands {
        /// The condition.
        id: LogicalId,
        /// How many there are.
        count: usize,
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
    /// Properties that cannot be written down.
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
    check_conditions(template)?;
    limits::check_counts(template)?;
    references::check(template)?;
    template.resources.iter().try_for_each(limits::check_resource)
}

fn check_ids(template: &Template) -> Result<(), RenderError> {
    // `Ref` finds parameters and resources alike, so they share one space of names.
    let referable = ids(&template.parameters).chain(template.resources.iter().map(|e| e.id));
    check_unique(referable)?;
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

fn check_conditions(template: &Template) -> Result<(), RenderError> {
    for (id, condition) in &template.conditions {
        check_operands(*id, condition)?;
    }
    for (rule, assertions) in &template.rules {
        let asserted = assertions.assertions.iter().map(|one| &one.assert);
        for condition in assertions.when.iter().chain(asserted) {
            check_operands(*rule, condition)?;
            if let Some(condition) = first_named(condition) {
                return Err(RenderError::ConditionInRule { rule: *rule, condition });
            }
        }
    }
    Ok(())
}

fn check_operands(id: LogicalId, condition: &Condition) -> Result<(), RenderError> {
    match condition {
        Condition::Equals(..) | Condition::Is(_) => Ok(()),
        Condition::Not(inner) => check_operands(id, inner),
        Condition::And(all) | Condition::Or(all) => {
            if !(2..=10).contains(&all.len()) {
                return Err(RenderError::Operands { id, count: all.len() });
            }
            all.iter().try_for_each(|inner| check_operands(id, inner))
        }
    }
}

fn first_named(condition: &Condition) -> Option<LogicalId> {
    match condition {
        Condition::Equals(..) => None,
        Condition::Not(inner) => first_named(inner),
        Condition::And(all) | Condition::Or(all) => all.iter().find_map(first_named),
        Condition::Is(handle) => Some(handle.id()),
    }
}

/// An intrinsic function, if that is what the JSON is: its name and its argument.
pub(crate) fn intrinsic(json: &Json) -> Option<(&str, &Json)> {
    let map = json.as_object().filter(|map| map.len() == 1)?;
    let (name, argument) = map.iter().next()?;
    (name == "Ref" || name.starts_with("Fn::")).then_some((name, argument))
}

/// The names in the text of `Fn::Sub`.
pub(super) fn variables(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).filter_map(|piece| match piece {
        Piece::Name(name) => Some(name),
        Piece::Text(_) => None,
    })
}
