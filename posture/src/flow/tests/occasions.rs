//! New buckets, existing ones, and what a call or a lost event has weakened.

use super::*;
use crate::events::OwnMessage;
use crate::model::setting::Versioning;
use crate::reconcile::memory::Step;
use crate::{Aspect, Question};

/// A bucket with what the grade `speed` asks for, which the first sweep has found.
fn swept(change: impl FnOnce(&mut Observed)) -> &'static World {
    let world = World::new();
    world.handle(&[call("CreateBucket", NOON - time::Duration::MINUTE, None)]);
    world.ledger.put(&state::key(&world.id().name), BucketState::new(&world.id()).json());
    world.bucket.change(change);
    let found = OwnMessage::Reconcile { bucket: world.id().name, known: Some(Known::Before) };
    world.handle(&[found.body()]);
    world.bucket.take_steps();
    world.outgoing.take();
    world
}

fn written(world: &World) -> Vec<SettingKind> {
    let steps = world.bucket.take_steps().into_iter();
    steps
        .filter_map(|step| match step {
            Step::Wrote(setting) => Some(setting.kind()),
            Step::Read(_) | Step::Kept(_) => None,
        })
        .collect()
}

fn later(world: &World, hours: i64) {
    world.with(|state| state.now += time::Duration::hours(hours));
}

#[test]
fn a_sweep_leaves_what_was_always_so_and_reverts_what_was_right_before() {
    let events = SettingKind::Notifications;
    let world = swept(|truth| {
        truth.notifications = Observed::new_bucket(truth.id.clone()).notifications;
    });
    let open = |world: &World| {
        world.state().unwrap().findings.iter().map(|one| one.aspect).collect::<Vec<_>>()
    };
    assert_eq!(open(world), [Aspect::Notifications]);
    world.handle(&[task_for()]);
    assert_eq!(written(world), []);
    // It was right when it was read last, and no event has arrived.
    let world = swept(|_| {});
    later(world, 6);
    world.bucket.change(|truth| {
        truth.notifications = Observed::new_bucket(truth.id.clone()).notifications;
    });
    world.handle(&[task_for()]);
    assert_eq!(written(world), [events]);
}

#[test]
fn a_weakening_that_cannot_be_reverted_is_reverted_later() {
    let world = swept(|_| {});
    later(world, 6);
    world.bucket.change(|truth| {
        truth.notifications = Observed::new_bucket(truth.id.clone()).notifications;
    });
    world.with(|state| state.writes_fail = vec![Failure::Denied; 1]);
    world.handle(&[task_for()]);
    assert_eq!(written(world), []);
    assert!(world.state().unwrap().owed.contains_key(&Aspect::Notifications));
    // A permission that was missing is tried again after a day.
    later(world, 6);
    world.handle(&[task_for()]);
    assert_eq!(written(world), []);
    assert!(world.state().unwrap().owed.contains_key(&Aspect::Notifications));
    later(world, 18);
    world.handle(&[task_for()]);
    assert_eq!(written(world), [SettingKind::Notifications]);
    assert!(world.state().unwrap().owed.is_empty());
}

#[test]
fn a_bucket_that_a_sweep_finds_public_is_closed_if_it_was_not_public_before() {
    let public = |truth: &mut Observed| {
        truth.set(&Setting::PublicAccessBlock(None));
        truth.policy_is_public = Reading::Known(true);
    };
    let world = swept(public);
    assert!(!world.is_closed());
    assert!(world.state().unwrap().public.unwrap().value);
    later(world, 6);
    world.handle(&[task_for(), call("PutBucketPolicy", world.now(), None)]);
    assert!(!world.is_closed(), "it was public when the guard was installed");
    let world = swept(|_| {});
    later(world, 6);
    world.bucket.change(public);
    world.handle(&[task_for()]);
    assert!(world.is_closed());
    assert!(!world.state().unwrap().public.unwrap().value);
}

#[test]
fn a_new_bucket_is_left_alone_until_it_has_settled_and_is_closed_at_once() {
    let opened = call("DeleteBucketPublicAccessBlock", NOON, None);
    for (is_public, expected) in [(false, &[][..]), (true, &[SettingKind::PublicAccessBlock])] {
        let world = World::new();
        world.bucket.set_created(NOON);
        world.bucket.change(|truth| {
            truth.set(&Setting::PublicAccessBlock(None));
            truth.set(&Setting::Policy(Some(r#"{"Statement":[]}"#.to_owned())));
            truth.policy_is_public = Reading::Known(is_public);
        });
        world.with(|state| state.now = NOON + time::Duration::SECOND);
        world.handle(std::slice::from_ref(&opened));
        assert_eq!(written(world), expected);
        let sent = world.outgoing.take().messages;
        assert_eq!((sent.len(), sent[0].delay_seconds), (1, 14));
        world.with(|state| state.now = NOON + time::Duration::seconds(15));
        world.handle(&[sent[0].body.clone()]);
        assert!(world.is_closed());
        assert!(world.outgoing.take().messages.is_empty());
    }
    // An old bucket does not wait.
    let world = World::new();
    world.bucket.set_created(NOON - time::Duration::DAY);
    world.bucket.change(|truth| truth.set(&Setting::PublicAccessBlock(None)));
    world.handle(&[opened]);
    assert!(world.is_closed() && world.outgoing.take().messages.is_empty());
}

#[test]
fn what_the_creator_sets_is_reported_once_the_bucket_has_settled() {
    let world = World::new();
    world.bucket.set_created(NOON);
    world.bucket.change(|truth| {
        truth.set(&Setting::PublicAccessBlock(None));
    });
    world.with(|state| state.now = NOON + time::Duration::seconds(4));
    let off = json!({ "PublicAccessBlockConfiguration": {
        "BlockPublicAcls": true, "IgnorePublicAcls": true,
        "BlockPublicPolicy": false, "RestrictPublicBuckets": false,
    } });
    world.handle(&[fallen::sets("PutBucketPublicAccessBlock", 3, &off)]);
    let sent = world.outgoing.take();
    assert!(sent.notifications.is_empty(), "{:?}", sent.notifications);
    world.with(|state| state.now = NOON + time::Duration::seconds(15));
    let settled = fallen::published(world, &[sent.messages[0].body.clone()]);
    assert!(world.is_closed());
    let [(_, words)] = &settled[..] else { panic!("{settled:?}") };
    assert!(words.contains("public access block: on") && !words.contains("Left as"), "{words}");
}

#[test]
fn a_bucket_that_is_tagged_first_waits_for_the_call_that_has_created_it() {
    let world = World::new();
    world.bucket.set_created(NOON);
    world.with(|state| state.now = NOON + time::Duration::seconds(16));
    let tagged = call("PutBucketTagging", NOON + time::Duration::SECOND, None);
    world.handle(&[tagged]);
    let sent = world.outgoing.take();
    assert_eq!((written(world), sent.notifications.len()), (vec![], 0), "nothing is in use");
    assert_eq!(sent.messages[0].delay_seconds, 9);
    world.handle(&[call("CreateBucket", NOON, None)]);
    let created = written(world);
    assert!(created.contains(&SettingKind::Notifications), "{created:?}");
    assert_eq!(world.outgoing.take().notifications.len(), 1);
    world.with(|state| state.now = NOON + time::Duration::seconds(25));
    world.handle(&[sent.messages[0].body.clone()]);
    assert_eq!(written(world), []);
    let sent = world.outgoing.take();
    assert!(sent.notifications.is_empty() && sent.messages.is_empty());
}

#[test]
fn a_call_on_a_setting_that_was_weak_before_is_no_weakening() {
    let without = |truth: &mut Observed| {
        truth.notifications = Observed::new_bucket(truth.id.clone()).notifications;
    };
    let world = swept(without);
    later(world, 1);
    world.handle(&[call("PutBucketNotification", world.now(), None)]);
    assert_eq!(written(world), []);
    let world = swept(|_| {});
    later(world, 1);
    world.bucket.change(without);
    world.handle(&[call("PutBucketNotification", world.now(), None)]);
    assert_eq!(written(world), [SettingKind::Notifications]);
}

#[test]
fn versioning_is_a_gate_and_no_setting_of_grade_speed() {
    let world = swept(|truth| {
        truth.versioning = Reading::Known(Versioning { enabled: true, mfa_delete: false });
    });
    later(world, 6);
    world.handle(&[task_for()]);
    let reads = world.bucket.take_steps().into_iter().flat_map(|step| match step {
        Step::Read(questions) => questions,
        Step::Wrote(_) | Step::Kept(_) => Vec::new(),
    });
    let reads: Vec<_> = reads.filter(|question| question.is_of_bucket()).collect();
    assert!(reads.contains(&Question::Replication), "{reads:?}");
}
