//! Queues, topics and functions: where the guard's words arrive.

use serde_json::{Value, json};

use super::{CallError, Client};
use crate::xml;

/// One message of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its text.
    pub body: String,
    /// Its attributes, by name.
    pub attributes: Vec<(String, String)>,
    receipt: String,
}

/// The messages of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// Those that can be received.
    pub visible: u64,
    /// Those that were sent with a delay which has not passed.
    pub delayed: u64,
    /// Those that were received and not deleted.
    pub received: u64,
}

impl Depth {
    /// All of them.
    pub fn total(self) -> u64 {
        self.visible + self.delayed + self.received
    }
}

impl Client {
    /// Makes a queue that takes messages from a topic. Gives its URL and its ARN.
    pub fn create_queue_for(
        &self,
        name: &str,
        topic_arn: &str,
    ) -> Result<(String, String), CallError> {
        let answer = self.sqs("CreateQueue", &json!({ "QueueName": name }))?;
        let url = answer["QueueUrl"].as_str().unwrap_or_default().to_owned();
        let arn = self.queue_attribute(&url, "QueueArn")?;
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "sns.amazonaws.com" },
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": { "ArnEquals": { "aws:SourceArn": topic_arn } },
            }],
        });
        let attributes = json!({ "QueueUrl": url, "Attributes": { "Policy": policy.to_string() } });
        self.sqs("SetQueueAttributes", &attributes)?;
        Ok((url, arn))
    }

    /// One attribute of a queue: `ApproximateNumberOfMessages`, say.
    pub fn queue_attribute(&self, url: &str, name: &str) -> Result<String, CallError> {
        let answer =
            self.sqs("GetQueueAttributes", &json!({ "QueueUrl": url, "AttributeNames": [name] }))?;
        Ok(answer["Attributes"][name].as_str().unwrap_or_default().to_owned())
    }

    /// How many messages a queue holds, all counted at one moment.
    pub fn depth(&self, url: &str) -> Result<Depth, CallError> {
        let asked = json!({ "QueueUrl": url, "AttributeNames": ["All"] });
        let answer = self.sqs("GetQueueAttributes", &asked)?;
        let count = |kind: &str| {
            let value = &answer["Attributes"][format!("ApproximateNumberOfMessages{kind}")];
            value.as_str().and_then(|value| value.parse().ok()).unwrap_or_default()
        };
        Ok(Depth { visible: count(""), delayed: count("Delayed"), received: count("NotVisible") })
    }

    /// Sends a message to a queue.
    pub fn send(&self, url: &str, body: &str) -> Result<(), CallError> {
        self.sqs("SendMessage", &json!({ "QueueUrl": url, "MessageBody": body })).map(drop)
    }

    /// Takes up to ten messages out of a queue, after waiting up to `wait_seconds` for the first.
    pub fn receive(&self, url: &str, wait_seconds: u32) -> Result<Vec<Message>, CallError> {
        let answer = self.sqs(
            "ReceiveMessage",
            &json!({
                "QueueUrl": url,
                "MaxNumberOfMessages": 10,
                "WaitTimeSeconds": wait_seconds,
                "MessageAttributeNames": ["All"],
            }),
        )?;
        let messages: Vec<Message> = answer["Messages"]
            .as_array()
            .map(|list| list.iter().map(message).collect())
            .unwrap_or_default();
        for message in &messages {
            self.sqs(
                "DeleteMessage",
                &json!({ "QueueUrl": url, "ReceiptHandle": message.receipt }),
            )?;
        }
        Ok(messages)
    }

    /// Sends up to ten messages to a queue at once.
    pub fn send_batch(&self, url: &str, bodies: &[String]) -> Result<(), CallError> {
        let entry =
            |(at, body): (usize, &String)| json!({ "Id": at.to_string(), "MessageBody": body });
        let entries: Vec<Value> = bodies.iter().enumerate().map(entry).collect();
        self.sqs("SendMessageBatch", &json!({ "QueueUrl": url, "Entries": entries })).map(drop)
    }

    /// Subscribes a queue to a topic; `raw` leaves out SNS's envelope.
    pub fn subscribe_queue(
        &self,
        topic_arn: &str,
        queue_arn: &str,
        raw: bool,
    ) -> Result<String, CallError> {
        self.subscribe(topic_arn, "sqs", queue_arn, raw)
    }

    /// Subscribes an endpoint to a topic; `raw` leaves out SNS's envelope.
    pub fn subscribe(
        &self,
        topic_arn: &str,
        protocol: &str,
        endpoint: &str,
        raw: bool,
    ) -> Result<String, CallError> {
        let raw = raw.to_string();
        let answer = self.query(
            "sns",
            "2010-03-31",
            &[
                ("Action", "Subscribe"),
                ("TopicArn", topic_arn),
                ("Protocol", protocol),
                ("Endpoint", endpoint),
                ("ReturnSubscriptionArn", "true"),
                ("Attributes.entry.1.key", "RawMessageDelivery"),
                ("Attributes.entry.1.value", &raw),
            ],
        )?;
        Ok(xml::text(&answer, "SubscriptionArn").unwrap_or_default())
    }

    /// The configuration of a function.
    pub fn function_configuration(&self, name: &str) -> Result<Value, CallError> {
        let path = format!("/2015-03-31/functions/{name}/configuration");
        let answer = self.call("lambda", "GET", &path, &[], &[], b"")?;
        Ok(serde_json::from_str(&answer).unwrap_or_default())
    }

    fn sqs(&self, operation: &str, input: &Value) -> Result<Value, CallError> {
        let target = format!("AmazonSQS.{operation}");
        let headers = [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", &target)];
        let answer = self.call("sqs", "POST", "/", &[], &headers, input.to_string().as_bytes())?;
        Ok(serde_json::from_str(&answer).unwrap_or_default())
    }
}

fn message(value: &Value) -> Message {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let attributes = value["MessageAttributes"].as_object().cloned().unwrap_or_default();
    Message {
        body: text(&value["Body"]),
        attributes: attributes
            .iter()
            .map(|(name, value)| (name.clone(), text(&value["StringValue"])))
            .collect(),
        receipt: text(&value["ReceiptHandle"]),
    }
}
