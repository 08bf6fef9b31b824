//! IAM policy documents as data.

use serde::{
    Serialize, Serializer,
    ser::{Error as _, SerializeMap as _},
};
use serde_json::{Map, Value as Json, json};

use super::{
    ConditionHandle, Pseudo, Sub, Value,
    kind::{AnyArn, Arns, Text},
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its name within the policy.
    pub sid: Option<&'static str>,
    /// Whether it allows or denies.
    pub effect: Effect,
    /// Who, in a policy of a resource; in a policy of a role, it is the role.
    pub principal: Option<Principal>,
    /// IAM's names of the actions, such as `sqs:SendMessage`. (They are not always the API's names.)
    pub actions: Which<String>,
    /// On what; in a role's trust policy, it is the role.
    pub resources: Which<Value<AnyArn>>,
    /// Only where all of these hold.
    pub conditions: Vec<Test>,
    /// The policy has the statement only where this holds.
    pub only_if: Option<ConditionHandle>,
}

/// To what a statement applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which<T> {
    /// To these.
    These(Vec<T>),
    /// To all others. For statements that deny.
    AllBut(Vec<T>),
}

impl<T: Serialize> Which<T> {
    /// Adds the element of a statement, if there is one: `Action` or `NotAction`.
    fn write(&self, element: &str, statement: &mut Map<String, Json>) {
        let (element, items) = match self {
            Self::These(items) => (element.to_owned(), items),
            Self::AllBut(items) => (format!("Not{element}"), items),
        };
        // IAM accepts both, and one line is easier to read than three.
        match &items[..] {
            [] => None,
            [one] => statement.insert(element, json!(one)),
            many => statement.insert(element, json!(many)),
        };
    }
}

impl Serialize for Statement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = Map::new();
        map.extend(self.sid.map(|sid| ("Sid".into(), json!(sid))));
        map.insert("Effect".into(), json!(self.effect));
        map.extend(self.principal.as_ref().map(|who| ("Principal".into(), json!(who))));
        self.actions.write("Action", &mut map);
        self.resources.write("Resource", &mut map);
        if !self.conditions.is_empty() {
            let conditions = conditions(&self.conditions).map_err(S::Error::custom)?;
            map.insert("Condition".into(), conditions);
        }
        let statement = Json::Object(map);
        let statement = match self.only_if {
            Some(condition) => condition.only(&statement),
            None => statement,
        };
        statement.serialize(serializer)
    }
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
            actions: Which::These(actions.into_iter().map(Into::into).collect()),
            resources: Which::These(resources.into_iter().collect()),
            conditions: Vec::new(),
            only_if: None,
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
        Self::deny_where(sid, [action], resources, [test])
    }

    /// Denies everyone the actions on the resources where all tests hold.
    pub fn deny_where(
        sid: &'static str,
        actions: impl IntoIterator<Item = &'static str>,
        resources: impl IntoIterator<Item = Value<AnyArn>>,
        tests: impl IntoIterator<Item = Test>,
    ) -> Self {
        Self {
            effect: Effect::Deny,
            principal: Some(Principal::Anyone),
            conditions: tests.into_iter().collect(),
            ..Self::allow(sid, actions, resources)
        }
    }

    /// Lets principals of the account assume the role that trusts them, as far as their own policies allow it.
    pub fn trust_account(principals: Value<Arns>) -> Self {
        Self {
            sid: None,
            principal: Some(Principal::ThisAccount),
            conditions: vec![Test::arn_like_any("aws:PrincipalArn", principals)],
            ..Self::allow("", ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"], [])
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
        Self::like_any(key, [value.into()])
    }

    /// The key is like one of these texts, in which `*` matches anything.
    pub fn like_any(key: &'static str, values: impl IntoIterator<Item = Value<Text>>) -> Self {
        Self { operator: "StringLike", key, values: one_or_many(values) }
    }

    /// The key is another text, or the request does not have it.
    pub fn not_equals(key: &'static str, value: impl Into<Value<Text>>) -> Self {
        Self { operator: "StringNotEquals", key, values: json!(value.into()) }
    }

    /// The key is one of these ARNs, in which `*` matches anything.
    pub fn arn_like(key: &'static str, values: impl IntoIterator<Item = Value<AnyArn>>) -> Self {
        Self { operator: "ArnLike", key, values: one_or_many(values) }
    }

    /// The key is one of the ARNs of a list, in which `*` matches anything.
    pub fn arn_like_any(key: &'static str, values: impl Into<Value<Arns>>) -> Self {
        Self { operator: "ArnLike", key, values: json!(values.into()) }
    }

    /// The key is none of the ARNs of a list, in which `*` matches anything, or the request does not have it.
    pub fn arn_not_like_any(key: &'static str, values: impl Into<Value<Arns>>) -> Self {
        Self { operator: "ArnNotLike", key, values: json!(values.into()) }
    }

    /// The key is this ARN.
    pub fn arn_equals(key: &'static str, value: impl Into<Value<AnyArn>>) -> Self {
        Self { operator: "ArnEquals", key, values: json!(value.into()) }
    }

    /// The key is none of these ARNs, or the request does not have it.
    pub fn arn_not_equals(
        key: &'static str,
        values: impl IntoIterator<Item = Value<AnyArn>>,
    ) -> Self {
        Self { operator: "ArnNotEquals", key, values: one_or_many(values) }
    }

    /// The request has the key.
    pub fn has(key: &'static str) -> Self {
        Self { operator: "Null", key, values: json!(false) }
    }

    /// An AWS service makes the request with its own identity.
    pub fn by_a_service() -> Self {
        Self { operator: "Bool", key: "aws:PrincipalIsAWSService", values: json!(true) }
    }

    /// No AWS service makes the request with its own identity: a role, a user, or an anonymous caller.
    pub fn not_by_a_service() -> Self {
        Self { operator: "BoolIfExists", key: "aws:PrincipalIsAWSService", values: json!(false) }
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
fn conditions(tests: &[Test]) -> Result<Json, String> {
    let mut operators: Map<String, Json> = Map::new();
    for Test { operator, key, values } in tests {
        let keys = operators.entry(*operator).or_insert_with(|| json!({}));
        if keys.get(key).is_some() {
            return Err(format!("a statement tests `{key}` with `{operator}` twice"));
        }
        keys[*key] = values.clone();
    }
    Ok(Json::Object(operators))
}

fn one_or_many<K>(values: impl IntoIterator<Item = Value<K>>) -> Json {
    let mut values: Vec<Json> = values.into_iter().map(|value| json!(value)).collect();
    let one = (values.len() == 1).then(|| values.remove(0));
    one.unwrap_or(Json::Array(values))
}
