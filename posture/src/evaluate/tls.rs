//! TLS only: whether a policy denies requests without TLS, in any equivalent form, and the policy that does.

use serde_json::{Map, Value, json};

use crate::BucketId;
use crate::model::glob::Glob;
use crate::model::policy::{Statement, listed, statements};

/// What has to be denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denied {
    /// Plain HTTP.
    PlainHttp,
    /// TLS older than 1.2.
    OldTls,
}

impl Denied {
    /// The `Sid` of our own statement.
    pub const fn sid(self) -> &'static str {
        match self {
            Self::PlainHttp => "S3GuardTlsOnly",
            Self::OldTls => "S3GuardTls12",
        }
    }

    /// Our own statement.
    ///
    /// Source: Amazon S3 User Guide, "Security best practices for Amazon S3" and "Amazon S3 condition key examples".
    pub fn statement(self, bucket: &BucketId) -> Value {
        let arn = bucket.arn();
        let condition = match self {
            Self::PlainHttp => json!({ "Bool": { "aws:SecureTransport": "false" } }),
            Self::OldTls => json!({ "NumericLessThan": { "s3:TlsVersion": "1.2" } }),
        };
        json!({
            "Sid": self.sid(),
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, format!("{arn}/*")],
            "Condition": condition,
        })
    }

    fn is_condition(self, condition: &Value) -> bool {
        let Some((operator, tests)) = only(condition) else { return false };
        let Some((key, value)) = only(tests) else { return false };
        let mut values = listed(value);
        let (Some(value), None) = (values.next(), values.next()) else { return false };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match self {
            Self::PlainHttp => {
                matches!(operator, "Bool" | "BoolIfExists")
                    && key.eq_ignore_ascii_case("aws:SecureTransport")
                    && text.eq_ignore_ascii_case("false")
            }
            Self::OldTls => {
                matches!(operator, "NumericLessThan" | "NumericLessThanIfExists")
                    && key.eq_ignore_ascii_case("s3:TlsVersion")
                    && text.parse::<f64>().is_ok_and(|version| version >= 1.2)
            }
        }
    }
}

/// Whether the policy denies this to all principals, for the bucket and all its objects, with any `Sid`.
pub fn denies(policy: &Value, what: Denied, bucket: &BucketId) -> bool {
    let arn = bucket.arn();
    let (mut of_bucket, mut of_objects) = (false, false);
    for statement in statements(policy).filter(|statement| denies_everybody(*statement, what)) {
        for resource in statement.each("Resource") {
            let Some(pattern) = resource.as_str() else { continue };
            let glob = Glob::new(pattern);
            of_bucket |= glob.matches(&arn);
            // What ends with `*` and matches the bucket's empty key matches every key.
            of_objects |= pattern.ends_with('*') && glob.matches(&format!("{arn}/"));
        }
    }
    of_bucket && of_objects
}

/// The policy with our statements added for what it does not deny yet; `None` if nothing is missing.
///
/// Other statements stay as they are, in their order. A statement with our `Sid` is replaced. `policy` is a JSON object.
pub fn merged(policy: Option<&Value>, wanted: &[Denied], bucket: &BucketId) -> Option<Value> {
    let mut merged = match policy {
        Some(Value::Object(policy)) => policy.clone(),
        Some(_) | None => Map::from_iter([("Version".to_owned(), json!("2012-10-17"))]),
    };
    let lacking: Vec<Denied> = wanted
        .iter()
        .copied()
        .filter(|what| policy.is_none_or(|policy| !denies(policy, *what, bucket)))
        .collect();
    if lacking.is_empty() {
        return None;
    }
    // In place, so that other elements keep their order.
    let place = merged.entry("Statement").or_insert(Value::Null);
    let mut statements = match place.take() {
        Value::Array(statements) => statements,
        Value::Null => Vec::new(),
        one @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            vec![one]
        }
    };
    for what in lacking {
        let ours = what.statement(bucket);
        match statements.iter_mut().find(|statement| statement["Sid"] == what.sid()) {
            Some(statement) => *statement = ours,
            None => statements.push(ours),
        }
    }
    *place = Value::Array(statements);
    Some(Value::Object(merged))
}

fn denies_everybody(statement: Statement<'_>, what: Denied) -> bool {
    let principal = statement.0.get("Principal");
    let everybody = |names: &Value| listed(names).any(|name| name == "*");
    let is_everybody = principal
        .is_some_and(|principal| principal == "*" || principal.get("AWS").is_some_and(everybody));
    let everything = |action: &Value| {
        action.as_str().is_some_and(|action| action == "*" || action.eq_ignore_ascii_case("s3:*"))
    };
    statement.effect() == Some("Deny")
        && is_everybody
        && statement.each("Action").any(everything)
        && statement.0.get("Condition").is_some_and(|condition| what.is_condition(condition))
}

/// The one entry of an object that has just one.
fn only(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    object.iter().next().map(|(key, value)| (key.as_str(), value))
}

#[cfg(test)]
mod tests;
