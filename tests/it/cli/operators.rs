//! Commands of operators: the role that they assume, and an undo that is shown before it is done.

use std::process::Output;

use serde_json::{Value, json};

use super::account::in_account;
use super::aws::{Answer, Aws, KEY, Request, STACK_ID, Story, answered, refusal};

pub(super) const ID: &str = "reports@20261124T231502.123Z-policy";
const ROLE: &str = "arn:aws:iam::111122223333:role/s3guard/operator";
const TLS: &str = r#"{"Sid":"S3GuardTlsOnly","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::reports","arn:aws:s3:::reports/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#;
const PARTNER: &str = r#"{"Sid":"Partner","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::reports/*"}"#;

/// The guard's stack, with operators or without.
fn stack(has_operators: bool) -> Answer {
    let pair = |kind: &str, key: &str, value: &str| {
        format!("<member><{kind}Key>{key}</{kind}Key><{kind}Value>{value}</{kind}Value></member>")
    };
    let operator = "arn:aws:iam::111122223333:role/ops";
    let parameters =
        [("CodeBucket", "c"), ("CodeKey", "k"), ("BucketPrefix", "p"), ("OperatorArns", operator)];
    let parameters: String = parameters.map(|(key, value)| pair("Parameter", key, value)).concat();
    let queues =
        ["GuardQueueUrl", "GuardDlqUrl", "ObjectQueueUrl", "ObjectDlqUrl", "NotificationDlqUrl"];
    let queues = queues.map(|name| pair("Output", name, &format!("https://queue.example/{name}")));
    let role = if has_operators { pair("Output", "OperatorRoleArn", ROLE) } else { String::new() };
    let outputs = [
        queues.concat(),
        pair("Output", "LedgerBucketName", "ledger"),
        pair("Output", "KeyArn", KEY),
        role,
    ]
    .concat();
    let stack = format!(
        "<StackId>{STACK_ID}</StackId><StackName>s</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>\
         <StackStatus>UPDATE_COMPLETE</StackStatus><Parameters>{parameters}</Parameters><Outputs>{outputs}</Outputs>"
    );
    answered("DescribeStacks", &format!("<Stacks><member>{stack}</member></Stacks>"))
}

pub(super) fn assumed() -> Answer {
    let credentials = "<Credentials><AccessKeyId>OPERATOR</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
                       <SessionToken>t</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>";
    answered("AssumeRole", credentials)
}

fn policy(statements: &[&str]) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
}

/// The guard has added its statement to a policy.
pub(super) fn record() -> Value {
    let setting = |text: String| json!({ "setting": "policy", "value": text });
    json!({
        "version": 1, "id": ID, "status": "verified", "bucket": "reports", "account": "111122223333",
        "region": "eu-west-1", "time": "2026-11-24T23:15:02.123Z", "grade": "speed", "gradeReason": "the default",
        "aspects": ["tls"], "setting": "policy", "call": "PutBucketPolicy", "reasons": [], "events": [],
        "from": setting(policy(&[PARTNER])), "to": setting(policy(&[PARTNER, TLS])),
    })
}

/// An account with operators, this record, and this policy of the bucket.
fn account(record: &Value, statements: &'static [&'static str]) -> Aws {
    let record = record.to_string();
    Aws::answering(Story::default(), move |request: &Request, _| {
        let path = request.path.as_str();
        Some(match request.call.as_str() {
            "DescribeStacks" => stack(true),
            "AssumeRole" => assumed(),
            "GET" if path.starts_with("/ledger/") && path.contains("list-type") => {
                (200, "<ListBucketResult></ListBucketResult>".to_owned())
            }
            "GET" if path.starts_with("/ledger/") => (200, record.clone()),
            "GET" if path.contains("?policy") => (200, policy(statements)),
            "PUT" => (200, String::new()),
            _ => return None,
        })
    })
}

fn run(aws: &Aws, arguments: &[&str]) -> (Option<i32>, String, String) {
    let all = [arguments, &["--stack", "s"]].concat();
    let Output { status, stdout, stderr } = in_account(aws, &all).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn without_operators_a_command_says_how_to_become_one() {
    for arguments in [&["undo", ID, "--yes"][..], &["redrive"]] {
        let aws = Aws::answering(Story::default(), |request, _| {
            (request.call == "DescribeStacks").then(|| stack(false))
        });
        let (exit, _, words) = run(&aws, arguments);
        assert_eq!(exit, Some(1), "{words}");
        assert!(words.contains("error: stack `s` has no operators"), "{words}");
        let hint = "hint: `s3guard deploy --stack s --region eu-west-1 \
                    --operator 'arn:aws:iam::111122223333:role/ops' \
                    --operator 'arn:aws:iam::111122223333:user/u'` adds the caller";
        assert!(words.contains(hint), "{words}");
        assert_eq!(aws.names(), ["GetCallerIdentity", "DescribeStacks"]);
    }
}

#[test]
fn a_caller_who_is_no_operator_learns_who_is() {
    let aws = Aws::answering(Story::default(), |request, _| match request.call.as_str() {
        "DescribeStacks" => Some(stack(true)),
        "AssumeRole" => Some(refusal(403, "AccessDenied", "no")),
        _ => None,
    });
    let (exit, _, words) = run(&aws, &["redrive"]);
    assert_eq!(exit, Some(1), "{words}");
    for part in [
        &format!("error: AssumeRole on role `{ROLE}` failed: AccessDenied"),
        "the caller is arn:aws:iam::111122223333:user/u, and the operators are arn:aws:iam::111122223333:role/ops",
        "the caller's own policies must allow `sts:AssumeRole`",
    ] {
        assert!(words.contains(part), "{part} is not in:\n{words}");
    }
    assert!(aws.made("AssumeRole")[0].body.contains("RoleSessionName=s3guard-u"));
}

#[test]
fn alerts_that_could_not_be_published_are_shown_stay_in_their_queue_and_are_not_published() {
    let alert = "s3guard CRITICAL: DisableKey by arn:aws:iam::111122223333:user/u\u{1b}]0;x";
    let messages = json!({ "Messages": [
        { "MessageId": "1", "ReceiptHandle": "r1", "Body": alert, "MessageAttributes": {
            "RULE_ARN": { "DataType": "String", "StringValue": "arn:aws:events:eu-west-1:111122223333:rule/s-x" } } },
        { "MessageId": "2", "ReceiptHandle": "r2", "Body": "an email" },
        { "MessageId": "3", "ReceiptHandle": "r3", "Body": "forged",
          "Attributes": { "DeadLetterQueueSourceArn": "arn:aws:sqs:eu-west-1:111122223333:mine" },
          "MessageAttributes": { "RULE_ARN": { "DataType": "String", "StringValue": "x" } } },
    ] })
    .to_string();
    let aws = Aws::answering(
        Story { queue_is_open: true, ..Story::default() },
        move |request, before| {
            // Those of the other two dead-letter queues come first.
            let is_first = request.body.contains("NotificationDlqUrl") && before == 2;
            Some(match request.call.as_str() {
                "DescribeStacks" => stack(true),
                "AssumeRole" => assumed(),
                "GetQueueAttributes" => {
                    (200, r#"{"Attributes":{"ApproximateNumberOfMessages":"3"}}"#.to_owned())
                }
                "ReceiveMessage" if is_first => (200, messages.clone()),
                "ReceiveMessage" => (200, "{}".to_owned()),
                _ => return None,
            })
        },
    );
    let (exit, stdout, words) = run(&aws, &["redrive", "--output", "json"]);
    assert_eq!(exit, Some(0), "{words}");
    let result: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(result["alerts"], json!([alert]));
    for part in
        ["CRITICAL: DisableKey by", "the alerts stay in", "2 notifications that an endpoint"]
    {
        assert!(words.contains(part), "{part} is not in:\n{words}");
    }
    assert!(!words.contains('\u{1b}') && !words.contains("forged"), "{words}");
    for call in ["Publish", "DeleteMessageBatch", "SendMessageBatch"] {
        assert_eq!(aws.count(call), 0, "{call}");
    }
}

#[test]
fn a_forged_record_is_refused() {
    let mut forged = record();
    forged["setting"] = json!("encryption");
    forged["account"] = json!("444455556666");
    let aws = account(&forged, &[PARTNER, TLS]);
    let (exit, _, words) = run(&aws, &["undo", ID, "--yes", "--accept-exposure"]);
    assert_eq!(exit, Some(1), "{words}");
    for part in
        ["the record is not that of its key", "its `account` is `444455556666`, not `111122223333`"]
    {
        assert!(words.contains(part), "{part} is not in:\n{words}");
    }
    assert_eq!(aws.count("PUT"), 0);
}

#[test]
fn what_protects_less_is_asked_separately() {
    let aws = account(&record(), &[PARTNER, TLS]);
    for (flags, missing) in [
        (&[][..], "--yes --accept-exposure"),
        (&["--yes"], "--yes --accept-exposure"),
        (&["--accept-exposure"], "--yes"),
    ] {
        let arguments = [&["undo", ID, "--output", "json"], flags].concat();
        let (exit, plan, words) = run(&aws, &arguments);
        assert_eq!(exit, Some(4), "{words}");
        assert!(words.contains(&format!("then pass `{missing}` to approve")), "{words}");
        assert!(words.contains("warning: requests over plain HTTP are accepted"), "{words}");
        assert!(words.contains("-   \"Sid\": \"S3GuardTlsOnly\","), "{words}");
        let plan = crate::json::read("undo", &plan);
        assert_eq!(plan["outcome"], "needs-approval", "{plan}");
        assert_eq!(plan["exposures"], json!(["requests over plain HTTP are accepted"]), "{plan}");
        assert!(
            plan["changes"].as_array().unwrap().contains(&json!("-   \"Effect\": \"Deny\",")),
            "{plan}"
        );
    }
    assert_eq!(aws.count("PUT"), 0);
}

#[test]
fn an_operator_records_the_undo_and_the_caller_writes_the_policy() {
    const ADDED: &str = r#"{"Sid":"Added","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/app"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::reports/*"}"#;
    let aws = account(&record(), &[PARTNER, ADDED, TLS]);
    let arguments = ["undo", ID, "--yes", "--accept-exposure", "--reason", "ticket 4711"];
    let (exit, _, words) = run(&aws, &arguments);
    assert_eq!(exit, Some(0), "{words}");
    let puts = aws.made("PUT");
    let [suppression, written] = &puts[..] else { panic!("{puts:#?}") };
    assert_eq!((&*suppression.key, &*written.key), ("OPERATOR", "key"));
    assert!(suppression.path.starts_with("/ledger/") && written.path.starts_with("/reports"));
    assert!(written.body.contains(&policy(&[PARTNER, ADDED])), "{}", written.body);
    for part in [
        "arn:aws:iam::111122223333:user/u",
        "ticket 4711",
        r#""replaced":{"setting":"policy""#,
        r#""restored":{"setting":"policy""#,
    ] {
        assert!(suppression.body.contains(part), "{part} is not in {}", suppression.body);
    }
    let reads = aws.made("GET");
    assert!(reads.iter().all(|read| (read.key == "OPERATOR") == read.path.starts_with("/ledger/")));
}

#[test]
fn a_statement_that_was_changed_since_is_shown_and_left() {
    let changed: &'static str = Box::leak(TLS.replace("\"false\"", "\"true\"").into_boxed_str());
    let aws = account(&record(), Box::leak(Box::new([PARTNER, changed])));
    let (exit, _, words) = run(&aws, &["undo", ID, "--yes", "--accept-exposure"]);
    assert_eq!(exit, Some(1), "{words}");
    assert!(words.contains("changed since then: the statement `S3GuardTlsOnly`"), "{words}");
    assert!(words.contains("`--force`"), "{words}");
    assert_eq!(aws.count("PUT"), 0);
}
