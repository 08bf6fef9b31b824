//! The templates against the official resource schemas: names, nested names, types, required properties, words, attributes.

use std::collections::{BTreeMap, BTreeSet};

use expect_test::expect_file;
use s3guard_posture::Config;
use s3guard_synth::stacks;
use serde_json::{Map, Value as Json, json};

use crate::tools::Bench;

/// The template that a whole configuration makes. It has every resource type that we model.
fn template() -> Json {
    let configured = include_str!("../../synth/src/stacks/tests/configured.json");
    stacks::guard_with(&Config::from_json(configured).unwrap()).render().unwrap()
}

/// The resources of the template, each with its id, its type and its properties.
fn resources(template: &Json) -> impl Iterator<Item = (&str, &str, &Json)> {
    let resources = template["Resources"].as_object().unwrap();
    resources
        .iter()
        .map(|(id, one)| (id.as_str(), one["Type"].as_str().unwrap(), &one["Properties"]))
}

#[test]
fn every_property_of_the_templates_is_in_the_official_schema() {
    let schemas = Bench::new().schemas();
    let mut findings = Findings::default();
    for template in [stacks::guard().render().unwrap(), template()] {
        let types: BTreeMap<&str, &str> =
            resources(&template).map(|(id, r#type, _)| (id, r#type)).collect();
        for (_, r#type, properties) in resources(&template) {
            let schema = schemas.of(r#type);
            findings.of_type = r#type.to_owned();
            findings.check(properties, &schema, &schema, "");
        }
        for (id, attribute) in attributes(&template) {
            findings.of_type = types[id.as_str()].to_owned();
            findings.check_attribute(&attribute, &schemas.of(types[id.as_str()]));
        }
    }
    assert!(findings.wrong.is_empty(), "{}", findings.wrong.join("\n"));
    // That the walk has been somewhere: the templates have more properties than this.
    assert!(findings.properties > 500, "only {} properties were seen", findings.properties);
}

/// The attributes that the template refers to, with the ids of their resources.
fn attributes(json: &Json) -> BTreeSet<(String, String)> {
    let owned = |(id, attribute): (&str, &str)| (id.to_owned(), attribute.to_owned());
    match json {
        Json::Object(map) => map
            .iter()
            .flat_map(|(name, value)| match (name.as_str(), value) {
                ("Fn::GetAtt", path) => {
                    let (id, attribute) = (path[0].as_str().unwrap(), path[1].as_str().unwrap());
                    BTreeSet::from([owned((id, attribute))])
                }
                ("Fn::Sub", Json::String(text)) => text
                    .split("${")
                    .skip(1)
                    .filter_map(|rest| rest.split('}').next()?.split_once('.'))
                    .map(owned)
                    .collect(),
                (_, value) => attributes(value),
            })
            .collect(),
        Json::Array(items) => items.iter().flat_map(attributes).collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => BTreeSet::new(),
    }
}

#[test]
fn a_wrong_model_is_found() {
    let schemas = Bench::new().schemas();
    let check = |r#type: &str, properties: Json, expected: &str| {
        let schema = schemas.of(r#type);
        let mut findings = Findings { of_type: r#type.to_owned(), ..Findings::default() };
        findings.check(&properties, &schema, &schema, "");
        assert_eq!(findings.wrong, [format!("{type} {expected}")]);
    };
    let queue = "AWS::SQS::Queue";
    check(queue, json!({ "VisibiltyTimeout": 1 }), "/VisibiltyTimeout is not in the schema");
    check(
        queue,
        json!({ "VisibilityTimeout": "1" }),
        "/VisibilityTimeout is \"1\", the schema wants \"integer\"",
    );
    check(queue, json!({ "Arn": "a" }), "/Arn can only be read");
    check(queue, json!({ "Tags": [{ "Key": "a" }] }), "/Tags/0 lacks `Value`, which is required");
    check(
        "AWS::Logs::LogGroup",
        json!({ "RetentionInDays": 2 }),
        "/RetentionInDays is 2, which is not among the schema's words",
    );
}

/// The permissions that CloudFormation needs for each type in the templates, from which the deployer's policy is made.
#[test]
fn the_permissions_of_our_resources_handlers_are_known() {
    let schemas = Bench::new().schemas();
    let mut needed: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let template = template();
    for (_, r#type, _) in resources(&template) {
        let schema = schemas.of(r#type);
        let handlers = schema["handlers"].as_object().unwrap().values();
        let listed = handlers.map(|handler| &handler["permissions"]);
        let all = listed.chain([&schema["tagging"]["permissions"]]);
        let permissions = all.filter_map(Json::as_array).flatten();
        let actions = permissions.map(|action| spelled(action.as_str().unwrap()));
        needed.entry(r#type).or_default().extend(actions);
    }
    let text = serde_json::to_string_pretty(&needed).unwrap() + "\n";
    expect_file!["../../cli/src/operations/permissions/resources.json"].assert_eq(&text);
}

/// The action with its service as IAM writes it.
fn spelled(action: &str) -> String {
    let (service, name) = action.split_once(':').unwrap();
    format!("{}:{name}", service.to_lowercase())
}

#[derive(Default)]
struct Findings {
    of_type: String,
    wrong: Vec<String>,
    properties: usize,
}

impl Findings {
    fn say(&mut self, path: &str, what: &str) {
        self.wrong.push(format!("{} {path} {what}", self.of_type));
    }

    fn check_attribute(&mut self, attribute: &str, schema: &Json) {
        // These two give every property as an attribute.
        let gives_all = ["AWS::SNS::Topic", "AWS::SQS::Queue"].contains(&self.of_type.as_str());
        let readable = is_read_only(schema, &format!("/{attribute}"))
            || gives_all && schema["properties"].get(attribute).is_some();
        if !readable {
            self.say(attribute, "is no attribute");
        }
    }

    fn check(&mut self, value: &Json, node: &Json, schema: &Json, path: &str) {
        let node = resolved(node, schema);
        if is_function(value) {
            return;
        }
        if !has_type(value, &node["type"]) {
            self.say(path, &format!("is {value}, the schema wants {}", node["type"]));
        }
        if let Some(words) = node["enum"].as_array()
            && !words.contains(value)
        {
            self.say(path, &format!("is {value}, which is not among the schema's words"));
        }
        match value {
            Json::Object(map) => self.check_object(map, node, schema, path),
            Json::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.check(item, &node["items"], schema, &format!("{path}/{at}"));
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }

    fn check_object(&mut self, map: &Map<String, Json>, node: &Json, schema: &Json, path: &str) {
        // Policies, patterns and variables have free names.
        let Some(properties) = node["properties"].as_object() else { return };
        for (name, value) in map {
            let path = format!("{path}/{name}");
            self.properties += 1;
            match properties.get(name) {
                None => self.say(&path, "is not in the schema"),
                Some(_) if is_read_only(schema, &path) => self.say(&path, "can only be read"),
                Some(property) => self.check(value, property, schema, &path),
            }
        }
        for required in node["required"].as_array().into_iter().flatten() {
            let name = required.as_str().unwrap();
            if !map.contains_key(name) {
                self.say(path, &format!("lacks `{name}`, which is required"));
            }
        }
    }
}

fn resolved<'a>(node: &'a Json, schema: &'a Json) -> &'a Json {
    match node["$ref"].as_str() {
        Some(reference) => {
            resolved(schema.pointer(reference.trim_start_matches('#')).unwrap(), schema)
        }
        None => node,
    }
}

fn is_read_only(schema: &Json, path: &str) -> bool {
    let path = format!("/properties{path}");
    schema["readOnlyProperties"].as_array().into_iter().flatten().any(|one| one == &path)
}

fn is_function(value: &Json) -> bool {
    value.as_object().is_some_and(|map| {
        map.len() == 1 && map.keys().all(|key| key == "Ref" || key.starts_with("Fn::"))
    })
}

fn has_type(value: &Json, wanted: &Json) -> bool {
    match wanted {
        Json::String(name) => is_a(value, name),
        Json::Array(names) => names.iter().any(|name| is_a(value, name.as_str().unwrap())),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => true,
    }
}

fn is_a(value: &Json, name: &str) -> bool {
    match name {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the schema has the type `{other}`, which JSON lacks"),
    }
}
