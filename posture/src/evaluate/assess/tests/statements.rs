//! Policies whose statements about TLS are wrong, too long or not clear.

use serde_json::{Value, json};

use super::*;
use crate::evaluate::tls::denies;
use crate::model::policy::BYTES_MAX;
use crate::model::severity::Severity;

#[expect(clippy::needless_pass_by_value, reason = "texts and documents are passed as they are")]
fn tls_of(policy: impl ToString, grade: Grade) -> Option<Finding> {
    let policy = Reading::Known(Policy::new(policy.to_string()));
    let findings = assess(&Observed { policy, ..safe(grade) }, &baseline(grade));
    findings.into_iter().find(|finding| finding.aspect() == Aspect::Tls)
}

fn deny(sid: &str, condition: &Value) -> Value {
    json!({
        "Sid": sid, "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Condition": condition,
        "Resource": ["arn:aws:s3:::reports", "arn:aws:s3:::reports/*"],
    })
}

fn policy(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

#[track_caller]
fn weak(finding: Option<Finding>) -> (String, String) {
    match finding {
        Some(Finding::Weak { was, remediate: Setting::Policy(Some(text)), .. }) => (was, text),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn left(finding: Option<Finding>) -> Reason {
    match finding {
        Some(Finding::NotRemediated { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_statement_with_two_tests_denies_nothing_and_gets_ours_beside_it() {
    let condition = json!({
        "Bool": { "aws:SecureTransport": "false" }, "NumericLessThan": { "s3:TlsVersion": "1.2" },
    });
    let theirs = policy(&[deny("AllowSSLRequestsOnly", &condition)]);
    for (grade, ours) in [
        (Grade::Speed, &["S3GuardTlsOnly"][..]),
        (Grade::Security, &["S3GuardTlsOnly", "S3GuardTls12"]),
    ] {
        let (was, text) = weak(tls_of(&theirs, grade));
        assert!(was.contains("its statement `AllowSSLRequestsOnly` denies nothing"), "{was}");
        let after: Value = serde_json::from_str(&text).unwrap();
        let [first, others @ ..] = &after["Statement"].as_array().unwrap()[..] else { panic!() };
        assert_eq!(*first, theirs["Statement"][0]);
        assert_eq!(others.iter().map(|one| &one["Sid"]).collect::<Vec<_>>(), ours);
        assert_eq!(tls_of(&text, grade), None);
    }
}

#[test]
fn nothing_is_added_to_a_policy_that_denies_tls() {
    let mut inverted = deny("HttpsOnly", &json!({ "Bool": { "aws:SecureTransport": "true" } }));
    inverted["Action"] = json!("s3:GetObject");
    let tls_only = deny("Tls", &json!({ "Bool": { "aws:SecureTransport": "false" } }));
    for statements in [vec![inverted.clone()], vec![tls_only, inverted]] {
        let reason = left(tls_of(policy(&statements), Grade::Speed));
        assert_eq!(reason.severity(), Severity::High);
        let text = reason.to_string();
        assert!(text.contains("`HttpsOnly`"), "{text}");
        assert!(
            text.contains("write \"false\" instead of \"true\" at aws:SecureTransport"),
            "{text}"
        );
    }
}

#[test]
fn a_bucket_that_is_reached_only_without_tls_is_not_said_to_be_out_of_reach() {
    for condition in [
        json!({ "Bool": { "aws:SecureTransport": "true" } }),
        json!({ "BoolIfExists": { "AWS:SecureTransport": [true] } }),
        json!({ "StringNotEquals": { "aws:SecureTransport": "false" } }),
    ] {
        for grade in Grade::ALL {
            let reason = left(tls_of(policy(&[deny("Inverted", &condition)]), grade));
            assert_eq!(reason.severity(), Severity::High, "{condition}");
            let text = reason.to_string();
            assert!(text.contains("`Inverted` denies requests that come by TLS"), "{text}");
            assert!(!text.contains("no principal can reach"), "{text}");
        }
    }
}

#[test]
fn an_own_statement_that_was_inverted_is_replaced() {
    let theirs = deny("S3GuardTlsOnly", &json!({ "Bool": { "aws:SecureTransport": "true" } }));
    let (_, text) = weak(tls_of(policy(&[theirs]), Grade::Speed));
    let after: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(after["Statement"], json!([tls::Denied::PlainHttp.statement(&id())]));
}

#[test]
fn a_policy_that_requires_a_version_that_does_not_exist_is_never_compliant() {
    let tls_only = deny("Tls", &json!({ "Bool": { "aws:SecureTransport": "false" } }));
    let version = deny("MinimumTls", &json!({ "NumericLessThan": { "s3:TlsVersion": 1.4 } }));
    for grade in Grade::ALL {
        for statements in [&[tls_only.clone(), version.clone()][..], std::slice::from_ref(&version)]
        {
            let reason = left(tls_of(policy(statements), grade));
            assert_eq!(reason.severity(), Severity::Critical);
            let text = reason.to_string();
            assert!(text.contains("no principal can reach this bucket"), "{text}");
            assert!(text.contains("only the root user"), "{text}");
            assert!(text.contains("`MinimumTls`") && text.contains("\"1.2\""), "{text}");
        }
    }
}

#[test]
fn a_policy_with_a_key_twice_is_left_as_it_is() {
    let of = |condition: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::reports/*","Condition":{condition}}}]}}"#
        )
    };
    for condition in [
        r#"{"Null":{"s3:x-amz-server-side-encryption":"true"},"Null":{"aws:MultiFactorAuthAge":true}}"#,
        r#"{"Bool":{"aws:SecureTransport":"false","aws:SecureTransport":"true"}}"#,
        r#"{"Bool":{"aws:SecureTransport":"false","AWS:securetransport":"true"}}"#,
        r#"{"Null":{"a":"true"},"N\u0075ll":{"b":"true"}}"#,
    ] {
        assert_eq!(left(tls_of(of(condition), Grade::Speed)), Reason::PolicyNotUnderstood);
    }
    weak(tls_of(of(r#"{"Null":{"a":"true"},"Bool":{"a":"true"}}"#), Grade::Speed));
}

/// A policy of this many bytes without white space.
fn of_bytes(bytes: usize) -> Value {
    let of = |n: usize| {
        policy(&[
            json!({ "Sid": "x".repeat(n), "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "*" }),
        ])
    };
    of(bytes - of(0).to_string().len())
}

#[test]
fn white_space_does_not_count_and_a_short_statement_is_used_before_a_policy_is_left() {
    let short = tls::Denied::PlainHttp.short_statement(&id()).to_string().len() + 1;
    let full = tls::Denied::PlainHttp.statement(&id()).to_string().len() + 1;
    let padded = format!("{:#}{}", of_bytes(BYTES_MAX - full), " ".repeat(5_000));
    for (text, expected) in [
        (padded, BYTES_MAX),
        (of_bytes(BYTES_MAX - full + 1).to_string(), BYTES_MAX - full + 1 + short),
        (of_bytes(BYTES_MAX - short).to_string(), BYTES_MAX),
    ] {
        let (_, after) = weak(tls_of(text, Grade::Speed));
        assert_eq!(after.len(), expected);
        let document: Value = serde_json::from_str(&after).unwrap();
        assert!(denies(&document, tls::Denied::PlainHttp, &id()));
        assert_eq!(tls_of(after, Grade::Speed), None);
    }
    let reason = left(tls_of(of_bytes(BYTES_MAX - short + 1), Grade::Speed));
    assert_eq!(reason, Reason::PolicyTooLarge(BYTES_MAX + 1));
    let text = reason.to_string();
    assert!(text.contains("20481 bytes") && text.contains("resource control policy"), "{text}");
}
