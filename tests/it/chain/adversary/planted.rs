//! What an adversary gains by an object in the ledger: behind the locks, the guard and the command check what they read.

use std::process::Output;

use serde_json::{Value, json};
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

use super::{Attacked, Locked, attacked};
use crate::chain::guarded::{is_private, s3guard};

/// Puts an object although only operators and the guard may; its encryption is one for which no permission is needed.
fn plant_without_key(attacked: &Attacked, key: &str, body: &str) {
    let sids = ["OnlyOperatorsPut", "OnlyTheGuardPuts", "OnlyWithKms"];
    let plain = attacked.loader.with_header("x-amz-server-side-encryption", "AES256");
    let put = || plain.put_object(attacked.ledger(), key, body.as_bytes());
    attacked.without(Locked::Bucket(attacked.ledger()), &sids, put).unwrap();
}

/// Puts an object with the stack's key: all locks are gone.
fn plant_with_key(attacked: &Attacked, key: &str, body: &str) {
    let put = || attacked.engineer.put_object(attacked.ledger(), key, body.as_bytes());
    let put = || attacked.without(Locked::Key, &["OnlyWritersOfTheLedger"], put);
    let sids = ["OnlyOperatorsPut", "OnlyTheGuardPuts"];
    attacked.without(Locked::Bucket(attacked.ledger()), &sids, put).unwrap();
}

/// A suppression of the remediation of public access, by its key, with the content for a bucket.
fn suppression(attacked: &Attacked, bucket: &str, content: &str, days: i64) -> (String, String) {
    let now = OffsetDateTime::now_utc();
    let stamp =
        format_description!("[year][month][day]T[hour][minute][second].[subsecond digits:3]Z");
    let made = now.format(stamp).unwrap();
    let until = (now + Duration::days(days)).date();
    let key = format!("suppressions/{bucket}/public-access/{made}-{until}.json");
    let content = json!({ "version": 1, "bucket": content, "account": attacked.guarded.account.number(),
        "aspect": "public-access", "made": made, "until": until.to_string(), "undone": "", "reason": "ticket 4711",
        "by": format!("arn:aws:iam::{}:user/colleague", attacked.guarded.account.number()) });
    (key, content.to_string())
}

/// Whether the guard still reverts it when public access is no longer blocked.
fn is_guarded(attacked: &Attacked, bucket: &str) -> bool {
    let Attacked { guarded, developer, .. } = attacked;
    guarded.forget();
    developer.delete_public_access_block(bucket).unwrap();
    guarded.wait_for_runs("GuardFunctionName", 1);
    guarded.rest();
    is_private(developer, bucket)
}

#[test]
fn a_planted_suppression_exempts_no_bucket() {
    let attacked = &*attacked();
    let buckets =
        ["plain", "of-another", "for-years", "exempt"].map(|name| attacked.new_bucket(name));
    let [plain, of_another, for_years, exempt] = &buckets;
    let of = |bucket: &str, content: &str, days| suppression(attacked, bucket, content, days);
    let (key, body) = of(plain, plain, 30);
    plant_without_key(attacked, &key, &body);
    assert!(is_guarded(attacked, plain), "it is not encrypted with the stack's key");
    let (key, body) = of(of_another, plain, 30);
    plant_with_key(attacked, &key, &body);
    assert!(is_guarded(attacked, of_another), "its content is not that of its key");
    let (key, body) = of(for_years, for_years, 4_000);
    plant_with_key(attacked, &key, &body);
    assert!(is_guarded(attacked, for_years), "it is longer than a suppression may be");

    // Without all of the locks it exempts the bucket, and the owner is notified.
    let (key, body) = of(exempt, exempt, 30);
    plant_with_key(attacked, &key, &body);
    assert!(!is_guarded(attacked, exempt));
    let text = attacked.guarded.mail_text();
    assert!(text.contains("ticket 4711") && text.contains("by IAM user colleague"), "{text}");
}

#[test]
fn a_planted_record_is_not_undone() {
    let attacked = &*attacked();
    let Attacked { guarded, .. } = attacked;
    let [genuine, payroll] = ["genuine", "payroll"].map(|name| attacked.new_bucket(name));
    let records = guarded.records(&genuine);
    let notifications = |record: &&Value| record["setting"] == "notifications";
    let id = records.iter().find(notifications).unwrap()["id"].as_str().unwrap();
    let body = attacked
        .root()
        .get_object(attacked.ledger(), &format!("records/{genuine}/{id}.json"))
        .unwrap();
    let undo = |id: &str| -> (Output, String) {
        let undone = s3guard(&guarded.operator(), &["undo", id, "--stack", "guard"]);
        let words = String::from_utf8_lossy(&undone.stderr).into_owned();
        (undone, words)
    };
    let plant = |id: &str, plant: fn(&Attacked, &str, &str), body: &str| {
        plant(attacked, &format!("records/{payroll}/{id}.json"), body);
    };
    let at = |stamp: &str| format!("{payroll}@{stamp}-notifications");

    let first = at("20261124T231502.001Z");
    plant(&first, plant_without_key, &body.replace(&genuine, &payroll));
    let (refused, words) = undo(&first);
    assert_eq!(refused.status.code(), Some(1), "{words}");
    assert!(words.contains("does not count"), "{words}");
    let second = at("20261124T231502.002Z");
    plant(&second, plant_with_key, &body);
    let (refused, words) = undo(&second);
    assert_eq!(refused.status.code(), Some(1), "{words}");
    assert!(words.contains("not that of its key"), "{words}");

    // Without all of the locks, the operator is asked whether to carry it out.
    let stamp = id.split('@').nth(1).unwrap();
    let third = format!("{payroll}@{stamp}");
    plant(&third, plant_with_key, &body.replace(&genuine, &payroll));
    let (asked, words) = undo(&third);
    assert_eq!(asked.status.code(), Some(4), "{words}");
}
