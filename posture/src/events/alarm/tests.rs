use serde_json::json;
use time::macros::datetime;

use super::*;

/// An event after the sample of the Amazon CloudWatch User Guide.
fn event() -> Value {
    json!({
        "version": "0",
        "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": "111122223333",
        "time": "2026-11-20T12:00:00Z",
        "region": "eu-west-1",
        "resources": ["arn:aws:cloudwatch:eu-west-1:111122223333:alarm:s3guard-GuardDlqAlarm"],
        "detail": {
            "alarmName": "s3guard-GuardDlqAlarm",
            "configuration": {
                "description": "Events that the guard could not handle",
                "metrics": [{
                    "id": "30b6c6b2-a864-43a2-4877-c09a1afc3b87",
                    "metricStat": {
                        "metric": { "name": "ApproximateNumberOfMessagesVisible", "namespace": "AWS/SQS" },
                        "period": 60,
                        "stat": "Maximum"
                    },
                    "returnData": true
                }]
            },
            "previousState": { "reason": "…", "timestamp": "2026-11-20T11:00:00.000+0000", "value": "OK" },
            "state": {
                "reason": "Threshold Crossed: 1 datapoint [1.0 (20/11/26 11:58:00)] was greater than the threshold (0.0).",
                "reasonData": "{\"version\":\"1.0\"}",
                "timestamp": "2026-11-20T11:59:40.985+0000",
                "value": "ALARM"
            }
        }
    })
}

fn read(body: &str) -> Result<Option<AlarmEvent>, NotAnEvent> {
    let of = OfStack {
        account: &"111122223333".parse().unwrap(),
        region: &"eu-west-1".parse().unwrap(),
        stack: "s3guard",
        now: datetime!(2026-11-20 12:00 UTC),
    };
    super::read(body, of)
}

#[test]
fn an_alarm_is_read_with_the_description_of_the_stack() {
    let alarm = read(&event().to_string()).unwrap().unwrap();
    assert_eq!(alarm.id.as_deref(), Some("c4c1c1c9-6542-e61b-6ef0-8c4d36933a92"));
    assert_eq!(alarm.name, "s3guard-GuardDlqAlarm");
    assert!(alarm.description.starts_with("A bucket event could not be handled"));
    assert_eq!((alarm.state, alarm.previous), (AlarmState::Alarm, Some(AlarmState::Ok)));
    assert_eq!(alarm.since, datetime!(2026-11-20 11:59:40.985 UTC));
}

#[test]
fn fields_that_are_missing_or_unknown_do_not_matter() {
    let mut event = event();
    let detail = event["detail"].as_object_mut().unwrap();
    detail.remove("configuration");
    detail.remove("previousState");
    detail["state"] = json!({ "value": "ASLEEP", "actionsSuppressedBy": "WaitPeriod" });
    let alarm = read(&event.to_string()).unwrap().unwrap();
    assert_eq!((alarm.state, alarm.previous), (AlarmState::Unknown, None));
    assert_eq!(alarm.since, datetime!(2026-11-20 12:00 UTC), "the event's own time");
}

#[test]
fn another_event_is_not_an_alarm() {
    let check = |change: fn(&mut Value)| {
        let mut event = event();
        change(&mut event);
        assert_eq!(read(&event.to_string()).unwrap(), None, "{event}");
    };
    check(|event| event["source"] = json!("custom"));
    check(|event| event["detail-type"] = json!("CloudWatch Alarm Configuration Change"));
    assert_eq!(read("no").unwrap(), None);
}

#[test]
fn only_the_alarms_of_the_stack_count_and_not_their_texts() {
    let check = |change: fn(&mut Value)| {
        let mut event = event();
        change(&mut event);
        let read = read(&event.to_string());
        assert!(matches!(read, Err(NotAnEvent::Refused(_))), "{event}: {read:?}");
    };
    check(|event| event["account"] = json!("999900001111"));
    check(|event| event["detail"]["alarmName"] = json!("https://evil.example/"));
    check(|event| event["detail"]["alarmName"] = json!("s3guard-GuardDlqAlarm-2"));
    check(|event| event["detail"]["alarmName"] = json!({}));
    check(|event| event["resources"] = json!([]));
    check(|event| {
        event["resources"] =
            json!(["arn:aws:cloudwatch:us-east-1:111122223333:alarm:s3guard-GuardDlqAlarm"]);
    });
    check(|event| {
        event["detail"]["state"]["timestamp"] = json!("2026-11-20T12:05:01.000+0000");
    });
    let mut event = event();
    event["detail"]["configuration"]["description"] = json!("Log in at https://evil.example/");
    event["detail"]["state"]["reason"] = json!("Log in at https://evil.example/");
    event["detail"]["state"]["value"] = json!("https://evil.example/");
    let alarm = read(&event.to_string()).unwrap().unwrap();
    assert!(!format!("{alarm:?}").contains("evil"), "{alarm:?}");
}
