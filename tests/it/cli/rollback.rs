//! `s3guard rollback` with AWS's responses.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use super::account::in_account;
use super::aws::{Aws, Story, answered, events, guard};

/// A rollback of a stack from one status to another. Returns the exit code, the stderr, and the calls.
fn rolled_back(
    before: &'static str,
    after: &'static str,
    arguments: &[&str],
) -> (Option<i32>, String, Aws) {
    let is_asked = AtomicBool::new(false);
    let aws = Aws::answering(Story::default(), move |request, _| match request.call.as_str() {
        "ContinueUpdateRollback" | "RollbackStack" | "CancelUpdateStack" => {
            is_asked.store(true, SeqCst);
            None
        }
        "DescribeStacks" => Some(guard(if is_asked.load(SeqCst) { after } else { before })),
        "DescribeStackEvents" if is_asked.load(SeqCst) => Some(events(&[
            ("s", "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated"),
            ("GuardFunction", "UPDATE_FAILED", "no such role"),
        ])),
        "DescribeStackEvents" => Some(events(&[])),
        "ListStackResources" => Some(answered(
            "ListStackResources",
            "<StackResourceSummaries><member><LogicalResourceId>GuardFunction</LogicalResourceId>\
                 <ResourceType>AWS::Lambda::Function</ResourceType><ResourceStatus>UPDATE_FAILED</ResourceStatus>\
                 <LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp>\
                 <ResourceStatusReason>no such role</ResourceStatusReason></member></StackResourceSummaries>",
        )),
        _ => None,
    });
    let output = in_account(&aws, &["rollback", "--stack", "s"]).args(arguments).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap(), aws)
}

#[test]
fn a_failed_rollback_is_continued_without_skipped_resources() {
    let (before, after) = ("UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE");
    let (exit, words, aws) = rolled_back(before, after, &[]);
    assert_eq!((exit, aws.count("ContinueUpdateRollback")), (Some(4), 0), "{words}");
    assert!(words.contains("  GuardFunction (AWS::Lambda::Function): no such role\n"), "{words}");
    assert!(words.contains("with `--skip GuardFunction`"), "{words}");

    for (arguments, parameter) in [
        (&["--yes"][..], None),
        (&["--yes", "--skip", "GuardFunction"][..], Some("ResourcesToSkip.member.1=GuardFunction")),
        (&["--yes", "--force"][..], Some("ForceRollback=true")),
    ] {
        let (exit, words, aws) = rolled_back(before, after, arguments);
        assert_eq!(exit, Some(0), "{words}");
        let made = aws.made("ContinueUpdateRollback");
        let [request] = made.as_slice() else { panic!("{made:?}") };
        if let Some(parameter) = parameter {
            assert!(request.body.contains(parameter), "{}", request.body);
        } else {
            let skips =
                ["ResourcesToSkip", "ForceRollback"].map(|name| request.body.contains(name));
            assert_eq!(skips, [false, false], "{}", request.body);
        }
        assert!(request.body.contains("ClientRequestToken=s3guard-"), "{}", request.body);
        assert_eq!(words.contains("warning: skipped resources"), parameter.is_some(), "{words}");
    }

    let (exit, words, aws) = rolled_back(before, after, &["--yes", "--skip", "Queue"]);
    assert_eq!((exit, aws.count("ContinueUpdateRollback")), (Some(2), 0), "{words}");
    assert!(words.contains("hint: those that can be skipped are `GuardFunction`"), "{words}");
}

#[test]
fn a_rollback_that_fails_again_names_the_resource() {
    let stuck = "UPDATE_ROLLBACK_FAILED";
    let (exit, words, _) = rolled_back(stuck, stuck, &["--yes"]);
    assert_eq!(exit, Some(1), "{words}");
    assert!(
        words.contains("caused by: `GuardFunction` (AWS::SQS::Queue): no such role"),
        "{words}"
    );
    assert!(words.contains("`s3guard rollback --stack s --skip ID`"), "{words}");
}

#[test]
fn a_failure_is_rolled_back_and_an_update_is_cancelled_on_request() {
    let (exit, words, aws) = rolled_back("UPDATE_FAILED", "UPDATE_ROLLBACK_COMPLETE", &["--yes"]);
    assert_eq!((exit, aws.count("RollbackStack")), (Some(0), 1), "{words}");
    let going_on = "UPDATE_IN_PROGRESS";
    let (exit, words, aws) = rolled_back(going_on, "UPDATE_ROLLBACK_COMPLETE", &["--yes"]);
    assert_eq!((exit, aws.count("CancelUpdateStack")), (Some(2), 0), "{words}");
    assert!(words.contains("hint: `--cancel` cancels it"), "{words}");
    let (exit, words, aws) =
        rolled_back(going_on, "UPDATE_ROLLBACK_COMPLETE", &["--yes", "--cancel"]);
    assert_eq!((exit, aws.count("CancelUpdateStack")), (Some(0), 1), "{words}");
    let (exit, words, aws) = rolled_back("UPDATE_COMPLETE", "UPDATE_COMPLETE", &[]);
    assert_eq!((exit, aws.count("RollbackStack")), (Some(0), 0), "{words}");
    assert!(words.contains("nothing to roll back: the last operation succeeded"), "{words}");
    let (exit, words, aws) = rolled_back("DELETE_FAILED", "DELETE_FAILED", &["--yes"]);
    assert_eq!((exit, aws.count("RollbackStack")), (Some(1), 0), "{words}");
    assert!(words.contains("hint: `s3guard destroy --stack s`"), "{words}");
}
