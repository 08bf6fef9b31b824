//! The sweep: buckets without an event are found and reported, and each is reconciled once.

use std::collections::BTreeMap;

use serde_json::json;

use super::guarded::{Guarded, has_tls, is_private, new_account};
use super::monitoring::status;

/// Ignores the account's public access block: in a new account it is off, which the first sweep reports.
const ACCOUNT_OFF: &str = "[aspects]\naccount-public-access = \"off\"\n";

/// Fires the sweep's schedule and waits until every message that it queued is handled.
pub(super) fn sweep(guarded: &Guarded) {
    guarded.forget();
    assert_eq!(guarded.account.fire_schedules().unwrap(), 3, "sweep, end of windows, tick");
    rest_hurried(guarded);
}

/// Waits until the guard's queue is empty; the delays of messages are ended.
pub(super) fn rest_hurried(guarded: &Guarded) {
    guarded.wait("empty queues", || {
        guarded.account.end_delays().unwrap();
        guarded.waiting("GuardQueueUrl") == 0
    });
}

/// Stops the stack's trail, or starts it again.
fn trail(guarded: &Guarded, call: &str) {
    let name = format!("guard-{}", guarded.account.region());
    guarded.account.client().json("cloudtrail", call, &json!({ "Name": name })).unwrap();
}

/// That it is a gap two hours after its creation is a test of the flow: the account cannot make a bucket older.
#[test]
fn a_new_bucket_without_an_event_is_remediated_by_the_sweep_and_no_gap_yet() {
    let guarded = Guarded::of(new_account(), &[]);
    let careless = guarded.careless();
    let missed = guarded.bucket("missed");
    trail(&guarded, "StopLogging");
    careless.create_bucket(&missed).unwrap();
    trail(&guarded, "StartLogging");
    for _ in 0..2 {
        sweep(&guarded);
        assert!(has_tls(&careless, &missed), "it is remediated like any other");
        let mails = guarded.mails();
        let is_gap = |subject: &str| subject.contains("received no event");
        assert!(
            !mails.iter().any(|mail| is_gap(&mail.subject)),
            "an event may still be on its way"
        );
    }
}

#[test]
fn a_sweep_reports_each_reason_once() {
    let account = new_account();
    let root = account.client();
    // It was public before the guard, so it is left open and reported.
    let site = format!("site-{}", account.number());
    root.create_bucket(&site).unwrap();
    root.delete_public_access_block(&site).unwrap();
    let everybody = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::{site}/*"}}]}}"#
    );
    root.put_bucket_setting(&site, "policy", &everybody).unwrap();
    let guarded = Guarded::configured(account, ACCOUNT_OFF, &[]);
    let careless = guarded.careless();
    let reported = |reason: &str| guarded.mail_text().matches(reason).count();
    let policy = "its policy makes it public";
    assert_eq!(reported(policy), 1, "{}", guarded.mail_text());
    for _ in 0..2 {
        sweep(&guarded);
        assert_eq!(reported(policy), 0, "once is enough: {}", guarded.mail_text());
    }
    trail(&guarded, "StopLogging");
    careless.delete_bucket_setting(&site, "policy").unwrap();
    let owner = "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>";
    careless.put_bucket_setting(&site, "ownershipControls", owner).unwrap();
    careless.put_acl(&site, "public-read").unwrap();
    trail(&guarded, "StartLogging");
    let acl = "its ACL makes it public";
    sweep(&guarded);
    assert_eq!(reported(acl), 1, "{}", guarded.mail_text());
    sweep(&guarded);
    assert_eq!(reported(acl), 0, "{}", guarded.mail_text());
}

#[test]
fn what_became_public_without_an_event_is_closed_by_the_sweep() {
    let account = new_account();
    let site = format!("site-{}", account.number());
    account.client().create_bucket(&site).unwrap();
    let guarded = Guarded::configured(account, ACCOUNT_OFF, &[]);
    let careless = guarded.careless();
    let website = "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument>\
                   </WebsiteConfiguration>";
    trail(&guarded, "StopLogging");
    careless.delete_public_access_block(&site).unwrap();
    careless.put_bucket_setting(&site, "website", website).unwrap();
    trail(&guarded, "StartLogging");
    sweep(&guarded);
    assert!(is_private(&careless, &site), "a website is no reason: {}", guarded.mail_text());
}

#[test]
fn a_sweep_of_two_pages_reconciles_each_bucket_once() {
    const BUCKETS: u32 = 1_200;
    // New buckets are compliant: the test counts how often they are reconciled.
    let configuration = "[aspects]\ntls = \"off\"\nnotifications = \"off\"\npublic-access = \"off\"\naccount-public-access = \"off\"\n";
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
    assert_eq!(lists, 4, "two pages of the Region, and two of all Regions");
    let (exit, seen) = status(&guarded);
    assert_eq!(exit, Some(0), "{seen:#}");
    assert_eq!(seen["lastSweep"]["buckets"], looks.len(), "{seen:#}");
    assert_eq!(seen["buckets"], looks.len(), "{seen:#}");
    assert_eq!(guarded.mails(), []);
}
