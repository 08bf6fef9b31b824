//! TLS only: whether a policy denies requests without TLS, in any equivalent form, what is wrong with its statements about
//! TLS, and the policy that denies them.

use serde_json::{Map, Value, json};

use crate::BucketId;
use crate::model::finding::TLS_12;

mod rule;
mod transport;

use rule::{Rule, rules};
use transport::{Holds, Transport};

/// The most statements that are named in one text.
const FAULTS_MAX: usize = 3;

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
            Self::OldTls => TLS_12,
        }
    }

    /// Our own statement.
    ///
    /// Source: Amazon S3 User Guide, "Security best practices for Amazon S3" and "Amazon S3 condition key examples".
    pub fn statement(self, bucket: &BucketId) -> Value {
        let arn = bucket.arn();
        json!({
            "Sid": self.sid(),
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, format!("{arn}/*")],
            "Condition": self.condition(),
        })
    }

    /// The shortest statement of the same meaning, for a policy without room for the other one.
    pub fn short_statement(self, bucket: &BucketId) -> Value {
        json!({
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": format!("{}*", bucket.arn()),
            "Condition": self.condition(),
        })
    }

    /// The condition of our own statement.
    pub fn condition(self) -> Value {
        match self {
            Self::PlainHttp => json!({ "Bool": { "aws:SecureTransport": "false" } }),
            Self::OldTls => json!({ "NumericLessThan": { "s3:TlsVersion": "1.2" } }),
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::PlainHttp => "plain HTTP",
            Self::OldTls => "TLS older than 1.2",
        }
    }

    const fn transports(self) -> &'static [Transport] {
        match self {
            Self::PlainHttp => &[Transport::PlainHttp],
            Self::OldTls => &[Transport::Tls10, Transport::Tls11],
        }
    }
}

/// Why a policy keeps requests by TLS out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Some requests that come by TLS are denied, or not allowed.
    Some(String),
    /// No request is allowed, or none by TLS.
    Every(String),
}

/// Whether the policy denies this to all principals, for the bucket and all its objects, with any `Sid`.
pub fn denies(policy: &Value, what: Denied, bucket: &BucketId) -> bool {
    what.transports().iter().all(|transport| is_denied(policy, *transport, bucket))
}

/// Whether requests that come so are denied to all, by one or more statements that test how they come.
fn is_denied(policy: &Value, transport: Transport, bucket: &BucketId) -> bool {
    let (mut of_bucket, mut of_objects) = (false, false);
    for rule in rules(policy) {
        if rule.is_deny && rule.applies(transport) == Holds::Always && rule.is_for_all() {
            let is_for = rule.is_for(bucket);
            of_bucket |= is_for.0;
            of_objects |= is_for.1;
        }
    }
    of_bucket && of_objects
}

/// The statements that deny requests because they come by TLS 1.2 or newer, or allow them only without it.
///
/// Together with ours they would deny such requests in whatever way they come. Without such statements, what is allowed in
/// one way is still allowed by TLS 1.2 or newer after ours were added.
pub fn obstacle(policy: &Value, bucket: &BucketId) -> Option<Obstacle> {
    let rules: Vec<Rule<'_>> = rules(policy).collect();
    let (denying, allowing): (Vec<_>, Vec<_>) = rules.iter().partition(|rule| rule.is_deny);
    let is_open = |transport: &Transport| !denying.iter().any(|rule| rule.may_apply(*transport));
    let open: Vec<Transport> = Transport::CURRENT.into_iter().filter(is_open).collect();
    let at_fault: Vec<&&Rule<'_>> = if open.is_empty() {
        let is_whole =
            |rule: &&&Rule<'_>| Transport::CURRENT.iter().all(|one| rule.may_apply(*one));
        let is_part = |rule: &&&Rule<'_>| Transport::CURRENT.iter().any(|one| rule.may_apply(*one));
        let whole: Vec<_> = denying.iter().filter(is_whole).collect();
        if whole.is_empty() { denying.iter().filter(is_part).collect() } else { whole }
    } else {
        let most = |rule: &Rule<'_>, of: &[Transport]| {
            of.iter().map(|transport| rule.applies(*transport)).max().unwrap_or(Holds::Never)
        };
        let is_shut = |rule: &&&Rule<'_>| most(rule, &Transport::OLD) > most(rule, &open);
        allowing.iter().filter(is_shut).collect()
    };
    let faults: Vec<String> = at_fault.iter().take(FAULTS_MAX).map(|rule| rule.fault()).collect();
    if faults.is_empty() {
        return None;
    }
    let faults = faults.join("; ");
    let is_denied = |transport| is_denied(policy, transport, bucket);
    let is_without_tls = Transport::CURRENT.into_iter().all(is_denied);
    let is_impossible = at_fault.iter().any(|rule| rule.requires_a_version_to_come());
    Some(if is_without_tls && (is_impossible || is_denied(Transport::PlainHttp)) {
        Obstacle::Every(faults)
    } else {
        Obstacle::Some(faults)
    })
}

/// What of this a policy lets in, in words.
pub fn let_in(policy: &Value, wanted: &[Denied], bucket: &BucketId) -> String {
    let lacking = wanted.iter().filter(|what| !denies(policy, **what, bucket));
    let words: Vec<&str> = lacking.map(|what| what.words()).collect();
    words.join(" and ")
}

/// Which statements of a policy mean to deny this, and fall short of it.
pub fn falls_short(policy: &Value, wanted: &[Denied], bucket: &BucketId) -> Vec<String> {
    let lacking = wanted.iter().filter(|what| !denies(policy, **what, bucket));
    let lacking: Vec<Transport> = lacking.flat_map(|what| what.transports()).copied().collect();
    let all = rules(policy).filter_map(|rule| rule.falls_short(&lacking, bucket));
    all.take(FAULTS_MAX).collect()
}

/// The policy with our statements added for what it does not deny yet; `None` if nothing is missing.
///
/// Other statements stay as they are, in their order. A statement with our `Sid` is replaced. `policy` is a JSON object.
pub fn merged(policy: Option<&Value>, wanted: &[Denied], bucket: &BucketId) -> Option<Value> {
    merged_with(policy, wanted, bucket, Denied::statement)
}

/// The same with our shortest statements.
pub fn merged_short(policy: &Value, wanted: &[Denied], bucket: &BucketId) -> Option<Value> {
    merged_with(Some(policy), wanted, bucket, Denied::short_statement)
}

fn merged_with(
    policy: Option<&Value>,
    wanted: &[Denied],
    bucket: &BucketId,
    statement: fn(Denied, &BucketId) -> Value,
) -> Option<Value> {
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
        let ours = statement(what, bucket);
        match statements.iter_mut().find(|statement| statement["Sid"] == what.sid()) {
            Some(statement) => *statement = ours,
            None => statements.push(ours),
        }
    }
    *place = Value::Array(statements);
    let merged = Value::Object(merged);
    // A statement that was replaced may have denied the other one.
    Some(merged_with(Some(&merged), wanted, bucket, statement).unwrap_or(merged))
}

#[cfg(test)]
mod tests;
