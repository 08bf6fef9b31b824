//! The smaller sections of a template: outputs, assertions, and how the console groups parameters.

use super::{Condition, ConditionHandle, LogicalId, ParameterHandle, Value, kind::Text};

/// An output: what the stack tells its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// What it is.
    pub description: &'static str,
    /// The value.
    pub value: Value<Text>,
    /// It is there only where this holds.
    pub condition: Option<ConditionHandle>,
    /// The name under which other stacks import it.
    pub export: Option<Value<Text>>,
}

impl Output {
    /// An output that is always there.
    pub fn new(description: &'static str, value: impl Into<Value<Text>>) -> Self {
        Self { description, value: value.into(), condition: None, export: None }
    }
}

/// A rule over the parameters, checked before anything is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertions {
    /// It is asked for only where this holds. (Conditions with a name are not known yet here.)
    pub when: Option<Condition>,
    /// What has to hold.
    pub assertions: Vec<Assertion>,
}

/// One thing that has to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// What has to hold.
    pub assert: Condition,
    /// What to say where it does not.
    pub description: &'static str,
}

/// Parameters that the console shows together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterGroup {
    /// The title over them.
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
