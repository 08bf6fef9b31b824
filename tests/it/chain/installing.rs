//! Installing breaks nothing: what callers of existing buckets may do, before and after.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::thread;

use expect_test::expect_file;
use s3guard_emulator::Client;
use serde_json::{Value, json};

use super::findings::{named, open};
use super::guarded::{Guarded, new_account};
use super::monitoring::status;
use states::{Ground, STATES};

mod states;

/// The settings that the guard changes silently; all others of an existing bucket stay as they are.
const SILENT: [&str; 2] = ["encryption", "publicAccessBlock"];
const OTHERS: [&str; 14] = [
    "policy",
    "ownershipControls",
    "acl",
    "versioning",
    "logging",
    "notification",
    "website",
    "lifecycle",
    "cors",
    "tagging",
    "replication",
    "object-lock",
    "requestPayment",
    "accelerate",
];
const AT_ONCE: usize = 4;

/// A key of a client, and its MD5 checksum, in Base64.
const SSE_C: [(&str, &str); 3] = [
    ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
    ("x-amz-server-side-encryption-customer-key", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="),
    ("x-amz-server-side-encryption-customer-key-md5", "hRasmdxgYDKV3nvbahU1MA=="),
];

/// Who calls, and how.
struct Callers {
    clients: Vec<(&'static str, Client)>,
    /// Further uploads, by the first of them.
    uploads: Vec<(&'static str, Client)>,
}

/// Creates the buckets in their states. Returns their names.
fn existing(ground: &Ground) -> Vec<String> {
    let unchecked = ground.account.unchecked();
    let named = |name: &str| format!("{name}-{}", ground.account.number());
    for state in STATES {
        ground.root.create_bucket(&named(state.name)).unwrap();
    }
    let made = STATES.iter().map(|state| {
        let bucket = named(state.name);
        (state.make)(ground, &bucket);
        if unchecked.get_object(&bucket, "kept").is_err() {
            unchecked.put_object(&bucket, "kept", b"1").unwrap();
        }
        bucket
    });
    made.collect()
}

fn ground() -> (Ground, Callers) {
    let account = new_account();
    let root = account.client();
    let key = root.create_key().unwrap();
    let allow = |actions: &[&str]| {
        json!({ "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }] })
    };
    let trust = |principal: &Value| {
        json!({ "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" }] })
    };
    let ours = trust(&json!({ "AWS": account.number() }));
    let role = |name: &str, actions: &[&str]| {
        let arn = account.role(name, "/", &ours, &allow(actions)).unwrap();
        account.client_of(account.assume(&account.root(), &arn).unwrap())
    };
    let reader = role("reader", &["s3:*"]);
    let keyed = role("keyed", &["s3:*", "kms:GenerateDataKey", "kms:Decrypt"]);
    let s3 = trust(&json!({ "Service": "s3.amazonaws.com" }));
    let copier = account.role("copier", "/", &s3, &allow(&["s3:*"])).unwrap();
    let user = account.client_of(account.user("signer", &allow(&["s3:*"])).unwrap());
    let everyone = account.anonymous();
    let of_customer =
        SSE_C.iter().fold(reader.clone(), |client, (name, value)| client.with_header(name, value));
    let uploads = vec![
        ("with SSE-S3", reader.with_header("x-amz-server-side-encryption", "AES256")),
        ("with SSE-C", of_customer),
        ("public", reader.with_header("x-amz-acl", "public-read")),
        ("for the owner", reader.with_header("x-amz-acl", "bucket-owner-full-control")),
    ];
    let clients = vec![
        ("plain HTTP", reader.over_plain_http()),
        ("role", reader),
        ("role with the key", keyed),
        ("presigned", user.with_presigned_urls()),
        ("everyone by plain HTTP", everyone.over_plain_http()),
        ("everyone", everyone),
    ];
    (Ground { account, root, key, copier }, Callers { clients, uploads })
}

/// What works with a bucket, by caller.
type Works = BTreeMap<&'static str, Vec<&'static str>>;

/// What works with a bucket.
fn works(ground: &Ground, callers: &Callers, bucket: &str) -> Works {
    let mut works = Works::new();
    let mut note = |who: &'static str, what: &'static str, works_now: bool| {
        let of_caller = works.entry(who).or_default();
        if works_now {
            of_caller.push(what);
        }
    };
    for (number, (who, client)) in callers.clients.iter().enumerate() {
        let own = format!("by-{number}");
        note(who, "GET", client.get_object(bucket, "kept").is_ok());
        note(who, "PUT", client.put_object(bucket, &own, b"2").is_ok());
        note(who, "LIST", client.list_objects(bucket).is_ok());
        note(who, "DELETE", client.delete_object(bucket, &own).is_ok());
    }
    for (what, client) in &callers.uploads {
        note("role, PUT", what, client.put_object(bucket, "uploaded", b"3").is_ok());
    }
    let logged = format!("plain-{}", ground.account.number());
    note("log delivery", "PUT", ground.account.delivers_logs(&logged, bucket).unwrap());
    let objects = format!("arn:aws:s3:::{bucket}/kept");
    for (what, action, resource) in [
        ("GET", "s3:GetObjectVersionForReplication", &objects),
        ("PUT", "s3:ReplicateObject", &objects),
        ("LIST", "s3:ListBucket", &format!("arn:aws:s3:::{bucket}")),
        ("DELETE", "s3:ReplicateDelete", &objects),
    ] {
        let decision = ground.account.allows(&ground.copier, action, resource, &json!({})).unwrap();
        note("replication role", what, decision.allowed);
    }
    works
}

/// What works with each bucket.
fn table(ground: &Ground, callers: &Callers, buckets: &[String]) -> BTreeMap<String, Works> {
    thread::scope(|scope| {
        let part = |first: usize| {
            let mine = buckets.iter().skip(first).step_by(AT_ONCE);
            mine.map(|bucket| (bucket.clone(), works(ground, callers, bucket))).collect::<Vec<_>>()
        };
        let parts: Vec<_> = (0..AT_ONCE).map(|first| scope.spawn(move || part(first))).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    })
}

/// A bucket's settings, as S3 returns them.
fn settings(ground: &Ground, bucket: &str) -> BTreeMap<&'static str, String> {
    let unchecked = ground.account.unchecked();
    let read = |setting: &'static str| {
        let text = unchecked.bucket_setting(bucket, setting).unwrap_or_else(|error| error.code);
        (setting, text)
    };
    SILENT.into_iter().chain(OTHERS).map(read).collect()
}

fn listed(items: &[&str]) -> String {
    if items.is_empty() { "-".to_owned() } else { items.join(", ") }
}

/// A bucket in the tables that are checked in.
struct Row {
    name: String,
    /// What works with it, before and after.
    works: String,
    /// Which settings were changed, and which findings are open.
    found: String,
}

/// Installs the guard over existing buckets, and compares before and after.
fn install(arguments: impl FnOnce(&Ground) -> Vec<String>) -> Vec<Row> {
    let (ground, callers) = ground();
    let buckets = existing(&ground);
    let before = table(&ground, &callers, &buckets);
    let set: Vec<_> = buckets.iter().map(|bucket| settings(&ground, bucket)).collect();
    let arguments = arguments(&ground);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let guarded = Guarded::of(ground.account.clone(), &arguments);

    let after = table(&ground, &callers, &buckets);
    let open = open(&guarded);
    let mails = named(&guarded, &guarded.mails());
    let (mut wrong, mut rows, mut findings) = (String::new(), Vec::new(), 0);
    for (bucket, set) in buckets.iter().zip(set) {
        let name = bucket.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-');
        let mut shown = String::new();
        for (who, worked) in &before[bucket] {
            let works = &after[bucket][who];
            if works != worked {
                let _ = writeln!(wrong, "{name}: {who}: {worked:?} worked before, {works:?} now");
            }
            let _ = writeln!(shown, "    {who}: {}", listed(worked));
        }
        let now = settings(&ground, bucket);
        let changed: Vec<&str> =
            set.keys().copied().filter(|setting| now[setting] != set[setting]).collect();
        for setting in changed.iter().filter(|setting| !SILENT.contains(setting)) {
            let _ = writeln!(wrong, "{name}: {setting} was {}, is {}", set[setting], now[setting]);
        }
        let aspects: Vec<&str> =
            open.get(bucket).into_iter().flatten().map(|(aspect, _)| aspect.as_str()).collect();
        if !aspects.is_empty() && !mails.contains(bucket) {
            let _ = writeln!(wrong, "{name}: no email names it");
        }
        findings += aspects.len();
        let (changed, open) = (listed(&changed), listed(&aspects));
        let found = format!("    changed: {changed}\n    open: {open}\n");
        rows.push(Row { name: name.to_owned(), works: shown, found });
    }
    assert!(wrong.is_empty(), "{wrong}");
    let others = open.iter().filter(|(bucket, _)| !buckets.contains(bucket));
    findings += others.map(|(_, findings)| findings.len()).sum::<usize>();
    assert_eq!(status(&guarded).1["findings"], findings, "as the status says");
    rows
}

#[test]
fn nothing_that_worked_fails_and_what_is_weak_is_an_open_finding() {
    let rows = install(|_| Vec::new()).into_iter();
    let shown = rows.map(|Row { name, works, found }| format!("{name}\n{works}{found}"));
    expect_file!["installing/speed.txt"].assert_eq(&shown.collect::<Vec<_>>().concat());
}

#[test]
fn a_stricter_grade_breaks_nothing_that_worked_either() {
    let security = |ground: &Ground| {
        let key = ["--grade", "security", "--key", &ground.key];
        key.map(str::to_owned).to_vec()
    };
    let rows = install(security).into_iter();
    let shown = rows.map(|Row { name, found, .. }| format!("{name}\n{found}"));
    expect_file!["installing/security.txt"].assert_eq(&shown.collect::<Vec<_>>().concat());
}
