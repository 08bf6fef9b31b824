//! Every protection at every grade and in every mode: what is switched off is one report, by its event and by the sweep.

use serde_json::Value as Json;

use super::*;
use crate::evaluate::downgrade;
use crate::model::destination::{Destination, DestinationOwner};
use crate::model::protection::{self, Protection};
use crate::model::setting::{
    AccessLogs, Algorithm, Encryption, Expiry, ExpiryOf, Key, Lifecycle, Notifications, Ownership,
    Replication, Retention, SseC, Versioning,
};
use crate::reconcile::memory::Step;
use crate::{Mode, Observed};

/// How a protection is switched off.
struct Case {
    protection: Protection,
    call: &'static str,
    parameters: Json,
    /// What the bucket is like then.
    off: fn(&mut Observed),
}

/// A bucket whose every protection is on.
pub(super) fn on(bucket: &mut Observed) {
    bucket.versioning = Reading::Known(Versioning { enabled: true, mfa_delete: true });
    let logs =
        |bucket: &str| AccessLogs { target_bucket: bucket.into(), target_prefix: String::new() };
    bucket.access_logs = Reading::Known(logs("logs"));
    bucket.lifecycle = Reading::Absent;
    let copies = Destination::new("arn:aws:s3:::copies", None, &bucket.id.account);
    let copies = Destination { owner: DestinationOwner::Own, ..copies };
    bucket.replication =
        Reading::Known(Replication { destinations: [copies].into(), without_kms: false });
    bucket.object_lock = Reading::Known(Retention { compliance: true, days: 30 });
    bucket.notifications = Reading::Known(notifications(&["EventBridgeConfiguration"]));
    bucket.encryption = Reading::Known(encrypted("k-1", SseC::Blocked));
    bucket.public_access_block = Reading::Known(PublicAccessBlock::ALL);
    bucket.ownership = Reading::Known(Ownership::BucketOwnerEnforced);
}

fn encrypted(key: &str, sse_c: SseC) -> Encryption {
    let algorithm = Algorithm::Dsse(Key::Named(key.to_owned()));
    Encryption { algorithm, bucket_key: true, sse_c }
}

fn notifications(elements: &[&str]) -> Notifications {
    let xml = elements.iter().map(|name| ["<", name, "></", name, ">"].concat());
    let xml = xml.collect::<Vec<_>>().concat();
    Notifications {
        xml: format!("<NotificationConfiguration>{xml}</NotificationConfiguration>"),
        elements: elements.iter().map(|&name| name.to_owned()).collect(),
    }
}

fn rule(expiration: &Json) -> Json {
    let mut rule = json!({ "Status": "Enabled", "Filter": "" });
    rule.as_object_mut().unwrap().extend(expiration.as_object().unwrap().clone());
    json!({ "LifecycleConfiguration": { "Rule": rule } })
}

fn encryption(algorithm: &str, key: &str, types: &str) -> Json {
    json!({ "ServerSideEncryptionConfiguration": { "Rule": {
        "ApplyServerSideEncryptionByDefault": { "SSEAlgorithm": algorithm, "KMSMasterKeyID": key },
        "BlockedEncryptionTypes": { "EncryptionType": types },
    } } })
}

fn cases() -> Vec<Case> {
    let versioning = |it: Json| json!({ "VersioningConfiguration": it });
    let case = |protection, call, parameters, off| Case { protection, call, parameters, off };
    vec![
        case(
            Protection::Versioning,
            "PutBucketVersioning",
            versioning(json!({ "Status": "Suspended" })),
            |bucket| {
                let suspended = Versioning { enabled: false, mfa_delete: true };
                bucket.versioning = Reading::Known(suspended);
            },
        ),
        case(
            Protection::MfaDelete,
            "PutBucketVersioning",
            versioning(json!({ "Status": "Enabled", "MfaDelete": "Disabled" })),
            |bucket| {
                bucket.versioning = Reading::Known(Versioning { enabled: true, mfa_delete: false });
            },
        ),
        case(
            Protection::AccessLogs,
            "PutBucketLogging",
            json!({ "BucketLoggingStatus": {} }),
            |bucket| bucket.access_logs = Reading::Absent,
        ),
        case(
            Protection::Objects,
            "PutBucketLifecycle",
            rule(&json!({ "Expiration": { "Days": 90 } })),
            |bucket| {
                let expiry = Expiry::after(ExpiryOf::Objects, 90);
                bucket.lifecycle = Reading::Known(Lifecycle::new([expiry]));
            },
        ),
        case(
            Protection::OldVersions,
            "PutBucketLifecycle",
            rule(&json!({ "NoncurrentVersionExpiration": { "NoncurrentDays": 1 } })),
            |bucket| {
                let expiry = Expiry::after(ExpiryOf::OldVersions, 1);
                bucket.lifecycle = Reading::Known(Lifecycle::new([expiry]));
            },
        ),
        case(Protection::Replication, "DeleteBucketReplication", json!({}), |bucket| {
            bucket.replication = Reading::Absent;
        }),
        case(
            Protection::ObjectLock,
            "PutBucketObjectLockConfiguration",
            json!({ "ObjectLockConfiguration": { "ObjectLockEnabled": "Enabled" } }),
            |bucket| bucket.object_lock = Reading::Absent,
        ),
        case(
            Protection::EventBridge,
            "PutBucketNotification",
            json!({ "NotificationConfiguration": "" }),
            |bucket| bucket.notifications = Reading::Known(notifications(&[])),
        ),
        case(
            Protection::Algorithm,
            "PutBucketEncryption",
            encryption("AES256", "", "SSE-C"),
            |bucket| {
                let sse_s3 = Encryption {
                    algorithm: Algorithm::SseS3,
                    bucket_key: false,
                    sse_c: SseC::Blocked,
                };
                bucket.encryption = Reading::Known(sse_s3);
            },
        ),
        case(
            Protection::Key,
            "PutBucketEncryption",
            encryption("aws:kms:dsse", "k-2", "SSE-C"),
            |bucket| bucket.encryption = Reading::Known(encrypted("k-2", SseC::Blocked)),
        ),
        case(
            Protection::SseC,
            "PutBucketEncryption",
            encryption("aws:kms:dsse", "k-1", "NONE"),
            |bucket| bucket.encryption = Reading::Known(encrypted("k-1", SseC::Allowed)),
        ),
        case(Protection::PublicAccess, "DeleteBucketPublicAccessBlock", json!({}), |bucket| {
            bucket.public_access_block = Reading::Absent;
        }),
        case(
            Protection::Ownership,
            "PutBucketOwnershipControls",
            json!({ "OwnershipControls": { "Rule": { "ObjectOwnership": "ObjectWriter" } } }),
            |bucket| bucket.ownership = Reading::Known(Ownership::ObjectWriter),
        ),
    ]
}

/// A bucket of this grade whose aspect has this mode, and whose protections are on and known.
fn world(grade: Grade, mode: Mode, protection: Protection) -> &'static World {
    let world = World::new();
    let aspect = protection.aspect();
    let mode = if aspect.setting().is_some() { mode } else { mode.min(Mode::Report) };
    let config = json!({ "aspects": { aspect.name(): mode.name() } }).to_string();
    world.with(|state| {
        state.configured = Some((grade, config));
        state.now = NOON + time::Duration::MINUTE;
    });
    world.bucket.change(on);
    let values = downgrade::known(protection::observed(&world.bucket.truth()), NOON);
    let mut update = Update { known: Some(Known::Event), ..Update::new(NOON) };
    update.protections.values = values;
    world.update_state(&update);
    // What the grade lacks otherwise is reported first.
    world.handle(&[task_for()]);
    world.outgoing.take();
    world.bucket.take_steps();
    world
}

/// The notifications for a message, as one line each.
fn notified(world: &'static World, body: String) -> Vec<String> {
    assert!(world.handle(&[body]).failed.is_empty());
    let sent = world.outgoing.take().notifications.into_iter();
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    sent.map(|one| words(format!("{} {}", one.subject, one.text))).collect()
}

#[test]
fn the_table_has_every_protection_of_a_bucket() {
    let of_cases: Vec<Protection> = cases().iter().map(|case| case.protection).collect();
    let mut all = Protection::ALL.to_vec();
    all.retain(|one| *one != Protection::AccountPublicAccess);
    assert_eq!(of_cases, all);
}

#[test]
fn every_protection_is_one_report_by_its_event_at_every_grade_and_mode() {
    for (grade, mode) in Grade::ALL.into_iter().flat_map(|g| Mode::ALL.map(|m| (g, m))) {
        for case in cases() {
            let world = world(grade, mode, case.protection);
            world.bucket.change(case.off);
            let mut event: Json = serde_json::from_str(&call(case.call, NOON, None)).unwrap();
            let parameters = event["detail"]["requestParameters"].as_object_mut().unwrap();
            parameters.extend(case.parameters.as_object().unwrap().clone());
            let reports = notified(world, event.to_string());
            let case_is = format!("{} {grade} {mode}: {reports:#?}", case.protection);
            let [report] = &reports[..] else { panic!("{case_is}") };
            assert!(report.contains(&format!("{} by root", case.call)), "{case_is}");
        }
    }
}

#[test]
fn every_protection_is_one_report_by_the_sweep_where_it_reads_it() {
    for (grade, mode) in Grade::ALL.into_iter().flat_map(|g| Mode::ALL.map(|m| (g, m))) {
        for case in cases() {
            let world = world(grade, mode, case.protection);
            world.bucket.change(case.off);
            let reports = notified(world, task_for());
            let steps = world.bucket.take_steps();
            let is_read = steps.iter().any(|step| match step {
                Step::Read(questions) => questions.contains(&question(case.protection)),
                Step::Wrote(_) | Step::Kept(_) => false,
            });
            let case_is = format!("{} {grade} {mode}: {reports:#?}", case.protection);
            assert_eq!(reports.len(), usize::from(is_read), "{case_is}");
            assert!(notified(world, task_for()).is_empty(), "once: {case_is}");
        }
    }
}

fn question(protection: Protection) -> Question {
    match protection {
        Protection::Versioning | Protection::MfaDelete => Question::Versioning,
        Protection::AccessLogs => Question::AccessLogs,
        Protection::Objects | Protection::OldVersions => Question::Lifecycle,
        Protection::Replication => Question::Replication,
        Protection::ObjectLock => Question::ObjectLock,
        Protection::EventBridge => Question::Notifications,
        Protection::Algorithm | Protection::Key | Protection::SseC => Question::Encryption,
        Protection::PublicAccess => Question::PublicAccessBlock,
        Protection::AccountPublicAccess => Question::AccountBlock,
        Protection::Ownership => Question::Ownership,
    }
}
