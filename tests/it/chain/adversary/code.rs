//! What is deployed has the deployer's rights, and the guard's: who replaces it in its bucket has them.

use std::thread;

use s3guard_emulator::{Account, Client, Fault, until};
use serde_json::{Value, json};

use super::{Locked, all_accepted, all_denied, attacked, roles::foreign_package};
use crate::chain::guarded::{OWNER, configuration_file, deploy, new_account, package, s3guard};

fn code_bucket(account: &Account) -> String {
    format!("s3guard-code-{}-{}-an", account.number(), account.region())
}

/// The key of the one object with this ending.
fn key_of(client: &Client, bucket: &str, ending: &str) -> String {
    let keys = client.list_objects(bucket).unwrap();
    keys.into_iter().find(|key| key.ends_with(ending)).unwrap()
}

#[test]
fn no_one_replaces_what_is_deployed() {
    let attacked = &*attacked();
    let bucket = &code_bucket(&attacked.guarded.account);
    let root = attacked.root();
    let keys = [".zip", ".json"].map(|ending| key_of(&root, bucket, ending));
    let versioning =
        "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>";
    let lifecycle = "<LifecycleConfiguration><Rule><ID>a</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>";
    let puts = |client: &Client| keys.each_ref().map(|key| client.put_object(bucket, key, b"{}"));
    for client in [&attacked.developer, &attacked.loader, &attacked.engineer] {
        all_denied(puts(client));
    }
    let developer = &attacked.developer;
    let changes = || {
        [
            developer.delete_object(bucket, &keys[0]),
            developer.put_bucket_setting(bucket, "versioning", versioning),
            developer.put_bucket_setting(bucket, "lifecycle", lifecycle),
            developer.delete_bucket_setting(bucket, "policy"),
        ]
    };
    all_denied(changes());
    attacked.without(Locked::Bucket(bucket), &["S3GuardDeployersOnly"], || {
        all_accepted(puts(&attacked.loader));
        all_accepted(changes());
    });
    root.put_bucket_setting(bucket, "versioning", &versioning.replace("Suspended", "Enabled"))
        .unwrap();
    root.delete_bucket_setting(bucket, "lifecycle").unwrap();
}

fn cloudformation(client: &Client, action: &str, parameters: &[(&str, &str)]) -> String {
    let all = [&[("Action", action)], parameters].concat();
    client.query("cloudformation", "2010-05-15", &all).unwrap()
}

fn texts<'a>(xml: &'a str, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    let open = format!("<{name}>");
    let parts: Vec<&str> = xml.split(&open).skip(1).collect();
    parts.into_iter().map(|part| part.split('<').next().unwrap())
}

fn wait_for_stack(client: &Client, stack: &str) -> String {
    let ended = until("the stack's end", || {
        let answer = cloudformation(client, "DescribeStacks", &[("StackName", stack)]);
        let status = texts(&answer, "StackStatus").next().unwrap().to_owned();
        Ok((!status.ends_with("IN_PROGRESS")).then_some(status))
    });
    ended.unwrap()
}

fn has_queue(client: &Client, name: &str) -> bool {
    client.json("sqs", "GetQueueUrl", &json!({ "QueueName": name })).is_ok()
}

/// The lock on the bucket is broken here: the root user replaces what was uploaded before it is used.
#[test]
fn what_was_uploaded_is_deployed_even_if_it_is_replaced_meanwhile() {
    let account = new_account();
    let root = account.client();
    let bucket = &code_bucket(&account);
    let properties = json!({ "QueueName": "planted" });
    let planted = json!({ "Resources": { "Queue": { "Type": "AWS::SQS::Queue", "Properties": properties } } }).to_string();

    // The template, between its upload and the change set.
    let hold = account.add_fault(&Fault::hold("cloudformation:CreateChangeSet")).unwrap();
    let file = configuration_file(&account, "");
    let config = ["--config", file.to_str().unwrap()];
    let arguments = ["--email", OWNER, "--settle-seconds", "0", "--no-execute"];
    let arguments = [&config[..], &arguments].concat();
    let reviewed = thread::scope(|scope| {
        let deployment = scope.spawn(|| deploy(&account, &arguments));
        account.wait_until_held(hold.number).unwrap();
        root.put_object(bucket, &key_of(&root, bucket, ".json"), planted.as_bytes()).unwrap();
        account.release_fault(hold.number).unwrap();
        deployment.join().unwrap()
    });
    assert!(reviewed.status.success(), "{}", String::from_utf8_lossy(&reviewed.stderr));
    let reviewed: Value = crate::json::read("deploy-no-execute", &reviewed.stdout);
    let change_set = reviewed["regions"][0]["changeSet"].as_str().unwrap();

    // The code, between the review and its execution.
    root.put_object(bucket, &key_of(&root, bucket, ".zip"), &foreign_package()).unwrap();
    let arguments = [
        "deploy",
        "--stack",
        "guard",
        "--package",
        package().to_str().unwrap(),
        "--output",
        "json",
    ];
    let arguments = [&arguments[..], &["--change-set", change_set, "--yes"]].concat();
    let deployed = s3guard(&account.env(), &arguments);
    assert!(deployed.status.success(), "{}", String::from_utf8_lossy(&deployed.stderr));
    let deployed = crate::json::read("deploy", &deployed.stdout);
    let function = deployed["regions"][0]["outputs"]["GuardFunctionName"].as_str().unwrap();
    let code = || root.function_configuration(function).unwrap()["CodeSha256"].clone();
    let ours = code();
    let other = attacked();
    let other = &other.guarded;
    let expected = other.account.client().function_configuration(other.output("GuardFunctionName"));
    assert_eq!(ours, expected.unwrap()["CodeSha256"]);
    assert!(!has_queue(&root, "planted"));

    // Without their versions, what was planted is deployed.
    let described = cloudformation(&root, "DescribeStacks", &[("StackName", "guard")]);
    let names: Vec<(String, String, &str)> = texts(&described, "ParameterKey")
        .enumerate()
        .map(|(at, name)| {
            let member = |field: &str| format!("Parameters.member.{}.{field}", at + 1);
            let (field, value) = if name == "CodeVersion" {
                ("ParameterValue", "")
            } else {
                ("UsePreviousValue", "true")
            };
            (member("ParameterKey"), member(field), value)
        })
        .collect();
    let keys: Vec<&str> = texts(&described, "ParameterKey").collect();
    let mut update = vec![
        ("StackName", "guard"),
        ("UsePreviousTemplate", "true"),
        ("Capabilities.member.1", "CAPABILITY_NAMED_IAM"),
    ];
    for ((key, field, value), name) in names.iter().zip(keys) {
        update.extend([(key.as_str(), name), (field.as_str(), *value)]);
    }
    cloudformation(&root, "UpdateStack", &update);
    assert_eq!(wait_for_stack(&root, "guard"), "UPDATE_COMPLETE");
    assert_ne!(code(), ours);
    let url = format!(
        "https://s3.{}.amazonaws.com/{bucket}/{}",
        account.region(),
        key_of(&root, bucket, ".json")
    );
    cloudformation(&root, "CreateStack", &[("StackName", "unpinned"), ("TemplateURL", &url)]);
    assert_eq!(wait_for_stack(&root, "unpinned"), "CREATE_COMPLETE");
    assert!(has_queue(&root, "planted"));
    account.end().unwrap();
}
