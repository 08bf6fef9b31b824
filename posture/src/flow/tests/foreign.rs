//! Objects of the ledger that do not count, and suppressions.

use time::macros::date;

use super::*;
use crate::Aspect;
use crate::model::setting::Setting;
use crate::model::severity::Severity;
use crate::reconcile::ledger::suppression::{Note, Suppression, last_day};

fn open(world: &World) {
    world.bucket.change(|truth| truth.set(&Setting::PublicAccessBlock(None)));
}

fn suppression() -> Suppression {
    let until = date!(2027 - 01 - 31);
    Suppression { aspect: Aspect::PublicAccess, made: NOON, until }
}

/// The object of a suppression by an operator.
fn json(world: &World, one: &Suppression) -> Vec<u8> {
    let note = Note {
        undone: "reports@20261120T115900.000Z-public-access-block".to_owned(),
        reason: "ticket 4711".to_owned(),
        by: "arn:aws:iam::111122223333:user/mary".to_owned(),
        ..Note::default()
    };
    one.json(&world.id().name, &world.id().account, note)
}

fn suppress(world: &World, one: &Suppression) {
    world.ledger.put(&one.key(&world.id().name), json(world, one));
}

fn published(world: &World) -> Vec<Notification> {
    world.outgoing.take().notifications
}

fn subjects(world: &World) -> Vec<String> {
    published(world).into_iter().map(|notification| notification.subject).collect()
}

const FOREIGN: &str = "s3guard ignores an object in its ledger that it has not written";
const USED: &str = "s3guard applies a suppression to reports";

#[test]
fn the_first_use_of_a_suppression_is_reported_with_who_and_why() {
    for body in [opened(), task_for()] {
        let world = World::new();
        open(world);
        suppress(world, &suppression());
        assert!(world.handle(std::slice::from_ref(&body)).failed.is_empty());
        assert!(!world.is_closed());
        let notifications = published(world);
        let used = notifications.iter().find(|one| one.subject == USED).unwrap();
        assert_eq!(used.document.severity, Severity::Critical, "it is about public access");
        for part in ["2027-01-31", "user mary", "ticket 4711"] {
            assert!(used.text.contains(part), "{part}: {}", used.text);
        }
        let says = |one: &&Notification| one.text.contains("it was undone");
        assert_eq!(notifications.iter().find(says), None, "one says it all");
        world.handle(&[body]);
        assert!(!subjects(world).iter().any(|subject| subject == USED), "it was reported");
    }
}

#[test]
fn the_use_of_a_suppression_that_could_not_be_reported_is_reported_later() {
    let world = World::new();
    open(world);
    suppress(world, &suppression());
    world.with(|state| state.is_published = false);
    assert_eq!(world.handle(&[task_for()]).failed, [task_for()]);
    world.with(|state| state.is_published = true);
    assert!(world.handle(&[task_for()]).failed.is_empty());
    assert!(subjects(world).iter().any(|subject| subject == USED));
}

#[test]
fn a_suppression_that_does_not_count_suppresses_nothing_and_is_reported_once() {
    let too_long =
        Suppression { until: last_day(NOON.date()).next_day().unwrap(), ..suppression() };
    let other_aspect = Suppression { aspect: Aspect::Tls, ..suppression() };
    let plants: [fn(&World, Suppression, Suppression); 4] = [
        |world, _, _| {
            let one = suppression();
            world.ledger.put_foreign(&one.key(&world.id().name), json(world, &one));
        },
        |world, too_long, _| suppress(world, &too_long),
        |world, _, other| {
            world.ledger.put(&suppression().key(&world.id().name), json(world, &other));
        },
        |world, _, _| world.ledger.put(&suppression().key(&world.id().name), b"{}".to_vec()),
    ];
    for plant in plants {
        let world = World::new();
        open(world);
        plant(world, too_long, other_aspect);
        let handled = world.handle(&[opened()]);
        assert!(handled.failed.is_empty() && world.is_closed());
        assert_eq!(count(&handled, Metric::ForeignObject), 1);
        let notifications = published(world);
        let foreign = notifications.iter().find(|one| one.subject == FOREIGN).unwrap();
        assert_eq!(foreign.document.severity, Severity::Critical);
        assert!(foreign.text.contains("suppressions/reports/public-access/"), "{}", foreign.text);
        open(world);
        let handled = world.handle(&[opened()]);
        assert!(world.is_closed() && count(&handled, Metric::ForeignObject) == 1);
        assert!(!subjects(world).iter().any(|subject| subject == FOREIGN), "it was reported");
    }
}

#[test]
fn a_foreign_suppression_does_not_hide_an_older_one_that_counts() {
    let world = World::new();
    open(world);
    suppress(world, &suppression());
    let newer = Suppression { made: NOON + time::Duration::SECOND, ..suppression() };
    let ended = Suppression { until: date!(2026 - 11 - 19), ..newer };
    world.ledger.put_foreign(&ended.key(&world.id().name), json(world, &ended));
    world.handle(&[opened()]);
    assert!(!world.is_closed());
    assert!(subjects(world).iter().any(|subject| subject == FOREIGN));
    // One of an operator ends it.
    let ended = Suppression { made: newer.made + time::Duration::SECOND, ..ended };
    suppress(world, &ended);
    world.handle(&[opened()]);
    assert!(world.is_closed());
}

#[test]
fn a_foreign_state_does_not_stop_the_guard_and_is_replaced() {
    let plants: [fn(&World); 3] = [
        |world| {
            world.was_written(SettingKind::PublicAccessBlock);
            let key = state::key(&world.id().name);
            let body = world.ledger.object(&key).unwrap();
            world.ledger.put_foreign(&key, body);
        },
        |world| world.ledger.put(&state::key(&world.id().name), b"[]".to_vec()),
        |world| {
            let other = BucketId { name: "other".parse().unwrap(), ..world.id() };
            world.ledger.put(&state::key(&world.id().name), BucketState::new(&other).json());
        },
    ];
    for plant in plants {
        let world = World::new();
        open(world);
        plant(world);
        let handled = world.handle(&[opened()]);
        assert!(handled.failed.is_empty() && world.is_closed());
        assert_eq!(count(&handled, Metric::ForeignObject), 1);
        assert!(subjects(world).iter().any(|subject| subject == FOREIGN));
        assert_eq!(world.state().unwrap().known.unwrap().how, Known::Event, "it is replaced");
        assert_eq!(count(&world.handle(&[opened()]), Metric::ForeignObject), 0);
        assert!(!subjects(world).iter().any(|subject| subject == FOREIGN));
    }
}

#[test]
fn a_state_of_a_newer_version_is_left_alone_and_the_guard_goes_on() {
    let world = World::new();
    open(world);
    let key = state::key(&world.id().name);
    let newer = br#"{"version":2,"other":true}"#.to_vec();
    world.ledger.put(&key, newer.clone());
    let handled = world.handle(&[opened()]);
    assert!(handled.failed.is_empty() && world.is_closed());
    assert_eq!(count(&handled, Metric::LedgerNotReadable), 1);
    assert_eq!(world.ledger.object(&key), Some(newer));
}

#[test]
fn a_record_that_is_not_ours_is_not_reported() {
    let world = World::new();
    open(world);
    world.with(|state| state.is_published = false);
    world.handle(&[opened()]);
    let unreported = world.state().unwrap().unreported;
    for id in &unreported {
        let id: RecordId = id.parse().unwrap();
        world.ledger.put_foreign(&id.key(), b"{}".to_vec());
    }
    world.with(|state| state.is_published = true);
    let handled = world.run(&delivered(&[opened()], true), 300).unwrap();
    assert_eq!(count(&handled, Metric::ForeignObject), unreported.len());
    let notifications = published(world);
    assert!(notifications.iter().any(|one| one.subject.starts_with("s3guard ignores")));
    let is_protected = |one: &Notification| one.subject.contains("reverted");
    assert!(!notifications.iter().any(is_protected));
    assert!(world.state().unwrap().unreported.is_empty());
}

#[test]
fn a_foreign_end_of_a_sweep_makes_no_bucket_older_than_the_guard() {
    let world = World::new();
    world.was_swept();
    let body = world.ledger.object(last_sweep::KEY).unwrap();
    world.ledger.put(last_sweep::FIRST, body.clone());
    world.ledger.put_foreign(last_sweep::KEY, body);
    let handled = world.handle(&[scheduled()]);
    assert_eq!(count(&handled, Metric::ForeignObject), 1);
    assert_eq!(count(&handled, Metric::CoverageGaps), 1);
    assert!(subjects(world).iter().any(|subject| subject == FOREIGN));
    assert_eq!(count(&world.handle(&[scheduled()]), Metric::ForeignObject), 0, "it is replaced");
}
