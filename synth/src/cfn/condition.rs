//! Conditions over parameters.

use std::ops;

use serde_json::{Value as Json, json};

use super::{Expression, LogicalId, ParameterHandle, Pseudo};

/// Something that holds or does not, known before any resource is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// `Fn::Equals`
    Equals(Operand, Operand),
    /// `Fn::Not`
    Not(Box<Condition>),
    /// `Fn::And`, of two to ten
    And(Vec<Condition>),
    /// `Fn::Or`, of two to ten
    Or(Vec<Condition>),
    /// `Condition`: one that has a name already
    Is(ConditionHandle),
}

impl Condition {
    /// Both sides are the same text.
    pub fn equals(left: impl Into<Operand>, right: impl Into<Operand>) -> Self {
        Self::Equals(left.into(), right.into())
    }

    pub(super) fn to_json(&self) -> Json {
        let each = |conditions: &[Self]| conditions.iter().map(Self::to_json).collect::<Vec<_>>();
        match self {
            Self::Equals(left, right) => {
                json!({ "Fn::Equals": [left.0.to_json(), right.0.to_json()] })
            }
            Self::Not(condition) => json!({ "Fn::Not": [condition.to_json()] }),
            Self::And(conditions) => json!({ "Fn::And": each(conditions) }),
            Self::Or(conditions) => json!({ "Fn::Or": each(conditions) }),
            Self::Is(handle) => json!({ "Condition": handle.id().as_str() }),
        }
    }

    /// The named conditions that hold whenever this one does, as far as its shape tells.
    pub(super) fn implied(&self) -> Vec<LogicalId> {
        match self {
            Self::Is(handle) => vec![handle.id()],
            Self::And(conditions) => conditions.iter().flat_map(Self::implied).collect(),
            Self::Equals(..) | Self::Not(_) | Self::Or(_) => Vec::new(),
        }
    }
}

impl ops::Not for Condition {
    type Output = Self;

    fn not(self) -> Self {
        Self::Not(Box::new(self))
    }
}

/// One side of [`Condition::Equals`]: text or a parameter. Resources are not known yet where conditions are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operand(Expression);

impl From<&str> for Operand {
    fn from(text: &str) -> Self {
        Self(Expression::Text(text.to_owned()))
    }
}

impl<K> From<ParameterHandle<K>> for Operand {
    fn from(parameter: ParameterHandle<K>) -> Self {
        Self(Expression::Ref(parameter.id().as_str()))
    }
}

impl From<Pseudo> for Operand {
    fn from(pseudo: Pseudo) -> Self {
        Self(Expression::Ref(pseudo.as_str()))
    }
}

/// A condition of the template. Only [`Template::condition`](super::Template::condition) makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConditionHandle(LogicalId);

impl ConditionHandle {
    pub(super) fn of(id: LogicalId) -> Self {
        Self(id)
    }

    /// The name of the condition.
    pub fn id(self) -> LogicalId {
        self.0
    }
}
