//! The JSON of the command, which is valid by the schema of what was asked for.

use std::path::Path;

use boon::{Compiler, Schemas};
use serde_json::{Map, Value};

/// One object; `name` is that of a file in `schemas/output`.
#[track_caller]
pub(crate) fn read(name: &str, text: impl AsRef<[u8]>) -> Value {
    let text = text.as_ref();
    let value = serde_json::from_slice(text)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(text)));
    check(name, &value);
    value
}

/// The lines of ndjson; the result is that of the command `name`.
#[track_caller]
pub(crate) fn lines(name: &str, text: impl AsRef<[u8]>) -> Vec<Value> {
    let text = std::str::from_utf8(text.as_ref()).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        let mut content = line.clone();
        let kind = content.as_object_mut().unwrap().shift_remove("kind").unwrap();
        match kind.as_str().unwrap() {
            "result" => check(name, &content),
            "error" => check("error", &content),
            kind => check(&format!("ndjson-{kind}"), &content),
        }
    }
    lines
}

#[track_caller]
fn check(name: &str, value: &Value) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let path = root.join(format!("schemas/output/{name}.schema.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut schema = serde_json::from_str(&text).unwrap();
    close(&mut schema);
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("https://s3guard.test/schema", schema).unwrap();
    let index = compiler.compile("https://s3guard.test/schema", &mut schemas).unwrap();
    if let Err(error) = schemas.validate(value, index) {
        panic!("this is not as `{name}.schema.json` says: {error:#}\n{value:#}");
    }
}

/// Allows only the known properties: a published schema lets later versions add some, a test does not.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object.iter_mut() {
                if let Value::Object(named) = value
                    && (key == "properties" || key == "$defs")
                {
                    named.values_mut().for_each(close);
                } else {
                    close(value);
                }
            }
            if object.contains_key("properties") {
                object.entry("additionalProperties").or_insert(false.into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
#[should_panic(expected = "this is not as `init.schema.json` says")]
fn an_unknown_property_is_found() {
    read("init", r#"{"file":"s3guard.toml","other":1}"#);
}

#[test]
#[should_panic(expected = "this is not as `init.schema.json` says")]
fn a_property_of_another_type_is_found() {
    let object = Map::from_iter([("file".to_owned(), 1.into())]);
    check("init", &Value::Object(object));
}

#[test]
#[should_panic(expected = "No such file")]
fn a_missing_schema_is_found() {
    read("unknown", "{}");
}
