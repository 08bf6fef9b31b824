//! Who hears of what, by the configuration: subscriptions to the topic, each with its filter.

use s3guard_posture::config::{Endpoint as Told, Filter, ResourceArn, Subscription as Wanted};

use crate::{
    cfn::{Attributes, Condition, Handle, LogicalId, Pseudo, Template, Value},
    resources::{
        lambda::Permission,
        sns::{Endpoint, FilterPolicyScope, Matcher, RedrivePolicy, Subscription, Topic},
        sqs::Queue,
    },
};

/// The topic and its queue.
#[derive(Clone, Copy)]
pub(super) struct Notices {
    pub(super) topic: Handle<Topic>,
    pub(super) dead_letters: Handle<Queue>,
    /// The topic for chats, if somebody reads it.
    pub(super) chat: Option<Handle<Topic>>,
}

impl Notices {
    /// Where notices are published.
    pub(super) fn topics(self) -> impl Iterator<Item = Handle<Topic>> {
        [self.topic].into_iter().chain(self.chat)
    }
}

/// Adds the subscriptions. Who is told twice by one topic is told once: SNS knows a subscription by its endpoint.
pub(super) fn add(template: &mut Template, notices: Notices, wanted: &[Wanted]) {
    for wanted in wanted {
        let id = format!("Subscription{}", camel(wanted.name()));
        if let Told::Lambda(function) = wanted.endpoint() {
            add_permission(template, &id, notices, &function);
        }
        let filter_policy: Vec<_> = wanted.filters().into_iter().map(attribute).collect();
        let subscription = Subscription {
            filter_policy_scope: (!filter_policy.is_empty())
                .then_some(FilterPolicyScope::MessageAttributes),
            filter_policy,
            // The message alone, as its reader knows it from the other endpoints.
            raw_message_delivery: matches!(wanted.endpoint(), Told::Sqs(_)).then_some(true),
            redrive_policy: Some(RedrivePolicy {
                dead_letter_target_arn: notices.dead_letters.arn(),
            }),
            ..Subscription::new(notices.topic.arn(), endpoint(&wanted.endpoint()))
        };
        let attributes = Attributes::deleted("Somebody hears of what the configuration says.");
        template.add_with(named(&id), attributes, subscription);
    }
}

/// Lets the topic call a function of this account and Region. One of elsewhere is its owner's to open.
fn add_permission(template: &mut Template, id: &str, notices: Notices, function: &ResourceArn) {
    let is_here = Condition::And(vec![
        Condition::equals(Pseudo::AccountId, function.account.as_str()),
        Condition::equals(Pseudo::Region, function.region.as_str()),
    ]);
    let condition = template.condition(named(&format!("{id}IsHere")), is_here);
    let attributes = Attributes {
        condition: Some(condition),
        ..Attributes::deleted("Lets the topic call the function.")
    };
    let permission = Permission {
        source_arn: Some(notices.topic.arn().into()),
        ..Permission::new(Value::literal(function.text.as_str()), "sns.amazonaws.com")
    };
    template.add_with(named(&format!("{id}Permission")), attributes, permission);
}

fn endpoint(told: &Told) -> Endpoint {
    match told {
        Told::Email(address) => Endpoint::Email(address.as_str().into()),
        Told::Sms(number) => Endpoint::Sms(number.as_str().into()),
        Told::Https(url) => Endpoint::Https(url.as_str().into()),
        Told::Sqs(arn) => Endpoint::Sqs(Value::literal(arn.text.as_str())),
        Told::Lambda(arn) => Endpoint::Lambda(Value::literal(arn.text.as_str())),
    }
}

fn attribute((name, filters): (&'static str, Vec<Filter>)) -> (&'static str, Vec<Matcher>) {
    let matcher = |filter| match filter {
        Filter::Exactly(text) => Matcher::Exactly(text),
        Filter::Prefix(prefix) => Matcher::Prefix(prefix),
        Filter::Suffix(suffix) => Matcher::Suffix(suffix),
    };
    (name, filters.into_iter().map(matcher).collect())
}

/// A name without its hyphens, each part with a capital: the configuration has no two that are the same then.
fn camel(name: &str) -> String {
    let capital = |part: &str| {
        let (first, rest) = part.split_at(part.len().min(1));
        first.to_ascii_uppercase() + rest
    };
    name.split('-').map(capital).collect()
}

fn named(id: &str) -> LogicalId {
    LogicalId::named(id).expect("a subscription's name has only letters, digits and `-`")
}
