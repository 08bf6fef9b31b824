//! Which services the policies of queues and topics let in.

use serde_json::Value as Json;

use super::super::reading::{many, of_type, texts};

/// Whether the queue's policy lets a service send to it, for a source.
pub(super) fn may_send(template: &Json, service: &str, source: &str, queue: &Json) -> bool {
    let Some(url) = queue.as_str().map(|arn| arn.replace(".Arn", "")) else { return false };
    let policies: Vec<&Json> = of_type(template, "AWS::SQS::QueuePolicy")
        .map(|(_, policy)| &policy["Properties"])
        .filter(|policy| texts(&policy["Queues"]).contains(&url.as_str()))
        .collect();
    // A second policy replaces the first.
    assert!(policies.len() <= 1, "{url} has two policies");
    policies.iter().flat_map(|policy| many(&policy["PolicyDocument"]["Statement"])).any(
        |statement| {
            statement["Effect"] == "Allow"
                && statement["Principal"]["Service"] == service
                && texts(&statement["Action"]).contains(&"sqs:SendMessage")
                && many(&statement["Resource"]).contains(&queue)
                && texts(&statement["Condition"]["ArnLike"]["aws:SourceArn"]).contains(&source)
        },
    )
}

/// Whether the topic's policy lets a service publish, for a source.
pub(super) fn may_publish(template: &Json, service: &str, source: &str, topic: &Json) -> bool {
    let policies = of_type(template, "AWS::SNS::TopicPolicy")
        .filter(|(_, policy)| many(&policy["Properties"]["Topics"]).contains(&topic));
    policies.flat_map(|(_, policy)| many(&policy["Properties"]["PolicyDocument"]["Statement"])).any(
        |statement| {
            statement["Effect"] == "Allow"
                && statement["Principal"]["Service"] == service
                && statement["Action"] == "sns:Publish"
                && many(&statement["Resource"]).contains(&topic)
                && texts(&statement["Condition"]["ArnLike"]["aws:SourceArn"]).contains(&source)
        },
    )
}
