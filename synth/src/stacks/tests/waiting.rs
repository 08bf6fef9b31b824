//! The alarm about messages that wait: as soon as an ordinary day allows.

use s3guard_posture::Config;
use s3guard_posture::contract::SETTLE_SECONDS_MAX;
use s3guard_posture::contract::alarms::ALARMS;
use serde_json::Value as Json;

use crate::stacks::guard_with;

const QUEUES: [(&str, &str, &str); 2] = [
    ("GuardWaitingAlarm", "GuardQueue", "GuardFunction"),
    ("ObjectWaitingAlarm", "ObjectQueue", "NotifyFunction"),
];

fn properties(template: &Json, id: &str) -> Json {
    template["Resources"][id]["Properties"].clone()
}

/// The age of the oldest message counts delayed messages and those in flight: no lower threshold is right for all of them.
#[test]
fn m6_no_message_of_an_ordinary_day_raises_the_alarm_about_waiting() {
    for config in ["{}", r#"{"notifications":{"window":"1h"}}"#] {
        let config = Config::from_json(config).unwrap();
        let template = guard_with(&config).render().unwrap();
        for (alarm, queue, function) in QUEUES {
            let seconds = |id: &str, name: &str| properties(&template, id)[name].as_u64().unwrap();
            let ordinary = u64::from(SETTLE_SECONDS_MAX)
                + seconds(queue, "VisibilityTimeout")
                + seconds(function, "Timeout");
            let threshold = seconds(alarm, "Threshold");
            assert!((ordinary..ordinary + 60).contains(&threshold), "{alarm}: {threshold}");
            assert_eq!(
                properties(&template, alarm)["MetricName"],
                "ApproximateAgeOfOldestMessage",
                "{alarm}"
            );
            let (_, words) = ALARMS.iter().find(|(id, _)| *id == alarm).unwrap();
            let minutes = threshold.div_ceil(60);
            assert!(words.contains(&format!("waited for {minutes} minutes")), "{words}");
        }
    }
}

#[test]
fn the_guard_has_concurrent_executions_of_its_own_only_if_asked() {
    let template = guard_with(&Config::default()).render().unwrap();
    let reserved = properties(&template, "GuardFunction")["ReservedConcurrentExecutions"].clone();
    assert_eq!(reserved["Fn::If"][0], "HasReservedConcurrency");
    assert_eq!(reserved["Fn::If"][1], 5);
    let most = &properties(&template, "GuardSource")["ScalingConfig"]["MaximumConcurrency"];
    assert_eq!(*most, 5, "what its queue can use");
    assert_eq!(template["Parameters"]["ReservedConcurrency"]["Default"], "off");
    assert_eq!(properties(&template, "NotifyFunction").get("ReservedConcurrentExecutions"), None);
}
