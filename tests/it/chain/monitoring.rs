//! Monitoring a guard: `status`, `logs` and `drift`.

use std::process::Output;

use serde_json::{Value, json};

use super::guarded::{Guarded, s3guard};

fn ask(guarded: &Guarded, arguments: &[&str]) -> Output {
    let mut all = arguments.to_vec();
    all.extend(["--stack", "guard"]);
    s3guard(&guarded.account.env(), &all)
}

/// The JSON output of `status`, and its exit code.
pub(super) fn status(guarded: &Guarded) -> (Option<i32>, Value) {
    let output = ask(guarded, &["status", "--output", "json"]);
    let mut all = crate::json::read("status", &output.stdout);
    (output.status.code(), all["regions"][0].take())
}

fn to_do(status: &Value) -> String {
    status["toDo"].to_string()
}

#[test]
fn the_status_shows_the_last_writes_and_the_problems() {
    let guarded = Guarded::new(&[]);
    let (_, bucket) = guarded.with_bucket();
    let (exit, seen) = status(&guarded);
    assert_eq!((exit, &seen["toDo"]), (Some(0), &json!([])), "{seen:#}");
    assert_eq!(seen["notSeen"], json!([]), "{seen:#}");
    assert!(seen["alarms"].as_array().unwrap().len() > 10, "{seen:#}");
    let writes = seen["lastWrites"].as_array().unwrap();
    assert!(writes.iter().any(|write| write["bucket"] == *bucket), "{seen:#}");

    let client = guarded.account.client();
    guarded.account.unchecked().send(guarded.output("GuardDlqUrl"), "{}").unwrap();
    let rule = seen["rules"][0]["name"].as_str().unwrap();
    client.json("events", "DisableRule", &json!({ "Name": rule })).unwrap();
    client.json("cloudtrail", "StopLogging", &json!({ "Name": seen["trail"] })).unwrap();
    let name = guarded.output("NotifyFunctionName");
    client.call("lambda", "DELETE", &format!("/2015-03-31/functions/{name}"), "").unwrap();
    let (exit, seen) = status(&guarded);
    assert_eq!(exit, Some(3), "{seen:#}");
    let enable = format!("aws events enable-rule --name {rule}");
    for trouble in ["1 message in the bucket DLQ", "no trail records", "it was deleted", &enable] {
        assert!(to_do(&seen).contains(trouble), "{trouble}: {seen:#}");
    }
    let doctor = ask(&guarded, &["doctor"]);
    let words = String::from_utf8_lossy(&doctor.stdout);
    assert!(doctor.status.code() == Some(3) && words.contains(&enable), "{words}");
}

#[test]
fn the_logs_and_manual_changes_are_shown() {
    let guarded = Guarded::new(&[]);
    let (_, bucket) = guarded.with_bucket();
    guarded.wait("a line about the bucket", || {
        let logs = ask(&guarded, &["logs", "guard", "--filter", &format!("\"{bucket}\"")]);
        assert_eq!(logs.status.code(), Some(0), "{}", String::from_utf8_lossy(&logs.stderr));
        String::from_utf8_lossy(&logs.stdout).contains(&bucket)
    });
    // Lines of the same millisecond are shown, too.
    let all = ask(&guarded, &["logs", "guard"]);
    let all = String::from_utf8_lossy(&all.stdout).into_owned();
    for of_a_run in ["START RequestId", "END RequestId", "REPORT RequestId"] {
        assert!(all.contains(of_a_run), "{of_a_run}: {all}");
    }

    let well = ask(&guarded, &["status", "--drift"]);
    assert_eq!(well.status.code(), Some(0), "{}", String::from_utf8_lossy(&well.stdout));
    let queue = guarded.output("GuardQueueUrl");
    let change = json!({ "QueueUrl": queue, "Attributes": { "VisibilityTimeout": "1" } });
    guarded.account.client().json("sqs", "SetQueueAttributes", &change).unwrap();
    let drifted = ask(&guarded, &["status", "--drift", "--output", "json"]);
    let found = crate::json::read("status", &drifted.stdout)["regions"][0].take();
    assert_eq!(drifted.status.code(), Some(3), "{found:#}");
    let one = &found["drifted"][0];
    assert_eq!(one["logicalId"], "GuardQueue", "{found:#}");
    assert_eq!(one["differences"][0]["path"], "/VisibilityTimeout", "{found:#}");
    assert_eq!(one["differences"][0]["actual"], "1", "{found:#}");
    let (exit, seen) = status(&guarded);
    assert_eq!(exit, Some(3), "{seen:#}");
    assert!(to_do(&seen).contains("s3guard status --drift"), "{seen:#}");
    let outputs = ask(&guarded, &["status", "--outputs", "--output", "json"]);
    let outputs = crate::json::read("status-outputs", &outputs.stdout);
    assert_eq!(outputs["regions"][0]["outputs"]["GuardQueueUrl"], queue, "{outputs:#}");
}
