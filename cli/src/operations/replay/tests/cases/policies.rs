//! Policies: what they deny, whom they let in, and what they demand.

use serde_json::json;

use super::*;

const NONE: Vec<&str> = Vec::new();

#[test]
fn a_tls_statement_whose_tests_exclude_each_other_denies_nothing() {
    let name = "01-tls-two-tests-in-one-condition.json";
    let theirs = events(name)[0]["detail"]["requestParameters"]["bucketPolicy"].clone();
    for (grade, sids_after) in [
        (Grade::Speed, &["AllowSSLRequestsOnly", "S3GuardTlsOnly"][..]),
        (Grade::Hybrid, &["AllowSSLRequestsOnly", "S3GuardTlsOnly"]),
        (Grade::Security, &["AllowSSLRequestsOnly", "S3GuardTlsOnly", "S3GuardTls12"]),
    ] {
        let answer = only(at(grade, &case(name)));
        assert_eq!(answer.calls(), ["PutBucketPolicy"]);
        let policy = answer.policy();
        assert_eq!(sids(&policy), sids_after);
        assert_eq!(policy["Statement"][0], theirs["Statement"][0], "theirs stays in its place");
        answer.says(&["its statement `AllowSSLRequestsOnly` denies nothing"]);
    }
}

#[test]
fn nothing_is_added_to_a_policy_whose_statement_denies_tls() {
    for grade in Grade::ALL {
        let answer = only(at(grade, &case("02-tls-deny-is-inverted.json")));
        assert_eq!((answer.calls(), answer.severities()), (NONE, vec!["high"]));
        answer.says(&["`HttpsOnly`", "write \"false\" instead of \"true\" at aws:SecureTransport"]);
    }
}

#[test]
fn a_minimum_of_tls_that_does_not_exist_is_critical() {
    for grade in Grade::ALL {
        let answer = only(at(grade, &case("05-tls-minimum-that-does-not-exist.json")));
        assert_eq!((answer.calls(), answer.severities()), (NONE, vec!["critical"]));
        answer.says(&[
            "no principal can reach this bucket, and only the root user of the account can delete",
            "`MinimumTls`",
            "set s3:TlsVersion to \"1.2\"",
        ]);
    }
}

/// The events of a case, seconds after the bucket was created.
fn with_creation(name: &str) -> String {
    let mut events = events(name);
    let mut created = events[0].clone();
    let bucket = created["detail"]["requestParameters"]["bucketName"].clone();
    created["detail"]["eventName"] = json!("CreateBucket");
    created["detail"]["eventTime"] = json!("2026-11-20T11:59:55Z");
    created["detail"]["eventID"] = json!("5c0ffee0-0000-4000-8000-00000000c4ea");
    created["detail"]["requestParameters"] = json!({
        "bucketName": bucket,
        "CreateBucketConfiguration": { "LocationConstraint": "eu-west-1" },
    });
    created["time"] = json!("2026-11-20T11:59:55Z");
    events.insert(0, created);
    serde_json::to_string(&events).unwrap()
}

#[test]
fn deleted_principals_are_no_outsiders_and_keep_a_bucket_from_no_key() {
    let name = "06-deleted-principals-are-unique-ids.json";
    for grade in Grade::ALL {
        let answer = only(at(grade, &case(name)));
        answer.says_not(&["lets others in", "another account", "able to use the key"]);
        assert_eq!(answer.calls(), NONE, "S3 takes no policy with them");
        let expected = if grade == Grade::Security { vec!["warning"] } else { vec![] };
        assert_eq!(answer.severities(), expected);
    }
    let answers = at(Grade::Hybrid, &with_creation(name));
    answers[0].says(&["calls PutBucketEncryption {\"algorithm\":{\"kms\""]);
}

#[test]
fn an_organization_is_not_everyone_and_what_it_may_change_is_named() {
    let answers = at(Grade::Speed, &case("08-landing-zone-log-bucket-of-an-organization.json"));
    let [opened, policy] = &answers[..] else { panic!("{answers:#?}") };
    assert_eq!(opened.calls(), ["PutPublicAccessBlock"]);
    assert_eq!(policy.calls(), NONE, "TLS is denied already");
    policy.says(&[
        "S3 classifies the policy as not public",
        // The broadest comes first.
        "lets others in: organization o-exampleorgid (statement `Allow Organization principals to use the bucket`), \
         which may call s3:PutBucketVersioning; AWS service cloudtrail",
        "AWS service config",
        "AWS service delivery.logs",
        "AWS service macie",
        "AWS service ssm",
    ]);
    policy.says_not(&["everyone", "`*`"]);
    let subject = policy.notifications()[0]["subject"].as_str().unwrap();
    assert!(subject.contains("organization o-exampleorgid"), "{subject}");
}

#[test]
fn a_network_that_is_broader_than_s3_allows_is_public_and_the_block_keeps_it_out() {
    let answers = at(Grade::Speed, &case("10-public-by-a-broad-source-ip.json"));
    assert_eq!(answers.len(), 10);
    for (number, answer) in answers.iter().enumerate() {
        if number % 2 == 0 {
            assert_eq!(answer.calls(), ["PutPublicAccessBlock"], "it was not public before");
        } else if number < 6 {
            let words = ["S3 classifies the policy as public", "keeps out whom it names: everyone"];
            answer.says(&words);
            answer.says_not(&["lets others in"]);
            assert_eq!((answer.calls(), answer.severities()), (NONE, vec!["warning"]));
        } else {
            let let_in = "lets others in: everyone, limited to";
            answer.says(&["S3 classifies the policy as not public", let_in]);
            assert_eq!(answer.severities(), ["high"], "they are let in");
        }
    }
}

#[test]
fn a_bucket_that_becomes_public_by_its_policy_is_closed_in_both_modes_that_enforce() {
    for first in [0, 2, 4, 6, 8] {
        // The policy is put before the block is taken away.
        let events = events("10-public-by-a-broad-source-ip.json");
        let (mut opened, mut policy) = (events[first].clone(), events[first + 1].clone());
        let [from, to] = ["2026-11-20T12:00:00Z", "2026-11-20T13:00:00Z"].map(|time| json!(time));
        (policy["detail"]["eventTime"], opened["detail"]["eventTime"]) = (from, to);
        let text = serde_json::to_string(&[policy, opened]).unwrap();
        for mode in ["enforce", "enforce-new"] {
            let modes = format!(r#""public-access":"{mode}""#);
            let answers = with_modes(Grade::Speed, &modes, &text);
            assert_eq!(answers[1].calls(), ["PutPublicAccessBlock"], "{mode}");
        }
    }
}

#[test]
fn cloudfront_is_named_and_its_distribution_of_this_account_is_no_outsider() {
    let name = "12-cloudfront-writes-oai-oac-and-a-canonical-id.json";
    for grade in [Grade::Speed, Grade::Hybrid] {
        let answer = only(at(grade, &case(name)));
        assert_eq!((answer.calls(), answer.severities()), (NONE, vec!["high"]));
        answer.says(&["lets others in: canonical user 79a59df9…f2be", "CloudFront E2EXAMPLE1AB2C"]);
        answer.says_not(&["E1EXAMPLE2XY3Z", "YaraScanRole", "account 79a5"]);
    }
}

#[test]
fn a_bucket_that_cloudfront_and_others_use_gets_no_key_that_they_cannot_use() {
    let name = "12-cloudfront-writes-oai-oac-and-a-canonical-id.json";
    let answers = at(Grade::Hybrid, &with_creation(name));
    answers[0].says(&[
        "CloudFront E2EXAMPLE1AB2C",
        "canonical user 79a59df9…f2be",
        "they may not be able to use the key; its encryption was not raised",
    ]);
    assert!(!answers.iter().any(|answer| answer.calls().contains(&"PutBucketEncryption")));
}

#[test]
fn canonical_users_and_identity_providers_of_others_are_outsiders() {
    let answer = only(at(Grade::Speed, &case("13-canonical-user-of-somebody-else.json")));
    assert_eq!((answer.calls(), answer.severities()), (NONE, vec!["high"]));
    answer.says(&[
        "canonical user 79a59df9…f2be (statement `Partner`), which may call s3:*",
        "identity provider arn:aws:iam::444455556666:saml-provider/Partner (statement `Idp`)",
    ]);
}

#[test]
fn sse_c_that_the_policy_demands_is_blocked_only_by_enforce_and_with_a_warning() {
    let name = "14-policy-demands-sse-c.json";
    let answers = at(Grade::Speed, &case(name));
    assert_eq!(answers[1].calls(), NONE);
    answers[1].says(&["its policy denies uploads without SSE-C, so it was left: change that"]);
    // Once in what is found, and once in the notification.
    assert_eq!(answers[1].text.matches("the block on SSE-C: ").count(), 2);
    let answers = with_modes(Grade::Speed, r#""sse-c":"enforce""#, &case(name));
    assert_eq!(answers[1].calls(), ["PutBucketEncryption"]);
    answers[1].says(&["its policy denies uploads without SSE-C: check that clients can upload"]);
}

#[test]
fn log_delivery_is_named_and_its_statements_stay() {
    let answers = at(Grade::Speed, &case("51-log-delivery-writes-the-policy-too.json"));
    let [created, readers, delivery, failed] = &answers[..] else { panic!("{answers:#?}") };
    created.says(&["waits 15 s", "reads ListObjectsV2 (ledger), GetBucketPolicy"]);
    let policy = created.policy();
    let after = ["Readers", "AWSLogDeliveryWrite1", "AWSLogDeliveryAclCheck1", "S3GuardTlsOnly"];
    assert_eq!(sids(&policy), after);
    assert_eq!(policy["Id"], "AWSLogDeliveryWrite20150319");
    assert_eq!((readers.calls(), delivery.calls()), (NONE, NONE), "ours is added once");
    delivery.says(&["assumed-role/cfn-exec/AWSCloudFormation with delivery.logs.amazonaws.com"]);
    for answer in &answers {
        answer.says_not(&["lets others in"]);
    }
    failed.says(&["ignored: the call failed"]);
    assert!(failed.json["task"].is_null());
}
