//! The subscriptions of a topic.

use aws_sdk_sns::Client;
use aws_sdk_sns::types::Subscription as SdkSubscription;
use serde::Serialize;

use crate::error::Answer as _;
use crate::{AwsError, Connection};

/// SNS's text in place of an ARN until the subscription is confirmed.
///
/// Source: Amazon SNS API Reference, `ListSubscriptionsByTopic`.
const PENDING: &str = "PendingConfirmation";
/// SNS's text in place of an ARN of a deleted subscription.
const DELETED: &str = "Deleted";

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Subscription {
    /// `email`, `sms`, `https`, `sqs`, `lambda` …
    pub protocol: String,
    /// The address, number, URL or ARN.
    pub endpoint: String,
    /// Whether it is not confirmed yet.
    pub is_pending: bool,
}

/// Lists the subscriptions of a topic.
pub async fn subscriptions(
    connection: &Connection,
    topic: &str,
) -> Result<Vec<Subscription>, AwsError> {
    listed(&Client::new(&connection.config), topic).await
}

/// Lists the subscriptions of a topic by this client.
pub(crate) async fn listed(client: &Client, topic: &str) -> Result<Vec<Subscription>, AwsError> {
    let call = client.list_subscriptions_by_topic().topic_arn(topic);
    let all = call.into_paginator().items().send().try_collect().await;
    let all = all.named("ListSubscriptionsByTopic", format!("topic `{topic}`"))?;
    let there = all.iter().filter(|one| one.subscription_arn() != Some(DELETED));
    let subscription = |one: &SdkSubscription| Subscription {
        protocol: one.protocol().unwrap_or_default().to_owned(),
        endpoint: one.endpoint().unwrap_or_default().to_owned(),
        is_pending: one.subscription_arn() == Some(PENDING),
    };
    Ok(there.map(subscription).collect())
}

/// Subscribes an endpoint, or sends a new confirmation to one that is not confirmed.
pub async fn subscribe(
    connection: &Connection,
    topic: &str,
    protocol: &str,
    endpoint: &str,
) -> Result<(), AwsError> {
    let call = Client::new(&connection.config).subscribe().topic_arn(topic).protocol(protocol);
    call.endpoint(endpoint).send().await.named("Subscribe", format!("topic `{topic}`")).map(drop)
}

/// Confirms a subscription so that only its owner's account can end it, and no link in an email.
///
/// Source: Amazon SNS API Reference, `ConfirmSubscription`, `AuthenticateOnUnsubscribe`.
pub async fn confirm(
    connection: &Connection,
    topic: &str,
    token: &str,
) -> Result<String, AwsError> {
    let call = Client::new(&connection.config).confirm_subscription().topic_arn(topic);
    let call = call.token(token).authenticate_on_unsubscribe("true");
    let answer = call.send().await.named("ConfirmSubscription", format!("topic `{topic}`"))?;
    Ok(answer.subscription_arn().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::Fake;

    #[tokio::test]
    async fn a_subscription_is_confirmed_so_that_no_link_ends_it() {
        let answer = "<ConfirmSubscriptionResponse><ConfirmSubscriptionResult><SubscriptionArn>arn:1</SubscriptionArn>\
                      </ConfirmSubscriptionResult></ConfirmSubscriptionResponse>";
        let fake = Fake::answering([(200, answer)]);
        assert_eq!(confirm(&fake.connection(), "arn:t", "abc").await.unwrap(), "arn:1");
        let body = &fake.asked()[0].body;
        for field in ["Token=abc", "AuthenticateOnUnsubscribe=true", "TopicArn=arn%3At"] {
            assert!(body.contains(field), "{body}");
        }
    }

    #[tokio::test]
    async fn all_pages_are_read_and_who_waits_is_known() {
        let member = |endpoint: &str, arn: &str| {
            format!(
                "<member><Endpoint>{endpoint}</Endpoint><Protocol>email</Protocol><SubscriptionArn>{arn}</SubscriptionArn></member>"
            )
        };
        let page = |members: String, next: &str| {
            let result = format!("<Subscriptions>{members}</Subscriptions>{next}");
            let result = format!(
                "<ListSubscriptionsByTopicResult>{result}</ListSubscriptionsByTopicResult>"
            );
            (
                200,
                format!(
                    "<ListSubscriptionsByTopicResponse>{result}</ListSubscriptionsByTopicResponse>"
                ),
            )
        };
        let first = member("a@example.com", PENDING) + &member("gone@example.com", DELETED);
        let second = member("b@example.com", "arn:aws:sns:eu-west-1:111122223333:topic:1");
        let fake = Fake::answering([page(first, "<NextToken>n</NextToken>"), page(second, "")]);
        let topic = "arn:aws:sns:eu-west-1:111122223333:topic";
        let all = subscriptions(&fake.connection(), topic).await.unwrap();
        let all: Vec<_> = all.iter().map(|one| (&one.endpoint[..], one.is_pending)).collect();
        assert_eq!(all, [("a@example.com", true), ("b@example.com", false)]);
    }
}
