//! A queue that temporarily receives what a topic publishes about a canary.

use aws_sdk_sns::Client as Sns;
use aws_sdk_sqs::Client as Sqs;
use aws_sdk_sqs::types::QueueAttributeName;
use s3guard_posture::BucketName;
use s3guard_posture::model::setting::Tags;
use serde_json::json;

use super::PREFIX;
use crate::error::Answer as _;
use crate::{AwsError, Connection, Queue};

/// SQS's codes for a queue that does not exist, in either of its protocols.
///
/// Source: Amazon SQS API Reference, `GetQueueUrl`, and "Common error types".
const MISSING: [&str; 2] = ["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"];

/// A queue with a subscription.
#[derive(Clone, Debug)]
pub struct Inbox {
    sns: Sns,
    topic: String,
    queue: Queue,
}

impl Inbox {
    /// Creates the queue. It receives messages once it is [subscribed](Self::subscribe).
    pub async fn create(
        connection: &Connection,
        (id, topic): (&str, &str),
        tags: &Tags,
    ) -> Result<Self, AwsError> {
        let sqs = Sqs::new(&connection.config);
        let name = format!("{PREFIX}{id}");
        let tags = tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let call = sqs.create_queue().queue_name(&name).set_tags(Some(tags));
        let answer = call.send().await;
        let answer = answer.named("CreateQueue", format!("queue `{name}`"))?;
        let url = answer.queue_url().unwrap_or_default().to_owned();
        Ok(Self::of(connection, url, topic))
    }

    fn of(connection: &Connection, url: String, topic: &str) -> Self {
        let sns = Sns::new(&connection.config);
        Self { sns, topic: topic.to_owned(), queue: Queue::new(connection, url) }
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.queue.url
    }

    /// Its messages.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Subscribes the queue to what the topic publishes about this bucket, and nothing else.
    pub async fn subscribe(&self, bucket: &BucketName) -> Result<(), AwsError> {
        let missing =
            || AwsError::other("GetQueueAttributes", self.queue.object(), "it does not exist");
        let arn = self.arn().await?.ok_or_else(missing)?;
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "sns.amazonaws.com" },
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": { "ArnEquals": { "aws:SourceArn": self.topic } },
            }],
        });
        let call = self.queue.client.set_queue_attributes().queue_url(&self.queue.url);
        let answer = call.attributes(QueueAttributeName::Policy, policy.to_string()).send().await;
        answer.named("SetQueueAttributes", self.queue.object())?;
        let filter = json!({ "bucket": [bucket.as_str()] });
        let call = self.sns.subscribe().topic_arn(&self.topic).protocol("sqs").endpoint(arn);
        let call = call.attributes("RawMessageDelivery", "true");
        let call = call.attributes("FilterPolicy", filter.to_string());
        let answer = call.return_subscription_arn(true).send().await;
        answer.named("Subscribe", format!("topic `{}`", self.topic)).map(drop)
    }

    /// Ends the subscription and deletes the queue, if there is one.
    pub async fn remove(&self) -> Result<(), AwsError> {
        let Some(arn) = self.arn().await? else { return Ok(()) };
        let topic = format!("topic `{}`", self.topic);
        let call = self.sns.list_subscriptions_by_topic().topic_arn(&self.topic);
        let subscriptions = call.into_paginator().items().send().try_collect().await;
        let subscriptions = subscriptions.named("ListSubscriptionsByTopic", topic)?;
        let ours = subscriptions.iter().filter(|one| one.endpoint() == Some(&arn));
        for subscription in ours.filter_map(|one| one.subscription_arn()) {
            let call = self.sns.unsubscribe().subscription_arn(subscription);
            call.send().await.named("Unsubscribe", format!("subscription `{subscription}`"))?;
        }
        let deleted = self.queue.client.delete_queue().queue_url(&self.queue.url).send().await;
        deleted.optional("DeleteQueue", self.queue.object(), &MISSING).map(drop)
    }

    /// Its ARN; `None` if it does not exist.
    async fn arn(&self) -> Result<Option<String>, AwsError> {
        let name = QueueAttributeName::QueueArn;
        let call = self.queue.client.get_queue_attributes().queue_url(&self.queue.url);
        let answer = call.attribute_names(name.clone()).send().await;
        let answer = answer.optional("GetQueueAttributes", self.queue.object(), &MISSING)?;
        Ok(answer.and_then(|answer| answer.attributes()?.get(&name).cloned()))
    }
}

/// The queues of the Region that are named like a canary, with their tags: left over from earlier runs.
pub async fn inboxes(connection: &Connection, topic: &str) -> Result<Vec<(Inbox, Tags)>, AwsError> {
    let sqs = Sqs::new(&connection.config);
    let call = sqs.list_queues().queue_name_prefix(PREFIX).max_results(1000);
    let urls = call.into_paginator().items().send().try_collect().await;
    let urls = urls.named("ListQueues", format!("Region `{}`", connection.region()))?;
    let mut found = Vec::new();
    for url in urls {
        let tags = sqs.list_queue_tags().queue_url(&url).send().await;
        let inbox = Inbox::of(connection, url, topic);
        // A queue is listed for a minute after it was deleted.
        if let Some(tags) = tags.optional("ListQueueTags", inbox.queue.object(), &MISSING)? {
            found.push((inbox, tags.tags.unwrap_or_default().into_iter().collect()));
        }
    }
    Ok(found)
}
