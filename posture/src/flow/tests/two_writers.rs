//! Two functions with the same bucket, and writes of its state that are lost.

use serde_json::Value;

use super::*;
use crate::Aspect;
use crate::model::setting::Setting;
use crate::notify::notification::Attribute;

fn hide(world: &World) {
    world.bucket.change(|truth| truth.public_access_block = Reading::Denied);
}

#[test]
fn what_another_function_has_noted_is_kept() {
    for is_there in [true, false] {
        let world = World::new();
        hide(world);
        if is_there {
            world.update_state(&Update::new(NOON - time::Duration::HOUR));
        }
        let theirs = Update {
            findings: vec![(Aspect::Encryption, "a reason".to_owned(), true)],
            writes: vec![Write { time: NOON, setting: SettingKind::Encryption, principal: None }],
            unreported: vec!["an id".to_owned()],
            ..Update::new(NOON)
        };
        world.with(|state| state.written_by_another = vec![theirs; 3]);
        let handled = world.handle(&[opened()]);
        assert!(handled.failed.is_empty());
        let state = world.state().unwrap();
        let aspects: Vec<Aspect> = state.findings.iter().map(|finding| finding.aspect).collect();
        assert_eq!(aspects, [Aspect::Encryption, Aspect::PublicAccess]);
        assert!(state.findings.iter().all(|finding| finding.notified.is_some()));
        assert!(state.unreported.contains("an id"));
        assert!(state.writes.iter().any(|write| write.setting == SettingKind::Encryption));
        assert_eq!(state.known.unwrap().how, Known::Event);
    }
}

#[test]
fn a_write_of_the_state_that_is_lost_is_counted_and_the_report_comes_again_at_most() {
    for lost in [Lost::Request, Lost::Answer] {
        let world = World::new();
        hide(world);
        world.with(|state| state.state_writes_fail = vec![lost]);
        let handled = world.handle(&[opened()]);
        assert_eq!(count(&handled, Metric::NotRecorded), 1);
        assert!(handled.failed.is_empty());
        let is_noted = world.state().is_some();
        assert_eq!(is_noted, lost == Lost::Answer);
        world.outgoing.take();
        world.handle(&[task_for()]);
        let text: String =
            world.outgoing.take().notifications.into_iter().map(|one| one.text).collect();
        let is_again = text.contains(Aspect::PublicAccess.words());
        assert_eq!(is_again, !is_noted, "{text}");
    }
}

#[test]
fn a_state_that_others_always_write_first_ends_after_some_times() {
    let world = World::new();
    hide(world);
    let others =
        (0..20_u8).map(|count| Update { unreported: vec![count.to_string()], ..Update::new(NOON) });
    world.with(|state| state.written_by_another = others.collect());
    let handled = world.handle(&[opened()]);
    assert_eq!((handled.failed.len(), count(&handled, Metric::NotRecorded)), (0, 1));
    let writes = world.ledger_calls().into_iter().filter(|call| call.starts_with("writes state/"));
    assert_eq!(writes.count(), 6);
}

#[test]
fn a_statement_that_was_put_between_a_read_and_a_write_is_reported_and_not_written() {
    let world = World::new();
    world.handle(&[call("CreateBucket", NOON - time::Duration::MINUTE, None)]);
    world.outgoing.take();
    let policy = world.bucket.truth().policy;
    let theirs = json!({
        "Sid": "Readers", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",
        "Principal": { "AWS": "arn:aws:iam::111122223333:role/Readers" },
        "Condition": { "StringLike": { "aws:Referer": "https://example.com/\u{202e}" } },
    });
    let mut event: Value = serde_json::from_str(&call("PutBucketPolicy", NOON, None)).unwrap();
    event["detail"]["requestParameters"]["bucketPolicy"] =
        json!({ "Version": "2012-10-17", "Statement": [theirs] });
    world.with(|state| state.now = NOON + time::Duration::seconds(30));
    assert!(world.handle(&[event.to_string()]).failed.is_empty());
    assert_eq!(world.bucket.truth().policy, policy);
    let [notification] = &world.outgoing.take().notifications[..] else { panic!() };
    let severity = &notification.attributes["severity"];
    assert_eq!(*severity, Attribute::One("high".to_owned()));
    let text = &notification.text;
    assert!(text.contains("statements of its policy are gone"), "{text}");
    let (_, snippet) = text.split_once("To add to the policy again\n").unwrap();
    let (snippet, _) = snippet.split_once("\n\n").unwrap();
    assert!(!snippet.contains("://") && !snippet.contains('\u{202e}'), "{snippet}");
    assert_eq!(serde_json::from_str::<Value>(snippet).unwrap(), json!([theirs]));
    // What is there is not lost.
    let text = world.bucket.truth().policy.known().unwrap().text().to_owned();
    let mut both: Value = serde_json::from_str(&text).unwrap();
    both["Statement"].as_array_mut().unwrap().push(theirs);
    world.bucket.change(|truth| truth.set(&Setting::Policy(Some(both.to_string()))));
    world.handle(&[event.to_string()]);
    assert!(world.outgoing.take().notifications.is_empty());
}

/// Runs two batches at the same time: at each point the next bit says which one goes on.
fn interleaved(world: &'static World, first: &[String], second: &[String], mut bits: u64) {
    world.with(|state| state.is_interleaved = true);
    let (settings, account) = (World::settings(), WriteCounter::new(world, || world.now()));
    let flow = Flow {
        account: &account,
        ledger: world,
        outgoing: world,
        settings: &settings,
        clock: Clock { now: &|| world.now(), deadline: None },
        desk: None,
    };
    let mut one = pin!(flow.handle(delivered(first, false)));
    let mut other = pin!(flow.handle(delivered(second, false)));
    let mut context = Context::from_waker(Waker::noop());
    let (mut one_is_done, mut other_is_done) = (false, false);
    while !one_is_done || !other_is_done {
        let is_one = (bits & 1 == 1 || other_is_done) && !one_is_done;
        bits = bits.rotate_right(1);
        if is_one {
            one_is_done = one.as_mut().poll(&mut context).is_ready();
        } else {
            other_is_done = other.as_mut().poll(&mut context).is_ready();
        }
    }
    world.with(|state| state.is_interleaved = false);
}

#[test]
fn two_functions_with_the_same_bucket_lose_nothing_in_any_order() {
    // Multiples of a prime, as patterns of bits that look arbitrary and are the same in each run.
    for count in 0..300_u64 {
        let bits = count.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let world = World::new();
        hide(world);
        let versioning = call("PutBucketVersioning", NOON - time::Duration::MINUTE, None);
        interleaved(world, &[opened()], &[versioning, task_for()], bits);
        let state = world.state().unwrap();
        let has = |aspect| state.findings.iter().any(|finding| finding.aspect == aspect);
        assert!(has(Aspect::PublicAccess), "{bits:b}: {state:#?}");
        assert!(state.findings.iter().all(|finding| finding.notified.is_some()), "{bits:b}");
        let records = world.with(|state| state.records.len());
        assert_eq!(state.writes.len(), records, "{bits:b}");
        for (kind, event) in [
            (SettingKind::PublicAccessBlock, "DeleteBucketPublicAccessBlock"),
            (SettingKind::Versioning, "PutBucketVersioning"),
        ] {
            let source = state.settings[&kind].source.as_ref().unwrap();
            assert_eq!(source.event_name, event, "{bits:b}");
        }
    }
}
