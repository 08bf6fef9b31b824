use s3guard_posture::model::access_point::{AccessPoint, MultiRegionAccessPoint};
use s3guard_posture::model::destination::Destination;
use s3guard_posture::model::policy::Policy;
use s3guard_posture::model::setting::{
    AccessLogs, Acl, Algorithm, Encryption, Expiry, ExpiryOf, Key, Lifecycle, Ownership,
    PublicAccessBlock, Replication, SseC, Versioning,
};
use s3guard_posture::{BucketId, Exempt, Grade, KeyState, Mode, Question};
use serde_json::{Value, json};

use super::*;
use crate::facts::{ASKED, Depth, baseline};

mod agreement;
mod exposed;
mod reads;

pub(crate) fn id() -> BucketId {
    BucketId {
        name: "reports".parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
    }
}

pub(crate) fn account(block: PublicAccessBlock) -> AccountFacts {
    AccountFacts {
        id: id().account,
        partition: "aws".to_owned(),
        block: Reading::Known(block),
        multi_region: Reading::Absent,
    }
}

fn tls_only() -> Value {
    json!({
        "Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": ["arn:aws:s3:::reports", "arn:aws:s3:::reports/*"],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    })
}

/// A policy that demands TLS, and has this statement.
fn policy(statement: &Value) -> Reading<Policy> {
    let document = json!({ "Version": "2012-10-17", "Statement": [tls_only(), statement] });
    Reading::Known(Policy::new(document.to_string()))
}

fn allow(principal: &Value, action: &str) -> Value {
    json!({
        "Sid": "Given", "Effect": "Allow", "Principal": principal, "Action": action,
        "Resource": ["arn:aws:s3:::reports", "arn:aws:s3:::reports/*"],
    })
}

/// A bucket with which nothing is wrong.
pub(crate) fn sample() -> BucketFacts {
    let mut facts = BucketFacts::unread(id(), &account(PublicAccessBlock::default()));
    let document = json!({ "Version": "2012-10-17", "Statement": [tls_only()] });
    let observed = &mut facts.observed;
    observed.policy = Reading::Known(Policy::new(document.to_string()));
    observed.public_access_block = Reading::Known(PublicAccessBlock::ALL);
    observed.ownership = Reading::Known(Ownership::BucketOwnerEnforced);
    observed.encryption = Reading::Known(Encryption {
        algorithm: Algorithm::SseS3,
        bucket_key: false,
        sse_c: SseC::Blocked,
    });
    observed.versioning = Reading::Known(Versioning { enabled: true, mfa_delete: true });
    let logs = AccessLogs { target_bucket: "logs".to_owned(), target_prefix: String::new() };
    observed.access_logs = Reading::Known(logs);
    observed.lifecycle = Reading::Absent;
    observed.replication = Reading::Absent;
    observed.object_lock = Reading::Absent;
    facts
}

fn judged(facts: &BucketFacts, access_points: Vec<AccessPoint>) -> Vec<Finding> {
    let mut facts = facts.clone();
    facts.settle();
    let block = facts.observed.account_block.known().copied().unwrap_or_default();
    let wanted = Baseline::new(Grade::Speed, None);
    let baseline = baseline(wanted, &facts.observed, Depth::Core);
    let (account, access_points) = (account(block), Reading::Known(access_points));
    let around = Around { account: &account, access_points: &access_points, baseline: &baseline };
    of_bucket(&facts, &around)
}

fn words(findings: &[Finding]) -> Vec<String> {
    let word = |one: &Finding| {
        let status = match one.status {
            Status::Fail => "",
            Status::Unknown => " unknown",
            Status::Exempt => " exempt",
            Status::Accepted => " accepted",
        };
        let held = one.held_back_by.join(" ");
        let held = if held.is_empty() { held } else { format!(" held by {held}") };
        format!("{} {}{status}{held}", one.rule, one.severity)
    };
    let mut words: Vec<String> = findings.iter().map(word).collect();
    words.sort_unstable();
    words
}

/// What a change of the bucket with which nothing is wrong breaks.
#[track_caller]
fn check(change: impl FnOnce(&mut Observed), expected: &[&str]) {
    let mut facts = sample();
    change(&mut facts.observed);
    assert_eq!(words(&judged(&facts, Vec::new())), expected);
}

#[test]
fn nothing_is_said_of_a_bucket_with_which_nothing_is_wrong() {
    check(|_| {}, &[]);
}

#[test]
fn each_setting_that_is_weak_breaks_its_rule() {
    let no_block = PublicAccessBlock::default();
    check(|one| one.public_access_block = Reading::Known(no_block), &["bucket-block medium"]);
    check(
        |one| {
            one.public_access_block = Reading::Absent;
            one.account_block = Reading::Known(PublicAccessBlock::ALL);
        },
        &["bucket-block info held by account"],
    );
    check(|one| one.policy = Reading::Absent, &["http-allowed medium"]);
    check(|one| one.policy = Reading::Known(Policy::new("{")), &["policy-unclear medium"]);
    check(|one| one.versioning = Reading::Absent, &["versioning-off low"]);
    let suspended = Versioning { enabled: false, mfa_delete: false };
    check(|one| one.versioning = Reading::Known(suspended), &["versioning-suspended medium"]);
    let plain = Versioning { enabled: true, mfa_delete: false };
    check(|one| one.versioning = Reading::Known(plain), &["mfa-delete-off info"]);
    check(|one| one.access_logs = Reading::Absent, &["access-log-off low"]);
    let soon = Lifecycle::new([Expiry::after(ExpiryOf::OldVersions, 1)]);
    check(|one| one.lifecycle = Reading::Known(soon), &["versions-expire-fast medium"]);
    let sse_c = |sse_c| Encryption { algorithm: Algorithm::SseS3, bucket_key: false, sse_c };
    check(|one| one.encryption = Reading::Known(sse_c(SseC::NotSaid)), &["sse-c-open medium"]);
    check(|one| one.encryption = Reading::Known(sse_c(SseC::Allowed)), &["sse-c-open medium"]);
    let foreign = "arn:aws:kms:eu-west-1:999988887777:key/1".to_owned();
    let foreign =
        Encryption { algorithm: Algorithm::Kms(Key::Named(foreign)), ..sse_c(SseC::Blocked) };
    check(|one| one.encryption = Reading::Known(foreign), &["key-foreign high"]);
    let destinations =
        [Destination::new("arn:aws:s3:::copies", Some("999988887777"), &id().account)];
    let copies = Replication { destinations: destinations.into(), without_kms: true };
    check(|one| one.replication = Reading::Known(copies), &["data-leaves high"]);
}

#[test]
fn acls_count_unless_they_are_disabled() {
    let enabled = |acl: Acl, block: PublicAccessBlock| {
        move |one: &mut Observed| {
            one.ownership = Reading::Known(Ownership::ObjectWriter);
            one.acl = Reading::Known(acl);
            one.public_access_block = Reading::Known(block);
        }
    };
    let all = PublicAccessBlock::ALL;
    check(enabled(Acl::default(), all), &["acls-enabled low"]);
    let others = Acl { grants_others: true, ..Acl::default() };
    check(enabled(others, all), &["acl-grants-others medium", "acls-enabled low"]);
    let policies = PublicAccessBlock::POLICIES;
    let expected = ["acls-enabled low", "bucket-block medium", "object-acl-possible medium"];
    check(enabled(Acl::default(), policies), &expected);
    // Stored grants of a bucket whose ACLs are disabled have no effect.
    check(|one| one.acl = Reading::Known(Acl { is_public: true, ..others }), &[]);
}

#[test]
fn principals_outside_of_the_account_are_classified() {
    let stranger = || json!({ "AWS": "arn:aws:iam::999988887777:root" });
    let check = |principal: Value, action: &str, expected: &[&str]| {
        check(|one| one.policy = policy(&allow(&principal, action)), expected);
    };
    check(stranger(), "s3:GetObject", &["stranger-access medium"]);
    check(stranger(), "s3:PutBucketPolicy", &["stranger-admin high"]);
    check(stranger(), "s3:*", &["stranger-admin high"]);
    check(json!({ "AWS": "111122223333" }), "s3:*", &[]);
    check(json!({ "AWS": "AROAEXAMPLE1234567890" }), "s3:GetObject", &["deleted-principal medium"]);
    let oai = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1";
    check(json!({ "AWS": oai }), "s3:GetObject", &["stranger-access low"]);
    let service = || json!({ "Service": "cloudfront.amazonaws.com" });
    check(service(), "s3:GetObject", &["service-without-source high"]);
    check(service(), "s3:PutObject", &["service-without-source medium"]);
}

#[test]
fn a_source_condition_makes_a_service_harmless() {
    let mut statement = allow(&json!({ "Service": "cloudfront.amazonaws.com" }), "s3:GetObject");
    statement["Condition"] = json!({ "StringEquals": { "aws:SourceAccount": "111122223333" } });
    check(|one| one.policy = policy(&statement), &[]);
}

#[test]
fn several_statements_are_one_finding() {
    let two = json!({ "Version": "2012-10-17", "Statement": [
        tls_only(),
        allow(&json!({ "AWS": "999988887777" }), "s3:GetObject"),
        allow(&json!({ "AWS": "888877776666" }), "s3:GetObject"),
    ] });
    let mut facts = sample();
    facts.observed.policy = Reading::Known(Policy::new(two.to_string()));
    let findings = judged(&facts, Vec::new());
    assert_eq!(words(&findings), ["stranger-access medium"]);
    assert_eq!((findings[0].reasons.len(), findings[0].who.len()), (2, 2));
}

#[test]
fn an_exemption_is_shown_with_its_reason_and_hides_nothing() {
    let mut facts = sample();
    facts.observed.policy = Reading::Absent;
    facts.settle();
    let mut wanted = Baseline::new(Grade::Speed, None);
    wanted.set_mode(s3guard_posture::Aspect::Tls, Mode::Off);
    wanted.exemptions.push(Exempt {
        aspect: s3guard_posture::Aspect::Tls,
        reason: "an old client".to_owned(),
        until: Some(time::macros::date!(2027 - 01 - 31)),
    });
    let baseline = baseline(wanted, &facts.observed, Depth::Core);
    let account = account(PublicAccessBlock::default());
    let access_points = Reading::Absent;
    let around = Around { account: &account, access_points: &access_points, baseline: &baseline };
    let findings = of_bucket(&facts, &around);
    assert_eq!(words(&findings), ["http-allowed medium exempt"]);
    let until = findings[0].exemption.as_ref().unwrap().until.as_deref();
    assert_eq!(until, Some("2027-01-31"));
}

#[test]
fn a_key_that_cannot_be_used_is_found() {
    let check = |key, expected: &[&str]| {
        let facts = BucketFacts { key, ..sample() };
        assert_eq!(words(&judged(&facts, Vec::new())), expected);
    };
    check(Reading::Known(KeyState::Usable), &[]);
    check(
        Reading::Known(KeyState::Unusable("its state is `Disabled`".to_owned())),
        &["key-unusable high"],
    );
    check(Reading::Absent, &["key-unusable high"]);
    check(Reading::Denied, &["unreadable high unknown"]);
}

#[test]
fn the_block_of_the_account_is_judged_once() {
    let of = |block| {
        let mut facts = account(PublicAccessBlock::ALL);
        facts.block = block;
        words(&of_account(&facts, &id().region, &Baseline::of_account(Mode::Report)))
    };
    assert_eq!(of(Reading::Known(PublicAccessBlock::ALL)), [""; 0]);
    assert_eq!(of(Reading::Absent), ["account-block medium"]);
    assert_eq!(of(Reading::Denied), ["unreadable high unknown"]);
}

#[test]
fn what_is_refused_for_every_bucket_is_one_finding() {
    let mut facts = sample();
    facts.observed.policy = Reading::Denied;
    facts.observed.access_logs = Reading::Denied;
    let mut findings = judged(&facts, Vec::new());
    let refused = ["s3:GetBucketPolicy"];
    without_refused(&mut findings, &refused);
    assert_eq!(words(&findings), ["unreadable low unknown"]);
    assert_eq!(findings[0].reasons, ["s3:GetBucketLogging is denied"]);
    let once = of_refused(&account(PublicAccessBlock::ALL), &refused);
    assert_eq!(words(&once), ["unreadable critical unknown"]);
    assert!(once[0].reasons[0].contains("for every bucket"), "{:?}", once[0].reasons);
}

#[test]
fn a_name_that_is_guessable_and_telling_is_a_finding_and_others_are_not() {
    let id = |name: &str| BucketId {
        name: name.parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
    };
    let all = ["acme-payroll", "acme-web", "acme-payroll-8f3a9c", "acme-backup-x7k2m9q4"].map(id);
    let names = all.iter().map(|one| one.name.as_str());
    let known = Known::of_buckets(names, "111122223333".to_owned());
    let found = of_names(&all, &known);
    let [one] = &found[..] else { panic!("{found:#?}") };
    assert_eq!((one.rule, one.severity), (Rule::NameGuessable, Severity::Low));
    assert_eq!(one.resource.name, "acme-payroll");
    assert_eq!(one.reasons, ["in published lists: seconds (about 10^3.5 guesses)"]);
}
