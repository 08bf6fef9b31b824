//! The names of the stack's buckets are known, and a developer of the account can take them first.

use serde_json::json;

use super::{allow, denied};
use crate::chain::guarded::{OWNER, deploy, new_account};

#[test]
fn a_ledger_that_was_made_before_is_shown_and_needs_approval() {
    let account = new_account();
    let developer = account.user("developer", &allow(&json!("s3:*"))).unwrap();
    let developer = account.client_of(developer);
    let ledger = format!("guard-ledger-{}-{}-an", account.number(), account.region());
    developer
        .with_header("x-amz-bucket-namespace", "account-regional")
        .create_bucket(&ledger)
        .unwrap();
    let mark = "suppressions/payroll/public-access/20261124T231502.123Z-2027-12-31.json";
    developer.put_object(&ledger, mark, b"{}").unwrap();
    let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "s3:*",
        "Principal": { "AWS": format!("arn:aws:iam::{}:user/developer", account.number()) },
        "Resource": format!("arn:aws:s3:::{ledger}/*") }] });
    developer.put_bucket_setting(&ledger, "policy", &policy.to_string()).unwrap();

    let arguments = ["--email", OWNER, "--settle-seconds", "0"];
    let unasked = deploy(&account, &arguments);
    let words = String::from_utf8_lossy(&unasked.stderr).into_owned();
    assert_eq!(unasked.status.code(), Some(4), "{words}");
    for shown in [
        format!("existing bucket `{ledger}` becomes the stack's"),
        "its policy allows principals that the stack does not".to_owned(),
        "versioning is not enabled".to_owned(),
        format!("`{mark}` is not encrypted with the ledger's key"),
    ] {
        assert!(words.contains(&shown), "{shown} is not in: {words}");
    }

    // With approval it becomes the ledger, and the developer is locked out of it.
    let approved = deploy(&account, &[&arguments[..], &["--yes"]].concat());
    let words = String::from_utf8_lossy(&approved.stderr).into_owned();
    assert!(approved.status.success(), "{words}");
    assert_eq!(developer.get_object(&ledger, mark).unwrap(), "{}", "what was planted stays");
    denied(developer.put_object(&ledger, mark, b"{}"));
    denied(developer.delete_bucket_setting(&ledger, "policy"));
    account.end().unwrap();
}
