//! Which changes of a template broaden permissions: decided from the templates and their parameters.
//!
//! Every policy document counts: of roles, buckets, queues, topics and keys, and permissions to invoke a function.
//! A statement is split into single grants; a grant that no earlier grant covers is new, and so is a removed denial.

use std::collections::{BTreeMap, BTreeSet};
use std::{fmt, mem};

use s3guard_posture::model::glob::Glob;
use s3guard_posture::model::policy::{Statement, listed, statements};
use s3guard_synth::cfn::Resolver;
use serde::Serialize;
use serde_json::{Map, Value as Json};

/// The prefix of an excluded name, as in `NotAction`.
const ALL_BUT: &str = "all but ";

/// A template, and the values of its parameters.
pub(crate) struct Given<'a> {
    pub(crate) template: &'a Json,
    pub(crate) parameters: BTreeMap<String, String>,
}

/// A permission that is new.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Grant {
    /// The resource that has the policy.
    pub(crate) logical_id: String,
    /// Whether a denial was removed, instead of a permission added.
    pub(crate) is_denial_gone: bool,
    /// The principal, if the policy names one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) principal: String,
    pub(crate) action: String,
    pub(crate) resource: String,
    /// The conditions, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) condition: Option<String>,
}

/// The permissions that the new template grants and the old one does not.
pub(crate) fn broadening(old: &Given<'_>, new: &Given<'_>) -> Vec<Grant> {
    let (old, new) = (Grants::of(old), Grants::of(new));
    let is_new = |grant: &&Grant| !old.allowed.iter().any(|known| covers(known, grant));
    let is_gone = |denial: &&Grant| {
        // A denial that is removed together with its resource does not broaden anything.
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

/// Whether the first grant includes the second.
fn covers(known: &Grant, grant: &Grant) -> bool {
    // Excluded names are compared literally: a wider exclusion grants less.
    let part = |known: &str, other: &str| {
        let is_exception = known.starts_with(ALL_BUT) || other.starts_with(ALL_BUT);
        known == other || known == "*" || (!is_exception && Glob::new(known).matches(other))
    };
    known.logical_id == grant.logical_id
        && part(&known.principal, &grant.principal)
        && part(&known.action, &grant.action)
        && part(&known.resource, &grant.resource)
        && (known.condition.is_none() || known.condition == grant.condition)
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
        let known = |name: &str| given.parameters.get(name).cloned();
        for (id, resource) in Resolver::new(given.template, &known).resources() {
            let properties = &resource["Properties"];
            if resource["Type"] == "AWS::Lambda::Permission" {
                grants.call(&id, properties);
            } else {
                grants.collect(&id, properties);
            }
            for arn in texts(properties.get("ManagedPolicyArns")) {
                let action = "everything that the managed policy allows".to_owned();
                grants.allowed.push(Grant { action, resource: arn, ..Grant::of(&id) });
            }
            grants.ids.insert(id);
        }
        grants
    }

    /// A permission to invoke a function has no policy document.
    fn call(&mut self, id: &str, properties: &Json) {
        let source: Map<String, Json> = ["SourceAccount", "SourceArn"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), properties.get(name)?.clone())))
            .filter(|(_, value)| !value.is_null())
            .collect();
        self.allowed.push(Grant {
            principal: text(&properties["Principal"]),
            action: text(&properties["Action"]),
            resource: text(&properties["FunctionName"]),
            condition: (!source.is_empty()).then(|| Json::Object(source).to_string()),
            ..Grant::of(id)
        });
    }

    fn collect(&mut self, id: &str, value: &Json) {
        match value {
            Json::Object(map) if map.contains_key("Statement") => {
                statements(value).for_each(|statement| self.take_apart(id, statement));
            }
            Json::Object(map) => map.values().for_each(|value| self.collect(id, value)),
            Json::Array(items) => items.iter().for_each(|value| self.collect(id, value)),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }

    fn take_apart(&mut self, id: &str, statement: Statement<'_>) {
        if let Some(branches) = statement.0["Fn::If"].as_array() {
            // CloudFormation chooses a branch at deployment: both count.
            for branch in branches.iter().skip(1).filter(|one| one["Ref"] != "AWS::NoValue") {
                self.take_apart(id, Statement(branch));
            }
            return;
        }
        if statement.0.is_object() && statement.effect().is_none() {
            // A statement that cannot be read may allow anything: a person has to review it.
            let (action, resource) = ("unknown actions".to_owned(), statement.0.to_string());
            self.allowed.push(Grant { action, resource, ..Grant::of(id) });
            return;
        }
        let is_denial = statement.effect() == Some("Deny");
        let grants = if is_denial { &mut self.denied } else { &mut self.allowed };
        let resources = either(statement, "Resource", "NotResource");
        let actions = either(statement, "Action", "NotAction");
        for principal in or_one(principals(statement), String::new()) {
            for action in &actions {
                for resource in or_one(resources.clone(), "it".to_owned()) {
                    grants.push(Grant {
                        principal: principal.clone(),
                        action: action.clone(),
                        resource,
                        condition: statement.0.get("Condition").map(ToString::to_string),
                        ..Grant::of(id)
                    });
                }
            }
        }
    }
}

impl Grant {
    fn of(id: &str) -> Self {
        Self { logical_id: id.to_owned(), ..Self::default() }
    }
}

/// All values, or one default.
fn or_one<T>(all: Vec<T>, one: T) -> Vec<T> {
    if all.is_empty() { vec![one] } else { all }
}

fn either(statement: Statement<'_>, name: &str, but: &str) -> Vec<String> {
    let all_but = statement.each(but).map(|value| format!("{ALL_BUT}{}", text(value)));
    statement.each(name).map(text).chain(all_but).collect()
}

/// `{"Service": […]}` and `"*"`.
fn principals(statement: Statement<'_>) -> Vec<String> {
    let of = |principal: &Json| match principal.as_object() {
        Some(kinds) if !kinds.keys().any(|key| key == "Ref" || key.starts_with("Fn::")) => {
            kinds.values().flat_map(|names| texts(Some(names))).collect()
        }
        Some(_) | None => vec![text(principal)],
    };
    let all_but = statement.each("NotPrincipal").flat_map(of);
    let all_but: Vec<String> = all_but.map(|name| format!("{ALL_BUT}{name}")).collect();
    statement.each("Principal").flat_map(of).chain(all_but).collect()
}

fn texts(value: Option<&Json>) -> Vec<String> {
    value.into_iter().flat_map(listed).map(text).collect()
}

/// The text of a value; an intrinsic function is shown as it is written.
fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Object(map) => match (map.get("Ref"), map.get("Fn::GetAtt"), map.get("Fn::Sub")) {
            (Some(name), _, _) => format!("${{{}}}", text(name)),
            (_, Some(path), _) => format!("${{{}}}", texts(Some(path)).join(".")),
            (_, _, Some(Json::String(sub))) => sub.clone(),
            _ => value.to_string(),
        },
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) => value.to_string(),
    }
}

/// The grants as few sentences: actions on the same resource are joined, then resources of the same actions.
pub(crate) fn sentences(grants: &[Grant]) -> Vec<String> {
    let of_resources = together(grants.to_vec(), |grant| &mut grant.action);
    let of_actions = together(of_resources, |grant| &mut grant.resource);
    of_actions.iter().map(ToString::to_string).collect()
}

/// Joins grants that differ only in one part.
fn together(grants: Vec<Grant>, part: fn(&mut Grant) -> &mut String) -> Vec<Grant> {
    let mut groups: Vec<(Grant, Vec<String>)> = Vec::new();
    for mut grant in grants {
        let name = mem::take(part(&mut grant));
        match groups.iter_mut().find(|(alike, _)| *alike == grant) {
            Some((_, names)) => names.push(name),
            None => groups.push((grant, vec![name])),
        }
    }
    let joined = |(mut grant, names): (Grant, Vec<String>)| {
        *part(&mut grant) = names.join(", ");
        grant
    };
    groups.into_iter().map(joined).collect()
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { logical_id, principal, action, resource, .. } = self;
        let gap = if principal.is_empty() { "" } else { " " };
        let may = if self.is_denial_gone { "is no longer denied" } else { "may" };
        write!(f, "{logical_id}: {principal}{gap}{may} {action} on {resource}")?;
        match &self.condition {
            Some(condition) => write!(f, " if {condition}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
