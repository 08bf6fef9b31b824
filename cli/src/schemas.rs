//! `schemas/output`: the JSON schema of everything that the command prints for programs, generated from the types.
//! `cargo bless` rewrites the files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use expect_test::expect_file;
use s3guard_audit::report::ShownFinding;
use s3guard_posture::Aspect;
use s3guard_posture::model::setting::SettingKind;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

use crate::commands::{Cli, config, init, notify_test, package};
use crate::error::Failure;
use crate::operations::audit::explain::Explanations;
use crate::operations::audit::show::AuditReport;
use crate::operations::deploy::approval::{Proposed, Waiting};
use crate::operations::deploy::diff::Difference;
use crate::operations::deploy::preview::Preview;
use crate::operations::deploy::report::Deployment;
use crate::operations::destroy::report::Destroyed;
use crate::operations::events::EventsReport;
use crate::operations::follow;
use crate::operations::guardrails::Guardrails;
use crate::operations::history::History;
use crate::operations::logs::{Lines, line};
use crate::operations::name::RatedNames;
use crate::operations::pause::Paused;
use crate::operations::permissions::Policy;
use crate::operations::redrive::Redriven;
use crate::operations::regions::Regions;
use crate::operations::rollback::RolledBack;
use crate::operations::status::outputs::Outputs;
use crate::operations::status::show::Status;
use crate::operations::subscribe::SubscribeResult;
use crate::operations::sweep::Swept;
use crate::operations::undo::report::Undone;
use crate::operations::undo::since::UndoneSince;
use crate::operations::verify::{clean, report};
use crate::operations::{doctor, replay};
use crate::package::standalone::Standalone;

/// What a schema is of, and the schema.
type Row = (&'static str, Value);

/// Commands that print text alone.
const TEXT_ALONE: [&str; 2] = ["completions", "man"];
/// Values that AWS spells.
const OF_AWS: [&str; 5] =
    ["x86_64", "BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter", "2012-10-17"];
/// Members of IAM's policies.
const OF_IAM: [&str; 2] = ["Version", "Statement"];
/// Names that are not used, with the one that stands for the same thing.
const SYNONYMS: [(&str, &str); 10] = [
    ("state", "status"),
    ("why", "reason"),
    ("because", "reason"),
    ("stacks", "regions"),
    ("changeSets", "regions"),
    ("fix", "hint"),
    ("notices", "notifications"),
    ("path", "file"),
    ("trouble", "problem"),
    ("words", "text"),
];
/// The way to a property of a resource, not a file.
const PATHS_OF_PROPERTIES: [&str; 2] = ["Difference", "PropertyChange"];

fn of<T: JsonSchema>(name: &'static str) -> Row {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    RecursiveTransform(|schema: &mut Schema| {
        let Some(object) = schema.as_object_mut() else { return };
        if let Some(Value::String(text)) = object.get_mut("description") {
            *text = text.replace('\n', " ");
        }
    })
    .transform(&mut schema);
    schema.insert("title".to_owned(), name.into());
    (name, schema.to_value())
}

/// Every result: named as the command, or with the flag or the subcommand that changes what it prints.
fn results() -> Vec<Row> {
    vec![
        of::<AuditReport>("audit"),
        of::<Policy>("audit-print-policy"),
        of::<config::CheckedFile>("config-check"),
        of::<config::ShownConfig>("config-show"),
        of::<Regions<Deployment>>("deploy"),
        of::<Waiting>("deploy-no-execute"),
        of::<Destroyed>("destroy"),
        of::<Difference>("diff"),
        of::<doctor::DoctorReport>("doctor"),
        of::<BTreeMap<String, Policy>>("doctor-print-policy"),
        of::<EventsReport>("events"),
        of::<Explanations>("explain"),
        of::<Guardrails>("guardrails"),
        of::<History>("history"),
        of::<init::WrittenFile>("init"),
        of::<Lines>("logs"),
        of::<RatedNames>("name"),
        of::<notify_test::Sent>("notify-test"),
        of::<package::BuiltPackage>("package"),
        of::<Standalone>("package-standalone"),
        of::<Regions<Paused>>("pause"),
        of::<Redriven>("redrive"),
        of::<replay::ReplayReport>("replay"),
        of::<RolledBack>("rollback"),
        of::<Regions<Status>>("status"),
        of::<Regions<Outputs>>("status-outputs"),
        of::<SubscribeResult>("subscribe"),
        of::<Swept>("sweep"),
        // A CloudFormation template.
        of::<Map<String, Value>>("synth"),
        of::<Undone>("undo"),
        of::<UndoneSince>("undo-since"),
        of::<report::VerifyReport>("verify"),
        of::<clean::Cleaned>("verify-clean-up"),
    ]
}

/// Every kind of line of ndjson besides `result`, and the error, which is also an object by itself.
fn lines() -> Vec<Row> {
    vec![
        of::<Failure>("error"),
        of::<Proposed>("ndjson-changes"),
        of::<follow::ShownEvent>("ndjson-event"),
        of::<ShownFinding<'static>>("ndjson-finding"),
        of::<Preview>("ndjson-preview"),
        of::<line::Line>("ndjson-line"),
        of::<report::VerifyStep>("ndjson-step"),
    ]
}

fn all() -> Vec<Row> {
    results().into_iter().chain(lines()).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The properties of a schema with the definition that has them, and the values of its enums.
fn walk(value: &Value, of: &str, names: &mut BTreeSet<(String, String)>, words: &mut Vec<String>) {
    let Value::Object(object) = value else {
        let items = value.as_array().into_iter().flatten();
        return items.for_each(|one| walk(one, of, names, words));
    };
    for (key, value) in object {
        match (key.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                names.extend(properties.keys().map(|name| (of.to_owned(), name.clone())));
                properties.values().for_each(|one| walk(one, of, names, words));
            }
            ("$defs", Value::Object(definitions)) => {
                definitions.iter().for_each(|(name, one)| walk(one, name, names, words));
            }
            ("enum" | "const", value) => {
                let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
                words.extend(values.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            (_, value) => walk(value, of, names, words),
        }
    }
}

/// What is wrong with the names in a schema.
fn mistakes(schema: &Value) -> Vec<String> {
    let (mut names, mut words) = (BTreeSet::new(), Vec::new());
    walk(schema, "", &mut names, &mut words);
    let matches =
        |pattern: &str, text: &str| regex_lite::Regex::new(pattern).unwrap().is_match(text);
    let mut mistakes = Vec::new();
    for (of, name) in &names {
        if !matches("^[a-z][a-zA-Z0-9]*$", name) && !OF_IAM.contains(&name.as_str()) {
            mistakes.push(format!("{of}.{name} is not camelCase"));
        }
        let is_path = name == "path" && PATHS_OF_PROPERTIES.contains(&of.as_str());
        if let Some((_, instead)) = SYNONYMS.iter().find(|(no, _)| no == name).filter(|_| !is_path)
        {
            mistakes.push(format!("{of}.{name} is called `{instead}`"));
        }
        let ids = SettingKind::ALL.map(SettingKind::name).into_iter();
        let mut ids = ids.chain(Aspect::ALL.map(Aspect::name)).filter(|id| id.contains('-'));
        if ids.any(|id| id.replace('-', "") == name.to_lowercase()) {
            mistakes.push(format!("{of}.{name} is a setting, which is a value by its id"));
        }
    }
    let is_word = |word: &&String| !matches("^[a-z0-9]+(-[a-z0-9]+)*$", word);
    for word in words.iter().filter(is_word).filter(|word| !OF_AWS.contains(&word.as_str())) {
        mistakes.push(format!("the value `{word}` is not kebab-case"));
    }
    mistakes
}

#[test]
fn the_schemas_are_the_ones_checked_in() {
    let folder = root().join("schemas/output");
    let mut expected = BTreeSet::new();
    for (name, schema) in all() {
        let path = folder.join(format!("{name}.schema.json"));
        expect_file![path].assert_eq(&(serde_json::to_string_pretty(&schema).unwrap() + "\n"));
        expected.insert(format!("{name}.schema.json"));
    }
    let files = fs::read_dir(folder).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(files.collect::<BTreeSet<_>>(), expected, "a schema without a command");
}

#[test]
fn names_are_camel_case_values_are_kebab_case_and_one_thing_has_one_name() {
    for (name, schema) in all() {
        assert_eq!(mistakes(&schema), [""; 0], "{name}");
    }
}

#[test]
fn a_wrong_name_is_found() {
    let schema = serde_json::json!({
        "properties": { "bucket-name": {}, "publicAccessBlock": {}, "ok": { "const": "Not" } },
        "$defs": { "A": { "properties": { "state": { "enum": ["inSync", "in-sync"] } } } },
    });
    assert_eq!(mistakes(&schema).len(), 5, "{:#?}", mistakes(&schema));
}

#[test]
fn what_is_about_regions_is_a_list_also_for_one() {
    let results = results();
    for name in
        ["deploy", "deploy-no-execute", "destroy", "diff", "doctor", "status", "status-outputs"]
    {
        let (_, schema) = results.iter().find(|(known, _)| *known == name).unwrap();
        assert_eq!(schema["properties"]["regions"]["type"], "array", "{name}");
        assert!(schema["properties"].get("region").is_none(), "{name}");
    }
}

#[test]
fn every_command_has_a_schema() {
    let results = results();
    let known: Vec<String> =
        Cli::command().get_subcommands().map(|one| one.get_name().to_owned()).collect();
    let is_of = |name: &str, command: &str| {
        name == command || name.strip_prefix(command).is_some_and(|rest| rest.starts_with('-'))
    };
    for command in &known {
        let has_schema = results.iter().any(|(name, _)| is_of(name, command));
        assert_ne!(has_schema, TEXT_ALONE.contains(&command.as_str()), "{command}");
    }
    for (name, _) in &results {
        assert!(known.iter().any(|command| is_of(name, command)), "{name}");
    }
}

#[test]
fn every_kind_of_line_has_a_schema() {
    let mut kinds = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let calls = text.split(concat!("output.event", "(\"")).skip(1);
                kinds.extend(calls.map(|rest| rest.split('"').next().unwrap().to_owned()));
            }
        }
    }
    kinds.remove("result");
    let lines = lines().into_iter().filter_map(|(name, _)| name.strip_prefix("ndjson-"));
    assert_eq!(kinds, lines.map(str::to_owned).collect());
}

#[test]
fn every_schema_is_in_the_documentation() {
    let text = fs::read_to_string(root().join("docs/json.md")).unwrap();
    for (name, _) in all() {
        let link = format!("(../schemas/output/{name}.schema.json)");
        assert!(text.contains(&link), "docs/json.md does not link {name}");
    }
}
