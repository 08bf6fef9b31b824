//! Roles that an adversary creates or passes on: the guard's rights end where its functions end.

use std::io::{Cursor, Write as _};

use s3guard_emulator::{CallError, Client};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use super::{Attacked, allow, attacked, denied, trust};
use crate::chain::guarded::is_private;

/// The package of a function that makes the S3 requests of its events.
pub(super) fn foreign_package() -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let executable = SimpleFileOptions::default().unix_permissions(0o755);
    archive.start_file("bootstrap", executable).unwrap();
    archive.write_all(include_bytes!("foreign.py")).unwrap();
    archive.finish().unwrap().into_inner()
}

fn iam(client: &Client, parameters: &[(&str, &str)]) -> Result<String, CallError> {
    client.query("iam", "2010-05-08", parameters)
}

/// The rule on calls, by its name.
pub(super) fn rule(attacked: &Attacked, logical_id: &str) -> Value {
    let rules = attacked.root().json("events", "ListRules", &json!({})).unwrap();
    let rules = rules["Rules"].as_array().unwrap();
    let named = |rule: &&Value| rule["Name"].as_str().unwrap().contains(logical_id);
    rules.iter().find(named).unwrap().clone()
}

#[test]
fn a_role_of_an_adversary_in_the_guards_path_is_not_exempt() {
    let attacked = &*attacked();
    let Attacked { guarded, builder, .. } = attacked;
    let client = guarded.account.client_of(builder.clone());
    let bucket = attacked.new_bucket("in-the-path");
    let trust = trust(&json!({ "AWS": guarded.account.number() })).to_string();
    let role = [("RoleName", "x"), ("Path", "/s3guard/"), ("AssumeRolePolicyDocument", &trust)];
    iam(&client, &[&[("Action", "CreateRole")], &role[..]].concat()).unwrap();
    let policy = allow(&json!("s3:*")).to_string();
    let put = [
        ("Action", "PutRolePolicy"),
        ("RoleName", "x"),
        ("PolicyName", "all"),
        ("PolicyDocument", &policy),
    ];
    iam(&client, &put).unwrap();
    let arn = format!("arn:aws:iam::{}:role/s3guard/x", guarded.account.number());
    let session = guarded.account.client_of(guarded.account.assume(builder, &arn).unwrap());

    session.delete_public_access_block(&bucket).unwrap();
    guarded.wait("a mail", || attacked.mails_about(&bucket).len() == 1);
    guarded.rest();
    assert!(is_private(&session, &bucket));
    let mail = &attacked.mails_about(&bucket)[0];
    assert_eq!(mail.subject, format!("s3guard reverted a weakening of {bucket}"));
    assert!(mail.text.contains("DeleteBucketPublicAccessBlock by role x"), "{}", mail.text);

    // A rule that excludes the path would not match.
    let found = rule(attacked, "BucketChanged");
    let pattern = found["EventPattern"].as_str().unwrap();
    let guard = format!("\"{}\"", guarded.output("GuardRoleArn"));
    assert_eq!(pattern.matches(&guard).count(), 1, "{pattern}");
    let prefix = format!("\"{}\"", arn.trim_end_matches('x'));
    let by_path = pattern.replace(&format!("[{guard}]"), &format!("{{\"prefix\":{prefix}}}"));
    let by_path = by_path.replace(&format!("[ {guard} ]"), &format!("{{\"prefix\":{prefix}}}"));
    assert_ne!(by_path, pattern);
    let put = |pattern: &str| {
        let input = json!({ "Name": found["Name"], "EventPattern": pattern, "State": "ENABLED" });
        attacked.root().json("events", "PutRule", &input).unwrap();
    };
    put(&by_path);
    guarded.forget();
    session.delete_public_access_block(&bucket).unwrap();
    guarded.rest();
    assert!(
        !is_private(&session, &bucket) && attacked.mails_about(&bucket).is_empty(),
        "it is exempt"
    );
    put(pattern);
    attacked.developer.put_public_access_block(&bucket, true).unwrap();
    guarded.rest();
}

#[test]
fn the_guards_role_writes_nothing_from_another_function() {
    let attacked = &*attacked();
    let Attacked { guarded, builder, developer, .. } = attacked;
    let client = guarded.account.client_of(builder.clone());
    let bucket = attacked.new_bucket("of-a-function");
    developer.put_object(&bucket, "code.zip", &foreign_package()).unwrap();
    let role = guarded.output("GuardRoleArn");
    let function = json!({ "FunctionName": "foreign", "Runtime": "provided.al2023", "Handler": "a", "Role": role,
        "Code": { "S3Bucket": bucket, "S3Key": "code.zip" } });
    client.call("lambda", "POST", "/2015-03-31/functions", function.to_string()).unwrap();
    let attempt = |method: &str, path: &str, body: &str| {
        let event = json!({ "method": method, "path": path, "body": body }).to_string();
        let target = "/2015-03-31/functions/foreign/invocations";
        client.call("lambda", "POST", target, event).unwrap()
    };
    let state = format!("/{}/state/{bucket}.json", attacked.ledger());
    let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{}:root", guarded.account.number()) },
        "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/*") }] });
    let attempts = || {
        [
            attempt("PUT", &state, "{}"),
            attempt("PUT", &format!("/{bucket}?policy"), &policy.to_string()),
        ]
    };
    assert_eq!(attempts(), ["403", "403"]);

    // Its own rights do not reach further than its function, whatever they are.
    let account = &guarded.account;
    let number = account.number();
    let name = guarded.output("GuardFunctionName");
    let own = format!("arn:aws:lambda:eu-west-1:{number}:function:{name}");
    let other = format!("arn:aws:lambda:eu-west-1:{number}:function:foreign");
    let queue = guarded.output("GuardQueueArn");
    for (action, resource) in [
        ("s3:PutObject", format!("arn:aws:s3:::{}/state/a.json", attacked.ledger())),
        ("s3:GetObject", format!("arn:aws:s3:::{}/state/a.json", attacked.ledger())),
        ("s3:PutBucketPolicy", format!("arn:aws:s3:::{bucket}")),
        ("s3:GetBucketPolicy", format!("arn:aws:s3:::{bucket}")),
        ("sqs:SendMessage", queue.to_owned()),
        ("sns:Publish", guarded.output("EmailTopicArn").to_owned()),
    ] {
        let may =
            |context: Value| account.allows(role, action, &resource, &context).unwrap().allowed;
        assert!(may(json!({ "lambda:SourceFunctionArn": own })), "{action}");
        assert!(!may(json!({ "lambda:SourceFunctionArn": other })), "{action}");
        assert!(!may(json!({})), "{action}");
    }

    // The same grant without the condition.
    let name = role.rsplit('/').next().unwrap();
    let grant = allow(&json!(["s3:PutObject", "s3:PutBucketPolicy"])).to_string();
    let put = [("RoleName", name), ("PolicyName", "loose"), ("PolicyDocument", &grant)];
    iam(&attacked.root(), &[&[("Action", "PutRolePolicy")], &put[..]].concat()).unwrap();
    assert_eq!(attempts(), ["200", "204"], "{:?}", account.runs());
    let delete = [("Action", "DeleteRolePolicy"), ("RoleName", name), ("PolicyName", "loose")];
    iam(&attacked.root(), &delete).unwrap();
    guarded.rest();
}

#[test]
fn no_one_becomes_an_operator() {
    let attacked = &*attacked();
    let Attacked { guarded, builder, .. } = attacked;
    let role = guarded.output("OperatorRoleArn");
    denied(guarded.account.assume(builder, role));
    denied(guarded.account.assume(&guarded.account.root(), role));
    // Its trust without the condition on who.
    let name = role.rsplit('/').next().unwrap();
    let root = attacked.root();
    let read = iam(&root, &[("Action", "GetRole"), ("RoleName", name)]).unwrap();
    let before =
        read.split("<AssumeRolePolicyDocument>").nth(1).unwrap().split('<').next().unwrap();
    let before = decoded(before);
    let update = |document: &str| {
        let update = [
            ("Action", "UpdateAssumeRolePolicy"),
            ("RoleName", name),
            ("PolicyDocument", document),
        ];
        iam(&root, &update).unwrap();
    };
    let mut loose: Value = serde_json::from_str(&before).unwrap();
    loose["Statement"][0].as_object_mut().unwrap().shift_remove("Condition").unwrap();
    update(&loose.to_string());
    guarded.account.assume(builder, role).unwrap();
    update(&before);
    denied(guarded.account.assume(builder, role));
}

/// A document as IAM returns it: URL-encoded.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digits = |rest: &mut std::str::Bytes<'_>| {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
        };
        bytes.push(if byte == b'%' { digits(&mut rest) } else { byte });
    }
    String::from_utf8(bytes).unwrap()
}
