//! The subscriptions to the topics of a stack.

use futures_util::future::try_join_all;
use s3guard_aws::stacks::Stack;
use s3guard_aws::subscriptions::{self, Subscription};
use s3guard_aws::{AwsError, Connection};
use s3guard_posture::contract::{Channel, output};
use serde::Serialize;

/// The name of the topic of alarms.
pub(crate) const ALERTS: &str = "alerts";

/// A subscription to one of the stack's topics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Subscriber {
    /// `email`, `sms`, `document`, `chat` or `alerts`.
    pub(crate) topic: &'static str,
    #[serde(flatten)]
    pub(crate) subscription: Subscription,
}

/// The names of the topics and their ARNs.
pub(crate) fn topics(stack: &Stack) -> Vec<(&'static str, &str)> {
    let channels = Channel::ALL.map(|channel| (channel.name(), channel.output()));
    let all = channels.into_iter().chain([(ALERTS, output::ALERT_TOPIC_ARN)]);
    all.filter_map(|(name, output)| Some((name, stack.outputs.get(output)?.as_str()))).collect()
}

/// All subscriptions to the stack's topics.
pub(crate) async fn all(
    connection: &Connection,
    stack: &Stack,
) -> Result<Vec<Subscriber>, AwsError> {
    let lists = topics(stack).into_iter().map(async |(topic, arn)| {
        let listed = subscriptions::subscriptions(connection, arn).await?;
        let listed = listed.into_iter().map(|subscription| Subscriber { topic, subscription });
        Ok::<Vec<_>, AwsError>(listed.collect())
    });
    Ok(try_join_all(lists).await?.concat())
}
