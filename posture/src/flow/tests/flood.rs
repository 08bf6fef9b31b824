//! Very many events by one principal are reported, and do not hide those of others.

use serde_json::Value as Json;

use super::*;
use crate::reconcile::triage::{Message, Task, triage};

pub(super) const LOUD: &str = "arn:aws:iam::111122223333:user/loud";
const QUIET: &str = "arn:aws:iam::111122223333:user/quiet";

/// The event of a call by this user on a bucket.
pub(super) fn by(user: &str, bucket: &str, number: usize) -> String {
    let mut message: Json = serde_json::from_str(&call("PutBucketTagging", NOON, None)).unwrap();
    message["detail"]["userIdentity"] = json!({ "type": "IAMUser", "arn": user });
    message["detail"]["requestParameters"]["bucketName"] = json!(bucket);
    message["detail"]["eventID"] = json!(format!("{user}-{number}"));
    message.to_string()
}

#[test]
fn m6_the_first_bucket_of_each_principal_comes_before_the_second_of_any() {
    let account = "111122223333".parse().unwrap();
    let mut bodies: Vec<String> = (0..9).map(|n| by(LOUD, &format!("aaa-{n}"), n)).collect();
    bodies.push(by(QUIET, "zzz", 0));
    let later = NOON + time::Duration::MINUTE;
    let messages = bodies.iter().map(|body| Message {
        id: body.clone(),
        is_again: false,
        read: crate::events::read(body, &account, later).unwrap(),
    });
    let tasks = triage(messages.collect(), later, 15);
    let buckets = tasks.iter().filter_map(|task| match &task.task {
        Task::Reconcile(task) => Some(task.bucket.as_str()),
        Task::Later { .. }
        | Task::Sweep(_)
        | Task::Digest(_)
        | Task::Tick(_)
        | Task::Nothing { .. } => None,
    });
    let buckets: Vec<&str> = buckets.collect();
    assert_eq!(buckets[..3], ["aaa-0", "zzz", "aaa-1"], "by name it would be the last");
    assert_eq!(buckets.len(), 10);
}

#[test]
fn m6_a_flood_by_one_principal_is_reported_once_and_each_event_is_handled() {
    let world = World::new();
    world.with(|state| state.now = NOON + time::Duration::MINUTE);
    let account = WriteCounter::new(world, || world.now());
    let settings = world.configured();
    let flow = Flow {
        account: &account,
        ledger: world,
        outgoing: world,
        settings: &settings,
        clock: Clock { now: &|| world.now(), deadline: None },
        desk: None,
    };
    let handle = |bodies: &[String]| {
        use futures_util::FutureExt as _;
        flow.handle(delivered(bodies, false)).now_or_never().unwrap()
    };
    let floods = || {
        let all = world.outgoing.take().notifications;
        all.into_iter().filter(|one| one.subject.contains("calls on buckets")).collect::<Vec<_>>()
    };
    let batch = |user, from: usize| -> Vec<String> {
        (from..from + 10).map(|number| by(user, "reports", number)).collect()
    };
    for from in (0..290).step_by(10) {
        assert!(handle(&batch(LOUD, from)).failed.is_empty());
        // What is delivered twice counts once, and that of another principal counts for it.
        handle(&batch(LOUD, from));
        handle(&batch(QUIET, from % 100));
    }
    assert_eq!(floods(), []);
    handle(&batch(LOUD, 290));
    let reported = floods();
    assert_eq!(reported.len(), 1);
    assert!(reported[0].text.contains("loud") && reported[0].text.contains("300"));
    handle(&batch(LOUD, 300));
    assert_eq!(floods(), [], "once an hour");
    world.with(|state| state.now += time::Duration::hours(1));
    handle(&batch(LOUD, 310));
    assert_eq!(floods(), [], "it has ended");
}
