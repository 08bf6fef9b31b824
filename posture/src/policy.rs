//! Reads bucket policies, as far as the guard has to understand them.

use serde_json::Value;

use crate::AccountId;

/// Whether a policy lets somebody in who is not of the bucket's own account: an AWS service, another account, or anybody.
///
/// A bucket that changes to a KMS key locks such users out until the key's policy names them too. Conditions are
/// not weighed, and what is not understood counts as a yes: the answer errs on the side of leaving the bucket alone.
pub fn admits_outsiders(policy: &Value, account: &AccountId) -> bool {
    let Some(statements) = policy.get("Statement") else { return true };
    listed(statements).any(|statement| {
        let allows = statement.get("Effect").and_then(Value::as_str) != Some("Deny");
        allows && !is_own(statement.get("Principal"), account)
    })
}

/// Whether a principal is the account itself, its root, users or roles, and nobody else.
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

/// One thing or a list of things: policies allow both nearly everywhere.
fn listed(value: &Value) -> impl Iterator<Item = &Value> {
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
        assert_eq!(admits_outsiders(&policy, &account), expected, "{statement}");
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
    fn a_deny_lets_nobody_in() {
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
        assert!(admits_outsiders(&json!({}), &account));
        assert!(admits_outsiders(&json!(null), &account));
    }
}
