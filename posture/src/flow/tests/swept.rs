//! The end of a sweep is recorded in the ledger, and nothing but the end.

use serde_json::Value;

use super::*;

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

/// What the sweep says of the bucket.
fn known(world: &'static World) -> Option<String> {
    let handled = world.handle(&[scheduled()]);
    assert!(handled.failed.is_empty());
    let sent = world.outgoing.take().messages.into_iter();
    let messages = sent.map(|message| serde_json::from_str::<Value>(&message.body).unwrap());
    let of_bucket = messages
        .map(|message| message["s3guard"]["reconcile"].clone())
        .find(|message| message["bucket"] == "reports");
    let known = of_bucket.unwrap()["known"].as_str().map(str::to_owned);
    // The message of the sweep arrives.
    let body = json!({ "s3guard": { "reconcile": { "bucket": "reports", "known": known } } });
    world.handle(&[body.to_string()]);
    world.outgoing.take();
    known
}

#[test]
fn a_bucket_of_the_first_sweep_was_there_before_and_is_not_asked_about_again() {
    let world = World::new();
    assert_eq!(known(world).as_deref(), Some("before"));
    assert_eq!(world.state().unwrap().known.unwrap().how, Known::Before);
    world.journal();
    assert_eq!(known(world), None);
    let journal = world.journal();
    assert!(!journal.iter().any(|line| line.contains("state/reports.json")), "{journal:#?}");
}

#[test]
fn a_bucket_without_an_event_is_a_gap_two_hours_after_its_creation() {
    let world = World::new();
    world.was_swept();
    world.with(|state| state.created = Some(NOON - time::Duration::hours(1)));
    assert_eq!(known(world).as_deref(), Some("swept"));
    assert_eq!(world.state(), None, "nothing is noted, so that the next sweep finds it again");
    world.with(|state| state.now += time::Duration::hours(6));
    let journal = {
        world.journal();
        assert_eq!(known(world).as_deref(), Some("gap"));
        world.journal()
    };
    let subject = "publishes s3guard received no event about a bucket in eu-west-1";
    assert!(journal.iter().any(|line| line == subject), "{journal:#?}");
    assert_eq!(world.state().unwrap().known.unwrap().how, Known::Gap);
    assert_eq!(known(world), None, "it was reported");
}

#[test]
fn an_event_is_noted_also_of_a_bucket_that_a_sweep_has_found_first() {
    let world = World::new();
    world.handle(&[call("CreateBucket", NOON - time::Duration::MINUTE, None)]);
    assert_eq!(world.state().unwrap().known.unwrap().how, Known::Created);
    world.was_swept();
    assert_eq!(known(world), None);
}

#[test]
fn names_sort_otherwise_than_the_keys_of_their_states() {
    let names = ["log", "log-2", "log-2-b", "log-3", "log.4", "log1", "logs", "logs-a", "zzz"];
    let world = World::new();
    world.was_swept();
    let name = |name: &str| -> BucketName { name.parse().unwrap() };
    for one in names {
        world.ledger.put(&state::key(&name(one)), Vec::new());
    }
    let settings = World::settings();
    let account = WriteCounter::new(world, || NOON);
    let flow = Flow {
        account: &account,
        ledger: world,
        outgoing: world,
        settings: &settings,
        clock: Clock { now: &|| NOON, deadline: None },
        desk: None,
    };
    for (from, first) in names.iter().enumerate() {
        for (to, last) in names.iter().enumerate().skip(from) {
            let (first, last) = (name(first), name(last));
            let found = futures_util::FutureExt::now_or_never(flow.with_state(&first, &last));
            let found: Vec<String> =
                found.unwrap().unwrap().iter().map(ToString::to_string).collect();
            let expected = &names[from..=to];
            assert!(
                expected.iter().all(|name| found.iter().any(|one| one == name)),
                "{first} to {last}: {found:?}"
            );
        }
    }
}
