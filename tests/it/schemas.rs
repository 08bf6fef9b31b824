//! The model against the official resource schemas: names, nested names, types, required properties, values, attributes.

use std::collections::{BTreeMap, BTreeSet};

use expect_test::expect_file;
use serde_json::{Map, Value as Json};

use crate::{
    specimens::{self, Specimen},
    tools::Bench,
};

#[test]
fn every_property_that_we_model_is_in_the_official_schema() {
    let schemas = Bench::new().schemas();
    let mut findings = Findings::default();
    for specimen in specimens::all() {
        let schema = schemas.of(specimen.r#type);
        findings.of_type = specimen.r#type;
        findings.check_attributes(&specimen, &schema);
        for properties in specimen.most.iter().chain([&specimen.least]) {
            findings.check(properties, &schema, &schema, "");
        }
    }
    findings.check_words();
    assert!(findings.wrong.is_empty(), "{}", findings.wrong.join("\n"));
    // The model has more properties than this: the walk has not ended early.
    assert!(findings.properties > 250, "only {} properties were seen", findings.properties);
}

#[test]
fn a_wrong_model_is_found() {
    let schemas = Bench::new().schemas();
    let schema = schemas.of("AWS::SQS::Queue");
    let check = |properties: Json, expected: &str| {
        let mut findings = Findings { of_type: "AWS::SQS::Queue", ..Findings::default() };
        findings.check(&properties, &schema, &schema, "");
        assert_eq!(findings.wrong, [expected]);
    };
    check(
        serde_json::json!({ "VisibiltyTimeout": 1 }),
        "AWS::SQS::Queue /VisibiltyTimeout is not in the schema",
    );
    check(
        serde_json::json!({ "VisibilityTimeout": "1" }),
        "AWS::SQS::Queue /VisibilityTimeout is \"1\", the schema wants \"integer\"",
    );
    check(serde_json::json!({ "Arn": "a" }), "AWS::SQS::Queue /Arn can only be read");
    check(
        serde_json::json!({ "Tags": [{ "Key": "a" }] }),
        "AWS::SQS::Queue /Tags/0 lacks `Value`, which is required",
    );
}

/// The permissions that CloudFormation needs for each type in the templates, from which the deployer's policy is made.
#[test]
fn the_permissions_of_our_resources_handlers_are_known() {
    let schemas = Bench::new().schemas();
    let mut needed: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for specimen in specimens::all() {
        let schema = schemas.of(specimen.r#type);
        let handlers = schema["handlers"].as_object().unwrap().values();
        let listed = handlers.map(|handler| &handler["permissions"]);
        let all = listed.chain([&schema["tagging"]["permissions"]]);
        let permissions = all.filter_map(Json::as_array).flatten();
        let actions = permissions.map(|action| spelled(action.as_str().unwrap()));
        needed.entry(specimen.r#type).or_default().extend(actions);
    }
    let text = serde_json::to_string_pretty(&needed).unwrap() + "\n";
    expect_file!["../../cli/src/operations/permissions/resources.json"].assert_eq(&text);
}

/// The action with its service as IAM writes it.
fn spelled(action: &str) -> String {
    let (service, name) = action.split_once(':').unwrap();
    format!("{}:{name}", service.to_lowercase())
}

type Words = Vec<Json>;

#[derive(Default)]
struct Findings {
    of_type: &'static str,
    wrong: Vec<String>,
    properties: usize,
    /// By type and pointer: the schema's values of a property, and those in the specimens.
    words: BTreeMap<(&'static str, String), (Words, Words)>,
}

impl Findings {
    fn say(&mut self, path: &str, what: &str) {
        self.wrong.push(format!("{} {path} {what}", self.of_type));
    }

    fn check_attributes(&mut self, specimen: &Specimen, schema: &Json) {
        // These two have every property as an attribute.
        let gives_all = ["AWS::SNS::Topic", "AWS::SQS::Queue"].contains(&specimen.r#type);
        for attribute in specimen.attributes {
            let readable = is_read_only(schema, &format!("/{attribute}"))
                || gives_all && schema["properties"].get(attribute).is_some();
            if !readable {
                self.say(attribute, "is no attribute");
            }
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
        if let Some(words) = node["enum"].as_array() {
            let place = (self.of_type, path.to_owned());
            let (_, seen) = self.words.entry(place).or_insert_with(|| (words.clone(), Vec::new()));
            seen.push(value.clone());
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

    /// Every value of our types is the schema's; every property with an enumeration in the schema is known.
    fn check_words(&mut self) {
        let mut ours: BTreeMap<(&str, String), Vec<Json>> = specimens::vocabulary()
            .into_iter()
            .map(|(kind, path, words)| ((kind, path.to_owned()), words))
            .collect();
        for ((kind, path), (theirs, seen)) in std::mem::take(&mut self.words) {
            self.of_type = kind;
            let Some(words) = ours.remove(&(kind, path.clone())) else {
                self.say(&path, "has words that `specimens::vocabulary` does not know");
                continue;
            };
            for word in words.iter().filter(|word| !theirs.contains(word)) {
                self.say(&path, &format!("may be {word}, which is not in the schema"));
            }
            for word in seen.iter().filter(|word| !words.contains(word)) {
                self.say(
                    &path,
                    &format!("was {word}, which `specimens::vocabulary` does not know"),
                );
            }
        }
        for (kind, path) in ours.into_keys() {
            self.wrong.push(format!("{kind} {path} has no words in the schema, or no specimen"));
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
