//! A subscription: an endpoint, and a filter.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Endpoint, Filter};
use crate::Grade;
#[cfg(test)]
use crate::config::tests::schema;
use crate::config::values::{Action, OneOrMany, SubscriptionName};
use crate::contract::Channel;
use crate::model::attributes::Kind;
use crate::model::severity::Severity;

/// An endpoint, by exactly one of `email`, `sms`, `https`, `sqs` and `lambda`, and a filter: all its settings have to match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "a subscription", rename_all = "kebab-case", deny_unknown_fields, default)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "Subscription", extend("oneOf" = schema::exactly_one_endpoint(), "required" = ["name"]))
)]
pub struct Subscription {
    /// Its name, which becomes part of a logical id of the stack: another name is another subscription.
    #[cfg_attr(test, schemars(with = "String", regex(pattern = "^[A-Za-z][A-Za-z0-9-]{0,31}$")))]
    name: Option<SubscriptionName>,
    /// An email address, whose owner has to confirm.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "email")))]
    email: Option<String>,
    /// A phone number in E.164 format, as `+4915112345678`. It gets only `critical` notifications.
    #[cfg_attr(test, schemars(with = "String", regex(pattern = "^\\+[1-9][0-9]{6,14}$")))]
    sms: Option<String>,
    /// A URL, which has to confirm.
    #[cfg_attr(test, schemars(with = "String", regex(pattern = "^https://")))]
    https: Option<String>,
    /// The ARN of a queue, whose policy has to allow the topic.
    #[cfg_attr(test, schemars(with = "String", regex(pattern = "^arn:aws[a-z-]*:sqs:")))]
    sqs: Option<String>,
    /// The ARN of a function. The policy of a function in another account or Region has to allow the topic.
    #[cfg_attr(test, schemars(with = "String", regex(pattern = "^arn:aws[a-z-]*:lambda:")))]
    lambda: Option<String>,
    /// The subjects of notifications; all by default.
    about: OneOrMany<Kind>,
    /// The actions or changes; all by default.
    #[cfg_attr(test, schemars(with = "schema::Actions"))]
    pub(in crate::config) action: OneOrMany<Action>,
    /// The names of buckets, with at most one `*` at the beginning or the end; all by default.
    pub(in crate::config) bucket: OneOrMany<Filter>,
    /// The least severity; any by default.
    pub(in crate::config) severity: Option<Severity>,
    /// The grades of the buckets; all by default.
    grade: OneOrMany<Grade>,
}

impl Subscription {
    /// Its name in the configuration.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    /// The endpoint.
    pub fn endpoint(&self) -> Endpoint {
        let endpoint = self.addresses().find_map(|(name, text)| Endpoint::read(name, text).ok());
        endpoint.expect("a subscription without an endpoint is a mistake")
    }

    /// The endpoints by the names of their settings: a mistake unless there is exactly one.
    pub(in crate::config) fn addresses(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [&self.email, &self.sms, &self.https, &self.sqs, &self.lambda];
        Endpoint::NAMES
            .into_iter()
            .zip(all)
            .filter_map(|(name, text)| Some((name, text.as_deref()?)))
    }

    /// SMS is limited to 20 messages per second, and each costs: it is sent only for what is critical.
    ///
    /// Source: Amazon SNS, "Quotas" and "Pricing".
    pub(in crate::config) fn least_severity(&self) -> Severity {
        if self.sms.is_some() { Severity::Critical } else { Severity::Info }
    }

    /// The filter: each attribute has to exist and to match one of these. An empty one matches everything, also messages
    /// without attributes.
    pub(in crate::config) fn filters(&self) -> Vec<(&'static str, Vec<Filter>)> {
        let exactly = |text: &str| Filter::Exactly(text.to_owned());
        let about = self.about.iter().map(|about| exactly(about.name()));
        let grades = self.grade.iter().map(|grade| exactly(grade.name()));
        // The least severity needs no condition.
        let least = self.severity.unwrap_or_else(|| self.least_severity());
        let severities = Severity::ALL.into_iter().filter(|one| *one >= least);
        let severities = severities.map(|severity| exactly(severity.name()));
        let has_severity = least > Severity::Info;
        let filters = [
            ("kind", about.collect()),
            ("action", self.action.iter().map(|action| exactly(action)).collect()),
            ("bucket", self.bucket.iter().cloned().collect()),
            ("severity", severities.filter(|_| has_severity).collect()),
            ("grade", grades.collect::<Vec<_>>()),
        ];
        filters.into_iter().filter(|(_, values)| !values.is_empty()).collect()
    }

    /// The topic of its text.
    pub fn channel(&self) -> Channel {
        match self.endpoint() {
            Endpoint::Email(_) => Channel::Email,
            Endpoint::Sms(_) => Channel::Sms,
            Endpoint::Https(_) | Endpoint::Sqs(_) | Endpoint::Lambda(_) => Channel::Document,
        }
    }

    /// Whether it is also subscribed to the topic of alarms, which has no filters: its own filter matches a critical
    /// notification about the guard, which names no bucket.
    pub fn has_alerts(&self) -> bool {
        self.wants(Kind::Guard.name(), &["alarm"], &[], Severity::Critical, &[])
    }

    /// The filter policy for the messages' attributes, for SNS.
    pub fn policy(&self) -> Value {
        let filters = self.filters().into_iter();
        filters
            .map(|(name, filters)| (name.to_owned(), filters.iter().map(Filter::to_json).collect()))
            .collect::<Map<_, Value>>()
            .into()
    }

    /// The number of combinations of values in the filter policy, as SNS counts them.
    pub(in crate::config) fn combinations(&self) -> usize {
        let counts = self.filters().into_iter().map(|(_, values)| values.len());
        counts.fold(1, usize::saturating_mul)
    }

    /// Whether SNS delivers a notification with these attributes: one of several values has to match.
    pub fn wants(
        &self,
        kind: &str,
        actions: &[&str],
        buckets: &[&str],
        severity: Severity,
        grades: &[&str],
    ) -> bool {
        self.filters().iter().all(|(name, filters)| {
            let is_one = |value: &&str| filters.iter().any(|filter| filter.matches(value));
            match *name {
                "kind" => is_one(&kind),
                "action" => actions.iter().any(is_one),
                "bucket" => buckets.iter().any(is_one),
                "severity" => is_one(&severity.name()),
                _ => grades.iter().any(is_one),
            }
        })
    }
}
