//! The command against an account that fails or has foreign resources, and interrupts.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use expect_test::expect;

use super::aws::{Aws, Story};
use super::{check, s3guard};

/// Ends a wait that would never end.
const PATIENCE: Duration = Duration::from_mins(5);

/// The command with the environment of this account.
pub(crate) fn in_account(aws: &Aws, arguments: &[&str]) -> Command {
    let mut command = s3guard(arguments);
    command.args(["--region", "eu-west-1"]).envs([
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_ENDPOINT_URL", &aws.url),
    ]);
    command
}

/// The smallest program that the command accepts: an ELF header without a program.
pub(super) fn program(folder: &Path) -> PathBuf {
    let mut header = [0_u8; 64];
    header[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    // An executable for x86-64, version 1, with a header of 64 bytes.
    for (at, value) in [(16, 2), (18, 62), (20, 1), (52, 64), (54, 56), (58, 64)] {
        header[at] = value;
    }
    let path = folder.join("bootstrap");
    fs::write(&path, header).unwrap();
    path
}

/// Deploys a stack `s`. Returns the exit code, the stderr, and the account with its calls.
fn deploy(story: Story, arguments: &[&str]) -> (Option<i32>, String, Aws) {
    let aws = Aws::new(story);
    let folder = tempfile::tempdir().unwrap();
    let program = program(folder.path());
    let mut command = in_account(&aws, &["deploy", "--stack", "s", "--code-bucket", "code"]);
    command.args(arguments).args(["--bucket-prefix", "ab", "--bootstrap"]).arg(program);
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap(), aws)
}

#[test]
fn a_new_guard_reconciles_existing_buckets_at_once() {
    let created = Story { after: "CREATE_COMPLETE", queue_is_open: true, ..Story::default() };
    let (exit, words, aws) = deploy(created.clone(), &[]);
    assert_eq!(exit, Some(0), "{words}");
    assert!(words.contains("the guard checks the existing buckets"), "{words}");
    assert_eq!(aws.count("SendMessage"), 1);
    let (exit, words, aws) = deploy(created.clone(), &["--no-sweep"]);
    assert_eq!((exit, aws.count("SendMessage")), (Some(0), 0), "{words}");
    let (exit, words, _) = deploy(Story { queue_is_open: false, ..created }, &[]);
    assert_eq!(exit, Some(0), "{words}");
    assert!(words.contains("warning: existing buckets are checked by the schedule"), "{words}");
}

#[test]
fn a_refused_first_change_set_leaves_no_stack_behind() {
    let refused = Story { refusal: Some("no such thing"), ..Story::default() };
    let (exit, words, aws) = deploy(refused.clone(), &[]);
    assert_eq!(exit, Some(1), "{words}");
    assert!(words.contains("caused by: no such thing"), "{words}");
    assert_eq!((aws.count("DeleteChangeSet"), aws.count("DeleteStack")), (1, 1));
    // A stack in review that existed before is not deleted.
    let (_, words, aws) = deploy(Story { before: Some("REVIEW_IN_PROGRESS"), ..refused }, &[]);
    assert_eq!((aws.count("DeleteChangeSet"), aws.count("DeleteStack")), (1, 0), "{words}");
}

#[test]
fn a_failure_without_a_rollback_is_shown_with_the_next_step() {
    let (exit, words, _) = deploy(Story { after: "ROLLBACK_FAILED", ..Story::default() }, &[]);
    assert_eq!(exit, Some(1), "{words}");
    assert!(
        words.contains("hint: fix the cause, then `s3guard destroy --stack s --region"),
        "{words}"
    );
    let (_, words, _) = deploy(Story { after: "ROLLBACK_COMPLETE", ..Story::default() }, &[]);
    assert!(words.contains("hint: the changes were rolled back"), "{words}");
}

#[test]
fn a_foreign_stack_is_not_destroyed() {
    for status in ["UPDATE_ROLLBACK_COMPLETE", "ROLLBACK_COMPLETE", "DELETE_FAILED"] {
        let aws = Aws::new(Story { before: Some(status), ..Story::default() });
        let output = in_account(&aws, &["destroy", "--stack", "s", "--yes"]).output().unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), aws.count("DeleteStack")), (Some(1), 0), "{words}");
        assert!(words.contains("`s` exists and is not a stack of s3guard"), "{words}");
    }
}

#[test]
fn an_interrupt_is_handled_during_packaging() {
    let aws = Aws::new(Story::default());
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut command = in_account(&aws, &["deploy", "--stack", "s3guard"]);
    let mut child = command.arg("--bootstrap").arg(&pipe).stderr(Stdio::null()).spawn().unwrap();
    let id = child.id().to_string();
    let (sender, receiver) = mpsc::channel();
    // Opens when the command reads, which waits as long as this is open.
    let open = move || sender.send(OpenOptions::new().write(true).open(&pipe));
    thread::spawn(open);
    let writer = receiver.recv_timeout(PATIENCE).expect("it reads the program");
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait()));
    let exit = receiver.recv_timeout(PATIENCE);
    drop(writer);
    assert_eq!(exit.expect("it ends at once").unwrap().code(), Some(130));
}

#[test]
fn a_region_without_account_regional_bucket_names_is_refused() {
    let aws = Aws::new(Story::default());
    let mut command = s3guard(&["deploy", "--stack", "s", "--region", "me-south-1"]);
    command.envs([
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_ENDPOINT_URL", &aws.url),
    ]);
    check(
        &mut command,
        2,
        &expect![[r#"
            error: S3 in `me-south-1` has no account-regional bucket namespaces

            hint: s3guard needs them for its own buckets: choose another Region with `--region`
        "#]],
    );
    assert_eq!(aws.count("DescribeStacks"), 0, "nothing is asked there");
}

#[test]
fn the_requirements_of_an_existing_trail_are_printed() {
    let story = Story { after: "CREATE_COMPLETE", queue_is_open: true, ..Story::default() };
    let (exit, words, _) = deploy(story, &["--trail", "existing"]);
    assert_eq!(exit, Some(0), "{words}");
    let sentence = "must record the write management events of `eu-west-1`";
    assert_eq!(words.matches(sentence).count(), 1, "{words}");
}

#[test]
fn an_end_date_in_the_past_or_after_the_ledgers_retention_is_refused_before_a_call() {
    for (day, problem, hint) in [
        ("2026-01-01", "is in the past", "`--end`"),
        (
            "2999-12-31",
            "is too late: the ledger does not keep it that long",
            "an exemption to `s3guard.toml`",
        ),
    ] {
        let id = "reports@20261124T231502.123Z-policy";
        let output = s3guard(&["undo", id, "--stack", "guard", "--until", day]).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words}");
        assert!(words.contains(&format!("`--until {day}` {problem}")), "{words}");
        assert!(words.contains(hint), "{words}");
    }
}
