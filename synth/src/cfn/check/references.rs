//! Every reference of a rendered template must lead to something that exists whenever the reference does.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::{RenderError, intrinsic};
use crate::cfn::{
    ConditionHandle, LogicalId, Template,
    sub::{Piece, pieces},
    template::Entry,
};

/// The names that functions of the JSON refer to: `Id`, or `Id.Attribute`.
pub(in crate::cfn) fn references(json: &Json) -> Vec<Cow<'_, str>> {
    found(json).names.into_iter().map(|(name, _)| name).collect()
}

/// What functions of the JSON refer to.
#[derive(Default)]
struct Found<'j> {
    /// Names, each with the conditions that hold where the reference is used.
    names: Vec<(Cow<'j, str>, Vec<&'j str>)>,
    /// The conditions of `Fn::If`.
    conditions: Vec<&'j str>,
}

fn found(json: &Json) -> Found<'_> {
    let mut found = Found::default();
    find(json, &[], &mut found);
    found
}

fn find<'j>(json: &'j Json, under: &[&'j str], found: &mut Found<'j>) {
    let mut named = |name: Cow<'j, str>| found.names.push((name, under.to_vec()));
    match (intrinsic(json), json) {
        (Some(("Ref", Json::String(name))), _) => named(name.into()),
        (Some(("Fn::GetAtt", Json::Array(path))), _) => {
            let path: Vec<&str> = path.iter().filter_map(Json::as_str).collect();
            named(path.join(".").into());
        }
        (Some(("Fn::Sub", Json::String(text))), _) => {
            for piece in pieces(text) {
                match piece {
                    Piece::Name(name) => named(name.into()),
                    Piece::Text(_) => {}
                }
            }
        }
        (Some(("Fn::If", Json::Array(items))), _) => {
            let condition = items.first().and_then(Json::as_str).unwrap_or_default();
            found.conditions.push(condition);
            let holds = [under, &[condition]].concat();
            for (item, under) in items.iter().skip(1).zip([&holds[..], under]) {
                find(item, under, found);
            }
        }
        (_, Json::Object(map)) => map.values().for_each(|value| find(value, under, found)),
        (_, Json::Array(items)) => items.iter().for_each(|item| find(item, under, found)),
        (_, Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_)) => {}
    }
}

/// Checks all references of the template.
pub(super) fn check(template: &Template) -> Result<(), RenderError> {
    let names = Names {
        parameters: template.parameters.iter().map(|(id, _)| id.as_str()).collect(),
        entries: template.resources.iter().map(|entry| (entry.id.as_str(), entry)).collect(),
        conditions: template.conditions.iter().map(|(id, _)| *id).collect(),
    };
    for (id, condition) in &template.conditions {
        names.check_parameters(*id, &condition.to_json())?;
    }
    for (id, rule) in &template.rules {
        names.check_parameters(*id, &rule.when.to_json())?;
        names.check_parameters(*id, &rule.assert.to_json())?;
    }
    for Entry { id, attributes, properties, .. } in &template.resources {
        for dependency in &attributes.depends_on {
            names.entry(*id, dependency.id().as_str())?;
        }
        if let Ok(properties) = properties {
            names.check(*id, properties, attributes.condition)?;
        }
    }
    for (id, output) in &template.outputs {
        names.check(*id, &output.value.expression().to_json(), output.condition)?;
    }
    Ok(())
}

/// What can be referred to.
struct Names<'a> {
    parameters: BTreeSet<&'a str>,
    entries: BTreeMap<&'a str, &'a Entry>,
    conditions: BTreeSet<LogicalId>,
}

impl Names<'_> {
    fn entry(&self, from: LogicalId, name: &str) -> Result<&Entry, RenderError> {
        let foreign = || RenderError::Foreign(from, name.to_owned());
        self.entries.get(name).copied().ok_or_else(foreign)
    }

    fn is_parameter(&self, name: &str) -> bool {
        name.starts_with("AWS::") || self.parameters.contains(name)
    }

    fn check_parameters(&self, from: LogicalId, json: &Json) -> Result<(), RenderError> {
        let foreign = references(json).into_iter().find(|name| !self.is_parameter(name));
        foreign.map_or(Ok(()), |to| Err(RenderError::Foreign(from, to.into_owned())))
    }

    /// Checks the references of a part of the template that exists under the condition.
    fn check(
        &self,
        from: LogicalId,
        json: &Json,
        condition: Option<ConditionHandle>,
    ) -> Result<(), RenderError> {
        let condition = condition.map(ConditionHandle::id);
        if let Some(id) = condition.filter(|id| !self.conditions.contains(id)) {
            return Err(RenderError::Foreign(from, id.to_string()));
        }
        let found = found(json);
        let is_known = |name: &&str| self.conditions.iter().any(|id| id.as_str() == *name);
        if let Some(name) = found.conditions.iter().find(|name| !is_known(name)) {
            return Err(RenderError::Foreign(from, (*name).to_owned()));
        }
        for (name, under) in found.names.into_iter().filter(|(name, _)| !self.is_parameter(name)) {
            let (id, attribute) = name.split_once('.').unwrap_or((&name, ""));
            let entry = self.entry(from, id)?;
            // Another template's handle may by chance have the id of one of ours, of another type.
            if !attribute.is_empty() && !entry.known_attributes.contains(&attribute) {
                return Err(RenderError::Foreign(from, name.into_owned()));
            }
            match entry.attributes.condition.map(ConditionHandle::id) {
                Some(of) if condition != Some(of) && !under.contains(&of.as_str()) => {
                    return Err(RenderError::Unconditional(from, id.to_owned(), of));
                }
                Some(_) | None => {}
            }
        }
        Ok(())
    }
}
