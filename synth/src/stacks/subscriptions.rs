//! The subscriptions of the configuration to the topics of notifications, each with its filter, and to that of alarms.

use s3guard_posture::config::{Endpoint, ResourceArn, Subscription as Configured};
use s3guard_posture::contract::Channel;
use serde_json::Value as Json;

use crate::{
    cfn::{
        Attributes, Condition, ConditionHandle, Handle, LogicalId, Pseudo, Template, Value,
        kind::Text,
    },
    resources::{
        lambda::Permission,
        sns::{Protocol, RedrivePolicy, Subscription, Topic},
        sqs::Queue,
    },
};

/// The topics of notifications, and their dead-letter queue.
#[derive(Clone, Copy)]
pub(super) struct Topics {
    /// The topics of notifications.
    pub(super) notifications: [(Channel, Handle<Topic>); 4],
    /// The topic of alarms, which has no filters.
    pub(super) alerts: Handle<Topic>,
    pub(super) dead_letters: Handle<Queue>,
}

impl Topics {
    /// All topics.
    pub(super) fn all(self) -> impl Iterator<Item = Handle<Topic>> {
        self.notifications.into_iter().map(|(_, topic)| topic).chain([self.alerts])
    }

    /// The topic of a channel.
    pub(super) fn of(self, channel: Channel) -> Handle<Topic> {
        let of_channel = self.notifications.into_iter().find(|(of, _)| *of == channel);
        of_channel.expect("each channel has a topic").1
    }

    /// A subscription to all messages of a topic.
    pub(super) fn subscription(
        self,
        topic: Handle<Topic>,
        protocol: Protocol,
        endpoint: Value<Text>,
    ) -> Subscription {
        Subscription {
            topic_arn: topic.arn(),
            protocol,
            endpoint,
            filter_policy: None,
            filter_policy_scope: None,
            raw_message_delivery: None,
            redrive_policy: RedrivePolicy { dead_letter_target_arn: self.dead_letters.arn() },
        }
    }
}

/// Adds the subscriptions. SNS identifies a subscription by its endpoint: the same one twice is notified once.
pub(super) fn add(template: &mut Template, topics: Topics, configured: &[Configured]) {
    for configured in configured {
        let name = camel(configured.name());
        let filter_policy = configured.policy();
        let has_filter = filter_policy.as_object().is_some_and(|policy| !policy.is_empty());
        let endpoint = configured.endpoint();
        let permitted = match &endpoint {
            Endpoint::Lambda(function) => Some(Permitted::new(template, &name, function)),
            Endpoint::Email(_) | Endpoint::Sms(_) | Endpoint::Https(_) | Endpoint::Sqs(_) => None,
        };
        let mut add = |id: &str, why, topic, filter_policy: Option<Json>| {
            if let Some(permitted) = &permitted {
                permitted.add(template, id, topic);
            }
            let protocol = protocol(&endpoint);
            let subscription = Subscription {
                filter_policy_scope: filter_policy.is_some().then_some("MessageAttributes"),
                filter_policy,
                // The message alone, as the other endpoints receive it.
                raw_message_delivery: (protocol == Protocol::Sqs).then_some(true),
                ..topics.subscription(topic, protocol, endpoint.address().into())
            };
            template.add_with(LogicalId::named(id), Attributes::deleted(why), subscription);
        };
        let why = "A subscription of the configuration.";
        let filter = has_filter.then_some(filter_policy);
        add(&format!("Subscription{name}"), why, topics.of(configured.channel()), filter);
        if configured.has_alerts() {
            let why = "The alarms for a subscription of the configuration.";
            add(&format!("AlertSubscription{name}"), why, topics.alerts, None);
        }
    }
}

const fn protocol(endpoint: &Endpoint) -> Protocol {
    match endpoint {
        Endpoint::Email(_) => Protocol::Email,
        Endpoint::Sms(_) => Protocol::Sms,
        Endpoint::Https(_) => Protocol::Https,
        Endpoint::Sqs(_) => Protocol::Sqs,
        Endpoint::Lambda(_) => Protocol::Lambda,
    }
}

/// A function that topics may call if it is in this account and Region. The owner of another one must permit it.
struct Permitted<'a> {
    function: &'a ResourceArn,
    is_here: ConditionHandle,
}

impl<'a> Permitted<'a> {
    fn new(template: &mut Template, name: &str, function: &'a ResourceArn) -> Self {
        let is_here = Condition::Both(Box::new([
            Condition::equals(Pseudo::AccountId, function.account.as_str()),
            Condition::equals(Pseudo::Region, function.region.as_str()),
        ]));
        let id = LogicalId::named(&format!("Subscription{name}IsHere"));
        Self { function, is_here: template.condition(id, is_here) }
    }

    /// Lets a topic call the function.
    fn add(&self, template: &mut Template, id: &str, topic: Handle<Topic>) {
        let attributes = Attributes {
            condition: Some(self.is_here),
            ..Attributes::deleted("Lets the topic call the function.")
        };
        let permission = Permission {
            function_name: Value::literal(self.function.text.as_str()),
            action: "lambda:InvokeFunction",
            principal: "sns.amazonaws.com",
            source_arn: topic.arn().into(),
        };
        template.add_with(LogicalId::named(&format!("{id}Permission")), attributes, permission);
    }
}

/// A name without its hyphens, each part with a capital. The configuration has no two names that are the same then.
fn camel(name: &str) -> String {
    let capital = |part: &str| {
        let (first, rest) = part.split_at(part.len().min(1));
        first.to_ascii_uppercase() + rest
    };
    name.split('-').map(capital).collect()
}
