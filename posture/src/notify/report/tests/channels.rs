//! Each kind of notification for each channel, also with hostile names.

use expect_test::expect_file;

use super::others::{endings, origin, stopped, terraform};
use super::*;
use crate::events::alarm::{AlarmEvent, AlarmState};
use crate::notify::notification::channels::shown as channels;

#[test]
fn a_report_of_a_bucket() {
    let call = Call {
        event_id: Some("6f9c3c1b-0001".to_owned()),
        source_ip: Some("192.0.2.1".to_owned()),
        ..call("DeleteBucketPublicAccessBlock")
    };
    let mut run = Run::new(
        Trigger::Calls(vec![call]),
        vec![
            open(),
            sse_c(),
            not_remediated(
                Aspect::Encryption,
                Reason::Outsiders("its policy lets others in".to_owned()),
            ),
            waiting(),
        ],
    );
    run.failing = vec![SettingKind::Encryption];
    run.owner = Some("owner@example.com");
    run.times = 2;
    expect_file!["channels/report.txt"].assert_eq(&channels(&run.notification().unwrap()));
}

#[test]
fn a_report_in_which_everybody_elses_words_are_hostile() {
    let hostile = "a\r\nb\x1b[2J\u{202e}`<!channel> @here *x* <https://x|y> &lt;";
    let call = Call {
        event_name: hostile.to_owned(),
        principal: format!("arn:aws:sts::444455556666:assumed-role/{hostile}/{hostile}"),
        source_ip: Some(hostile.to_owned()),
        ..call("")
    };
    let unknown = not_remediated(Aspect::Encryption, Reason::UnknownAlgorithm(hostile.to_owned()));
    let mut run = Run::new(Trigger::Calls(vec![call]), vec![sse_c(), unknown]);
    run.owner = Some("@channel <!here>\n");
    expect_file!["channels/hostile.txt"].assert_eq(&channels(&run.notification().unwrap()));
}

#[test]
fn what_a_sweep_has_found_in_many_buckets() {
    let found = |name: &str, finding: Finding| {
        let id = BucketId { name: name.parse().unwrap(), ..id() };
        Run { id, ..Run::new(Trigger::Sweep, vec![finding]) }.notification().unwrap()
    };
    let joined = Notification::joined(vec![found("reports", open()), found("photos", sse_c())]);
    assert_eq!(joined.len(), 1);
    expect_file!["channels/joined.txt"].assert_eq(&channels(&joined[0]));
}

#[test]
fn a_tug_of_war() {
    let calls = [terraform("PutBucketPolicy", 1), terraform("PutBucketPolicy", 31)];
    expect_file!["channels/conflict.txt"].assert_eq(&channels(&stopped(&id(), &calls)));
}

#[test]
fn a_gap_in_what_is_heard() {
    let buckets = ["photos", "reports"].map(|name| name.parse().unwrap());
    expect_file!["channels/coverage-gap.txt"]
        .assert_eq(&channels(&coverage_gap(&buckets, &origin(&id()))));
}

#[test]
fn exemptions_that_end() {
    expect_file!["channels/exemptions-ending.txt"]
        .assert_eq(&channels(&exemptions_ending(&endings(), &origin(&id()))));
}

#[test]
fn an_alarm() {
    let event = AlarmEvent {
        id: Some("c4c1c1c9-6542-e61b-6ef0-8c4d36933a92".to_owned()),
        name: "s3guard-GuardDlqAlarm".to_owned(),
        description: crate::contract::alarms::ALARMS[0].1,
        state: AlarmState::Alarm,
        previous: Some(AlarmState::Ok),
        since: NOON,
    };
    expect_file!["channels/alarm.txt"].assert_eq(&channels(&alarm(&event, &origin(&id()))));
    let over = AlarmEvent { state: AlarmState::Ok, previous: Some(AlarmState::Alarm), ..event };
    let notification = alarm(&over, &origin(&id()));
    assert_eq!(notification.subject, "s3guard: an alarm is in state OK: s3guard-GuardDlqAlarm");
    assert_eq!(notification.document.severity, Severity::Info);
    assert!(!notification.text.contains("What to do"));
}
