//! `s3guard audit` in an emulated account without a guard, by a user who has the printed policy and nothing else.

use std::collections::BTreeSet;

use s3guard_emulator::{Account, Client, Credentials};
use serde_json::{Value, json};

use super::guarded::{new_account, s3guard};

/// The rules that an audit by this user finds broken, with their buckets.
fn audited(account: &Account, user: &Credentials) -> BTreeSet<(String, String)> {
    let arguments = ["audit", "--output", "json", "--no-config", "--region", account.region()];
    let output = s3guard(&account.env_of(user), &arguments);
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(report["isComplete"], true, "{report:#}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|one| (text(&one["resource"]["name"]), text(&one["rule"]))).collect()
}

/// A private bucket, one that everyone can read, and one whose block holds that back.
fn buckets(client: &Client) {
    for name in ["a-private", "a-public", "a-latent"] {
        client.create_bucket(name).unwrap();
    }
    for name in ["a-public", "a-latent"] {
        client.delete_public_access_block(name).ok();
        let policy = json!({ "Version": "2012-10-17", "Statement": [{
            "Sid": "Site", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
            "Resource": format!("arn:aws:s3:::{name}/*"),
        }] });
        client.put_bucket_setting(name, "policy", &policy.to_string()).unwrap();
    }
    for name in ["a-private", "a-latent"] {
        client.put_public_access_block(name, true).unwrap();
    }
}

#[test]
fn the_printed_policy_is_enough_to_audit_an_account_and_what_it_lacks_is_a_finding() {
    let account = new_account();
    buckets(&account.client());
    let printed = s3guard(&[], &["audit", "--print-policy", "core"]).stdout;
    let mut policy: Value = serde_json::from_slice(&printed).unwrap();
    let auditor = account.user("auditor", &policy).unwrap();
    let found = audited(&account, &auditor);
    let has = |found: &BTreeSet<(String, String)>, bucket: &str, rule: &str| {
        found.contains(&(bucket.to_owned(), rule.to_owned()))
    };
    assert!(has(&found, "a-public", "public-read"), "{found:?}");
    assert!(has(&found, "a-latent", "public-latent"), "{found:?}");
    let of_private = found.iter().filter(|(bucket, _)| bucket == "a-private");
    assert!(of_private.clone().all(|(_, rule)| !rule.starts_with("public")), "{found:?}");
    let is_unreadable = |bucket: &str| has(&found, bucket, "unreadable");
    assert!(!["a-private", "a-public", "a-latent"].into_iter().any(is_unreadable), "{found:?}");
    let actions = policy["Statement"][0]["Action"].as_array_mut().unwrap();
    actions.retain(|action| action != "s3:GetBucketPolicy");
    let blinded = account.user("blinded", &policy).unwrap();
    let found = audited(&account, &blinded);
    assert!(has(&found, "a-public", "unreadable"), "{found:?}");
    account.end().unwrap();
}
