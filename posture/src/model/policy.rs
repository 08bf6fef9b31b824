//! Reads bucket policies.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::AccountId;

mod unique_keys;

/// The most bytes that a bucket policy may have.
///
/// Source: Amazon S3 User Guide, "Bucket policies for Amazon S3".
pub const BYTES_MAX: usize = 20 * 1024;

/// A bucket policy, as S3 gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    text: String,
    document: Option<Value>,
}

impl Policy {
    /// Reads a policy's text; if it is not a JSON object, or a key occurs twice in it, it has no document.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let is_clear = unique_keys::are_unique(&text);
        let document = is_clear.then(|| serde_json::from_str(&text).ok()).flatten();
        let document = document.filter(|document| {
            Value::is_object(document) && statements(document).all(Statement::tests_keys_once)
        });
        Self { text, document }
    }

    /// The text, byte for byte.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The document, if it is a JSON object whose keys are clear.
    pub fn document(&self) -> Option<&Value> {
        self.document.as_ref()
    }

    /// Whether it allows principals outside of the bucket's account: an AWS service, another account, or anyone.
    ///
    /// A change to a KMS key locks out such principals until the key's policy allows them too. Conditions are not
    /// evaluated, and what cannot be parsed counts as a yes, so that the bucket is left unchanged.
    pub fn admits_outsiders(&self, account: &AccountId) -> bool {
        let is_foreign = |statement: Statement<'_>| {
            statement.effect() != Some("Deny") && !is_own(statement.0.get("Principal"), account)
        };
        self.document.as_ref().is_none_or(|policy| {
            policy.get("Statement").is_none() || statements(policy).any(is_foreign)
        })
    }

    /// The principals of other accounts that it allows, as written there.
    pub fn other_accounts(&self, account: &AccountId) -> Vec<String> {
        let names = self
            .allowed_principals()
            .flat_map(|principal| listed(principal.get("AWS").unwrap_or(principal)))
            .filter_map(Value::as_str);
        let others: BTreeSet<&str> = names.filter(|name| !is_of(name, account)).collect();
        others.into_iter().map(str::to_owned).collect()
    }

    fn allowed_principals(&self) -> impl Iterator<Item = &Value> {
        let statements = self.document.iter().flat_map(statements);
        statements
            .filter(|statement| statement.effect() == Some("Allow"))
            .filter_map(|statement| statement.0.get("Principal"))
    }
}

/// One statement of a policy, as JSON.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'p>(pub &'p Value);

impl<'p> Statement<'p> {
    /// `Allow` or `Deny`.
    pub fn effect(self) -> Option<&'p str> {
        self.0.get("Effect")?.as_str()
    }

    /// The values of an element such as `Action`.
    pub fn each(self, element: &str) -> impl Iterator<Item = &'p Value> {
        self.0.get(element).into_iter().flat_map(listed)
    }

    /// Whether no operator of its condition tests a key twice. Their names are not case-sensitive.
    ///
    /// Source: AWS IAM User Guide, "IAM JSON policy elements: Condition".
    fn tests_keys_once(self) -> bool {
        let operators = self.0.get("Condition").and_then(Value::as_object);
        operators.into_iter().flat_map(|operators| operators.values()).all(|tests| {
            let keys = tests.as_object().into_iter().flat_map(|tests| tests.keys());
            let mut seen = BTreeSet::new();
            keys.map(|key| key.to_ascii_lowercase()).all(|key| seen.insert(key))
        })
    }
}

/// The statements of a policy's document.
pub fn statements(document: &Value) -> impl Iterator<Item = Statement<'_>> {
    Statement(document).each("Statement").map(Statement)
}

/// Whether a principal contains only the account, its root, users or roles.
fn is_own(principal: Option<&Value>, account: &AccountId) -> bool {
    let Some(Value::Object(kinds)) = principal else { return false };
    kinds.iter().all(|(kind, names)| {
        kind == "AWS"
            && listed(names).all(|name| name.as_str().is_some_and(|name| is_of(name, account)))
    })
}

/// Whether a principal's name, an ARN or the bare account, is of this account.
fn is_of(name: &str, account: &AccountId) -> bool {
    name == account.as_str() || name.split(':').nth(4) == Some(account.as_str())
}

/// One value or a list of values: policies allow both nearly everywhere.
pub fn listed(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::Array(many) => many.as_slice(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            std::slice::from_ref(value)
        }
    }
    .iter()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(statement: &Value, expected: bool) {
        let account = "111122223333".parse().unwrap();
        let policy = json!({ "Version": "2012-10-17", "Statement": statement });
        let policy = Policy::new(policy.to_string());
        assert_eq!(policy.admits_outsiders(&account), expected, "{statement}");
    }

    fn allow(principal: &Value) -> Value {
        json!({ "Effect": "Allow", "Principal": principal, "Action": "s3:PutObject", "Resource": "*" })
    }

    #[test]
    fn services_other_accounts_and_anybody_are_outsiders() {
        check(&allow(&json!({ "Service": "logging.s3.amazonaws.com" })), true);
        // The old way of load balancers: an account of AWS for each Region.
        check(&allow(&json!({ "AWS": "arn:aws:iam::127311923021:root" })), true);
        check(&allow(&json!({ "AWS": ["111122223333", "444455556666"] })), true);
        check(&allow(&json!("*")), true);
        check(&allow(&json!({ "AWS": "*" })), true);
        check(&allow(&json!({ "CanonicalUser": "79a59df900b949e5" })), true);
    }

    #[test]
    fn the_accounts_own_people_are_not() {
        check(&allow(&json!({ "AWS": "111122223333" })), false);
        check(
            &allow(
                &json!({ "AWS": ["arn:aws:iam::111122223333:role/app", "arn:aws:iam::111122223333:root"] }),
            ),
            false,
        );
        check(&json!([]), false);
    }

    #[test]
    fn a_deny_allows_no_one() {
        let deny = json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*" });
        check(&deny, false);
        check(&json!([deny, allow(&json!({ "AWS": "111122223333" }))]), false);
        check(&json!([deny, allow(&json!("*"))]), true);
    }

    #[test]
    fn what_is_not_understood_counts_as_a_yes() {
        check(&json!({ "Effect": "Allow", "NotPrincipal": { "AWS": "444455556666" } }), true);
        check(&json!("?"), true);
        let account = "111122223333".parse().unwrap();
        assert!(Policy::new("{}").admits_outsiders(&account));
        assert!(Policy::new("null").admits_outsiders(&account));
    }
}
