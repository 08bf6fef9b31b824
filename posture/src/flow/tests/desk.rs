//! Notifications at a pace that no subscription is suspended for: nothing is lost, and a duplicate has the same id.

use std::collections::BTreeSet;

use time::Duration as Span;

use super::*;
use crate::digest::samples;
use crate::events::{CloseDigest, OwnMessage};
use crate::flow::desk::keys::Window;
use crate::model::severity::Severity;
use crate::notify::notification::Origin;
use crate::notify::notification::document::Body;

const WINDOW: &str = "20261120T120000Z-60";

/// A report about a bucket.
fn report(name: &str, severity: Severity) -> Notification {
    let (account, region) = ("111122223333".parse().unwrap(), "eu-west-1".parse().unwrap());
    let origin = Origin { account: &account, region: &region, stack: "s3guard", now: NOON };
    let mut notification = samples(&origin).remove(1);
    let document = &mut notification.document;
    document.id = format!("bucket-report:{account}:{name}:{}", severity.name());
    document.severity = severity;
    let Body::BucketReport(report) = &mut document.body else { panic!("the second is a report") };
    name.clone_into(&mut report.bucket);
    name.clone_into(&mut document.buckets[0].name);
    notification
}

fn reports(names: &[&str]) -> Vec<Notification> {
    names.iter().map(|name| report(name, Severity::Warning)).collect()
}

/// Publishes notifications one after the other. Returns which were accepted until the process was killed, if it was.
fn publish(world: &'static World, desk: &Desk, notifications: &[Notification]) -> Vec<bool> {
    world.with(|state| state.points = 0);
    let account = WriteCounter::new(world, || world.now());
    let flow = Flow {
        account: &account,
        ledger: world,
        outgoing: world,
        settings: &World::settings(),
        clock: Clock { now: &|| world.now(), deadline: None },
        desk: Some(desk),
    };
    let accepted = Mutex::new(Vec::new());
    let all = async {
        for notification in notifications {
            let is_accepted = flow.publish(notification).await;
            accepted.lock().unwrap().push(is_accepted);
        }
    };
    let mut all = pin!(all);
    let mut context = Context::from_waker(Waker::noop());
    while all.as_mut().poll(&mut context).is_pending() {
        if world.with(|state| state.points > state.killed_at) {
            break;
        }
    }
    accepted.lock().unwrap().clone()
}

fn with_desk() -> &'static World {
    let world = World::new();
    world.with(|state| state.has_desk = true);
    world
}

/// Delivers messages, and those that are sent or fail, until none is left. Gives what is published.
fn until_closed(world: &'static World, mut bodies: Vec<String>) -> Vec<Notification> {
    let mut published = Vec::new();
    for _ in 0..12 {
        if bodies.is_empty() {
            return published;
        }
        world.with(|state| state.now += Span::minutes(3));
        let handled = world.run(&delivered(&bodies, false), 300).unwrap();
        let sent = world.outgoing.take();
        published.extend(sent.notifications);
        bodies = handled.failed;
        bodies.extend(sent.messages.into_iter().map(|message| message.body));
    }
    panic!("it does not end: {bodies:?}")
}

fn bodies(messages: Vec<Delayed>) -> Vec<String> {
    messages.into_iter().map(|message| message.body).collect()
}

#[test]
fn the_first_of_a_severity_is_published_at_once_and_costs_one_conditional_write() {
    let world = with_desk();
    world.bucket.change(|truth| truth.set(&Setting::PublicAccessBlock(None)));
    world.handle(&[opened()]);
    assert_eq!(world.outgoing.take().notifications.len(), 1);
    let calls = world.ledger_calls();
    let of_digests: Vec<&String> = calls.iter().filter(|call| call.contains("digests/")).collect();
    assert_eq!(of_digests, [&format!("writes digests/{WINDOW}/slot/warning")], "{calls:#?}");
}

#[test]
fn the_rest_is_one_notification_when_the_window_is_over_and_one_alone_is_as_it_was() {
    let world = with_desk();
    let desk = Desk::new(60);
    publish(world, &desk, &reports(&["first", "second"]));
    let sent = world.outgoing.take();
    assert_eq!(sent.notifications.len(), 1);
    assert!(sent.notifications[0].document.buckets[0].name == "first");
    let [close] = &sent.messages[..] else { panic!("{:?}", sent.messages) };
    assert!((60..=70).contains(&close.delay_seconds), "{close:?}");
    let published = until_closed(world, vec![close.body.clone()]);
    let [second] = &published[..] else { panic!("{published:#?}") };
    let expected = report("second", Severity::Warning);
    assert_eq!(second.subject, "s3guard reverted a weakening of second");
    assert_eq!(second.document.id, expected.document.id);
    assert!(second.text.starts_with("Bucket  second (eu-west-1, account 111122223333)\n"));
    assert!(second.text.contains("\nEvent   DeleteBucketPublicAccessBlock by "), "{}", second.text);
    let is_kept = |line: &&str| line.contains("undo:") || line.contains(" arn:aws:iam::");
    let kept: Vec<&str> = expected.text.lines().filter(is_kept).collect();
    assert!(kept.len() >= 2, "{}", expected.text);
    for line in kept {
        assert!(second.text.contains(line), "{}", second.text);
    }
    // Other functions have nothing to publish then.
    assert_eq!(until_closed(world, vec![close.body.clone()]), []);
}

#[test]
fn what_is_critical_does_not_wait_for_a_flood_of_other_notifications() {
    let world = with_desk();
    let desk = Desk::new(60);
    let flood: Vec<String> = (0..50).map(|number| format!("bucket-{number}")).collect();
    let flood: Vec<&str> = flood.iter().map(String::as_str).collect();
    publish(world, &desk, &reports(&flood));
    let before = world.outgoing.take();
    assert_eq!(before.notifications.len(), 1);
    // Also in the next window, whose other slots are taken.
    for window in 0..2 {
        let name = format!("open-{window}");
        let open = [report(&name, Severity::Critical), report("closed", Severity::Warning)];
        publish(world, &Desk::new(60), &open);
        let published = world.outgoing.take().notifications;
        assert_eq!(published.len(), 1, "{published:#?}");
        assert_eq!(published[0].document.buckets[0].name, name);
        world.with(|state| state.now += Span::MINUTE);
    }
    let digest = until_closed(world, bodies(before.messages));
    let subject = &digest[0].subject;
    assert!(subject.ends_with("more)") && digest[0].document.buckets.len() >= 49, "{subject}");
}

#[test]
fn a_thousand_buckets_within_a_minute_are_at_most_ten_notifications_and_each_is_named() {
    let world = with_desk();
    world.with(|state| state.now = NOON + Span::seconds(50));
    let desks: Vec<Desk> = (0..5).map(|_| Desk::new(60)).collect();
    let mut published: Vec<(OffsetDateTime, Notification)> = Vec::new();
    let mut queued: Vec<(OffsetDateTime, String)> = Vec::new();
    let take = |published: &mut Vec<_>, queued: &mut Vec<_>| {
        let sent = world.outgoing.take();
        published.extend(sent.notifications.into_iter().map(|one| (world.now(), one)));
        queued.extend(sent.messages.into_iter().map(|message| {
            (world.now() + Span::seconds(message.delay_seconds.into()), message.body)
        }));
    };
    let name = |number: usize| format!("bucket-{number:04}");
    for number in 0..1_000 {
        let all = [Severity::Info, Severity::Warning, Severity::Critical];
        // Some stay public.
        let some = if number % 50 == 0 { &all[..] } else { &all[..2] };
        for (place, severity) in some.iter().enumerate() {
            let accepted =
                publish(world, &desks[(number + place) % 5], &[report(&name(number), *severity)]);
            assert_eq!(accepted, [true]);
            take(&mut published, &mut queued);
        }
        world.with(|state| state.now += Span::milliseconds(45));
        let due: Vec<_> = queued.extract_if(.., |(time, _)| *time <= world.now()).collect();
        for (_, body) in due {
            assert!(world.run(&delivered(&[body], false), 300).unwrap().failed.is_empty());
            take(&mut published, &mut queued);
        }
    }
    while !queued.is_empty() {
        queued.sort();
        let (time, body) = queued.remove(0);
        world.with(|state| state.now = state.now.max(time));
        assert!(world.run(&delivered(&[body], false), 300).unwrap().failed.is_empty());
        take(&mut published, &mut queued);
    }
    assert!(published.len() <= 10, "{}", published.len());
    for (time, _) in &published {
        let within = published
            .iter()
            .filter(|(other, _)| (Span::ZERO..Span::SECOND).contains(&(*other - *time)));
        assert!(within.count() <= 5);
    }
    for number in 0..1_000 {
        let name = name(number);
        // The text of what is published at once is that of a sample.
        let is_named = |one: &Notification| match &one.document.buckets[..] {
            [bucket] => bucket.name == name,
            _ => one.text.contains(&name),
        };
        assert!(published.iter().any(|(_, one)| is_named(one)), "{name}");
    }
    let ids: BTreeSet<&str> = published.iter().map(|(_, one)| one.document.id.as_str()).collect();
    assert_eq!(ids.len(), published.len());
}

/// Publishes at a desk, killed at a point; then closes the window, killed at another one; then goes on. Gives whether there
/// are such points.
fn kill_at(publishing: usize, closing: usize) -> [bool; 2] {
    let world = with_desk();
    let names = ["first", "second", "third", "fourth"];
    let all = reports(&names);
    world.with(|state| state.killed_at = publishing);
    let accepted = publish(world, &Desk::new(60), &all);
    let is_killed = world.with(|state| state.points > state.killed_at);
    world.with(|state| state.killed_at = usize::MAX);
    let mut sent = world.outgoing.take();
    // What was not accepted is delivered again, to another function.
    let rest: Vec<Notification> = all
        .iter()
        .enumerate()
        .filter(|(place, _)| accepted.get(*place) != Some(&true))
        .map(|(_, one)| one.clone())
        .collect();
    publish(world, &Desk::new(60), &rest);
    let more = world.outgoing.take();
    sent.notifications.extend(more.notifications);
    sent.messages.extend(more.messages);
    world.with(|state| (state.now, state.killed_at) = (state.now + Span::minutes(2), closing));
    let close = bodies(sent.messages);
    let first = world.run(&delivered(&close[..1], false), 300);
    world.with(|state| state.killed_at = usize::MAX);
    let more = world.outgoing.take();
    sent.notifications.extend(more.notifications);
    let mut left = close[usize::from(first.is_some())..].to_vec();
    left.extend(first.iter().flat_map(|handled| handled.failed.clone()));
    left.extend(bodies(more.messages));
    sent.notifications.extend(until_closed(world, left));
    let context = format!("killed at {publishing} and {closing}");
    for name in names {
        let is_named = sent.notifications.iter().any(|one| {
            one.text.contains(&format!("Bucket  {name}"))
                || one.document.buckets.iter().any(|bucket| bucket.name == name)
        });
        assert!(is_named, "{context}: {name}");
    }
    for (place, one) in sent.notifications.iter().enumerate() {
        for other in &sent.notifications[place + 1..] {
            let is_same = one.document.id == other.document.id;
            assert!(!is_same || one.document.buckets == other.document.buckets, "{context}");
        }
    }
    if !is_killed && first.is_some() {
        assert_eq!(sent.notifications.len(), 2, "{context}: nothing is published twice");
    }
    [is_killed, first.is_none()]
}

#[test]
fn nothing_is_lost_wherever_a_function_is_killed() {
    let publishing = (0..1_000).take_while(|point| kill_at(*point, usize::MAX)[0]).count();
    let closing = (0..1_000).take_while(|point| kill_at(usize::MAX, *point)[1]).count();
    assert!(publishing > 8 && closing > 8, "{publishing} {closing}");
    for point in 0..publishing {
        kill_at(point, closing / 2);
    }
}

#[test]
fn without_the_ledger_each_is_published_by_itself_and_slowly() {
    let world = with_desk();
    world.with(|state| state.is_ledger_writable = false);
    assert_eq!(publish(world, &Desk::new(60), &reports(&["a-1", "b-2", "c-3"])), [true; 3]);
    assert_eq!(world.outgoing.take().notifications.len(), 3);
    assert!(world.now() >= NOON + Span::seconds(6));
}

#[test]
fn what_others_have_put_into_the_ledger_is_not_published() {
    let world = with_desk();
    publish(world, &Desk::new(60), &reports(&["first", "second"]));
    let close = bodies(world.outgoing.take().messages);
    let window: Window = WINDOW.parse().unwrap();
    let planted = crate::notify::report::Folded::of(&report("planted", Severity::Critical));
    world.ledger.put_foreign(&window.entry(&planted), planted.json());
    // Its content is not that of its key.
    world.ledger.put(&window.entry_named("another"), planted.json());
    world.ledger.put(&window.entry_named("no-json"), b"{".to_vec());
    let published = until_closed(world, close);
    assert_eq!(published.len(), 1, "{published:#?}");
    assert!(!published[0].text.contains("planted"));
    // Nor is a window that a message makes up.
    for window in ["20200101T000000Z-60", "20991231T235900Z-60", "x"] {
        let message = CloseDigest { window: window.to_owned(), attempt: 0 };
        let body = OwnMessage::Digest(message).body();
        assert!(world.run(&delivered(&[body], false), 300).unwrap().failed.is_empty());
    }
    assert!(world.outgoing.take().messages.is_empty());
}

#[test]
fn a_sweep_closes_a_window_whose_message_was_lost() {
    let world = with_desk();
    publish(world, &Desk::new(60), &reports(&["first", "second"]));
    world.outgoing.take();
    world.with(|state| state.now += Span::hours(6));
    world.handle(&[scheduled()]);
    let close = bodies(world.outgoing.take().messages);
    let close: Vec<String> = close.into_iter().filter(|body| body.contains("digest")).collect();
    let [close] = &close[..] else { panic!("{close:?}") };
    assert!(close.contains(WINDOW), "{close}");
    let published = until_closed(world, vec![close.clone()]);
    assert_eq!(published.len(), 1);
    // It is done.
    world.handle(&[scheduled()]);
    let sent = bodies(world.outgoing.take().messages);
    assert!(!sent.iter().any(|body| body.contains("digest")), "{sent:?}");
}

#[test]
fn what_was_found_before_a_subscription_was_confirmed_is_reported_again_once() {
    let world = with_desk();
    world.bucket.change(|truth| truth.public_access_block = Reading::Denied);
    let sweep = || {
        world.with(|state| state.now += Span::hours(6));
        world.handle(&[scheduled()]);
        world.outgoing.take();
        world.handle(&[task_for()]);
        let published = world.outgoing.take().notifications;
        published.iter().filter(|one| one.subject.starts_with("HIGH: ")).count()
    };
    world.with(|state| state.is_subscribed = false);
    assert_eq!(sweep(), 1, "SNS drops it");
    assert_eq!(sweep(), 0, "it is not repeated within 30 days");
    world.with(|state| state.is_subscribed = true);
    assert_eq!(sweep(), 1, "now it is read");
    assert_eq!(sweep(), 0);
    // Confirmed once more after it was lost.
    world.with(|state| state.is_subscribed = false);
    assert_eq!(sweep(), 0);
    world.with(|state| state.is_subscribed = true);
    assert_eq!(sweep(), 1);
}
