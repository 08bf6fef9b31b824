//! Stacks: the versions that they read, the permissions of their calls, and the resources that grant or deny.

use s3guard_emulator::{Account, Client};
use serde_json::{Value, json};
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;

#[path = "setup/new.rs"]
mod new;
#[path = "setup/stacks.rs"]
mod stacks;

use new::account;
use stacks::{between, cloudformation, deploy, end_of, eventually, run, template};

fn document(statements: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn allow(actions: &Value) -> Value {
    document(&json!([{ "Effect": "Allow", "Action": actions, "Resource": "*" }]))
}

fn trust(principal: &Value) -> Value {
    document(&json!([{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal }]))
}

/// The function's package; `mark` makes its content another one.
fn package(mark: &str) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let executable = SimpleFileOptions::default().unix_permissions(0o755);
    for (name, content) in [
        ("bootstrap", include_bytes!("fixtures/bootstrap.py").as_slice()),
        ("mark", mark.as_bytes()),
    ] {
        archive.start_file(name, executable).expect("a file");
        archive.write_all(content).expect("it fits");
    }
    archive.finish().expect("an archive").into_inner()
}

/// A bucket with versions.
fn versions(account: &Account, name: &str) -> String {
    let bucket = format!("{name}-{}", account.number());
    let client = account.client();
    client.create_bucket(&bucket).expect("a bucket");
    let enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    client.put_bucket_setting(&bucket, "versioning", enabled).expect("it is ours");
    bucket
}

fn function(bucket: &str, version: &str) -> Value {
    json!({
        "Role": { "Type": "AWS::IAM::Role", "Properties": { "Path": "/s3guard/",
            "AssumeRolePolicyDocument": trust(&json!({ "Service": "lambda.amazonaws.com" })) } },
        "Function": { "Type": "AWS::Lambda::Function", "Properties": { "FunctionName": "worker",
            "Runtime": "provided.al2023", "Handler": "guard", "Role": { "Fn::GetAtt": ["Role", "Arn"] },
            "Code": { "S3Bucket": bucket, "S3Key": "code.zip", "S3ObjectVersion": version } } },
    })
}

fn hash(client: &Client) -> String {
    let configuration = client.function_configuration("worker").expect("a function");
    configuration["CodeSha256"].as_str().expect("a hash").to_owned()
}

#[test]
fn a_functions_code_is_the_version_of_the_template() {
    let account = account();
    let client = account.client();
    let bucket = versions(&account, "code");
    let first = client.put_version(&bucket, "code.zip", &package("first")).expect("a version");
    let second = client.put_version(&bucket, "code.zip", &package("second")).expect("a version");
    assert!(first != second && !first.is_empty());
    assert_eq!(
        client.head_object(&bucket, "code.zip", "").expect("headers")["x-amz-version-id"],
        second
    );
    let old = client.head_object(&bucket, "code.zip", &first).expect("headers");
    assert_eq!(old["x-amz-version-id"], first);
    let (status, events) = deploy(&client, &template(&function(&bucket, &first)));
    assert_eq!(status, "CREATE_COMPLETE", "{events}");
    let of_first = hash(&client);
    let (status, events) = run(&client, "UpdateStack", &template(&function(&bucket, &second)), &[]);
    assert_eq!(status, "UPDATE_COMPLETE", "{events}");
    assert_ne!(hash(&client), of_first);
    assert_eq!(hash(&client).len(), "iTEfkNBKgKFBRNDdQ0i5CRHzYQxEUh0VqV1qwWGmYkE=".len());
    let (status, events) =
        run(&client, "UpdateStack", &template(&function(&bucket, "missing")), &[]);
    assert_eq!(status, "UPDATE_ROLLBACK_COMPLETE");
    assert!(events.contains("S3 Error Code: NoSuchVersion"), "{events}");
}

#[test]
fn a_missing_package_fails_the_stack() {
    let account = account();
    let bucket = versions(&account, "empty");
    let mut resources = function(&bucket, "");
    resources["Function"]["Properties"]["Code"] =
        json!({ "S3Bucket": bucket, "S3Key": "code.zip" });
    let (status, events) = deploy(&account.client(), &template(&resources));
    assert_eq!(status, "ROLLBACK_COMPLETE");
    assert!(events.contains("S3 Error Code: NoSuchKey"), "{events}");
}

#[test]
fn a_template_is_read_in_its_version_with_the_rights_of_the_caller() {
    let account = account();
    let root = account.client();
    let bucket = versions(&account, "templates");
    let queue = |name: &str| {
        let properties = json!({ "QueueName": name });
        template(&json!({ "Queue": { "Type": "AWS::SQS::Queue", "Properties": properties } }))
            .to_string()
    };
    let first =
        root.put_version(&bucket, "a/t.json", queue("first").as_bytes()).expect("a version");
    root.put_version(&bucket, "a/t.json", queue("second").as_bytes()).expect("a version");
    let url = format!("https://{bucket}.s3.eu-west-1.amazonaws.com/a/t.json?versionId={first}");
    let some = allow(&json!(["cloudformation:*", "sqs:*", "s3:GetObject"]));
    let may_not = account.client_of(account.user("reader", &some).expect("a user"));
    let parameters = [("Action", "CreateStack"), ("StackName", "tried"), ("TemplateURL", &url)];
    let refused =
        may_not.query("cloudformation", "2010-05-15", &parameters).expect_err("it may not");
    assert!(
        refused.code == "ValidationError" && refused.to_string().contains("s3:GetObjectVersion"),
        "{refused}"
    );
    cloudformation(&root, "CreateStack", &[("TemplateURL", &url)]);
    let (status, events) = end_of(&root);
    assert_eq!(status, "CREATE_COMPLETE", "{events}");
    let found = |name: &str| root.json("sqs", "GetQueueUrl", &json!({ "QueueName": name })).is_ok();
    assert!(found("first") && !found("second"));
}

#[test]
fn a_stacks_calls_have_the_rights_of_its_caller_or_of_its_service_role() {
    let account = account();
    let root = account.client();
    let resources =
        json!({ "Queue": { "Type": "AWS::SQS::Queue", "Properties": { "QueueName": "made" } } });
    let statements = json!([
        { "Effect": "Allow", "Action": ["cloudformation:*", "iam:PassRole"], "Resource": "*" },
        { "Effect": "Deny", "Action": "iam:PassRole", "Resource": "*", "Condition": { "StringNotEquals": {
            "iam:PassedToService": "cloudformation.amazonaws.com" } } },
    ]);
    let deployer = account.user("deployer", &document(&statements)).expect("a user");
    let deployer = account.client_of(deployer);
    let (status, events) = deploy(&deployer, &template(&resources));
    assert_eq!(status, "ROLLBACK_COMPLETE");
    assert!(
        events.contains("user/deployer is not authorized to perform: sqs:createqueue"),
        "{events}"
    );
    let gone = || {
        cloudformation(&deployer, "DeleteStack", &[]);
        eventually("the stack's end", || {
            let described = [("Action", "DescribeStacks"), ("StackName", "tried")];
            root.query("cloudformation", "2010-05-15", &described).is_err().then_some(())
        });
    };
    gone();

    let lambda = trust(&json!({ "Service": "lambda.amazonaws.com" }));
    let untrusting =
        account.role("untrusting", "/", &lambda, &allow(&json!("sqs:*"))).expect("a role");
    let body = template(&resources).to_string();
    let with = |role: &str| {
        let parameters = [
            ("Action", "CreateStack"),
            ("StackName", "tried"),
            ("TemplateBody", &body),
            ("RoleARN", role),
        ];
        deployer.query("cloudformation", "2010-05-15", &parameters)
    };
    assert_eq!(with(&untrusting).expect_err("it cannot be assumed").code, "ValidationError");
    let trusting = trust(&json!({ "Service": "cloudformation.amazonaws.com" }));
    let via =
        document(&json!([{ "Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Condition": {
        "ForAnyValue:StringEquals": { "aws:CalledVia": "cloudformation.amazonaws.com" } } }]));
    let service = account.role("service", "/", &trusting, &via).expect("a role");
    with(&service).expect("it may be passed");
    let (status, events) = end_of(&root);
    assert_eq!(status, "CREATE_COMPLETE", "{events}");
    // The stack keeps its role.
    gone();
    let calls = account.calls().expect("the calls");
    let of_stack = |action: &str| {
        let made =
            calls.iter().filter(|call| call.by.as_deref() == Some("cloudformation.amazonaws.com"));
        made.filter(|call| call.action.as_deref() == Some(action) && call.allowed)
            .map(|call| call.role.clone().unwrap_or_default())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (of_stack("sqs:CreateQueue"), of_stack("sqs:DeleteQueue")),
        (vec!["service".to_owned()], vec!["service".to_owned()])
    );
}

#[test]
fn a_bucket_policy_that_excludes_the_deployer_stops_its_stack() {
    let account = account();
    let root = account.client();
    let bucket = format!("locked-{}", account.number());
    let own = |principal: &str| {
        let statement = json!({ "Effect": "Deny", "Principal": "*", "Action": ["s3:PutBucketPolicy", "s3:DeleteBucketPolicy",
            "s3:PutBucketVersioning"], "Resource": format!("arn:aws:s3:::{bucket}"),
            "Condition": { "ArnNotLike": { "aws:PrincipalArn": principal } } });
        json!({
            "Bucket": { "Type": "AWS::S3::Bucket", "Properties": { "BucketName": bucket } },
            "Policy": { "Type": "AWS::S3::BucketPolicy", "DeletionPolicy": "Retain", "Properties": { "Bucket": { "Ref": "Bucket" },
                "PolicyDocument": document(&json!([statement])) } },
        })
    };
    let everything = allow(&json!("*"));
    let deployer = account.client_of(account.user("deployer", &everything).expect("a user"));
    let other = account.client_of(account.user("other", &everything).expect("a user"));
    let named = format!("arn:aws:iam::{}:user/deployer", account.number());
    let (status, events) = deploy(&deployer, &template(&own(&named)));
    assert_eq!(status, "CREATE_COMPLETE", "{events}");
    let mut changed = own(&named);
    changed["Bucket"]["Properties"]["VersioningConfiguration"] = json!({ "Status": "Enabled" });
    let (status, events) = run(&other, "UpdateStack", &template(&changed), &[]);
    assert_eq!(status, "UPDATE_ROLLBACK_COMPLETE");
    assert!(
        events.contains("s3:PutBucketVersioning")
            && events.contains("explicit deny in a resource-based policy"),
        "{events}"
    );
    let (status, events) = run(&deployer, "UpdateStack", &template(&changed), &[]);
    assert_eq!(status, "UPDATE_COMPLETE", "{events}");
    cloudformation(&deployer, "DeleteStack", &[]);
    eventually("the bucket's end", || {
        (!root.list_buckets().expect("a list").contains(&bucket)).then_some(())
    });
}

#[test]
fn a_policy_that_was_retained_is_imported_with_its_bucket() {
    let account = account();
    let client = account.client();
    let bucket = format!("kept-{}", account.number());
    let statement = json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{bucket}/*"), "Condition": { "Bool": { "aws:SecureTransport": "false" } } });
    let policy = document(&json!([statement]));
    client.create_bucket(&bucket).expect("a bucket");
    client.put_bucket_setting(&bucket, "policy", &policy.to_string()).expect("a policy");
    let resources = |named: Value| {
        let policy = json!({ "Bucket": named, "PolicyDocument": policy });
        template(&json!({
            "Bucket": { "Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": { "BucketName": bucket } },
            "Policy": { "Type": "AWS::S3::BucketPolicy", "DeletionPolicy": "Retain", "DependsOn": "Bucket", "Properties": policy },
        }))
        .to_string()
    };
    let changes = |name: &str, body: &str| {
        let parameters = [
            ("ChangeSetName", name),
            ("ChangeSetType", "CREATE"),
            ("ImportExistingResources", "true"),
            ("TemplateBody", body),
        ];
        cloudformation(&client, "CreateChangeSet", &parameters);
        cloudformation(&client, "DescribeChangeSet", &[("ChangeSetName", name)])
    };
    let by_reference = changes("referenced", &resources(json!({ "Ref": "Bucket" })));
    assert_eq!(by_reference.matches("<Action>Import</Action>").count(), 1, "{by_reference}");
    let by_name = changes("named", &resources(json!(bucket)));
    assert_eq!(by_name.matches("<Action>Import</Action>").count(), 2, "{by_name}");
    cloudformation(&client, "ExecuteChangeSet", &[("ChangeSetName", "named")]);
    let status = eventually("the stack's end", || {
        let answer = cloudformation(&client, "DescribeStacks", &[]);
        let status = between(&answer, "<StackStatus>", "</StackStatus>");
        status.ends_with("COMPLETE").then_some(status)
    });
    assert_eq!(status, "CREATE_COMPLETE");
}

#[test]
fn a_boundary_and_a_managed_policy_of_a_stack_count() {
    let account = account();
    let client = account.client();
    let statement = |action: &Value| {
        document(&json!([{ "Effect": "Allow", "Action": action, "Resource": "*" }]))
    };
    let extra = json!({ "Fn::If": ["Extra", { "Sid": "Extra", "Effect": "Allow", "Action": "sqs:*", "Resource": "*" },
        { "Ref": "AWS::NoValue" }] });
    let mut made = template(&json!({
        "Limit": { "Type": "AWS::IAM::ManagedPolicy", "Properties": { "ManagedPolicyName": "limit",
            "PolicyDocument": statement(&json!(["s3:*", "sqs:*"])) } },
        "Role": { "Type": "AWS::IAM::Role", "Properties": { "RoleName": "limited", "PermissionsBoundary": { "Ref": "Limit" },
            "AssumeRolePolicyDocument": document(&json!([{ "Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": { "AWS": { "Ref": "AWS::AccountId" } },
                "Condition": { "ArnLike": { "aws:PrincipalArn": { "Ref": "People" } } } }])) } },
        "Policy": { "Type": "AWS::IAM::ManagedPolicy", "Properties": { "Roles": [{ "Ref": "Role" }],
            "PolicyDocument": document(&json!([{ "Effect": "Allow", "Action": ["s3:*", "sns:*"], "Resource": "*" }, extra])) } },
    }));
    made["Parameters"] = json!({ "People": { "Type": "CommaDelimitedList" }, "More": { "Type": "String", "Default": "" } });
    made["Conditions"] = json!({ "Extra": { "Fn::Equals": [{ "Ref": "More" }, "on"] } });
    let people = format!("arn:aws:iam::{0}:user/a,arn:aws:iam::{0}:user/b", account.number());
    let given = [
        ("Parameters.member.1.ParameterKey", "People"),
        ("Parameters.member.1.ParameterValue", people.as_str()),
    ];
    let (status, events) = run(&client, "CreateStack", &made, &given);
    assert_eq!(status, "CREATE_COMPLETE", "{events}");
    let role = format!("arn:aws:iam::{}:role/limited", account.number());
    let may =
        |action: &str| account.allows(&role, action, "*", &json!({})).expect("a decision").allowed;
    assert!(may("s3:GetObject") && !may("sns:Publish") && !may("sqs:SendMessage"));
    let b = account.user("b", &allow(&json!("sts:AssumeRole"))).expect("a user");
    let c = account.user("c", &allow(&json!("sts:AssumeRole"))).expect("a user");
    account.assume(&b, &role).expect("it is in the list");
    assert_eq!(account.assume(&c, &role).expect_err("it is not").code, "AccessDenied");
    let more = [
        given[0],
        given[1],
        ("Parameters.member.2.ParameterKey", "More"),
        ("Parameters.member.2.ParameterValue", "on"),
    ];
    let (status, events) = run(&client, "UpdateStack", &made, &more);
    assert_eq!(status, "UPDATE_COMPLETE", "{events}");
    assert!(may("sqs:SendMessage"));
    made["Resources"]["Role"]["Properties"]["PermissionsBoundary"] =
        json!("arn:aws:iam::111122223333:policy/none");
    let (status, events) = run(&client, "UpdateStack", &made, &more);
    assert_eq!(status, "UPDATE_ROLLBACK_COMPLETE");
    assert!(events.contains("does not exist or is not attachable"), "{events}");
}

#[test]
fn calls_of_a_functions_code_name_the_function_and_its_policy_may_deny_an_invocation() {
    let account = account();
    let root = account.client();
    let bucket = versions(&account, "work");
    root.put_object(&bucket, "code.zip", &package("")).expect("an object");
    let mut resources = function(&bucket, "");
    resources["Function"]["Properties"]["Code"] =
        json!({ "S3Bucket": bucket, "S3Key": "code.zip" });
    let only = json!({ "ArnEquals": { "lambda:SourceFunctionArn": { "Fn::GetAtt": ["Function", "Arn"] } } });
    resources["Policy"] = json!({ "Type": "AWS::IAM::ManagedPolicy", "Properties": { "Roles": [{ "Ref": "Role" }],
        "PolicyDocument": document(&json!([
            { "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*", "Condition": only },
            { "Effect": "Allow", "Action": "logs:*", "Resource": "*" },
        ])) } });
    resources["Invocations"] = json!({ "Type": "AWS::Lambda::ResourcePolicy", "Properties": {
        "ResourceArn": { "Fn::GetAtt": ["Function", "Arn"] },
        "PolicyDocument": document(&json!([{ "Effect": "Deny", "Principal": "*", "Action": "lambda:InvokeFunction",
            "Resource": { "Fn::GetAtt": ["Function", "Arn"] },
            "Condition": { "StringEquals": { "aws:username": "intruder" } } }])) } });
    let (status, events) = deploy(&root, &template(&resources));
    assert_eq!(status, "CREATE_COMPLETE", "{events}");
    let invoke = |client: &Client| {
        let body = json!({ "body": format!("put {bucket}") }).to_string();
        client.call("lambda", "POST", "/2015-03-31/functions/worker/invocations", body)
    };
    let invoker = account.client_of(
        account.user("invoker", &allow(&json!("lambda:InvokeFunction"))).expect("a user"),
    );
    let intruder =
        account.client_of(account.user("intruder", &allow(&json!("lambda:*"))).expect("a user"));
    let idle = account.client_of(account.user("idle", &allow(&json!("s3:*"))).expect("a user"));
    let refused = invoke(&intruder).expect_err("the function's policy denies it");
    assert_eq!(
        (refused.status, refused.code.as_str()),
        (403, "AccessDeniedException"),
        "{refused}"
    );
    assert!(refused.to_string().contains("explicit deny in a resource-based policy"), "{refused}");
    assert_eq!(invoke(&idle).expect_err("it may not").code, "AccessDeniedException");
    invoke(&invoker).expect("it may");
    let run = eventually("a run", || account.runs().expect("the runs").into_iter().next());
    assert!(run.log.contains("put 200"), "{run:?}");
    // The same role elsewhere, for example in another function, is not the function.
    let role = root.function_configuration("worker").expect("a function")["Role"].take();
    let object = format!("arn:aws:s3:::{bucket}/a");
    let role = role.as_str().expect("an ARN");
    let elsewhere = |context: &Value| {
        account.allows(role, "s3:PutObject", &object, context).expect("a decision")
    };
    assert!(!elsewhere(&json!({})).allowed);
    let other = format!("arn:aws:lambda:eu-west-1:{}:function:other", account.number());
    assert!(!elsewhere(&json!({ "lambda:SourceFunctionArn": other })).allowed);
}
