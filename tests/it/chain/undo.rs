//! What the guard has done, shown and undone.

use std::process::Output;

use serde_json::Value;

use super::guarded::{Guarded, is_private, s3guard};

fn run(guarded: &Guarded, arguments: &[&str]) -> Output {
    let all = [arguments, &["--stack", "guard"]].concat();
    s3guard(&guarded.account.env(), &all)
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The id of the one record of this setting.
fn id(guarded: &Guarded, bucket: &str, setting: &str) -> String {
    let records = guarded.records(bucket);
    let of = |record: &&Value| record["setting"] == setting;
    records.iter().find(of).unwrap()["id"].as_str().unwrap().to_owned()
}

#[test]
fn history_shows_what_was_done_and_why() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    careless.delete_public_access_block(&reports).unwrap();
    guarded.rest();
    let records = guarded.records(&reports);
    let newest = &records[0];
    assert_eq!(newest["state"], "verified", "{newest:#}");
    assert_eq!(newest["setting"], "publicAccessBlock", "{newest:#}");
    assert_eq!(newest["call"], "PutPublicAccessBlock", "{newest:#}");
    assert_eq!(newest["events"][0]["eventName"], "DeleteBucketPublicAccessBlock", "{newest:#}");
    assert!(newest["events"][0]["eventId"].is_string(), "{newest:#}");
    assert!(newest["timeToProtectMilliseconds"].is_u64(), "{newest:#}");
    assert_eq!(records.len(), 3, "with those of the new bucket");

    let shown = run(&guarded, &["history", &reports, "--limit", "1"]);
    assert_eq!(shown.status.code(), Some(0), "{}", told(&shown));
    let shown = String::from_utf8(shown.stdout).unwrap();
    for part in [
        newest["id"].as_str().unwrap(),
        "verified",
        "why    public access block: not set",
        "to     public access block: on",
        "after  DeleteBucketPublicAccessBlock by arn:aws:iam::",
    ] {
        assert!(shown.contains(part), "{part} is not in:\n{shown}");
    }
    let nothing = run(&guarded, &["history", "nobody-has-this"]);
    assert_eq!(nothing.status.code(), Some(0), "{}", told(&nothing));
    assert!(told(&nothing).contains("the guard has done nothing"), "{}", told(&nothing));
}

#[test]
fn what_is_undone_is_left_by_events_and_sweeps() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    careless.delete_public_access_block(&reports).unwrap();
    guarded.rest();
    let id = id(&guarded, &reports, "publicAccessBlock");
    let unasked = run(&guarded, &["undo", &id]);
    assert_eq!(unasked.status.code(), Some(4), "{}", told(&unasked));
    assert!(is_private(&careless, &reports));

    guarded.forget();
    let undone = run(&guarded, &["undo", &id, "--yes", "--reason", "ticket 4711"]);
    assert_eq!(undone.status.code(), Some(0), "{}", told(&undone));
    assert!(String::from_utf8_lossy(&undone.stdout).contains("left so until"), "{undone:?}");
    assert!(careless.public_access_block(&reports).is_err(), "as it was: not set");
    guarded.rest();
    assert!(guarded.runs("GuardFunctionName") >= 1, "the undo is an event like any other");
    guarded.account.fire_schedules().unwrap();
    guarded.wait_for_runs("GuardFunctionName", 3);
    guarded.rest();
    assert_eq!(guarded.guard_writes(), [""; 0]);
    assert!(careless.public_access_block(&reports).is_err());

    let again = run(&guarded, &["undo", &id, "--yes"]);
    assert_eq!(again.status.code(), Some(0), "{}", told(&again));
    assert!(told(&again).contains("nothing to put back"), "{}", told(&again));
}

#[test]
fn a_setting_that_was_changed_since_is_put_back_only_by_force() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    let id = id(&guarded, &reports, "notifications");
    let (queue, arn) = careless_queue(&guarded);
    let theirs = format!(
        "<EventBridgeConfiguration/><QueueConfiguration><Id>theirs</Id><Queue>{arn}</Queue>\
         <Event>s3:ObjectCreated:*</Event></QueueConfiguration>"
    );
    careless.put_notification(&reports, &theirs).unwrap();
    guarded.rest();
    let refused = run(&guarded, &["undo", &id, "--yes"]);
    assert_eq!(refused.status.code(), Some(1), "{}", told(&refused));
    assert!(told(&refused).contains("changed again since"), "{}", told(&refused));
    assert!(careless.notification(&reports).unwrap().contains(&arn), "{queue}");
    let forced = run(&guarded, &["undo", &id, "--yes", "--force"]);
    assert_eq!(forced.status.code(), Some(0), "{}", told(&forced));
    guarded.rest();
    let now = careless.notification(&reports).unwrap();
    assert!(!now.contains(&arn) && !now.contains("EventBridge"), "{now}");
}

/// A queue that S3 may send to.
fn careless_queue(guarded: &Guarded) -> (String, String) {
    super::others::queue_for_s3(&guarded.account.client(), "theirs")
}
