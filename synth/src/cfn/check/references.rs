//! Every reference of a rendered template leads somewhere, and to something that is there when it is asked for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::{RenderError, intrinsic, variables};
use crate::cfn::{ConditionHandle, LogicalId, Template, template::Entry};

/// Checks all references of the template.
pub(super) fn check(template: &Template) -> Result<(), RenderError> {
    let names = Names::new(template);
    for (id, condition) in &template.conditions {
        names.check_operands(*id, &condition.to_json())?;
    }
    for (id, rule) in &template.rules {
        for condition in rule.when.iter().chain(rule.assertions.iter().map(|one| &one.assert)) {
            names.check_operands(*id, &condition.to_json())?;
        }
    }
    for entry in &template.resources {
        for dependency in &entry.attributes.depends_on {
            names.entry(entry.id, dependency.id().as_str())?;
        }
        let holding =
            names.holding(entry.id, entry.attributes.condition.map(ConditionHandle::id))?;
        if let Ok(properties) = &entry.properties {
            names.check(entry.id, properties, &holding)?;
        }
    }
    for (id, output) in &template.outputs {
        let holding = names.holding(*id, output.condition.map(ConditionHandle::id))?;
        for value in [Some(&output.value), output.export.as_ref()].into_iter().flatten() {
            names.check(*id, &value.expression().to_json(), &holding)?;
        }
    }
    Ok(())
}

/// What can be referred to.
struct Names<'a> {
    parameters: BTreeSet<&'a str>,
    entries: BTreeMap<&'a str, &'a Entry>,
    /// Each condition with those that hold whenever it does, itself among them.
    conditions: BTreeMap<&'a str, BTreeSet<LogicalId>>,
}

impl<'a> Names<'a> {
    fn new(template: &'a Template) -> Self {
        let mut conditions: BTreeMap<&str, BTreeSet<LogicalId>> = BTreeMap::new();
        // A condition can only name conditions that were added before it.
        for (id, condition) in &template.conditions {
            let mut holding = BTreeSet::from([*id]);
            for implied in condition.implied() {
                holding.extend(conditions.get(implied.as_str()).into_iter().flatten());
            }
            conditions.insert(id.as_str(), holding);
        }
        Self {
            parameters: template.parameters.iter().map(|(id, _)| id.as_str()).collect(),
            entries: template.resources.iter().map(|entry| (entry.id.as_str(), entry)).collect(),
            conditions,
        }
    }

    fn holding(
        &self,
        from: LogicalId,
        condition: Option<LogicalId>,
    ) -> Result<BTreeSet<LogicalId>, RenderError> {
        condition.map_or(Ok(BTreeSet::new()), |condition| self.condition(from, condition.as_str()))
    }

    fn condition(&self, from: LogicalId, name: &str) -> Result<BTreeSet<LogicalId>, RenderError> {
        let foreign = || RenderError::Foreign { from, to: name.to_owned() };
        self.conditions.get(name).cloned().ok_or_else(foreign)
    }

    fn entry(&self, from: LogicalId, name: &str) -> Result<&'a Entry, RenderError> {
        let foreign = || RenderError::Foreign { from, to: name.to_owned() };
        self.entries.get(name).copied().ok_or_else(foreign)
    }

    /// Conditions and rules know parameters and conditions only.
    fn check_operands(&self, from: LogicalId, json: &Json) -> Result<(), RenderError> {
        match json {
            Json::Object(map) => map.iter().try_for_each(|(key, value)| {
                let known = |name: &str| match key.as_str() {
                    "Ref" => name.starts_with("AWS::") || self.parameters.contains(name),
                    "Condition" => self.conditions.contains_key(name),
                    _ => true,
                };
                match value.as_str() {
                    Some(to) if !known(to) => Err(RenderError::Foreign { from, to: to.into() }),
                    _ => self.check_operands(from, value),
                }
            }),
            Json::Array(items) => items.iter().try_for_each(|item| self.check_operands(from, item)),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Ok(()),
        }
    }

    fn check(
        &self,
        from: LogicalId,
        json: &Json,
        holding: &BTreeSet<LogicalId>,
    ) -> Result<(), RenderError> {
        if let Some((function, argument)) = intrinsic(json) {
            return self.check_function(from, function, argument, holding);
        }
        match json {
            Json::Object(map) => {
                map.values().try_for_each(|value| self.check(from, value, holding))
            }
            Json::Array(items) => items.iter().try_for_each(|item| self.check(from, item, holding)),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Ok(()),
        }
    }

    fn check_function(
        &self,
        from: LogicalId,
        function: &str,
        argument: &Json,
        holding: &BTreeSet<LogicalId>,
    ) -> Result<(), RenderError> {
        match (function, argument) {
            ("Ref", Json::String(name)) => self.check_name(from, name, holding),
            ("Fn::GetAtt", Json::Array(parts)) => match parts.as_slice() {
                [Json::String(id), Json::String(attribute)] => {
                    self.check_attribute(from, id, attribute, holding)
                }
                _ => Ok(()),
            },
            ("Fn::Sub", Json::String(text)) => self.check_text(from, text, &[], holding),
            ("Fn::Sub", Json::Array(parts)) => {
                let own = parts.get(1).and_then(Json::as_object);
                let names: Vec<&str> = own.into_iter().flatten().map(|(k, _)| k.as_str()).collect();
                if let Some(text) = parts.first().and_then(Json::as_str) {
                    self.check_text(from, text, &names, holding)?;
                }
                own.into_iter().flatten().try_for_each(|(_, v)| self.check(from, v, holding))
            }
            ("Fn::If", Json::Array(parts)) => match parts.as_slice() {
                [Json::String(condition), then, otherwise] => {
                    let mut inside = self.condition(from, condition)?;
                    inside.extend(holding);
                    self.check(from, then, &inside)?;
                    self.check(from, otherwise, holding)
                }
                _ => Ok(()),
            },
            _ => self.check(from, argument, holding),
        }
    }

    fn check_text(
        &self,
        from: LogicalId,
        text: &str,
        own: &[&str],
        holding: &BTreeSet<LogicalId>,
    ) -> Result<(), RenderError> {
        variables(text).filter(|name| !own.contains(name)).try_for_each(|name| {
            match name.split_once('.') {
                Some((id, attribute)) => self.check_attribute(from, id, attribute, holding),
                None => self.check_name(from, name, holding),
            }
        })
    }

    fn check_name(
        &self,
        from: LogicalId,
        name: &str,
        holding: &BTreeSet<LogicalId>,
    ) -> Result<(), RenderError> {
        if name.starts_with("AWS::") || self.parameters.contains(name) {
            return Ok(());
        }
        check_there(from, self.entry(from, name)?, holding)
    }

    fn check_attribute(
        &self,
        from: LogicalId,
        id: &str,
        attribute: &str,
        holding: &BTreeSet<LogicalId>,
    ) -> Result<(), RenderError> {
        let entry = self.entry(from, id)?;
        // Another template's handle may by chance bear the id of one of ours, of another type.
        if !entry.known_attributes.contains(&attribute) {
            return Err(RenderError::Foreign { from, to: format!("{id}.{attribute}") });
        }
        check_there(from, entry, holding)
    }
}

/// A resource with a condition can be referred to only where that condition holds.
fn check_there(
    from: LogicalId,
    entry: &Entry,
    holding: &BTreeSet<LogicalId>,
) -> Result<(), RenderError> {
    match entry.attributes.condition.map(ConditionHandle::id) {
        Some(condition) if !holding.contains(&condition) => {
            Err(RenderError::Unconditional { from, to: entry.id.to_string(), condition })
        }
        Some(_) | None => Ok(()),
    }
}
