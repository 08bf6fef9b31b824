//! The smaller sections of a template: outputs and rules.

use serde::Serialize;

use super::{Condition, ConditionHandle, Value, kind::Text};

/// An output of the stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    /// What it is.
    pub description: &'static str,
    /// It exists only where this holds.
    pub condition: Option<ConditionHandle>,
    /// The value.
    pub value: Value<Text>,
}

impl Output {
    /// An output that always exists.
    pub fn new(description: &'static str, value: impl Into<Value<Text>>) -> Self {
        Self { description, value: value.into(), condition: None }
    }
}

/// A rule over the parameters, checked before anything is created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The rule applies only where this holds.
    pub when: Condition,
    /// What must hold.
    pub assert: Condition,
    /// The message where it does not hold.
    pub description: &'static str,
}
