//! Failures as JSON, and interrupts. These tests need no account.

use std::fs;
use std::net::TcpListener;
use std::process::{Command, Stdio};

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
    assert_eq!(error["message"], "neither a record nor a time is given");
    assert!(error["hints"][0].as_str().unwrap().contains("`--since TIME`"), "{error}");
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
    // The file names the schema that this writes.
    let schema = include_bytes!("../../../schemas/s3guard.schema.json");
    assert_eq!(run(&["config", "schema"]), schema);
}

#[test]
fn an_interrupt_before_aws_has_started_anything_does_not_claim_that_it_goes_on() {
    let hints = [
        (
            "deploy",
            "run the same command again; if AWS has started the deployment already, \
             `s3guard events --follow --stack s` shows it",
        ),
        ("destroy", "nothing was changed"),
        ("rollback", "nothing was changed"),
    ];
    for (command, hint) in hints {
        // The first call is never answered.
        let aws = TcpListener::bind("127.0.0.1:0").unwrap();
        let child = s3guard(&[command, "--stack", "s", "--region", "eu-west-1", "--yes"])
            .env("AWS_ACCESS_KEY_ID", "key")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_ENDPOINT_URL", format!("http://{}", aws.local_addr().unwrap()))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _call = aws.accept().unwrap();
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!(words, format!("error: interrupted\n\nhint: {hint}\n"));
        assert_eq!(output.status.code(), Some(130));
    }
}
