//! IAM policy documents as data.

use serde::{
    Serialize, Serializer,
    ser::{Error as _, SerializeMap as _},
};
use serde_json::{Map, Value as Json, json};

use super::{
    Pseudo, Sub, Value,
    kind::{AnyArn, Text},
};

/// A policy document of the current version of the policy language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyDocument {
    /// The statements.
    pub statements: Vec<Statement>,
}

impl PolicyDocument {
    /// A document of these statements.
    pub fn new(statements: impl IntoIterator<Item = Statement>) -> Self {
        Self { statements: statements.into_iter().collect() }
    }
}

impl Serialize for PolicyDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("Version", "2012-10-17")?;
        map.serialize_entry("Statement", &self.statements)?;
        map.end()
    }
}

/// One statement of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    /// Its name within the policy.
    pub sid: Option<&'static str>,
    /// Whether it allows or denies.
    pub effect: Effect,
    /// Who, in a policy of a resource; in a policy of a role, it is the role.
    pub principal: Option<Principal>,
    /// IAM's names of the actions, such as `sqs:SendMessage`. (They are not always the API's names.)
    #[serde(rename = "Action", serialize_with = "one_or_many")]
    pub actions: Vec<String>,
    /// On what; in a role's trust policy, it is the role.
    #[serde(
        rename = "Resource",
        serialize_with = "one_or_many",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub resources: Vec<Value<AnyArn>>,
    /// Only where all of these hold.
    #[serde(
        rename = "Condition",
        serialize_with = "conditions",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub conditions: Vec<Test>,
}

impl Statement {
    /// Allows the actions on the resources.
    pub fn allow<A: Into<String>>(
        sid: &'static str,
        actions: impl IntoIterator<Item = A>,
        resources: impl IntoIterator<Item = Value<AnyArn>>,
    ) -> Self {
        Self {
            sid: Some(sid),
            effect: Effect::Allow,
            principal: None,
            actions: actions.into_iter().map(Into::into).collect(),
            resources: resources.into_iter().collect(),
            conditions: Vec::new(),
        }
    }

    /// Allows an AWS service, such as `events.amazonaws.com`, the actions on the resource where these tests hold.
    pub fn allow_service<A: Into<String>>(
        sid: &'static str,
        service: impl Into<Value<Text>>,
        actions: impl IntoIterator<Item = A>,
        resource: impl Into<Value<AnyArn>>,
        conditions: impl IntoIterator<Item = Test>,
    ) -> Self {
        Self {
            principal: Some(Principal::Service(service.into())),
            conditions: conditions.into_iter().collect(),
            ..Self::allow(sid, actions, [resource.into()])
        }
    }

    /// Denies everyone the action on the resources where the test holds.
    pub fn deny(
        sid: &'static str,
        action: &'static str,
        resources: impl IntoIterator<Item = Value<AnyArn>>,
        test: Test,
    ) -> Self {
        Self {
            effect: Effect::Deny,
            principal: Some(Principal::Anyone),
            conditions: vec![test],
            ..Self::allow(sid, [action], resources)
        }
    }

    /// Lets a service assume the role that trusts it.
    pub fn trust(service: &'static str) -> Self {
        let principal = Some(Principal::Service(service.into()));
        Self { sid: None, principal, ..Self::allow("", ["sts:AssumeRole"], []) }
    }
}

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Effect {
    /// Allows.
    Allow,
    /// Denies, even if another statement allows.
    Deny,
}

/// The principal of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Everyone, also anonymous callers. For statements that deny.
    Anyone,
    /// The stack's own account: its IAM policies decide.
    ThisAccount,
    /// An AWS service, such as `events.amazonaws.com`.
    Service(Value<Text>),
}

impl Serialize for Principal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = match self {
            Self::Anyone => json!("*"),
            Self::ThisAccount => {
                let root = Sub::arn("iam::").pseudo(Pseudo::AccountId).text(":root");
                json!({ "AWS": Value::<AnyArn>::from(root) })
            }
            Self::Service(service) => json!({ "Service": service }),
        };
        json.serialize(serializer)
    }
}

/// One condition of a statement: a key of the request compared with values, one of which must match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    operator: &'static str,
    key: &'static str,
    values: Json,
}

impl Test {
    /// The key is this text.
    pub fn equals(key: &'static str, value: impl Into<Value<Text>>) -> Self {
        Self { operator: "StringEquals", key, values: json!(value.into()) }
    }

    /// The key is like this text, in which `*` matches anything.
    pub fn like(key: &'static str, value: impl Into<Value<Text>>) -> Self {
        Self { operator: "StringLike", key, values: json!(value.into()) }
    }

    /// The key is one of these ARNs, in which `*` matches anything.
    pub fn arn_like(key: &'static str, values: impl IntoIterator<Item = Value<AnyArn>>) -> Self {
        let mut values: Vec<Json> = values.into_iter().map(|arn| json!(arn)).collect();
        let one = (values.len() == 1).then(|| values.remove(0));
        Self { operator: "ArnLike", key, values: one.unwrap_or(Json::Array(values)) }
    }

    /// The request came without TLS.
    pub fn without_tls() -> Self {
        Self { operator: "Bool", key: "aws:SecureTransport", values: json!(false) }
    }

    /// The request to S3 came with a TLS version before this one, such as `1.2`.
    pub fn with_tls_before(version: &'static str) -> Self {
        Self { operator: "NumericLessThan", key: "s3:TlsVersion", values: json!(version) }
    }
}

// IAM's language has no way to test a key twice with one operator: the later test would replace the first.
fn conditions<S: Serializer>(tests: &[Test], serializer: S) -> Result<S::Ok, S::Error> {
    let mut operators: Map<String, Json> = Map::new();
    for Test { operator, key, values } in tests {
        let keys = operators.entry(*operator).or_insert_with(|| json!({}));
        if keys.get(key).is_some() {
            let twice = format!("a statement tests `{key}` with `{operator}` twice");
            return Err(S::Error::custom(twice));
        }
        keys[*key] = values.clone();
    }
    operators.serialize(serializer)
}

// IAM accepts both, and one line is easier to read than three.
fn one_or_many<T: Serialize, S: Serializer>(
    values: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match values {
        [one] => one.serialize(serializer),
        many => many.serialize(serializer),
    }
}
