//! Deployments with CloudFormation's responses: shown, approved, executed, failed, and cancelled.

mod described;
mod inputs;
mod lowered;
mod regions;
mod reviewed;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use serde_json::Value as Json;

use super::account::{in_account, program};
use super::aws::{Answer, Aws, STACK_ID, Story, answered, refusal};

/// The result of a deployment or a `diff`.
struct Ended {
    exit: Option<i32>,
    words: String,
    result: String,
}

impl Ended {
    #[track_caller]
    fn json(&self, name: &str) -> Json {
        assert!(!self.result.is_empty(), "{}", self.words);
        crate::json::read(name, &self.result)
    }
}

/// Runs a command that creates a change set.
fn run(aws: &Aws, arguments: &[&str]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let program = program(folder.path());
    let mut command = in_account(aws, arguments);
    command.args(["--stack", "s", "--code-bucket", "code", "--bucket-prefix", "ab"]);
    command.arg("--bootstrap").arg(program);
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { exit: status.code(), words: text(stderr), result: text(stdout) }
}

/// The stack `s` as an installed guard, with these parameters and tags.
fn guard(
    status: &str,
    parameters: &BTreeMap<String, String>,
    tags: &BTreeMap<String, String>,
) -> Answer {
    let mut text = format!(
        "<Stacks><member><StackId>{STACK_ID}</StackId><StackName>s</StackName>\
         <CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>{status}</StackStatus><Parameters>"
    );
    for (name, value) in parameters {
        let _ = write!(
            text,
            "<member><ParameterKey>{name}</ParameterKey><ParameterValue>{value}</ParameterValue></member>"
        );
    }
    text += "</Parameters><Tags>";
    for (name, value) in tags {
        let _ = write!(text, "<member><Key>{name}</Key><Value>{value}</Value></member>");
    }
    text += "</Tags></member></Stacks>";
    answered("DescribeStacks", &text)
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A guard that some version of s3guard has created.
fn old_guard(status: &str) -> Answer {
    let parameters =
        [("CodeBucket", "code"), ("CodeKey", "s3guard/old.zip"), ("BucketPrefix", "ab")];
    guard(status, &pairs(&parameters), &BTreeMap::new())
}

/// A change set that changes a role's policy and replaces a queue.
fn change_set() -> Answer {
    answered(
        "DescribeChangeSet",
        "<Status>CREATE_COMPLETE</Status><ExecutionStatus>AVAILABLE</ExecutionStatus><Changes>\
         <member><ResourceChange><Action>Modify</Action><LogicalResourceId>GuardQueue</LogicalResourceId>\
         <ResourceType>AWS::SQS::Queue</ResourceType><Replacement>True</Replacement><PolicyAction>ReplaceAndDelete</PolicyAction>\
         <Details><member><Target><Attribute>Properties</Attribute><Name>QueueName</Name><Path>/Properties/QueueName</Path>\
         <BeforeValue>old</BeforeValue><AfterValue>new</AfterValue></Target></member></Details></ResourceChange></member>\
         <member><ResourceChange><Action>Import</Action><LogicalResourceId>TrailBucket</LogicalResourceId>\
         <PhysicalResourceId>ab-trail</PhysicalResourceId><ResourceType>AWS::S3::Bucket</ResourceType></ResourceChange></member>\
         </Changes>",
    )
}

fn template(statements: &str) -> Answer {
    let json = format!(
        r#"{{"Resources":{{"GuardPolicy":{{"Type":"AWS::IAM::ManagedPolicy","Properties":{{"PolicyDocument":{{"Statement":[{statements}]}}}}}}}}}}"#
    );
    answered(
        "GetTemplate",
        &format!("<TemplateBody>{}</TemplateBody>", json.replace('"', "&quot;")),
    )
}

const ALLOWS_ALL: &str = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;

/// An account with a guard that is updated; its template may have all permissions, or none.
fn changed(allowed: &'static str, after: &'static str) -> Aws {
    let story = Story { before: Some("UPDATE_COMPLETE"), after, ..Story::default() };
    let is_created = AtomicBool::new(false);
    Aws::answering(story, move |request, before| match request.call.as_str() {
        "DescribeStacks" if before == 0 => Some(old_guard("UPDATE_COMPLETE")),
        "CreateChangeSet" => {
            is_created.store(true, SeqCst);
            None
        }
        "DescribeChangeSet" => Some(change_set()),
        // The change set of an earlier run has the template of the stack.
        "GetTemplate" if request.body.contains("ChangeSetName") && is_created.load(SeqCst) => None,
        "GetTemplate" => Some(template(allowed)),
        _ => None,
    })
}

#[test]
fn broadened_permissions_are_shown_and_not_deployed_without_approval() {
    let aws = changed("", "UPDATE_COMPLETE");
    let ended = run(&aws, &["deploy"]);
    assert_eq!(ended.exit, Some(4), "{}", ended.words);
    for part in [
        "1 imported, 1 replaced",
        "! AWS::SQS::Queue  GuardQueue  (new resource; the old one is deleted)",
        "QueueName: old -> new",
        "> AWS::S3::Bucket  TrailBucket  ab-trail",
        "existing bucket `ab-trail` becomes the stack's: empty",
        "broadened permissions:",
        "GuardReadPolicy: may ",
        "needs approval",
    ] {
        assert!(ended.words.contains(part), "{part}: {}", ended.words);
    }
    assert_eq!((aws.count("ExecuteChangeSet"), aws.count("DeleteChangeSet")), (0, 1));
    for agreement in [&["--yes"][..], &["--approve", "never"]] {
        let aws = changed("", "UPDATE_COMPLETE");
        let ended = run(&aws, &[&["deploy"], agreement].concat());
        assert_eq!((ended.exit, aws.count("ExecuteChangeSet")), (Some(0), 1), "{}", ended.words);
    }
}

/// The template, the parameters and the tags of a first deployment.
fn sent(arguments: &[&str]) -> (String, BTreeMap<String, String>, BTreeMap<String, String>) {
    let story = Story { after: "CREATE_COMPLETE", queue_is_open: true, ..Story::default() };
    let aws = Aws::new(story);
    let ended = run(&aws, &[&["deploy"], arguments].concat());
    assert_eq!(ended.exit, Some(0), "{}", ended.words);
    let put = aws.made("PUT").into_iter().find(|put| put.path.contains("template-")).unwrap();
    let (start, end) = (put.body.find('{').unwrap(), put.body.rfind('}').unwrap());
    let asked = aws.made("CreateChangeSet").remove(0).body;
    let form: BTreeMap<String, String> = asked
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), decoded(value)))
        .collect();
    let list = |prefix: &str, key: &str, value: &str| {
        (1..)
            .map_while(|index| {
                let of = |part: &str| form.get(&format!("{prefix}.member.{index}.{part}"));
                Some((of(key)?.clone(), of(value)?.clone()))
            })
            .collect()
    };
    let parameters = list("Parameters", "ParameterKey", "ParameterValue");
    (put.body[start..=end].to_owned(), parameters, list("Tags", "Key", "Value"))
}

fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(part[2..].bytes());
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_deployment_without_changes_makes_five_calls_and_uploads_nothing() {
    let (template, parameters, tags) = sent(&["--tag", "team=storage"]);
    let account = |status: &'static str, tags: BTreeMap<String, String>| {
        let (template, parameters) = (template.clone(), parameters.clone());
        Aws::answering(Story { before: Some(status), ..Story::default() }, move |request, _| {
            match request.call.as_str() {
                "DescribeStacks" => Some(guard(status, &parameters, &tags)),
                "GetTemplate" => {
                    let body = template.replace('&', "&amp;").replace('<', "&lt;");
                    Some(answered("GetTemplate", &format!("<TemplateBody>{body}</TemplateBody>")))
                }
                _ => None,
            }
        })
    };
    let aws = account("UPDATE_COMPLETE", tags.clone());
    let ended = run(&aws, &["deploy", "--output", "json"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.words);
    assert_eq!(ended.json("deploy")["regions"][0]["outcome"], "unchanged");
    // The second call is to us-east-1, where calls to the global endpoint are recorded.
    let asked =
        ["GetCallerIdentity", "DescribeStacks", "GetTemplate", "DescribeStacks", "DescribeTrails"];
    assert_eq!(aws.names(), asked, "nothing else is asked");
    // A tag was removed by hand, or the stack differs from its template.
    for aws in
        [account("UPDATE_COMPLETE", BTreeMap::new()), account("UPDATE_ROLLBACK_COMPLETE", tags)]
    {
        run(&aws, &["deploy", "--tag", "team=storage", "--no-execute"]);
        assert_eq!(aws.count("CreateChangeSet"), 1);
    }
}

#[test]
fn an_unreadable_template_does_not_stop_a_deployment() {
    let story =
        Story { before: Some("UPDATE_COMPLETE"), after: "UPDATE_COMPLETE", ..Story::default() };
    let account = || {
        Aws::answering(story.clone(), |request, before| match request.call.as_str() {
            "DescribeStacks" if before == 0 => Some(old_guard("UPDATE_COMPLETE")),
            "GetTemplate" if !request.body.contains("ChangeSetName") => {
                Some(refusal(403, "AccessDenied", "no"))
            }
            _ => None,
        })
    };
    let ended = run(&account(), &["deploy"]);
    assert_eq!(ended.exit, Some(4), "{}", ended.words);
    assert!(
        ended
            .words
            .contains("the permissions cannot be compared: the stack's template cannot be read")
    );
    let aws = account();
    let ended = run(&aws, &["deploy", "--approve", "never"]);
    assert_eq!((ended.exit, aws.count("ExecuteChangeSet")), (Some(0), 1), "{}", ended.words);
}

#[test]
fn a_change_set_can_be_carried_out_later() {
    let aws = changed(ALLOWS_ALL, "UPDATE_COMPLETE");
    let ended = run(&aws, &["deploy", "--no-execute"]);
    assert_eq!((ended.exit, ended.result.as_str()), (Some(0), "set\n"), "{}", ended.words);
    let command = "`s3guard deploy --stack s --region eu-west-1 --change-set set` carries it out";
    assert!(ended.words.contains(command), "{}", ended.words);
    assert_eq!((aws.count("ExecuteChangeSet"), aws.count("DeleteChangeSet")), (0, 0));

    let aws = changed(ALLOWS_ALL, "UPDATE_COMPLETE");
    let ended = run(&aws, &["deploy", "--change-set", "set", "--yes", "--output", "json"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.words);
    assert_eq!(ended.json("deploy")["regions"][0]["changes"][0]["action"], "replaced");
    let executed = aws.made("ExecuteChangeSet").remove(0).body;
    assert!(executed.contains("ChangeSetName=set") && executed.contains("DisableRollback=false"));
    assert_eq!((aws.count("CreateChangeSet"), aws.count("PUT")), (0, 0), "nothing else is created");
    // A change set of an earlier run stays without approval.
    let aws = changed("", "");
    let ended = run(&aws, &["deploy", "--change-set", "set", "--approve", "any"]);
    assert_eq!((ended.exit, aws.count("DeleteChangeSet")), (Some(4), 0), "{}", ended.words);
}

#[test]
fn an_obsolete_change_set_is_not_carried_out() {
    let story = Story { before: Some("UPDATE_COMPLETE"), ..Story::default() };
    let aws = Aws::answering(story, |request, _| match request.call.as_str() {
        "DescribeStacks" => Some(old_guard("UPDATE_COMPLETE")),
        "DescribeChangeSet" => Some(answered(
            "DescribeChangeSet",
            "<Status>CREATE_COMPLETE</Status><ExecutionStatus>OBSOLETE</ExecutionStatus>",
        )),
        _ => None,
    });
    let ended = run(&aws, &["deploy", "--change-set", "set", "--yes"]);
    assert_eq!((ended.exit, aws.count("ExecuteChangeSet")), (Some(1), 0), "{}", ended.words);
    assert!(ended.words.contains("the stack has changed since it was made"), "{}", ended.words);
}

#[test]
fn a_change_set_of_another_stack_is_not_read() {
    let aws = Aws::new(Story { before: Some("UPDATE_COMPLETE"), ..Story::default() });
    let ended = run(&aws, &["deploy", "--change-set", "set", "--yes"]);
    assert_eq!((ended.exit, aws.count("DescribeChangeSet")), (Some(1), 0), "{}", ended.words);
}

#[test]
fn a_failed_update_is_shown_with_the_next_step() {
    for (after, words) in [
        ("UPDATE_ROLLBACK_COMPLETE", "the changes were rolled back"),
        ("UPDATE_ROLLBACK_FAILED", "`s3guard rollback --stack s --region eu-west-1`"),
        ("UPDATE_FAILED", "`s3guard deploy --stack s --region eu-west-1 --on-failure keep`"),
    ] {
        let ended = run(&changed("", after), &["deploy", "--yes"]);
        assert_eq!(ended.exit, Some(1), "{after}: {}", ended.words);
        assert!(ended.words.contains(words), "{after}: {}", ended.words);
    }
}

#[test]
fn a_second_deployment_reports_the_operation_in_progress() {
    for (call, code, message) in [
        (
            "CreateChangeSet",
            "ValidationError",
            "Stack:arn is in UPDATE_IN_PROGRESS state and can not be updated.",
        ),
        ("ExecuteChangeSet", "InvalidChangeSetStatus", "ChangeSet [set] cannot be executed"),
        ("ExecuteChangeSet", "OperationInProgressException", "another operation"),
        ("ExecuteChangeSet", "ChangeSetNotFound", "ChangeSet [set] does not exist"),
        ("DescribeChangeSet", "ChangeSetNotFound", "ChangeSet [set] does not exist"),
    ] {
        let story = Story { before: Some("UPDATE_COMPLETE"), ..Story::default() };
        let aws = Aws::answering(story, move |request, _| match request.call.as_str() {
            made if made == call => Some(refusal(400, code, message)),
            "DescribeStacks" => Some(old_guard("UPDATE_COMPLETE")),
            _ => None,
        });
        let ended = run(&aws, &["deploy", "--yes"]);
        assert_eq!(ended.exit, Some(1), "{call}: {}", ended.words);
        assert!(ended.words.contains("another operation is changing stack `s`"), "{}", ended.words);
        assert!(ended.words.contains("s3guard events --follow --stack s"), "{}", ended.words);
    }
}

#[test]
fn an_operation_in_progress_is_waited_for_or_reported() {
    let account = || {
        let story =
            Story { before: Some("UPDATE_COMPLETE"), after: "UPDATE_COMPLETE", ..Story::default() };
        Aws::answering(story, |request, before| match request.call.as_str() {
            "DescribeStacks" if before < 2 => Some(old_guard("UPDATE_IN_PROGRESS")),
            "DescribeStacks" => Some(old_guard("UPDATE_COMPLETE")),
            _ => None,
        })
    };
    let (aws, story) = (account(), account());
    let ended = run(&aws, &["deploy", "--yes"]);
    assert_eq!((ended.exit, aws.count("CreateChangeSet")), (Some(1), 0), "{}", ended.words);
    assert!(ended.words.contains("is in `UPDATE_IN_PROGRESS`"), "{}", ended.words);
    assert!(ended.words.contains("`--wait` waits for its end and deploys"), "{}", ended.words);
    let ended = run(&story, &["deploy", "--yes", "--wait"]);
    assert_eq!((ended.exit, story.count("ExecuteChangeSet")), (Some(0), 1), "{}", ended.words);
}

#[test]
fn after_a_kept_failure_the_next_one_has_to_be_kept_too() {
    let account = || {
        let story =
            Story { before: Some("UPDATE_FAILED"), after: "UPDATE_COMPLETE", ..Story::default() };
        Aws::answering(story, |request, before| match request.call.as_str() {
            "DescribeStacks" if before == 0 => Some(old_guard("UPDATE_FAILED")),
            _ => None,
        })
    };
    let aws = account();
    let ended = run(&aws, &["deploy", "--yes"]);
    assert_eq!((ended.exit, aws.count("CreateChangeSet")), (Some(1), 0), "{}", ended.words);
    let aws = account();
    let ended = run(&aws, &["deploy", "--yes", "--on-failure", "keep"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.words);
    assert!(aws.made("ExecuteChangeSet")[0].body.contains("DisableRollback=true"));
}

#[test]
fn an_empty_stack_of_a_failed_creation_is_deleted_first() {
    let story = Story {
        before: Some("ROLLBACK_COMPLETE"),
        after: "CREATE_COMPLETE",
        queue_is_open: true,
        ..Story::default()
    };
    let aws = Aws::answering(story, |request, before| match request.call.as_str() {
        "DescribeStacks" if before < 3 => Some(old_guard("ROLLBACK_COMPLETE")),
        "DescribeStacks" if before == 3 => Some(old_guard("DELETE_COMPLETE")),
        _ => None,
    });
    let ended = run(&aws, &["deploy"]);
    assert!(ended.words.contains("and empty: it is deleted and created again"), "{}", ended.words);
    assert_eq!(aws.count("DeleteStack"), 1, "{}", ended.words);
    assert!(aws.made("CreateChangeSet")[0].body.contains("ChangeSetType=CREATE"));
    // A `diff` does not change it.
    let story = Story { before: Some("ROLLBACK_COMPLETE"), ..Story::default() };
    let aws = Aws::answering(story, |request, _| {
        (request.call == "DescribeStacks").then(|| old_guard("ROLLBACK_COMPLETE"))
    });
    let ended = run(&aws, &["diff", "--fail"]);
    assert_eq!((ended.exit, aws.count("DeleteStack")), (Some(3), 0), "{}", ended.words);
    assert!(ended.result.contains("creates everything again"), "{}", ended.result);
}

#[test]
fn the_change_set_of_a_difference_is_deleted_again() {
    let aws = changed("", "");
    let ended = run(&aws, &["diff"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.words);
    assert!(ended.result.contains("1 imported, 1 replaced"), "{}", ended.result);
    assert!(ended.result.contains("broadened permissions:"), "{}", ended.result);
    let calls = ["CreateChangeSet", "DeleteChangeSet", "ExecuteChangeSet", "DeleteStack"];
    assert_eq!(calls.map(|call| aws.count(call)), [1, 1, 0, 0]);
    let uploaded = aws.made("PUT");
    assert!(uploaded.iter().all(|put| put.path.contains("template-")), "{uploaded:?}");
    let ended = run(&changed("", ""), &["diff", "--fail", "--output", "json"]);
    assert_eq!(ended.exit, Some(3), "{}", ended.words);
    let json = ended.json("diff");
    assert_eq!(json["regions"][0]["differs"], true);
    assert_eq!(json["regions"][0]["changes"][0]["properties"][0]["after"], "new");
    assert!(json["regions"][0]["broadened"].as_array().is_some_and(|all| !all.is_empty()));
    // A new stack does not even leave its name.
    let aws = Aws::new(Story::default());
    let ended = run(&aws, &["diff"]);
    assert_eq!((ended.exit, aws.count("DeleteStack")), (Some(0), 1), "{}", ended.words);
}

#[test]
fn a_deployment_ends_with_what_to_do_next() {
    let story = Story { after: "CREATE_COMPLETE", queue_is_open: true, ..Story::default() };
    let ended = run(&Aws::new(story.clone()), &["deploy"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.words);
    assert!(ended.words.contains("warning: nothing is subscribed"), "{}", ended.words);
    let aws = Aws::answering(story, |request, _| {
        let subscription = "<Subscriptions><member><Endpoint>you@example.com</Endpoint><Protocol>email</Protocol>\
                            <SubscriptionArn>PendingConfirmation</SubscriptionArn></member></Subscriptions>";
        let is_it = request.call == "ListSubscriptionsByTopic";
        is_it.then(|| answered("ListSubscriptionsByTopic", subscription))
    });
    let ended = run(&aws, &["deploy"]);
    assert!(!ended.words.contains("nothing is subscribed"), "{}", ended.words);
    let last: Vec<&str> = ended.words.lines().rev().take(2).collect();
    assert!(
        last[1].starts_with("next: confirm the subscription of email you@example.com"),
        "{last:?}"
    );
    assert!(last[0].starts_with("next: `s3guard verify --stack s --region eu-west-1`"), "{last:?}");
}

#[test]
fn a_new_stack_is_protected_unless_it_is_not_wanted_and_an_update_leaves_it() {
    for (before, arguments, switched) in [
        (None, &[][..], 1),
        (None, &["--no-protect"], 0),
        (Some("UPDATE_COMPLETE"), &[], 0),
        (Some("UPDATE_COMPLETE"), &["--protect"], 1),
    ] {
        let after = if before.is_none() { "CREATE_COMPLETE" } else { "UPDATE_COMPLETE" };
        let story = Story { before, after, queue_is_open: true, ..Story::default() };
        let aws = Aws::answering(story, move |request, earlier| match request.call.as_str() {
            "DescribeStacks" if before.is_some() && earlier == 0 => {
                Some(old_guard("UPDATE_COMPLETE"))
            }
            _ => None,
        });
        let ended = run(&aws, &[&["deploy", "--yes"], arguments].concat());
        assert_eq!(ended.exit, Some(0), "{arguments:?}: {}", ended.words);
        assert_eq!(aws.count("UpdateTerminationProtection"), switched, "{before:?} {arguments:?}");
    }
}

#[test]
fn a_new_stack_that_cannot_be_protected_works_and_the_command_says_so() {
    let story = Story { after: "CREATE_COMPLETE", queue_is_open: true, ..Story::default() };
    let aws = Aws::answering(story, |request, _| {
        (request.call == "UpdateTerminationProtection")
            .then(|| refusal(403, "AccessDenied", "not authorized"))
    });
    let ended = run(&aws, &["deploy", "--yes"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.words);
    let words = "`s3guard deploy --protect --stack s --region eu-west-1` tries again";
    assert!(ended.words.contains(words), "{}", ended.words);
}

#[test]
fn protection_tags_and_outputs_go_with_a_deployment() {
    let story = Story { after: "CREATE_COMPLETE", queue_is_open: true, ..Story::default() };
    let aws = Aws::new(story);
    let topic = "arn:aws:sns:eu-west-1:111122223333:t";
    let ended = run(
        &aws,
        &["deploy", "--protect", "--tag", "team=storage", "--notification-arn", topic, "--express"],
    );
    assert_eq!(ended.exit, Some(0), "{}", ended.words);
    let asked = decoded(&aws.made("CreateChangeSet")[0].body);
    for part in
        ["team", "storage", topic, "DeploymentConfig.Mode=EXPRESS", "ImportExistingResources=true"]
    {
        assert!(asked.contains(part), "{part}: {asked}");
    }
    assert!(!aws.made("ExecuteChangeSet")[0].body.contains("DisableRollback"), "said already");
    assert_eq!(aws.count("UpdateTerminationProtection"), 1);
    assert!(ended.result.contains("https://queue.example/q"), "{}", ended.result);
    assert!(ended.words.contains("in express mode"), "{}", ended.words);
}
