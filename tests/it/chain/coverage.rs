//! The sweep: buckets of which no event told are found and named, and each is looked at once.

use std::collections::BTreeMap;

use serde_json::json;

use super::guarded::{Guarded, has_tls, new_account};

/// Fires the sweep's schedule and waits until all that it queued is done.
fn sweep(guarded: &Guarded) {
    guarded.forget();
    assert_eq!(guarded.account.fire_schedules().unwrap(), 1);
    guarded.wait_for_runs("GuardFunctionName", 1);
    guarded.wait("the end of the sweep", || {
        guarded.account.end_delays().unwrap();
        guarded.waiting("GuardQueueUrl") == 0
    });
}

/// Stops the stack's trail, or starts it again.
fn trail(guarded: &Guarded, call: &str) {
    let target = format!("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.{call}");
    let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", &target)];
    let name = format!("guard-{}", guarded.account.region());
    let body = json!({ "Name": name }).to_string();
    let client = guarded.account.client();
    let answer = client.request("cloudtrail", "POST", "/", &[], &headers, body.as_bytes()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[test]
fn a_bucket_of_which_no_event_told_is_found_and_told_once_as_a_gap() {
    let account = new_account();
    let before = format!("before-{}", account.number());
    account.client().create_bucket(&before).unwrap();
    let guarded = Guarded::of(account, &[]);
    let (careless, heard) = guarded.with_bucket();
    let unheard = guarded.bucket("unheard");
    trail(&guarded, "StopLogging");
    careless.create_bucket(&unheard).unwrap();
    trail(&guarded, "StartLogging");

    sweep(&guarded);
    assert!(has_tls(&careless, &unheard), "it is mended like any other");
    let gap = || guarded.mails().into_iter().filter(|mail| mail.subject.contains("heard nothing"));
    assert_eq!(gap().count(), 0, "an event may still be on its way");

    sweep(&guarded);
    let gaps: Vec<_> = gap().collect();
    assert_eq!(gaps.len(), 1, "{gaps:#?}");
    let text = &gaps[0].text;
    assert!(text.contains(&unheard), "{text}");
    assert!(!text.contains(&before) && !text.contains(&heard), "{text}");

    sweep(&guarded);
    assert_eq!(gap().count(), 0, "once is enough");
}

#[test]
fn a_sweep_of_two_pages_looks_at_each_bucket_once() {
    const BUCKETS: u32 = 1_200;
    // So that new buckets are right: what is tested is how often they are looked at.
    let configuration =
        "[aspects]\ntls = \"off\"\nnotifications = \"off\"\npublic-access = \"off\"\n";
    let guarded = Guarded::configured(new_account(), configuration, &["--no-sweep"]);
    let prefix = guarded.bucket("many");
    let made = guarded.account.make_silent_buckets(&prefix, BUCKETS).unwrap();
    sweep(&guarded);
    let mut looks: BTreeMap<String, usize> = BTreeMap::new();
    let mut lists = 0;
    for call in guarded.calls("GuardRoleArn") {
        match call.action.as_deref() {
            Some("s3:GetEncryptionConfiguration") => *looks.entry(call.resource).or_default() += 1,
            Some("s3:ListAllMyBuckets") => lists += 1,
            _ => {}
        }
    }
    for bucket in made {
        let arn = format!("arn:aws:s3:::{bucket}");
        assert_eq!(looks.get(&arn), Some(&1), "{bucket}");
    }
    assert_eq!(lists, 2, "two pages");
    assert_eq!(guarded.mails(), []);
}
