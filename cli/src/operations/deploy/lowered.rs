//! What an update takes away: protection, recipients of notifications, and what the configuration in the package demands.
//!
//! CloudFormation shows a new package as another key of the code, so that the configuration in it is compared here.

use std::collections::{BTreeMap, BTreeSet};

use s3guard_posture::contract::parameter;
use s3guard_posture::text::shown;
use s3guard_posture::{Config, Grade};
use s3guard_synth::cfn::Resolver;
use serde_json::{Map, Value as Json};

use crate::operations::deploy::broadening::Given;
use crate::operations::deploy::packaged::{deployed, differences};
use crate::operations::deploy::target::DeployTarget;

/// A longer value is cut.
const VALUE_CHARACTERS_MAX: usize = 100;

/// Without one of these the guard sees less, or says less.
const WATCHING: [(&str, &str); 4] = [
    ("AWS::CloudTrail::Trail", "the stack has no trail of its own any more"),
    ("AWS::CloudWatch::Alarm", "an alarm is removed"),
    ("AWS::Events::Rule", "a rule is removed, whose events the guard gets no more"),
    ("AWS::Lambda::EventSourceMapping", "a queue is removed from its function"),
];

/// The configuration of the stack, and the one that replaces it.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// Each setting that differs.
    pub(crate) settings: Vec<String>,
    /// In what the new one protects or reports less.
    pub(crate) lowered: Vec<String>,
}

impl Compared {
    /// Compares the configuration in the package of the stack with that of these parameters, which is `new` if it is known.
    pub(crate) async fn of(
        target: &DeployTarget,
        new: Option<&Config>,
        parameters: &BTreeMap<String, String>,
    ) -> Self {
        let previous = target.previous();
        let key = |parameters: &BTreeMap<String, String>| {
            parameters.get(parameter::CODE_KEY).cloned().unwrap_or_default()
        };
        if target.is_new() || key(&previous) == key(parameters) {
            return Self::default();
        }
        let both = async {
            let old = deployed(&target.account, &previous).await?;
            let new = match new {
                Some(new) => new.clone(),
                None => deployed(&target.account, parameters).await?,
            };
            Ok::<_, String>((old, new))
        };
        match both.await {
            Ok((old, new)) => Self {
                settings: differences(Some(&old), &new),
                lowered: new.lowered_since(&old, grade(parameters)),
            },
            Err(why) => Self {
                lowered: vec![format!(
                    "the configuration cannot be compared with the stack's: {why}"
                )],
                ..Self::default()
            },
        }
    }
}

/// The default grade of a stack.
fn grade(parameters: &BTreeMap<String, String>) -> Grade {
    let grade = parameters.get(parameter::GRADE).and_then(|grade| grade.parse().ok());
    grade.unwrap_or_default()
}

/// In what the new template with its parameters protects or reports less than the old one.
pub(crate) fn lowered(old: &Given<'_>, new: &Given<'_>) -> Vec<String> {
    let mut lines = of_parameters(&old.parameters, &new.parameters);
    let (then, now) = (resources(old), resources(new));
    for (id, resource) in &then {
        let kind = WATCHING.iter().find(|(kind, _)| resource["Type"] == *kind);
        if let Some((_, words)) = kind.filter(|_| !now.contains_key(id)) {
            lines.push(format!("{words}: `{id}`"));
        }
    }
    lines.extend(fewer_recipients(&then, &now));
    lines
}

fn resources(given: &Given<'_>) -> Map<String, Json> {
    let known = |name: &str| given.parameters.get(name).cloned();
    Resolver::new(given.template, &known).resources()
}

fn of_parameters(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Vec<String> {
    let mut lines = Vec::new();
    let (then, now) = (grade(old), grade(new));
    if now < then {
        lines.push(format!("the default grade of buckets is `{now}` instead of `{then}`"));
    }
    let value =
        |of: &BTreeMap<String, String>, name: &str| of.get(name).cloned().unwrap_or_default();
    let both = |name: &str| (value(old, name), value(new, name));
    if let (then, now) = both(parameter::OBJECT_LOCK)
        && then == "on"
        && now != "on"
    {
        lines.push(
            "versions in the stack's buckets are not locked against deletion any more".to_owned(),
        );
    }
    let (then, now) = both(parameter::PERMISSIONS_BOUNDARY);
    if !then.is_empty() && now.is_empty() {
        lines.push("the stack's roles have no permissions boundary any more".to_owned());
    }
    lines
}

/// A subscription: to which topic, and which notifications pass its filter.
struct Subscribed<'a> {
    topic: &'a Json,
    filter: Option<&'a Map<String, Json>>,
}

/// The subscriptions of a template by protocol and endpoint.
fn recipients(resources: &Map<String, Json>) -> BTreeMap<(String, String), Vec<Subscribed<'_>>> {
    let mut recipients: BTreeMap<_, Vec<Subscribed<'_>>> = BTreeMap::new();
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    for one in resources.values().filter(|one| one["Type"] == "AWS::SNS::Subscription") {
        let properties = &one["Properties"];
        let name = (text(&properties["Protocol"]), text(&properties["Endpoint"]));
        let subscribed = Subscribed {
            topic: &properties["TopicArn"],
            filter: properties["FilterPolicy"].as_object(),
        };
        recipients.entry(name).or_default().push(subscribed);
    }
    recipients
}

/// The endpoints that get nothing, or less.
fn fewer_recipients(then: &Map<String, Json>, now: &Map<String, Json>) -> Vec<String> {
    let (then, now) = (recipients(then), recipients(now));
    let line = |(name, before): (&(String, String), &Vec<Subscribed<'_>>)| {
        let after = now.get(name);
        let loses = |one: &Subscribed<'_>| {
            let same = after.into_iter().flatten().filter(|other| other.topic == one.topic);
            let kept: Vec<&Subscribed<'_>> = same.collect();
            !kept.iter().any(|other| includes(other.filter, one.filter))
        };
        let endpoint = shown(&name.1, VALUE_CHARACTERS_MAX);
        match after {
            None => Some(format!("{endpoint} gets no notifications any more")),
            Some(_) if before.iter().any(loses) => {
                Some(format!("{endpoint} may get fewer notifications: a topic or a filter changes"))
            }
            Some(_) => None,
        }
    };
    then.iter().filter_map(line).collect()
}

/// Whether a filter passes everything that the other one passes; none passes everything.
fn includes(filter: Option<&Map<String, Json>>, other: Option<&Map<String, Json>>) -> bool {
    let Some(filter) = filter else { return true };
    filter.iter().all(|(name, values)| {
        let values: BTreeSet<String> =
            values.as_array().into_iter().flatten().map(Json::to_string).collect();
        let others = other.and_then(|other| other.get(name)?.as_array());
        others.is_some_and(|others| others.iter().all(|one| values.contains(&one.to_string())))
    })
}

#[cfg(test)]
mod tests {
    use s3guard_synth::stacks;
    use serde_json::json;

    use super::*;

    fn template(config: &Json) -> Json {
        let config = Config::from_json(&config.to_string()).unwrap();
        stacks::guard_with(&config).render().unwrap()
    }

    #[track_caller]
    fn check(old: (&Json, &[(&str, &str)]), new: (&Json, &[(&str, &str)]), expected: &[&str]) {
        let own = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            pairs.collect::<BTreeMap<_, _>>()
        };
        let (before, after) = (template(old.0), template(new.0));
        let before = Given { template: &before, parameters: own(old.1) };
        let after = Given { template: &after, parameters: own(new.1) };
        assert_eq!(lowered(&before, &after), expected);
    }

    #[test]
    fn who_gets_no_notifications_any_more_is_said() {
        let subscribed = |severity: &str| {
            json!({ "subscription": [
                { "name": "owner", "email": "owner@example.com", "severity": severity },
            ] })
        };
        let (all, none) = (subscribed("info"), json!({}));
        let gone = "owner@example.com gets no notifications any more";
        check((&all, &[]), (&none, &[]), &[gone]);
        check((&none, &[]), (&all, &[]), &[]);
        check((&all, &[]), (&all, &[]), &[]);
        let fewer = "owner@example.com may get fewer notifications: a topic or a filter changes";
        check((&all, &[]), (&subscribed("high"), &[]), &[fewer]);
        check((&subscribed("high"), &[]), (&all, &[]), &[]);
        let email = [("Email", "owner@example.com")];
        check((&none, &email), (&none, &[("Email", "")]), &[gone]);
        // The parameter is replaced by the subscription.
        check((&none, &email), (&all, &[("Email", "")]), &[]);
        check((&none, &email), (&none, &[("Email", "b@example.com")]), &[gone]);
    }

    #[test]
    fn parameters_and_resources_that_protect_less_are_said() {
        let none = json!({});
        let pairs = [("Grade", "security"), ("PermissionsBoundary", "b"), ("ObjectLock", "on")];
        let (lower, equal) = ([("Grade", "hybrid")], [("Grade", "security")]);
        let grade = "the default grade of buckets is `hybrid` instead of `security`";
        let lock = "versions in the stack's buckets are not locked against deletion any more";
        let boundary = "the stack's roles have no permissions boundary any more";
        check((&none, &pairs), (&none, &lower), &[grade, lock, boundary]);
        check((&none, &lower), (&none, &equal), &[]);
        // When something is done is shown by CloudFormation.
        let (soon, late) = ([("SettleSeconds", "15")], [("SettleSeconds", "900")]);
        check((&none, &soon), (&none, &late), &[]);
        check((&none, &equal), (&none, &equal), &[]);
        let trail = "the stack has no trail of its own any more: `Trail`";
        check((&none, &[]), (&none, &[("TrailMode", "existing")]), &[trail]);
    }
}
