//! The permissions of the roles against the calls of the code: none is missing, none is unused.

use std::collections::BTreeSet;

use s3guard_emulator::Client;
use s3guard_posture::Config;
use serde_json::json;

use super::coverage::rest_hurried;
use super::guarded::{Guarded, is_private, new_account};

/// Actions for settings that are read only after a call has changed them; the last one is enforced.
const REPORTED: [(&str, &str, &str); 4] = [
    (
        "lifecycle",
        "LifecycleConfiguration",
        "<Rule><ID>a</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status><Expiration><Days>9</Days></Expiration></Rule>",
    ),
    (
        "replication",
        "ReplicationConfiguration",
        "<Role>arn:aws:iam::111122223333:role/copy</Role><Rule><ID>a</ID><Priority>1</Priority><Status>Enabled</Status><Filter><Prefix></Prefix></Filter><DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication><Destination><Bucket>arn:aws:s3:::elsewhere</Bucket></Destination></Rule>",
    ),
    ("object-lock", "ObjectLockConfiguration", "<ObjectLockEnabled>Enabled</ObjectLockEnabled>"),
    (
        "ownershipControls",
        "OwnershipControls",
        "<Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule>",
    ),
];

/// What AWS does with the role, and the code does not call.
const OF_THE_PLATFORM: [&str; 7] = [
    // Lambda polls the queue.
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    // Lambda writes the log.
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    // SNS encrypts what is published, and Lambda decrypts the environment.
    "kms:GenerateDataKey",
    "kms:Decrypt",
];

/// With these, the code makes each call. The stack is described only before its bucket gets a first policy.
const ASPECTS: &str = "[aspects]\naccount-public-access = \"enforce\"\ntls = \"enforce\"\n";

/// The actions that the policies of a role of the template grant.
fn granted(role: &str) -> BTreeSet<String> {
    let aspects = json!({ "account-public-access": "enforce", "tls": "enforce" });
    let config = Config::read(&json!({ "aspects": aspects })).unwrap();
    let template = s3guard_synth::stacks::guard_with(&config).render().unwrap();
    let policies = template["Resources"].as_object().unwrap().values();
    let policies = policies
        .map(|resource| &resource["Properties"])
        .filter(|policy| policy["Roles"] == json!([{ "Ref": role }]));
    let statements = policies
        .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap().iter());
    // One action or a list of them: policies have both.
    let actions = statements.flat_map(|statement| {
        let statement = statement.get("Fn::If").map_or(statement, |choices| &choices[1]);
        let action = &statement["Action"];
        let listed = action.as_array().cloned().unwrap_or_else(|| vec![action.clone()]);
        listed.into_iter().map(|action| action.as_str().unwrap().to_owned())
    });
    actions.collect()
}

/// The actions for which the calls of a role's code were checked.
fn called(guarded: &Guarded, role: &str) -> BTreeSet<String> {
    let calls = guarded.calls(role).into_iter();
    calls.inspect(|call| assert!(call.allowed, "{call:?}")).filter_map(|call| call.action).collect()
}

/// A stack with a bucket that has no policy.
fn make_stack(root: &Client, bucket: &str) {
    let properties = json!({ "BucketName": bucket });
    let resources = json!({ "Bucket": { "Type": "AWS::S3::Bucket", "Properties": properties } });
    let body = json!({ "Resources": resources }).to_string();
    let asked = [("Action", "CreateStack"), ("StackName", "web"), ("TemplateBody", &body)];
    root.query("cloudformation", "2010-05-15", &asked).unwrap();
}

/// S3's event of a changed object ACL.
const ACL_CHANGED: &str = r#"{"id":"1","source":"aws.s3","account":"111122223333","detail-type":"Object ACL Updated","time":"2026-11-20T12:00:00Z","detail":{"bucket":{"name":"BUCKET"},"object":{"key":"plan.txt"VERSION}}}"#;

#[test]
fn no_role_has_a_service_wildcard() {
    for role in ["GuardRole", "NotifyRole"] {
        let granted = granted(role);
        assert!(granted.iter().all(|action| !action.contains('*')), "{granted:?}");
    }
}

#[test]
fn the_granted_actions_are_those_that_the_code_calls() {
    let account = new_account();
    let key = account.client().create_key().unwrap();
    // It stays public, and its website has no TLS.
    let (root, old) = (account.client(), format!("old-{}", account.number()));
    root.create_bucket(&old).unwrap();
    root.delete_public_access_block(&old).unwrap();
    // The ACLs of its objects count.
    let (subresource, element, inside) = REPORTED[3];
    let document = format!("<{element}>{inside}</{element}>");
    root.put_bucket_setting(&old, subresource, &document).unwrap();
    let everyone = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Principal": "*",
        "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{old}/*") }] });
    root.put_bucket_setting(&old, "policy", &everyone.to_string()).unwrap();
    let left = "[[rule]]\nbucket = \"old-*\"\n\
        aspects = { public-access = \"report\", ownership = \"report\" }\n";
    let configuration = format!("{ASPECTS}{left}");
    let guarded =
        Guarded::configured(account, &configuration, &["--grade", "security", "--key", &key]);
    let careless = guarded.careless();
    let reports = guarded.bucket("reports");
    // Every read and write: a new bucket lacks nearly all settings.
    careless.create_bucket(&reports).unwrap();
    guarded.rest();
    careless.delete_public_access_block(&reports).unwrap();
    careless.put_account_block(false).unwrap();
    for (subresource, root, inside) in REPORTED {
        let document = format!("<{root}>{inside}</{root}>");
        careless.put_bucket_setting(&reports, subresource, &document).unwrap();
    }
    guarded.rest();
    assert!(is_private(&careless, &reports));
    // The bucket's default encryption is now a KMS key, and a caller that puts an object must be allowed to use it.
    guarded.account.client().put_object(&reports, "plan.txt", b"plan").unwrap();
    let by_notify = || called(&guarded, "NotifyRoleArn");
    // The ACL of an object has changed, with and without a version.
    let queue = guarded.output("ObjectQueueUrl");
    let unversioned = ACL_CHANGED.replace("VERSION", "");
    let versioned = ACL_CHANGED.replace("VERSION", r#","version-id":"null""#);
    // An object is created in a bucket in which its ACL may make it public.
    let created = unversioned.replace("Object ACL Updated", "Object Created");
    for (event, bucket) in [(unversioned, &reports), (versioned, &reports), (created, &old)] {
        let event = event.replace("BUCKET", bucket);
        let event = event.replace("111122223333", guarded.account.number());
        guarded.account.unchecked().send(queue, &event).unwrap();
    }
    guarded.wait("a notification about objects", || {
        guarded.account.end_delays().unwrap();
        by_notify().contains("sns:Publish")
    });
    make_stack(&guarded.account.client(), &guarded.bucket("web"));
    let by_guard = || called(&guarded, "GuardRoleArn");
    guarded.wait("a description of the stack", || {
        guarded.account.end_delays().unwrap();
        by_guard().contains("cloudformation:DescribeStacks")
    });
    guarded.account.fire_schedules().unwrap();
    guarded.wait("the sweep", || by_guard().contains("s3:ListAllMyBuckets"));
    rest_hurried(&guarded);

    let platform: BTreeSet<String> = OF_THE_PLATFORM.map(str::to_owned).into();
    for (output, role) in [("GuardRoleArn", "GuardRole"), ("NotifyRoleArn", "NotifyRole")] {
        let granted: BTreeSet<String> = granted(role).difference(&platform).cloned().collect();
        assert_eq!(called(&guarded, output), granted, "{role}");
    }
}
