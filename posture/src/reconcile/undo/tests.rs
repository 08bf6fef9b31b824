use expect_test::expect;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::evaluate::tls::Denied;
use crate::model::setting::{
    Algorithm, Encryption, Key, Notifications, Ownership, PublicAccessBlock, SettingKind, SseC,
    Versioning,
};
use crate::{Aspect, Grade};

fn record(from: Option<Setting>, to: Setting) -> Record {
    Record {
        version: crate::reconcile::record::VERSION,
        id: "reports@20261124T231502.123Z-policy".to_owned(),
        state: State::Verified,
        bucket: "reports".to_owned(),
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        time: "2026-11-24T23:15:02Z".to_owned(),
        grade: Grade::Speed,
        grade_reason: "the default".to_owned(),
        aspects: vec![Aspect::Tls],
        setting: SettingKind::Policy,
        call: "PutBucketPolicy".to_owned(),
        why: Vec::new(),
        from,
        to,
        events: Vec::new(),
        time_to_protect_milliseconds: None,
        cause: None,
    }
}

fn policy(text: &str) -> Setting {
    Setting::Policy(Some(text.to_owned()))
}

#[test]
fn the_previous_setting_is_written_back_if_it_was_not_changed_since() {
    let suspended = Setting::Versioning(Some(Versioning { enabled: false, mfa_delete: false }));
    let on = Setting::Versioning(Some(Versioning { enabled: true, mfa_delete: false }));
    let written = record(Some(suspended.clone()), on.clone());
    assert_eq!(undo(&written, Some(&on), false), Ok(suspended.clone()));
    let changed = Setting::Versioning(Some(Versioning { enabled: true, mfa_delete: true }));
    let refused = undo(&written, Some(&changed), false);
    let now = "it is versioning: enabled, with MFA delete now".to_owned();
    assert_eq!(refused, Err(CannotUndo::ChangedSince(now)));
    assert_eq!(undo(&written, Some(&changed), true), Ok(suspended));
    // What cannot be taken apart is restored as a whole, too.
    let [from, to, now] = ["[1]", "[2]", "[3]"].map(policy);
    let written = record(Some(from.clone()), to.clone());
    assert_eq!(undo(&written, Some(&to), false), Ok(from.clone()));
    assert!(matches!(undo(&written, Some(&now), false), Err(CannotUndo::ChangedSince(_))));
    assert_eq!(undo(&written, Some(&now), true), Ok(from));
}

#[test]
fn of_notifications_only_what_the_guard_has_added_is_removed() {
    let of = |elements: &str, names: &[&str]| {
        let xml = format!("<NotificationConfiguration>{elements}</NotificationConfiguration>");
        let elements = names.iter().map(|&name| name.to_owned()).collect();
        Setting::Notifications(Notifications { xml, elements })
    };
    let topic = |id: &str| {
        format!("<TopicConfiguration><Id>{id}</Id><Topic>t</Topic></TopicConfiguration>")
    };
    let on = "<EventBridgeConfiguration></EventBridgeConfiguration>";
    let written = record(
        Some(of(&topic("a"), &["TopicConfiguration"])),
        of(&format!("{}{on}", topic("a")), &["TopicConfiguration", "EventBridgeConfiguration"]),
    );
    let before = of(&topic("a"), &["TopicConfiguration"]);
    let now = of(&format!("<EventBridgeConfiguration/>\n{}", topic("a")), &[]);
    assert_eq!(undo(&written, Some(&now), false), Ok(before));
    let now = of(&format!("{}{on}", topic("b")), &[]);
    assert_eq!(undo(&written, Some(&now), false), Ok(of(&topic("b"), &["TopicConfiguration"])));
    let now = of(&topic("b"), &[]);
    assert!(matches!(undo(&written, Some(&now), false), Err(CannotUndo::Already(_))));
    let unknown = of(&format!("{on}<New/>"), &["EventBridgeConfiguration", "New"]);
    assert!(matches!(undo(&written, Some(&unknown), false), Err(CannotUndo::ChangedSince(_))));
}

#[test]
fn nothing_is_put_back_twice_or_blindly() {
    let written = record(Some(Setting::Policy(None)), policy("{}"));
    let undone = undo(&written, Some(&Setting::Policy(None)), true);
    assert!(matches!(undone, Err(CannotUndo::Already(_))));
    assert_eq!(undo(&written, None, true), Err(CannotUndo::NotReadable));
    let unknown = record(None, policy("{}"));
    assert_eq!(undo(&unknown, Some(&policy("{}")), true), Err(CannotUndo::NotKnown));
    let failed = Record { state: State::Failed, ..written };
    assert_eq!(undo(&failed, Some(&policy("{}")), true), Err(CannotUndo::Failed));
}

#[test]
fn versioning_is_versioning() {
    let on = Setting::Versioning(Some(Versioning { enabled: true, mfa_delete: false }));
    assert!(is_same(&on, &on.clone()) && !is_same(&on, &Setting::Versioning(None)));
}

fn bucket() -> crate::BucketId {
    crate::BucketId {
        name: "reports".parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
    }
}

/// A policy with these statements.
fn statements(statements: &[&Value]) -> Setting {
    policy(&json!({ "Version": "2012-10-17", "Statement": statements }).to_string())
}

fn allow(sid: &str, principal: &str) -> Value {
    json!({
        "Sid": sid, "Effect": "Allow", "Principal": { "AWS": principal },
        "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::reports/*",
    })
}

fn tls() -> Value {
    Denied::PlainHttp.statement(&bucket())
}

const OWN: &str = "arn:aws:iam::111122223333:role/app";
const FOREIGN: &str = "arn:aws:iam::444455556666:root";

#[test]
fn of_a_policy_only_what_the_guard_has_added_is_removed() {
    let (theirs, added, ours) = (allow("App", OWN), allow("Later", OWN), tls());
    let written = record(Some(statements(&[&theirs])), statements(&[&theirs, &ours]));
    let now = statements(&[&added, &theirs, &ours]);
    assert_eq!(undo(&written, Some(&now), false), Ok(statements(&[&added, &theirs])));
    // Another party has removed our statement, or that of the owner.
    let now = statements(&[&added, &theirs]);
    assert!(matches!(undo(&written, Some(&now), false), Err(CannotUndo::Already(_))));
    let now = statements(&[&ours]);
    assert_eq!(undo(&written, Some(&now), false), Ok(Setting::Policy(None)));
    assert!(matches!(
        undo(&written, Some(&Setting::Policy(None)), false),
        Err(CannotUndo::Already(_))
    ));
    // The first policy of the bucket: what others have put into it stays, with its version.
    let first = record(Some(Setting::Policy(None)), statements(&[&ours]));
    let now = statements(&[&ours, &added]);
    assert_eq!(undo(&first, Some(&now), false), Ok(statements(&[&added])));
}

#[test]
fn statements_are_compared_by_their_meaning() {
    let (theirs, ours) = (allow("App", OWN), tls());
    let written = record(Some(statements(&[&theirs])), statements(&[&theirs, &ours]));
    let mut other_form = ours.clone();
    other_form["Action"] = json!(["s3:*"]);
    other_form["Resource"].as_array_mut().unwrap().reverse();
    let now = json!({ "Statement": [other_form, theirs], "Version": "2012-10-17" }).to_string();
    let expected = json!({ "Statement": [theirs], "Version": "2012-10-17" }).to_string();
    assert_eq!(undo(&written, Some(&policy(&now)), false), Ok(policy(&expected)));
    let one = json!({ "Version": "2012-10-17", "Statement": theirs }).to_string();
    assert!(matches!(undo(&written, Some(&policy(&one)), false), Err(CannotUndo::Already(_))));
}

#[test]
fn a_statement_that_was_changed_since_is_replaced_only_by_force() {
    let (theirs, ours) = (allow("App", OWN), tls());
    let mut before = ours.clone();
    before["Resource"] = json!("arn:aws:s3:::reports/*");
    let written = record(Some(statements(&[&theirs, &before])), statements(&[&theirs, &ours]));
    assert_eq!(
        undo(&written, Some(&statements(&[&theirs, &ours])), false),
        Ok(statements(&[&theirs, &before]))
    );
    let mut changed = ours.clone();
    changed["Condition"] = json!({ "Bool": { "aws:SecureTransport": "true" } });
    let added = allow("Later", OWN);
    let now = statements(&[&added, &theirs, &changed]);
    let refused = undo(&written, Some(&now), false).unwrap_err().to_string();
    assert!(refused.contains("changed since then: the statement `S3GuardTlsOnly`"), "{refused}");
    assert_eq!(undo(&written, Some(&now), true), Ok(statements(&[&added, &theirs, &before])));
}

#[test]
fn the_version_of_a_policy_is_merged_like_its_statements() {
    let of = |version: &str, statement: &Value| {
        policy(&json!({ "Version": version, "Statement": [statement] }).to_string())
    };
    let (theirs, added) = (allow("App", OWN), allow("Later", OWN));
    let [from, to] = ["2008-10-17", "2012-10-17"].map(|version| of(version, &theirs));
    let written = record(Some(from.clone()), to.clone());
    assert_eq!(
        undo(&written, Some(&of("2012-10-17", &added)), false),
        Ok(of("2008-10-17", &added))
    );
    let other = of("2020-01-01", &added);
    assert!(matches!(undo(&written, Some(&other), false), Err(CannotUndo::ChangedSince(_))));
}

proptest! {
    #[test]
    fn an_undo_keeps_what_others_have_added_to_a_policy_and_is_complete(
        theirs in 0_usize..4, others in 0_usize..4, at in 0_usize..5,
    ) {
        let named = |name: &str, count| (0..count).map(|at| allow(&format!("{name}{at}"), FOREIGN)).collect::<Vec<_>>();
        let (theirs, others) = (named("Their", theirs), named("Other", others));
        let of = |all: &[Value]| match all {
            [] => Setting::Policy(None),
            all => statements(&all.iter().collect::<Vec<_>>()),
        };
        let ours = [tls(), Denied::OldTls.statement(&bucket())];
        let written = [&theirs[..], &ours].concat();
        let mut now = written.clone();
        let at = at.min(now.len());
        now.splice(at..at, others.clone());
        let mut expected = now.clone();
        expected.retain(|one| !ours.contains(one));
        let record = record(Some(of(&theirs)), of(&written));
        let undone = undo(&record, Some(&of(&now)), false);
        prop_assert_eq!(undone, Ok(of(&expected)));
        let again = undo(&record, Some(&of(&expected)), false);
        prop_assert!(matches!(again, Err(CannotUndo::Already(_))), "{:?}", again);
    }
}

fn changes(now: &Setting, to: &Setting) -> String {
    let exposures = exposures(now, to, &bucket());
    let exposures = exposures.iter().map(|one| format!("! {one}"));
    diff(now, to).into_iter().chain(exposures).map(|line| line + "\n").collect()
}

#[test]
fn a_policy_is_shown_as_the_statements_that_it_gets_and_loses() {
    let (theirs, foreign) = (allow("App", OWN), allow("Partner", FOREIGN));
    let (now, to) = (statements(&[&theirs, &tls()]), statements(&[&theirs, &foreign]));
    expect![[r#"
        - {
        -   "Sid": "S3GuardTlsOnly",
        -   "Effect": "Deny",
        -   "Principal": "*",
        -   "Action": "s3:*",
        -   "Resource": [
        -     "arn:aws:s3:::reports",
        -     "arn:aws:s3:::reports/*"
        -   ],
        -   "Condition": {
        -     "Bool": {
        -       "aws:SecureTransport": "false"
        -     }
        -   }
        - }
        + {
        +   "Sid": "Partner",
        +   "Effect": "Allow",
        +   "Principal": {
        +     "AWS": "arn:aws:iam::444455556666:root"
        +   },
        +   "Action": [
        +     "s3:GetObject",
        +     "s3:PutObject"
        +   ],
        +   "Resource": "arn:aws:s3:::reports/*"
        + }
        ! the policy lets in account 444455556666, for ["s3:GetObject","s3:PutObject"]
        ! requests over plain HTTP are accepted
    "#]]
    .assert_eq(&changes(&now, &to));
    let service = json!({ "Effect": "Allow", "Principal": { "Service": "logging.s3.amazonaws.com\u{1b}[2J" }, "Action": "s3:PutObject" });
    let deny =
        json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": "*" });
    expect![[r#"
        - {
        -   "Effect": "Deny",
        -   "Principal": "*",
        -   "Action": "s3:DeleteObject",
        -   "Resource": "*"
        - }
        + {
        +   "Effect": "Allow",
        +   "Principal": {
        +     "Service": "logging.s3.amazonaws.com\u001b[2J"
        +   },
        +   "Action": "s3:PutObject"
        + }
        ! the policy lets in AWS service logging.s3.amazonaws.com\u{1b}[2J, for any account, for "s3:PutObject"
        ! the policy does not deny this any more: {"Effect":"Deny","Principal":"*","Action":"s3:DeleteObject","Resource":"*"}
    "#]]
    .assert_eq(&changes(&statements(&[&deny]), &statements(&[&service])));
    expect![[r#"
        + [\u{1b}]
        ! the policy cannot be analyzed: it is not a JSON object
    "#]]
    .assert_eq(&changes(&Setting::Policy(None), &policy("[\u{1b}]")));
    // What is there already is not let in by the undo.
    assert_eq!(
        exposures(&statements(&[&foreign, &theirs]), &statements(&[&foreign]), &bucket()),
        [""; 0]
    );
}

#[test]
fn other_settings_are_shown_with_what_they_open() {
    let block = |block| Setting::PublicAccessBlock(block);
    let encryption = |algorithm, sse_c| {
        Setting::Encryption(Some(Encryption { algorithm, bucket_key: true, sse_c }))
    };
    let key = |name: &str| Key::Named(name.to_owned());
    let own =
        encryption(Algorithm::Kms(key("arn:aws:kms:eu-west-1:111122223333:key/1")), SseC::Blocked);
    let theirs =
        encryption(Algorithm::Dsse(key("arn:aws:kms:eu-west-1:444455556666:key/2")), SseC::Blocked);
    let weak = encryption(Algorithm::SseS3, SseC::Allowed);
    let enforced = Setting::Ownership(Some(Ownership::BucketOwnerEnforced));
    let notifications = |elements: &str| {
        let xml = format!("<NotificationConfiguration>{elements}</NotificationConfiguration>");
        Setting::Notifications(Notifications { xml, elements: Vec::new() })
    };
    let queue = |account: &str| {
        notifications(&format!(
            "<QueueConfiguration><Id>q</Id><Queue>arn:aws:sqs:eu-west-1:{account}:q</Queue></QueueConfiguration>"
        ))
    };
    let on = notifications("<EventBridgeConfiguration/>");
    let all: Vec<String> = [
        (block(Some(PublicAccessBlock::ALL)), block(Some(PublicAccessBlock::POLICIES))),
        (block(None), block(Some(PublicAccessBlock::ALL))),
        (own.clone(), weak.clone()),
        (weak, own.clone()),
        (own, theirs),
        (enforced.clone(), Setting::Ownership(None)),
        (Setting::Ownership(None), enforced),
        (on.clone(), queue("111122223333")),
        (on.clone(), queue("444455556666")),
        (on.clone(), on),
    ]
    .iter()
    .map(|(now, to)| changes(now, to))
    .collect();
    expect![[r#"
        - BlockPublicAcls: on
        + BlockPublicAcls: off
        - IgnorePublicAcls: on
        + IgnorePublicAcls: off
        ! BlockPublicAcls is switched off
        ! IgnorePublicAcls is switched off

        - BlockPublicAcls: off
        + BlockPublicAcls: on
        - IgnorePublicAcls: off
        + IgnorePublicAcls: on
        - BlockPublicPolicy: off
        + BlockPublicPolicy: on
        - RestrictPublicBuckets: off
        + RestrictPublicBuckets: on

        - default encryption: SSE-KMS with key arn:aws:kms:eu-west-1:111122223333:key/1, bucket key on, SSE-C blocked
        + default encryption: SSE-S3, SSE-C not blocked
        ! new objects are encrypted less strongly
        ! uploads with SSE-C are accepted

        - default encryption: SSE-S3, SSE-C not blocked
        + default encryption: SSE-KMS with key arn:aws:kms:eu-west-1:111122223333:key/1, bucket key on, SSE-C blocked

        - default encryption: SSE-KMS with key arn:aws:kms:eu-west-1:111122223333:key/1, bucket key on, SSE-C blocked
        + default encryption: DSSE-KMS with key arn:aws:kms:eu-west-1:444455556666:key/2, bucket key on, SSE-C blocked
        ! new objects need key arn:aws:kms:eu-west-1:444455556666:key/2 of another account

        - object ownership: BucketOwnerEnforced
        + object ownership: not set
        ! ACLs grant access again

        - object ownership: not set
        + object ownership: BucketOwnerEnforced

        - EventBridgeConfiguration
        + QueueConfiguration Id=q Queue=arn:aws:sqs:eu-west-1:111122223333:q

        - EventBridgeConfiguration
        + QueueConfiguration Id=q Queue=arn:aws:sqs:eu-west-1:444455556666:q
        ! another account gets events: QueueConfiguration Id=q Queue=arn:aws:sqs:eu-west-1:444455556666:q

    "#]]
    .assert_eq(&all.join("\n"));
}

#[test]
fn a_record_that_says_something_else_than_its_id_is_not_genuine() {
    let id: RecordId = "reports@20261124T231502.123Z-policy".parse().unwrap();
    let (account, region) = (bucket().account, bucket().region);
    let genuine = record(Some(Setting::Policy(None)), policy("{}"));
    let genuine = Record { time: "2026-11-24T23:15:02.123Z".to_owned(), ..genuine };
    assert_eq!(differences(&genuine, &id, &account, &region), [""; 0]);
    let check = |forged: Record, words: &str| {
        let found = differences(&forged, &id, &account, &region).join("; ");
        assert_eq!(found, words);
    };
    let other = Setting::Versioning(None);
    check(
        Record { from: Some(other.clone()), ..genuine.clone() },
        "its old setting is `versioning` instead of `policy`",
    );
    check(
        Record { to: other, setting: SettingKind::Versioning, ..genuine.clone() },
        "its setting is `versioning` instead of `policy`; its new setting is `versioning` instead of `policy`",
    );
    check(
        Record { bucket: "other".to_owned(), ..genuine.clone() },
        "its bucket is `other` instead of `reports`",
    );
    check(
        Record {
            account: "444455556666".to_owned(),
            region: "us-east-1".to_owned(),
            ..genuine.clone()
        },
        "its account is `444455556666` instead of `111122223333`; its Region is `us-east-1` instead of `eu-west-1`",
    );
    check(
        Record { id: "reports@20261124T231502.124Z-policy".to_owned(), ..genuine.clone() },
        "its id is `reports@20261124T231502.124Z-policy` instead of `reports@20261124T231502.123Z-policy`",
    );
    check(Record { time: "yesterday".to_owned(), ..genuine }, "its time is `yesterday`");
}

#[test]
fn several_writes_are_undone_as_one() {
    let [first, second, third] = [false, true, false]
        .map(|mfa_delete| Setting::Versioning(Some(Versioning { enabled: true, mfa_delete })));
    let absent = Setting::Versioning(None);
    let older = Record { aspects: vec![Aspect::Versioning], ..record(Some(absent.clone()), first) };
    let newer = record(Some(second), third.clone());
    let joined = joined(vec![newer.clone(), older]).unwrap();
    assert_eq!((joined.id, joined.from.clone()), (newer.id, Some(absent.clone())));
    assert_eq!(joined.aspects, [Aspect::Tls, Aspect::Versioning]);
    assert_eq!(undo(&record(joined.from, joined.to), Some(&third), false), Ok(absent));
    assert!(super::joined(Vec::new()).is_none());
}
