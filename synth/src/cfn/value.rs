//! Values of properties: literals and intrinsic functions.

use std::marker::PhantomData;

use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};

use super::{
    ConditionHandle, LogicalId, Sub,
    condition::either,
    kind::{AnyArn, Arns, Count, Text},
};

/// A value of the kind `K`: a literal or an intrinsic function.
///
/// The kind keeps the ARN of a topic out of a property for a key:
///
/// ```
/// # use s3guard_synth::{cfn::{kind::KeyArn, Value}, resources::logs::LogGroup};
/// # fn group(key: Value<KeyArn>) -> LogGroup {
/// LogGroup { retention_in_days: 30, kms_key_id: key }
/// # }
/// ```
/// ```compile_fail,E0308
/// # use s3guard_synth::{cfn::{kind::TopicArn, Value}, resources::logs::LogGroup};
/// # fn group(key: Value<TopicArn>) -> LogGroup {
/// LogGroup { retention_in_days: 30, kms_key_id: key } // expected `Value<KeyArn>`, found `Value<TopicArn>`
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value<K> {
    expression: Expression,
    kind: PhantomData<fn() -> K>,
}

impl<K> Value<K> {
    /// A literal. The caller chooses its kind.
    pub fn literal(text: impl Into<String>) -> Self {
        Self::new(Expression::Text(text.into()))
    }

    /// The value where the condition holds; else there is none: the list, or the property, does not have it.
    #[must_use]
    pub fn only_if(self, condition: ConditionHandle) -> Self {
        Self::new(Expression::If(condition.id(), Box::new(self.expression), None))
    }

    /// The value where the condition holds, else the other one.
    #[must_use]
    pub fn or_else(self, condition: ConditionHandle, otherwise: Self) -> Self {
        let otherwise = Some(Box::new(otherwise.expression));
        Self::new(Expression::If(condition.id(), Box::new(self.expression), otherwise))
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

impl From<Value<AnyArn>> for Value<Arns> {
    fn from(one: Value<AnyArn>) -> Self {
        one.widened()
    }
}

impl From<u32> for Value<Count> {
    fn from(number: u32) -> Self {
        Self::new(Expression::Number(number))
    }
}

impl From<Pseudo> for Value<Text> {
    fn from(pseudo: Pseudo) -> Self {
        Self::new(Expression::Ref(pseudo.as_str()))
    }
}

/// A pseudo parameter: what CloudFormation knows of the account and the Region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pseudo {
    /// The account's twelve digits.
    AccountId,
    /// `aws`, `aws-cn`, `aws-us-gov` …
    Partition,
    /// The region's name.
    Region,
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
            Self::StackName => "AWS::StackName",
            Self::UrlSuffix => "AWS::URLSuffix",
        }
    }
}

/// A value without its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    Text(String),
    Number(u32),
    Ref(&'static str),
    GetAtt(LogicalId, &'static str),
    /// The text of `Fn::Sub`.
    Sub(String),
    /// The members of a list parameter, with commas between them.
    Joined(&'static str),
    /// A value under a condition, and the value else, if there is one.
    If(LogicalId, Box<Self>, Option<Box<Self>>),
}

impl Expression {
    pub(crate) fn to_json(&self) -> Json {
        match self {
            Self::Text(text) => json!(text),
            Self::Number(number) => json!(number),
            Self::Ref(name) => json!({ "Ref": name }),
            Self::GetAtt(id, attribute) => json!({ "Fn::GetAtt": [id.as_str(), attribute] }),
            Self::Sub(text) => json!({ "Fn::Sub": text }),
            Self::Joined(name) => json!({ "Fn::Join": [",", { "Ref": name }] }),
            Self::If(condition, then, otherwise) => {
                either(*condition, &then.to_json(), otherwise.as_ref().map(|one| one.to_json()))
            }
        }
    }
}
