//! The subscriptions to the topics of a stack.

use futures_util::future::try_join_all;
use s3guard_aws::stacks::Stack;
use s3guard_aws::subscriptions::{self, Subscription};
use s3guard_aws::{AwsError, Connection};
use s3guard_posture::contract::{Channel, output};
use s3guard_synth::cfn::Resolver;
use serde::Serialize;
use serde_json::Value as Json;

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

/// A subscription that the stack's template declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Declared {
    pub(crate) topic: &'static str,
    pub(crate) protocol: String,
    pub(crate) endpoint: String,
    /// Whether it is more than an endpoint, such as a filter.
    pub(crate) has_settings: bool,
}

impl Declared {
    /// Whether SNS lists it, confirmed or not.
    pub(crate) fn is_among(&self, there: &[Subscriber]) -> bool {
        there.iter().any(|Subscriber { topic, subscription }| {
            *topic == self.topic
                && subscription.protocol == self.protocol
                && subscription.endpoint.eq_ignore_ascii_case(&self.endpoint)
        })
    }
}

/// The subscriptions that a template declares, with the stack's parameters.
pub(crate) fn declared(template: &Json, stack: &Stack) -> Vec<Declared> {
    const OF_ALL: [&str; 4] = ["TopicArn", "Protocol", "Endpoint", "RedrivePolicy"];
    let known = |name: &str| match name {
        "AWS::Region" => stack.id.split(':').nth(3).map(str::to_owned),
        "AWS::AccountId" => stack.id.split(':').nth(4).map(str::to_owned),
        name => stack.parameters.get(name).cloned(),
    };
    let names = Channel::ALL.map(|channel| (channel.name(), channel.output()));
    let outputs: Vec<_> = names.into_iter().chain([(ALERTS, output::ALERT_TOPIC_ARN)]).collect();
    let topic = |arn: &Json| {
        let is_it = |(_, output): &&(_, &str)| template["Outputs"][*output]["Value"] == *arn;
        outputs.iter().find(is_it).map(|(name, _)| *name)
    };
    let resources = Resolver::new(template, &known).resources();
    let subscriptions =
        resources.into_iter().filter(|(_, one)| one["Type"] == "AWS::SNS::Subscription");
    let read = |(_, resource): (String, Json)| {
        let properties = resource["Properties"].as_object()?;
        Some(Declared {
            topic: topic(properties.get("TopicArn")?)?,
            protocol: properties.get("Protocol")?.as_str()?.to_owned(),
            endpoint: properties.get("Endpoint")?.as_str()?.to_owned(),
            has_settings: properties.keys().any(|name| !OF_ALL.contains(&name.as_str())),
        })
    };
    subscriptions.filter_map(read).collect()
}

/// Whether there are subscriptions, and none is confirmed.
pub(crate) fn is_nobody_notified(there: &[Subscriber]) -> bool {
    !there.is_empty() && there.iter().all(|one| one.subscription.is_pending)
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use s3guard_aws::stacks::StackStatus;
    use s3guard_posture::config::Config;
    use s3guard_synth::stacks::guard_with;
    use serde_json::json;

    use super::*;

    fn stack(email: &str) -> Stack {
        Stack {
            id: "arn:aws:cloudformation:eu-west-1:111122223333:stack/s/1".to_owned(),
            status: StackStatus::from("UPDATE_COMPLETE"),
            reason: None,
            parameters: BTreeMap::from([("Email".to_owned(), email.to_owned())]),
            outputs: BTreeMap::new(),
            tags: BTreeMap::new(),
            updated: None,
            protected: false,
        }
    }

    #[test]
    fn every_subscription_of_the_template_is_declared_with_its_topic() {
        let subscriptions = json!([
            { "name": "team", "email": "team@example.com", "about": ["object"] },
            { "name": "pager", "sms": "+4915112345678" },
        ]);
        let config = json!({ "subscription": subscriptions }).to_string();
        let template = guard_with(&Config::from_json(&config).unwrap()).render().unwrap();
        let found = |email: &str| {
            let declared = declared(&template, &stack(email)).into_iter();
            let mut found: Vec<_> = declared
                .map(|one| {
                    format!("{} {} {} {}", one.topic, one.protocol, one.endpoint, one.has_settings)
                })
                .collect();
            found.sort();
            found
        };
        let configured = [
            "alerts sms +4915112345678 false",
            "email email team@example.com true",
            "sms sms +4915112345678 true",
        ];
        assert_eq!(found(""), configured);
        let all = [
            "alerts email owner@example.com false",
            "alerts sms +4915112345678 false",
            "email email owner@example.com false",
            "email email team@example.com true",
            "sms sms +4915112345678 true",
        ];
        assert_eq!(found("owner@example.com"), all);
        assert_eq!(declared(&json!({}), &stack("")), []);
    }
}
