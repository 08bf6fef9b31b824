//! Adversaries in the account: principals with ordinary permissions, who attack what the guard depends on.
//!
//! Each attack runs twice: it fails, and without the lock that it is about it succeeds. A story has an account for itself, which
//! a later one has again.

use std::ops::Deref;
use std::sync::{Mutex, PoisonError};
use std::thread;

use s3guard_emulator::{Account, CallError, Client, Credentials, Fault, Mail};
use serde_json::{Value, json};

use super::guarded::{Guarded, new_account};

mod bus;
mod code;
mod flooded;
mod invoke;
mod ledger;
mod locks;
mod planted;
mod queues;
mod roles;
mod taken;
mod tampering;

/// A guarded account with principals that are not trusted.
struct Attacked {
    guarded: Guarded,
    /// Administers buckets: `s3:*`.
    developer: Client,
    /// Writes data: `s3:PutObject`.
    loader: Client,
    /// Uses queues and calls functions: `sqs:*` and `lambda:InvokeFunction`.
    messenger: Client,
    /// Creates roles and functions.
    builder: Credentials,
    /// Administers everything but IAM: `s3:*`, `sqs:*`, `sns:*`, `kms:*`, `lambda:*`.
    engineer: Client,
}

/// What has a policy.
#[derive(Clone, Copy)]
enum Locked<'a> {
    /// A bucket, by its name.
    Bucket(&'a str),
    /// A queue, by the output with its URL.
    Queue(&'a str),
    /// The stack's key.
    Key,
}

/// Puts a policy back, also after a failure: the other stories need it.
struct Restore<'a> {
    attacked: &'a Attacked,
    locked: Locked<'a>,
    before: Value,
}

impl Drop for Restore<'_> {
    fn drop(&mut self) {
        self.attacked.put_policy(self.locked, &self.before);
    }
}

/// The queues of the stack, by the outputs with their URLs.
const QUEUES: [&str; 5] =
    ["GuardQueueUrl", "ObjectQueueUrl", "GuardDlqUrl", "ObjectDlqUrl", "NotificationDlqUrl"];

/// The guard's writes to the stack's own buckets.
const WRITES: [&str; 6] = [
    "s3:PutBucketPolicy",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
];

/// Accounts that no story has at the moment.
static FREE: Mutex<Vec<Attacked>> = Mutex::new(Vec::new());

/// The account of a story, as long as it goes on.
struct Story(Option<Attacked>);

impl Deref for Story {
    type Target = Attacked;

    fn deref(&self) -> &Attacked {
        self.0.as_ref().expect("it has an account until its end")
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        // Of a story that failed, something may be left.
        if !thread::panicking() {
            FREE.lock().unwrap_or_else(PoisonError::into_inner).extend(self.0.take());
        }
    }
}

/// The account of a story, with empty queues.
fn attacked() -> Story {
    let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let attacked = Story(Some(free.unwrap_or_else(Attacked::new)));
    attacked.settle();
    for queue in QUEUES {
        let purged = json!({ "QueueUrl": attacked.guarded.output(queue) });
        attacked.guarded.account.unchecked().json("sqs", "PurgeQueue", &purged).unwrap();
    }
    attacked
}

fn document(statements: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn allow(actions: &Value) -> Value {
    document(&json!([{ "Effect": "Allow", "Action": actions, "Resource": "*" }]))
}

/// A trust policy for this principal.
fn trust(principal: &Value) -> Value {
    document(&json!([{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal }]))
}

/// AWS refused the call because the caller may not make it.
#[track_caller]
fn denied<T>(answer: Result<T, CallError>) {
    let Err(error) = answer else { panic!("it is allowed") };
    let codes = ["AccessDenied", "AccessDeniedException", "AuthorizationError"];
    assert!(codes.contains(&error.code.as_str()), "{error}");
}

#[track_caller]
fn all_denied<T>(answers: impl IntoIterator<Item = Result<T, CallError>>) {
    for answer in answers {
        denied(answer);
    }
}

#[track_caller]
fn all_accepted<T>(answers: impl IntoIterator<Item = Result<T, CallError>>) {
    for answer in answers {
        answer.unwrap();
    }
}

/// The ARN of a principal of the account.
fn arn_of(account: &Account, principal: &str) -> String {
    format!("arn:aws:iam::{}:{principal}", account.number())
}

/// A guard with a deployer that is not the root user.
fn deployed() -> Guarded {
    let account = new_account();
    let deployer = arn_of(&account, "role/ci/deployer");
    let everyone = trust(&json!({ "AWS": account.number() }));
    account.role("deployer", "/ci/", &everyone, &allow(&json!("*"))).unwrap();
    Guarded::of(account, &["--deployer", &deployer])
}

impl Attacked {
    fn new() -> Self {
        let guarded = deployed();
        let account = &guarded.account;
        let user = |name: &str, actions: Value| account.user(name, &allow(&actions)).unwrap();
        let client = |name: &str, actions: Value| account.client_of(user(name, actions));
        let builds = json!([
            "iam:AttachRolePolicy",
            "iam:CreateRole",
            "iam:PassRole",
            "iam:PutRolePolicy",
            "lambda:CreateFunction",
            "lambda:InvokeFunction",
            "sts:AssumeRole",
        ]);
        Self {
            developer: client("developer", json!("s3:*")),
            loader: client("loader", json!("s3:PutObject")),
            messenger: client("messenger", json!(["sqs:*", "lambda:InvokeFunction"])),
            builder: user("builder", builds),
            engineer: client("engineer", json!(["s3:*", "sqs:*", "sns:*", "kms:*", "lambda:*"])),
            guarded,
        }
    }

    fn root(&self) -> Client {
        self.guarded.account.client()
    }

    fn ledger(&self) -> &str {
        self.guarded.output("LedgerBucketName")
    }

    /// A new bucket of the developer, which the guard has reconciled.
    fn new_bucket(&self, name: &str) -> String {
        let bucket = self.guarded.bucket(name);
        self.guarded.forget();
        self.developer.create_bucket(&bucket).unwrap();
        self.guarded.wait_for_runs("GuardFunctionName", 1);
        self.guarded.rest();
        self.guarded.forget();
        bucket
    }

    /// The emails about a bucket since the last [`Guarded::forget`]. Alarms of earlier stories may come at any time.
    fn mails_about(&self, bucket: &str) -> Vec<Mail> {
        let mut mails = self.guarded.mails();
        mails.retain(|mail| mail.subject.contains(bucket));
        mails
    }

    /// Waits until both queues are empty; what fails is retried at once.
    fn settle(&self) {
        self.guarded.wait("empty queues", || {
            self.guarded.account.end_visibility_timeouts().unwrap();
            self.guarded.account.end_delays().unwrap();
            self.guarded.account.end_windows().unwrap();
            ["GuardQueueUrl", "ObjectQueueUrl"].iter().all(|queue| self.guarded.waiting(queue) == 0)
        });
    }

    /// The result of an attack without these statements of a policy, which is put back afterwards. The root user can do this,
    /// and the guard does not put anything back meanwhile.
    fn without<T>(&self, locked: Locked<'_>, sids: &[&str], attack: impl FnOnce() -> T) -> T {
        let before = self.policy(locked);
        let mut open = before.clone();
        let statements = open["Statement"].as_array_mut().unwrap();
        let count = statements.len();
        statements.retain(|statement| !sids.contains(&statement["Sid"].as_str().unwrap_or("")));
        assert_eq!(statements.len() + sids.len(), count, "{sids:?} are not all in {before:#}");
        let faults = WRITES.map(|action| {
            let fault = Fault { times: 1_000, ..Fault::fail(action, "AccessDenied") };
            let fault = Fault { role: "*Guard*".to_owned(), ..fault };
            self.guarded.account.add_fault(&fault).unwrap()
        });
        let restore = Restore { attacked: self, locked, before };
        self.put_policy(locked, &open);
        let result = attack();
        drop(restore);
        self.settle();
        for fault in faults {
            self.guarded.account.release_fault(fault.number).unwrap();
        }
        result
    }

    fn policy(&self, locked: Locked<'_>) -> Value {
        let root = self.root();
        let text = match locked {
            Locked::Bucket(name) => root.bucket_setting(name, "policy").unwrap(),
            Locked::Queue(output) => {
                let asked = json!({ "QueueUrl": self.guarded.output(output), "AttributeNames": ["Policy"] });
                let found = root.json("sqs", "GetQueueAttributes", &asked).unwrap();
                found["Attributes"]["Policy"].as_str().unwrap().to_owned()
            }
            Locked::Key => {
                let asked =
                    json!({ "KeyId": self.guarded.output("KeyArn"), "PolicyName": "default" });
                let found = root.json("kms", "GetKeyPolicy", &asked).unwrap();
                found["Policy"].as_str().unwrap().to_owned()
            }
        };
        serde_json::from_str(&text).unwrap()
    }

    fn put_policy(&self, locked: Locked<'_>, policy: &Value) {
        let (root, text) = (self.root(), policy.to_string());
        match locked {
            Locked::Bucket(name) => root.put_bucket_setting(name, "policy", &text).unwrap(),
            Locked::Queue(output) => {
                let url = self.guarded.output(output);
                let attributes = json!({ "QueueUrl": url, "Attributes": { "Policy": text } });
                root.json("sqs", "SetQueueAttributes", &attributes).unwrap();
            }
            Locked::Key => {
                let key = self.guarded.output("KeyArn");
                let put = json!({ "KeyId": key, "PolicyName": "default", "Policy": text });
                root.json("kms", "PutKeyPolicy", &put).unwrap();
            }
        }
    }
}
