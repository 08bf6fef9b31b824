//! Policies are evaluated as IAM documents it: conditions, elements, and all policies of a request together.

use s3guard_emulator::{Account, Decision};
use serde_json::{Value, json};

#[path = "setup/new.rs"]
mod new;

use new::account;

const OBJECT: &str = "arn:aws:s3:::data/team/report.txt";

fn document(statements: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// A user whose only policy is replaced for each case.
struct Asker {
    account: Account,
    arn: String,
}

impl Asker {
    fn new() -> Self {
        let account = account();
        account.user("asker", &document(&json!([]))).ok();
        let arn = format!("arn:aws:iam::{}:user/asker", account.number());
        Self { account, arn }
    }

    fn may(&self, statements: &Value, context: &Value) -> Decision {
        let document = document(statements).to_string();
        let parameters = [
            ("Action", "PutUserPolicy"),
            ("UserName", "asker"),
            ("PolicyName", "given"),
            ("PolicyDocument", &document),
        ];
        self.account.client().query("iam", "2010-05-08", &parameters).expect("a policy");
        self.account.allows(&self.arn, "s3:GetObject", OBJECT, context).expect("a decision")
    }
}

fn allow_all() -> Value {
    json!({ "Effect": "Allow", "Action": "*", "Resource": "*" })
}

#[test]
fn conditions() {
    let asker = Asker::new();
    // The operator, the values of the policy, the value of the request, and whether the condition is met.
    let number = asker.account.number().to_owned();
    let cases = include_str!("fixtures/conditions.json").replace("NUMBER", &number);
    let cases: Vec<(String, Value, Value, bool)> = serde_json::from_str(&cases).expect("JSON");
    for (operator, values, actual, expected) in cases {
        let case = format!("{operator} {values} {actual}");
        let mut statement = allow_all();
        statement["Condition"] = json!({ operator: { "test:Key": values } });
        // Only the deny of an otherwise allowed call shows that a condition is met, and not that it is ignored.
        let mut deny = statement.clone();
        deny["Effect"] = json!("Deny");
        let context = json!({ "test:key": actual });
        assert_eq!(asker.may(&json!([statement]), &context).allowed, expected, "{case}");
        let denied = asker.may(&json!([allow_all(), deny]), &context);
        assert_eq!(denied.allowed, !expected, "deny: {case}");
    }
}

#[test]
fn all_operators_and_keys_have_to_be_met() {
    let asker = Asker::new();
    let mut statement = allow_all();
    statement["Condition"] = json!({
        "StringEquals": { "test:One": "1", "test:Two": "2" },
        "Bool": { "aws:SecureTransport": "true" },
    });
    let both = json!({ "test:one": "1", "TEST:TWO": "2" });
    assert!(asker.may(&json!([statement]), &both).allowed);
    assert!(!asker.may(&json!([statement]), &json!({ "test:one": "1" })).allowed);
    let plain = json!({ "test:one": "1", "test:two": "2", "aws:SecureTransport": "false" });
    assert!(!asker.may(&json!([statement]), &plain).allowed);
}

#[test]
fn elements_of_a_statement() {
    let asker = Asker::new();
    let allow = |changes: Value| {
        let mut statement = json!({ "Effect": "Allow" });
        for (name, value) in changes.as_object().expect("an object") {
            statement[name] = value.clone();
        }
        statement
    };
    for (statement, expected) in [
        (allow(json!({ "Action": "S3:get*", "Resource": "*" })), true),
        (allow(json!({ "Action": "s3:Ge?Object", "Resource": OBJECT })), true),
        (allow(json!({ "Action": "s3:Put*", "Resource": "*" })), false),
        (allow(json!({ "NotAction": "s3:Put*", "Resource": "*" })), true),
        (allow(json!({ "NotAction": ["iam:*", "s3:Get*"], "Resource": "*" })), false),
        (allow(json!({ "Action": "*", "Resource": "arn:aws:s3:::data/team/*" })), true),
        (allow(json!({ "Action": "*", "Resource": "arn:aws:s3:::DATA/*" })), false),
        (allow(json!({ "Action": "*", "NotResource": "arn:aws:s3:::data/*" })), false),
        (allow(json!({ "Action": "*", "NotResource": "arn:aws:s3:::other/*" })), true),
        (allow(json!({ "Action": "*", "Resource": "arn:aws:s3:::data/${test:Team}/*" })), true),
        (allow(json!({ "Action": "*", "Resource": "arn:aws:s3:::data/${test:None}/*" })), false),
    ] {
        let decision = asker.may(&json!([statement]), &json!({ "test:team": "team" }));
        assert_eq!(decision.allowed, expected, "{statement}");
    }
    let deny = json!({ "Effect": "Deny", "Action": "s3:GetObject", "Resource": OBJECT });
    let denied = asker.may(&json!([allow_all(), deny]), &json!({}));
    assert_eq!(denied.reason, "with an explicit deny in an identity-based policy");
    let silent = asker.may(
        &json!([{ "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*" }]),
        &json!({}),
    );
    assert_eq!(silent.reason, "because no identity-based policy allows the s3:GetObject action");
}

/// A bucket, a role with no permission, and the decision about it with a bucket policy of this statement.
struct Resource {
    account: Account,
    bucket: String,
    role: String,
}

impl Resource {
    fn new(policy: &Value) -> Self {
        let account = account();
        let bucket = format!("policies-{}", account.number());
        account.client().create_bucket(&bucket).expect("a bucket");
        let trust = document(&json!([{ "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": { "AWS": account.number() } }]));
        let role = account.role("worker", "/team/", &trust, policy).expect("a role");
        Self { account, bucket, role }
    }

    fn put(&self, mut statement: Value) {
        statement["Action"] = json!("s3:GetObject");
        statement["Resource"] = json!(format!("arn:aws:s3:::{}/*", self.bucket));
        let policy = document(&json!([statement])).to_string();
        self.account
            .client()
            .put_bucket_setting(&self.bucket, "policy", &policy)
            .expect("a policy");
    }

    fn may(&self, principal: &str) -> Decision {
        let object = format!("arn:aws:s3:::{}/a", self.bucket);
        self.account.allows(principal, "s3:GetObject", &object, &json!({})).expect("a decision")
    }
}

#[test]
fn a_bucket_policy_grants_to_a_role_and_not_to_its_account() {
    let nothing =
        document(&json!([{ "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*" }]));
    let given = Resource::new(&nothing);
    let number = given.account.number();
    let session = format!("arn:aws:sts::{number}:assumed-role/worker/one");
    for (principal, expected) in [
        (json!({ "AWS": given.role }), true),
        (json!({ "AWS": session }), true),
        (json!({ "AWS": number }), false),
        (json!({ "AWS": format!("arn:aws:iam::{number}:root") }), false),
        (json!({ "Service": "events.amazonaws.com" }), false),
    ] {
        given.put(json!({ "Effect": "Allow", "Principal": principal }));
        assert_eq!(given.may(&session).allowed, expected, "{principal}");
    }
    given.put(json!({ "Effect": "Allow", "Principal": { "Service": "events.amazonaws.com" } }));
    assert!(given.may("events.amazonaws.com").allowed);
    let other = given.may("sns.amazonaws.com");
    assert_eq!(other.reason, "because no resource-based policy allows the s3:GetObject action");
    assert!(
        given.may(&format!("arn:aws:iam::{number}:root")).allowed,
        "the root user needs no grant"
    );
}

#[test]
fn a_deny_of_a_bucket_policy_counts_for_everyone_it_names() {
    let given = Resource::new(&document(&json!([allow_all()])));
    let number = given.account.number();
    let root = format!("arn:aws:iam::{number}:root");
    let session = format!("arn:aws:sts::{number}:assumed-role/worker/one");
    let not = |arn: &str| json!({ "ArnNotEquals": { "aws:PrincipalArn": arn } });
    for (deny, of_role, of_root) in [
        (json!({ "Principal": "*", "Condition": not(&given.role) }), true, false),
        (json!({ "Principal": "*", "Condition": not(&root) }), false, true),
        (json!({ "Principal": { "AWS": given.role } }), false, true),
        (json!({ "Principal": { "AWS": number } }), false, false),
        (json!({ "NotPrincipal": { "AWS": [root, given.role, session] } }), true, true),
        (json!({ "NotPrincipal": { "AWS": [given.role, session] } }), false, false),
        (json!({ "NotPrincipal": { "AWS": root } }), false, true),
        (
            json!({ "Principal": "*", "Condition": { "Bool": { "aws:PrincipalIsAWSService": "true" } } }),
            true,
            true,
        ),
    ] {
        let mut statement = deny.clone();
        statement["Effect"] = json!("Deny");
        given.put(statement);
        let decision = given.may(&session);
        assert_eq!(decision.allowed, of_role, "{deny}");
        if !of_role {
            assert_eq!(decision.reason, "with an explicit deny in a resource-based policy");
        }
        assert_eq!(given.may(&root).allowed, of_root, "root: {deny}");
    }
}

#[test]
fn a_permissions_boundary_limits_the_role_and_not_a_grant_to_its_session() {
    let given = Resource::new(&document(&json!([allow_all()])));
    let number = given.account.number();
    let session = format!("arn:aws:sts::{number}:assumed-role/worker/one");
    let iam = |action: &str, more: &[(&str, &str)]| {
        let parameters = [&[("Action", action)], more].concat();
        given.account.client().query("iam", "2010-05-08", &parameters).expect("an answer")
    };
    let boundary = document(&json!([{ "Effect": "Allow", "Action": "sqs:*", "Resource": "*" }]));
    let boundary = boundary.to_string();
    iam("CreatePolicy", &[("PolicyName", "limit"), ("PolicyDocument", &boundary)]);
    let arn = format!("arn:aws:iam::{number}:policy/limit");
    iam("PutRolePermissionsBoundary", &[("RoleName", "worker"), ("PermissionsBoundary", &arn)]);
    let limited = given.may(&session);
    assert_eq!(limited.reason, "because no permissions boundary allows the s3:GetObject action");
    given.put(json!({ "Effect": "Allow", "Principal": { "AWS": given.role } }));
    assert!(!given.may(&session).allowed, "the boundary limits what is granted to the role");
    given.put(json!({ "Effect": "Allow", "Principal": { "AWS": session } }));
    assert!(given.may(&session).allowed, "nothing limits what is granted to the session");
}

#[test]
fn a_key_policy_must_allow_the_caller_or_delegate_to_the_account() {
    let account = account();
    let number = account.number();
    let trust = document(
        &json!([{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": number } }]),
    );
    let able = account.role("able", "/", &trust, &document(&json!([allow_all()]))).expect("a role");
    let nothing = document(&json!([{ "Effect": "Allow", "Action": "s3:*", "Resource": "*" }]));
    let unable = account.role("unable", "/", &trust, &nothing).expect("a role");
    let root = format!("arn:aws:iam::{number}:root");
    let client = account.client();
    let key = client.create_key().expect("a key");
    let put = |principal: &Value| {
        let policy = document(
            &json!([{ "Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*" }]),
        );
        let policy = json!({ "KeyId": key, "PolicyName": "default", "Policy": policy.to_string() });
        client.json("kms", "PutKeyPolicy", &policy).expect("a policy");
    };
    let may = |who: &str| account.allows(who, "kms:Decrypt", &key, &json!({})).expect("a decision");
    assert!(may(&able).allowed, "a new key's policy delegates to the account");
    assert!(!may(&unable).allowed);
    put(&json!({ "AWS": [root, unable] }));
    assert!(may(&unable).allowed && may(&able).allowed);
    put(&json!({ "AWS": unable }));
    assert_eq!(may(&able).reason, "because no resource-based policy allows the kms:Decrypt action");
    assert!(!may(&root).allowed, "not even the root user");
}
