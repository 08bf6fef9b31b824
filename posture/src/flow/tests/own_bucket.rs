//! The stack's own buckets: only deployers change their settings.

use super::*;
use crate::Aspect;
use crate::model::setting::{
    Algorithm, Encryption, Expiry, ExpiryOf, Key, Lifecycle, Ownership, SseC, Versioning,
};
use crate::model::severity::Severity;
use crate::reconcile::memory::Step;

const DEVELOPER: &str = "Developer";
const DEPLOYER: &str = "Deployer";
/// It denies plain HTTP, and is not as the guard would write it.
const POLICY: &str = r#"{ "Version": "2012-10-17", "Statement": [
  { "Sid": "Lock", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::s3guard-ledger/*" },
  { "Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
    "Resource": ["arn:aws:s3:::s3guard-ledger", "arn:aws:s3:::s3guard-ledger/*"],
    "Condition": { "Bool": { "aws:SecureTransport": "false" } } } ] }"#;

fn policy() -> Setting {
    Setting::Policy(Some(POLICY.to_owned()))
}

fn encryption(algorithm: Algorithm) -> Setting {
    Setting::Encryption(Some(Encryption { algorithm, bucket_key: true, sse_c: SseC::Blocked }))
}

fn kms() -> Setting {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555";
    encryption(Algorithm::Kms(Key::Named(key.to_owned())))
}

/// The ledger as it is deployed.
fn ledger() -> &'static World {
    let world = World::with_bucket("s3guard-ledger");
    world.bucket.change(|truth| {
        let versioning = Versioning { enabled: true, mfa_delete: false };
        for setting in [policy(), kms(), Setting::Versioning(Some(versioning))] {
            truth.set(&setting);
        }
    });
    world
}

/// The same, and the guard has seen it.
fn swept() -> &'static World {
    let world = ledger();
    sweep(world);
    assert!(published(world).is_empty() && wrote(world).is_empty());
    world
}

fn sweep(world: &'static World) {
    let body = json!({ "s3guard": { "reconcile": { "bucket": world.id().name.as_str() } } });
    let handled = world.handle(&[body.to_string()]);
    assert!(handled.failed.is_empty());
}

fn call_by(name: &str, role: &str) -> String {
    let mut call: serde_json::Value = serde_json::from_str(&call(name, NOON, None)).unwrap();
    call["detail"]["requestParameters"]["bucketName"] = "s3guard-ledger".into();
    call["detail"]["userIdentity"] = json!({
        "type": "AssumedRole",
        "arn": format!("arn:aws:sts::111122223333:assumed-role/{role}/jane"),
        "sessionContext": { "sessionIssuer": {
            "type": "Role", "arn": format!("arn:aws:iam::111122223333:role/ci/{role}"),
        } },
    });
    call.to_string()
}

fn published(world: &World) -> Vec<Notification> {
    world.outgoing.take().notifications
}

fn wrote(world: &World) -> Vec<Setting> {
    let steps = world.bucket.take_steps().into_iter();
    steps.filter_map(|step| if let Step::Wrote(set) = step { Some(set) } else { None }).collect()
}

fn right(world: &World, kind: SettingKind) -> Option<Setting> {
    world.state()?.settings.get(&kind)?.right.clone()?.value
}

/// One notification was published, which is critical and says this.
#[track_caller]
fn check_critical(world: &World, subject: &str, words: &[&str]) {
    let [notification] = &published(world)[..] else { panic!("not one notification") };
    assert_eq!(notification.subject, subject);
    assert_eq!(notification.document.severity, Severity::Critical);
    let text: Vec<&str> = notification.text.split_whitespace().collect();
    let text = text.join(" ");
    for words in words {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_policy_that_a_developer_deletes_is_put_back_byte_for_byte() {
    let world = swept();
    world.bucket.change(|truth| truth.set(&Setting::Policy(None)));
    let handled = world.handle(&[call_by("DeleteBucketPolicy", DEVELOPER)]);
    assert!(handled.failed.is_empty());
    assert_eq!(wrote(world), [policy()]);
    assert_eq!(right(world, SettingKind::Policy), Some(policy()));
    let by = "DeleteBucketPolicy by role Developer, session jane";
    let was = format!("bucket policy: {} bytes (was: not set, after {by}, not by a", POLICY.len());
    check_critical(
        world,
        "CRITICAL: s3guard put back its own bucket s3guard-ledger",
        &[by, &was, "undo:"],
    );
    // The record has both, so it can be undone.
    let record = world.with(|state| state.records.values().next().cloned().unwrap());
    assert_eq!((record.from, record.to), (Some(Setting::Policy(None)), policy()));
    assert_eq!((record.aspects, record.state), (vec![Aspect::Policy], State::Verified));
}

#[test]
fn what_a_deployer_changes_is_right_from_then_on() {
    let world = swept();
    let new = Setting::Policy(Some(POLICY.replace("Lock", "Locked")));
    world.bucket.change(|truth| truth.set(&new));
    world.handle(&[call_by("PutBucketPolicy", DEPLOYER)]);
    assert!(published(world).is_empty() && wrote(world).is_empty());
    assert_eq!(right(world, SettingKind::Policy), Some(new.clone()));
    world.bucket.change(|truth| truth.set(&policy()));
    world.handle(&[call_by("PutBucketPolicy", DEVELOPER)]);
    assert_eq!(wrote(world), [new]);
}

#[test]
fn the_first_sweep_remembers_what_is_right() {
    let world = ledger();
    let new = r#"{"s3guard":{"reconcile":{"bucket":"s3guard-ledger","known":"swept"}}}"#;
    world.handle(&[new.to_owned()]);
    for (kind, setting) in [(SettingKind::Policy, policy()), (SettingKind::Encryption, kms())] {
        assert_eq!(right(world, kind), Some(setting));
    }
    assert_eq!(right(world, SettingKind::AccessLogs), None, "it is not compared");
}

#[test]
fn other_encryption_and_suspended_versioning_are_put_back() {
    for (call, kind, weaker) in [
        ("PutBucketEncryption", SettingKind::Encryption, encryption(Algorithm::SseS3)),
        (
            "PutBucketVersioning",
            SettingKind::Versioning,
            Setting::Versioning(Some(Versioning { enabled: false, mfa_delete: false })),
        ),
        (
            "PutBucketPublicAccessBlock",
            SettingKind::PublicAccessBlock,
            Setting::PublicAccessBlock(Some(PublicAccessBlock::default())),
        ),
        (
            "PutBucketOwnershipControls",
            SettingKind::Ownership,
            Setting::Ownership(Some(Ownership::ObjectWriter)),
        ),
    ] {
        let world = swept();
        let before = right(world, kind).unwrap();
        world.bucket.change(|truth| truth.set(&weaker));
        world.handle(&[call_by(call, DEVELOPER)]);
        assert_eq!(wrote(world), [before], "{call}");
        let by = format!("after {call} by role Developer, session jane");
        check_critical(world, "CRITICAL: s3guard put back its own bucket s3guard-ledger", &[&by]);
        sweep(world);
        assert!(published(world).is_empty() && wrote(world).is_empty(), "{call}");
    }
}

#[test]
fn what_the_role_may_not_write_is_reported() {
    let world = swept();
    world.bucket.change(|truth| {
        truth.lifecycle = Reading::Known(Lifecycle::new([Expiry::after(ExpiryOf::Objects, 8)]));
    });
    let subject = "CRITICAL: s3guard left a bucket as it is: s3guard-ledger";
    for name in ["PutBucketLifecycle", "PutBucketReplication", "PutBucketAcl"] {
        world.handle(&[call_by(name, DEVELOPER)]);
        let by = format!("{name} by role Developer, session jane, not by a deployer of the stack");
        check_critical(world, subject, &[&by]);
    }
    world.handle(&[call_by("PutBucketLifecycle", DEPLOYER)]);
    sweep(world);
    assert!(published(world).is_empty() && wrote(world).is_empty());
}

#[test]
fn a_change_before_the_first_sweep_is_reported_and_not_taken_as_right() {
    let world = ledger();
    let theirs = Setting::Policy(Some(POLICY.replace("Lock", "Open")));
    world.bucket.change(|truth| truth.set(&theirs));
    world.handle(&[call_by("PutBucketPolicy", DEVELOPER)]);
    assert!(wrote(world).is_empty());
    assert_eq!(right(world, SettingKind::Policy), None);
    let by = "bucket policy: PutBucketPolicy by role Developer, session jane, not by a deployer";
    check_critical(world, "CRITICAL: s3guard left a bucket as it is: s3guard-ledger", &[by]);
}

#[test]
fn what_could_not_be_put_back_is_critical_and_not_taken_as_right() {
    let world = swept();
    world.with(|state| state.writes_fail = vec![Failure::Denied]);
    world.bucket.change(|truth| truth.set(&Setting::Policy(None)));
    world.handle(&[call_by("DeleteBucketPolicy", DEVELOPER)]);
    check_critical(
        world,
        "CRITICAL: s3guard could not protect s3guard-ledger",
        &["role Developer"],
    );
    assert_eq!(right(world, SettingKind::Policy), Some(policy()));
    // The sweep comes back to it.
    world.with(|state| state.now += time::Duration::HOUR);
    sweep(world);
    assert_eq!(wrote(world), [policy()]);
}

#[test]
fn without_the_ledger_a_change_is_reported_all_the_same() {
    let world = swept();
    world.with(|state| state.is_ledger_readable = false);
    world.handle(&[call_by("PutBucketPolicy", DEVELOPER)]);
    assert!(wrote(world).is_empty());
    check_critical(world, "CRITICAL: s3guard left a bucket as it is: s3guard-ledger", &[]);
}

#[test]
fn a_sweep_puts_back_what_it_finds_for_the_second_time() {
    let world = swept();
    world.bucket.change(|truth| truth.set(&encryption(Algorithm::SseS3)));
    // The event of a deployer's call may still arrive.
    sweep(world);
    assert!(published(world).is_empty() && wrote(world).is_empty());
    world.with(|state| state.now += time::Duration::HOUR);
    sweep(world);
    assert_eq!(wrote(world), [kms()]);
    let found = "after a change of which no event arrived, not by a deployer of the stack";
    check_critical(world, "CRITICAL: s3guard put back its own bucket s3guard-ledger", &[found]);
    // With its event, the change is right.
    world.bucket.change(|truth| truth.set(&encryption(Algorithm::SseS3)));
    sweep(world);
    world.handle(&[call_by("PutBucketEncryption", DEPLOYER)]);
    world.with(|state| state.now += time::Duration::HOUR);
    sweep(world);
    assert!(published(world).is_empty() && wrote(world).is_empty());
}

#[test]
fn what_the_guard_itself_adds_is_right_only_if_the_rest_was() {
    let world = swept();
    world.bucket.change(|truth| truth.set(&Setting::Policy(None)));
    sweep(world);
    let [Setting::Policy(Some(first))] = &wrote(world)[..] else { panic!("no first policy") };
    assert!(first.contains("SecureTransport"), "the baseline's policy comes at once");
    assert_eq!(right(world, SettingKind::Policy), Some(policy()));
    world.with(|state| state.now += time::Duration::HOUR);
    sweep(world);
    assert_eq!(wrote(world), [policy()]);
    // A policy that a deployer has written lacks the denial of plain HTTP.
    let world = swept();
    world.bucket.change(|truth| truth.set(&Setting::Policy(Some("{}".to_owned()))));
    world.handle(&[call_by("PutBucketPolicy", DEPLOYER)]);
    let [merged] = &wrote(world)[..] else { panic!("nothing was added") };
    assert_eq!(right(world, SettingKind::Policy), Some(merged.clone()));
    sweep(world);
    assert!(wrote(world).is_empty());
}

#[test]
fn the_guard_stops_after_as_many_writes_as_elsewhere() {
    let world = swept();
    world.was_written(SettingKind::Policy);
    world.bucket.change(|truth| truth.set(&Setting::Policy(None)));
    world.handle(&[call_by("DeleteBucketPolicy", DEVELOPER)]);
    assert!(wrote(world).is_empty());
    let severities: Vec<_> =
        published(world).into_iter().map(|one| one.document.severity).collect();
    assert_eq!(severities[0], Severity::Critical);
    assert_eq!(right(world, SettingKind::Policy), Some(policy()));
}
