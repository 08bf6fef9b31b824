//! What is wrong with statements about TLS.

use super::*;

const BUCKET_SID: &str = "Theirs";

/// A Deny for all, with this condition.
fn deny_if(condition: Value) -> Value {
    deny(|s| {
        s["Sid"] = json!(BUCKET_SID);
        s["Condition"] = condition;
    })["Statement"][0]
        .clone()
}

fn tls_only() -> Value {
    deny_if(json!({ "Bool": { "aws:SecureTransport": "false" } }))
}

fn of(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// What keeps TLS out of a policy, before and after our statement was added.
#[track_caller]
fn found(statements: &[Value]) -> Option<Obstacle> {
    let policy = of(statements);
    let after = merged(Some(&policy), &[Denied::PlainHttp], &id());
    let found = obstacle(after.as_ref().unwrap_or(&policy), &id());
    assert_eq!(found.is_some(), obstacle(&policy, &id()).is_some(), "{policy:#}");
    obstacle(&policy, &id())
}

#[track_caller]
fn some(statements: &[Value], words: &str) {
    match found(statements) {
        Some(Obstacle::Some(text)) => assert!(text.contains(words), "{text}"),
        other => panic!("{other:?}: {statements:?}"),
    }
}

#[track_caller]
fn every(statements: &[Value], words: &str) {
    match found(statements) {
        Some(Obstacle::Every(text)) => assert!(text.contains(words), "{text}"),
        other => panic!("{other:?}: {statements:?}"),
    }
}

#[test]
fn an_inverted_statement_is_named_with_the_word_that_fixes_it() {
    let mut of_objects = deny_if(json!({ "Bool": { "aws:SecureTransport": "true" } }));
    of_objects["Action"] = json!("s3:GetObject");
    of_objects["Resource"] = json!("arn:aws:s3:::reports/*");
    some(
        &[of_objects.clone()],
        "its statement `Theirs` denies requests that come by TLS, instead of those that do not, for \
         some principals or actions: write \"false\" instead of \"true\" at aws:SecureTransport",
    );
    some(&[tls_only(), of_objects.clone()], "`Theirs` denies requests that come by TLS");
    of_objects.as_object_mut().unwrap().remove("Sid");
    some(&[tls_only(), of_objects], "its statement number 2 denies");
    for condition in [
        json!({ "Bool": { "AWS:securetransport": ["TRUE"] } }),
        json!({ "BoolIfExists": { "aws:SecureTransport": true } }),
        json!({ "StringNotEquals": { "aws:SecureTransport": "false" } }),
        json!({ "StringLike": { "aws:SecureTransport": "t*" } }),
        json!({ "Null": { "s3:TlsVersion": "false" } }),
        json!({ "NumericGreaterThanEquals": { "s3:TlsVersion": "1.2" } }),
        json!({ "StringLike": { "s3:TlsVersion": "1.*" } }),
        json!({ "NumericEquals": { "s3:TlsVersion": [1.2, 1.3] } }),
        // For those who come from elsewhere.
        json!({ "Bool": { "aws:SecureTransport": "true" }, "StringNotEquals": { "aws:SourceVpc": "vpc-1" } }),
    ] {
        some(&[deny_if(condition)], "denies requests that come by TLS");
    }
}

#[test]
fn what_denies_tls_and_plain_http_lets_no_principal_in() {
    let inverted = deny_if(json!({ "Bool": { "aws:SecureTransport": "true" } }));
    every(&[tls_only(), inverted], "\"false\" instead of \"true\"");
    every(
        &[deny_if(json!({ "Bool": { "aws:SecureTransport": ["true", "false"] } }))],
        "whether they come by TLS or not",
    );
    every(&[deny_if(json!({ "Null": { "aws:SecureTransport": "false" } }))], "or not");
    let one = |version| deny_if(json!({ "NumericEquals": { "s3:TlsVersion": version } }));
    every(&[tls_only(), one("1.2"), one("1.3")], "`Theirs`");
    some(&[one("1.2"), one("1.3")], "`Theirs`");
}

#[test]
fn a_version_that_does_not_exist_lets_no_principal_in() {
    let words = "requires a version of TLS that does not exist, so it denies every request by TLS: set \
                 s3:TlsVersion to \"1.2\" in it";
    for condition in [
        json!({ "NumericLessThan": { "s3:TlsVersion": 1.4 } }),
        json!({ "NumericLessThan": { "s3:TlsVersion": ["1.4"] } }),
        json!({ "NumericLessThanIfExists": { "s3:TlsVersion": "2" } }),
        json!({ "NumericLessThanEquals": { "s3:TlsVersion": "1.3" } }),
        json!({ "NumericNotEquals": { "s3:TlsVersion": "1.4" } }),
        json!({ "StringNotEquals": { "s3:TlsVersion": "12" } }),
        json!({ "Bool": { "aws:SecureTransport": "true" }, "NumericLessThan": { "s3:TlsVersion": "12" } }),
    ] {
        every(&[tls_only(), deny_if(condition.clone())], words);
        every(&[deny_if(condition.clone())], words);
        let mut of_objects = deny_if(condition);
        of_objects["Action"] = json!("s3:GetObject");
        some(&[tls_only(), of_objects], words);
    }
}

#[test]
fn a_newer_minimum_and_one_denied_version_keep_nothing_out() {
    for condition in [
        json!({ "NumericLessThan": { "s3:TlsVersion": "1.3" } }),
        json!({ "NumericNotEquals": { "s3:TlsVersion": "1.2" } }),
        json!({ "NumericGreaterThan": { "s3:TlsVersion": "1.2" } }),
        json!({ "Bool": { "aws:SecureTransport": "true" }, "NumericLessThan": { "s3:TlsVersion": "1.2" } }),
        json!({ "Null": { "aws:SecureTransport": "true" } }),
        json!({ "StringEquals": { "aws:PrincipalOrgID": "o-1" } }),
    ] {
        assert_eq!(found(&[deny_if(condition)]), None);
    }
}

#[test]
fn what_is_allowed_only_without_tls_would_not_be_allowed_at_all() {
    let allow = |condition: Value| {
        let mut allow = deny_if(condition);
        allow["Effect"] = json!("Allow");
        allow["Action"] = json!("s3:GetObject");
        allow
    };
    let without = allow(json!({ "Bool": { "aws:SecureTransport": "false" } }));
    some(&[without], "`Theirs` allows only what does not come by TLS 1.2 or newer");
    assert_eq!(found(&[allow(json!({ "Bool": { "aws:SecureTransport": "true" } }))]), None);
    assert_eq!(found(&[allow(json!({ "Null": { "aws:SecureTransport": "true" } }))]), None);
}

#[test]
fn a_statement_that_falls_short_is_named_with_the_reason() {
    let check = |statement: Value, expected: &[&str]| {
        let policy = of(&[statement]);
        let found = falls_short(&policy, &[Denied::PlainHttp, Denied::OldTls], &id());
        assert_eq!(found, expected, "{policy:#}");
    };
    let both = json!({ "Bool": { "aws:SecureTransport": "false" }, "NumericLessThan": { "s3:TlsVersion": "1.2" } });
    check(
        deny_if(both),
        &[
            "its statement `Theirs` denies nothing: no request passes all of its tests at once, so give \
             each test a statement of its own",
        ],
    );
    let never = "its statement `Theirs` denies nothing: no request passes its test";
    for condition in [
        json!({ "Null": { "aws:SecureTransport": "true" } }),
        json!({ "StringEquals": { "aws:SecureTransport": "False" } }),
        json!({ "NumericLessThan": { "s3:TlsVersion": "1.0" } }),
    ] {
        check(deny_if(condition), &[never]);
    }
    check(tls_only(), &[]);
    let change = |element: &str, value: Value| {
        let mut statement = tls_only();
        statement[element] = value;
        statement
    };
    for (statement, part) in [
        (change("Action", json!("s3:GetObject")), "for some actions"),
        (change("Resource", json!("arn:aws:s3:::reports/*")), "for some resources"),
        (change("Principal", json!({ "AWS": "111122223333" })), "for some principals"),
        (
            deny_if(
                json!({ "Bool": { "aws:SecureTransport": "false", "aws:ViaAWSService": "false" } }),
            ),
            "under further conditions",
        ),
        (deny_if(json!({ "NumericLessThan": { "s3:TlsVersion": "1.1" } })), "for some versions"),
    ] {
        check(statement, &[&format!("its statement `Theirs` denies it only {part}")]);
    }
}
