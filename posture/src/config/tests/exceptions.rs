//! Every exception is listed, with its reason.

use expect_test::expect;
use serde_json::json;
use time::macros::date;

use super::config;
use crate::Aspect;
use crate::config::Config;

#[test]
fn h2_every_exception_is_listed_with_its_reason() {
    let file = config(&json!({
        "grade": "hybrid",
        "mode": "report",
        "trust-tags": true,
        "aspects": { "tls": "report", "versioning": "enforce", "acl": "report" },
        "rule": [
            { "bucket": "www-*", "public": true, "reason": "the website" },
            { "bucket": "www-2", "public": false },
            { "tags": { "team": "x" }, "grade": "speed", "aspects": { "sse-c": "off" } },
            { "bucket": "high-*", "grade": "security" },
        ],
        "exemption": [
            { "bucket": "old", "aspects": ["tls", "policy"], "reason": "old", "until": "2027-01-31" },
            { "bucket": "over", "aspects": ["tls"], "reason": "over", "until": "2027-01-30" },
        ],
    }));
    let all = file.exceptions(date!(2027 - 01 - 31));
    let lines = all.iter().fold(String::new(), |text, one| {
        text + &format!("{one}{}\n", if one.is_by_tags { " [by tags]" } else { "" })
    });
    expect![[r#"
        all buckets: every mode is "report" at most
        all buckets: tls is "report"
        bucket `www-*`: may be public; reason: the website
        tag `team=x`: grade speed, lower than the default [by tags]
        tag `team=x`: sse-c is "off" [by tags]
        bucket `old`: exempt from tls, policy until 2027-01-31; reason: old
    "#]]
    .assert_eq(&lines);
    assert!(Config::default().exceptions(date!(2027 - 01 - 31)).is_empty());
}

#[test]
fn h2_public_access_has_no_exception_without_a_reason() {
    for file in [
        json!({ "rule": [{ "bucket": "www-*", "public": true }] }),
        json!({ "rule": [{ "bucket": "www-*", "public": true, "reason": "" }] }),
        json!({ "exemption": [
            { "bucket": "www-*", "aspects": ["public-access"], "until": "2027-01-31" },
        ] }),
    ] {
        assert!(Config::read(&file).is_err(), "{file}");
    }
    // A mode has no reason, so it is listed.
    let file = config(&json!({ "rule": [
        { "bucket": "www-*", "aspects": { "public-access": "report" } },
    ] }));
    let listed = file.exceptions(date!(2027 - 01 - 31));
    let kind = crate::config::ExceptionKind::Mode(Aspect::PublicAccess, crate::Mode::Report);
    assert_eq!(listed[0].kind, kind);
}
