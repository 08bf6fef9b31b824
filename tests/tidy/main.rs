//! The rules of the repository that can be checked without the SDK: `cargo test -p s3guard-synth --test tidy`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::wildcard_enum_match_arm, reason = "of the many kinds of syntax a few matter")]

mod documents;
mod graph;
mod picture;
mod rooms;
mod source;
mod threats;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use self::source::{files, is_test, product, read, root, squeezed};

/// No file is longer.
const LINES_MAX: usize = 500;

/// Cargo's metadata of the workspace and its dependencies.
fn metadata() -> Value {
    let answer = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    serde_json::from_slice(&answer.stdout).unwrap()
}

/// The dependencies of each of our crates, without those for tests.
fn dependencies(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .filter(|package| package["source"].is_null())
        .map(|package| {
            let needed = package["dependencies"].as_array().unwrap().iter();
            let names = needed
                .filter(|dependency| dependency["kind"].is_null())
                .map(|dependency| dependency["name"].as_str().unwrap().to_owned());
            (package["name"].as_str().unwrap().to_owned(), names.collect())
        })
        .collect()
}

#[test]
fn dependencies_point_one_way() {
    let allowed = BTreeMap::from([
        ("s3guard-posture", vec![]),
        ("s3guard-audit", vec!["s3guard-posture"]),
        ("s3guard-aws", vec!["s3guard-posture"]),
        ("s3guard-synth", vec!["s3guard-posture"]),
        ("s3guard", vec!["s3guard-audit", "s3guard-aws", "s3guard-posture", "s3guard-synth"]),
        ("s3guard-lambda", vec!["s3guard-aws", "s3guard-posture"]),
        ("s3guard-emulator", vec![]),
    ]);
    let crates = dependencies(&metadata());
    assert_eq!(crates.keys().collect::<Vec<_>>(), {
        let mut names: Vec<&str> = allowed.keys().copied().collect();
        names.sort_unstable();
        names
    });
    for (name, needs) in crates {
        let ours: Vec<&str> =
            needs.iter().map(String::as_str).filter(|need| need.starts_with("s3guard-")).collect();
        assert_eq!(ours, allowed[name.as_str()], "{name}");
    }
}

#[test]
fn only_aws_names_the_sdk() {
    for (name, needs) in dependencies(&metadata()) {
        let sdk: Vec<&String> = needs
            .iter()
            .filter(|need| need.starts_with("aws-sdk-") || *need == "aws-config")
            .collect();
        assert_eq!(sdk.is_empty(), name != "s3guard-aws", "{name} needs {sdk:?}");
    }
}

#[test]
fn every_dependency_has_an_accepted_licence_and_is_from_the_registry() {
    // `cargo deny` reads the same list.
    let deny = read(root().join("deny.toml"));
    let allowed = deny.lines().find_map(|line| line.strip_prefix("allow = ")).unwrap();
    let free: Vec<String> = serde_json::from_str(allowed).unwrap();
    for package in metadata()["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let license = package["license"].as_str().unwrap_or_default().replace('/', " OR ");
        // One of several alternatives has to be accepted, and every part of a conjunction.
        let is_free = |alternative: &str| {
            let words = alternative.replace(['(', ')'], " ");
            words.split(" AND ").all(|word| free.iter().any(|one| one == word.trim()))
        };
        assert!(license.split(" OR ").any(is_free), "{name} is licensed `{license}`");
        let source = package["source"].as_str().unwrap_or("ours");
        assert!(source == "ours" || source.starts_with("registry+"), "{name} is from `{source}`");
    }
}

#[test]
fn pure_crates_do_no_io() {
    let banned = [
        "std::fs",
        "std::env",
        "std::net",
        "std::process",
        "std::io",
        "tokio",
        "SystemTime",
        "Instant::now",
        "now_utc",
        "HashMap",
        "HashSet",
        "println!",
        "rand::",
    ];
    for folder in ["posture/src", "audit/src", "synth/src"] {
        for path in files(folder, ".rs").iter().filter(|path| !is_test(path)) {
            let code = squeezed(&product(&read(path)));
            for word in banned {
                assert!(!code.contains(word), "{} says `{word}`", path.display());
            }
        }
    }
}

#[test]
fn the_commands_json_has_keys_in_camel_case() {
    for path in files("cli/src", ".rs") {
        let text = read(&path);
        for item in text.split("#[derive(").skip(1) {
            let (derived, item) = item.split_once(")]").unwrap();
            let (head, body) = item.split_once('{').unwrap_or((item, ""));
            let body = body.split("\n}").next().unwrap();
            let is_shown =
                |field: &&str| !field.contains("serde(skip)") && !field.contains("serde(rename");
            let is_long = |field: &str| {
                let name = field.lines().last().unwrap_or("").trim_start();
                let name = name.strip_prefix("pub(crate) ").unwrap_or(name);
                let name = name.split_once(": ").map_or("", |(name, _)| name);
                name.contains('_') && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
            };
            let fields = body.split_inclusive(",\n").filter(is_shown);
            let long: Vec<&str> = fields.map(str::trim_end).filter(|one| is_long(one)).collect();
            let is_written = derived.split(", ").any(|one| one == "Serialize");
            let is_right = !is_written || long.is_empty() || head.contains("\"camelCase\"");
            assert!(is_right, "{}: {}{long:?}", path.display(), head.trim_start());
        }
    }
}

#[test]
fn no_file_is_long() {
    for ending in [".rs", ".py"] {
        for path in files("", ending) {
            let lines = read(&path).lines().count();
            assert!(lines <= LINES_MAX, "{} has {lines} lines", path.display());
        }
    }
}

#[test]
fn every_module_has_a_doc_comment() {
    let folders = [
        "audit", "aws", "benches", "cli", "emulator", "examples", "lambda", "posture", "synth",
        "tests",
    ];
    for folder in folders {
        for path in files(folder, ".rs") {
            let is_unit_tests = path.file_name().is_some_and(|name| name == "tests.rs");
            let text = read(&path);
            assert!(
                is_unit_tests || text.starts_with("//! "),
                "{} opens otherwise",
                path.display()
            );
        }
    }
}

#[test]
fn no_test_sleeps_or_is_ignored() {
    // Concatenated, so that the test does not find this file.
    let banned =
        [concat!("thread::", "sleep"), concat!("time::", "sleep"), concat!("#[", "ignore")];
    for folder in ["posture", "audit", "aws", "synth", "lambda", "cli", "emulator/tests", "tests"] {
        for path in files(folder, ".rs") {
            let text = read(&path);
            for word in banned.iter().filter(|_| is_test(&path)) {
                assert!(!text.contains(word), "{} has `{word}`", path.display());
            }
        }
    }
}
