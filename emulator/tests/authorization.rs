//! Every call is authorized: the caller's policies, the resource's own policy, and the key that encrypts it.

use s3guard_emulator::{Account, CallError, Client, Credentials};
use serde_json::{Value, json};

#[path = "setup/new.rs"]
mod new;
#[path = "setup/new_bucket.rs"]
mod new_bucket;
#[path = "setup/trail.rs"]
mod trail;

use new::account;
use new_bucket::bucket;
use trail::{record, watch};

fn document(statements: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn allow(actions: &Value) -> Value {
    document(&json!([{ "Effect": "Allow", "Action": actions, "Resource": "*" }]))
}

/// A user with these actions on everything.
fn user(account: &Account, name: &str, actions: &Value) -> Client {
    account.client_of(account.user(name, &allow(actions)).expect("a user"))
}

/// A role that every principal of the account with `sts:AssumeRole` may assume, and its session.
fn role(account: &Account, name: &str, path: &str, actions: &Value) -> (String, Credentials) {
    let trust = document(&json!([{ "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "AWS": account.number() } }]));
    let arn = account.role(name, path, &trust, &allow(actions)).expect("a role");
    let session = account.assume(&account.root(), &arn).expect("a session");
    (arn, session)
}

fn refused<T: std::fmt::Debug>(answer: Result<T, CallError>) -> (u16, String, String) {
    let error = answer.expect_err("it is refused");
    (error.status, error.code.clone(), error.to_string())
}

fn queue(client: &Client, name: &str) -> (String, String) {
    client.create_queue_for(name, "arn:aws:sns:eu-west-1:111122223333:none").expect("a queue")
}

fn lock(client: &Client, url: &str, statement: &Value) {
    let policy = document(&json!([statement])).to_string();
    let attributes = json!({ "QueueUrl": url, "Attributes": { "Policy": policy } });
    client.json("sqs", "SetQueueAttributes", &attributes).expect("a policy");
}

#[test]
fn a_bucket_policy_denies_all_but_one_role_with_its_path() {
    let (account, root, bucket) = bucket();
    let (arn, session) = role(&account, "writer", "/s3guard/", &json!("s3:*"));
    let (_, other) = role(&account, "other", "/", &json!("s3:*"));
    let policy = document(&json!([
        { "Effect": "Deny", "Principal": "*", "Action": ["s3:PutObject", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"],
          "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")],
          "Condition": { "ArnNotEquals": { "aws:PrincipalArn": arn } } },
    ]));
    root.put_bucket_setting(&bucket, "policy", &policy.to_string()).expect("a policy");
    account.client_of(session).put_object(&bucket, "mine", b"1").expect("its role may");
    let other = account.client_of(other);
    let (status, code, message) = refused(other.put_object(&bucket, "a", b"1"));
    assert_eq!((status, code.as_str()), (403, "AccessDenied"));
    let expected = format!(
        "User: arn:aws:sts::{}:assumed-role/other/tests is not authorized to perform: s3:PutObject on resource: \
         \"arn:aws:s3:::{bucket}/a\" with an explicit deny in a resource-based policy",
        account.number()
    );
    assert!(message.ends_with(&expected), "{message}");
    assert_eq!(refused(other.delete_bucket_setting(&bucket, "policy")).1, "AccessDenied");
    // The root user is denied like the others, but can always replace the policy.
    assert_eq!(refused(root.put_object(&bucket, "a", b"1")).1, "AccessDenied");
    root.delete_bucket_setting(&bucket, "policy").expect("the root user may");
    root.put_object(&bucket, "a", b"1").expect("nothing denies it");
}

#[test]
fn headers_and_queries_are_condition_keys() {
    let (_, root, bucket) = bucket();
    let deny = |action: &str, condition: &Value| {
        json!({ "Effect": "Deny", "Principal": "*", "Action": action, "Condition": condition,
            "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")] })
    };
    // Without the header a negated condition is met, with `IfExists`, too: only `Null` lets the default apply.
    let encrypted = json!({ "StringNotEquals": { "s3:x-amz-server-side-encryption": "aws:kms" },
        "Null": { "s3:x-amz-server-side-encryption": "false" } });
    let policy = document(&json!([
        deny("s3:PutObject", &encrypted),
        deny(
            "s3:PutObject",
            &json!({ "Null": { "s3:x-amz-server-side-encryption-customer-algorithm": "false" } })
        ),
        deny("s3:PutObject", &json!({ "StringEquals": { "s3:if-none-match": "*" } })),
        deny("s3:ListBucket", &json!({ "StringLike": { "s3:prefix": "secret/*" } })),
        deny("s3:*", &json!({ "NumericLessThan": { "s3:TlsVersion": "1.2" } })),
        deny("s3:*", &json!({ "Bool": { "aws:SecureTransport": "false" } })),
        deny(
            "s3:*",
            &json!({ "StringNotEquals": { "s3:ResourceAccount": "${aws:PrincipalAccount}" } })
        ),
    ]));
    root.put_bucket_setting(&bucket, "policy", &policy.to_string()).expect("a policy");
    root.put_object(&bucket, "default", b"1").expect("without the header the default applies");
    let with = |name: &str, value: &str| {
        root.with_header(name, value).put_object(&bucket, "a", b"1").err().map(|error| error.code)
    };
    let denied = Some("AccessDenied".to_owned());
    assert_eq!(with("x-amz-server-side-encryption", "AES256"), denied);
    assert_eq!(with("x-amz-server-side-encryption-customer-algorithm", "AES256"), denied);
    assert_eq!(with("if-none-match", "*"), denied);
    root.call("s3", "GET", &format!("/{bucket}?list-type=2&prefix=public/"), "").expect("a list");
    let secret = root.call("s3", "GET", &format!("/{bucket}?list-type=2&prefix=secret/a"), "");
    assert_eq!(refused(secret).1, "AccessDenied");
}

#[test]
fn a_queue_policy_counts_for_single_calls_batches_and_move_tasks() {
    let account = account();
    let root = account.client();
    let (url, arn) = queue(&root, "locked");
    let (role_arn, session) = role(&account, "worker", "/", &json!("sqs:*"));
    let (worker, other) = (account.client_of(session), user(&account, "other", &json!("sqs:*")));
    root.send(&url, "first").expect("nothing is locked yet");
    lock(
        &root,
        &url,
        &json!({ "Effect": "Deny", "Principal": "*", "Resource": arn, "Action": "sqs:*",
        "Condition": { "ArnNotEquals": { "aws:PrincipalArn": [role_arn, format!("arn:aws:iam::{}:root", account.number())] } } }),
    );
    let sqs = |operation: &str, input: &Value| other.json("sqs", operation, input);
    let target = json!({ "QueueUrl": url });
    for (operation, more) in [
        ("SendMessage", json!({ "MessageBody": "a" })),
        ("SendMessageBatch", json!({ "Entries": [{ "Id": "a", "MessageBody": "a" }] })),
        ("ReceiveMessage", json!({})),
        ("DeleteMessage", json!({ "ReceiptHandle": "a" })),
        ("ChangeMessageVisibility", json!({ "ReceiptHandle": "a", "VisibilityTimeout": 0 })),
        ("PurgeQueue", json!({})),
        ("SetQueueAttributes", json!({ "Attributes": { "Policy": "" } })),
        ("DeleteQueue", json!({})),
    ] {
        let mut input = target.clone();
        for (name, value) in more.as_object().expect("an object") {
            input[name] = value.clone();
        }
        let (status, code, message) = refused(sqs(operation, &input));
        assert_eq!((status, code.as_str()), (403, "AccessDeniedException"), "{operation}");
        assert!(message.contains("with an explicit deny in a resource-based policy"), "{message}");
    }
    let named = "is not authorized to perform: sqs:sendmessage on resource: ";
    assert!(refused(other.send(&url, "a")).2.contains(&format!("{named}{arn}")));
    assert_eq!(
        refused(sqs("StartMessageMoveTask", &json!({ "SourceArn": arn }))).1,
        "AccessDeniedException"
    );
    assert_eq!(worker.receive(&url, 1).expect("messages"), ["first"]);
}

#[test]
fn a_move_task_moves_dead_letters_and_needs_to_send_to_where_they_came_from() {
    let account = account();
    let root = account.client();
    let (source, source_arn) = queue(&root, "source");
    let (dead, dead_arn) = queue(&root, "dead");
    let start = |client: &Client, more: &Value| {
        let mut input = json!({ "SourceArn": dead_arn });
        for (name, value) in more.as_object().expect("an object") {
            input[name] = value.clone();
        }
        client.json("sqs", "StartMessageMoveTask", &input)
    };
    assert_eq!(
        refused(start(&root, &json!({}))).1,
        "InvalidParameterValue",
        "it is no queue of dead letters"
    );
    let redrive = json!({ "deadLetterTargetArn": dead_arn, "maxReceiveCount": 1 }).to_string();
    let attributes = json!({ "QueueUrl": source, "Attributes": { "RedrivePolicy": redrive, "VisibilityTimeout": "0" } });
    root.json("sqs", "SetQueueAttributes", &attributes).expect("a redrive policy");
    root.send(&source, "poison").expect("it is sent");
    for _ in 0..2 {
        root.json("sqs", "ReceiveMessage", &json!({ "QueueUrl": source })).expect("an answer");
    }
    assert_eq!(root.depth(&dead).expect("a depth").total(), 1);
    let starts = json!([
        "sqs:StartMessageMoveTask",
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes"
    ]);
    let starter = user(&account, "starter", &starts);
    let (_, _, message) = refused(start(&starter, &json!({})));
    assert!(message.contains(&format!("sqs:sendmessage on resource: {source_arn}")), "{message}");
    let begun = start(&root, &json!({})).expect("it may");
    assert_eq!(root.depth(&dead).expect("a depth").total(), 0);
    let listed = root
        .json("sqs", "ListMessageMoveTasks", &json!({ "SourceArn": dead_arn }))
        .expect("a list");
    assert_eq!(listed["Results"][0]["Status"], "COMPLETED", "{listed}");
    assert_eq!(listed["Results"][0]["ApproximateNumberOfMessagesMoved"], 1);
    let cancel = json!({ "TaskHandle": begun["TaskHandle"] });
    assert_eq!(
        refused(root.json("sqs", "CancelMessageMoveTask", &cancel)).1,
        "ResourceNotFoundException"
    );
    assert_eq!(root.receive(&source, 1).expect("messages"), ["poison"]);
}

/// The encryption of a bucket with a key, as the content of `<Rule>`.
fn with_key(key: &str, bucket_key: bool) -> String {
    format!(
        "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>{key}</KMSMasterKeyID>\
         </ApplyServerSideEncryptionByDefault><BucketKeyEnabled>{bucket_key}</BucketKeyEnabled>"
    )
}

#[test]
fn an_object_with_a_key_needs_the_use_of_the_key_through_s3() {
    let (account, root, bucket) = bucket();
    let key = root.create_key().expect("a key");
    root.put_encryption(&bucket, &with_key(&key, true)).expect("a default");
    let objects = json!(["s3:PutObject", "s3:GetObject"]);
    let without = user(&account, "without", &objects);
    let (status, code, message) = refused(without.put_object(&bucket, "a", b"1"));
    assert_eq!((status, code.as_str()), (403, "AccessDenied"));
    let expected = format!(
        "kms:GenerateDataKey on resource: {key} because no identity-based policy allows the kms:GenerateDataKey action"
    );
    assert!(message.ends_with(&expected), "{message}");
    without
        .with_header("x-amz-server-side-encryption", "AES256")
        .put_object(&bucket, "plain", b"1")
        .expect("no key is used");
    assert_eq!(without.get_object(&bucket, "plain").expect("no key is used"), "1");

    // Only through S3, and only for this bucket: with a bucket key the encryption context is the bucket.
    let statement = |action: &str, context: &str| {
        json!({ "Effect": "Allow", "Action": action, "Resource": key, "Condition": { "StringEquals": {
            "kms:ViaService": "s3.eu-west-1.amazonaws.com", "kms:EncryptionContext:aws:s3:arn": context } } })
    };
    let arn = format!("arn:aws:s3:::{bucket}");
    let policy = document(&json!([
        { "Effect": "Allow", "Action": objects, "Resource": "*" },
        statement("kms:GenerateDataKey", &arn),
    ]));
    let writer = account.client_of(account.user("writer", &policy).expect("a user"));
    writer.put_object(&bucket, "a", b"1").expect("it may use the key");
    let kept = root.head_object(&bucket, "a", "").expect("headers");
    assert_eq!(kept["x-amz-server-side-encryption"], "aws:kms");
    assert_eq!(kept["x-amz-server-side-encryption-aws-kms-key-id"], key);
    assert_eq!(kept["x-amz-server-side-encryption-bucket-key-enabled"], "true");
    assert!(refused(writer.get_object(&bucket, "a")).2.contains("kms:Decrypt on resource"));
    assert_eq!(root.get_object(&bucket, "a").expect("the root user may"), "1");
    root.put_encryption(&bucket, &with_key(&key, false)).expect("a default without a bucket key");
    assert_eq!(refused(writer.put_object(&bucket, "b", b"1")).1, "AccessDenied");

    // The key's own policy denies it, as for the ledger.
    let key_policy = document(&json!([
        { "Effect": "Allow", "Principal": { "AWS": account.number() }, "Action": "kms:*", "Resource": "*" },
        { "Effect": "Deny", "Principal": "*", "Action": "kms:GenerateDataKey*", "Resource": "*",
          "Condition": { "StringLike": { "kms:EncryptionContext:aws:s3:arn": [arn, format!("{arn}/*")] } } },
    ]));
    let put = json!({ "KeyId": key, "PolicyName": "default", "Policy": key_policy.to_string() });
    root.json("kms", "PutKeyPolicy", &put).expect("a policy");
    assert!(
        refused(root.put_object(&bucket, "c", b"1"))
            .2
            .contains("explicit deny in a resource-based policy")
    );
    root.json("kms", "GenerateDataKey", &json!({ "KeyId": key, "KeySpec": "AES_256" }))
        .expect("without a context");
    let context =
        json!({ "KeyId": key, "KeySpec": "AES_256", "EncryptionContext": { "aws:s3:arn": arn } });
    assert_eq!(refused(root.json("kms", "GenerateDataKey", &context)).1, "AccessDeniedException");
}

#[test]
fn the_encryption_of_an_object_is_that_of_its_header_or_of_the_default_when_it_was_put() {
    let (_, root, bucket) = bucket();
    let key = root.create_key().expect("a key");
    let algorithm = |name: &str| {
        let mut kept = root.head_object(&bucket, name, "").expect("headers");
        let key = kept.remove("x-amz-server-side-encryption-aws-kms-key-id").unwrap_or_default();
        (kept.remove("x-amz-server-side-encryption").unwrap_or_default(), key)
    };
    root.put_object(&bucket, "before", b"1").expect("an object");
    root.put_encryption(&bucket, &with_key(&key, true)).expect("a default");
    root.put_object(&bucket, "after", b"1").expect("an object");
    let explicit = root.with_header("x-amz-server-side-encryption", "aws:kms");
    explicit.put_object(&bucket, "managed", b"1").expect("an object");
    assert_eq!(algorithm("before"), ("AES256".to_owned(), String::new()));
    assert_eq!(algorithm("after"), ("aws:kms".to_owned(), key));
    let managed =
        root.json("kms", "DescribeKey", &json!({ "KeyId": "alias/aws/s3" })).expect("a key");
    let managed = managed["KeyMetadata"]["Arn"].as_str().expect("an ARN").to_owned();
    assert_eq!(algorithm("managed"), ("aws:kms".to_owned(), managed));
}

#[test]
fn a_topic_with_a_key_needs_its_policy_and_the_use_of_the_key() {
    let account = account();
    let root = account.client();
    let key = root.create_key().expect("a key");
    let sns = |client: &Client, action: &str, more: &[(&str, &str)]| {
        client.query("sns", "2010-03-31", &[&[("Action", action)], more].concat())
    };
    let made = sns(&root, "CreateTopic", &[("Name", "notices")]).expect("a topic");
    let arn =
        made.split("<TopicArn>").nth(1).and_then(|rest| rest.split('<').next()).expect("an ARN");
    let set = |name: &str, value: &str| {
        let attribute = [("TopicArn", arn), ("AttributeName", name), ("AttributeValue", value)];
        sns(&root, "SetTopicAttributes", &attribute).expect("it may")
    };
    set("KmsMasterKeyId", &key);
    let publish = |client: &Client| sns(client, "Publish", &[("TopicArn", arn), ("Message", "a")]);
    let publisher = user(&account, "publisher", &json!("sns:Publish"));
    let (status, code, message) = refused(publish(&publisher));
    assert_eq!((status, code.as_str()), (403, "KMSAccessDenied"), "{message}");
    assert!(message.contains(&format!("kms:GenerateDataKey on resource: {key}")), "{message}");
    let able = json!(["sns:*", "kms:GenerateDataKey", "kms:Decrypt"]);
    let able = user(&account, "able", &able);
    publish(&able).expect("it may use the key");
    let deny = document(
        &json!([{ "Effect": "Deny", "Principal": "*", "Resource": arn, "Action": ["sns:Publish", "sns:Subscribe"],
        "Condition": { "StringEquals": { "aws:username": "able" } } }]),
    );
    set("Policy", &deny.to_string());
    assert_eq!(refused(publish(&able)).1, "AuthorizationError");
    assert_eq!(
        refused(able.subscribe(arn, "email", "a@example.com", false)).1,
        "AuthorizationError"
    );
    publish(&root).expect("nothing denies the root user");
}

#[test]
fn a_service_delivers_only_for_the_source_and_the_account_that_are_allowed() {
    let account = account();
    let root = account.client();
    let events = watch(&account);
    let rule = format!("arn:aws:events:eu-west-1:{}:rule/all", account.number());
    let arn = format!("arn:aws:sqs:eu-west-1:{}:events", account.number());
    let policy = |deny: &Value| {
        let allowed = json!({ "Effect": "Allow", "Principal": { "Service": "events.amazonaws.com" }, "Resource": arn,
            "Action": "sqs:SendMessage", "Condition": { "StringEquals": { "aws:SourceAccount": "${aws:ResourceAccount}" } } });
        document(&json!([allowed, deny])).to_string()
    };
    let deny = |condition: Value| {
        json!({ "Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage",
        "Resource": arn, "Condition": condition })
    };
    let from_others = deny(
        json!({ "ArnNotEquals": { "aws:PrincipalArn": "arn:aws:iam::111122223333:role/none" },
        "BoolIfExists": { "aws:PrincipalIsAWSService": "false" } }),
    );
    let other_rule = |rule: &str| {
        deny(json!({ "Bool": { "aws:PrincipalIsAWSService": "true" },
        "ArnNotEquals": { "aws:SourceArn": rule } }))
    };
    let may = |principal: &str| {
        let context = json!({ "aws:SourceArn": rule, "aws:SourceAccount": account.number() });
        account.allows(principal, "sqs:SendMessage", &arn, &context).expect("a decision").allowed
    };
    let service = "events.amazonaws.com";
    let root_arn = format!("arn:aws:iam::{}:root", account.number());
    for (statement, of_service, of_root) in [
        (from_others, true, false),
        (other_rule(&rule), true, true),
        (other_rule("arn:aws:events:eu-west-1:111122223333:rule/other"), false, true),
    ] {
        let attributes =
            json!({ "QueueUrl": events, "Attributes": { "Policy": policy(&statement) } });
        root.json("sqs", "SetQueueAttributes", &attributes).expect("a policy");
        assert_eq!((may(service), may(&root_arn)), (of_service, of_root), "{statement}");
        root.receive(&events, 0).expect("what came before");
        let bucket = format!("event-{}-{of_service}-{of_root}", account.number());
        root.create_bucket(&bucket).expect("a bucket");
        let came = root.receive(&events, 1).expect("messages").concat().contains(&bucket);
        assert_eq!(came, of_service, "{statement}");
    }
}

#[test]
fn a_session_acts_as_its_role_and_cloudtrail_names_the_role() {
    let account = account();
    let root = account.client();
    let queue = watch(&account);
    let number = account.number();
    let operators = json!({ "ArnLike": { "aws:PrincipalArn": [
        format!("arn:aws:iam::{number}:user/op*"), format!("arn:aws:iam::{number}:role/*/operator")] } });
    let trust = document(&json!([{ "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "AWS": format!("arn:aws:iam::{number}:root") }, "Condition": operators }]));
    let arn = account.role("trusted", "/s3guard/", &trust, &allow(&json!("s3:*"))).expect("a role");
    let assume = allow(&json!("sts:AssumeRole"));
    let operator = account.user("operator", &assume).expect("a user");
    let outsider = account.user("outsider", &assume).expect("a user");
    let unable = account.user("op-without", &allow(&json!("s3:*"))).expect("a user");
    for caller in [&outsider, &unable, &account.root()] {
        let (status, code, message) = refused(account.assume(caller, &arn));
        assert_eq!((status, code.as_str()), (403, "AccessDenied"), "{message}");
        assert!(
            message.contains(&format!(
                "is not authorized to perform: sts:AssumeRole on resource: {arn}"
            )),
            "{message}"
        );
    }
    let (_, by_role) = role(&account, "operator", "/people/", &json!("sts:AssumeRole"));
    account.assume(&by_role, &arn).expect("the role of an operator may");
    let session = account.assume(&operator, &arn).expect("an operator may");
    let client = account.client_of(session.clone());
    let identity =
        client.query("sts", "2011-06-15", &[("Action", "GetCallerIdentity")]).expect("an identity");
    let expected = format!("<Arn>arn:aws:sts::{number}:assumed-role/trusted/tests</Arn>");
    assert!(identity.contains(&expected), "{identity}");
    client.create_bucket(&format!("by-session-{number}")).expect("the role may");
    let made = record(&root, &queue, "CreateBucket");
    assert_eq!(made["userIdentity"]["type"], "AssumedRole");
    assert_eq!(made["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"], arn.as_str());
    assert_eq!(made["userIdentity"]["sessionContext"]["sessionIssuer"]["userName"], "trusted");
    let token = account.env_of(&session).into_iter().find(|(name, _)| name == "AWS_SESSION_TOKEN");
    assert!(token.is_some_and(|(_, token)| !token.is_empty()));
}
