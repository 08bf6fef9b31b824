//! `s3guard destroy` with responses of AWS that the emulated account gives late or never.

use super::account::in_account;
use super::aws::{Answer, Aws, Request, Story, events, refusal};
use super::terminal::in_terminal;

const ID: &str = "arn:aws:cloudformation:eu-west-1:111122223333:stack/s/1";

fn answer(call: &str, inside: &str) -> Answer {
    (200, format!("<{call}Response><{call}Result>{inside}</{call}Result></{call}Response>"))
}

/// The guard's stack in this status.
fn guard(status: &str, is_protected: bool) -> Answer {
    let parameter = |name: &str| {
        format!(
            "<member><ParameterKey>{name}</ParameterKey><ParameterValue>x</ParameterValue></member>"
        )
    };
    let parameters = ["CodeBucket", "CodeKey", "BucketPrefix"].map(parameter).concat();
    answer(
        "DescribeStacks",
        &format!(
            "<Stacks><member><StackId>{ID}</StackId><StackName>s</StackName>\
             <CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>{status}</StackStatus>\
             <Parameters>{parameters}</Parameters>\
             <EnableTerminationProtection>{is_protected}</EnableTerminationProtection></member></Stacks>"
        ),
    )
}

fn resources(status: &str) -> Answer {
    let why = "Resource handler returned message: \"The bucket you tried to delete is not empty (Service: S3, Status \
               Code: 409, Request ID: X)\"";
    answer(
        "ListStackResources",
        &format!(
            "<StackResourceSummaries><member><LogicalResourceId>Old</LogicalResourceId>\
             <PhysicalResourceId>old-bucket</PhysicalResourceId><ResourceType>AWS::S3::Bucket</ResourceType>\
             <LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp><ResourceStatus>{status}</ResourceStatus>\
             <ResourceStatusReason>{why}</ResourceStatusReason></member></StackResourceSummaries>"
        ),
    )
}

/// Destroys the stack. Returns the exit code, the stderr, and the account.
fn destroy(
    arguments: &[&str],
    otherwise: impl Fn(&Request, usize) -> Option<Answer> + Send + Sync + 'static,
) -> (Option<i32>, String, Aws) {
    let aws = Aws::answering(Story::default(), otherwise);
    let mut command = in_account(&aws, &["destroy", "--stack", "s"]);
    let output = command.args(arguments).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap(), aws)
}

#[test]
fn protection_is_restored_when_the_deletion_is_refused() {
    let (exit, words, aws) =
        destroy(&["--yes", "--disable-protection"], |request, _| match request.call.as_str() {
            "DescribeStacks" => Some(guard("CREATE_COMPLETE", true)),
            "DeleteStack" => Some(refusal(403, "AccessDenied", "no")),
            _ => None,
        });
    assert_eq!(exit, Some(1), "{words}");
    let said: Vec<bool> = aws
        .made("UpdateTerminationProtection")
        .iter()
        .map(|made| made.body.contains("EnableTerminationProtection=true"))
        .collect();
    assert_eq!(said, [false, true], "{words}");
    assert!(words.contains("stack `s` is protected again"), "{words}");
}

#[test]
fn a_protected_or_a_busy_stack_is_not_touched() {
    for (status, is_protected, arguments, part) in [
        ("CREATE_COMPLETE", true, &["--yes"][..], "--disable-protection"),
        (
            "UPDATE_IN_PROGRESS",
            false,
            &["--yes"],
            "s3guard events --follow --stack s --region eu-west-1",
        ),
        ("CREATE_COMPLETE", false, &["--yes", "--force"], "only after a deletion has failed"),
        ("SOMETHING_NEW", false, &["--yes"], "a newer s3guard may know this status"),
    ] {
        let (exit, words, aws) = destroy(arguments, move |request, _| {
            (request.call == "DescribeStacks").then(|| guard(status, is_protected))
        });
        assert_eq!((exit, aws.count("DeleteStack")), (Some(1), 0), "{words}");
        assert_eq!(aws.count("UpdateTerminationProtection"), 0, "{words}");
        assert!(words.contains(part), "{words}");
    }
}

/// A stack whose deletion fails because a bucket is not empty, and the calls after the deletion.
fn stuck(request: &Request, before: usize) -> Option<Answer> {
    match request.call.as_str() {
        "DescribeStacks" => Some(guard("DELETE_FAILED", false)),
        "ListStackResources" => Some(resources("DELETE_FAILED")),
        "DescribeStackEvents" if before > 0 => Some(answer(
            "DescribeStackEvents",
            &format!(
                "<StackEvents><member><EventId>1</EventId><StackId>{ID}</StackId><StackName>s</StackName>\
                 <LogicalResourceId>s</LogicalResourceId><ResourceType>AWS::CloudFormation::Stack</ResourceType>\
                 <Timestamp>2026-01-01T00:00:00Z</Timestamp><ResourceStatus>DELETE_FAILED</ResourceStatus>\
                 </member></StackEvents>"
            ),
        )),
        _ => None,
    }
}

#[test]
fn a_full_bucket_is_named_with_what_to_do() {
    let (exit, words, aws) = destroy(&["--yes"], stuck);
    assert_eq!((exit, aws.count("DeleteStack")), (Some(1), 1), "{words}");
    assert!(words.contains("not empty: `old-bucket`"), "{words}");
    for way in ["--empty-buckets`", "--retain Old`"] {
        assert!(words.contains(way), "{words}");
    }
    assert_eq!(aws.count("POST") + aws.count("DELETE"), 0, "nothing is emptied unasked");
}

#[test]
fn a_mapping_in_use_is_deleted_by_a_second_run() {
    let in_use = "Cannot delete the event source mapping because it is in use. (Service: Lambda, Status Code: 400)";
    let failed = move |request: &Request, before: usize| match request.call.as_str() {
        "DescribeStacks" if before < 2 => Some(guard("UPDATE_COMPLETE", false)),
        "DescribeStacks" => Some(guard("DELETE_FAILED", false)),
        "DescribeStackEvents" if before > 0 => Some(events(&[
            ("GuardQueue", "DELETE_FAILED", "Resource deletion cancelled"),
            ("GuardQueueMapping", "DELETE_FAILED", in_use),
            (
                "s",
                "DELETE_FAILED",
                "The following resource(s) failed to delete: [GuardQueueMapping].",
            ),
        ])),
        _ => None,
    };
    let (exit, words, aws) = destroy(&["--yes"], failed);
    assert_eq!((exit, aws.count("DeleteStack")), (Some(1), 1), "{words}");
    assert!(words.contains("`GuardQueueMapping`") && words.contains(in_use), "{words}");
    let hint = "wait a minute; then run `s3guard destroy --stack s --region eu-west-1` again";
    assert!(words.contains(hint) && !words.contains("--force"), "{words}");

    let (exit, words, aws) = destroy(&["--yes"], |request, before| match request.call.as_str() {
        "DescribeStacks" if before < 2 => Some(guard("DELETE_FAILED", false)),
        "DescribeStacks" => Some(guard("DELETE_COMPLETE", false)),
        "DescribeStackEvents" if before > 0 => Some(events(&[("s", "DELETE_COMPLETE", "")])),
        _ => None,
    });
    let made = aws.made("DeleteStack");
    assert_eq!((exit, made.len()), (Some(0), 1), "{words}");
    assert!(!made[0].body.contains("DeletionMode"), "{}", made[0].body);
}

#[test]
fn force_and_retain_are_passed_on_and_an_unknown_resource_is_not() {
    for (flag, said) in [
        (&["--force"][..], "DeletionMode=FORCE_DELETE_STACK"),
        (&["--retain", "Old"], "RetainResources.member.1=Old"),
    ] {
        let arguments = [&["--yes"], flag].concat();
        let (_, words, aws) = destroy(&arguments, stuck);
        let made = aws.made("DeleteStack");
        assert!(made[0].body.contains(said), "{words}");
    }
    let (exit, words, aws) = destroy(&["--yes", "--retain", "Other"], stuck);
    assert_eq!((exit, aws.count("DeleteStack")), (Some(2), 0), "{words}");
    assert!(words.contains("those that could not be deleted are `Old`"), "{words}");
}

#[test]
fn without_a_terminal_nothing_is_deleted_and_the_plan_is_printed() {
    let aws = Aws::answering(Story::default(), |request, _| match request.call.as_str() {
        "DescribeStacks" => Some(guard("CREATE_COMPLETE", false)),
        "ListStackResources" => Some(resources("CREATE_COMPLETE")),
        _ => None,
    });
    let output =
        in_account(&aws, &["destroy", "--stack", "s", "--output", "json"]).output().unwrap();
    assert_eq!((output.status.code(), aws.count("DeleteStack")), (Some(4), 0));
    let result = crate::json::read("destroy", &output.stdout);
    assert_eq!(result["regions"][0]["outcome"], "needs-approval");
    assert_eq!(result["regions"][0]["deleted"][0]["name"], "old-bucket");
}

#[test]
fn only_the_stacks_name_approves_a_deletion() {
    let aws = Aws::answering(Story::default(), |request, _| match request.call.as_str() {
        "DescribeStacks" => Some(guard("CREATE_COMPLETE", false)),
        _ => None,
    });
    let command = in_account(&aws, &["destroy", "--stack", "s"]);
    let (sent, exit) = in_terminal(&command, &[("type `s` to continue:", "y\n")]);
    assert_eq!((exit, aws.count("DeleteStack")), (Some(4), 0), "{sent}");
    assert!(sent.contains("deleting stack `s`: type `s` to continue:"), "{sent}");
    assert!(sent.contains("cancelled: that is not `s`"), "{sent}");
}

#[test]
fn on_a_terminal_progress_is_drawn_also_for_one_region() {
    let aws = Aws::answering(Story::default(), |request, before| match request.call.as_str() {
        // Some polls pass, so that the list is drawn.
        "DescribeStacks" if before > 6 => Some(guard("DELETE_COMPLETE", false)),
        "DescribeStacks" if before > 1 => Some(guard("DELETE_IN_PROGRESS", false)),
        "DescribeStacks" => Some(guard("CREATE_COMPLETE", false)),
        "DescribeStackEvents" if before > 0 => Some(events(&[
            ("s", "DELETE_IN_PROGRESS", "User Initiated"),
            ("Queue", "DELETE_IN_PROGRESS", ""),
        ])),
        _ => None,
    });
    let command = in_account(&aws, &["destroy", "--stack", "s", "--yes"]);
    let (sent, exit) = in_terminal(&command, &[]);
    assert_eq!(exit, Some(0), "{sent}");
    assert!(sent.contains("s  DELETE_IN_PROGRESS  0 done, 1 in progress"), "{sent}");
}

#[test]
fn one_region_that_fails_does_not_stop_the_other() {
    let aws = Aws::answering(Story::default(), |request, before| match request.call.as_str() {
        "DescribeStacks" if before == 0 => Some(guard("UPDATE_IN_PROGRESS", false)),
        _ => None,
    });
    let mut command =
        super::s3guard(&["destroy", "--stack", "s", "--yes", "--region", "eu-west-1,us-east-1"]);
    command.envs([
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_ENDPOINT_URL", &aws.url),
    ]);
    let output = command.output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("1 of 2 Regions failed"), "{words}");
    assert!(words.contains("does not exist in"), "{words}");
}

#[test]
fn a_denied_list_of_buckets_stops_only_a_run_that_empties_them() {
    let refused = |request: &Request, _: usize| {
        let body = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
        (request.call == "GET").then(|| (403, body.to_owned()))
    };
    let (exit, words, _) = destroy(&["--yes"], refused);
    assert_eq!(exit, Some(0), "{words}");
    assert!(
        words.contains("warning: buckets of an earlier deletion could not be listed"),
        "{words}"
    );
    let (exit, words, _) = destroy(&["--yes", "--empty-buckets"], refused);
    assert_eq!(exit, Some(1), "{words}");
    assert!(words.contains("`s3:ListAllMyBuckets`"), "{words}");
}
