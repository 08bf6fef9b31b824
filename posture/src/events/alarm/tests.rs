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

#[test]
fn an_alarm_is_read_as_cloudwatch_sends_it() {
    let alarm = read(&event().to_string()).unwrap();
    assert_eq!(alarm.id.as_deref(), Some("c4c1c1c9-6542-e61b-6ef0-8c4d36933a92"));
    assert_eq!(alarm.name, "s3guard-GuardDlqAlarm");
    assert_eq!(alarm.description.as_deref(), Some("Events that the guard could not handle"));
    assert_eq!((alarm.state, alarm.previous), (AlarmState::Alarm, Some(AlarmState::Ok)));
    assert_eq!(alarm.since, datetime!(2026-11-20 11:59:40.985 UTC));
    assert!(alarm.reason.unwrap().starts_with("Threshold Crossed"));
}

#[test]
fn what_a_composite_alarm_or_a_later_cloudwatch_leaves_out_is_not_missed() {
    let mut event = event();
    let detail = event["detail"].as_object_mut().unwrap();
    detail.remove("configuration");
    detail.remove("previousState");
    detail["state"] = json!({ "value": "ASLEEP", "actionsSuppressedBy": "WaitPeriod" });
    let alarm = read(&event.to_string()).unwrap();
    assert_eq!(alarm.state, AlarmState::Unknown("ASLEEP".to_owned()));
    assert_eq!((alarm.previous, alarm.reason, alarm.description), (None, None, None));
    assert_eq!(alarm.since, datetime!(2026-11-20 12:00 UTC), "the event's own time");
}

#[test]
fn what_is_no_alarm_is_not_read() {
    let check = |change: fn(&mut Value)| {
        let mut event = event();
        change(&mut event);
        assert_eq!(read(&event.to_string()), None, "{event}");
    };
    check(|event| event["source"] = json!("custom"));
    check(|event| event["detail-type"] = json!("CloudWatch Alarm Configuration Change"));
    check(|event| event["detail"]["alarmName"] = json!({}));
    check(|event| event["detail"]["state"] = json!({}));
    assert_eq!(read("no"), None);
}
