//! Calls as one principal, without an SDK: the tests and the demo act as other people in the account.
//!
//! The calls name their caller and are not signed: the emulator trusts this client (`caller.py`).

use std::collections::BTreeMap;

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::{http, xml};

mod s3;

/// The credentials of a principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The access key.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
    /// The token of a session; a user and the root user have none.
    pub session_token: Option<String>,
}

/// A client in one region, calling as one principal.
#[derive(Clone, Debug)]
pub struct Client {
    endpoint: String,
    account: String,
    region: String,
    access_key_id: String,
    headers: Vec<(String, String)>,
    presigned: bool,
}

/// A call that failed.
#[derive(Debug, thiserror::Error)]
#[error("`{call}` failed with {status} `{code}`: {message}")]
pub struct CallError {
    call: String,
    /// The HTTP status; zero if there was no response.
    pub status: u16,
    /// AWS's code for the error.
    pub code: String,
    message: String,
}

/// The messages in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// Those that can be received.
    pub visible: u64,
    /// Those whose delay has not passed.
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
    pub(crate) fn new(
        endpoint: String,
        account: String,
        region: String,
        access_key_id: String,
    ) -> Self {
        Self { endpoint, account, region, access_key_id, headers: Vec::new(), presigned: false }
    }

    /// The same client, which sends this header with every call.
    #[must_use]
    pub fn with_header(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// The same client, whose calls are presigned URLs: anyone who has one may call with its signer's rights.
    #[must_use]
    pub fn with_presigned_urls(&self) -> Self {
        Self { presigned: true, ..self.clone() }
    }

    /// The same client, whose calls count as made without TLS.
    #[must_use]
    pub fn over_plain_http(&self) -> Self {
        self.with_header("x-s3guard-plain-http", "true")
    }

    /// Makes a call. `target` is the path and the query. Returns the body of the response.
    pub fn call(
        &self,
        service: &str,
        method: &str,
        target: &str,
        body: impl AsRef<[u8]>,
    ) -> Result<String, CallError> {
        self.exchange(service, method, target, body.as_ref()).map(|(_, body)| body)
    }

    /// Makes a call. Returns the headers of the response, in lower case, and its body.
    fn exchange(
        &self,
        service: &str,
        method: &str,
        target: &str,
        body: &[u8],
    ) -> Result<(BTreeMap<String, String>, String), CallError> {
        let mut signature = String::new();
        let mut headers = self.headers.clone();
        let now = OffsetDateTime::now_utc();
        let day = format!("{:04}{:02}{:02}", now.year(), u8::from(now.month()), now.day());
        let scope = format!("{}/{day}/{}/{service}/aws4_request", self.access_key_id, self.region);
        if self.presigned {
            let (hour, minute, second) = now.to_hms();
            let at = format!("{day}T{hour:02}{minute:02}{second:02}Z");
            let scope = http::encoded(&scope).replace('/', "%2F");
            let begins = if target.contains('?') { '&' } else { '?' };
            signature = format!(
                "{begins}X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={scope}&X-Amz-Date={at}\
                 &X-Amz-Expires=300&X-Amz-SignedHeaders=host&X-Amz-Signature=none"
            );
        } else if !self.access_key_id.is_empty() {
            let authorization =
                format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none");
            headers.push(("authorization".to_owned(), authorization));
        }
        let url = format!("{}{target}{signature}", self.endpoint);
        let answer = http::exchange(method, &url, &headers, body);
        let (status, code, message) = match answer {
            Ok(http::Response { status: 200..300, headers, body }) => return Ok((headers, body)),
            Ok(response) => {
                let (code, message) = error_in(&response.body);
                (response.status, code, message)
            }
            Err(error) => (0, String::new(), error.to_string()),
        };
        Err(CallError { call: format!("{method} {service} {target}"), status, code, message })
    }

    /// Calls a service with the query protocol: CloudFormation, IAM, SNS.
    pub fn query(
        &self,
        service: &str,
        version: &str,
        parameters: &[(&str, &str)],
    ) -> Result<String, CallError> {
        let pair = |(name, value): &(&str, &str)| format!("{name}={}", http::encoded(value));
        let mut body: Vec<String> = parameters.iter().map(pair).collect();
        body.push(format!("Version={version}"));
        self.with_header("content-type", "application/x-www-form-urlencoded").call(
            service,
            "POST",
            "/",
            body.join("&"),
        )
    }

    /// Calls a service with the JSON protocol: CloudTrail, EventBridge (`events`), KMS, CloudWatch Logs, SQS.
    pub fn json(&self, service: &str, operation: &str, input: &Value) -> Result<Value, CallError> {
        let prefix = match service {
            "cloudtrail" => "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
            "events" => "AWSEvents",
            "kms" => "TrentService",
            "logs" => "Logs_20140328",
            "sqs" => "AmazonSQS",
            other => other,
        };
        let answer = self
            .with_header("content-type", "application/x-amz-json-1.1")
            .with_header("x-amz-target", &format!("{prefix}.{operation}"))
            .call(service, "POST", "/", input.to_string())?;
        Ok(serde_json::from_str(&answer).unwrap_or_default())
    }

    /// Creates a KMS key. Returns its ARN.
    pub fn create_key(&self) -> Result<String, CallError> {
        Ok(text(&self.json("kms", "CreateKey", &json!({}))?["KeyMetadata"]["Arn"]))
    }

    /// Creates a queue that accepts messages from a topic or a rule. Returns its URL and its ARN.
    pub fn create_queue_for(
        &self,
        name: &str,
        source_arn: &str,
    ) -> Result<(String, String), CallError> {
        let url =
            text(&self.json("sqs", "CreateQueue", &json!({ "QueueName": name }))?["QueueUrl"]);
        let arn = text(&self.queue_attributes(&url)?["QueueArn"]);
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": ["events.amazonaws.com", "sns.amazonaws.com"] },
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": { "ArnEquals": { "aws:SourceArn": source_arn } },
            }],
        });
        let attributes = json!({ "QueueUrl": url, "Attributes": { "Policy": policy.to_string() } });
        self.json("sqs", "SetQueueAttributes", &attributes)?;
        Ok((url, arn))
    }

    fn queue_attributes(&self, url: &str) -> Result<Value, CallError> {
        let input = json!({ "QueueUrl": url, "AttributeNames": ["All"] });
        Ok(self.json("sqs", "GetQueueAttributes", &input)?["Attributes"].take())
    }

    /// How many messages a queue holds, all counted at one moment.
    pub fn depth(&self, url: &str) -> Result<Depth, CallError> {
        let attributes = self.queue_attributes(url)?;
        let count = |kind: &str| {
            let value = &attributes[format!("ApproximateNumberOfMessages{kind}")];
            value.as_str().and_then(|value| value.parse().ok()).unwrap_or_default()
        };
        Ok(Depth { visible: count(""), delayed: count("Delayed"), received: count("NotVisible") })
    }

    /// Sends a message to a queue.
    pub fn send(&self, url: &str, body: &str) -> Result<(), CallError> {
        let input = json!({ "QueueUrl": url, "MessageBody": body });
        self.json("sqs", "SendMessage", &input).map(drop)
    }

    /// Sends up to ten messages to a queue in one call.
    pub fn send_batch(&self, url: &str, bodies: &[String]) -> Result<(), CallError> {
        let entry =
            |(at, body): (usize, &String)| json!({ "Id": at.to_string(), "MessageBody": body });
        let entries: Vec<Value> = bodies.iter().enumerate().map(entry).collect();
        let input = json!({ "QueueUrl": url, "Entries": entries });
        self.json("sqs", "SendMessageBatch", &input).map(drop)
    }

    /// Receives and deletes up to ten messages, after waiting for the first. Returns their bodies.
    pub fn receive(&self, url: &str, wait_seconds: u32) -> Result<Vec<String>, CallError> {
        let input = json!({
            "QueueUrl": url,
            "MaxNumberOfMessages": 10,
            "WaitTimeSeconds": wait_seconds,
        });
        let answer = self.json("sqs", "ReceiveMessage", &input)?;
        let messages = answer["Messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        for message in messages {
            let input = json!({ "QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"] });
            self.json("sqs", "DeleteMessage", &input)?;
        }
        Ok(messages.iter().map(|message| text(&message["Body"])).collect())
    }

    /// Subscribes an endpoint to a topic; `raw` leaves out SNS's envelope. Returns the ARN.
    pub fn subscribe(
        &self,
        topic_arn: &str,
        protocol: &str,
        endpoint: &str,
        raw: bool,
    ) -> Result<String, CallError> {
        let parameters = [
            ("Action", "Subscribe"),
            ("TopicArn", topic_arn),
            ("Protocol", protocol),
            ("Endpoint", endpoint),
            ("ReturnSubscriptionArn", "true"),
            ("Attributes.entry.1.key", "RawMessageDelivery"),
            ("Attributes.entry.1.value", if raw { "true" } else { "false" }),
        ];
        let answer = self.query("sns", "2010-03-31", &parameters)?;
        Ok(xml::text(&answer, "SubscriptionArn").unwrap_or_default())
    }

    /// The configuration of a function.
    pub fn function_configuration(&self, name: &str) -> Result<Value, CallError> {
        let path = format!("/2015-03-31/functions/{name}/configuration");
        let answer = self.call("lambda", "GET", &path, "")?;
        Ok(serde_json::from_str(&answer).unwrap_or_default())
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// AWS's code and message for an error, from XML or JSON.
fn error_in(body: &str) -> (String, String) {
    if let Some(code) = xml::text(body, "Code") {
        return (code, xml::text(body, "Message").unwrap_or_default());
    }
    let value: Value = serde_json::from_str(body).unwrap_or_default();
    let code = value["__type"].as_str().unwrap_or_default().rsplit('#').next().unwrap_or_default();
    let message = value["message"].as_str().or(value["Message"].as_str());
    (code.to_owned(), message.unwrap_or_default().to_owned())
}
