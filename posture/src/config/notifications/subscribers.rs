//! Checks who is told, and of what.

use super::{Endpoint, Filter, Subscription, WrittenSubscription};
use crate::Grade;
use crate::config::mistake::{
    Mistake, PathPart, alternatives, below, quoted, write_one_of, wrong_value,
};
use crate::config::notifications::parse::{each, severity};
use crate::config::selectors;
use crate::model::attributes::{Kind, actions};
use crate::model::severity::Severity;

/// A topic has up to 200 filter policies, of which we leave the owner some. Source: Amazon SNS, "Quotas".
const SUBSCRIPTIONS_MAX: usize = 100;
/// Source: Amazon SNS Developer Guide, "Filter policy constraints": five attributes (of which there are no more here), and
/// the product of the numbers of their values.
const COMBINATIONS_MAX: usize = 150;
const NAME_CHARACTERS_MAX: usize = 32;

pub(super) fn check(
    written: &[WrittenSubscription],
    path: &[PathPart],
    mistakes: &mut Vec<Mistake>,
) -> Vec<Subscription> {
    if written.len() > SUBSCRIPTIONS_MAX {
        let problem = format!(
            "there are {} subscriptions, and {SUBSCRIPTIONS_MAX} are allowed",
            written.len()
        );
        let proposal = "subscribe a queue or a function, and have it tell the others".to_owned();
        mistakes.push(wrong_value(path, problem, Some(proposal)));
    }
    let mut subscriptions: Vec<Subscription> = Vec::new();
    for (index, written) in written.iter().enumerate().take(SUBSCRIPTIONS_MAX) {
        let path = below(path, index);
        let name = name(written.name.as_deref(), &path, mistakes);
        let endpoint = endpoint(written, &path, mistakes);
        let severity = severity(written.severity.as_deref(), &below(&path, "severity"), mistakes);
        let is_sms = written.sms.is_some();
        if is_sms && severity.is_some_and(|severity| severity < Severity::Critical) {
            // A telephone gets twenty messages a second at most, and each costs. Source: Amazon SNS, "Quotas" and "Pricing".
            let problem = "a telephone hears only of what is `critical`";
            let proposal = "write `critical`, or leave the line out".to_owned();
            mistakes.push(wrong_value(&below(&path, "severity"), problem, Some(proposal)));
        }
        let usual = if is_sms { Severity::Critical } else { Severity::Info };
        let subscription = Subscription {
            name: name.unwrap_or_default(),
            // What is not there, or wrong, has been told; it stands for nothing from here on.
            endpoint: endpoint.unwrap_or_else(|| Endpoint::Email(String::new())),
            about: each(written.about.as_ref(), &below(&path, "about"), mistakes, about),
            actions: each(written.action.as_ref(), &below(&path, "action"), mistakes, action),
            buckets: each(written.bucket.as_ref(), &below(&path, "bucket"), mistakes, bucket),
            severity: severity.unwrap_or(usual),
            grades: each(written.grade.as_ref(), &below(&path, "grade"), mistakes, grade),
        };
        mistakes.extend(too_many_values(&subscription, written, &path));
        mistakes.extend(like_another(&subscription, &subscriptions, &path));
        subscriptions.push(subscription);
    }
    subscriptions
}

fn name(text: Option<&str>, path: &[PathPart], mistakes: &mut Vec<Mistake>) -> Option<String> {
    let Some(text) = text else {
        let proposal = "add `name = \"…\"`".to_owned();
        mistakes.push(wrong_value(path, "the subscription has no name", Some(proposal)));
        return None;
    };
    let is_name = text.len() <= NAME_CHARACTERS_MAX
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if is_name {
        return Some(text.to_owned());
    }
    let problem = format!("{} cannot be the name of a subscription", quoted(text));
    let proposal =
        "write a letter and up to 31 letters, digits and `-`: it becomes part of a logical id";
    mistakes.push(wrong_value(&below(path, "name"), problem, Some(proposal.to_owned())));
    None
}

fn endpoint(
    written: &WrittenSubscription,
    path: &[PathPart],
    mistakes: &mut Vec<Mistake>,
) -> Option<Endpoint> {
    let given = written.endpoints();
    let [(name, text)] = given[..] else {
        let names = alternatives(&Endpoint::NAMES);
        let (problem, proposal) = match given.len() {
            0 => ("the subscription does not say who is told", format!("add one of {names}")),
            _ => (
                "the subscription has more than one address",
                "keep one, and write a `[[subscription]]` for each other".to_owned(),
            ),
        };
        mistakes.push(wrong_value(path, problem, Some(proposal)));
        return None;
    };
    match Endpoint::read(name, text) {
        Ok(endpoint) => Some(endpoint),
        Err((problem, proposal)) => {
            let problem = format!("{} {problem}", quoted(text));
            mistakes.push(wrong_value(&below(path, name), problem, Some(proposal)));
            None
        }
    }
}

fn about(text: &str) -> Result<Kind, (String, String)> {
    Kind::ALL.into_iter().find(|about| about.name() == text).ok_or_else(|| {
        let proposal = write_one_of(text, &Kind::ALL.map(Kind::name));
        (format!("{} is not what a notice is about", quoted(text)), proposal)
    })
}

fn action(text: &str) -> Result<String, (String, String)> {
    let known: Vec<&str> = actions().collect();
    if known.contains(&text) {
        return Ok(text.to_owned());
    }
    Err((format!("{} is not an action", quoted(text)), write_one_of(text, &known)))
}

fn grade(text: &str) -> Result<Grade, (String, String)> {
    text.parse().map_err(|_| {
        let proposal = write_one_of(text, &Grade::ALL.map(Grade::name));
        (format!("{} is not a grade", quoted(text)), proposal)
    })
}

/// A bucket's name, or how it begins or ends: SNS knows no more.
///
/// Source: Amazon SNS Developer Guide, "String value matching".
fn bucket(text: &str) -> Result<Filter, (String, String)> {
    let refused = |proposal: String| {
        let problem =
            format!("{} is a pattern that SNS cannot filter by: it has no wildcards", quoted(text));
        Err((problem, proposal))
    };
    if !text.is_empty() && text.chars().all(|c| c == '*') {
        return refused("leave `bucket` out, for all buckets".to_owned());
    }
    selectors::is_bucket(text)?;
    let inner = text.strip_prefix('*').unwrap_or(text);
    match (inner.len() < text.len(), text.strip_suffix('*')) {
        (true, None) if !inner.contains(['*', '?']) => return Ok(Filter::Suffix(inner.to_owned())),
        (false, Some(prefix)) if !prefix.contains(['*', '?']) => {
            return Ok(Filter::Prefix(prefix.to_owned()));
        }
        (false, None) if !text.contains('?') && !text.contains('*') => {
            return Ok(Filter::Exactly(text.to_owned()));
        }
        (_, _) => {}
    }
    let is_any = |c: char| c == '*' || c == '?';
    let prefix = text.split(is_any).next().unwrap_or_default();
    let suffix = text.rsplit(is_any).next().unwrap_or_default();
    refused(match (prefix, suffix) {
        ("", "") => "write how the names begin, as `name-*`, or end, as `*-name`".to_owned(),
        (prefix, suffix) if prefix.len() >= suffix.len() => format!("write `{prefix}*`"),
        (_, suffix) => format!("write `*{suffix}`"),
    })
}

fn too_many_values(
    subscription: &Subscription,
    written: &WrittenSubscription,
    path: &[PathPart],
) -> Option<Mistake> {
    let combinations = subscription.combinations();
    if combinations <= COMBINATIONS_MAX {
        return None;
    }
    let counts = subscription.filters().into_iter().map(|(_, values)| values.len().to_string());
    let counts = counts.collect::<Vec<_>>().join(" × ");
    let problem = format!(
        "the filter has {counts} = {combinations} combinations of values, SNS takes {COMBINATIONS_MAX}"
    );
    let most = [("action", &written.action), ("bucket", &written.bucket)];
    let most =
        most.into_iter().max_by_key(|(_, it)| it.as_ref().map_or(0, |it| it.as_slice().len()));
    let name = most.map_or("bucket", |(name, _)| name);
    let proposal = format!("leave some of `{name}` out");
    Some(wrong_value(path, problem, Some(proposal)))
}

/// SNS knows a subscription by its topic and its endpoint: a second one with another filter is refused.
///
/// Source: Amazon SNS API Reference, `Subscribe` (`InvalidParameter`: "Subscription already exists with different attributes").
fn like_another(
    subscription: &Subscription,
    earlier: &[Subscription],
    path: &[PathPart],
) -> Vec<Mistake> {
    let plain = |name: &str| name.replace('-', "").to_ascii_lowercase();
    let mut mistakes = Vec::new();
    let name = plain(&subscription.name);
    let same = earlier.iter().find(|other| !name.is_empty() && plain(&other.name) == name);
    if let Some(same) = same {
        let problem = if same.name == subscription.name {
            format!("there is a subscription {} already", quoted(&same.name))
        } else {
            format!(
                "{} is like {} in a logical id, which has no `-`",
                quoted(&subscription.name),
                quoted(&same.name)
            )
        };
        let proposal = "give it a name of its own".to_owned();
        mistakes.push(wrong_value(&below(path, "name"), problem, Some(proposal)));
    }
    let (kind, address) = (subscription.endpoint.name(), subscription.endpoint.address());
    let is_same = |other: &&Subscription| {
        let (other_kind, other) = (other.endpoint.name(), other.endpoint.address());
        !address.is_empty() && other_kind == kind && other.eq_ignore_ascii_case(address)
    };
    if let Some(same) = earlier.iter().find(is_same) {
        let problem = format!(
            "subscription {} has this address already, and SNS takes it once",
            quoted(&same.name)
        );
        let proposal = "put both into one, or give another address".to_owned();
        mistakes.push(wrong_value(&below(path, kind), problem, Some(proposal)));
    }
    mistakes
}
