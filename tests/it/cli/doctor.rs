//! `s3guard doctor` in a healthy account, and in accounts with one problem each.

use std::fs;

use serde_json::{Value, json};
use time::format_description::well_known::Rfc2822;
use time::{Duration, OffsetDateTime};

use super::account::in_account;
use super::aws::{Answer, Aws, Request, Story, refusal};
use super::s3guard;

/// The configuration uses everything that the doctor checks: a key, SMS, a trail.
const CONFIGURATION: &str = r#"
grade = "hybrid"

[keys]
eu-west-1 = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

[[subscription]]
name = "pager"
sms = "+4915112345678"
"#;

type Wrong = fn(&Request) -> Option<Answer>;

/// The doctor's result: the exit code, the findings as `check: text`, and the number of lines.
struct Found {
    exit: Option<i32>,
    wrong: Vec<String>,
    ok: usize,
}

fn ok(json: &Value) -> Answer {
    (200, json.to_string())
}

fn result(call: &str, inside: &str) -> Answer {
    (200, format!("<{call}Response><{call}Result>{inside}</{call}Result></{call}Response>"))
}

fn denied() -> Answer {
    (403, r#"{"__type":"AccessDeniedException","message":"no"}"#.to_owned())
}

/// The guard's stack.
fn stack(status: &str) -> Answer {
    stack_of(status, "arn:aws:iam::111122223333:user/u")
}

/// The guard's stack with these deployers.
fn stack_of(status: &str, deployers: &str) -> Answer {
    let pair = |kind: &str, key: &str, value: &str| {
        format!("<member><{kind}Key>{key}</{kind}Key><{kind}Value>{value}</{kind}Value></member>")
    };
    let parameters = [
        ("CodeBucket", "c"),
        ("CodeKey", "k"),
        ("BucketPrefix", "p"),
        ("TrailMode", "create"),
        ("DeployerArns", deployers),
    ];
    let parameters: String = parameters.map(|(key, value)| pair("Parameter", key, value)).concat();
    let outputs = [("GuardFunctionName", "guard"), ("NotifyFunctionName", "notify")];
    let outputs: String = outputs.map(|(key, value)| pair("Output", key, value)).concat();
    let stack = format!(
        "<StackId>arn:aws:cloudformation:eu-west-1:111122223333:stack/s/1</StackId><StackName>s</StackName>\
         <CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>{status}</StackStatus>\
         <EnableTerminationProtection>true</EnableTerminationProtection><Parameters>{parameters}</Parameters><Outputs>{outputs}</Outputs>"
    );
    result("DescribeStacks", &format!("<Stacks><member>{stack}</member></Stacks>"))
}

/// The resources of the guard's stack, with two rules.
fn resources() -> Answer {
    let rule = |name: &str| {
        format!(
            "<member><LogicalResourceId>{name}</LogicalResourceId><PhysicalResourceId>s-{name}-1</PhysicalResourceId>\
             <ResourceType>AWS::Events::Rule</ResourceType><ResourceStatus>CREATE_COMPLETE</ResourceStatus>\
             <LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp></member>"
        )
    };
    let rules = ["BucketChanged", "ObjectChanged"].map(rule).concat();
    let all = format!("<StackResourceSummaries>{rules}</StackResourceSummaries>");
    result("ListStackResources", &all)
}

fn no_stack() -> Answer {
    refusal(400, "ValidationError", "Stack with id s does not exist")
}

/// IAM's simulation, in which every action is allowed except those with this suffix.
fn simulated(request: &Request, denied: &str, more: &str) -> Answer {
    let actions = request.body.split('&').filter(|pair| pair.starts_with("ActionNames"));
    let results = actions.map(|pair| {
        let action = pair.split('=').nth(1).unwrap().replace("%3A", ":");
        let is_denied = !denied.is_empty() && action.ends_with(denied);
        let (decision, more) = if is_denied { ("implicitDeny", more) } else { ("allowed", "") };
        format!(
            "<member><EvalActionName>{action}</EvalActionName><EvalDecision>{decision}</EvalDecision>{more}</member>"
        )
    });
    let results: String = results.collect();
    let inside =
        format!("<EvaluationResults>{results}</EvaluationResults><IsTruncated>false</IsTruncated>");
    result("SimulatePrincipalPolicy", &inside)
}

fn trail(is_logging: bool, more: &str) -> Answer {
    (200, format!(r#"{{"IsLogging":{is_logging}{more}}}"#))
}

fn sms(limit: &str) -> Answer {
    let entry = format!("<entry><key>MonthlySpendLimit</key><value>{limit}</value></entry>");
    result("GetSMSAttributes", &format!("<attributes>{entry}</attributes>"))
}

fn sandbox(is_in: bool) -> Answer {
    result("GetSMSSandboxAccountStatus", &format!("<IsInSandbox>{is_in}</IsInSandbox>"))
}

fn key(state: &str, usage: &str) -> Answer {
    ok(&json!({ "KeyMetadata": {
        "KeyId": "1234abcd", "KeyState": state, "KeyUsage": usage, "KeySpec": "SYMMETRIC_DEFAULT"
    } }))
}

/// A healthy account.
pub(super) fn well(request: &Request) -> Option<Answer> {
    let path = request.path.as_str();
    Some(match request.call.as_str() {
        "DescribeStacks" => stack("UPDATE_COMPLETE"),
        "ListStackResources" => resources(),
        "DescribeRule" => ok(&json!({ "State": "ENABLED" })),
        "DescribeTrails" => ok(&json!({ "trailList": [{
            "Name": "s-eu-west-1",
            "TrailARN": "arn:aws:cloudtrail:eu-west-1:111122223333:trail/s-eu-west-1",
            "HomeRegion": "eu-west-1",
            "IsMultiRegionTrail": true,
        }] })),
        "GetTrailStatus" => trail(true, ""),
        "GetEventSelectors" => ok(&json!({ "EventSelectors": [{
            "ReadWriteType": "All", "IncludeManagementEvents": true
        }] })),
        "SimulatePrincipalPolicy" => simulated(request, "", ""),
        "DescribeKey" => key("Enabled", "ENCRYPT_DECRYPT"),
        "GetSMSAttributes" => sms("50"),
        "GetSMSSandboxAccountStatus" => sandbox(false),
        "GET" if path.contains("account-settings") => {
            ok(&json!({ "AccountLimit": { "UnreservedConcurrentExecutions": 900 } }))
        }
        "GET" if path.contains("/configuration/publicAccessBlock") => {
            let switches = [
                "BlockPublicAcls",
                "IgnorePublicAcls",
                "BlockPublicPolicy",
                "RestrictPublicBuckets",
            ];
            let on = switches.map(|name| format!("<{name}>true</{name}>")).concat();
            (200, format!("<PublicAccessBlockConfiguration>{on}</PublicAccessBlockConfiguration>"))
        }
        "GET" if path.contains("/functions/") => {
            ok(&json!({ "State": "Active", "LastUpdateStatus": "Successful" }))
        }
        _ => return None,
    })
}

fn at(off: Duration) -> String {
    let time = (OffsetDateTime::now_utc() + off).format(&Rfc2822).unwrap();
    time.replace("+0000", "GMT")
}

/// Runs the doctor in a healthy account with this one problem, on a machine with this clock.
fn doctor(
    wrong: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static,
    off: Duration,
) -> Found {
    let story = Story { date: Some(at(off)), ..Story::default() };
    let aws = Aws::answering(story, move |request, _| wrong(request).or_else(|| well(request)));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s3guard.toml");
    fs::write(&file, CONFIGURATION).unwrap();
    let mut command = in_account(&aws, &["doctor", "--stack", "s", "--output", "json"]);
    let output = command.arg("--config").arg(&file).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.stdout.is_empty(), "{words}");
    let report = crate::json::read("doctor", &output.stdout);
    let checks = report["regions"][0]["checks"].as_array().unwrap();
    let (well, wrong): (Vec<&Value>, Vec<&Value>) =
        checks.iter().partition(|check| check["status"] == "ok");
    for check in &wrong {
        assert!(check["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{check}");
    }
    let text = |check: &&Value| {
        let of = |field: &str| check[field].as_str().unwrap();
        format!("{} {}: {}", of("status"), of("check"), of("text"))
    };
    Found { exit: output.status.code(), wrong: wrong.iter().map(text).collect(), ok: well.len() }
}

#[test]
fn a_healthy_account_passes_every_check() {
    let found = doctor(|_| None, Duration::ZERO);
    assert_eq!((found.exit, found.wrong.as_slice(), found.ok), (Some(0), &[][..], 16));
}

/// A problem: the state and the check, its text, and the response of AWS.
const CASES: [(&str, &str, Wrong); 32] = [
    ("failed stack", "`s` is in `UPDATE_ROLLBACK_FAILED`", |request| {
        (request.call == "DescribeStacks").then(|| stack("UPDATE_ROLLBACK_FAILED"))
    }),
    ("warning stack", "`s` is in `UPDATE_IN_PROGRESS`", |request| {
        (request.call == "DescribeStacks").then(|| stack("UPDATE_IN_PROGRESS"))
    }),
    ("warning stack", "it has no deployers", |request| {
        (request.call == "DescribeStacks").then(|| stack_of("UPDATE_COMPLETE", ""))
    }),
    ("failed functions", "`notify` cannot be called: its state is `Failed`", |request| {
        let is_it = request.path.contains("/functions/notify/");
        is_it.then(|| ok(&json!({ "State": "Failed", "StateReason": "no key" })))
    }),
    ("failed functions", "`guard` does not exist", |request| {
        let body = r#"{"__type":"ResourceNotFoundException","message":"no"}"#.to_owned();
        request.path.contains("/functions/guard/").then_some((404, body))
    }),
    ("warning functions", "`lambda:GetFunctionConfiguration` is missing", |request| {
        request.path.contains("/functions/guard/").then(denied)
    }),
    ("failed rules", "rule `s-ObjectChanged-1` is disabled", |request| {
        let is_it = request.call == "DescribeRule" && request.body.contains("s-ObjectChanged-1");
        is_it.then(|| ok(&json!({ "State": "DISABLED" })))
    }),
    ("failed rules", "rule `s-BucketChanged-1` was deleted", |request| {
        let body = r#"{"__type":"ResourceNotFoundException","message":"no"}"#.to_owned();
        let is_it = request.call == "DescribeRule" && request.body.contains("s-BucketChanged-1");
        is_it.then_some((400, body))
    }),
    ("warning rules", "`events:DescribeRule` is missing", |request| {
        (request.call == "DescribeRule").then(denied)
    }),
    ("failed trail", "`s-eu-west-1` is stopped", |request| {
        (request.call == "GetTrailStatus").then(|| trail(false, ""))
    }),
    ("failed trail", "excludes the write management events of S3", |request| {
        let selector = json!({ "ReadWriteType": "ReadOnly", "IncludeManagementEvents": true });
        let answer = json!({ "EventSelectors": [selector] });
        (request.call == "GetEventSelectors").then(|| ok(&answer))
    }),
    ("failed trail", "there is none", |request| {
        (request.call == "DescribeTrails").then(|| ok(&json!({ "trailList": [] })))
    }),
    ("warning trail", "its files do not reach its bucket: NoSuchBucket", |request| {
        let more = r#","LatestDeliveryError":"NoSuchBucket""#;
        (request.call == "GetTrailStatus").then(|| trail(true, more))
    }),
    ("warning trail", "`cloudtrail:DescribeTrails` is missing", |request| {
        (request.call == "DescribeTrails").then(denied)
    }),
    ("warning trail", "in account `999999999999`, which does not show it here", |request| {
        let listed = json!({ "trailList": [{
            "Name": "org",
            "TrailARN": "arn:aws:cloudtrail:us-east-1:999999999999:trail/org",
            "HomeRegion": "us-east-1",
            "IsMultiRegionTrail": true,
            "IsOrganizationTrail": true,
        }] });
        let body = r#"{"__type":"UnsupportedOperationException","message":"no"}"#.to_owned();
        match request.call.as_str() {
            "DescribeTrails" => Some(ok(&listed)),
            "GetEventSelectors" => Some((400, body)),
            _ => None,
        }
    }),
    ("warning us-east-1", "buckets created through the global endpoint", |request| {
        (request.call == "DescribeStacks").then(no_stack)
    }),
    ("failed permissions", "missing: `sqs:CreateQueue`", |request| {
        let call = &request.call;
        (call == "SimulatePrincipalPolicy").then(|| simulated(request, ":CreateQueue", ""))
    }),
    ("failed permissions", "`kms:CreateKey` (the permissions boundary)", |request| {
        let more = "<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>false\
                        </AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>";
        let call = &request.call;
        (call == "SimulatePrincipalPolicy").then(|| simulated(request, ":CreateKey", more))
    }),
    ("failed organization", "deny this account: `iam:CreateRole`", |request| {
        let more = "<OrganizationsDecisionDetail><AllowedByOrganizations>false\
                        </AllowedByOrganizations></OrganizationsDecisionDetail>";
        let call = &request.call;
        (call == "SimulatePrincipalPolicy").then(|| simulated(request, ":CreateRole", more))
    }),
    (
        "warning remediation",
        "deny what the guard writes: `s3:PutEncryptionConfiguration`",
        |request| {
            let more = "<OrganizationsDecisionDetail><AllowedByOrganizations>false\
                        </AllowedByOrganizations></OrganizationsDecisionDetail>";
            let is_guard =
                request.call == "SimulatePrincipalPolicy" && request.body.contains("bucket-of-");
            is_guard.then(|| simulated(request, ":PutEncryptionConfiguration", more))
        },
    ),
    ("warning permissions", "`iam:SimulatePrincipalPolicy` is missing", |request| {
        let refused = || refusal(403, "AccessDenied", "no");
        (request.call == "SimulatePrincipalPolicy").then(refused)
    }),
    ("failed key", "cannot encrypt: its state is `PendingDeletion`", |request| {
        (request.call == "DescribeKey").then(|| key("PendingDeletion", "ENCRYPT_DECRYPT"))
    }),
    ("failed key", "its usage is `SIGN_VERIFY`, not encryption", |request| {
        (request.call == "DescribeKey").then(|| key("Enabled", "SIGN_VERIFY"))
    }),
    ("failed key", "does not exist", |request| {
        let body = r#"{"__type":"NotFoundException","message":"no"}"#.to_owned();
        (request.call == "DescribeKey").then_some((400, body))
    }),
    ("warning key", "`kms:DescribeKey` is missing", |request| {
        (request.call == "DescribeKey").then(denied)
    }),
    ("warning concurrency", "3 concurrent executions", |request| {
        let few = json!({ "AccountLimit": { "UnreservedConcurrentExecutions": 3 } });
        request.path.contains("account-settings").then(|| ok(&few))
    }),
    ("failed concurrency", "no function without reserved concurrency", |request| {
        let none = json!({ "AccountLimit": { "UnreservedConcurrentExecutions": 0 } });
        request.path.contains("account-settings").then(|| ok(&none))
    }),
    ("warning account block", "`s3:GetAccountPublicAccessBlock` is missing", |request| {
        let is_block = request.path.contains("/configuration/publicAccessBlock");
        is_block.then(|| refusal(403, "AccessDenied", "no"))
    }),
    ("warning Control Tower", "it cannot be read: ListBuckets", |request| {
        let denied = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
        request.path.contains("bucket-region").then(|| (403, denied.to_owned()))
    }),
    ("warning other Regions", "it cannot be read: ListBuckets", |request| {
        let denied = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
        let is_of_all =
            request.path.contains("max-buckets") && !request.path.contains("bucket-region");
        is_of_all.then(|| (403, denied.to_owned()))
    }),
    ("warning text messages", "the spending limit is 1 USD a month", |request| {
        (request.call == "GetSMSAttributes").then(|| sms("1"))
    }),
    ("warning text messages", "in the SMS sandbox of SNS", |request| {
        (request.call == "GetSMSSandboxAccountStatus").then(|| sandbox(true))
    }),
];

#[test]
fn each_problem_is_reported_alone() {
    for (what, text, wrong) in CASES {
        let found = doctor(wrong, Duration::ZERO);
        let [line] = &found.wrong[..] else { panic!("{what}: {:?}", found.wrong) };
        assert!(line.starts_with(what) && line.contains(text), "{what}, {text}: {line}");
        let exit = if what.starts_with("failed") { 3 } else { 0 };
        assert_eq!(found.exit, Some(exit), "{line}");
    }
}

#[test]
fn a_clock_that_is_wrong_is_found_where_aws_refuses() {
    let minutes = Duration::minutes(-12);
    let refused = |request: &Request| {
        let expired = || refusal(403, "SignatureDoesNotMatch", "Signature not yet current");
        (request.call == "GetCallerIdentity").then(expired)
    };
    let found = doctor(refused, minutes);
    let clock = "failed clock: it is 1";
    assert!(found.wrong.len() == 1 && found.wrong[0].starts_with(clock), "{:?}", found.wrong);
    assert!(found.wrong[0].contains("minutes ahead of AWS's"), "{:?}", found.wrong);
    assert_eq!(doctor(|_| None, minutes).wrong, [""; 0], "AWS has accepted the time");
}

#[test]
fn without_a_caller_only_that_is_reported() {
    let unknown = |request: &Request| {
        let answer = || refusal(403, "InvalidClientTokenId", "The security token is invalid");
        (request.call == "GetCallerIdentity").then(answer)
    };
    let found = doctor(unknown, Duration::ZERO);
    let [line] = &found.wrong[..] else { panic!("{:?}", found.wrong) };
    assert!(line.starts_with("failed caller: GetCallerIdentity in Region"), "{line}");
    assert_eq!((found.exit, found.ok), (Some(3), 0));
}

#[test]
fn regions_are_checked_together_and_an_unusable_one_is_named() {
    let aws = Aws::answering(Story::default(), |request, _| well(request));
    let regions = ["doctor", "--stack", "s", "--region", "us-east-1,me-south-1", "--no-config"];
    let mut command = s3guard(&regions);
    let output = command
        .envs([
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_ENDPOINT_URL", &aws.url),
        ])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3), "{text}");
    let places =
        ["Region us-east-1, account 111122223333", "Region me-south-1, account 111122223333"];
    assert!(places.iter().all(|place| text.contains(place)), "{text}");
    assert_eq!(text.matches("  failed   ").count(), 1, "{text}");
    assert!(text.contains("failed   bucket names"), "{text}");
    assert!(text.ends_with("\n1 failed\n"), "{text}");
}
