//! A queue that hears for a while what a topic tells of a canary.

use aws_sdk_sns::Client as Sns;
use aws_sdk_sqs::Client as Sqs;
use aws_sdk_sqs::error::ProvideErrorMetadata as _;
use aws_sdk_sqs::types::QueueAttributeName;
use s3guard_posture::BucketName;
use s3guard_posture::model::setting::Tags;
use serde_json::json;

use super::PREFIX;
use crate::{AwsError, Connection, Queue};

/// What SQS says of a queue that is not there, by either of its protocols.
///
/// Source: Amazon SQS API Reference, `GetQueueUrl`, and "Common error types".
const MISSING: [&str; 2] = ["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"];

/// A queue with a subscription.
#[derive(Clone, Debug)]
pub struct Inbox {
    sns: Sns,
    sqs: Sqs,
    topic: String,
    url: String,
    queue: Queue,
}

impl Inbox {
    /// Makes the queue. It is asked for its words only once it is [subscribed](Self::subscribe).
    ///
    /// # Errors
    ///
    /// If SQS does not make it.
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
        let answer = answer
            .map_err(|error| AwsError::new("CreateQueue", format!("queue `{name}`"), &error))?;
        let url = answer.queue_url().unwrap_or_default().to_owned();
        Ok(Self::of(connection, url, topic))
    }

    fn of(connection: &Connection, url: String, topic: &str) -> Self {
        Self {
            sns: Sns::new(&connection.config),
            sqs: Sqs::new(&connection.config),
            topic: topic.to_owned(),
            queue: Queue::new(connection, &url),
            url,
        }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its messages.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Has the topic send to it what it tells of this bucket, and nothing else.
    ///
    /// # Errors
    ///
    /// If the queue cannot be opened to the topic, or not be subscribed.
    pub async fn subscribe(&self, bucket: &BucketName) -> Result<(), AwsError> {
        let arn = self.arn().await?;
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
        let call = self.sqs.set_queue_attributes().queue_url(&self.url);
        let answer = call.attributes(QueueAttributeName::Policy, policy.to_string()).send().await;
        answer.map_err(|error| AwsError::new("SetQueueAttributes", self.object(), &error))?;
        let filter = json!({ "bucket": [bucket.as_str()] });
        self.sns
            .subscribe()
            .topic_arn(&self.topic)
            .protocol("sqs")
            .endpoint(arn)
            .attributes("RawMessageDelivery", "true")
            .attributes("FilterPolicy", filter.to_string())
            .return_subscription_arn(true)
            .send()
            .await
            .map(drop)
            .map_err(|error| AwsError::new("Subscribe", format!("topic `{}`", self.topic), &error))
    }

    /// Ends the subscription and deletes the queue. `false` if there was no such queue.
    ///
    /// # Errors
    ///
    /// If one of them is left.
    pub async fn remove(&self) -> Result<bool, AwsError> {
        let arn = match self.arn().await {
            Ok(arn) => arn,
            Err(error) if is_missing(&error) => return Ok(false),
            Err(error) => return Err(error),
        };
        let mut page = None;
        loop {
            let call = self.sns.list_subscriptions_by_topic().topic_arn(&self.topic);
            let answer = call.set_next_token(page).send().await;
            let answer = answer.map_err(|error| {
                AwsError::new("ListSubscriptionsByTopic", format!("topic `{}`", self.topic), &error)
            })?;
            let ours = answer.subscriptions().iter().filter(|one| one.endpoint() == Some(&arn));
            for subscription in ours.filter_map(|one| one.subscription_arn()) {
                let call = self.sns.unsubscribe().subscription_arn(subscription);
                call.send().await.map_err(|error| {
                    AwsError::new("Unsubscribe", format!("subscription `{subscription}`"), &error)
                })?;
            }
            page = answer.next_token().map(str::to_owned);
            if page.is_none() {
                break;
            }
        }
        match self.sqs.delete_queue().queue_url(&self.url).send().await {
            Ok(_) => Ok(true),
            Err(error) if error.code().is_some_and(|code| MISSING.contains(&code)) => Ok(false),
            Err(error) => Err(AwsError::new("DeleteQueue", self.object(), &error)),
        }
    }

    async fn arn(&self) -> Result<String, AwsError> {
        let name = QueueAttributeName::QueueArn;
        let call = self.sqs.get_queue_attributes().queue_url(&self.url);
        let answer = call.attribute_names(name.clone()).send().await;
        let answer =
            answer.map_err(|error| AwsError::new("GetQueueAttributes", self.object(), &error))?;
        let arn = answer.attributes().and_then(|attributes| attributes.get(&name));
        arn.cloned().ok_or_else(|| {
            AwsError::other("GetQueueAttributes", self.object(), "the queue has no ARN")
        })
    }

    fn object(&self) -> String {
        format!("queue `{}`", self.url)
    }
}

/// The queues of the Region that have a canary's name, with their tags: what earlier runs have left.
///
/// # Errors
///
/// If they cannot be listed, or the tags of one not be read.
pub async fn inboxes(connection: &Connection, topic: &str) -> Result<Vec<(Inbox, Tags)>, AwsError> {
    let sqs = Sqs::new(&connection.config);
    let mut found = Vec::new();
    let mut page = None;
    loop {
        let call = sqs.list_queues().queue_name_prefix(PREFIX).max_results(1000);
        let answer = call.set_next_token(page).send().await;
        let place = || format!("Region `{}`", connection.region());
        let answer = answer.map_err(|error| AwsError::new("ListQueues", place(), &error))?;
        for url in answer.queue_urls() {
            let inbox = Inbox::of(connection, url.clone(), topic);
            match sqs.list_queue_tags().queue_url(url).send().await {
                Ok(tags) => {
                    let tags = tags.tags().cloned().unwrap_or_default();
                    found.push((inbox, tags.into_iter().collect()));
                }
                // A queue is listed for a minute after it was deleted.
                Err(error) if error.code().is_some_and(|code| MISSING.contains(&code)) => {}
                Err(error) => {
                    return Err(AwsError::new("ListQueueTags", inbox.object(), &error));
                }
            }
        }
        page = answer.next_token().map(str::to_owned);
        if page.is_none() {
            return Ok(found);
        }
    }
}

fn is_missing(error: &AwsError) -> bool {
    error.code().is_some_and(|code| MISSING.contains(&code))
}
