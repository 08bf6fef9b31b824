//! The end of a sweep is recorded in the ledger, and nothing but the end.

use serde_json::Value;

use super::*;
use crate::reconcile::last_sweep;

fn recorded(world: &World) -> Option<Value> {
    let object = world.ledger.object(last_sweep::KEY)?;
    Some(serde_json::from_slice(&object).unwrap())
}

/// Sweeps all pages, a minute for each.
fn sweep(world: &'static World) {
    let before = recorded(world);
    let mut body = scheduled();
    loop {
        assert!(world.handle(&[body]).failed.is_empty());
        let sent = world.outgoing.take().messages.into_iter();
        match sent.map(|message| message.body).find(|body| body.contains("\"sweep\"")) {
            Some(next) => body = next,
            None => break,
        }
        assert_eq!(recorded(world), before, "it has not ended");
        world.with(|state| state.now += time::Duration::MINUTE);
    }
}

#[test]
fn the_last_page_of_a_sweep_replaces_the_record_of_the_one_before() {
    let world = World::new();
    world.with(|state| state.pages = 3);
    sweep(world);
    let ended = |time, buckets| json!({ "time": time, "buckets": buckets, "region": "eu-west-1" });
    assert_eq!(recorded(world), Some(ended("2026-11-20T12:02:00Z", 3)));
    world.with(|state| {
        state.now += time::Duration::hours(6);
        state.pages = 2;
    });
    sweep(world);
    assert_eq!(recorded(world), Some(ended("2026-11-20T18:03:00Z", 2)));
}

#[test]
fn a_sweep_that_is_killed_before_its_end_is_not_recorded() {
    for point in 0.. {
        let world = World::new();
        world.with(|state| state.killed_at = point);
        let has_ended = world.run(&delivered(&[scheduled()], false), 300).is_some();
        // The account, and the bucket.
        let is_queued = |line: &&String| line.starts_with("sends s3guard:{recon");
        let queued = world.journal().iter().filter(is_queued).count();
        assert!(recorded(world).is_none() || queued == 2, "killed at point {point}");
        if has_ended {
            assert!(recorded(world).is_some() && point > 5);
            return;
        }
    }
}

#[test]
fn a_page_that_cannot_be_queued_is_no_end_and_is_counted_once() {
    let world = World::new();
    world.with(|state| state.is_queued = false);
    assert_eq!(world.handle(&[scheduled()]).failed, [scheduled()]);
    assert_eq!(recorded(world), None);
    world.with(|state| state.is_queued = true);
    sweep(world);
    assert_eq!(recorded(world).unwrap()["buckets"], 1);
}
