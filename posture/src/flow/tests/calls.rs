//! How often the ledger is called: a compliant bucket costs one read, and no scenario more than before.

use super::*;
use crate::model::setting::Setting;

fn calls(world: &'static World, bodies: &[String]) -> Vec<String> {
    world.ledger_calls();
    assert!(world.handle(bodies).failed.is_empty());
    world.ledger_calls()
}

fn created() -> String {
    call("CreateBucket", NOON - time::Duration::MINUTE, None)
}

fn open(world: &World) {
    world.bucket.change(|truth| truth.set(&Setting::PublicAccessBlock(None)));
}

#[test]
fn the_event_of_a_new_bucket_lists_its_suppressions_and_puts_its_state() {
    let world = World::new();
    let expected = ["lists suppressions/reports/", "writes state/reports.json"];
    assert_eq!(calls(world, &[created()]), expected);
    assert_eq!(world.state().unwrap().writes.len(), 2);
}

#[test]
fn a_compliant_bucket_that_the_sweep_finds_is_compared_with_its_state() {
    let world = World::new();
    world.handle(&[created()]);
    world.handle(&[task_for()]);
    assert_eq!(calls(world, &[task_for()]), ["reads state/reports.json"]);
    // Also where the state cannot be read.
    world.with(|state| state.is_ledger_readable = false);
    assert_eq!(calls(world, &[task_for()]), ["reads state/reports.json"]);
}

#[test]
fn a_call_that_leaves_a_bucket_compliant_reads_its_state_and_notes_only_a_change() {
    let world = World::new();
    world.handle(&[created(), task_for()]);
    let tagged = call("PutBucketTagging", NOON - time::Duration::MINUTE, None);
    // The first one reads settings that were not read before.
    world.handle(std::slice::from_ref(&tagged));
    assert_eq!(calls(world, &[tagged]), ["reads state/reports.json"]);
    let policy = call("PutBucketVersioning", NOON - time::Duration::MINUTE, None);
    let expected = ["reads state/reports.json", "writes state/reports.json"];
    assert_eq!(calls(world, std::slice::from_ref(&policy)), expected);
    assert_eq!(calls(world, &[policy]), expected[..1], "a call that is delivered twice");
}

#[test]
fn a_call_that_weakens_a_bucket_costs_the_state_and_the_suppressions() {
    let world = World::new();
    world.handle(&[created(), task_for()]);
    open(world);
    let expected =
        ["reads state/reports.json", "lists suppressions/reports/", "writes state/reports.json"];
    assert_eq!(calls(world, &[opened()]), expected);
    let state = world.state().unwrap();
    let source = state.settings[&SettingKind::PublicAccessBlock].source.as_ref().unwrap();
    assert_eq!(source.event_name, "DeleteBucketPublicAccessBlock");
    let write = state.writes.iter().find(|write| write.setting == SettingKind::PublicAccessBlock);
    assert_eq!(write.unwrap().principal.as_deref(), Some("arn:aws:iam::111122223333:root"));
}

#[test]
fn a_swept_bucket_with_an_open_finding_costs_its_state() {
    let world = World::new();
    world.handle(&[created(), task_for()]);
    world.bucket.change(|truth| truth.public_access_block = Reading::Denied);
    let once = calls(world, &[task_for()]);
    let state = ["reads state/reports.json", "writes state/reports.json"];
    assert!(state.iter().all(|call| once.iter().any(|one| one == call)), "{once:?}");
    let again = calls(world, &[task_for()]);
    assert!(!again.iter().any(|call| call.starts_with("writes")), "{again:?}");
}
