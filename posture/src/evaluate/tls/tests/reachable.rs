//! What was reachable stays reachable by TLS: each request is evaluated before and after, by an evaluation of its own.

use proptest::prelude::*;

use super::*;
use crate::model::glob::Glob;

/// A request, as IAM sees it.
#[derive(Clone, Copy, Debug)]
struct Request {
    is_of_account: bool,
    action: &'static str,
    resource: &'static str,
    vpc: Option<&'static str>,
    tls: Option<&'static str>,
}

const TLS: [Option<&str>; 5] = [None, Some("1.0"), Some("1.1"), Some("1.2"), Some("1.3")];

/// The same request in each way that it can come.
fn requests() -> Vec<[Request; 5]> {
    let mut all = Vec::new();
    for is_of_account in [true, false] {
        for (action, resource) in
            [("s3:GetObject", "arn:aws:s3:::reports/a"), ("s3:ListBucket", "arn:aws:s3:::reports")]
        {
            for vpc in [None, Some("vpc-1")] {
                all.push(TLS.map(|tls| Request { is_of_account, action, resource, vpc, tls }));
            }
        }
    }
    all
}

fn has(value: &Value, is: impl Fn(&str) -> bool) -> bool {
    if let Value::Array(all) = value {
        return all.iter().any(|one| is(one.as_str().unwrap()));
    }
    is(value.as_str().unwrap())
}

fn test(operator: &str, expected: &Value, value: Option<&str>) -> bool {
    let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
    let any = |is: &dyn Fn(&str, &str) -> bool| {
        value.is_some_and(|value| has(expected, |expected| is(value, expected)))
    };
    match operator {
        "Bool" | "StringEquals" | "ForAnyValue:StringEquals" => any(&|a, b| a == b),
        "BoolIfExists" | "ForAllValues:StringEquals" => value.is_none() || any(&|a, b| a == b),
        "StringNotEquals" => !any(&|a, b| a == b),
        "StringLike" => any(&|a, b| Glob::new(b).matches(a)),
        "StringNotLike" => !any(&|a, b| Glob::new(b).matches(a)),
        "NumericLessThan" => any(&|a, b| number(a) < number(b)),
        "NumericLessThanIfExists" => value.is_none() || any(&|a, b| number(a) < number(b)),
        "NumericLessThanEquals" => any(&|a, b| number(a) <= number(b)),
        "NumericGreaterThan" => any(&|a, b| number(a) > number(b)),
        "NumericEquals" => any(&|a, b| (number(a) - number(b)).abs() < 0.001),
        "NumericNotEquals" => !any(&|a, b| (number(a) - number(b)).abs() < 0.001),
        "Null" => has(expected, |expected| (expected == "true") == value.is_none()),
        _ => unreachable!("{operator}"),
    }
}

fn applies(statement: &Value, request: Request) -> bool {
    let principal = &statement["Principal"];
    let is_theirs = principal == "*" || request.is_of_account;
    let is_action = has(&statement["Action"], |one| Glob::new(one).matches(request.action));
    let is_resource = has(&statement["Resource"], |one| Glob::new(one).matches(request.resource));
    let passes = statement["Condition"].as_object().unwrap().iter().all(|(operator, tests)| {
        tests.as_object().unwrap().iter().all(|(key, expected)| {
            let value = match key.as_str() {
                "aws:SecureTransport" => Some(if request.tls.is_some() { "true" } else { "false" }),
                "s3:TlsVersion" => request.tls,
                _ => request.vpc,
            };
            test(operator, expected, value)
        })
    });
    is_theirs && is_action && is_resource && passes
}

/// Principals of the account have rights of their own; others only those of the policy.
fn is_allowed(policy: &Value, request: Request) -> bool {
    let all = policy["Statement"].as_array().unwrap();
    let any = |effect: &str| {
        all.iter().any(|statement| statement["Effect"] == effect && applies(statement, request))
    };
    !any("Deny") && (request.is_of_account || any("Allow"))
}

fn condition() -> impl Strategy<Value = Value> {
    let secure = prop::sample::select(vec!["true", "false"]).prop_map(|value| json!(value));
    let both = Just(json!(["true", "false"]));
    let version = prop::sample::select(vec![
        json!("1.2"),
        json!("1.1"),
        json!("1.0"),
        json!("1.3"),
        json!("1.4"),
        json!(["1.2", "1.3"]),
        json!(["1.0", "1.1"]),
        json!("1.*"),
        json!(["1.0", "1.1", "1.2"]),
    ]);
    let vpc = prop::sample::select(vec![json!("vpc-1"), json!("vpc-2")]);
    let of_secure = prop::sample::select(vec![
        "Bool",
        "BoolIfExists",
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "Null",
        "ForAllValues:StringEquals",
        "ForAnyValue:StringEquals",
    ]);
    let of_version = prop::sample::select(vec![
        "StringLike",
        "StringNotLike",
        "StringEquals",
        "StringNotEquals",
        "NumericLessThan",
        "NumericLessThanIfExists",
        "NumericLessThanEquals",
        "NumericGreaterThan",
        "NumericEquals",
        "NumericNotEquals",
    ]);
    let of_vpc = prop::sample::select(vec!["StringEquals", "StringNotEquals"]);
    let one = prop_oneof![
        4 => (of_secure, prop_oneof![4 => secure, 1 => both])
            .prop_map(|(operator, value)| (operator, "aws:SecureTransport", value)),
        4 => (of_version, version)
            .prop_filter("S3 refuses it", |(operator, value)| {
                !operator.starts_with("Numeric") || value != "1.*"
            })
            .prop_map(|(operator, value)| (operator, "s3:TlsVersion", value)),
        1 => Just(("Null", "s3:TlsVersion", json!("true"))),
        1 => Just(("Null", "s3:TlsVersion", json!("false"))),
        2 => (of_vpc, vpc).prop_map(|(operator, value)| (operator, "aws:SourceVpc", value)),
    ];
    prop::collection::vec(one, 1..3).prop_map(|tests| {
        let mut condition = json!({});
        for (operator, key, value) in tests {
            condition[operator][key] = value;
        }
        condition
    })
}

fn statement() -> impl Strategy<Value = Value> {
    let effect = prop::sample::select(vec!["Deny", "Deny", "Allow"]);
    let principal =
        prop::sample::select(vec![json!("*"), json!("*"), json!({ "AWS": "111122223333" })]);
    let action =
        prop::sample::select(vec![json!("s3:*"), json!("s3:GetObject"), json!("s3:List*")]);
    let resource = prop::sample::select(vec![
        json!(BOTH),
        json!("*"),
        json!("arn:aws:s3:::reports*"),
        json!("arn:aws:s3:::reports/*"),
    ]);
    let is_ours = prop::bool::weighted(0.1);
    (effect, principal, action, resource, condition(), is_ours).prop_map(
        |(effect, principal, action, resource, condition, is_ours)| {
            let mut statement = json!({
                "Effect": effect, "Principal": principal, "Action": action, "Resource": resource,
                "Condition": condition,
            });
            if is_ours && effect == "Deny" {
                statement["Sid"] = json!(Denied::PlainHttp.sid());
            }
            statement
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_was_allowed_is_still_allowed_by_tls_and_nothing_without_it(
        statements in prop::collection::vec(statement(), 1..4),
        is_security in any::<bool>(),
    ) {
        let policy = json!({ "Version": "2012-10-17", "Statement": statements });
        let both = [Denied::PlainHttp, Denied::OldTls];
        let wanted = if is_security { &both[..] } else { &both[..1] };
        let after = merged(Some(&policy), wanted, &id()).unwrap_or_else(|| policy.clone());
        let is_written = obstacle(&after, &id()).is_none();
        for ways in requests() {
            let [http, old, older, current @ ..] = ways.map(|request| is_allowed(&after, request));
            if is_written {
                prop_assert!(!http, "{ways:?}\n{after:#}");
                prop_assert!(!is_security || !(old || older), "{ways:?}\n{after:#}");
                let [.., tls12, tls13] = ways.map(|request| is_allowed(&policy, request));
                prop_assert!(current[0] || !tls12, "{ways:?}\n{after:#}");
                prop_assert!(current[1] || !tls13, "{ways:?}\n{after:#}");
                let was_allowed = ways.into_iter().any(|request| is_allowed(&policy, request));
                prop_assert!(!was_allowed || current.contains(&true), "{ways:?}\n{after:#}");
            }
        }
    }

    #[test]
    fn a_policy_that_lets_no_request_in_is_recognized(
        statements in prop::collection::vec(statement(), 1..4),
    ) {
        let policy = json!({ "Version": "2012-10-17", "Statement": statements });
        if let Some(Obstacle::Every(text)) = obstacle(&policy, &id()) {
            for ways in requests() {
                let [http, .., tls12, tls13] = ways.map(|request| is_allowed(&policy, request));
                let is_impossible = text.contains("does not exist");
                prop_assert!(!tls12 && !tls13 && (is_impossible || !http), "{ways:?}\n{policy:#}");
            }
        }
    }
}
