//! A key of an account that is not trusted.

use super::*;
use crate::model::setting::{Algorithm, Encryption, Key, SseC};
use crate::model::severity::Severity;

const OWN: &str = "arn:aws:kms:eu-west-1:111122223333:key/own";
const FOREIGN: &str = "arn:aws:kms:eu-west-1:999900001111:key/11111111-2222-3333-4444-555555555555";

fn by(key: &str) -> Setting {
    let algorithm = Algorithm::Kms(Key::Named(key.to_owned()));
    Setting::Encryption(Some(Encryption { algorithm, bucket_key: true, sse_c: SseC::Blocked }))
}

fn encryption(world: &World) -> Setting {
    world.bucket.truth().setting(SettingKind::Encryption).unwrap()
}

/// The sweep finds the bucket for the first time, or again.
fn sweep(world: &'static World, known: Option<&str>) {
    let body = json!({ "s3guard": { "reconcile": { "bucket": "reports", "known": known } } });
    let body = body.to_string().replace(",\"known\":null", "");
    assert!(world.handle(&[body]).failed.is_empty());
}

/// Sets a key, and handles the call after a while.
fn set(world: &'static World, setting: &Setting) {
    world.bucket.change(|truth| truth.set(setting));
    world.with(|state| state.now += time::Duration::hours(2));
    let now = world.now();
    let handled = world.handle(&[call("PutBucketEncryption", now, None)]);
    assert!(handled.failed.is_empty());
}

/// One notification of severity high, with the account and the caller.
#[track_caller]
fn check_high(world: &World, subject: &str) {
    let notifications = world.outgoing.take().notifications;
    let [notification] = &notifications[..] else { panic!("{notifications:#?}") };
    assert!(notification.subject.starts_with(subject), "{}", notification.subject);
    assert_eq!(notification.document.severity, Severity::High);
    let text: Vec<&str> = notification.text.split_whitespace().collect();
    let text = text.join(" ");
    for words in
        ["999900001111", "which is neither this account nor trusted", "PutBucketEncryption by"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_call_that_sets_one_is_reverted_to_the_key_that_the_ledger_has() {
    let world = World::new();
    world.bucket.change(|truth| truth.set(&by(OWN)));
    sweep(world, Some("before"));
    world.outgoing.take();
    for _ in 0..2 {
        set(world, &by(FOREIGN));
        assert_eq!(encryption(world), by(OWN));
        check_high(world, "HIGH: s3guard reverted a weakening of");
    }
}

#[test]
fn without_a_state_it_is_reverted_to_what_the_grade_wants() {
    let world = World::new();
    set(world, &by(FOREIGN));
    let plain = Encryption { algorithm: Algorithm::SseS3, bucket_key: false, sse_c: SseC::Blocked };
    assert_eq!(encryption(world), Setting::Encryption(Some(plain)));
    check_high(world, "HIGH: s3guard reverted a weakening of");
}

#[test]
fn a_bucket_that_had_one_of_the_account_before_the_guard_keeps_it() {
    let world = World::new();
    world.bucket.change(|truth| truth.set(&by(FOREIGN)));
    sweep(world, Some("before"));
    world.outgoing.take();
    let other = FOREIGN.replace("1111-", "9999-");
    set(world, &by(&other));
    assert_eq!(encryption(world), by(&other));
    check_high(world, "HIGH: s3guard left a bucket as it is");
}

#[test]
fn one_whose_event_was_lost_is_found_by_the_sweep() {
    let world = World::new();
    world.bucket.change(|truth| truth.set(&by(OWN)));
    sweep(world, Some("before"));
    world.outgoing.take();
    world.bucket.change(|truth| truth.set(&by(FOREIGN)));
    sweep(world, None);
    assert_eq!(encryption(world), by(OWN));
    let notifications = world.outgoing.take().notifications;
    assert_eq!(notifications[0].document.severity, Severity::High, "{notifications:#?}");
}
