//! `s3guard audit` from end to end, against a fake S3 with buckets in several states.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, mpsc};

use serde_json::{Value, json as object};

use super::aws::{Answer, Aws, Request, Story};
use super::s3guard;
use crate::json;

const ALL_ON: &str = "<BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls>\
     <BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets>";

/// The buckets of the account: a modern private one, a website that is public, an old one with ACLs, and one that denies
/// everything.
const BUCKETS: [&str; 4] = ["modern", "old-site", "legacy", "vault"];

fn error(status: u16, code: &str) -> Answer {
    (status, format!("<Error><Code>{code}</Code><Message>no</Message></Error>"))
}

fn policy(bucket: &str, is_public: bool) -> Value {
    let arn = format!("arn:aws:s3:::{bucket}");
    let mut statements = vec![object!({
        "Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": [arn, format!("{arn}/*")],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    })];
    if is_public {
        statements.push(object!({
            "Sid": "Site", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
            "Resource": format!("{arn}/*"),
        }));
    }
    object!({ "Version": "2012-10-17", "Statement": statements })
}

/// The answer to a call of the audit.
fn answer(request: &Request) -> Option<Answer> {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    if request.call == "GetCallerIdentity" {
        return None;
    }
    if query.contains("max-buckets") {
        let one = |name| {
            format!("<Bucket><Name>{name}</Name><BucketRegion>eu-west-1</BucketRegion></Bucket>")
        };
        let list = BUCKETS.map(one).concat();
        return Some((
            200,
            format!("<ListAllMyBucketsResult><Buckets>{list}</Buckets></ListAllMyBucketsResult>"),
        ));
    }
    if path.contains("/accesspoint") {
        return Some((200, "<ListAccessPointsResult/>".to_owned()));
    }
    if path.contains("/mrap") {
        return Some((200, "<ListMultiRegionAccessPointsResult/>".to_owned()));
    }
    if path.starts_with("/v20180820") {
        let (status, error) = error(404, "NoSuchPublicAccessBlockConfiguration");
        return Some((status, format!("<ErrorResponse>{error}</ErrorResponse>")));
    }
    let bucket = path.trim_matches('/');
    Some(of_bucket(bucket, query.split(['=', '&']).next().unwrap_or_default()))
}

fn of_bucket(bucket: &str, setting: &str) -> Answer {
    if bucket == "vault" {
        return error(403, "AccessDenied");
    }
    let body = match setting {
        "policy" => policy(bucket, bucket == "old-site").to_string(),
        "policyStatus" => "<PolicyStatus><IsPublic>true</IsPublic></PolicyStatus>".to_owned(),
        "publicAccessBlock" if bucket == "old-site" => {
            return error(404, "NoSuchPublicAccessBlockConfiguration");
        }
        "publicAccessBlock" => {
            format!("<PublicAccessBlockConfiguration>{ALL_ON}</PublicAccessBlockConfiguration>")
        }
        "ownershipControls" if bucket == "legacy" => {
            return error(404, "OwnershipControlsNotFoundError");
        }
        "ownershipControls" => {
            let rule = "<Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>";
            format!("<OwnershipControls>{rule}</OwnershipControls>")
        }
        "encryption" => {
            let default = "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>\
                 </ApplyServerSideEncryptionByDefault>";
            let blocked = "<BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes>";
            format!(
                "<ServerSideEncryptionConfiguration><Rule>{default}{blocked}</Rule></ServerSideEncryptionConfiguration>"
            )
        }
        "versioning" => "<VersioningConfiguration/>".to_owned(),
        "logging" => {
            let to = if bucket == "legacy" { "removed" } else { "modern" };
            format!(
                "<BucketLoggingStatus><LoggingEnabled><TargetBucket>{to}</TargetBucket>\
                 <TargetPrefix>x</TargetPrefix></LoggingEnabled></BucketLoggingStatus>"
            )
        }
        "acl" => {
            let owner = "<Owner><ID>o</ID></Owner>";
            format!("<AccessControlPolicy>{owner}<AccessControlList/></AccessControlPolicy>")
        }
        "tagging" => return error(404, "NoSuchTagSet"),
        "website" => "<WebsiteConfiguration/>".to_owned(),
        setting => panic!("nothing needs `{setting}` of `{bucket}`"),
    };
    (200, body)
}

fn aws() -> Aws {
    Aws::answering(Story::default(), |request, _| answer(request))
}

/// An audit of the whole account: its Region is that of the configuration, not a filter.
fn command(aws: &Aws, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = s3guard(&["audit"]);
    command.args(arguments).current_dir(folder).envs([
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_ENDPOINT_URL", &aws.url),
    ]);
    command
}

fn audit(aws: &Aws, folder: &Path, arguments: &[&str]) -> Output {
    command(aws, folder, arguments).output().unwrap()
}

fn words(output: &[u8]) -> String {
    String::from_utf8(output.to_vec()).unwrap()
}

/// How many calls were made on a bucket.
fn calls(aws: &Aws, bucket: &str) -> usize {
    let is_of = |request: &&Request| {
        let path = request.path.split('?').next().unwrap_or_default();
        path.trim_matches('/') == bucket
    };
    aws.requests().iter().filter(is_of).count()
}

#[test]
fn all_buckets_are_audited_in_few_calls_and_nothing_is_written() {
    let (aws, folder) = (aws(), tempfile::tempdir().unwrap());
    let output = audit(&aws, folder.path(), &[]);
    assert_eq!(output.status.code(), Some(3), "{}", words(&output.stderr));
    expect_test::expect![[r#"
        account 111122223333 · 4 buckets · 1 Region · 35 calls

        critical     1  public-read           old-site (eu-west-1): policy statement `Site` lets in everyone and allows reading objects; RestrictPublicBuckets is off on the bucket and in the account
        high         1  website-public        old-site (eu-west-1): it is set up as a website
        medium       1  account-block         the account: not set (wanted: on)
        medium       1  bucket-block          old-site (eu-west-1): its public access block is off
        medium       1  log-target-gone       legacy (eu-west-1): its access logs go to `removed`, which is not in this account
        low          1  acls-enabled          legacy (eu-west-1): its ownership is not BucketOwnerEnforced
        low          3  versioning-off        The bucket keeps no earlier versions of objects: legacy (eu-west-1), modern (eu-west-1), old-site (eu-west-1)
        low          1  name-guessable        vault (eu-west-1): in published lists: seconds (about 10^2.6 guesses)
        unknown      1  unreadable            vault (eu-west-1): no answer to s3:GetBucketAcl, s3:GetBucketOwnershipControls, s3:GetBucketPolicy, s3:GetBucketPublicAccessBlock and 6 more; may hide something critical

        0 buckets without findings
        next: `s3guard explain public-read`
    "#]].assert_eq(&words(&output.stdout));
    assert!(aws.requests().iter().all(|one| ["GET", "GetCallerIdentity"].contains(&&*one.call)));
    let counts = BUCKETS.map(|bucket| calls(&aws, bucket));
    assert_eq!(counts, [6, 8, 7, 10]);
}

#[test]
fn the_policy_that_is_printed_allows_each_call_that_is_made() {
    let (aws, folder) = (aws(), tempfile::tempdir().unwrap());
    let _ = audit(&aws, folder.path(), &[]);
    let printed = s3guard(&["audit", "--print-policy", "core"]).output().unwrap();
    let policy = json::read("audit-print-policy", &printed.stdout);
    let allowed: BTreeSet<&str> = policy["Statement"][0]["Action"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_str().unwrap())
        .collect();
    let mut used = BTreeSet::new();
    for request in aws.requests().iter().filter(|one| one.call == "GET") {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let action = match query.split(['=', '&']).next().unwrap_or_default() {
            _ if path.ends_with("/accesspoint") => "s3:ListAccessPoints",
            _ if path.contains("/mrap") => "s3:ListMultiRegionAccessPoints",
            _ if path.contains("publicAccessBlock") => "s3:GetAccountPublicAccessBlock",
            _ if query.contains("max-buckets") => "s3:ListAllMyBuckets",
            "policy" => "s3:GetBucketPolicy",
            "policyStatus" => "s3:GetBucketPolicyStatus",
            "publicAccessBlock" => "s3:GetBucketPublicAccessBlock",
            "ownershipControls" => "s3:GetBucketOwnershipControls",
            "encryption" => "s3:GetEncryptionConfiguration",
            "versioning" => "s3:GetBucketVersioning",
            "logging" => "s3:GetBucketLogging",
            "acl" => "s3:GetBucketAcl",
            "lifecycle" => "s3:GetLifecycleConfiguration",
            "object-lock" => "s3:GetBucketObjectLockConfiguration",
            "replication" => "s3:GetReplicationConfiguration",
            "website" => "s3:GetBucketWebsite",
            other => panic!("the audit calls `{other}` of {path}"),
        };
        used.insert(action);
    }
    assert!(used.len() > 10, "{used:?}");
    assert!(used.is_subset(&allowed), "{:?}", used.difference(&allowed));
    assert_eq!(
        s3guard(&["audit", "--print-policy", "all"]).output().unwrap().status.code(),
        Some(2)
    );
}

#[test]
fn an_earlier_audit_is_a_baseline_and_only_what_is_new_counts() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| audit(&aws(), folder.path(), arguments);
    let whole = ["--out", "baseline.json", "--out", "a.csv", "--out", "a.md", "--out", "a.ndjson"];
    assert_eq!(run(&whole).status.code(), Some(3));
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let report: Value = serde_json::from_str(&read("baseline.json")).unwrap();
    let count = report["findings"].as_array().unwrap().len();
    assert_eq!(read("a.csv").lines().count(), count + 1);
    assert_eq!(read("a.ndjson").lines().count(), count);
    assert!(read("a.md").starts_with("<!-- s3guard:111122223333 -->"));
    let again = run(&["--baseline", "baseline.json"]);
    let text = words(&again.stdout);
    assert_eq!(again.status.code(), Some(0), "{text}{}", words(&again.stderr));
    assert!(text.contains(&format!("0 new, 0 worse, 0 gone, {count} as before")), "{text}");
    // The same findings give the same bytes but for the time.
    let again: Value = serde_json::from_slice(&run(&["--output", "json"]).stdout).unwrap();
    let uids = |report: &Value| {
        let all = report["findings"].as_array().unwrap().iter();
        all.map(|one| (one["uid"].to_string(), one["evidenceHash"].to_string())).collect::<Vec<_>>()
    };
    assert_eq!(uids(&again), uids(&report));
    let refused = |arguments: &[&str]| {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        words(&output.stderr)
    };
    assert!(refused(&["--baseline", "missing.json"]).contains("could not be read"));
    run(&["modern", "--out", "one.json"]);
    assert!(refused(&["--baseline", "one.json"]).contains("that audit was filtered"));
    assert!(refused(&["--out", "a.xlsx"]).contains("says no form of the report"));
}

#[test]
fn flags_choose_buckets_rules_and_what_fails() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let aws = aws();
        let output = audit(&aws, folder.path(), arguments);
        (output.status.code(), words(&output.stdout), calls(&aws, "vault"))
    };
    let (exit, text, calls) = run(&["legacy"]);
    assert_eq!((exit, calls), (Some(0), 0), "{text}");
    assert!(text.contains("log-target-gone") && text.contains("fix: "), "{text}");
    assert_eq!(run(&["leg*", "--fail-on", "medium"]).0, Some(3));
    let (exit, text, _) = run(&["legacy", "modern", "--rule", "acls-enabled"]);
    assert_eq!((exit, text.contains("log-target-gone")), (Some(0), false), "{text}");
    // What is not known may break any rule.
    assert_eq!(run(&["--rule", "acls-enabled"]).0, Some(3));
    let (_, text, _) = run(&["--severity", "critical", "--output", "json"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    let severities: BTreeSet<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["severity"].as_str().unwrap())
        .collect();
    assert_eq!(severities, BTreeSet::from(["critical"]));
    let (exit, text, _) = run(&["--output", "ndjson"]);
    let kinds: BTreeSet<String> = json::lines("audit", text)
        .iter()
        .map(|line| line["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!((exit, kinds), (Some(3), ["finding", "result"].map(str::to_owned).into()));
    assert_eq!(run(&["--rule", "http-alowed"]).0, Some(2));
}

#[test]
fn exemptions_of_the_configuration_count() {
    let folder = tempfile::tempdir().unwrap();
    let exemption = "[[exemption]]\nbucket = \"old-site\"\naspects = [\"public-access\"]\n\
                     reason = \"the site of the company\"\nuntil = 2999-01-31\n";
    fs::write(folder.path().join("s3guard.toml"), exemption).unwrap();
    let output = audit(&aws(), folder.path(), &["old-site", "--output", "json"]);
    let report = json::read("audit", &output.stdout);
    let findings = report["findings"].as_array().unwrap();
    let public = findings.iter().find(|one| one["rule"] == "public-read").unwrap();
    assert_eq!(public["status"], "exempt");
    assert_eq!(public["exemption"]["reason"], "the site of the company");
    assert_eq!(output.status.code(), Some(0), "{report:#}");
}

#[test]
fn an_interrupt_leaves_what_was_found_so_far() {
    let (is_asked, asked) = mpsc::channel();
    let (go_on, gate) = mpsc::channel::<()>();
    let (is_asked, gate) = (Mutex::new(is_asked), Mutex::new(gate));
    let aws = Aws::answering(Story::default(), move |request, _| {
        if request.path.starts_with("/vault") {
            let _ = is_asked.lock().unwrap().send(());
            // The gate opens only after the command.
            let _ = gate.lock().unwrap().recv();
        }
        answer(request)
    });
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(&aws, folder.path(), &["--output", "json"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    asked.recv().unwrap();
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    drop(go_on);
    assert_eq!(output.status.code(), Some(130), "{}", words(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&report["isComplete"], &report["buckets"]["listed"]),
        (&object!(false), &object!(4))
    );
    assert!(words(&output.stderr).contains("interrupted: the report has what was audited"));
}

#[test]
fn credentials_that_expire_leave_what_was_found_and_say_that_it_is_not_complete() {
    let aws = Aws::answering(Story::default(), |request, _| {
        let is_late = request.path.starts_with("/vault");
        if is_late { Some(error(400, "ExpiredToken")) } else { answer(request) }
    });
    let folder = tempfile::tempdir().unwrap();
    let output = audit(&aws, folder.path(), &["--output", "json", "--max-in-flight", "1"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", words(&output.stderr));
    assert_eq!(
        (&report["isComplete"], &report["buckets"]["listed"]),
        (&object!(false), &object!(4))
    );
    assert!(words(&output.stderr).contains("ExpiredToken"), "{}", words(&output.stderr));
}

#[test]
fn a_name_that_no_bucket_has_is_an_error() {
    let aws = aws();
    let folder = tempfile::tempdir().unwrap();
    let output = audit(&aws, folder.path(), &["valut"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let error = words(&output.stderr);
    assert!(error.contains("the account has no bucket `valut`"), "{error}");
    // The others are reported all the same.
    let output = audit(&aws, folder.path(), &["vault", "valut"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(words(&output.stdout).contains("s3:GetBucketPolicy is denied"), "{output:?}");
    assert_ne!(audit(&aws, folder.path(), &["vault"]).status.code(), Some(1));
}
