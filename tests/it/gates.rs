//! The gates: linters check our templates, and a YAML 1.1 reader reads them.

use std::{collections::BTreeSet, path::Path};

use s3guard_synth::{
    cfn::{LogicalId, Template, Value},
    resources::lambda::Function,
    stacks,
};
use serde_json::{Value as Json, json};

use crate::tools::Bench;

/// The template of a full configuration, which a test of `synth` compares.
const CONFIGURED: &str = include_str!("../../templates/configured.yaml");
const READ_YAML: &str = include_str!("tools/read_yaml.py");
const VALIDATE: &str = include_str!("tools/validate.py");

/// A region of each partition, and one more: their services differ.
const CFN_LINT: [&str; 9] = [
    "--include-checks",
    "I",
    "--include-experimental",
    "--regions",
    "us-east-1",
    "eu-west-1",
    "cn-north-1",
    "us-gov-west-1",
    "--template",
];
const CHECKOV: [&str; 7] = [
    "--framework",
    "cloudformation",
    "--skip-download",
    "--compact",
    "--output=json",
    "--quiet",
    "--file",
];

#[test]
fn cfn_lint_finds_nothing() {
    let bench = Bench::new();
    let yaml = bench.lay("guard.yaml", &stacks::guard().to_yaml().unwrap());
    let json = bench.lay("guard.json", &stacks::guard().to_json().unwrap());
    let configured = bench.lay("configured.yaml", CONFIGURED);
    let verdict = bench.run("cfn-lint", &CFN_LINT, &[&yaml, &json, &configured]);
    assert!(verdict.is_content, "{}{}", verdict.stdout, verdict.stderr);
}

#[test]
fn cfn_lint_finds_a_mistake() {
    let bench = Bench::new();
    let wrong = bench.lay("wrong.json", &wrong().to_string());
    let verdict = bench.run("cfn-lint", &CFN_LINT, &[&wrong]);
    assert!(!verdict.is_content && verdict.stdout.contains("E3034"), "{}", verdict.stdout);
}

#[test]
fn cfn_lint_checks_every_partition() {
    let bench = Bench::new();
    let mut template = stacks::guard().render().unwrap();
    // China and GovCloud have no Lightsail.
    template["Resources"]["Disk"] = json!({
        "Type": "AWS::Lightsail::Disk",
        "Properties": { "DiskName": "disk", "SizeInGb": 8 },
    });
    let elsewhere = bench.lay("elsewhere.json", &template.to_string());
    let found = bench.run("cfn-lint", &CFN_LINT, &[&elsewhere]).stdout;
    for region in ["cn-north-1", "us-gov-west-1"] {
        assert!(found.contains(&format!("does not exist in '{region}'")), "{region}: {found}");
    }
}

#[test]
fn cloudformation_validate_has_no_warnings() {
    let bench = Bench::new();
    let yaml = bench.lay("guard.yaml", &stacks::guard().to_yaml().unwrap());
    let json = bench.lay("guard.json", &stacks::guard().to_json().unwrap());
    let verdict = bench.run_script(VALIDATE, &[&yaml, &json]);
    assert!(verdict.is_content, "{}", verdict.stderr);
    assert_eq!(warnings(&verdict.stdout), [] as [&str; 0]);
}

/// The warnings, without those of parameters that are empty where a condition leaves out the property.
fn warnings(stdout: &str) -> Vec<&str> {
    let is_left_out = |line: &&str| {
        line.contains("W1030")
            && ["CodeVersion", "PermissionsBoundary"]
                .iter()
                .any(|parameter| line.contains(&format!("{{'Ref': '{parameter}'}} default ''")))
    };
    stdout.lines().filter(|line| !is_left_out(line)).collect()
}

#[test]
fn cloudformation_validate_only_warns_of_the_owners_arns() {
    let bench = Bench::new();
    let configured = bench.lay("configured.yaml", CONFIGURED);
    let verdict = bench.run_script(VALIDATE, &[&configured]);
    assert!(verdict.is_content, "{}", verdict.stderr);
    let lines = warnings(&verdict.stdout);
    // A queue, and a function on two topics, with the permission of each to call it.
    assert_eq!(lines.len(), 5, "{lines:#?}");
    for line in lines {
        assert!(line.contains("W9013: Hardcoded account ID in ARN"), "{line}");
    }
}

#[test]
fn cloudformation_validate_warns_of_a_mistake() {
    let bench = Bench::new();
    let wrong = bench.lay("wrong.json", &wrong().to_string());
    let verdict = bench.run_script(VALIDATE, &[&wrong]);
    assert!(verdict.stdout.contains("F3034"), "{}{}", verdict.stdout, verdict.stderr);
}

#[test]
fn checkov_only_finds_what_the_template_skips_with_a_reason() {
    let bench = Bench::new();
    let template = stacks::guard().render().unwrap();
    let (bare, reasons) = without_skips(template);
    let yaml = bench.lay("guard.yaml", &stacks::guard().to_yaml().unwrap());
    let json = bench.lay("guard.json", &stacks::guard().to_json().unwrap());
    let bare = bench.lay("bare.json", &bare.to_string());
    let found_in = |path: &Path| -> BTreeSet<(String, String)> {
        let verdict = bench.run("checkov", &CHECKOV, &[path]);
        let report: Json = serde_json::from_str(&verdict.stdout)
            .unwrap_or_else(|error| panic!("{error} in {}{}", verdict.stdout, verdict.stderr));
        failed(&report)
    };
    assert_eq!(found_in(&yaml), BTreeSet::new());
    assert_eq!(found_in(&json), BTreeSet::new());
    assert_eq!(found_in(&bench.lay("configured.yaml", CONFIGURED)), BTreeSet::new());
    // Every finding has a reason, and every reason has a finding.
    assert_eq!(found_in(&bare), reasons);
}

#[test]
fn a_yaml_1_1_reader_reads_the_same_as_json() {
    let bench = Bench::new();
    let reads_the_same = |name: &str, template: fn() -> Template| {
        let path = bench.lay(name, &template().to_yaml().unwrap());
        let verdict = bench.run_script(READ_YAML, &[&path]);
        assert!(verdict.is_content, "{}", verdict.stderr);
        let read: Json = serde_json::from_str(&verdict.stdout).unwrap();
        pretty_assert(&read, &template().render().unwrap());
    };
    reads_the_same("guard.yaml", stacks::guard);
    reads_the_same("nasty.yaml", nasty);
}

/// The guard's template with a timeout that SQS does not accept.
fn wrong() -> Json {
    let mut template = stacks::guard().render().unwrap();
    template["Resources"]["GuardQueue"]["Properties"]["VisibilityTimeout"] = json!(999_999);
    template
}

/// The template without checkov's metadata, and the resource and rule of each skip in it that has a reason.
fn without_skips(mut template: Json) -> (Json, BTreeSet<(String, String)>) {
    let mut reasons = BTreeSet::new();
    for (id, resource) in template["Resources"].as_object_mut().unwrap() {
        let kind = resource["Type"].as_str().unwrap().to_owned();
        let Some(metadata) = resource.get_mut("Metadata").and_then(Json::as_object_mut) else {
            continue;
        };
        let Some(checkov) = metadata.shift_remove("checkov") else { continue };
        for skip in checkov["skip"].as_array().unwrap() {
            assert!(skip["comment"].as_str().is_some_and(|reason| reason.len() > 20), "{skip}");
            reasons.insert((format!("{kind}.{id}"), skip["id"].as_str().unwrap().to_owned()));
        }
    }
    (template, reasons)
}

fn failed(report: &Json) -> BTreeSet<(String, String)> {
    // A report without findings has no list of them, only the number of checks.
    let found = report["results"]["failed_checks"].as_array().cloned().unwrap_or_default();
    assert!(report["summary"]["resource_count"].as_u64().is_some_and(|n| n > 30), "{report}");
    let text = |check: &Json, field: &str| check[field].as_str().unwrap().to_owned();
    found.iter().map(|check| (text(check, "resource"), text(check, "check_id"))).collect()
}

/// A template of all strings that YAML 1.1 could read as another type.
fn nasty() -> Template {
    const FUNCTION: LogicalId = LogicalId::new("Function");
    let mut template = Template::new("2012-10-17");
    let function = Function {
        role: Value::literal("on"),
        code_bucket: Value::literal("y"),
        code_key: Value::literal("null"),
        code_version: None,
        handler: "no",
        description: "1:30",
        architecture: Value::literal("off"),
        variables: TEXTS.into_iter().chain(SCRIPTS).map(|text| (text, text.into())).collect(),
        kms_key: Value::literal("~"),
        timeout_seconds: 60,
        log_group: Value::literal("0x1f"),
        reserved_concurrency: None,
    };
    template.add(FUNCTION, function);
    template
}

/// Strings that YAML 1.1 could read as another type.
const TEXTS: [&str; 67] = [
    "on",
    "On",
    "OFF",
    "yes",
    "No",
    "y",
    "N",
    "true",
    "False",
    "null",
    "Null",
    "~",
    "",
    " ",
    "  x",
    "x  ",
    "1:30",
    "190:20:30",
    "2012-10-17",
    "2012-10-17 01:02:03",
    "1_000",
    "0x1f",
    "0o17",
    "017",
    "0b11",
    ".5",
    "5.",
    "1e3",
    "1.0e+3",
    "-1",
    "+1",
    ".inf",
    "-.INF",
    ".nan",
    "=",
    "<<",
    "-",
    "- a",
    "?",
    "? a",
    ":",
    "a:",
    "a: b",
    "a #b",
    "#a",
    "&a",
    "*a",
    "!a",
    "!Ref a",
    "%a",
    "@a",
    "`a`",
    "'a'",
    "\"a\"",
    "{a}",
    "[a]",
    "a, b",
    "---",
    "...",
    "a\tb",
    "\ta",
    "a\r\nb",
    "a\u{85}b",
    "a\u{2028}b",
    "\u{feff}a",
    "a\u{0}\u{7}\u{1b}b",
    "日本 é 😀 \u{e000}",
];
/// Lines that a block scalar could change.
const SCRIPTS: [&str; 8] = [
    "one\ntwo",
    "one\ntwo\n",
    "one\n\n\ntwo\n\n",
    " one\ntwo",
    "\none",
    "one\n  two\n",
    "one \ntwo\n",
    "- a\n# b\nc: d\n...\n---\n",
];
/// Compares line by line, so that a difference can be seen in a thousand.
fn pretty_assert(left: &Json, right: &Json) {
    let (left, right) = (format!("{left:#}"), format!("{right:#}"));
    for (number, (left, right)) in left.lines().zip(right.lines()).enumerate() {
        assert_eq!(left, right, "in line {number}");
    }
    assert_eq!(left.lines().count(), right.lines().count());
}
