//! Following an operation: failures of AWS, and interrupts by the user.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use expect_test::expect;

use super::account::{in_account, program};
use super::aws::{Answer, Aws, Happened, Story, answered, events, guard, refusal};
use super::terminal::in_terminal;

const BEGUN: [Happened; 3] = [
    ("s", "UPDATE_IN_PROGRESS", "User Initiated"),
    ("Queue", "UPDATE_IN_PROGRESS", ""),
    ("Topic", "UPDATE_IN_PROGRESS", ""),
];
const ENDED: [Happened; 6] = [
    BEGUN[0],
    BEGUN[1],
    BEGUN[2],
    ("Queue", "UPDATE_COMPLETE", ""),
    ("Topic", "UPDATE_COMPLETE", ""),
    ("s", "UPDATE_COMPLETE", ""),
];

/// An account whose stack is being updated. `look` may answer the nth call that reads the stack.
fn updated(look: impl Fn(usize) -> Option<Answer> + Send + Sync + 'static) -> Aws {
    Aws::answering(Story::default(), move |request, before| match request.call.as_str() {
        "DescribeStacks" => look(before).or_else(|| Some(guard("UPDATE_IN_PROGRESS"))),
        "DescribeStackEvents" => Some(events(&BEGUN)),
        _ => None,
    })
}

fn follow(aws: &Aws) -> Command {
    in_account(aws, &["events", "--follow", "--stack", "s"])
}

fn words(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn throttled_polls_do_not_end_it() {
    // The SDK itself tries four times: one poll of the stack fails.
    let aws = Aws::answering(Story::default(), |request, before| match request.call.as_str() {
        "DescribeStacks" if (1..=4).contains(&before) => {
            Some(refusal(400, "Throttling", "Rate exceeded"))
        }
        "DescribeStacks" if before == 0 => Some(guard("UPDATE_IN_PROGRESS")),
        "DescribeStacks" => Some(guard("UPDATE_COMPLETE")),
        "DescribeStackEvents" if before == 0 => Some(events(&BEGUN)),
        "DescribeStackEvents" => Some(events(&ENDED)),
        _ => None,
    });
    let (exit, words) = words(&mut follow(&aws));
    assert_eq!(exit, Some(0), "{words}");
    assert!(aws.count("DescribeStacks") >= 6, "{words}");
    expect![[r#"
        00:00:00  UPDATE_IN_PROGRESS           AWS::CloudFormation::Stack       s  User Initiated
        00:00:01  UPDATE_IN_PROGRESS           AWS::SQS::Queue                  Queue
        00:00:02  UPDATE_IN_PROGRESS           AWS::SQS::Queue                  Topic
        00:00:03  UPDATE_COMPLETE              AWS::SQS::Queue                  Queue
        00:00:04  UPDATE_COMPLETE              AWS::SQS::Queue                  Topic
        00:00:05  UPDATE_COMPLETE              AWS::CloudFormation::Stack       s
        stack `s` reached `UPDATE_COMPLETE`
    "#]]
    .assert_eq(&words);
}

#[test]
fn expired_credentials_are_not_a_failure_of_the_stack() {
    let expired =
        refusal(403, "ExpiredToken", "The security token included in the request is expired");
    let aws = updated(move |look| (look > 0).then(|| expired.clone()));
    let (exit, words) = words(&mut follow(&aws));
    assert_eq!((exit, aws.count("DescribeStacks")), (Some(1), 2), "{words}");
    let (_, error) = words.split_once("error: ").unwrap();
    expect![[r#"
        the credentials have expired; the operation on stack `s` continues without this command
          caused by: DescribeStacks on stack `s` failed: ExpiredToken: The security token included in the request is expired

        hint: log in again, as with `aws sso login`, then follow it with `s3guard events --follow --stack s --region eu-west-1`
    "#]]
    .assert_eq(error);
}

#[test]
fn without_a_terminal_the_first_signal_exits_and_prints_how_to_resume() {
    for signal in ["-INT", "-TERM"] {
        let aws = updated(|_| None);
        let mut child = follow(&aws).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        assert!(line.contains("UPDATE_IN_PROGRESS"), "{line}");
        let id = child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let mut rest = String::new();
        stderr.read_to_string(&mut rest).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
        let (_, error) = rest.split_once("error: ").unwrap();
        expect![[r#"
            interrupted: stack `s` goes on without the command

            hint: follow it again with `s3guard events --follow --stack s --region eu-west-1`
        "#]]
        .assert_eq(error);
    }
}

#[test]
fn the_json_output_has_each_event_at_once() {
    let aws = updated(|look| (look > 1).then(|| guard("UPDATE_COMPLETE")));
    let output = follow(&aws).args(["--output", "ndjson"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let lines = crate::json::lines("events", &output.stdout);
    let kinds: Vec<_> = lines.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["event", "event", "event", "result"]);
    assert_eq!(lines[1]["logicalId"], "Queue");
    assert_eq!(lines[1]["time"], "2026-01-01T00:00:01.000Z");
    assert_eq!((&lines[1]["stack"], &lines[1]["region"]), (&"s".into(), &"eu-west-1".into()));
    assert_eq!(lines[3]["status"], "UPDATE_COMPLETE");
    assert_eq!(lines[3]["events"], serde_json::json!([]));
    let aws = updated(|look| (look > 1).then(|| guard("UPDATE_COMPLETE")));
    let output = follow(&aws).args(["--output", "json"]).output().unwrap();
    let whole = crate::json::read("events", &output.stdout);
    assert_eq!(whole["events"].as_array().map(Vec::len), Some(3), "{whole}");
}

/// The exit code and the stderr of a deployment that ends in this status.
fn deployed(
    story: Story,
    happened: &'static [Happened],
    failures: Answer,
) -> (Option<i32>, String) {
    let asked = AtomicBool::new(false);
    let aws = Aws::answering(story, move |request, _| match request.call.as_str() {
        "ExecuteChangeSet" => {
            asked.store(true, SeqCst);
            None
        }
        "DescribeStackEvents" if asked.load(SeqCst) => Some(events(happened)),
        "DescribeEvents" => Some(failures.clone()),
        _ => None,
    });
    let folder = tempfile::tempdir().unwrap();
    let mut command = in_account(&aws, &["deploy", "--stack", "s", "--code-bucket", "code"]);
    words(command.args(["--bucket-prefix", "ab", "--bootstrap"]).arg(program(folder.path())))
}

const DENIED: &str = "Resource handler returned message: \"User: arn:aws:iam::111122223333:user/u is not authorized to \
    perform: sqs:CreateQueue on resource: arn:aws:sqs:eu-west-1:111122223333:q because no identity-based policy allows \
    the sqs:CreateQueue action\" (RequestToken: 1, HandlerErrorCode: AccessDenied)";

const TAKEN: &str = "Resource handler returned message: \"q already exists\" (RequestToken: 1, HandlerErrorCode: \
    AlreadyExists)";

#[test]
fn a_failed_creation_is_reported_with_its_root_cause() {
    let story = Story { after: "ROLLBACK_COMPLETE", ..Story::default() };
    let happened = &[
        ("s", "CREATE_IN_PROGRESS", "User Initiated"),
        ("Topic", "CREATE_FAILED", "Resource creation cancelled"),
        ("Queue", "CREATE_FAILED", DENIED),
        (
            "s",
            "ROLLBACK_IN_PROGRESS",
            "The following resource(s) failed to create: [Queue, Topic].",
        ),
        ("s", "ROLLBACK_COMPLETE", ""),
    ];
    let (exit, words) = deployed(story, happened, answered("DescribeEvents", ""));
    assert_eq!(exit, Some(1), "{words}");
    let (_, error) = words.split_once("error: ").unwrap();
    expect![[r#"
        stack `s` was not created; the stack is in `ROLLBACK_COMPLETE`
          caused by: `Queue` (AWS::SQS::Queue): `arn:aws:iam::111122223333:user/u` is not allowed to call `sqs:CreateQueue` on `arn:aws:sqs:eu-west-1:111122223333:q`: no policy of the role or user allows it: add the action that AWS names to one; 1 resource was cancelled because of it

        hint: give the caller the permission `sqs:CreateQueue`; the changes were rolled back; fix the cause and deploy again
    "#]]
    .assert_eq(error);
}

#[test]
fn a_failed_update_is_reported_with_its_handlers_message() {
    let asked = AtomicBool::new(false);
    let aws = Aws::answering(Story::default(), move |request, _| match request.call.as_str() {
        "ExecuteChangeSet" => {
            asked.store(true, SeqCst);
            None
        }
        "DescribeStacks" if asked.load(SeqCst) => Some(guard("UPDATE_ROLLBACK_COMPLETE")),
        "DescribeStacks" => Some(guard("UPDATE_COMPLETE")),
        "DescribeStackEvents" if asked.load(SeqCst) => Some(events(&[
            ("s", "UPDATE_IN_PROGRESS", "User Initiated"),
            ("Queue", "UPDATE_FAILED", TAKEN),
            ("Topic", "UPDATE_FAILED", "Resource update cancelled"),
            ("Rule", "UPDATE_FAILED", "Resource update cancelled"),
            ("s", "UPDATE_ROLLBACK_COMPLETE", ""),
        ])),
        _ => None,
    });
    let folder = tempfile::tempdir().unwrap();
    let mut command = in_account(&aws, &["deploy", "--stack", "s", "--code-bucket", "code"]);
    let command = command.arg("--yes").arg("--bootstrap").arg(program(folder.path()));
    let (exit, words) = words(command);
    assert_eq!(exit, Some(1), "{words}");
    let (_, error) = words.split_once("error: ").unwrap();
    expect![[r#"
        stack `s` was not updated; the stack is in `UPDATE_ROLLBACK_COMPLETE`
          caused by: `Queue` (AWS::SQS::Queue): q already exists (AlreadyExists); 2 resources were cancelled because of it

        hint: a resource with that name exists: choose another prefix with `--bucket-prefix`, another stack name, or delete the resource if it is not needed; the changes were rolled back; fix the cause and deploy again
    "#]].assert_eq(error);
}

#[test]
fn failed_validations_are_reported_and_so_is_a_denied_read_of_them() {
    let story = || Story { after: "ROLLBACK_COMPLETE", ..Story::default() };
    let happened = &[("s", "CREATE_IN_PROGRESS", ""), ("s", "ROLLBACK_COMPLETE", "")];
    let validation = "<OperationEvents><member><EventId>v</EventId><EventType>VALIDATION_ERROR</EventType>\
        <LogicalResourceId>TrailBucket</LogicalResourceId><ResourceType>AWS::S3::Bucket</ResourceType>\
        <Timestamp>2026-01-01T00:00:01Z</Timestamp><ValidationStatus>FAILED</ValidationStatus>\
        <ValidationStatusReason>it exists already</ValidationStatusReason></member></OperationEvents>";
    let (exit, words) = deployed(story(), happened, answered("DescribeEvents", validation));
    assert_eq!(exit, Some(1), "{words}");
    assert!(
        words.contains("caused by: `TrailBucket` (AWS::S3::Bucket): it exists already"),
        "{words}"
    );
    let denied = refusal(403, "AccessDenied", "User: arn is not authorized");
    let (exit, words) = deployed(story(), happened, denied);
    assert_eq!(exit, Some(1), "{words}");
    assert!(words.contains("you need the permission `cloudformation:DescribeEvents`"), "{words}");
    let unknown = refusal(400, "InvalidAction", "Could not find operation DescribeEvents");
    let (exit, words) = deployed(story(), happened, unknown);
    assert_eq!(exit, Some(1), "{words}");
    assert!(words.contains("caused by: CloudFormation gave no reason"), "{words}");
}

#[test]
fn the_last_operation_is_shown_with_its_root_cause() {
    let happened = &[
        ("s", "CREATE_IN_PROGRESS", "User Initiated"),
        ("s", "CREATE_COMPLETE", ""),
        ("s", "UPDATE_IN_PROGRESS", "User Initiated"),
        ("Topic", "UPDATE_FAILED", "Resource update cancelled"),
        ("Queue", "UPDATE_FAILED", "no such key"),
        ("s", "UPDATE_ROLLBACK_COMPLETE", ""),
    ];
    let aws = Aws::answering(Story::default(), |request, _| match request.call.as_str() {
        "DescribeStacks" => Some(guard("UPDATE_ROLLBACK_COMPLETE")),
        "DescribeStackEvents" => Some(events(happened)),
        _ => None,
    });
    let shown = |arguments: &[&str]| {
        let output =
            in_account(&aws, &["events", "--stack", "s"]).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (exit, stdout) = shown(&[]);
    assert_eq!(exit, Some(0));
    expect![[r#"
          00:00:02  UPDATE_IN_PROGRESS           AWS::CloudFormation::Stack       s  User Initiated
          00:00:03  UPDATE_FAILED                AWS::SQS::Queue                  Topic  Resource update cancelled
        > 00:00:04  UPDATE_FAILED                AWS::SQS::Queue                  Queue  no such key
          00:00:05  UPDATE_ROLLBACK_COMPLETE     AWS::CloudFormation::Stack       s

        root cause: `Queue` (AWS::SQS::Queue): no such key; 1 resource was cancelled because of it
    "#]]
    .assert_eq(&stdout);
    assert_eq!(shown(&["--limit", "6"]).1.lines().count(), 8);
    assert_eq!(shown(&["--failed"]).1.lines().count(), 3);
    // There is no operation to follow: the exit code is that of the last one.
    assert_eq!(shown(&["--follow"]).0, Some(1));
}

#[test]
fn a_stack_that_is_deleted_is_followed_to_its_end_by_its_id() {
    let aws = Aws::answering(Story::default(), |request, before| match request.call.as_str() {
        "DescribeStacks" if before == 0 => Some(guard("DELETE_IN_PROGRESS")),
        "DescribeStacks" if request.body.contains("arn%3Aaws") => Some(guard("DELETE_COMPLETE")),
        "DescribeStackEvents" => Some(events(&[("s", "DELETE_IN_PROGRESS", "User Initiated")])),
        _ => None,
    });
    let (exit, words) = words(&mut follow(&aws));
    assert_eq!(exit, Some(0), "{words}");
    assert!(words.ends_with("stack `s` reached `DELETE_COMPLETE`\n"), "{words}");
}

#[test]
fn on_a_terminal_progress_is_drawn_and_removed() {
    // Some polls pass, so that the list is drawn.
    let aws = Aws::answering(Story::default(), |request, before| match request.call.as_str() {
        "DescribeStacks" if before > 4 => Some(guard("UPDATE_COMPLETE")),
        "DescribeStacks" => Some(guard("UPDATE_IN_PROGRESS")),
        "DescribeStackEvents" if before > 4 => Some(events(&ENDED)),
        "DescribeStackEvents" => Some(events(&BEGUN)),
        _ => None,
    });
    let (sent, exit) = in_terminal(&follow(&aws), &[]);
    assert_eq!(exit, Some(0), "{sent}");
    assert!(sent.contains("s  UPDATE_IN_PROGRESS  0 done, 2 in progress"), "{sent}");
    assert!(sent.contains("Queue  being updated"), "{sent}");
    assert!(sent.contains("     2 s  \u{1b}[32mUPDATE_COMPLETE\u{1b}[0m  Queue\r\n"), "{sent}");
    // The list is removed at the end, and the cursor is shown again.
    let (drawn, after) = sent.rsplit_once("\u{1b}[J\u{1b}[?25h").unwrap();
    assert!(drawn.starts_with("\u{1b}[?25l"), "{sent}");
    assert_eq!(after, "stack `s` reached `UPDATE_COMPLETE`\r\n");
    // Without it there are lines.
    for (name, value) in [("S3GUARD_NO_PROGRESS", "1"), ("CI", "true"), ("CLAUDECODE", "1")] {
        let (sent, _) = in_terminal(follow(&aws).env(name, value), &[]);
        assert!(
            !sent.contains("\u{1b}[?25l") && sent.contains("UPDATE_COMPLETE"),
            "{name}: {sent}"
        );
    }
    let (sent, _) = in_terminal(follow(&aws).arg("--no-progress"), &[]);
    assert!(!sent.contains("\u{1b}[?25l") && sent.contains("UPDATE_COMPLETE"), "{sent}");
    let (sent, _) = in_terminal(follow(&aws).env("NO_COLOR", "1"), &[]);
    assert!(!sent.contains("\u{1b}[32m") && sent.contains("UPDATE_COMPLETE"), "{sent}");
}

#[test]
fn on_a_terminal_the_first_ctrl_c_explains_and_the_second_exits() {
    let aws = updated(|_| None);
    let steps = [("in progress", "\u{3}"), ("to leave", "\u{3}")];
    let (sent, exit) = in_terminal(&follow(&aws), &steps);
    assert_eq!((exit, aws.count("CancelUpdateStack")), (Some(130), 0), "{sent}");
    let explained = [
        "CloudFormation goes on without this command; wait, or press",
        "c and Enter  to cancel the update",
    ];
    for words in explained {
        assert!(sent.contains(words), "{sent}");
    }
    assert!(sent.contains("`s3guard events --follow --stack s --region eu-west-1`"), "{sent}");
    let (_, after) = sent.rsplit_once("\u{1b}[?25l").unwrap();
    assert!(after.contains("\u{1b}[?25h"), "the cursor is there again: {after}");
}

#[test]
fn on_a_terminal_an_update_is_cancelled_after_the_first_ctrl_c() {
    let is_cancelled = AtomicBool::new(false);
    let aws = Aws::answering(Story::default(), move |request, _| match request.call.as_str() {
        "CancelUpdateStack" => {
            is_cancelled.store(true, SeqCst);
            None
        }
        "DescribeStacks" if is_cancelled.load(SeqCst) => Some(guard("UPDATE_ROLLBACK_COMPLETE")),
        "DescribeStacks" => Some(guard("UPDATE_IN_PROGRESS")),
        "DescribeStackEvents" => Some(events(&BEGUN)),
        _ => None,
    });
    let steps = [("in progress", "\u{3}"), ("to leave", "c\n")];
    let (sent, exit) = in_terminal(&follow(&aws), &steps);
    assert_eq!((exit, aws.count("CancelUpdateStack")), (Some(1), 1), "{sent}");
    assert!(sent.contains("the update of stack `s` is cancelled: it is rolled back"), "{sent}");
}
