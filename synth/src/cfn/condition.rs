//! Conditions over parameters.

use std::ops;

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::{Expression, LogicalId, ParameterHandle, Pseudo, kind::Arns};

/// Something that holds or does not, known before any resource is created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// `Fn::Equals`
    Equals(Operand, Operand),
    /// `Fn::Not`
    Not(Box<Condition>),
    /// `Fn::And`
    Both(Box<[Condition; 2]>),
}

impl Condition {
    /// Both sides are the same text.
    pub fn equals(left: impl Into<Operand>, right: impl Into<Operand>) -> Self {
        Self::Equals(left.into(), right.into())
    }

    /// A list parameter has no members.
    pub fn is_empty(list: ParameterHandle<Arns>) -> Self {
        Self::Equals(Operand(Expression::Joined(list.id().as_str())), "".into())
    }

    pub(super) fn to_json(&self) -> Json {
        match self {
            Self::Equals(Operand(left), Operand(right)) => {
                json!({ "Fn::Equals": [left.to_json(), right.to_json()] })
            }
            Self::Not(condition) => json!({ "Fn::Not": [condition.to_json()] }),
            Self::Both(both) => json!({ "Fn::And": both.each_ref().map(Self::to_json) }),
        }
    }
}

impl ops::Not for Condition {
    type Output = Self;

    fn not(self) -> Self {
        Self::Not(Box::new(self))
    }
}

/// `Fn::If`: one value or the other; without the other one, none.
pub(super) fn either(condition: LogicalId, then: &Json, otherwise: Option<Json>) -> Json {
    let otherwise = otherwise.unwrap_or_else(|| json!({ "Ref": "AWS::NoValue" }));
    json!({ "Fn::If": [condition, then, otherwise] })
}

/// One side of [`Condition::Equals`]: text or a parameter. Resources do not exist yet when conditions are evaluated.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ConditionHandle(LogicalId);

impl ConditionHandle {
    pub(super) fn of(id: LogicalId) -> Self {
        Self(id)
    }

    /// The name of the condition.
    pub fn id(self) -> LogicalId {
        self.0
    }

    /// A property that is set only where the condition holds.
    pub(crate) fn only(self, property: &Json) -> Json {
        either(self.0, property, None)
    }
}
