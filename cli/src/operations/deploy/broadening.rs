//! Which changes of a template let somebody do more than before: decided from the templates and their parameters.
//!
//! Every document with statements counts, whoever's it is: of roles, of buckets, queues, topics and keys, and who may
//! call a function. A statement is taken apart into single grants; a grant that none of before covers is a new one, and
//! so is a denial that is gone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use serde_json::Value as Json;

use crate::operations::deploy::resolve;

/// A template, and the values of its parameters.
pub(crate) struct Given<'a> {
    pub(crate) template: &'a Json,
    pub(crate) parameters: BTreeMap<String, String>,
}

/// Somebody may do more than before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Grant {
    /// The resource in whose policy it stands.
    pub(crate) logical_id: String,
    /// Whether it is a denial that is gone, not a permission that is new.
    pub(crate) is_denial_gone: bool,
    /// Who may, where the policy says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) principal: Option<String>,
    pub(crate) action: String,
    pub(crate) resource: String,
    /// On which conditions, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) condition: Option<String>,
}

/// What the new template lets somebody do and the old one does not.
pub(crate) fn broadening(old: &Given<'_>, new: &Given<'_>) -> Vec<Grant> {
    let (old, new) = (Grants::of(old), Grants::of(new));
    let is_new = |grant: &&Grant| !old.allowed.iter().any(|known| covers(known, grant));
    let is_gone = |denial: &&Grant| {
        // A policy that is gone with its resource denies nothing to anybody any more.
        new.ids.contains(&denial.logical_id)
            && !new.denied.iter().any(|known| covers(known, denial))
    };
    let gone = old
        .denied
        .iter()
        .filter(is_gone)
        .map(|denial| Grant { is_denial_gone: true, ..denial.clone() });
    let mut all: Vec<Grant> = new.allowed.iter().filter(is_new).cloned().chain(gone).collect();
    all.sort();
    all.dedup();
    all
}

/// Whether whoever has the first grant has the second by it.
fn covers(known: &Grant, grant: &Grant) -> bool {
    let part = |known: &str, other: &str| known == other || is_like(other, known);
    known.logical_id == grant.logical_id
        && match (&known.principal, &grant.principal) {
            (Some(known), Some(other)) => part(known, other),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        }
        && part(&known.action, &grant.action)
        && part(&known.resource, &grant.resource)
        && (known.condition.is_none() || known.condition == grant.condition)
}

/// Whether a text matches a pattern with `*`.
fn is_like(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[derive(Default)]
struct Grants {
    ids: BTreeSet<String>,
    allowed: Vec<Grant>,
    denied: Vec<Grant>,
}

impl Grants {
    fn of(given: &Given<'_>) -> Self {
        let mut grants = Self::default();
        let resources =
            resolve::resources(given.template, &|name| given.parameters.get(name).cloned());
        for (id, resource) in resources.as_object().into_iter().flatten() {
            grants.ids.insert(id.clone());
            let properties = resource["Properties"].clone();
            match resource["Type"].as_str() {
                Some("AWS::Lambda::Permission") => grants.call(id, &properties),
                Some(_) | None => grants.collect(id, &properties),
            }
            for arn in texts(&properties["ManagedPolicyArns"]) {
                grants.allowed.push(grant(
                    id,
                    None,
                    "whatever the managed policy allows",
                    &arn,
                    None,
                ));
            }
        }
        grants
    }

    /// Who may call a function is a permission without a document.
    fn call(&mut self, id: &str, properties: &Json) {
        let source: BTreeMap<&str, &Json> = ["SourceArn", "SourceAccount"]
            .into_iter()
            .filter(|name| !properties[name].is_null())
            .map(|name| (name, &properties[name]))
            .collect();
        let condition = (!source.is_empty()).then(|| {
            let source = source.into_iter().map(|(name, value)| (name.to_owned(), value.clone()));
            source.collect::<Json>().to_string()
        });
        let principal = Some(text(&properties["Principal"]));
        let (action, function) = (text(&properties["Action"]), text(&properties["FunctionName"]));
        self.allowed.push(grant(id, principal, &action, &function, condition));
    }

    fn collect(&mut self, id: &str, value: &Json) {
        match value {
            Json::Object(map) if map.contains_key("Statement") => {
                for statement in listed(&map["Statement"]) {
                    self.take_apart(id, statement);
                }
            }
            Json::Object(map) => map.values().for_each(|value| self.collect(id, value)),
            Json::Array(items) => items.iter().for_each(|value| self.collect(id, value)),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }

    fn take_apart(&mut self, id: &str, statement: &Json) {
        if statement.is_object() && statement["Effect"].is_null() && statement["Fn::If"].is_null() {
            // What cannot be read may allow anything: somebody looks at it.
            self.allowed.push(grant(id, None, "what cannot be told", &statement.to_string(), None));
            return;
        }
        if let Some(branches) = statement["Fn::If"].as_array() {
            // Which one counts is told when the stack is made: both do.
            for branch in branches.iter().skip(1) {
                self.take_apart(id, branch);
            }
            return;
        }
        let condition = statement.get("Condition").map(ToString::to_string);
        let principals: Vec<Option<String>> = match principals(statement) {
            none if none.is_empty() => vec![None],
            some => some.into_iter().map(Some).collect(),
        };
        let resources = match either(statement, "Resource", "NotResource") {
            none if none.is_empty() => vec!["it".to_owned()],
            some => some,
        };
        let is_denial = statement["Effect"] == "Deny";
        for principal in &principals {
            for action in either(statement, "Action", "NotAction") {
                for resource in &resources {
                    let one = grant(id, principal.clone(), &action, resource, condition.clone());
                    if is_denial { self.denied.push(one) } else { self.allowed.push(one) }
                }
            }
        }
    }
}

fn grant(
    id: &str,
    principal: Option<String>,
    action: &str,
    resource: &str,
    condition: Option<String>,
) -> Grant {
    Grant {
        logical_id: id.to_owned(),
        is_denial_gone: false,
        principal,
        action: action.to_owned(),
        resource: resource.to_owned(),
        condition,
    }
}

fn either(statement: &Json, name: &str, but: &str) -> Vec<String> {
    let all_but = texts(&statement[but]).into_iter().map(|text| format!("all but {text}"));
    texts(&statement[name]).into_iter().chain(all_but).collect()
}

/// `{"Service": […]}` and `"*"`.
fn principals(statement: &Json) -> Vec<String> {
    let of = |principal: &Json, but: &str| -> Vec<String> {
        match principal.as_object() {
            Some(map)
                if !map.contains_key("Ref") && !map.keys().any(|key| key.starts_with("Fn::")) =>
            {
                map.values().flat_map(texts).map(|text| format!("{but}{text}")).collect()
            }
            Some(_) | None => {
                texts(principal).into_iter().map(|text| format!("{but}{text}")).collect()
            }
        }
    };
    let mut all = of(&statement["Principal"], "");
    all.extend(of(&statement["NotPrincipal"], "all but "));
    all
}

fn listed(value: &Json) -> Vec<&Json> {
    match value {
        Json::Array(items) => items.iter().collect(),
        Json::Null => Vec::new(),
        Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_) => vec![value],
    }
}

fn texts(value: &Json) -> Vec<String> {
    listed(value).into_iter().map(text).collect()
}

fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        // As one reads them: what stands there is known when the stack is made.
        Json::Object(map) => match (map.get("Ref"), map.get("Fn::GetAtt"), map.get("Fn::Sub")) {
            (Some(name), _, _) => format!("${{{}}}", text(name)),
            (_, Some(path), _) => format!("${{{}}}", texts(path).join(".")),
            (_, _, Some(Json::String(sub))) => sub.clone(),
            _ => value.to_string(),
        },
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) => value.to_string(),
    }
}

/// The same in few sentences: actions on the same things together, then things for the same actions.
pub(crate) fn sentences(grants: &[Grant]) -> Vec<String> {
    let joined = |names: &[&str]| match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    };
    let mut of_resources: Vec<(Grant, Vec<&str>)> = Vec::new();
    for grant in grants {
        let alike = Grant { action: String::new(), ..grant.clone() };
        match of_resources.iter_mut().find(|(known, _)| *known == alike) {
            Some((_, actions)) => actions.push(&grant.action),
            None => of_resources.push((alike, vec![&grant.action])),
        }
    }
    let mut of_actions: Vec<(Grant, Vec<&str>)> = Vec::new();
    for (alike, actions) in &of_resources {
        let same = Grant { action: joined(actions), resource: String::new(), ..alike.clone() };
        match of_actions.iter_mut().find(|(known, _)| *known == same) {
            Some((_, resources)) => resources.push(&alike.resource),
            None => of_actions.push((same, vec![&alike.resource])),
        }
    }
    let sentence = |(same, resources): (Grant, Vec<&str>)| {
        Grant { resource: joined(&resources), ..same }.to_string()
    };
    of_actions.into_iter().map(sentence).collect()
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { logical_id, principal, action, resource, .. } = self;
        let who = principal.as_ref().map(|who| format!("{who} ")).unwrap_or_default();
        let may = if self.is_denial_gone { "is no longer denied" } else { "may" };
        write!(f, "{logical_id}: {who}{may} {action} on {resource}")?;
        match &self.condition {
            Some(condition) => write!(f, " if {condition}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
