//! Functions that are called directly, past their queues.

use serde_json::{Value, json};

use super::attacked;

/// An event with this message, as Lambda makes it of a message of a queue; `queue` is the ARN that it names.
fn event(body: &str, queue: &str) -> String {
    let mut record = json!({ "messageId": "1", "receiptHandle": "a", "body": body });
    if !queue.is_empty() {
        record["eventSource"] = json!("aws:sqs");
        record["eventSourceARN"] = json!(queue);
    }
    json!({ "Records": [record] }).to_string()
}

/// A direct invocation is refused by the function's code. What remains: a caller can name the queue in the event, and has
/// buckets reconciled, no more.
#[test]
fn a_direct_invocation_is_not_a_message() {
    let attacked = &*attacked();
    let (guarded, messenger) = (&attacked.guarded, &attacked.messenger);
    let invoke = |function: &str, event: &str| -> Value {
        let target = format!("/2015-03-31/functions/{}/invocations", guarded.output(function));
        serde_json::from_str(&messenger.call("lambda", "POST", &target, event).unwrap()).unwrap()
    };
    let text = json!({ "s3guard": { "tell": { "subject": "s3guard: critical", "text": "https://evil.example/" } } });
    let sweep = json!({ "s3guard": { "sweep": {} } }).to_string();
    guarded.forget();
    for function in ["GuardFunctionName", "NotifyFunctionName"] {
        for body in [&text.to_string(), &sweep] {
            for queue in ["", "arn:aws:sqs:eu-west-1:999900001111:guard"] {
                let answer = invoke(function, &event(body, queue));
                assert!(answer["errorMessage"].is_string(), "{function}: {answer}");
            }
        }
    }
    guarded.rest();
    let made = |action: &str| {
        guarded.calls("GuardRoleArn").into_iter().any(|call| call.action.as_deref() == Some(action))
    };
    assert!(!made("s3:ListAllMyBuckets") && !guarded.mail_text().contains("evil.example"));
    invoke("GuardFunctionName", &event(&sweep, guarded.output("GuardQueueArn")));
    assert!(made("s3:ListAllMyBuckets"), "the event names the queue");
    guarded.rest();
}
