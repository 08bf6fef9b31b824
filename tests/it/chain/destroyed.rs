//! `s3guard destroy`: protection, buckets with versions, and what a deletion leaves.

use std::process::Output;

use serde_json::Value;

use super::guarded::{Guarded, is_private, s3guard};

fn output_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn destroy(guarded: &Guarded, arguments: &[&str]) -> Output {
    let mut all = vec!["destroy", "--stack", "guard", "--yes", "--output", "json"];
    all.push("--disable-protection");
    all.extend(arguments);
    s3guard(&guarded.account.env(), &all)
}

#[test]
fn a_protected_stack_is_deleted_on_request_with_all_versions_in_its_buckets() {
    let guarded = Guarded::new(&[]);
    let (_, bucket) = guarded.with_bucket();
    let client = guarded.account.client();
    let all = ["destroy", "--stack", "guard", "--yes", "--empty-buckets"];
    let refused = s3guard(&guarded.account.env(), &all);
    assert_eq!(refused.status.code(), Some(1), "{}", output_of(&refused));
    assert!(output_of(&refused).contains("--disable-protection"), "{}", output_of(&refused));

    // Three versions and a delete marker, and a bucket that is not the stack's.
    let logs = guarded.output("TrailBucketName").replace("-trail-", "-logs-");
    let late = guarded.account.unchecked();
    for body in ["1", "2", "3"] {
        late.put_object(&logs, "late log", body.as_bytes()).unwrap();
    }
    late.delete_object(&logs, "late log").unwrap();
    client.put_object(&bucket, "ours", b"1").unwrap();

    let done = destroy(&guarded, &["--empty-buckets", "--all"]);
    assert_eq!(done.status.code(), Some(0), "{}", output_of(&done));
    let result = crate::json::read("destroy", &done.stdout);
    let region = &result["regions"][0];
    assert_eq!(region["outcome"], "deleted", "{result}");
    let emptied = region["emptied"].as_array().unwrap();
    assert!(emptied.len() == 3 && emptied.iter().all(|one| one["isGone"] == true), "{result}");
    let changed: Vec<_> =
        region["changed"]["buckets"].as_array().unwrap().iter().map(|one| &one["bucket"]).collect();
    assert!(changed.contains(&&Value::from(bucket.clone())), "{result}");
    let kept = region["retained"].as_array().unwrap().iter().map(|one| &one["type"]);
    let kept: Vec<_> = kept.collect();
    assert_eq!(kept, ["AWS::KMS::Key"], "{result}");
    assert!(output_of(&done).contains("schedule-key-deletion"), "{}", output_of(&done));
    assert_eq!(
        client.list_buckets().unwrap(),
        std::slice::from_ref(&bucket),
        "and the other bucket stays"
    );
    assert_eq!(client.list_objects(&bucket).unwrap(), ["ours"]);
}

#[test]
fn retained_buckets_are_listed_later_and_deleted_on_request() {
    let guarded = Guarded::new(&[]);
    let first = destroy(&guarded, &[]);
    assert_eq!(first.status.code(), Some(0), "{}", output_of(&first));
    let kept = guarded.output("TrailBucketName");
    for word in ["-trail-", "-logs-", "-ledger-"] {
        let name = kept.replace("-trail-", word);
        let line = format!("AWS::S3::BucketPolicy {name}  (it locks a bucket that stays)");
        assert!(output_of(&first).contains(&line), "{line}: {}", output_of(&first));
        let policy = guarded.account.client().bucket_setting(&name, "policy").unwrap();
        assert!(policy.contains("aws:SecureTransport"), "{name}: {policy}");
    }
    let names = || guarded.account.client().list_buckets().unwrap();
    let again = destroy(&guarded, &[]);
    assert_eq!(again.status.code(), Some(0), "{}", output_of(&again));
    assert!(
        output_of(&again).contains(kept) && names().contains(&kept.to_owned()),
        "{}",
        output_of(&again)
    );
    // A bucket of that name without the stack's tags is kept.
    let stranger = kept.replace("-trail-", "-x-trail-");
    guarded.account.client().create_bucket(&stranger).unwrap();
    guarded.account.client().put_object(&stranger, "k", b"1").unwrap();
    let emptied = destroy(&guarded, &["--empty-buckets"]);
    assert_eq!(emptied.status.code(), Some(0), "{}", output_of(&emptied));
    let left: Vec<_> =
        names().into_iter().filter(|name| !name.starts_with("s3guard-code-")).collect();
    assert_eq!(left, [stranger]);
    let nothing = destroy(&guarded, &["--empty-buckets"]);
    assert_eq!(nothing.status.code(), Some(0), "{}", output_of(&nothing));
}

#[test]
fn locked_objects_and_their_bucket_are_kept_and_named() {
    let guarded = Guarded::new(&[]);
    let client = guarded.account.client();
    let trail = guarded.output("TrailBucketName").to_owned();
    let lock = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>";
    client.put_bucket_setting(&trail, "object-lock", lock).unwrap();
    for (key, mode) in [("held", "COMPLIANCE"), ("governed", "GOVERNANCE")] {
        let locking = guarded
            .account
            .unchecked()
            .with_header("x-amz-object-lock-mode", mode)
            .with_header("x-amz-object-lock-retain-until-date", "2999-01-01T00:00:00Z");
        locking.put_object(&trail, key, b"1").unwrap();
    }
    let done = destroy(&guarded, &["--empty-buckets"]);
    let words = output_of(&done);
    assert_eq!(done.status.code(), Some(1), "{words}");
    assert!(
        words.contains(&format!("bucket `{trail}` stays, 2 of its objects held by")),
        "{words}"
    );
    assert!(words.contains("compliance mode until 2999-01-01"), "{words}");
    assert!(words.contains("--bypass-governance"), "{words}");
    let names = |word: &str| {
        client.list_buckets().unwrap().into_iter().filter(|name| name.contains(word)).count()
    };
    assert_eq!((names("-trail-"), names("-logs-"), names("-ledger-")), (1, 0, 0), "{words}");
    // The same command does the rest, as far as it is allowed to.
    let again = destroy(&guarded, &["--empty-buckets", "--bypass-governance"]);
    let words = output_of(&again);
    assert_eq!(again.status.code(), Some(1), "{words}");
    assert!(words.contains("stays, 1 of its objects held by compliance mode"), "{words}");
}

#[test]
fn a_stack_over_the_ledger_of_an_earlier_one_keeps_history_undo_and_suppressions() {
    let mut guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    careless.delete_public_access_block(&reports).unwrap();
    guarded.rest();
    let id = |guarded: &Guarded, setting: &str| {
        let records = guarded.records(&reports);
        let record = records.iter().find(|record| record["setting"] == setting).unwrap();
        record["id"].as_str().unwrap().to_owned()
    };
    let undo = |guarded: &Guarded, id: &str| {
        let all = ["undo", id, "--stack", "guard", "--yes", "--accept-exposure"];
        let done = s3guard(&guarded.operator(), &all);
        assert_eq!(done.status.code(), Some(0), "{}", output_of(&done));
    };
    undo(&guarded, &id(&guarded, "public-access-block"));
    guarded.rest();
    let (before, key) = (guarded.records(&reports), guarded.output("KeyArn").to_owned());
    let destroyed = destroy(&guarded, &[]);
    assert_eq!(destroyed.status.code(), Some(0), "{}", output_of(&destroyed));

    guarded.install_again();
    assert_ne!(guarded.output("KeyArn"), key, "the new stack has a key of its own");
    assert_eq!(guarded.records(&reports), before);
    // The suppression holds, for events and for the sweep of the installation.
    guarded.forget();
    careless.put_public_access_block(&reports, false).unwrap();
    guarded.wait_for_runs("GuardFunctionName", 1);
    guarded.rest();
    assert!(!is_private(&careless, &reports));
    // A record of the earlier stack is undone, and new records are written.
    undo(&guarded, &id(&guarded, "policy"));
    careless.delete_bucket_setting(&reports, "encryption").unwrap();
    guarded.rest();
    let records = guarded.records(&reports);
    assert!(records.len() >= before.len(), "{records:#?}");
    assert!(before.iter().all(|record| records.contains(record)), "{records:#?}");
    let status = s3guard(&guarded.operator(), &["status", "--stack", "guard"]);
    assert_eq!(status.status.code(), Some(0), "{}", String::from_utf8_lossy(&status.stdout));
}
