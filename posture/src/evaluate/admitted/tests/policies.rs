//! Policies of several statements, and what is no policy.

use super::*;

#[test]
fn every_value_of_a_condition_is_an_alternative() {
    let both =
        json!({ "StringEquals": { "aws:PrincipalAccount": ["111122223333", "444455556666"] } });
    let expected = ["Own: account 111122223333", "Outsider: account 444455556666"];
    assert_eq!(words(&policy(&json!("*"), &both)), expected);
    // What several principals are narrowed to is listed once.
    let own = equals("aws:PrincipalAccount", "111122223333");
    let several = json!({ "AWS": ["444455556666", "*"] });
    let expected = ["Own: account 111122223333", "Own: account 111122223333"];
    assert_eq!(words(&policy(&several, &own)), expected);
}

#[test]
fn not_principal_lets_in_everyone_else_and_a_deny_no_one() {
    let check = |statement: &Value, expected: &[&str]| {
        let policy = Policy::new(json!({ "Statement": statement }).to_string());
        assert_eq!(words(&policy), expected, "{statement}");
    };
    let but = "Outsider public: everyone but the principals in its NotPrincipal";
    let not = json!({ "Effect": "Allow", "NotPrincipal": { "AWS": "444455556666" }, "NotAction": "s3:Put*" });
    check(&not, &[but]);
    let own = equals("aws:PrincipalAccount", "111122223333");
    let mut narrowed = not;
    narrowed["Condition"] = own;
    check(&narrowed, &["Own: account 111122223333"]);
    let deny = json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*" });
    check(&deny, &[]);
    let allow = json!({
        "Effect": "Allow", "Principal": "*", "NotAction": "s3:Delete*", "NotResource": "arn:aws:s3:::a/*",
    });
    check(&json!([deny, allow]), &["Outsider public: everyone"]);
    check(&json!([]), &[]);
}

#[test]
fn log_delivery_is_limited_to_an_account_by_the_keys_it_may_write() {
    let check = |resource: Value, expected: Standing| {
        let statement = json!({
            "Effect": "Allow",
            "Principal": { "AWS": "arn:aws:iam::156460612806:root" },
            "Action": "s3:PutObject",
            "Resource": resource,
        });
        let policy = Policy::new(json!({ "Statement": statement }).to_string());
        assert_eq!(admitted(&policy, &account(), &trusted())[0].standing, expected, "{resource}");
    };
    check(json!("arn:aws:s3:::logs/AWSLogs/111122223333/*"), Standing::Limited);
    check(json!(["arn:aws:s3:::logs/alb/AWSLogs/111122223333/*"]), Standing::Limited);
    check(json!("arn:aws:s3:::logs/AWSLogs/444455556666/*"), Standing::Outsider);
    check(json!("arn:aws:s3:::logs/*/AWSLogs/111122223333/*"), Standing::Outsider);
    check(json!("arn:aws:s3:::logs/*"), Standing::Outsider);
    check(json!([]), Standing::Outsider);
}

#[test]
fn an_action_that_changes_settings_is_named_with_whom_it_is_allowed() {
    let allow = |change: &dyn Fn(&mut Value)| {
        let mut statement = json!({
            "Effect": "Allow", "Principal": { "AWS": "444455556666" }, "Action": "s3:GetObject",
            "Resource": ["arn:aws:s3:::reports/*", "arn:aws:s3:::reports"],
        });
        change(&mut statement);
        let policy = Policy::new(json!({ "Statement": statement }).to_string());
        names(admitted(&policy, &account(), &trusted()).iter()).unwrap()
    };
    for (actions, named) in [
        (json!("s3:*"), "s3:*"),
        (json!("*"), "*"),
        (json!(["s3:GetObject", "S3:putbucketpolicy"]), "S3:putbucketpolicy"),
        (json!(["s3:List*", "s3:Put*"]), "s3:Put*"),
        (json!("s3:PutLifecycle??nfiguration"), "s3:PutLifecycle??nfiguration"),
        (json!(["s3:DeleteBucket"]), "s3:DeleteBucket"),
    ] {
        let words = allow(&|statement| statement["Action"] = actions.clone());
        assert!(words.ends_with(&format!(", which may call {named}")), "{words}");
    }
    let no_changes: [&dyn Fn(&mut Value); 5] = [
        &|_| {},
        &|statement| statement["Action"] = json!(["s3:PutObject*", "s3:GetBucket*", "s3:List*"]),
        // Only objects.
        &|statement| {
            statement["Action"] = json!("s3:*");
            statement["Resource"] = json!("arn:aws:s3:::reports/*");
        },
        &|statement| {
            statement.as_object_mut().unwrap().remove("Action");
            statement["NotAction"] = json!("s3:*");
        },
        &|statement| statement["Action"] = json!("s3:DeleteObject*"),
    ];
    for change in no_changes {
        let words = allow(change);
        assert!(words.ends_with("(statement 1)"), "{words}");
    }
    let words = allow(&|statement| {
        statement.as_object_mut().unwrap().remove("Action");
        statement["NotAction"] = json!("s3:DeleteBucket");
    });
    assert!(words.ends_with("which may call all but what its NotAction names"), "{words}");
}

#[test]
fn the_broadest_is_named_first_and_aws_last() {
    let allow = |principal: Value| json!({ "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject" });
    let statements = json!([
        allow(service("config")),
        allow(json!({ "AWS": [OAI, "arn:aws:iam::444455556666:role/a", "444455556666"] })),
        allow(json!("*")),
    ]);
    let policy = Policy::new(json!({ "Statement": statements }).to_string());
    assert_eq!(
        names(admitted(&policy, &account(), &trusted()).iter()).unwrap(),
        "everyone (statement 3); account 444455556666 (statement 2); \
         arn:aws:iam::444455556666:role/a (statement 2); AWS service config, for any account (statement 1); \
         CloudFront E2EXAMPLE1AB2C (origin access identity) (statement 2)"
    );
}

#[test]
fn a_policy_that_is_not_understood_lets_in_what_is_not_known() {
    for text in ["{}", "null", "?", ""] {
        let admitted = admitted(&Policy::new(text), &account(), &trusted());
        assert!(admitted.iter().all(|one| one.standing == Standing::Outsider), "{text}");
        assert_eq!(admitted.len(), 1, "{text}");
        assert_eq!(is_public(&Policy::new(text), &account()), None, "{text}");
    }
    assert_eq!(is_public(&policy(&json!("*"), &Value::Null), &account()), Some(true));
    assert_eq!(is_public(&policy(&aws("444455556666"), &Value::Null), &account()), Some(false));
}

#[test]
fn a_name_is_listed_once_with_the_first_statement_and_only_so_many() {
    let allow = |sid: &str, account: u64| json!({ "Sid": sid, "Effect": "Allow", "Principal": { "AWS": account.to_string() } });
    let mut all = vec![allow("", 444_455_556_666), allow("A\n", 999_988_887_777)];
    all.push(allow("B", 999_988_887_777));
    let named = |all: &[Value]| {
        let policy = Policy::new(json!({ "Statement": all }).to_string());
        names(admitted(&policy, &account(), &trusted()).iter())
    };
    assert_eq!(
        named(&all).unwrap(),
        "account 444455556666 (statement 1); account 999988887777 (statement `A\\u{a}`)"
    );
    let many: Vec<Value> = (0..50).map(|count| allow("", 200_000_000_000 + count)).collect();
    let words = named(&many).unwrap();
    assert!(words.ends_with("; and more") && words.matches("account").count() == 20, "{words}");
    assert_eq!(named(&[]), None);
}

/// A policy has at most 20,480 bytes, so this bounds the work for any: principals and values add up, and do not multiply.
#[test]
fn many_principals_and_many_values_do_not_multiply() {
    let accounts: Vec<String> = (0..600).map(|n| (200_000_000_000_u64 + n).to_string()).collect();
    let condition = json!({ "StringEquals": { "aws:PrincipalAccount": accounts } });
    let policy = policy(&json!({ "AWS": accounts, "Service": "s3.amazonaws.com" }), &condition);
    assert!(admitted(&policy, &account(), &trusted()).len() <= 2 * accounts.len() + 1);
}
