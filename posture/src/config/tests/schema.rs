//! `schemas/s3guard.schema.json` for editors: generated from the types, checked in, compared byte for byte. `cargo bless`
//! rewrites it.

use std::borrow::Cow;

use expect_test::expect_file;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use crate::config::Config;
use crate::config::values::{Bounded, OneOrMany};
use crate::model::attributes::actions;
use crate::{Aspect, Grade, Mode};

/// A table of aspects with their descriptions and modes.
pub(crate) struct Aspects;

impl JsonSchema for Aspects {
    fn schema_name() -> Cow<'static, str> {
        "Aspects".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let properties: Map<String, Value> = Aspect::ALL.into_iter().map(property).collect();
        json_schema!({ "type": "object", "properties": properties, "additionalProperties": false })
    }
}

/// A table of Regions and the keys in them.
pub(crate) struct Keys;

impl JsonSchema for Keys {
    fn schema_name() -> Cow<'static, str> {
        "Keys".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "propertyNames": { "pattern": "^[a-z]+(-[a-z]+)+-[0-9]{1,2}$" },
            "additionalProperties": {
                "type": "string",
                "pattern": "^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$",
            },
        })
    }
}

type Count = Bounded<1, 1_000_000>;

/// The numbers of changes in one window and one bucket that cause an alert.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct Alert {
    /// Deletions of any kind, except by a lifecycle rule.
    #[schemars(extend("default" = 100))]
    deleted: Option<Count>,
    /// Versions deleted permanently, except by a lifecycle rule.
    #[schemars(extend("default" = 10))]
    deleted_for_good: Option<Count>,
    /// Changed ACLs of objects. Without it there is no such alert.
    acl_changed: Option<Count>,
    /// Overwritten objects, in the buckets of `report-overwrites`. Without it there is no such alert.
    overwritten: Option<Count>,
    /// Created objects. Without it there is no such alert.
    created: Option<Count>,
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("OneOrMany{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }
}

impl<const LEAST: u32, const MOST: u32> JsonSchema for Bounded<LEAST, MOST> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Bounded".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": LEAST, "maximum": MOST })
    }
}

/// Values of the attribute `action`.
pub(crate) struct Actions;

impl JsonSchema for Actions {
    fn schema_name() -> Cow<'static, str> {
        "Actions".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = json!({ "enum": actions().collect::<Vec<_>>() });
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }
}

/// A subscription has exactly one endpoint.
pub(crate) fn exactly_one_endpoint() -> Value {
    ["email", "sms", "https", "sqs", "lambda"].map(|key| json!({ "required": [key] })).into()
}

fn property(aspect: Aspect) -> (String, Value) {
    let modes = Mode::ALL.into_iter().filter(|mode| !mode.enforces() || aspect.setting().is_some());
    let modes: Vec<&str> = modes.map(Mode::name).collect();
    let wanted = Grade::ALL.map(|grade| {
        let wanted = grade.wants(aspect);
        format!("{} ({})", wanted.mode.name(), wanted.what)
    });
    let wanted = if wanted.iter().all(|other| *other == wanted[0]) {
        format!("every grade: {}", wanted[0])
    } else {
        let each =
            Grade::ALL.iter().zip(&wanted).map(|(grade, wanted)| format!("{grade}: {wanted}"));
        each.collect::<Vec<_>>().join("; ")
    };
    let description = format!("{}. By {wanted}.", capital(aspect.words()));
    (aspect.name().to_owned(), json!({ "description": description, "enum": modes }))
}

/// Rules and exemptions have at least one of these.
pub(crate) fn at_least_one() -> Value {
    ["bucket", "tags", "account"].map(|key| json!({ "required": [key] })).into()
}

fn capital(words: &str) -> String {
    let mut characters = words.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(characters).collect()
}

fn schema() -> Value {
    // The draft that the TOML extensions of editors support best.
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<Config>();
    RecursiveTransform(|schema: &mut Schema| {
        let Some(object) = schema.as_object_mut() else { return };
        // TOML has no null: a setting that is not set is missing.
        let is_nothing = |value: &Value| {
            value.is_null() || value == &json!([]) || value == &json!({}) || value.is_object()
        };
        if object.get("default").is_some_and(is_nothing) {
            object.remove("default");
        }
        if let Some(Value::Array(types)) = object.get("type") {
            object.insert("type".to_owned(), types[0].clone());
        }
        if let Some(Value::Array(any)) = object.get("anyOf")
            && let Some(Value::Object(one)) = any.first()
            && any.last() == Some(&json!({ "type": "null" }))
        {
            let one = one.clone();
            object.remove("anyOf");
            if object.is_empty() {
                object.extend(one);
            } else {
                object.insert("allOf".to_owned(), json!([one]));
            }
        }
        if let Some(Value::String(text)) = object.get_mut("description") {
            *text = text.replace('\n', " ");
        }
    })
    .transform(&mut schema);
    schema.to_value()
}

#[test]
fn the_schema_is_the_one_checked_in() {
    let mut text = serde_json::to_string_pretty(&schema()).unwrap();
    text.push('\n');
    expect_file!["../../../../schemas/s3guard.schema.json"].assert_eq(&text);
}
