//! What was switched off is reported at every grade and mode, by events and by the sweep, and several are one alarm.

use serde_json::Value as Json;

use super::*;
use crate::model::protection::{Protection, Value};
use crate::model::setting::Versioning;
use crate::model::severity::Severity;

/// A call with these parameters, by a session of a role.
pub(super) fn sets(name: &str, seconds: i64, parameters: &Json) -> String {
    let mut event: Json =
        serde_json::from_str(&call(name, NOON + time::Duration::seconds(seconds), None)).unwrap();
    let all = event["detail"]["requestParameters"].as_object_mut().unwrap();
    all.extend(parameters.as_object().unwrap().clone());
    let role = "arn:aws:iam::111122223333:role/Support";
    event["detail"]["userIdentity"] = json!({
        "type": "AssumedRole",
        "arn": format!("arn:aws:sts::111122223333:assumed-role/Support/session-{seconds}"),
        "sessionContext": { "sessionIssuer": { "type": "Role", "arn": role } },
    });
    event.to_string()
}

pub(super) fn suspended(seconds: i64) -> String {
    let status = json!({ "VersioningConfiguration": { "Status": "Suspended" } });
    sets("PutBucketVersioning", seconds, &status)
}

/// The calls that ransomware makes before it encrypts.
pub(super) fn ransom() -> [String; 6] {
    let rule = json!({ "ServerSideEncryptionConfiguration": { "Rule": {
        "ApplyServerSideEncryptionByDefault": { "SSEAlgorithm": "AES256" },
        "BlockedEncryptionTypes": { "EncryptionType": "NONE" },
    } } });
    let lifecycle = json!({ "LifecycleConfiguration": { "Rule": {
        "Status": "Enabled", "Filter": "", "Expiration": { "Days": 1 },
    } } });
    [
        sets("PutBucketEncryption", 0, &rule),
        suspended(20),
        sets("DeleteBucketReplication", 31, &json!({})),
        sets("PutBucketLifecycle", 45, &lifecycle),
        sets("PutBucketLogging", 62, &json!({ "BucketLoggingStatus": { "xmlns": "x" } })),
        sets("DeleteBucketPublicAccessBlock", 70, &json!({})),
    ]
}

/// What is published for each batch: severity and text.
pub(super) fn published(world: &'static World, bodies: &[String]) -> Vec<(Severity, String)> {
    assert!(world.handle(bodies).failed.is_empty());
    let sent = world.outgoing.take();
    let texts = sent.notifications.into_iter();
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    texts
        .map(|one| (one.document.severity, words(&format!("{} {}", one.subject, one.text))))
        .collect()
}

/// A bucket that was swept, with versions and MFA delete.
pub(super) fn versioned() -> &'static World {
    let world = World::new();
    let versioning = Versioning { enabled: true, mfa_delete: true };
    world.bucket.change(|truth| truth.versioning = Reading::Known(versioning));
    let protections = [(Protection::Versioning, Value::On), (Protection::MfaDelete, Value::On)];
    let values = crate::evaluate::downgrade::known(protections, NOON - time::Duration::HOUR);
    let mut update = Update { known: Some(Known::Event), ..Update::new(NOON) };
    update.protections.values = values;
    world.update_state(&update);
    world.handle(&[task_for()]);
    world.outgoing.take();
    world
}

#[test]
fn what_is_switched_off_is_reported_with_its_caller_although_the_grade_asks_for_nothing() {
    let world = versioned();
    world.bucket.change(|truth| {
        truth.versioning = Reading::Known(Versioning { enabled: false, mfa_delete: true });
    });
    let reports = published(world, &[suspended(0)]);
    let [(severity, text)] = &reports[..] else { panic!("{reports:?}") };
    assert_eq!(*severity, Severity::Warning);
    assert!(text.contains("versioning is suspended, was enabled"), "{text}");
    assert!(text.contains("PutBucketVersioning by") && text.contains("session-0"), "{text}");
    assert_eq!(published(world, &[suspended(0)]), [], "an event that is delivered twice");
    assert_eq!(published(world, &[task_for()]), [], "the sweep knows it");
}

#[test]
fn a_downgrade_is_found_again_if_its_report_could_not_be_published() {
    let world = versioned();
    world.with(|state| state.is_published = false);
    assert_eq!(world.handle(&[suspended(0)]).failed.len(), 1);
    world.with(|state| state.is_published = true);
    assert_eq!(published(world, &[suspended(0)]).len(), 1);
}

#[test]
fn several_by_one_principal_are_one_alarm_and_a_summary() {
    let world = World::new();
    world.bucket.change(|truth| {
        let encryption = truth.encryption.clone();
        downgrades::on(truth);
        truth.encryption = encryption;
        truth.versioning = Reading::Known(Versioning { enabled: true, mfa_delete: false });
    });
    world.handle(&[call("CreateBucket", NOON - time::Duration::HOUR, None)]);
    world.handle(&[task_for()]);
    world.outgoing.take();
    world.with(|state| state.now = NOON + time::Duration::minutes(2));
    let mut severities = Vec::new();
    let mut alarms = Vec::new();
    for event in ransom() {
        if event.contains("PublicAccessBlock") {
            world.bucket.change(|truth| truth.public_access_block = Reading::Absent);
        }
        let reports = published_with(world, &[event]);
        severities.push(reports.0.iter().map(|(severity, _)| *severity).collect::<Vec<_>>());
        alarms.extend(reports.0.into_iter().filter(|(one, _)| *one == Severity::Critical));
        assert!(severities.len() < 4 || reports.1 > 0, "the summary is queued");
    }
    let [first, second, third, later @ ..] = &severities[..] else { panic!() };
    assert_eq!([first.len(), second.len()], [1, 1], "{severities:?}");
    assert_eq!(third[..], [Severity::Critical]);
    assert_eq!(later, [vec![], vec![], vec![]]);
    let [(_, alarm)] = &alarms[..] else { panic!("{alarms:?}") };
    assert!(
        alarm.contains("3 protections of one bucket were switched off within a minute"),
        "{alarm}"
    );
    assert!(alarm.contains("role/Support") && alarm.contains("revoke the sessions"), "{alarm}");
    assert!(world.is_closed(), "it was remediated at once");
    let summary = published(world, &[task_for()]);
    let [(severity, text)] = &summary[..] else { panic!("{summary:?}") };
    assert_eq!(*severity, Severity::High, "not a second alarm");
    assert!(text.contains("6 protections of one bucket"), "{text}");
    assert!(text.contains("s3guard undo"), "the write is part of it: {text}");
    assert_eq!(published(world, &[task_for()]), []);
}

/// What is published, and how many messages are queued.
fn published_with(world: &'static World, bodies: &[String]) -> (Vec<(Severity, String)>, usize) {
    assert!(world.handle(bodies).failed.is_empty());
    let sent = world.outgoing.take();
    let reports = sent.notifications.into_iter();
    let reports = reports.map(|one| {
        (one.document.severity, format!("{} {}", one.subject, one.text.replace("\n  ", "")))
    });
    let reports = reports
        .map(|(severity, text)| (severity, text.split_whitespace().collect::<Vec<_>>().join(" ")));
    (reports.collect(), sent.messages.len())
}

#[test]
fn several_in_one_batch_are_one_alarm() {
    let world = World::new();
    world.handle(&[call("CreateBucket", NOON - time::Duration::HOUR, None)]);
    world.outgoing.take();
    world.with(|state| state.now = NOON + time::Duration::minutes(2));
    let reports = published(world, &ransom());
    let [(severity, text)] = &reports[..] else { panic!("{reports:?}") };
    assert_eq!(*severity, Severity::Critical);
    assert!(
        text.contains("6 protections of one bucket were switched off within 2 minutes"),
        "{text}"
    );
}

#[test]
fn the_sweep_finds_what_no_event_has_reported() {
    let world = World::new();
    world.handle(&[call("CreateBucket", NOON - time::Duration::HOUR, None), task_for()]);
    world.outgoing.take();
    world.bucket.change(|truth| truth.public_access_block = Reading::Absent);
    let reports = published(world, &[task_for()]);
    assert_eq!(reports.len(), 1, "it is one report with the remediation: {reports:?}");
}

/// What other functions have noted of the role, that of `suspended`.
fn noted(world: &World, buckets: &[&str]) -> String {
    let principal = "arn:aws:iam::111122223333:role/Support";
    let falls = buckets.iter().map(|bucket| {
        json!({ "bucket": bucket, "fall": {
            "time": "2026-11-20T12:00:01Z", "protection": "versioning", "principal": principal,
            "eventId": format!("of-{bucket}"), "wasOn": true,
        } })
    });
    let document = json!({ "principal": principal, "falls": falls.collect::<Vec<_>>() });
    // SHA-256 of the principal.
    let key = "digests/principals/c60d14ff463a6e5d64ba88cf8fd113f303fb33dcf5c15948c1a9527c11b21d25";
    world.ledger.put(key, document.to_string().into_bytes());
    key.to_owned()
}

#[test]
fn functions_that_run_at_the_same_time_count_together() {
    let world = versioned();
    let key = noted(world, &["other", "another"]);
    let reports = published(world, &[suspended(20)]);
    let [(severity, text)] = &reports[..] else { panic!("{reports:?}") };
    assert_eq!(*severity, Severity::Critical);
    assert!(text.contains("3 protections of 3 buckets"), "{text}");
    let body = world.ledger.object(&key).unwrap();
    let document: Json = serde_json::from_slice(&body).unwrap();
    assert_eq!(document["falls"].as_array().unwrap().len(), 3, "{document}");
    // What the others note later is found by a pass over the bucket that has nothing new, too.
    let world = versioned();
    assert_eq!(published(world, &[suspended(20)])[0].0, Severity::Warning);
    noted(world, &["other", "another"]);
    let reports = published(world, &[task_for()]);
    assert_eq!(reports.len(), 1, "{reports:?}");
    assert_eq!(reports[0].0, Severity::Critical);
    // What does not count: another principal's document, and one that cannot be read.
    for damage in ["{}", "not JSON"] {
        let world = versioned();
        let key = noted(world, &["other", "another"]);
        world.ledger.put(&key, damage.as_bytes().to_vec());
        let reports = published(world, &[suspended(20)]);
        assert!(reports.iter().all(|(one, _)| *one != Severity::Critical), "{reports:?}");
    }
    let world = versioned();
    noted(world, &["other", "another"]);
    world.with(|state| (state.is_ledger_readable, state.is_ledger_writable) = (false, false));
    assert!(!published(world, &[suspended(20)]).is_empty(), "it is reported without the ledger");
}

#[test]
fn an_alarm_that_could_not_be_published_keeps_no_other_back() {
    let world = versioned();
    noted(world, &["other", "another"]);
    world.with(|state| state.is_published = false);
    assert!(!world.handle(&[suspended(20)]).failed.is_empty());
    world.with(|state| state.is_published = true);
    world.outgoing.take();
    assert_eq!(published(world, &[suspended(20)])[0].0, Severity::Critical);
}
