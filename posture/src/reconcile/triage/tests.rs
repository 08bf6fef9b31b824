use time::macros::datetime;

use super::*;
use crate::{Aspect, Tool};

const NOON: OffsetDateTime = datetime!(2026-11-20 12:00:00 UTC);

fn message(id: &str, request: Request) -> Message {
    let read = Read { request, attempt: 0, body: format!("body of {id}") };
    Message { id: id.to_owned(), is_again: false, read }
}

fn call(event_name: &str, age_milliseconds: i64) -> Call {
    Call {
        event_name: event_name.to_owned(),
        event_id: None,
        time: NOON - time::Duration::milliseconds(age_milliseconds),
        principal: "someone".to_owned(),
        principal_arn: None,
        tool: Tool::Cli,
        source_ip: None,
        exposes: false,
        opens_sse_c: false,
        makes_default_bucket: false,
        policy: None,
        effect: crate::model::deed::Effect::default(),
    }
}

fn changed(id: &str, bucket: &str, call: Call) -> Message {
    let region = "eu-west-1".parse().unwrap();
    message(id, Request::Changed(Changed { bucket: bucket.parse().unwrap(), region, call }))
}

fn reconcile(id: &str, bucket: &str, known: Option<Known>) -> Message {
    message(id, Request::Own(OwnMessage::Reconcile { bucket: bucket.parse().unwrap(), known }))
}

/// One line for each task, in words.
fn sorted(messages: Vec<Message>) -> Vec<String> {
    let names = |calls: Vec<Call>| {
        let names: Vec<String> = calls.into_iter().map(|call| call.event_name).collect();
        names.join("+")
    };
    let words = |task: TaskOf| {
        let what = match task.task {
            Task::Reconcile(ReconcileTask {
                bucket,
                trigger: Trigger::Calls(calls),
                attempt,
                ..
            }) => {
                format!("reconcile {bucket} for {} ({attempt})", names(calls))
            }
            Task::Reconcile(ReconcileTask { bucket, trigger: Trigger::Sweep, known, .. }) => {
                format!("reconcile {bucket} ({known:?})")
            }
            Task::Later { body, delay_seconds } => format!("{body} in {delay_seconds} s"),
            Task::Sweep(Sweep { continuation, after, .. }) => {
                format!("sweep from {continuation:?} {after:?}")
            }
            Task::Digest(close) => format!("digest of {}", close.window),
            Task::Tick(tick) => format!("tick, sweeps at {}", tick.sweep_rate),
            Task::Nothing { reason } => format!("nothing: {reason}"),
        };
        format!("{}: {what}", task.message_ids.join("+"))
    };
    triage(messages, NOON, 15).into_iter().map(words).collect()
}

#[test]
fn a_new_bucket_settles_by_the_events_own_time() {
    let check = |age_milliseconds, expected: &str| {
        let messages = vec![changed("m", "reports", call("CreateBucket", age_milliseconds))];
        assert_eq!(sorted(messages), [expected], "{age_milliseconds}");
    };
    check(0, "m: body of m in 15 s");
    check(10_200, "m: body of m in 5 s");
    check(14_999, "m: body of m in 1 s");
    check(15_000, "m: reconcile reports for CreateBucket (0)");
    check(300_000, "m: reconcile reports for CreateBucket (0)");
    // An event from the future, by our clock.
    check(-60_000, "m: body of m in 15 s");
}

#[test]
fn tags_settle_with_the_bucket_that_gets_them() {
    for name in ["PutBucketTagging", "DeleteBucketTagging", "TagResource", "UntagResource"] {
        let messages = vec![changed("m", "reports", call(name, 2_000))];
        assert_eq!(sorted(messages), ["m: body of m in 13 s"], "{name}");
    }
}

#[test]
fn a_bucket_that_is_public_from_its_first_moment_waits_for_nothing() {
    let call = Call { exposes: true, ..call("CreateBucket", 0) };
    let messages = vec![changed("m", "reports", call)];
    assert_eq!(sorted(messages), ["m: reconcile reports for CreateBucket (0)"]);
}

#[test]
fn weakening_waits_for_nothing() {
    for name in ["DeleteBucketPublicAccessBlock", "PutBucketPolicy", "PutBucketAcl"] {
        let messages = vec![changed("m", "reports", call(name, 0))];
        assert_eq!(sorted(messages), [format!("m: reconcile reports for {name} (0)")]);
    }
}

#[test]
fn a_block_that_is_switched_off_waits_for_nothing_whichever_tool_does_it() {
    for name in ["DeleteBucketPublicAccessBlock", "PutBucketPublicAccessBlock", "PutBucketPolicy"] {
        for tool in [Tool::Terraform, Tool::CloudFormation, Tool::Cli] {
            let messages = vec![changed("m", "reports", Call { tool, ..call(name, 0) })];
            assert_eq!(sorted(messages), [format!("m: reconcile reports for {name} (0)")]);
        }
    }
}

#[test]
fn many_events_of_a_bucket_are_one_look() {
    let messages = vec![
        changed("m1", "reports", call("PutBucketEncryption", 3_000)),
        changed("m2", "reports", call("DeleteBucketEncryption", 1_000)),
        changed("m3", "photos", call("PutBucketEncryption", 1_000)),
        reconcile("m4", "reports", None),
        changed("m5", "reports", call("PutBucketEncryption", 2_000)),
    ];
    let expected = [
        "m3: reconcile photos for PutBucketEncryption (0)",
        "m1+m2+m4+m5: reconcile reports for PutBucketEncryption+PutBucketEncryption+DeleteBucketEncryption (0)",
    ];
    assert_eq!(sorted(messages), expected);
}

#[test]
fn an_event_takes_nothing_from_the_sweeps_look_at_the_same_bucket() {
    let event = || changed("m1", "reports", call("PutBucketWebsite", 0));
    let extent = |messages| match &triage(messages, NOON, 15)[..] {
        [TaskOf { task: Task::Reconcile(task), .. }] => (task.extent(), task.trigger.calls().len()),
        tasks => panic!("{tasks:?}"),
    };
    let touched = || [Aspect::PublicAccess].into();
    for messages in [
        vec![event(), reconcile("m2", "reports", None)],
        vec![reconcile("m2", "reports", None), event()],
    ] {
        assert_eq!(extent(messages), (Extent::Everything, 1));
    }
    assert_eq!(extent(vec![event()]), (Extent::Touched(touched()), 1));
    assert_eq!(extent(vec![reconcile("m2", "reports", None)]), (Extent::Everything, 0));
}

#[test]
fn many_changes_of_the_account_are_one_look() {
    let account = |id, name, age| changed(id, ".account", call(name, age));
    let messages = vec![
        account("m1", "DeleteAccountPublicAccessBlock", 1_000),
        changed("m2", "reports", call("PutBucketPolicy", 0)),
        account("m3", "PutAccountPublicAccessBlock", 2_000),
        // The guard of every Region may receive it.
        account("m4", "PutAccountPublicAccessBlock", 2_000),
        reconcile("m5", ".account", None),
    ];
    let expected = [
        "m1+m3+m4+m5: reconcile .account for PutAccountPublicAccessBlock+DeleteAccountPublicAccessBlock (0)",
        "m2: reconcile reports for PutBucketPolicy (0)",
    ];
    assert_eq!(sorted(messages), expected);
}

#[test]
fn an_event_that_is_delivered_twice_is_named_once() {
    let twice = vec![
        changed("m1", "reports", call("PutBucketEncryption", 3_000)),
        changed("m2", "reports", call("PutBucketEncryption", 3_000)),
    ];
    assert_eq!(sorted(twice), ["m1+m2: reconcile reports for PutBucketEncryption (0)"]);
}

#[test]
fn every_message_belongs_to_one_task() {
    let sweep = |id, sweep| message(id, Request::Own(OwnMessage::Sweep(sweep)));
    let messages = vec![
        sweep("m1", Sweep::default()),
        sweep("m2", Sweep { after: Some("photos".to_owned()), ..Sweep::default() }),
        message("m3", Request::Ignore("the call failed")),
        reconcile("m4", "reports", None),
        reconcile("m5", ".account", None),
    ];
    let expected = [
        "m1: sweep from None None",
        "m2: sweep from None Some(\"photos\")",
        "m3: nothing: the call failed",
        "m5: reconcile .account (None)",
        "m4: reconcile reports (None)",
    ];
    assert_eq!(sorted(messages), expected);
}

#[test]
fn what_the_sweep_knows_of_a_bucket_goes_with_the_look() {
    let messages = vec![
        reconcile("m1", "reports", None),
        reconcile("m2", "reports", Some(Known::Swept)),
        reconcile("m3", "reports", Some(Known::Before)),
        reconcile("m4", "photos", Some(Known::Before)),
    ];
    let expected =
        ["m4: reconcile photos (Some(Before))", "m1+m2+m3: reconcile reports (Some(Before))"];
    assert_eq!(sorted(messages), expected);
}

#[test]
fn a_look_has_waited_as_often_as_the_message_that_waited_most() {
    let again = |id, attempt| {
        let mut message = changed(id, "reports", call("CreateBucket", 0));
        message.read.attempt = attempt;
        message
    };
    // However young the call is by our clock: it has settled already.
    let messages = vec![again("m1", 2), again("m2", 5)];
    assert_eq!(sorted(messages), ["m1+m2: reconcile reports for CreateBucket (5)"]);
}

#[test]
fn a_look_that_was_begun_before_says_so() {
    let messages = vec![
        Message { is_again: true, ..changed("m1", "reports", call("PutBucketAcl", 0)) },
        changed("m2", "reports", call("PutBucketPolicy", 0)),
    ];
    let tasks = triage(messages, NOON, 15);
    assert!(matches!(&tasks[..], [TaskOf { task: Task::Reconcile(task), .. }] if task.is_again));
}

#[test]
fn a_new_bucket_that_is_not_found_is_retried_for_two_minutes() {
    let again = |event_name, age_seconds: i64| {
        retry_seconds(&Trigger::Calls(vec![call(event_name, age_seconds * 1000)]), NOON)
    };
    assert_eq!(again("CreateBucket", 20), Some(UNKNOWN_DELAY_SECONDS));
    assert_eq!(again("CreateBucket", 120), None);
    assert_eq!(again("PutBucketEncryption", 20), Some(UNKNOWN_DELAY_SECONDS));
    assert_eq!(retry_seconds(&Trigger::Sweep, NOON), None);
}

#[test]
fn a_stack_that_is_not_done_is_waited_for_ever_longer_and_not_for_ever() {
    let delays: Vec<u16> = (0..).map_while(stack_delay_seconds).collect();
    assert_eq!(delays[..8], [15, 30, 60, 120, 240, 480, 900, 900]);
    assert_eq!(delays.len(), 20);
    assert!(delays.is_sorted() && delays.iter().all(|delay| *delay <= DELAY_SECONDS_MAX));
    let all: u32 = delays.into_iter().map(u32::from).sum();
    assert_eq!(all, 13_545, "almost four hours");
    assert_eq!(stack_delay_seconds(u32::MAX), None);
}

#[test]
fn an_event_with_a_time_that_is_not_plausible_is_a_hint_without_a_caller() {
    let day = 24 * 60 * 60 * 1_000;
    for age in [-61_000, -299_000, -250_000_000_000_000, 30 * day] {
        for name in ["CreateBucket", "PutBucketPolicy"] {
            let messages = vec![changed("m", "reports", call(name, age))];
            assert_eq!(sorted(messages), ["m: reconcile reports (None)"], "{name} {age}");
        }
    }
    // It does not take the caller from another event.
    let messages = vec![
        changed("a", "reports", call("PutBucketPolicy", 30 * day)),
        changed("b", "reports", call("PutBucketAcl", 1_000)),
    ];
    assert_eq!(sorted(messages), ["a+b: reconcile reports for PutBucketAcl (0)"]);
}

#[test]
fn the_settle_time_ends_for_each_time_of_an_event() {
    let mut time = NOON + time::Duration::MINUTE;
    let mut sent_back = 0;
    for seconds in (0..600).step_by(15) {
        let now = NOON + time::Duration::seconds(seconds);
        let call = Call { time, ..call("CreateBucket", 0) };
        let tasks = triage(vec![changed("m", "reports", call)], now, 15);
        sent_back += usize::from(matches!(tasks[0].task, Task::Later { .. }));
    }
    assert_eq!(sent_back, 5);
    time += time::Duration::SECOND;
    let call = Call { time, ..call("CreateBucket", 0) };
    let tasks = triage(vec![changed("m", "reports", call)], NOON, 15);
    assert!(matches!(tasks[0].task, Task::Reconcile(_)));
}
