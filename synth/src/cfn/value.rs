//! Values of properties: literals, and what CloudFormation works out.

use std::marker::PhantomData;

use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};

use super::{ConditionHandle, Known, LogicalId, Resolver, Sub, kind::Text};

/// A value of the kind `K`: a literal or an intrinsic function.
///
/// The kind keeps a topic's ARN out of a place for a role's:
///
/// ```
/// # use s3guard_synth::{cfn::{kind::RoleArn, Value}, resources::lambda::{Code, Function}};
/// # fn function(arn: Value<RoleArn>, code: Code) -> Function {
/// Function::new(arn, code)
/// # }
/// ```
/// ```compile_fail,E0308
/// # use s3guard_synth::{cfn::{kind::TopicArn, Value}, resources::lambda::{Code, Function}};
/// # fn function(arn: Value<TopicArn>, code: Code) -> Function {
/// Function::new(arn, code) // expected `Value<RoleArn>`, found `Value<TopicArn>`
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value<K> {
    expression: Expression,
    kind: PhantomData<fn() -> K>,
}

impl<K> Value<K> {
    /// A literal. The caller says of which kind it is.
    pub fn literal(text: impl Into<String>) -> Self {
        Self::new(Expression::Text(text.into()))
    }

    /// `Fn::If`: `then` where the condition holds, else `otherwise`.
    pub fn either(condition: ConditionHandle, then: Self, otherwise: Self) -> Self {
        let branches = Box::new((then.expression, otherwise.expression));
        Self::new(Expression::If(condition.id(), branches))
    }

    /// `AWS::NoValue`: the property is as if it were not there. For a branch of [`Value::either`].
    pub fn absent() -> Self {
        Self::new(Expression::Ref("AWS::NoValue"))
    }

    /// The text that it is once names are known; `None` where one is not.
    pub fn resolved(&self, known: &Known<'_>) -> Option<String> {
        let template = Json::Null;
        let value = Resolver::new(&template, known).value(&self.expression.to_json());
        value.as_str().map(str::to_owned)
    }

    pub(crate) fn new(expression: Expression) -> Self {
        Self { expression, kind: PhantomData }
    }

    pub(crate) fn widened<Wider>(self) -> Value<Wider> {
        Value::new(self.expression)
    }

    pub(crate) fn expression(&self) -> &Expression {
        &self.expression
    }
}

impl<K> Serialize for Value<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.expression.to_json().serialize(serializer)
    }
}

impl<K> From<Sub> for Value<K> {
    fn from(sub: Sub) -> Self {
        Self::new(sub.into_expression())
    }
}

impl From<&str> for Value<Text> {
    fn from(text: &str) -> Self {
        Self::literal(text)
    }
}

impl From<String> for Value<Text> {
    fn from(text: String) -> Self {
        Self::literal(text)
    }
}

impl From<Pseudo> for Value<Text> {
    fn from(pseudo: Pseudo) -> Self {
        Self::new(Expression::Ref(pseudo.as_str()))
    }
}

/// What CloudFormation knows of the place where it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pseudo {
    /// The account's twelve digits.
    AccountId,
    /// `aws`, `aws-cn`, `aws-us-gov` …
    Partition,
    /// The region's name.
    Region,
    /// The stack's ARN.
    StackId,
    /// The stack's name.
    StackName,
    /// `amazonaws.com` or its like.
    UrlSuffix,
}

impl Pseudo {
    /// The name by which templates refer to it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountId => "AWS::AccountId",
            Self::Partition => "AWS::Partition",
            Self::Region => "AWS::Region",
            Self::StackId => "AWS::StackId",
            Self::StackName => "AWS::StackName",
            Self::UrlSuffix => "AWS::URLSuffix",
        }
    }
}

/// A value without its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    Text(String),
    Ref(&'static str),
    GetAtt(LogicalId, &'static str),
    /// The template text of `Fn::Sub`, and the variables that are neither `Ref` nor `GetAtt`.
    Sub(String, Vec<(String, Json)>),
    If(LogicalId, Box<(Expression, Expression)>),
}

impl Expression {
    pub(crate) fn to_json(&self) -> Json {
        match self {
            Self::Text(text) => json!(text),
            Self::Ref(name) => json!({ "Ref": name }),
            Self::GetAtt(id, attribute) => json!({ "Fn::GetAtt": [id.as_str(), attribute] }),
            Self::Sub(text, variables) if variables.is_empty() => json!({ "Fn::Sub": text }),
            Self::Sub(text, variables) => {
                let variables: serde_json::Map<String, Json> = variables.iter().cloned().collect();
                json!({ "Fn::Sub": [text, variables] })
            }
            Self::If(condition, branches) => {
                json!({ "Fn::If": [condition.as_str(), branches.0.to_json(), branches.1.to_json()] })
            }
        }
    }
}
