//! What was reviewed is what runs, whatever other principals do meanwhile.

use super::super::aws::events;
use super::*;

/// A guard whose functions run this code after its update.
fn with_code(code: &'static str) -> Aws {
    let story =
        Story { before: Some("UPDATE_COMPLETE"), after: "UPDATE_COMPLETE", ..Story::default() };
    let is_executed = AtomicBool::new(false);
    Aws::answering(story, move |request, _| match request.call.as_str() {
        "ExecuteChangeSet" => {
            is_executed.store(true, SeqCst);
            None
        }
        "DescribeStacks" if !is_executed.load(SeqCst) => Some(old_guard("UPDATE_COMPLETE")),
        "DescribeStacks" => {
            let key = format!("s3guard/bootstrap-x86_64-{}.zip", "00".repeat(32));
            let parameters = [("CodeBucket", "code"), ("CodeKey", &*key), ("BucketPrefix", "ab")];
            let (status, body) = guard("UPDATE_COMPLETE", &pairs(&parameters), &BTreeMap::new());
            let outputs = "<Outputs><member><OutputKey>GuardFunctionName</OutputKey>\
                           <OutputValue>guard-1</OutputValue></member></Outputs><Tags>";
            Some((status, body.replace("<Tags>", outputs)))
        }
        "GET" if request.path.contains("/functions/guard-1") => {
            Some((200, format!(r#"{{"CodeSha256":"{code}","State":"Active"}}"#)))
        }
        _ => None,
    })
}

#[test]
fn functions_that_run_other_code_are_an_error() {
    let packaged = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let ended = run(&with_code(packaged), &["deploy", "--yes"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.words);
    let ended = run(&with_code("another="), &["deploy", "--yes"]);
    assert_eq!(ended.exit, Some(1), "{}", ended.words);
    for words in [
        "error: function `guard-1` runs code that was not deployed",
        "the SHA-256 `another=`",
        "hint: treat the role of the function as compromised",
    ] {
        assert!(ended.words.contains(words), "{words}: {}", ended.words);
    }
}

#[test]
fn a_template_that_was_replaced_is_not_carried_out() {
    let story = Story { before: Some("UPDATE_COMPLETE"), ..Story::default() };
    let aws = Aws::answering(story, |request, before| match request.call.as_str() {
        "DescribeStacks" if before == 0 => Some(old_guard("UPDATE_COMPLETE")),
        "GetTemplate" => Some(template(ALLOWS_ALL)),
        _ => None,
    });
    let ended = run(&aws, &["deploy", "--yes"]);
    assert_eq!(ended.exit, Some(1), "{}", ended.words);
    assert_eq!((aws.count("ExecuteChangeSet"), aws.count("DeleteChangeSet")), (0, 1));
    for words in [
        "error: CloudFormation took another template than the one that s3guard uploaded",
        "look in CloudTrail for `PutObject`",
        "others than `arn:aws:iam::111122223333:user/u`",
    ] {
        assert!(ended.words.contains(words), "{words}: {}", ended.words);
    }
}

#[test]
fn another_version_of_the_code_is_not_carried_out() {
    let story = Story { before: Some("UPDATE_COMPLETE"), ..Story::default() };
    let aws = Aws::answering(story, |request, _| match request.call.as_str() {
        "DescribeStacks" => Some(old_guard("UPDATE_COMPLETE")),
        "DescribeChangeSet" => Some(answered(
            "DescribeChangeSet",
            "<Status>CREATE_COMPLETE</Status><Parameters><member><ParameterKey>CodeVersion</ParameterKey>\
             <ParameterValue>v2</ParameterValue></member></Parameters>",
        )),
        _ => None,
    });
    let ended = run(&aws, &["deploy", "--yes"]);
    assert_eq!((ended.exit, aws.count("ExecuteChangeSet")), (Some(1), 0), "{}", ended.words);
    assert!(
        ended.words.contains("the change set has another value of parameter"),
        "{}",
        ended.words
    );
    // The change set of an earlier run has to pin a version, too.
    let ended = run(&aws, &["deploy", "--yes", "--change-set", "set"]);
    assert_eq!((ended.exit, aws.count("ExecuteChangeSet")), (Some(1), 0), "{}", ended.words);
    assert!(ended.words.contains("does not pin the version of the code"), "{}", ended.words);
}

#[test]
fn template_and_code_are_named_by_their_versions() {
    let aws = Aws::new(Story { after: "CREATE_COMPLETE", queue_is_open: true, ..Story::default() });
    let ended = run(&aws, &["deploy"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.words);
    let asked = decoded(&aws.made("CreateChangeSet")[0].body);
    assert!(asked.contains(".json?versionId=v1"), "{asked}");
    let version = asked.split("ParameterKey=CodeVersion&").nth(1).unwrap();
    assert!(version.split('&').next().unwrap().ends_with("ParameterValue=v1"), "{asked}");
}

#[test]
fn a_bucket_without_versions_is_refused_before_anything_is_uploaded() {
    let aws = Aws::answering(Story::default(), |request, _| {
        let is_it = request.call == "GET" && request.path.contains("versioning");
        is_it.then(|| (200, "<VersioningConfiguration/>".to_owned()))
    });
    let ended = run(&aws, &["deploy"]);
    assert_eq!((ended.exit, aws.count("PUT")), (Some(1), 0), "{}", ended.words);
    let hint =
        "`aws s3api put-bucket-versioning --bucket code --versioning-configuration Status=Enabled`";
    assert!(ended.words.contains(hint), "{}", ended.words);
}

const KEPT_POLICY: &str =
    r#"{"Statement":{"Effect":"Deny","Principal":"*","Action":"s3:DeleteObject","Resource":"*"}}"#;

fn is_policy(path: &str) -> bool {
    path.contains("ab-ledger") && path.contains("?policy")
}

/// A new stack that imports the ledger of an earlier one, whose policy was retained.
fn over_a_kept_ledger(after: &'static str) -> Aws {
    let is_deleted = AtomicBool::new(false);
    let story = Story { after, queue_is_open: true, ..Story::default() };
    Aws::answering(story, move |request, _| match request.call.as_str() {
        "DescribeChangeSet" => Some(answered(
            "DescribeChangeSet",
            "<Status>CREATE_COMPLETE</Status><Changes><member><ResourceChange><Action>Import</Action>\
             <LogicalResourceId>LedgerBucket</LogicalResourceId><PhysicalResourceId>ab-ledger</PhysicalResourceId>\
             <ResourceType>AWS::S3::Bucket</ResourceType></ResourceChange></member><member><ResourceChange>\
             <Action>Add</Action><LogicalResourceId>LedgerBucketPolicy</LogicalResourceId>\
             <ResourceType>AWS::S3::BucketPolicy</ResourceType></ResourceChange></member></Changes>",
        )),
        "GET" if is_policy(&request.path) && !is_deleted.load(SeqCst) => {
            Some((200, KEPT_POLICY.to_owned()))
        }
        "DELETE" => {
            is_deleted.store(true, SeqCst);
            Some((204, String::new()))
        }
        "DescribeStackEvents" if is_deleted.load(SeqCst) => Some(events(&[
            (
                "LedgerBucketPolicy",
                "CREATE_FAILED",
                "The bucket policy already exists on bucket ab-ledger.",
            ),
            ("s", after, ""),
        ])),
        _ => None,
    })
}

#[test]
fn an_existing_ledger_is_shown_and_its_policy_gives_way_only_after_approval() {
    let aws = over_a_kept_ledger("CREATE_COMPLETE");
    let ended = run(&aws, &["deploy"]);
    assert_eq!((ended.exit, aws.count("DELETE")), (Some(4), 0), "{}", ended.words);
    assert!(
        ended.words.contains("existing bucket `ab-ledger` becomes the stack's"),
        "{}",
        ended.words
    );

    let aws = over_a_kept_ledger("CREATE_COMPLETE");
    let ended = run(&aws, &["deploy", "--yes"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.words);
    let names = aws.names();
    let place = |call: &str| names.iter().position(|name| name == call);
    assert!(place("DELETE").is_some() && place("DELETE") < place("ExecuteChangeSet"), "{names:?}");
    assert!(is_policy(&aws.made("DELETE")[0].path), "{:?}", aws.made("DELETE"));
    let words = "the policy of bucket `ab-ledger` is replaced by the stack's";
    assert!(ended.words.contains(words), "{}", ended.words);
}

#[test]
fn after_a_failure_the_ledger_has_its_policy_again() {
    let aws = over_a_kept_ledger("ROLLBACK_COMPLETE");
    let ended = run(&aws, &["deploy", "--yes"]);
    assert_eq!(ended.exit, Some(1), "{}", ended.words);
    assert!(ended.words.contains("The bucket policy already exists"), "{}", ended.words);
    let put = aws.made("PUT").into_iter().find(|put| is_policy(&put.path));
    assert!(put.is_some_and(|put| put.body.contains("s3:DeleteObject")), "{:?}", aws.names());
    assert!(
        ended.words.contains("the policy of bucket `ab-ledger` was put back"),
        "{}",
        ended.words
    );
}
