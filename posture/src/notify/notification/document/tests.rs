//! `schemas/notification.schema.json`: generated from the types, checked in, compared byte for byte. `cargo bless`
//! rewrites it.

use expect_test::expect_file;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use serde_json::Value;
use time::macros::datetime;

use super::*;
use crate::digest::samples;
use crate::notify::notification::Origin;

fn schema() -> Value {
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<Document>();
    RecursiveTransform(|schema: &mut schemars::Schema| {
        let Some(object) = schema.as_object_mut() else { return };
        if let Some(Value::String(text)) = object.get_mut("description") {
            *text = text.replace('\n', " ");
        }
    })
    .transform(&mut schema);
    schema.to_value()
}

#[test]
fn the_schema_is_the_one_checked_in() {
    let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    expect_file!["../../../../../schemas/notification.schema.json"].assert_eq(&text);
}

#[test]
fn every_document_is_as_its_schema_says_and_is_read_again() {
    let (account, region) = ("111122223333".parse().unwrap(), "eu-west-1".parse().unwrap());
    let now = datetime!(2026-11-20 12:00 UTC);
    let schema = schema();
    for notification in
        samples(&Origin { account: &account, region: &region, stack: "s3guard", now })
    {
        let json = notification.document.json();
        assert_eq!(serde_json::from_str::<Document>(&json).unwrap(), notification.document);
        let value = serde_json::from_str(&json).unwrap();
        conforms(&schema, &schema, &value).unwrap_or_else(|why| panic!("{why}: {json}"));
        for field in ["version", "id", "kind", "severity"] {
            let mut less: Value = serde_json::from_str(&json).unwrap();
            less.as_object_mut().unwrap().remove(field);
            assert!(conforms(&schema, &schema, &less).is_err(), "it may do without `{field}`");
        }
    }
}

#[test]
fn a_reader_takes_fields_that_it_does_not_know() {
    let known = r#"{"version":1,"id":"i","severity":"info","time":"2026-11-20T12:00:00Z","account":"111122223333",
        "region":"eu-west-1","stack":"s3guard","subject":"s","buckets":[],"later":{},"test":false,"omitted":0,
        "kind":"test","body":{"message":"hello","more":1}}"#;
    let document: Document = serde_json::from_str(known).unwrap();
    assert_eq!(document.body, Body::Test(Test { message: "hello".to_owned() }));
}

/// Whether a value is as a schema says, as far as our schema says anything; every property has to be known to it.
fn conforms(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.strip_prefix("#/definitions/").ok_or(name)?;
        return conforms(root, &root["definitions"][name], value);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        conforms(root, part, value)?;
    }
    for any in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[any].as_array()
            && !choices.iter().any(|choice| conforms(root, choice, value).is_ok())
        {
            let first = choices.iter().find_map(|choice| conforms(root, choice, value).err());
            return Err(format!("none of {any}, {first:?}"));
        }
    }
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    };
    let one = schema["type"].as_str().into_iter();
    let many = schema["type"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let types: Vec<&str> = one.chain(many).collect();
    if !types.is_empty() && !types.iter().any(|name| is(name)) {
        return Err(format!("{value} is no {types:?}"));
    }
    let known = |list: &str| schema[list].as_array().is_none_or(|list| list.contains(value));
    if !known("enum") || schema.get("const").is_some_and(|one| one != value) {
        return Err(format!("{value} is not one of {schema}"));
    }
    for item in value.as_array().into_iter().flatten() {
        conforms(root, &schema["items"], item)?;
    }
    for required in schema["required"].as_array().into_iter().flatten() {
        let field = required.as_str().unwrap();
        value.get(field).ok_or_else(|| format!("`{field}` is missing"))?;
    }
    for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(field) {
            conforms(root, schema, value).map_err(|why| format!("{field}: {why}"))?;
        }
    }
    Ok(())
}
