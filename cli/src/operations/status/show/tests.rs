use std::collections::BTreeMap;

use expect_test::expect_file;
use s3guard_aws::alarms::Alarm;
use s3guard_aws::ledger::Newest;
use s3guard_aws::queues::Depth;
use s3guard_aws::stacks::drift::LastDrift;
use s3guard_aws::stacks::{Stack, StackStatus};
use s3guard_aws::subscriptions::Subscription;
use time::OffsetDateTime;

use crate::operations::status::gather::{QUEUES, QueueSeen};
use crate::operations::status::judge;
use crate::operations::status::show::*;

fn seen() -> Seen {
    let output = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let stack = Stack {
        id: "arn:stack".to_owned(),
        status: StackStatus::from("UPDATE_COMPLETE"),
        reason: None,
        parameters: BTreeMap::new(),
        outputs: BTreeMap::from([output("TopicArn", "arn:aws:sns:eu-west-1:111122223333:guard")]),
        tags: BTreeMap::new(),
        updated: None,
        protected: true,
    };
    let queues = QUEUES.map(|(name, _, is_dead_letters)| QueueSeen {
        name,
        is_dead_letters,
        depth: Ok(Depth { waiting: 0, in_flight: 0, delayed: 0 }),
    });
    let alarm = |name: &str| Alarm {
        name: format!("guard-{name}"),
        state: "OK".to_owned(),
        reason: String::new(),
        since: None,
    };
    let subscription = Subscription {
        protocol: "email".to_owned(),
        endpoint: "owner@example.com".to_owned(),
        is_pending: false,
    };
    Seen {
        stack,
        region: "eu-west-1".parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        functions: ["guard-GuardFunction-1", "guard-NotifyFunction-1"]
            .map(|name| (name.to_owned(), Ok(None)))
            .into(),
        queues: queues.into(),
        alarms: Ok(vec![alarm("GuardDeadLettersAlarm"), alarm("GuardErrorsAlarm")]),
        subscriptions: Ok(vec![subscription]),
        trail: Ok(Trail::Records("guard-eu-west-1".to_owned())),
        drift: Ok(LastDrift {
            status: "IN_SYNC".to_owned(),
            checked: Some(OffsetDateTime::UNIX_EPOCH),
        }),
        events: Ok(Vec::new()),
        writes: Ok(Newest {
            writes: [
                ("reports@20261124T231502.123Z-encryption", false),
                ("photos@20261124T221502.123Z-policy", true),
            ]
            .map(|(id, has_failed)| (id.parse().unwrap(), has_failed))
            .into(),
            is_whole: true,
        }),
    }
}

fn troubled() -> Seen {
    let mut seen = seen();
    seen.stack.status = StackStatus::from("UPDATE_ROLLBACK_COMPLETE");
    seen.stack.reason = Some("The following resource(s) failed to update: [Topic]".to_owned());
    seen.functions[0].1 = Ok(Some("its state is `Failed`: the key is disabled".to_owned()));
    seen.functions[1].1 = Err("not allowed to look: `lambda:GetFunctionConfiguration`".to_owned());
    seen.queues[1].depth = Ok(Depth { waiting: 12, in_flight: 1, delayed: 0 });
    seen.queues[3].depth = Err("not allowed to look: `GetQueueAttributes`".to_owned());
    if let Ok(alarms) = &mut seen.alarms {
        alarms[0].state = "ALARM".to_owned();
        alarms[0].reason = "12 is more than 0".to_owned();
        alarms[0].since = Some(OffsetDateTime::UNIX_EPOCH);
    }
    if let Ok(subscriptions) = &mut seen.subscriptions {
        subscriptions[0].is_pending = true;
    }
    seen.trail = Ok(Trail::None(vec!["`org`: is not logging".to_owned()]));
    seen.drift = Ok(LastDrift { status: "DRIFTED".to_owned(), checked: None });
    if let Ok(writes) = &mut seen.writes {
        writes.is_whole = false;
    }
    seen
}

fn shown_as(seen: Seen, width: usize, paint: Paint) -> String {
    let to_do = judge::to_do(&seen, "guard");
    Status::of(seen, "guard", to_do, View { width, paint }).to_string()
}

#[test]
fn a_guard_is_shown_on_any_screen_with_and_without_colour() {
    expect_file!["../../../golden/status-well-narrow.txt"].assert_eq(&shown_as(
        seen(),
        60,
        Paint::Plain,
    ));
    expect_file!["../../../golden/status-well-wide-colour.txt"].assert_eq(&shown_as(
        seen(),
        120,
        Paint::Ansi,
    ));
    expect_file!["../../../golden/status-trouble-narrow-colour.txt"].assert_eq(&shown_as(
        troubled(),
        60,
        Paint::Ansi,
    ));
    expect_file!["../../../golden/status-trouble-wide.txt"].assert_eq(&shown_as(
        troubled(),
        120,
        Paint::Plain,
    ));
}

#[test]
fn each_trouble_is_one_thing_to_do_and_a_well_guard_has_none() {
    assert!(judge::to_do(&seen(), "guard").is_empty());
    let check = |change: fn(&mut Seen), words: &str| {
        let mut seen = seen();
        change(&mut seen);
        let to_do = judge::to_do(&seen, "guard");
        assert!(to_do.len() == 1 && to_do[0].contains(words), "{words}: {to_do:?}");
    };
    check(|seen| seen.stack.status = StackStatus::from("UPDATE_IN_PROGRESS"), "events --follow");
    check(|seen| seen.stack.status = StackStatus::from("UPDATE_ROLLBACK_COMPLETE"), "last wanted");
    check(|seen| seen.functions[0].1 = Ok(Some("gone".to_owned())), "guard-GuardFunction-1: gone");
    check(
        |seen| seen.queues[1].depth = Ok(Depth { waiting: 1, in_flight: 0, delayed: 0 }),
        "1 buckets not handled: mend the cause",
    );
    check(
        |seen| seen.queues[4].depth = Ok(Depth { waiting: 1, in_flight: 0, delayed: 0 }),
        "an endpoint does not take them",
    );
    check(|seen| seen.trail = Ok(Trail::None(Vec::new())), "there is none");
    check(|seen| seen.subscriptions = Ok(Vec::new()), "nobody hears of anything");
    check(
        |seen| seen.drift = Ok(LastDrift { status: "DRIFTED".to_owned(), checked: None }),
        "--revert-drift",
    );
    check(
        |seen| {
            if let Ok(alarms) = &mut seen.alarms {
                alarms[1].state = "ALARM".to_owned();
            }
        },
        "alarm guard-GuardErrorsAlarm has gone off",
    );
}

#[test]
fn what_may_not_be_looked_at_is_said_and_is_no_trouble() {
    let mut seen = seen();
    let denied = || "not allowed to look: `X`".to_owned();
    seen.functions[0].1 = Err(denied());
    seen.queues[0].depth = Err(denied());
    seen.alarms = Err(denied());
    seen.subscriptions = Err(denied());
    seen.trail = Err(denied());
    seen.drift = Err(denied());
    seen.events = Err(denied());
    seen.writes = Err(denied());
    assert!(judge::to_do(&seen, "guard").is_empty());
    let view = View { width: 80, paint: Paint::Plain };
    let status = Status::of(seen, "guard", Vec::new(), view);
    assert_eq!(status.not_seen.len(), 8, "{:?}", status.not_seen);
    let text = status.to_string();
    assert!(text.contains("alarms: not allowed to look: `X`"), "{text}");
    assert!(!text.contains("no trail that records"), "{text}");
    assert!(!text.contains("nobody"), "{text}");
}
