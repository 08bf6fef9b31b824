//! `s3guard verify` in an account where every link of the chain works, and in accounts where one does not.

use std::collections::BTreeSet;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use s3guard_emulator::{Account, Fault};
use serde_json::{Value, json};

use super::guarded::{Guarded, new_account};

/// The shortest window.
const SHORT: &str = "[notifications]\nwindow = \"10s\"\n";
/// So short that a broken link is reported at once.
const AT_ONCE: &[&str] = &["--timeout", "1s"];

/// Starts the command as the account's root.
fn begin(account: &Account, arguments: &[&str]) -> Child {
    begin_with(account.env(), arguments)
}

fn begin_with(environment: Vec<(String, String)>, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_s3guard"))
        .args(["verify", "--stack", "guard"])
        .args(arguments)
        .envs(environment)
        .env("S3GUARD_OUTPUT", "json")
        .env_remove("AWS_PROFILE")
        .env_remove("AWS_SESSION_TOKEN")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for the command's end; the delays of the queues are ended meanwhile.
fn end(guarded: &Guarded, mut child: Child) -> Output {
    guarded.wait("the command's end", || {
        guarded.account.end_delays().unwrap();
        child.try_wait().unwrap().is_some()
    });
    child.wait_with_output().unwrap()
}

/// Runs the command. Returns its exit code, its report and its stderr.
fn verify(guarded: &Guarded, arguments: &[&str]) -> (Option<i32>, Value, String) {
    let arguments = [&["--yes"], arguments].concat();
    let output = end(guarded, begin(&guarded.account, &arguments));
    let words = String::from_utf8(output.stderr).unwrap();
    let name = if arguments.contains(&"--clean-up") { "verify-clean-up" } else { "verify" };
    let report = crate::json::read(name, &output.stdout);
    (output.status.code(), report, words)
}

fn canaries(account: &Account) -> Vec<String> {
    let buckets = account.client().list_buckets().unwrap();
    buckets.into_iter().filter(|name| name.starts_with("s3guard-canary-")).collect()
}

/// A call of a service with the JSON protocol.
fn call(account: &Account, service: &str, operation: &str, input: &Value) -> Value {
    account.client().json(service, operation, input).unwrap()
}

/// Disables the stack's rule with this in its name.
fn disable_rule(account: &Account, part: &str) {
    let rules = call(account, "events", "ListRules", &json!({}));
    let names = rules["Rules"].as_array().unwrap().iter();
    let name = names.filter_map(|rule| rule["Name"].as_str()).find(|name| name.contains(part));
    let name = name.unwrap_or_else(|| panic!("no {part} in {rules}"));
    call(account, "events", "DisableRule", &json!({ "Name": name }));
}

/// Disables the event source mapping of a function.
fn disable_source(guarded: &Guarded, function: &str) {
    let client = guarded.account.client();
    let path = "/2015-03-31/event-source-mappings/";
    let query = format!("{path}?FunctionName={}", guarded.output(function));
    let mappings: Value =
        serde_json::from_str(&client.call("lambda", "GET", &query, "").unwrap()).unwrap();
    let id = mappings["EventSourceMappings"][0]["UUID"].as_str().unwrap();
    client.call("lambda", "PUT", &format!("{path}{id}"), r#"{"Enabled":false}"#).unwrap();
}

/// Empties a queue that nothing sends to and whose function is disabled: what a run that is still going on would send, or has
/// received, goes with the run.
fn purge(guarded: &Guarded, queue: &str, function: &str) {
    let (client, url) = (guarded.account.client(), guarded.output(queue));
    guarded.wait("an empty queue", || {
        guarded.account.kill_function(guarded.output(function)).unwrap();
        let left = client.depth(url).unwrap().total();
        let url = json!({ "QueueUrl": url });
        guarded.account.unchecked().json("sqs", "PurgeQueue", &url).unwrap();
        left == 0
    });
}

/// The state of each step. Their order is not guaranteed.
fn states(report: &Value) -> BTreeSet<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let steps = report["steps"].as_array().unwrap().iter();
    steps.map(|step| format!("{}: {}", text(&step["step"]), text(&step["status"]))).collect()
}

#[test]
fn a_working_guard_is_verified_and_nothing_is_left_behind() {
    let guarded = Guarded::configured(new_account(), SHORT, &[]);
    let (exit, report, words) = verify(&guarded, &["--notifications"]);
    assert_eq!(exit, Some(0), "{words}\n{report:#}");
    let expected = [
        "protect: the new bucket: ok",
        "remediate: public access block: ok",
        "remediate: the block on SSE-C: ok",
        "remediate: TLS only: ok",
        "record: object put: ok",
        "record: object overwritten: ok",
        "record: object deleted: ok",
        "publish: the digest of the window: ok",
        "notify: about the bucket: ok",
        "notify: about its objects: ok",
        "remediate: default encryption: skipped",
        "remediate: object ownership: skipped",
        "remediate: versioning: skipped",
        "remediate: server access logs: skipped",
    ];
    assert_eq!(states(&report), expected.map(str::to_owned).into(), "{words}");
    let facts = report["facts"].as_array().unwrap().iter();
    let facts: Vec<&str> = facts.filter_map(Value::as_str).collect();
    for fact in [
        "the ledger was written, encrypted with the stack's key",
        "SNS delivers notifications with the attributes that filters match",
    ] {
        assert!(facts.contains(&fact), "{facts:#?}");
    }
    // The guard may have found a weakening when it handled another call.
    let names = facts.iter().filter(|fact| fact.starts_with("CloudTrail names"));
    let known = [
        "the change of public access block: DeleteBucketPublicAccessBlock",
        "the change of the block on SSE-C: PutBucketEncryption",
        "the change of TLS only: DeleteBucketPolicy",
    ];
    assert!(
        names.copied().all(|fact| known.iter().any(|known| fact.ends_with(known))),
        "{facts:#?}"
    );
    // A canary never had what is not switched off.
    assert!(!words.contains("not remediated"), "{words}");
    let root = format!("arn:aws:iam::{}:root", guarded.account.number());
    let none = format!("alarms   none, unless `{root}` switches off more than these 2 protections");
    assert!(words.contains(&none), "{words}");
    // What was not handled at once is not waited for until the end of its visibility timeout.
    guarded.rest_from(Some(Duration::from_secs(20)));
    let mails = guarded.account.mails().unwrap();
    assert!(mails.iter().any(|mail| mail.text.contains("s3guard-canary-")), "{mails:#?}");
    let alarm = mails.iter().find(|mail| mail.text.contains("how ransomware prepares"));
    assert!(alarm.is_none(), "{alarm:#?}");
    assert_eq!((&report["broken"], &report["notRemoved"]), (&json!([]), &json!([])), "{words}");
    assert_eq!(canaries(&guarded.account), [""; 0]);
    let queues = call(&guarded.account, "sqs", "ListQueues", &json!({}));
    assert!(!queues.to_string().contains("canary"), "{queues}");
    let topic = guarded.output("DocumentTopicArn");
    let list = [("Action", "ListSubscriptionsByTopic"), ("TopicArn", topic)];
    let subscriptions = guarded.account.client().query("sns", "2010-03-31", &list).unwrap();
    assert!(!subscriptions.contains("canary"), "{subscriptions}");
}

/// Every IAM action that the help names.
fn permissions() -> Vec<String> {
    let help = Command::new(env!("CARGO_BIN_EXE_s3guard")).args(["verify", "--help"]).output();
    let help = String::from_utf8(help.unwrap().stdout).unwrap();
    let (_, list) = help.split_once("The caller needs").unwrap();
    let words = list.split(|c: char| c.is_whitespace() || ",;`".contains(c));
    let is_action = |word: &&str| {
        let parts = word.split_once(':');
        parts.is_some_and(|(_, name)| name.starts_with(|c: char| c.is_ascii_uppercase()))
    };
    words.filter(is_action).map(|word| word.trim_end_matches('.').to_owned()).collect()
}

#[test]
fn the_permissions_in_the_help_are_sufficient_and_necessary() {
    let account = new_account();
    let key = account.client().create_key().unwrap();
    let guarded = Guarded::configured(account, SHORT, &["--grade", "security", "--key", &key]);
    let account = &guarded.account;
    let permissions = permissions();
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": permissions, "Resource": "*" }] });
    let caller = account.user("verifier", &policy).unwrap();
    guarded.forget();
    let environment = account.env_of(&caller);
    let child = begin_with(environment, &["--yes", "--notifications"]);
    let output = end(&guarded, child);
    let words = String::from_utf8(output.stderr).unwrap();
    let calls = account.calls().unwrap();
    let ours = calls.iter().filter(|call| call.principal.ends_with(":user/verifier"));
    let denied: Vec<_> = ours.clone().filter(|call| !call.allowed).collect();
    assert!(denied.is_empty(), "{denied:#?}");
    assert_eq!(output.status.code(), Some(0), "{words}");
    let alarm = format!(
        "alarms   CRITICAL, also by SMS: the guard takes it for an attack that \
         `arn:aws:iam::{}:user/verifier` switches off 6 protections within 10 minutes",
        account.number()
    );
    assert!(words.contains(&alarm), "{words}");
    // A higher grade has more to weaken.
    let report = crate::json::read("verify", &output.stdout);
    let states = states(&report);
    for step in ["default encryption and the block on SSE-C", "versioning", "server access logs"] {
        assert!(states.contains(&format!("remediate: {step}: ok")), "{step}: {states:#?}\n{words}");
    }
    let used: Vec<&str> = ours.filter_map(|call| call.action.as_deref()).collect();
    let unseen = [
        // The emulator does not check it.
        "sqs:TagQueue",
        // Only used if nothing arrives, if an earlier run has left something, if tags could raise the grade, if the
        // configuration lets a bucket stay public, or if the bucket is read before the guard has remediated it.
        "s3:GetBucketAcl",
        "cloudtrail:GetTrailStatus",
        "sqs:ListQueueTags",
        "s3:GetBucketTagging",
        "s3:GetBucketPolicyStatus",
        "s3:GetBucketWebsite",
        "s3:GetAccountPublicAccessBlock",
    ];
    let unused = permissions.iter().filter(|action| !used.contains(&action.as_str()));
    let unused: Vec<&String> = unused.filter(|action| !unseen.contains(&action.as_str())).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn throttled_polls_are_retried() {
    let guarded = Guarded::configured(new_account(), SHORT, &[]);
    // More often than the SDK retries a call. The command has no role.
    guarded.account.forget_faults().unwrap();
    for action in ["s3:GetBucketPolicy", "s3:ListBucket", "s3:GetEncryptionConfiguration"] {
        let fault = Fault { role: String::new(), times: 9, ..Fault::fail(action, "SlowDown") };
        guarded.account.add_fault(&fault).unwrap();
    }
    let (_, report, words) = verify(&guarded, &[]);
    let faults = guarded.account.faults().unwrap();
    assert!(faults.iter().all(|fault| fault.met > 4), "{faults:#?}\n{words}");
    assert!(states(&report).contains("remediate: TLS only: ok"), "{report:#}\n{words}");
}

#[test]
fn a_broken_link_is_named_and_the_canary_is_deleted() {
    let guarded = Guarded::configured(new_account(), SHORT, &[]);
    let account = &guarded.account;
    let denied = Fault {
        role: "*Guard*".to_owned(),
        times: 100,
        ..Fault::fail("s3:PutBucketPolicy", "AccessDenied")
    };
    account.add_fault(&denied).unwrap();
    let run = |arguments: &[&str]| {
        let (exit, report, words) = verify(&guarded, arguments);
        assert_eq!(exit, Some(1), "{words}");
        assert_eq!(canaries(account), [""; 0], "{words}");
        let broken = report["broken"].as_array().unwrap().last().unwrap();
        assert!(
            broken["commands"][0].as_str().unwrap().contains("--stack guard --region"),
            "{broken}"
        );
        (broken["link"].as_str().unwrap().to_owned(), states(&report))
    };
    let link = |arguments: &[&str]| run(arguments).0;
    // On a busy machine working links may be late as well: then the timeout is longer.
    let link_of_objects = || {
        let timeouts = ["4s", "60s", "300s"].into_iter();
        let holds = |states: &BTreeSet<String>| {
            states
                .iter()
                .filter(|state| state.ends_with(": late"))
                .all(|state| state.starts_with("record"))
        };
        let mut tried = timeouts.map(|timeout| run(&["--timeout", timeout]));
        tried.find(|(_, states)| holds(states)).unwrap().0
    };
    assert_eq!(link(&[]), "write");
    account.forget_faults().unwrap();
    disable_source(&guarded, "NotifyFunctionName");
    assert_eq!(link_of_objects(), "object-queue");
    for rule in ["ObjectChanged", "AlarmChanged", "CloseWindows"] {
        disable_rule(account, rule);
    }
    purge(&guarded, "ObjectQueueUrl", "NotifyFunctionName");
    assert_eq!(link_of_objects(), "object-rule");
    disable_source(&guarded, "GuardFunctionName");
    assert_eq!(link(AT_ONCE), "queue");
    for rule in ["BucketChanged", "Sweep"] {
        disable_rule(account, rule);
    }
    purge(&guarded, "GuardQueueUrl", "GuardFunctionName");
    assert_eq!(link(AT_ONCE), "rule");
    let trail = format!("guard-{}", account.region());
    call(account, "cloudtrail", "StopLogging", &json!({ "Name": trail }));
    assert_eq!(link(AT_ONCE), "trail");
}

/// Starts a verify that waits for a guard that does not react.
fn waiting(guarded: &Guarded) -> Child {
    let child = begin(&guarded.account, &["--yes", "--timeout", "1h", "--notifications"]);
    guarded.wait("a canary with its tags", || {
        let client = guarded.account.client();
        let tagged = |name: &String| client.bucket_setting(name, "tagging").is_ok();
        canaries(&guarded.account).iter().any(tagged)
    });
    child
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
}

#[test]
fn ctrl_c_cleans_up_and_a_second_one_exits_and_lists_the_rest() {
    let guarded = Guarded::new(&[]);
    let account = &guarded.account;
    disable_rule(account, "BucketChanged");
    for name in ["-INT", "-TERM"] {
        let child = waiting(&guarded);
        signal(&child, name);
        let output = end(&guarded, child);
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(130), "{words}");
        assert!(words.contains("cleaning up; press Ctrl-C again"), "{words}");
        assert_eq!(canaries(account), [""; 0], "{words}");
        let report = crate::json::read("verify", &output.stdout);
        assert_eq!(report["isInterrupted"], true);
    }

    let hold = account.add_fault(&Fault::hold("s3:DeleteBucket")).unwrap();
    let child = waiting(&guarded);
    signal(&child, "-INT");
    account.wait_until_held(hold.number).unwrap();
    signal(&child, "-INT");
    let output = end(&guarded, child);
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{words}");
    let left = canaries(account);
    assert_eq!(left.len(), 1);
    assert!(
        words.contains(&format!("interrupted before all was removed: bucket `{}`", left[0])),
        "{words}"
    );
    assert!(words.contains("`s3guard verify --clean-up --stack guard --region"), "{words}");
    account.forget_faults().unwrap();
    // The held call may still be carried out, as on AWS.
    let (exit, cleaned, words) = verify(&guarded, &["--clean-up"]);
    assert_eq!((exit, cleaned["notRemoved"].clone()), (Some(0), json!([])), "{words}");
    assert_eq!(canaries(account), [""; 0]);
}

#[test]
fn the_next_run_deletes_the_expired_canaries_of_a_killed_one() {
    let guarded = Guarded::new(&[]);
    let account = &guarded.account;
    disable_rule(account, "BucketChanged");
    let mut child = waiting(&guarded);
    child.kill().unwrap();
    child.wait().unwrap();
    let [left] = canaries(account).try_into().unwrap();
    let (_, _, words) = verify(&guarded, AT_ONCE);
    assert!(
        words.contains(&format!("bucket `{left}` belongs to another run, or was kept")),
        "{words}"
    );
    assert_eq!(canaries(account), std::slice::from_ref(&left));
    let tags = account.client().bucket_setting(&left, "tagging").unwrap();
    let (before, until) = tags.split_once("canary-until</Key><Value>").unwrap();
    let over = format!("{before}canary-until</Key><Value>2026-01-01T00:00:00Z{}", &until[20..]);
    account.client().put_bucket_setting(&left, "tagging", &over).unwrap();
    let (_, _, words) = verify(&guarded, AT_ONCE);
    assert!(
        words.contains(&format!("removed bucket `{left}`, which an earlier run has left")),
        "{words}"
    );
    assert_eq!(canaries(account), [""; 0]);
}

#[test]
fn a_canary_is_kept_on_request_and_none_is_created_without_approval() {
    let guarded = Guarded::new(&[]);
    let output = end(&guarded, begin(&guarded.account, &[]));
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{words}");
    assert!(words.contains("  creates  bucket `s3guard-canary-"), "{words}");
    let plan = crate::json::read("verify", &output.stdout);
    assert!(states(&plan).contains("protect: the new bucket: planned"), "{plan}");
    assert_eq!(canaries(&guarded.account), [""; 0]);
    disable_rule(&guarded.account, "BucketChanged");
    // A person reads each step once.
    let text = ["--yes", "--timeout", "1s", "--output", "text"];
    let output = end(&guarded, begin(&guarded.account, &text));
    let [shown, words] =
        [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    for step in ["protect: the new bucket", "remediate: versioning"] {
        let of_step = |line: &&str| line.trim_start().starts_with(step);
        assert_eq!(shown.lines().filter(of_step).count(), 1, "{shown}");
        assert_eq!(words.lines().find(of_step), None, "{words}");
    }
    assert!(shown.contains(" of 1 s"), "{shown}");
    let (exit, report, words) = verify(&guarded, &["--keep", "--timeout", "1s"]);
    assert_eq!(exit, Some(1), "{words}");
    let left = canaries(&guarded.account);
    assert_eq!(report["notRemoved"], json!([format!("bucket `{}` (kept)", left[0])]));
    let (exit, _, words) = verify(&guarded, &["--clean-up"]);
    assert_eq!((exit, canaries(&guarded.account)), (Some(0), Vec::new()), "{words}");
}
