//! What AWS, an owner or a file could contain reaches no terminal as it is: each command is run in an account in which every
//! text is hostile, then again with each of its calls refused with a hostile message, as text and as JSON.

mod s3;

use std::collections::BTreeSet;
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use s3guard_posture::text::is_unsafe;
use serde_json::{Value, json};

use self::s3::read;
use super::account::{in_account, program};
use super::aws::{Answer, Aws, KEY, Request, STACK_ID, Story, answered};
use super::{doctor, operators, s3guard};

/// A title, a cleared screen, colours by a C1 control, turned and hidden text, and a line that looks like one of ours.
const HOSTILE: &str = "a\x1b]0;forged\x07\x1b[2J\u{9b}31m\u{202e}b\u{2066}\u{ad}\u{200b}\r\nerror: forged\u{2028}\x7f";

/// The commands that call AWS, with arguments with which each gets far.
const CALLING: [(&str, &[&str]); 20] = [
    ("audit", &["--full"]),
    ("audit", &["--format", "csv"]),
    ("deploy", &["--yes", "--code-bucket", "code", "--bucket-prefix", "ab", "--bootstrap"]),
    ("destroy", &["--yes", "--disable-protection"]),
    ("diff", &["--code-bucket", "code", "--bucket-prefix", "ab", "--bootstrap"]),
    ("doctor", &[]),
    ("events", &[]),
    ("history", &["reports"]),
    ("logs", &[]),
    ("notify-test", &[]),
    ("pause", &["--until", "2h", "--yes"]),
    ("pause", &["--end"]),
    ("redrive", &["--limit", "1"]),
    ("rollback", &["--yes"]),
    ("status", &[]),
    ("subscribe", &["--confirm", "token", "--email", "you@example.com"]),
    ("sweep", &[]),
    ("sweep", &["--no-wait"]),
    ("undo", &[operators::ID, "--yes", "--accept-exposure", "--force"]),
    ("verify", &["--clean-up", "--yes"]),
];
/// Those that do not: what they print of files and arguments has tests of its own below.
const OFFLINE: &str = "completions config explain guardrails init man name package replay synth";

/// The commands, as the help lists them.
fn commands() -> BTreeSet<String> {
    let help = s3guard(&["--help"]).output().unwrap().stdout;
    let help = String::from_utf8(help).unwrap();
    let (groups, _) = help.split_once("\nOptions:\n").unwrap();
    let names = groups.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Runs a command. Returns whether a hostile text was in its output, which is safe.
#[track_caller]
fn is_shown(command: &mut Command) -> bool {
    let output = command.output().unwrap();
    let mut all = String::new();
    for stream in [output.stdout, output.stderr] {
        let written = String::from_utf8(stream).unwrap();
        let raw = written.chars().find(|character| is_unsafe(*character) && *character != '\n');
        assert_eq!(raw, None, "{command:?}: {written:?}");
        let is_forged = written.lines().any(|line| line.trim_start().starts_with("error: forged"));
        assert!(!is_forged, "{command:?}: {written}");
        all += &written;
    }
    assert!(!all.contains("panicked"), "{command:?}: {all}");
    all.contains("forged")
}

/// Every character as a reference.
fn in_xml(text: &str) -> String {
    each(text, |code| format!("&#{code};"))
}

fn each(text: &str, written: impl Fn(u32) -> String) -> String {
    text.chars().map(|character| written(u32::from(character))).collect::<Vec<_>>().concat()
}

/// A refusal in the form of the service that is asked.
fn refused(request: &Request, code: &str) -> Answer {
    let code = if code.is_empty() { HOSTILE } else { code };
    let is_rest_json = request.path.starts_with("/20");
    let is_query = request.body.starts_with("Action=");
    let is_s3 = ["GET", "PUT", "POST", "DELETE", "HEAD"].contains(&request.call.as_str());
    if !is_query && (is_rest_json || !is_s3) {
        return (
            403,
            json!({ "__type": code, "message": HOSTILE, "Message": HOSTILE }).to_string(),
        );
    }
    let code = in_xml(code);
    let error = format!("<Error><Code>{code}</Code><Message>{}</Message></Error>", in_xml(HOSTILE));
    (403, if is_query { format!("<ErrorResponse>{error}</ErrorResponse>") } else { error })
}

fn pairs(kind: &str, all: &[(&str, &str)]) -> String {
    let pair = |(key, value): &(&str, &str)| {
        format!("<member><{kind}Key>{key}</{kind}Key><{kind}Value>{value}</{kind}Value></member>")
    };
    all.iter().map(pair).collect()
}

fn stack(status: &str) -> Answer {
    let hostile = in_xml(HOSTILE);
    let parameters = [
        ("CodeBucket", "code"),
        ("CodeKey", "k"),
        ("BucketPrefix", "p"),
        ("OperatorArns", "arn:aws:iam::111122223333:role/ops"),
        ("Email", &hostile),
        ("SweepRate", &hostile),
    ];
    let outputs = [
        ("GuardFunctionName", "guard"),
        ("NotifyFunctionName", "notify"),
        ("GuardRoleArn", "arn:aws:iam::111122223333:role/s3guard/guard"),
        ("EmailTopicArn", "arn:aws:sns:eu-west-1:111122223333:t"),
        ("GuardQueueUrl", "https://queue.example/q"),
        ("GuardDlqUrl", "https://queue.example/d"),
        ("ObjectQueueUrl", "https://queue.example/o"),
        ("ObjectDlqUrl", "https://queue.example/od"),
        ("NotificationDlqUrl", "https://queue.example/nd"),
        ("LedgerBucketName", "ledger"),
        ("KeyArn", KEY),
        ("OperatorRoleArn", "arn:aws:iam::111122223333:role/s3guard/operator"),
        ("Other", &hostile),
    ];
    let (parameters, outputs) = (pairs("Parameter", &parameters), pairs("Output", &outputs));
    let stack = format!(
        "<StackId>{STACK_ID}</StackId><StackName>s</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>\
         <StackStatus>{status}</StackStatus><StackStatusReason>{hostile}</StackStatusReason>\
         <Tags><member><Key>{hostile}</Key><Value>{hostile}</Value></member></Tags>\
         <EnableTerminationProtection>true</EnableTerminationProtection>\
         <Parameters>{parameters}</Parameters><Outputs>{outputs}</Outputs>"
    );
    answered("DescribeStacks", &format!("<Stacks><member>{stack}</member></Stacks>"))
}

fn events(status: &str, is_done: bool) -> Answer {
    let hostile = in_xml(HOSTILE);
    let event = |id: &str, logical: &str, kind: &str, status: &str| {
        format!(
            "<member><EventId>{id}</EventId><StackId>{STACK_ID}</StackId><StackName>s</StackName>\
             <LogicalResourceId>{logical}</LogicalResourceId><PhysicalResourceId>{STACK_ID}</PhysicalResourceId>\
             <ResourceType>{kind}</ResourceType><Timestamp>2026-01-01T00:00:0{id}Z</Timestamp>\
             <ResourceStatus>{status}</ResourceStatus><ResourceStatusReason>{hostile}</ResourceStatusReason></member>"
        )
    };
    let of_stack = "AWS::CloudFormation::Stack";
    let mut all = vec![event("1", "s", of_stack, "UPDATE_IN_PROGRESS")];
    all.push(event("2", &hostile, &hostile, "UPDATE_FAILED"));
    all.push(event("3", "s", of_stack, if is_done { "UPDATE_ROLLBACK_FAILED" } else { status }));
    if is_done {
        all.push(event("4", &hostile, &hostile, "DELETE_FAILED"));
        all.push(event("5", "s", of_stack, status));
    }
    all.reverse();
    answered("DescribeStackEvents", &format!("<StackEvents>{}</StackEvents>", all.concat()))
}

fn resources() -> Answer {
    let hostile = in_xml(HOSTILE);
    let resource = |kind: &str, status: &str| {
        format!(
            "<member><LogicalResourceId>{hostile}</LogicalResourceId><PhysicalResourceId>{hostile}</PhysicalResourceId>\
             <ResourceType>{kind}</ResourceType><ResourceStatus>{status}</ResourceStatus>\
             <ResourceStatusReason>{hostile}</ResourceStatusReason>\
             <LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp></member>"
        )
    };
    let all = [
        ("AWS::Events::Rule", "CREATE_COMPLETE"),
        ("AWS::CloudWatch::Alarm", "CREATE_COMPLETE"),
        ("AWS::SQS::Queue", "UPDATE_FAILED"),
        ("AWS::S3::Bucket", "DELETE_FAILED"),
    ];
    let all = all.map(|(kind, status)| resource(kind, status)).concat();
    let all = format!("<StackResourceSummaries>{all}</StackResourceSummaries>");
    answered("ListStackResources", &all)
}

fn change_set() -> Answer {
    let hostile = in_xml(HOSTILE);
    let change = format!(
        "<member><Type>Resource</Type><ResourceChange><Action>Modify</Action>\
         <LogicalResourceId>{hostile}</LogicalResourceId><PhysicalResourceId>{hostile}</PhysicalResourceId>\
         <ResourceType>{hostile}</ResourceType><Replacement>True</Replacement><Details><member><Target>\
         <Attribute>Properties</Attribute><Name>{hostile}</Name><Path>{hostile}</Path><BeforeValue>{hostile}</BeforeValue>\
         <AfterValue>{hostile}</AfterValue></Target></member></Details></ResourceChange></member>"
    );
    let set = format!("<Status>CREATE_COMPLETE</Status><Changes>{change}</Changes>");
    answered("DescribeChangeSet", &set)
}

/// An account in which every text is hostile; `is_done` once its stack was changed.
fn hostile(
    request: &Request,
    before: usize,
    statuses: [&str; 2],
    is_done: &AtomicBool,
) -> Option<Answer> {
    let call = request.call.as_str();
    if ["ExecuteChangeSet", "DeleteStack", "ContinueUpdateRollback"].contains(&call) {
        is_done.store(true, SeqCst);
        return None;
    }
    let is_done = is_done.load(SeqCst);
    let status = statuses[usize::from(is_done)];
    let (hostile, now) = (in_xml(HOSTILE), "2026-01-01T00:00:00Z");
    let json = |value: Value| (200, value.to_string());
    Some(match call {
        "DescribeStacks" => stack(status),
        "DescribeStackEvents" => events(status, is_done),
        "ListStackResources" => resources(),
        "DescribeChangeSet" => change_set(),
        "AssumeRole" => operators::assumed(),
        "DescribeAlarms" => answered(
            call,
            &format!(
                "<MetricAlarms><member><AlarmName>{hostile}</AlarmName><StateValue>ALARM</StateValue>\
             <StateReason>{hostile}</StateReason><AlarmDescription>{hostile}</AlarmDescription>\
             <StateUpdatedTimestamp>{now}</StateUpdatedTimestamp><ActionsEnabled>true</ActionsEnabled></member></MetricAlarms>"
            ),
        ),
        "ListSubscriptionsByTopic" => answered(
            call,
            &format!(
                "<Subscriptions><member><SubscriptionArn>PendingConfirmation</SubscriptionArn><Protocol>email</Protocol>\
             <Endpoint>{hostile}</Endpoint></member></Subscriptions>"
            ),
        ),
        "ConfirmSubscription" => {
            answered(call, &format!("<SubscriptionArn>{hostile}</SubscriptionArn>"))
        }
        "DescribeRule" => json(json!({ "State": "DISABLED", "Name": HOSTILE })),
        "DescribeTrails" => json(json!({ "trailList": [{
            "Name": HOSTILE, "HomeRegion": HOSTILE, "IsMultiRegionTrail": true,
            "TrailARN": format!("arn:aws:cloudtrail:eu-west-1:111122223333:trail/{HOSTILE}"),
        }] })),
        "GetTrailStatus" => json(json!({ "IsLogging": false, "LatestDeliveryError": HOSTILE })),
        "FilterLogEvents" => {
            let texts = [
                HOSTILE.to_owned(),
                json!({ "level": HOSTILE, "message": HOSTILE, HOSTILE: HOSTILE }).to_string(),
            ];
            let lines = texts.iter().enumerate().map(|(id, text)| {
                json!({ "eventId": id.to_string(), "timestamp": 1_000, "message": text })
            });
            json(json!({ "events": lines.collect::<Vec<_>>() }))
        }
        "GetQueueAttributes" => json(json!({ "Attributes": {
            "QueueArn": "arn:aws:sqs:eu-west-1:111122223333:dead", "ApproximateNumberOfMessages": "1",
        } })),
        "ReceiveMessage" if before == 0 => json(json!({ "Messages": [{
            "MessageId": HOSTILE, "ReceiptHandle": HOSTILE, "Body": HOSTILE,
        }] })),
        "SendMessageBatch" => json(json!({ "Successful": [], "Failed": [{
            "Id": "0", "SenderFault": true, "Code": HOSTILE, "Message": HOSTILE,
        }] })),
        "GET" => return read(&request.path),
        "PUT" if request.path.starts_with("/reports") => return Some(refused(request, "")),
        _ => return None,
    })
}

/// A run of a command in the hostile account. The call with this name and path is refused.
fn run(
    command: (&str, &[&str]),
    form: &str,
    refusal: Option<(&Made, &str)>,
) -> (bool, BTreeSet<Made>) {
    let (name, arguments) = command;
    let statuses = match name {
        "rollback" => ["UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE"],
        "destroy" => ["UPDATE_COMPLETE", "DELETE_FAILED"],
        _ => ["UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"],
    };
    let refusal = refusal.map(|(made, code)| (made.clone(), code.to_owned()));
    let is_done = Arc::new(AtomicBool::new(false));
    let aws = Aws::answering(Story::default(), move |request, before| {
        let of_refusal = refusal.as_ref().filter(|(refused, _)| *refused == made(request));
        let answer = of_refusal.map(|(_, code)| refused(request, code));
        let answer = answer.or_else(|| hostile(request, before, statuses, &is_done));
        let of_doctor = || is_of_doctor(request).then(|| doctor::well(request)).flatten();
        answer.or_else(of_doctor)
    });
    let folder = tempfile::tempdir().unwrap();
    let mut command = in_account(&aws, &[name, "--output", form]);
    command.args(of_stack(name)).args(arguments).current_dir(folder.path());
    if arguments.last() == Some(&"--bootstrap") {
        command.arg(program(folder.path()));
    }
    let is_shown = is_shown(&mut command);
    (is_shown, aws.requests().iter().map(made).collect())
}

/// Which stack is meant; an audit is of the whole account.
fn of_stack(command: &str) -> &'static [&'static str] {
    if command == "audit" { &[] } else { &["--stack", "s"] }
}

/// Calls that only the doctor makes.
fn is_of_doctor(request: &Request) -> bool {
    let of_doctor = ["GetEventSelectors", "SimulatePrincipalPolicy", "DescribeKey"];
    of_doctor.contains(&request.call.as_str()) || request.path.contains("account-settings")
}

/// A call: its name and its path, without what differs between runs.
type Made = (String, String);

fn made(request: &Request) -> Made {
    let is_upload = request.path.starts_with("/code/");
    let path = if is_upload { "/code/" } else { &request.path };
    (request.call.clone(), path.to_owned())
}

#[test]
fn every_command_is_tried() {
    let tried = CALLING.iter().map(|(name, _)| *name).chain(OFFLINE.split(' '));
    assert_eq!(commands(), tried.map(str::to_owned).collect());
}

#[test]
fn what_aws_returns_is_escaped_by_every_command() {
    for command in CALLING {
        for form in ["text", "json"] {
            let (is_shown, made) = run(command, form, None);
            // These print nothing that AWS returns, unless it is an error.
            let is_silent = ["notify-test", "pause", "sweep", "verify"].contains(&command.0);
            assert!(is_shown || is_silent, "{} shows no text of AWS as {form}", command.0);
            // In one form a code that is known, in the other a hostile one.
            let code = if form == "text" { "AccessDenied" } else { "" };
            let mut are_shown = 0;
            for call in &made {
                are_shown += usize::from(run(command, form, Some((call, code))).0);
            }
            assert!(are_shown > 1, "{}: {are_shown} of {made:?}", command.0);
        }
    }
}

#[test]
fn arguments_and_file_names_are_escaped_by_every_command() {
    for command in commands() {
        for form in ["text", "json"] {
            let flag = format!("--{HOSTILE}");
            for arguments in [&[&*flag][..], &["--color", HOSTILE]] {
                let arguments = [&[&*command, "--output", form], arguments].concat();
                assert!(is_shown(&mut s3guard(&arguments)), "{arguments:?}");
            }
        }
    }
    for (command, arguments) in CALLING {
        let folder = tempfile::tempdir().unwrap();
        let mut with_profile = s3guard(&[command, "--profile", HOSTILE]);
        with_profile.args(of_stack(command)).args(arguments).current_dir(folder.path());
        if arguments.last() == Some(&"--bootstrap") {
            with_profile.arg(program(folder.path()));
        }
        assert!(is_shown(&mut with_profile), "{command}");
    }
}

#[test]
fn what_files_contain_is_escaped() {
    let folder = tempfile::tempdir().unwrap();
    let hidden = HOSTILE.replace(['\r', '\n'], "");
    let escaped = each(HOSTILE, |code| format!("\\u{code:04x}"));
    let write = |name: &str, text: &str| {
        let path = folder.path().join(format!("{name}{HOSTILE}"));
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let mut configurations = vec![format!("[deploy]\nstack = \"{escaped}\"\n")];
    configurations.push(format!("# {hidden}\ngrade = \"{hidden}\"\n"));
    configurations.push(format!("\"{escaped}\" = 1\n"));
    configurations.push(format!("[[rule]]\nbuckets = [\"{escaped}\"]\nowner = \"{escaped}\"\n"));
    let mut runs: Vec<Vec<String>> = Vec::new();
    let mut add = |all: &[&str]| runs.push(all.iter().map(|&one| one.to_owned()).collect());
    for (index, text) in configurations.iter().enumerate() {
        let path = write(&index.to_string(), text);
        for command in [&["config", "check"][..], &["config", "show"], &["synth"], &["package"]] {
            add(&[command, &["--config", &path]].concat());
        }
        add(&["deploy", "--config", &path, "--region", "eu-west-1"]);
    }
    let valid = write("valid", "grade = \"speed\"\n");
    add(&["config", "check", "--config", &valid]);
    add(&["config", "show", "--origin", "--config", &valid]);
    let missing = folder.path().join(format!("{HOSTILE}/none"));
    let missing = missing.to_str().unwrap();
    add(&["synth", "--out", missing]);
    add(&["init", "--yes", "--out", &valid]);
    add(&["man", "--out", &format!("{valid}/man")]);
    add(&["package", "--bootstrap", &valid]);
    add(&["completions", HOSTILE]);
    add(&["guardrails", "--deployer", "arn:aws:iam::*:role/ci", "--out", &format!("{valid}/a")]);
    add(&["replay", missing]);
    add(&["replay", &write("text", HOSTILE)]);
    add(&["replay", "--account", "111122223333", &write("events", &event().to_string())]);
    for arguments in runs {
        for form in ["text", "json"] {
            let arguments: Vec<&str> =
                arguments.iter().map(String::as_str).chain(["--output", form]).collect();
            let mut command = s3guard(&arguments);
            assert!(is_shown(command.current_dir(folder.path())), "{arguments:?}");
        }
    }
}

/// A call that is replayed, by a principal whose names are hostile.
fn event() -> Value {
    json!({
        "version": "0", "id": HOSTILE, "detail-type": "AWS API Call via CloudTrail", "source": "aws.s3",
        "account": "111122223333", "time": "2026-11-20T12:00:00Z", "region": "eu-west-1", "resources": [],
        "detail": {
            "eventVersion": "1.11", "eventTime": "2026-11-20T12:00:00Z", "eventID": HOSTILE,
            "eventSource": "s3.amazonaws.com", "eventName": "PutBucketTagging",
            "awsRegion": "eu-west-1", "sourceIPAddress": HOSTILE, "userAgent": HOSTILE,
            "userIdentity": { "type": "IAMUser", "arn": HOSTILE, "userName": HOSTILE, "principalId": HOSTILE },
            "requestParameters": {
                "bucketName": "victim", "tagging": "",
                "Tagging": { "TagSet": { "Tag": [
                    { "Key": "s3guard:owner", "Value": HOSTILE }, { "Key": "s3guard:grade", "Value": HOSTILE },
                ] } },
            },
        },
    })
}

#[test]
fn a_raw_text_would_be_found() {
    let mut command = Command::new("printf");
    let shown = AssertUnwindSafe(|| is_shown(command.args(["%s", HOSTILE])));
    assert!(panic::catch_unwind(shown).is_err());
}
