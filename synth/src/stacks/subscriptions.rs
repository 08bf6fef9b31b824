//! The subscriptions of the configuration to the topic, each with its filter.

use s3guard_posture::config::{Endpoint, ResourceArn, Subscription as Configured};

use crate::{
    cfn::{Attributes, Condition, Handle, LogicalId, Pseudo, Template, Value, kind::Text},
    resources::{
        lambda::Permission,
        sns::{Protocol, RedrivePolicy, Subscription, Topic},
        sqs::Queue,
    },
};

/// The topics of notifications, and their dead-letter queue.
#[derive(Clone, Copy)]
pub(super) struct Topics {
    pub(super) topic: Handle<Topic>,
    pub(super) dead_letters: Handle<Queue>,
    /// The topic for chats, if the configuration has one.
    pub(super) chat: Option<Handle<Topic>>,
}

impl Topics {
    /// Where notifications are published.
    pub(super) fn all(self) -> impl Iterator<Item = Handle<Topic>> {
        [self.topic].into_iter().chain(self.chat)
    }

    /// A subscription to all notifications.
    pub(super) fn subscription(self, protocol: Protocol, endpoint: Value<Text>) -> Subscription {
        Subscription {
            topic_arn: self.topic.arn(),
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
        let id = format!("Subscription{}", camel(configured.name()));
        let (protocol, endpoint) = match configured.endpoint() {
            Endpoint::Email(address) => (Protocol::Email, address.as_str()),
            Endpoint::Sms(number) => (Protocol::Sms, number.as_str()),
            Endpoint::Https(url) => (Protocol::Https, url.as_str()),
            Endpoint::Sqs(arn) => (Protocol::Sqs, arn.as_str()),
            Endpoint::Lambda(function) => {
                add_permission(template, &id, topics, function);
                (Protocol::Lambda, function.as_str())
            }
        };
        let filter_policy = configured.policy();
        let has_filter = filter_policy.as_object().is_some_and(|policy| !policy.is_empty());
        let subscription = Subscription {
            filter_policy: has_filter.then_some(filter_policy),
            filter_policy_scope: has_filter.then_some("MessageAttributes"),
            // The message alone, as the other endpoints receive it.
            raw_message_delivery: (protocol == Protocol::Sqs).then_some(true),
            ..topics.subscription(protocol, endpoint.into())
        };
        let attributes = Attributes::deleted("A subscription of the configuration.");
        template.add_with(LogicalId::named(&id), attributes, subscription);
    }
}

/// Lets the topic call a function of this account and Region. The owner of another one must permit it.
fn add_permission(template: &mut Template, id: &str, topics: Topics, function: &ResourceArn) {
    let is_here = Condition::Both(Box::new([
        Condition::equals(Pseudo::AccountId, function.account().as_str()),
        Condition::equals(Pseudo::Region, function.region().as_str()),
    ]));
    let condition = template.condition(LogicalId::named(&format!("{id}IsHere")), is_here);
    let attributes = Attributes {
        condition: Some(condition),
        ..Attributes::deleted("Lets the topic call the function.")
    };
    let permission = Permission {
        function_name: Value::literal(function.as_str()),
        action: "lambda:InvokeFunction",
        principal: "sns.amazonaws.com",
        source_arn: topics.topic.arn().into(),
    };
    template.add_with(LogicalId::named(&format!("{id}Permission")), attributes, permission);
}

/// A name without its hyphens, each part with a capital. The configuration has no two names that are the same then.
fn camel(name: &str) -> String {
    let capital = |part: &str| {
        let (first, rest) = part.split_at(part.len().min(1));
        first.to_ascii_uppercase() + rest
    };
    name.split('-').map(capital).collect()
}
