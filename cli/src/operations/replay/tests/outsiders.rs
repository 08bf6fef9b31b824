//! Whom a policy lets in, and where data is sent, as `replay` reports it.

use s3guard_posture::Grade;
use serde_json::{Value as Json, json};

use crate::operations::replay::tests::replayed;
use crate::ui::text::plain;

/// What is printed about a call on the bucket `reports`.
fn text(name: &str, parameters: Json) -> String {
    let mut parameters = parameters;
    parameters["bucketName"] = json!("reports");
    let event = json!([{
        "eventVersion": "1.11",
        "eventName": name,
        "eventSource": "s3.amazonaws.com",
        "eventTime": "2026-11-20T12:00:00Z",
        "awsRegion": "eu-west-1",
        "recipientAccountId": "111122223333",
        "userIdentity": { "type": "Root", "arn": "arn:aws:iam::111122223333:root" },
        "requestParameters": parameters,
    }]);
    plain(&replayed(&event.to_string(), Grade::Speed)[0])
}

#[expect(clippy::needless_pass_by_value, reason = "each is written where it is passed")]
fn of_policy(statements: Json) -> String {
    text("PutBucketPolicy", json!({ "bucketPolicy": { "Statement": statements } }))
}

#[expect(clippy::needless_pass_by_value, reason = "each is written where it is passed")]
fn allow(principal: Json, condition: Json) -> Json {
    json!({
        "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::reports/*", "Condition": condition,
    })
}

const OTHERS: &str = "lets others in";
const NOT_PUBLIC: &str = "classifies the policy as not public";
const PUBLIC: &str = "classifies the policy as public";

#[track_caller]
fn check(text: &str, has: &[&str], lacks: &[&str]) {
    for words in has {
        assert!(text.contains(words), "`{words}` is missing:\n{text}");
    }
    for words in lacks {
        assert!(!text.contains(words), "`{words}` is there:\n{text}");
    }
}

#[test]
fn deleted_roles_and_services_limited_to_the_account_are_not_reported() {
    let deleted =
        allow(json!({ "AWS": ["AROAEXAMPLEDELETED01", "AIDAEXAMPLEDELETED01"] }), json!({}));
    let logs = allow(
        json!({ "Service": "delivery.logs.amazonaws.com" }),
        json!({
            "StringEquals": { "aws:SourceAccount": ["111122223333"] },
            "ArnLike": { "aws:SourceArn": ["arn:aws:logs:eu-west-1:111122223333:*"] },
        }),
    );
    let front = allow(
        json!({ "Service": ["cloudfront.amazonaws.com"] }),
        json!({ "StringEquals": {
            "AWS:SourceArn": ["arn:aws:cloudfront::111122223333:distribution/E1EXAMPLE2XY3Z"],
        } }),
    );
    check(&of_policy(json!([deleted, logs, front])), &[NOT_PUBLIC], &[OTHERS]);
}

#[test]
fn an_organization_is_named_and_is_not_everyone() {
    let organization =
        allow(json!("*"), json!({ "StringEquals": { "aws:PrincipalOrgID": "o-exampleorgid" } }));
    let services = allow(
        json!({ "Service": ["config.amazonaws.com", "delivery.logs.amazonaws.com"] }),
        json!({}),
    );
    let text = of_policy(json!([organization, services]));
    let named = ["organization o-exampleorgid", "service config", "service delivery.logs"];
    check(&text, &[&named[..], &[OTHERS, NOT_PUBLIC]].concat(), &["everyone", PUBLIC]);
}

#[test]
fn a_broad_range_of_addresses_is_public_and_a_narrow_one_is_named() {
    let from = |ranges: Json| {
        of_policy(allow(json!("*"), json!({ "IpAddress": { "aws:SourceIp": ranges } })))
    };
    for broad in [json!("0.0.0.0/1"), json!(["203.0.113.0/24", "::/0"]), json!("1.0.0.0/7")] {
        check(&from(broad), &[PUBLIC], &[NOT_PUBLIC]);
    }
    check(&from(json!("172.16.0.0/12")), &[NOT_PUBLIC, "limited to 172.16.0.0/12"], &[PUBLIC]);
    let office = json!(["198.51.100.0/24", "2001:db8:1234::/48"]);
    check(&from(office), &[NOT_PUBLIC, "limited to one of 198.51.100.0/24"], &[PUBLIC]);
}

#[test]
fn canonical_users_identity_providers_and_cloudfront_are_named_for_what_they_are() {
    let id = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";
    let front = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE1AB2C";
    let provider = "arn:aws:iam::444455556666:saml-provider/Partner";
    let statements = json!([
        allow(json!({ "CanonicalUser": id }), json!({})),
        allow(json!({ "AWS": front }), json!({})),
        allow(json!({ "Federated": provider }), json!({})),
    ]);
    let named = ["canonical user 79a59df9…f2be", "CloudFront E2EXAMPLE1AB2C", provider];
    check(&of_policy(statements), &[&named[..], &[OTHERS, NOT_PUBLIC]].concat(), &["everyone"]);
}

#[test]
fn a_replica_whose_owner_no_event_names_is_reported() {
    let to = |destination: Json| {
        let rule = json!({ "Status": "Enabled", "Destination": destination });
        text("PutBucketReplication", json!({ "ReplicationConfiguration": { "Rule": [rule] } }))
    };
    let bucket = "arn:aws:s3:::collector-eu";
    let unknown = to(json!({ "Bucket": bucket }));
    check(&unknown, &["copied to collector-eu, whose owner no event names"], &[]);
    let other = to(json!({ "Bucket": bucket, "Account": "444455556666" }));
    check(&other, &["copied to collector-eu of account 444455556666"], &[]);
    let own = to(json!({ "Bucket": bucket, "Account": "111122223333" }));
    check(&own, &[], &["copied to"]);
}
