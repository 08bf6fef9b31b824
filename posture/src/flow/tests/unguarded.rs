//! Buckets in Regions without a guard are reported by one guard, once and again after 30 days.

use super::*;
use crate::reconcile::unguarded;

fn regions(codes: &[&str]) -> BTreeSet<Region> {
    codes.iter().map(|code| code.parse().unwrap()).collect()
}

/// A guard in eu-west-1 of an account with a bucket in each of these Regions.
fn with_buckets_in(codes: &[&str]) -> &'static World {
    let world = World::new();
    put_buckets_in(world, codes);
    world
}

fn put_buckets_in(world: &World, codes: &[&str]) {
    let bucket = |region: Region| {
        let name = format!("bucket-{region}").parse().unwrap();
        (region, vec![name])
    };
    world.with(|state| state.elsewhere = regions(codes).into_iter().map(bucket).collect());
}

/// The subjects and texts of what a sweep says about Regions.
fn sweep(world: &'static World) -> Vec<Notification> {
    assert!(world.handle(&[scheduled()]).failed.is_empty());
    let all = world.outgoing.take().notifications.into_iter();
    all.filter(|one| one.document.id.starts_with("unguarded-regions:")).collect()
}

#[test]
fn m7_buckets_in_regions_without_a_guard_are_reported_once_and_after_thirty_days() {
    let world = with_buckets_in(&["eu-north-1", "eu-west-1", "us-east-1"]);
    let [reported] = &sweep(world)[..] else { panic!("it is one notification") };
    assert_eq!(reported.subject, "s3guard: 2 buckets in 2 Regions have no guard");
    for part in ["bucket-eu-north-1", "bucket-us-east-1", "--region eu-north-1,eu-west-1,us-east-1"]
    {
        let text: Vec<&str> = reported.text.split_whitespace().collect();
        assert!(text.join(" ").contains(part), "{}", reported.text);
    }
    assert!(!reported.text.contains("bucket-eu-west-1"), "{}", reported.text);
    for days in [0, 29] {
        world.with(|state| state.now = NOON + time::Duration::days(days));
        assert_eq!(sweep(world), [], "after {days} days");
    }
    world.with(|state| state.now = NOON + time::Duration::days(30));
    assert_eq!(sweep(world).len(), 1);
    assert_eq!(sweep(world), []);
    put_buckets_in(world, &["ap-south-1", "eu-north-1"]);
    assert_eq!(sweep(world).len(), 1, "a Region is new");
    put_buckets_in(world, &["eu-north-1"]);
    assert_eq!(sweep(world), []);
    put_buckets_in(world, &["ap-south-1", "eu-north-1"]);
    assert_eq!(sweep(world).len(), 1, "its buckets were gone");
}

#[test]
fn m7_only_what_the_deployers_say_makes_a_region_guarded_and_only_the_first_guard_reports() {
    let guarded = |codes: &[&str]| {
        let world = with_buckets_in(&["eu-north-1", "us-east-1"]);
        world.with(|state| state.guarded = regions(codes));
        sweep(world).len()
    };
    assert_eq!(guarded(&[]), 1);
    assert_eq!(guarded(&["eu-west-1", "us-east-1"]), 1, "eu-north-1 is left");
    assert_eq!(guarded(&["eu-north-1", "eu-west-1"]), 0, "the guard of eu-north-1 says it");
    assert_eq!(guarded(&["eu-west-1", "eu-north-1", "us-east-1"]), 0);
    // A ledger of that Region, which any principal can create a bucket for, is no guard.
    let world = with_buckets_in(&[]);
    let ledger = "s3guard-ledger-111122223333-us-east-1-an".parse().unwrap();
    let there = BTreeMap::from([("us-east-1".parse().unwrap(), vec![ledger])]);
    world.with(|state| state.elsewhere = there);
    assert_eq!(sweep(world).len(), 1);
}

#[test]
fn a_report_about_regions_that_fails_or_whose_note_is_forged_is_repeated() {
    let world = with_buckets_in(&["us-east-1"]);
    world.with(|state| state.is_published = false);
    assert_eq!(world.handle(&[scheduled()]).failed, [scheduled()]);
    world.with(|state| state.is_published = true);
    assert_eq!(sweep(world).len(), 1);
    let body = world.ledger.object(unguarded::KEY).unwrap();
    world.ledger.put_foreign(unguarded::KEY, body);
    assert_eq!(sweep(world).len(), 1, "who may not write to the ledger cannot silence it");
    assert_eq!(sweep(world), [], "the guard has replaced it");
}
