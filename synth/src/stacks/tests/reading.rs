//! A rendered template with its functions resolved, as CloudFormation does, for a made-up account.

use s3guard_posture::Config;
use serde_json::Value as Json;

use crate::{
    cfn::{Resolver, Template},
    stacks::{guard, guard_with},
};

/// A template with all that a configuration can add to it.
pub(super) fn configured() -> Template {
    let written = include_str!("configured.json");
    guard_with(&Config::from_json(written).unwrap())
}

/// The guard's template as CloudFormation would read it.
pub(super) fn read_guard() -> Json {
    read(&guard().render().unwrap())
}

/// A template with parameters at their defaults. A resource is named `<Id>`, its attribute `<Id.Attribute>`.
pub(super) fn read(template: &Json) -> Json {
    read_with(template, &[])
}

/// A template with these parameters, and the others at their defaults, without what it does not have then.
pub(super) fn read_with(template: &Json, given: &[(&str, &str)]) -> Json {
    let named =
        |name: &str| {
            let given = given.iter().find(|(parameter, _)| *parameter == name);
            Some(given.map_or_else(
                || named(name, &template["Parameters"]),
                |(_, value)| (*value).to_owned(),
            ))
        };
    let resolver = Resolver::new(template, &named);
    let mut read = template.clone();
    for section in ["Resources", "Outputs"] {
        read[section] = resolver.value(&template[section]);
    }
    read
}

/// The resources of a type, with their ids.
pub(super) fn of_type<'a>(
    template: &'a Json,
    r#type: &'a str,
) -> impl Iterator<Item = (&'a str, &'a Json)> {
    let resources = template["Resources"].as_object().unwrap();
    resources
        .iter()
        .filter(move |(_, one)| one["Type"] == r#type)
        .map(|(id, one)| (id.as_str(), one))
}

/// A value or a list of them, as policies have it.
pub(super) fn many(json: &Json) -> Vec<&Json> {
    match json {
        Json::Array(items) => items.iter().collect(),
        Json::Null => Vec::new(),
        one @ (Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_)) => vec![one],
    }
}

/// The texts of a value or a list of them.
pub(super) fn texts(json: &Json) -> Vec<&str> {
    many(json).into_iter().map(|one| one.as_str().unwrap()).collect()
}

fn named(name: &str, parameters: &Json) -> String {
    match name {
        "AWS::AccountId" => "111122223333".into(),
        "AWS::Partition" => "aws".into(),
        "AWS::Region" => "eu-west-1".into(),
        "AWS::StackName" => "s3guard".into(),
        "AWS::URLSuffix" => "amazonaws.com".into(),
        _ => match parameters.get(name) {
            Some(parameter) => parameter["Default"].as_str().unwrap_or(name).to_owned(),
            None => format!("<{name}>"),
        },
    }
}

/// The id of `<Id>` or `<Id.Attribute>`.
pub(super) fn inner(reference: &str) -> &str {
    let name = reference.trim_matches(['<', '>']);
    name.split_once('.').map_or(name, |(id, _)| id)
}
