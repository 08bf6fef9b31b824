//! Who sends to the queues makes the guard act and report; who receives from them hides what happened.

use s3guard_emulator::{CallError, Client};
use serde_json::{Value, json};

use super::super::guarded::s3guard;
use super::{Attacked, Locked, QUEUES, all_accepted, all_denied, attacked, denied};

const GUARD: &str = "GuardQueueUrl";
/// Those whose messages only operators receive.
const DEAD_LETTERS: [&str; 3] = ["GuardDlqUrl", "ObjectDlqUrl", "NotificationDlqUrl"];

/// A text to publish, a call that a colleague did not make, and a sweep.
fn forged(attacked: &Attacked) -> [String; 3] {
    let account = attacked.guarded.account.number();
    let colleague = json!({ "type": "IAMUser", "accountId": account, "userName": "colleague",
        "arn": format!("arn:aws:iam::{account}:user/colleague") });
    let detail = json!({ "eventSource": "s3.amazonaws.com", "eventName": "DeleteBucketPublicAccessBlock",
        "awsRegion": "eu-west-1", "eventTime": "2026-11-20T12:00:00Z", "userIdentity": colleague,
        "requestParameters": { "bucketName": attacked.guarded.bucket("payroll") }, "recipientAccountId": account });
    let event = json!({ "source": "aws.s3", "detail-type": "AWS API Call via CloudTrail", "account": account, "detail": detail });
    let text = json!({ "s3guard": { "tell": { "subject": "s3guard: critical: your account is compromised",
        "text": "Log in at https://evil.example/ to confirm." } } });
    [text, event, json!({ "s3guard": { "sweep": {} } })].map(|message| message.to_string())
}

fn sqs(client: &Client, url: &str, operation: &str, more: &Value) -> Result<Value, CallError> {
    let mut input = json!({ "QueueUrl": url });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    client.json("sqs", operation, &input)
}

fn policy_for(arn: &str) -> String {
    let statement =
        json!({ "Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": arn });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

fn arn(attacked: &Attacked, queue: &str) -> String {
    let url = attacked.guarded.output(queue);
    let name = url.rsplit('/').next().unwrap();
    format!("arn:aws:sqs:eu-west-1:{}:{name}", attacked.guarded.account.number())
}

#[test]
fn no_one_sends_forged_messages() {
    let attacked = &*attacked();
    let (guarded, messenger) = (&attacked.guarded, &attacked.messenger);
    guarded.forget();
    for queue in QUEUES {
        let url = guarded.output(queue);
        for message in forged(attacked) {
            denied(messenger.send(url, &message));
            denied(messenger.send_batch(url, &[message]));
        }
    }
    guarded.rest();
    // The bucket of the forged call does not exist, so nothing else makes the guard read it.
    let is_handled = || {
        let bucket = format!("arn:aws:s3:::{}", guarded.bucket("payroll"));
        guarded.calls("GuardRoleArn").iter().any(|call| call.resource == bucket)
    };
    assert!(!is_handled());
    assert!(!guarded.mail_text().contains("evil.example"));
    for queue in QUEUES {
        attacked.without(Locked::Queue(queue), &["OnlyTheseRolesSend"], || {
            let send = |message: String| messenger.send(guarded.output(queue), &message);
            all_accepted(forged(attacked).map(send));
            if queue == GUARD {
                guarded.wait("the guard acts on the forged call", is_handled);
            }
        });
    }
    let root = attacked.root();
    for queue in DEAD_LETTERS {
        attacked.without(Locked::Queue(queue), &["OnlyOperatorsReceive"], || {
            let received = root.receive(guarded.output(queue), 0).unwrap();
            assert!(forged(attacked).iter().all(|message| received.contains(message)), "{queue}");
        });
    }
    guarded.rest();
}

/// SQS asks no policy when it moves messages to a dead-letter queue.
#[test]
fn what_another_queue_puts_into_a_dead_letter_queue_is_not_sent_to_the_guard() {
    let attacked = &*attacked();
    let (guarded, messenger) = (&attacked.guarded, &attacked.messenger);
    guarded.forget();
    let redrive =
        json!({ "deadLetterTargetArn": arn(attacked, "GuardDlqUrl"), "maxReceiveCount": 1 });
    let attributes = json!({ "RedrivePolicy": redrive.to_string(), "VisibilityTimeout": "0" });
    let created = json!({ "QueueName": "mine", "Attributes": attributes });
    let created = messenger.json("sqs", "CreateQueue", &created).unwrap();
    let mine = created["QueueUrl"].as_str().unwrap();
    let [_, event, _] = forged(attacked);
    messenger.send(mine, &event).unwrap();
    for _ in 0..2 {
        sqs(messenger, mine, "ReceiveMessage", &json!({})).unwrap();
    }
    assert_eq!(guarded.waiting("GuardDlqUrl"), 1, "it is in the stack's queue");
    let run = s3guard(&guarded.operator(), &["redrive", "--stack", "guard"]);
    let words = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(0), "{words}");
    assert!(
        words.contains("warning: 1 messages of buckets came from queue arn:aws:sqs:"),
        "{words}"
    );
    assert!(words.contains(":mine, which is not the stack's"), "{words}");
    assert_eq!(guarded.waiting("GuardDlqUrl"), 0);
    guarded.rest();
    let bucket = format!("arn:aws:s3:::{}", guarded.bucket("payroll"));
    let calls = guarded.calls("GuardRoleArn");
    assert!(calls.iter().all(|call| call.resource != bucket), "{calls:#?}");
}

#[test]
fn no_one_takes_messages_away() {
    let attacked = &*attacked();
    let (guarded, messenger) = (&attacked.guarded, &attacked.messenger);
    let attempts = |queue: &str| {
        let url = guarded.output(queue);
        let receipt = json!({ "ReceiptHandle": "a" });
        let hidden = json!({ "ReceiptHandle": "a", "VisibilityTimeout": 43_200 });
        let entry = json!({ "Entries": [{ "Id": "a", "ReceiptHandle": "a" }] });
        let source = json!({ "SourceArn": arn(attacked, queue) });
        vec![
            sqs(messenger, url, "ReceiveMessage", &json!({})),
            sqs(messenger, url, "DeleteMessage", &receipt),
            sqs(messenger, url, "DeleteMessageBatch", &entry),
            sqs(messenger, url, "ChangeMessageVisibility", &hidden),
            sqs(messenger, url, "PurgeQueue", &json!({})),
            messenger.json("sqs", "StartMessageMoveTask", &source),
        ]
    };
    for queue in QUEUES {
        all_denied(attempts(queue));
        let sid = if DEAD_LETTERS.contains(&queue) {
            "OnlyOperatorsReceive"
        } else {
            "OnlyTheseRolesReceive"
        };
        attacked.without(Locked::Queue(queue), &[sid], || {
            let url = guarded.output(queue);
            sqs(messenger, url, "ReceiveMessage", &json!({})).unwrap();
            sqs(messenger, url, "PurgeQueue", &json!({})).unwrap();
        });
    }
}

#[test]
fn no_one_changes_a_queue_or_its_policy() {
    let attacked = &*attacked();
    let (guarded, messenger) = (&attacked.guarded, &attacked.messenger);
    for queue in QUEUES {
        let url = guarded.output(queue);
        let open = json!({ "Attributes": { "Policy": policy_for(&arn(attacked, queue)) } });
        let elsewhere = json!({ "Attributes": { "MessageRetentionPeriod": "60" } });
        let added = json!({ "Label": "mine", "AWSAccountIds": [guarded.account.number()], "Actions": ["SendMessage"] });
        let attempts = || {
            [
                sqs(messenger, url, "SetQueueAttributes", &elsewhere),
                sqs(messenger, url, "AddPermission", &added),
                sqs(messenger, url, "RemovePermission", &json!({ "Label": "mine" })),
                sqs(messenger, url, "SetQueueAttributes", &open),
            ]
        };
        all_denied(attempts());
        denied(sqs(messenger, url, "DeleteQueue", &json!({})));
        let before = sqs(
            &attacked.root(),
            url,
            "GetQueueAttributes",
            &json!({ "AttributeNames": ["MessageRetentionPeriod"] }),
        );
        attacked.without(Locked::Queue(queue), &["OnlyDeployers"], || {
            all_accepted(attempts());
            messenger.send(url, "{}").unwrap();
        });
        let before = json!({ "Attributes": before.unwrap()["Attributes"] });
        sqs(&attacked.root(), url, "SetQueueAttributes", &before).unwrap();
    }
    guarded.rest();
}

#[test]
fn no_one_publishes_notifications() {
    let attacked = &*attacked();
    let guarded = &attacked.guarded;
    let topic = guarded.output("EmailTopicArn");
    let sns = |client: &Client, action: &str, more: &[(&str, &str)]| {
        let parameters = [&[("Action", action), ("TopicArn", topic)], more].concat();
        client.query("sns", "2010-03-31", &parameters)
    };
    let text = [("Subject", "s3guard: critical"), ("Message", "Log in at https://evil.example/")];
    let open =
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Principal": "*",
        "Action": "sns:Publish", "Resource": topic }] })
        .to_string();
    let open = [("AttributeName", "Policy"), ("AttributeValue", open.as_str())];
    guarded.forget();
    denied(sns(&attacked.engineer, "Publish", &text));
    denied(sns(&attacked.engineer, "SetTopicAttributes", &open));
    denied(sns(&attacked.engineer, "DeleteTopic", &[]));
    denied(sns(&attacked.root(), "Publish", &text));
    assert!(!guarded.mail_text().contains("evil.example"));

    let asked = sns(&attacked.root(), "GetTopicAttributes", &[]).unwrap();
    let policy = asked.split("<key>Policy</key>").nth(1).unwrap();
    let policy = policy.split("<value>").nth(1).unwrap().split("</value>").next().unwrap();
    let policy = policy.replace("&quot;", "\"").replace("&amp;", "&");
    sns(&attacked.root(), "SetTopicAttributes", &open).unwrap();
    sns(&attacked.engineer, "Publish", &text).unwrap();
    assert!(guarded.mail_text().contains("evil.example"), "without the topic's policy");
    let before = [("AttributeName", "Policy"), ("AttributeValue", policy.as_str())];
    sns(&attacked.root(), "SetTopicAttributes", &before).unwrap();
    denied(sns(&attacked.engineer, "Publish", &text));
}
