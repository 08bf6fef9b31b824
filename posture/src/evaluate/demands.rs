//! What a bucket's policy demands of the encryption of uploads.

use serde_json::Value;

use crate::model::glob::Glob;
use crate::model::policy::{Policy, Statement, listed, statements};
use crate::model::setting::{Algorithm, Key};

/// The condition keys of the headers of an upload.
///
/// Source: Service Authorization Reference, "Condition keys for Amazon S3".
const ALGORITHM: &str = "s3:x-amz-server-side-encryption";
const KEY: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";
const SSE_C: &str = "s3:x-amz-server-side-encryption-customer-algorithm";

/// SSE-C, if uploads without it are denied.
pub(super) fn sse_c(policy: &Policy) -> Option<String> {
    let demands = |test: Test<'_>| test.key == SSE_C && (test.is_absent() || test.is_not_equal());
    tests(policy).any(demands).then(|| "SSE-C".to_owned())
}

/// SSE-C, or another algorithm or key than this, if uploads without it are denied.
pub(super) fn other(policy: &Policy, wanted: &Algorithm) -> Option<String> {
    let differs = |test: Test<'_>| {
        let name = match test.key.as_str() {
            ALGORITHM => wanted.name().unwrap_or_default(),
            KEY => match wanted.key() {
                Some(Key::Named(name)) => name,
                Some(Key::AwsManaged) | None => "",
            },
            _ => return None,
        };
        let values: Vec<&str> = test.values().collect();
        let is_same = |value: &&str| Glob::new(*value).matches(name);
        (test.is_not_equal() && !values.is_empty() && !values.iter().any(is_same))
            .then(|| format!("`{}`", values.join("` or `")))
    };
    sse_c(policy).or_else(|| tests(policy).find_map(differs))
}

/// One test of a statement that denies uploads.
struct Test<'p> {
    /// In lower case.
    operator: String,
    /// In lower case.
    key: String,
    value: &'p Value,
}

impl<'p> Test<'p> {
    /// Whether the statement applies to requests without the header.
    fn is_absent(&self) -> bool {
        self.operator == "null" && self.values().any(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Whether the statement applies to requests with another value, or without one.
    fn is_not_equal(&self) -> bool {
        let operators = [
            "stringnotequals",
            "stringnotequalsignorecase",
            "stringnotlike",
            "arnnotequals",
            "arnnotlike",
        ];
        operators.contains(&self.operator.as_str())
    }

    fn values(&self) -> impl Iterator<Item = &'p str> + use<'p> {
        listed(self.value).filter_map(|value| match value.as_bool() {
            Some(true) => Some("true"),
            Some(false) => Some("false"),
            None => value.as_str(),
        })
    }
}

fn tests(policy: &Policy) -> impl Iterator<Item = Test<'_>> {
    let denies =
        |statement: &Statement<'_>| statement.effect() == Some("Deny") && is_of_uploads(*statement);
    let conditions = policy
        .document()
        .into_iter()
        .flat_map(statements)
        .filter(denies)
        .filter_map(|statement| statement.0.get("Condition")?.as_object());
    conditions
        .flatten()
        .filter_map(|(operator, keys)| Some((operator, keys.as_object()?)))
        .flat_map(|(operator, keys)| {
            let operator = operator.to_ascii_lowercase();
            let operator = operator.rsplit(':').next().unwrap_or_default().to_owned();
            keys.iter().map(move |(key, value)| Test {
                operator: operator.clone(),
                key: key.to_ascii_lowercase(),
                value,
            })
        })
}

fn is_of_uploads(statement: Statement<'_>) -> bool {
    let matches = |element: &str| {
        statement
            .each(element)
            .filter_map(Value::as_str)
            .any(|pattern| Glob::new(pattern.to_ascii_lowercase()).matches("s3:putobject"))
    };
    if statement.0.get("NotAction").is_some() { !matches("NotAction") } else { matches("Action") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OURS: &str = "arn:aws:kms:eu-west-1:111122223333:key/ours";

    #[track_caller]
    fn check(condition: &Value, sse_c: bool, of_key: Option<&str>) {
        for action in ["s3:PutObject", "s3:Put*", "S3:*", "*"] {
            let policy = json!({ "Statement": {
                "Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*",
                "Condition": condition,
            } });
            let policy = Policy::new(policy.to_string());
            assert_eq!(super::sse_c(&policy).is_some(), sse_c, "{policy:?}");
            let kms = Algorithm::Kms(Key::Named(OURS.to_owned()));
            assert_eq!(other(&policy, &kms).as_deref(), of_key, "{policy:?}");
        }
    }

    #[test]
    fn a_policy_demands_what_it_denies_uploads_without() {
        let null = |key: &str, value: &str| json!({ "Null": { key: value } });
        check(&null(SSE_C, "true"), true, Some("SSE-C"));
        check(&json!({ "StringNotEquals": { SSE_C: "AES256" } }), true, Some("SSE-C"));
        // Uploads with SSE-C are denied.
        check(&null(SSE_C, "false"), false, None);
        check(&json!({ "StringNotEquals": { ALGORITHM: "AES256" } }), false, Some("`AES256`"));
        check(&json!({ "StringNotEquals": { ALGORITHM: ["AES256", "aws:kms"] } }), false, None);
        check(
            &json!({ "StringNotEquals": { ALGORITHM: "aws:kms:dsse" } }),
            false,
            Some("`aws:kms:dsse`"),
        );
        check(&json!({ "StringNotEquals": { KEY: OURS } }), false, None);
        check(&json!({ "ArnNotLike": { KEY: "arn:aws:kms:*:111122223333:key/*" } }), false, None);
        check(&json!({ "StringNotLike": { KEY: "*/theirs" } }), false, Some("`*/theirs`"));
        // Uploads without the header are allowed.
        check(&json!({ "StringNotEqualsIfExists": { ALGORITHM: "AES256" } }), false, None);
        check(&json!({ "Bool": { "aws:SecureTransport": "false" } }), false, None);
    }

    #[test]
    fn what_concerns_no_upload_demands_nothing() {
        let of = |element: &str, actions: Value, effect: &str| {
            let policy = json!({ "Statement": {
                "Effect": effect, "Principal": "*", element: actions, "Resource": "*",
                "Condition": { "Null": { SSE_C: "true" } },
            } });
            sse_c(&Policy::new(policy.to_string())).is_some()
        };
        assert!(!of("Action", json!("s3:GetObject"), "Deny"));
        assert!(!of("Action", json!("s3:PutObject"), "Allow"));
        assert!(!of("NotAction", json!(["s3:PutObject", "s3:GetObject"]), "Deny"));
        assert!(of("NotAction", json!("s3:GetObject"), "Deny"));
        assert!(of("Action", json!(["s3:GetObject", "s3:PutObject"]), "Deny"));
    }
}
