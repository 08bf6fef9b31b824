//! Monitoring a guard in an account that denies and throttles calls, and has other names.

use std::process::{Command, Output};

use super::account::in_account;
use super::aws::{Answer, Aws, KEY, Request, Story, answered, refusal};
use super::terminal::in_terminal;

/// The guard's stack, with outputs of both functions.
fn stack() -> Answer {
    let pair = |kind: &str, key: &str, value: &str| {
        format!("<member><{kind}Key>{key}</{kind}Key><{kind}Value>{value}</{kind}Value></member>")
    };
    let deployer = "arn:aws:iam::111122223333:user/u";
    let parameters =
        [("CodeBucket", "c"), ("CodeKey", "k"), ("BucketPrefix", "p"), ("DeployerArns", deployer)];
    let parameters: String = parameters.map(|(key, value)| pair("Parameter", key, value)).concat();
    let outputs = [
        ("GuardFunctionName", "guard"),
        ("NotifyFunctionName", "notify"),
        ("EmailTopicArn", "arn:aws:sns:eu-west-1:111122223333:t"),
        ("GuardQueueUrl", "https://queue.example/q"),
        ("GuardDlqUrl", "https://queue.example/dead"),
        ("LedgerBucketName", "ledger"),
        ("KeyArn", KEY),
    ];
    let outputs: String = outputs.map(|(key, value)| pair("Output", key, value)).concat();
    let stack = format!(
        "<StackId>arn:aws:cloudformation:eu-west-1:111122223333:stack/s/1</StackId><StackName>s</StackName>\
         <CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>UPDATE_COMPLETE</StackStatus>\
         <Parameters>{parameters}</Parameters><Outputs>{outputs}</Outputs>"
    );
    answered("DescribeStacks", &format!("<Stacks><member>{stack}</member></Stacks>"))
}

fn denied() -> Answer {
    (403, r#"{"__type":"AccessDeniedException","message":"no"}"#.to_owned())
}

fn throttled() -> Answer {
    (400, r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#.to_owned())
}

/// A function with a log group of the stack.
fn function(request: &Request) -> Answer {
    let name = if request.path.contains("/guard/") { "s-GuardLogs-1A" } else { "s-NotifyLogs-2B" };
    (200, format!(r#"{{"State":"Active","LoggingConfig":{{"LogGroup":"{name}"}}}}"#))
}

fn events(lines: &[(&str, u64, &str)]) -> Answer {
    let line = |(id, at, text): &(&str, u64, &str)| {
        format!(r#"{{"eventId":"{id}","timestamp":{at},"message":"{text}"}}"#)
    };
    let lines: Vec<String> = lines.iter().map(line).collect();
    (200, format!(r#"{{"events":[{}]}}"#, lines.join(",")))
}

fn run(aws: &Aws, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = in_account(aws, arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn logs_are_read_from_the_functions_log_groups() {
    let aws = Aws::answering(Story::default(), |request, _| match request.call.as_str() {
        "DescribeStacks" => Some(stack()),
        "GET" => Some(function(request)),
        "FilterLogEvents" if request.body.contains("s-GuardLogs-1A") => {
            Some(events(&[("1", 2_000, "second"), ("2", 3_000, "third\\u001b[2J")]))
        }
        "FilterLogEvents" => Some(events(&[("3", 1_000, "first")])),
        _ => None,
    });
    let (exit, lines, words) = run(&aws, &["logs", "--stack", "s", "--raw"]);
    assert_eq!((exit, &*words), (Some(0), ""), "{lines}");
    assert_eq!(lines, "first\nsecond\nthird\\u{1b}[2J\n");
    let (_, lines, _) = run(&aws, &["logs", "notify", "--stack", "s", "--raw"]);
    assert_eq!(lines, "first\n");
}

#[test]
fn a_missing_log_group_does_not_hide_the_other() {
    let aws = Aws::answering(Story::default(), |request, _| match request.call.as_str() {
        "DescribeStacks" => Some(stack()),
        "GET" => Some(function(request)),
        "FilterLogEvents" if request.body.contains("s-GuardLogs-1A") => {
            let gone = r#"{"__type":"ResourceNotFoundException","message":"no"}"#;
            Some((400, gone.to_owned()))
        }
        "FilterLogEvents" => Some(events(&[("3", 1_000, "first")])),
        _ => None,
    });
    for arguments in [&["logs", "--stack", "s", "--raw"][..], &["logs", "guard", "--stack", "s"]] {
        let (exit, lines, words) = run(&aws, arguments);
        assert_eq!(exit, Some(1), "{words}");
        assert!(words.contains("there is no log group `s-GuardLogs-1A`"), "{words}");
        assert!(words.contains("hint: `s3guard deploy --revert-drift` restores"), "{words}");
        assert_eq!(lines == "first\n", arguments.contains(&"--raw"), "{lines}");
    }
}

#[test]
fn a_denied_read_of_logs_names_the_missing_permission() {
    let aws = |refused: &'static str| {
        Aws::answering(Story::default(), move |request, _| match request.call.as_str() {
            "DescribeStacks" => Some(stack()),
            call if call == refused => Some(denied()),
            "GET" => Some(function(request)),
            _ => None,
        })
    };
    for (refused, permission) in [
        ("GET", "`lambda:GetFunctionConfiguration`"),
        ("FilterLogEvents", "`logs:FilterLogEvents`"),
    ] {
        let (exit, _, words) = run(&aws(refused), &["logs", "guard", "--stack", "s"]);
        assert_eq!(exit, Some(1), "{words}");
        assert!(words.contains(permission), "{words}");
    }
}

#[test]
fn throttled_polls_do_not_end_a_drift_detection() {
    let drift = |id: &str, status: &str, rest: &str| {
        format!(
            "<member><StackId>s</StackId><LogicalResourceId>{id}</LogicalResourceId>\
             <ResourceType>AWS::SQS::Queue</ResourceType><StackResourceDriftStatus>{status}</StackResourceDriftStatus>\
             <Timestamp>2026-01-02T00:00:00Z</Timestamp>{rest}</member>"
        )
    };
    let differences = "<PropertyDifferences><member><PropertyPath>/DelaySeconds</PropertyPath>\
                       <ExpectedValue>0</ExpectedValue><ActualValue>9</ActualValue>\
                       <DifferenceType>NOT_EQUAL</DifferenceType></member></PropertyDifferences>";
    let drifts = drift("Queue", "MODIFIED", differences) + &drift("Dead", "IN_SYNC", "");
    let status = "DescribeStackDriftDetectionStatus";
    let aws = Aws::answering(Story::default(), move |request, before| {
        match request.call.as_str() {
            "DescribeStacks" => Some(stack()),
            "DetectStackDrift" => Some(answered(
                "DetectStackDrift",
                "<StackDriftDetectionId>d</StackDriftDetectionId>",
            )),
            // The SDK itself tries four times: one poll of the stack fails.
            "DescribeStackDriftDetectionStatus" if before < 4 => {
                Some(refusal(400, "Throttling", "Rate exceeded"))
            }
            "DescribeStackDriftDetectionStatus" => {
                let word = if before == 4 { "IN_PROGRESS" } else { "COMPLETE" };
                Some(answered(
                    status,
                    &format!(
                        "<StackId>s</StackId><StackDriftDetectionId>d</StackDriftDetectionId>\
                         <DetectionStatus>DETECTION_{word}</DetectionStatus><Timestamp>2026-01-02T00:00:00Z</Timestamp>"
                    ),
                ))
            }
            "DescribeStackResourceDrifts" => Some(answered(
                "DescribeStackResourceDrifts",
                &format!("<StackResourceDrifts>{drifts}</StackResourceDrifts>"),
            )),
            _ => None,
        }
    });
    let (exit, found, words) = run(&aws, &["status", "--drift", "--stack", "s"]);
    assert_eq!(exit, Some(3), "{words}");
    assert!(found.contains("DelaySeconds: 0 -> 9"), "{found}");
    assert!(
        found.contains("`s3guard deploy --stack s --region eu-west-1 --revert-drift`"),
        "{found}"
    );
    assert_eq!(aws.count(status), 6);
}

#[test]
fn outputs_are_printed_for_people_and_for_programs() {
    let aws = Aws::answering(Story::default(), |request, _| {
        (request.call == "DescribeStacks").then(stack)
    });
    let outputs = ["status", "--outputs", "--stack", "s"];
    let (exit, table, _) = run(&aws, &outputs);
    assert_eq!(exit, Some(0));
    assert!(table.starts_with("# eu-west-1\n"), "{table}");
    assert!(table.contains("\nGuardQueueUrl       https://queue.example/q\n"), "{table}");
    let (exit, json, _) = run(&aws, &[&outputs[..], &["--output", "json"]].concat());
    let json = crate::json::read("status-outputs", &json);
    assert_eq!(
        (exit, &json["regions"][0]["outputs"]["LedgerBucketName"]),
        (Some(0), &"ledger".into())
    );
    let (exit, none, _) = run(&aws, &[&outputs[..], &["--drift"]].concat());
    assert_eq!((exit, &*none), (Some(2), ""));
}

#[test]
fn a_denied_read_is_reported_in_its_place_and_the_rest_is_shown() {
    let sns = || {
        refusal(
            403,
            "AuthorizationError",
            "not authorized to perform: SNS:ListSubscriptionsByTopic",
        )
    };
    let aws = Aws::answering(Story::default(), move |request, _| match request.call.as_str() {
        "DescribeStacks" => Some(stack()),
        "GetCallerIdentity" => None,
        "ListSubscriptionsByTopic" => Some(sns()),
        "GET"
            if ["list-type", "sweeps/last", "max-buckets"]
                .iter()
                .any(|one| request.path.contains(one)) =>
        {
            let body = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
            Some((403, body.to_owned()))
        }
        "ListStackResources" | "DescribeStackEvents" | "GetTemplate" => {
            Some(refusal(403, "AccessDenied", "no"))
        }
        _ => Some(denied()),
    });
    let (exit, status, words) = run(&aws, &["status", "--stack", "s", "--output", "json"]);
    assert_eq!(exit, Some(1), "{status}");
    assert!(words.contains("no part of the stack may be read"), "{words}");
    let status = crate::json::read("status", &status)["regions"][0].take();
    assert_eq!(status["status"], "UPDATE_COMPLETE");
    let not_seen = status["notSeen"].to_string();
    for call in [
        "GetFunctionConfiguration",
        "GetQueueAttributes",
        "GetTemplate",
        "ListStackResources",
        "ListSubscriptionsByTopic",
        "s3:ListBucket",
        "s3:GetObject",
    ] {
        assert!(not_seen.contains(call), "{call}: {not_seen}");
    }
    assert!(!not_seen.contains("failed:"), "each is named as a missing permission: {not_seen}");
}

#[test]
fn a_function_that_is_being_updated_and_an_unconfirmed_mail_are_no_findings() {
    let aws = Aws::answering(Story::default(), |request, _| match request.call.as_str() {
        "DescribeStacks" => Some(stack()),
        "GET" if request.path.contains("event-source-mappings") => {
            let source = r#"{"EventSourceMappings":[{"UUID":"1","State":"Enabled"}]}"#;
            Some((200, source.to_owned()))
        }
        "GET" if request.path.contains("/functions/") => {
            Some((200, r#"{"State":"Pending","StateReason":"creating"}"#.to_owned()))
        }
        "ListSubscriptionsByTopic" => Some(answered(
            "ListSubscriptionsByTopic",
            "<Subscriptions><member><Endpoint>you@example.com</Endpoint><Protocol>email</Protocol>\
             <SubscriptionArn>PendingConfirmation</SubscriptionArn></member><member>\
             <Endpoint>team@example.com</Endpoint><Protocol>email</Protocol>\
             <SubscriptionArn>arn:aws:sns:eu-west-1:111122223333:t:1</SubscriptionArn></member></Subscriptions>",
        )),
        "DescribeTrails" | "GetQueueAttributes" => Some(denied()),
        _ => None,
    });
    let (exit, status, words) = run(&aws, &["status", "--stack", "s", "--output", "json"]);
    let status = crate::json::read("status", &status)["regions"][0].take();
    assert_eq!((exit, &status["toDo"]), (Some(0), &serde_json::json!([])), "{status:#} {words}");
    let remarks = status["remarks"].to_string();
    for remark in
        ["function guard is being", "function notify is", "you@example.com is not confirmed"]
    {
        assert!(remarks.contains(remark), "{remark}: {remarks}");
    }
}

#[test]
fn a_drift_detection_without_its_permission_names_it() {
    let aws = Aws::answering(Story::default(), |request, _| match request.call.as_str() {
        "DescribeStacks" => Some(stack()),
        "DetectStackDrift" => Some(refusal(403, "AccessDenied", "no")),
        _ => None,
    });
    let (exit, _, words) = run(&aws, &["status", "--drift", "--stack", "s"]);
    assert_eq!(exit, Some(1), "{words}");
    assert!(words.contains("needs the permission `cloudformation:DetectStackDrift`"), "{words}");
    assert!(!words.contains("in progress"), "{words}");
}

#[test]
fn output_into_a_pipe_is_not_truncated() {
    let aws = Aws::answering(Story::default(), |request, _| match request.call.as_str() {
        "DescribeStacks" => Some(stack()),
        "GetCallerIdentity" => None,
        "DescribeTrails" => Some((200, r#"{"trailList":[]}"#.to_owned())),
        _ => Some(denied()),
    });
    let status = in_account(&aws, &["status", "--stack", "s"]);
    let widest = |script: &str| {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).arg(status.get_program()).args(status.get_args());
        command.envs(status.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let (sent, _) = in_terminal(&command, &[]);
        assert!(sent.contains("Not checked"), "{sent}");
        sent.lines().map(|line| line.chars().count()).max()
    };
    assert!(widest("\"$0\" \"$@\"") <= Some(80));
    assert!(widest("\"$0\" \"$@\" | cat") > Some(80));
}

#[test]
fn throttling_is_reported_in_its_place() {
    let aws = Aws::answering(Story::default(), |request, _| match request.call.as_str() {
        "DescribeStacks" => Some(stack()),
        "GetQueueAttributes" => Some(throttled()),
        _ => None,
    });
    let (_, status, _) = run(&aws, &["status", "--stack", "s", "--output", "json"]);
    let status = crate::json::read("status", &status)["regions"][0].take();
    assert!(status["notSeen"].to_string().contains("ThrottlingException"), "{status}");
}

#[test]
fn status_names_configured_subscriptions_that_are_gone_and_no_trail_that_it_cannot_judge() {
    let template = r#"{"Resources":{"EmailTopic":{"Type":"AWS::SNS::Topic"},"SubscriptionTeam":
        {"Type":"AWS::SNS::Subscription","Properties":{"TopicArn":{"Ref":"EmailTopic"},"Protocol":"email",
        "Endpoint":"team@example.com"}}},"Outputs":{"EmailTopicArn":{"Value":{"Ref":"EmailTopic"}}}}"#;
    let listed = |arn: &str| {
        format!(
            "<Subscriptions><member><Endpoint>team@example.com</Endpoint><Protocol>email</Protocol>\
             <SubscriptionArn>{arn}</SubscriptionArn></member></Subscriptions>"
        )
    };
    let of = |arn: &'static str| {
        let aws = Aws::answering(Story::default(), move |request, _| match request.call.as_str() {
            "DescribeStacks" => Some(stack()),
            "GetTemplate" => {
                let body = template.replace('"', "&quot;");
                Some(answered("GetTemplate", &format!("<TemplateBody>{body}</TemplateBody>")))
            }
            "ListSubscriptionsByTopic" => Some(answered("ListSubscriptionsByTopic", &listed(arn))),
            "DescribeTrails" => Some((200, ORGANIZATION.to_owned())),
            "GetTrailStatus" | "GetEventSelectors" => Some(denied()),
            _ => None,
        });
        run(&aws, &["status", "--stack", "s"])
    };
    let (exit, text, words) = of("Deleted");
    assert_eq!(exit, Some(3), "{text}{words}");
    let gone = "email team@example.com of the configuration is not subscribed to `email` any more and gets nothing from \
                there: `s3guard subscribe --email team@example.com --stack s --region eu-west-1`";
    assert!(text.contains(gone), "{text}");
    let doubt = "trail: it is not known whether one records the changes of buckets: `org` is a trail of the organization";
    assert!(text.contains(doubt) && !text.contains("no trail records"), "{text}");
    let (_, text, _) = of("arn:aws:sns:eu-west-1:111122223333:t:1");
    assert!(!text.contains("any more"), "{text}");
}

/// The trail of an organization, as a member sees it.
const ORGANIZATION: &str = r#"{"trailList":[{"Name":"org","TrailARN":"arn:aws:cloudtrail:us-east-1:999999999999:trail/org","HomeRegion":"us-east-1","IsMultiRegionTrail":true,"IsOrganizationTrail":true}]}"#;
