//! The smaller sections of a template: outputs, rules, and how the console groups parameters.

use super::{Condition, ConditionHandle, LogicalId, ParameterHandle, Value, kind::Text};

/// An output of the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// What it is.
    pub description: &'static str,
    /// The value.
    pub value: Value<Text>,
    /// It exists only where this holds.
    pub condition: Option<ConditionHandle>,
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

/// Parameters that the console shows together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterGroup {
    /// The title of the group.
    pub label: &'static str,
    /// Their names.
    pub parameters: Vec<LogicalId>,
}

impl ParameterGroup {
    /// A group without parameters yet.
    pub fn new(label: &'static str) -> Self {
        Self { label, parameters: Vec::new() }
    }

    /// The group with one more parameter.
    #[must_use]
    pub fn with<K>(mut self, parameter: ParameterHandle<K>) -> Self {
        self.parameters.push(parameter.id());
        self
    }
}
