//! `s3guard replay`: its output and exit codes.

use std::path::PathBuf;
use std::process::Command;

use expect_test::expect;

use super::{check, s3guard};

/// An example, by its path from the root of the workspace, where the command is run.
fn replay(arguments: &[&str]) -> Command {
    let mut command = s3guard(&["replay"]);
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    command.args(arguments).current_dir(root);
    command
}

#[test]
fn valid_events_are_shown_without_a_message() {
    let output = replay(&["examples/events/trail-log.json.gz"]).output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(0));
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.starts_with("event 1  GetBucketEncryption  reports  "), "{shown}");
    assert!(shown.ends_with("\n6 events: 3 done, 3 ignored, 0 not understood\n"), "{shown}");
}

#[test]
fn an_invalid_event_is_named_with_its_position_and_does_not_stop_the_others() {
    let files = ["examples/events/broken.jsonl", "examples/events/dead-letter.json"];
    let output = replay(&[&files[..], &["--output", "json"]].concat()).output().unwrap();
    expect![[r#"
        warning: examples/events/broken.jsonl, line 2: it is not JSON: EOF while parsing a string at line 1 column 48
        warning: examples/events/broken.jsonl, line 3: it is neither an EventBridge event, nor a CloudTrail record, nor a message of s3guard
        warning: examples/events/dead-letter.json, Messages[0]: `detail.requestParameters.bucketName` is missing or wrong: it is not a text
    "#]]
    .assert_eq(&String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(1));
    let shown = crate::json::read("replay", &output.stdout);
    assert_eq!(shown["version"], 1);
    assert_eq!(shown["events"][0]["outcome"]["status"], "done");
    assert_eq!(shown["events"].as_array().unwrap().len(), 4);
}

#[test]
fn a_file_without_events_is_named() {
    check(
        &mut replay(&["README.md"]),
        1,
        &expect![[r#"
            error: there are no events in `README.md`
              caused by: it is neither JSON nor JSON lines: expected value at line 1 column 1

            hint: `s3guard replay --help` lists the accepted formats
        "#]],
    );
    check(
        &mut replay(&["no/such"]),
        1,
        &expect![[r#"
            error: `no/such` could not be read
              caused by: No such file or directory (os error 2)

            hint: give the path of a file, or `-` for stdin
        "#]],
    );
}
