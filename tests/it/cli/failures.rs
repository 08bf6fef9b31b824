//! Failures as JSON. These tests need no account.

use std::fs;

use serde_json::json;

use super::s3guard;
use crate::json;

#[test]
fn a_failure_is_one_object_on_stdout_and_the_same_words_on_stderr() {
    let output = s3guard(&["replay", "no/such", "--output", "json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = json::read("error", &output.stdout)["error"].take();
    assert_eq!(error["message"], "`no/such` could not be read");
    assert_eq!(error["causes"], json!(["No such file or directory (os error 2)"]));
    assert_eq!(error["hints"], json!(["give the path of a file, or `-` for stdin"]));
    assert_eq!(error["exitCode"], 1);
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.starts_with("error: `no/such` could not be read\n"), "{words}");
}

#[test]
fn a_failure_is_the_last_line_of_ndjson() {
    let output = s3guard(&["replay", "no/such", "--output", "ndjson"]).output().unwrap();
    let lines = json::lines("replay", &output.stdout);
    assert_eq!((lines.len(), &lines[0]["kind"]), (1, &json!("error")));
}

#[test]
fn a_mistake_on_the_command_line_is_an_object() {
    for (arguments, message) in [
        (&["synth", "--colr", "--output", "json"][..], "unexpected argument '--colr' found"),
        (&["deploy", "--stack", "1st", "--output=json"], "wrong value for `--stack <NAME>`"),
    ] {
        let output = s3guard(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let error = json::read("error", &output.stdout)["error"].take();
        assert_eq!((&error["message"], &error["exitCode"]), (&json!(message), &json!(2)));
        assert_eq!(error["hints"].as_array().map(Vec::len), Some(1), "{error}");
    }
    let mut command = s3guard(&["undo"]);
    let output = command.env("S3GUARD_OUTPUT", "json").output().unwrap();
    let error = json::read("error", &output.stdout)["error"].take();
    assert!(error["message"].as_str().unwrap().ends_with("<ID>"), "{error}");
}

#[test]
fn every_mistake_of_the_configuration_has_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s3guard.toml");
    fs::write(&file, "grad = \"speed\"\n[deploy]\nstack = 1\n").unwrap();
    let arguments = ["config", "check", "--output", "json", "--config", file.to_str().unwrap()];
    let output = s3guard(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = json::read("error", &output.stdout)["error"].take();
    let mistakes = error["mistakes"].as_array().unwrap();
    let lines: Vec<_> = mistakes.iter().map(|one| (&one["line"], &one["file"])).collect();
    let file = json!(file.to_str().unwrap());
    assert_eq!(lines, [(&json!(1), &file), (&json!(3), &file)], "{error:#}");
}

#[test]
fn init_and_config_print_objects() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = s3guard(&[arguments, &["--output", "json"]].concat());
        let output = command.current_dir(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    assert_eq!(json::read("init", run(&["init"])), json!({ "file": "s3guard.toml" }));
    let checked = json::read("config-check", run(&["config", "check"]));
    assert!(checked["file"].as_str().unwrap().ends_with("s3guard.toml"), "{checked}");
    let shown = json::read("config-show", run(&["config", "show"]));
    let grade = shown["settings"].as_array().unwrap().iter().find(|one| one["setting"] == "grade");
    assert_eq!(grade.unwrap()["origin"]["source"], "file", "{shown}");
    json::read("synth", run(&["synth"]));
}
