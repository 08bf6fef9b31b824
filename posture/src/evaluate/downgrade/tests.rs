//! Every protection, by a call and by the sweep, from what it was to what it is.

use std::collections::BTreeSet;

use time::Duration;
use time::macros::datetime;

use super::*;
use crate::model::deed::Effect;
use crate::model::setting::{ExpiryOf, Retention};
use crate::{BucketName, Tool};

const NOON: OffsetDateTime = datetime!(2026-11-20 12:00:00 UTC);

fn call(minute: i64, sets: &[(Protection, Value)]) -> Call {
    Call {
        event_name: "Put".to_owned(),
        event_id: Some(format!("event-{minute}")),
        time: NOON + Duration::minutes(minute),
        principal: "arn:aws:sts::111122223333:assumed-role/Support/mallory".to_owned(),
        principal_arn: Some("arn:aws:iam::111122223333:role/Support".to_owned()),
        tool: Tool::Cli,
        source_ip: None,
        exposes: false,
        opens_sse_c: false,
        makes_default_bucket: false,
        policy: None,
        effect: Effect { sets: sets.iter().cloned().collect(), ..Effect::default() },
    }
}

fn copies(names: &[&str]) -> Value {
    Value::Copies(names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>())
}

fn algorithm(name: &str) -> Value {
    Value::Algorithm(name.to_owned())
}

fn logs(bucket: &str) -> Value {
    Value::Logs(bucket.to_owned())
}

fn after(of: ExpiryOf, days: &[u32]) -> Value {
    Value::Expiries(days.iter().map(|days| Expiry::after(of, *days)).collect())
}

fn retention(compliance: bool, days: u32) -> Value {
    Value::Retention(Retention { compliance, days })
}

fn key(name: &str) -> Value {
    Value::Key(Key::Named(name.to_owned()))
}

const ALL: Value = Value::Block(PublicAccessBlock::ALL);
const NONE: Value = Value::Block(PublicAccessBlock {
    block_public_acls: false,
    ignore_public_acls: false,
    block_public_policy: false,
    restrict_public_buckets: false,
});

/// A protection, what it was and what it is; in words if it is a downgrade.
fn table() -> Vec<(Protection, Value, Value, Option<&'static str>)> {
    use ExpiryOf::{Objects, OldVersions};
    use Protection as P;
    vec![
        (P::Versioning, Value::On, Value::Off, Some("versioning is suspended, was enabled")),
        (P::Versioning, Value::Off, Value::On, None),
        (P::MfaDelete, Value::On, Value::Off, Some("MFA delete is off, was on")),
        (P::AccessLogs, logs("a"), Value::Off, Some("access is not logged, was logged to a")),
        (P::AccessLogs, logs("a"), logs("b"), Some("access is logged to b, was logged to a")),
        (P::AccessLogs, Value::Off, logs("b"), None),
        (
            P::Objects,
            after(Objects, &[]),
            after(Objects, &[30]),
            Some("objects are deleted after 30 days"),
        ),
        (
            P::Objects,
            after(Objects, &[365]),
            after(Objects, &[1, 365]),
            Some("objects are deleted after 1 day, were deleted after 365 days"),
        ),
        (P::Objects, after(Objects, &[1, 365]), after(Objects, &[30]), None),
        (P::Objects, after(Objects, &[30]), after(Objects, &[]), None),
        (
            P::OldVersions,
            after(OldVersions, &[90]),
            after(OldVersions, &[1]),
            Some("old versions are deleted after 1 day, were deleted after 90 days"),
        ),
        (
            P::Replication,
            copies(&["a", "b"]),
            copies(&[]),
            Some("objects are no longer copied to a, b"),
        ),
        (
            P::Replication,
            copies(&["a"]),
            copies(&["c"]),
            Some("objects are copied to c, and no longer to a"),
        ),
        (P::Replication, copies(&["a"]), copies(&["a", "c"]), None),
        (
            P::ObjectLock,
            retention(true, 30),
            Value::Off,
            Some(
                "the default retention of new objects is gone, was for 30 days in compliance mode",
            ),
        ),
        (
            P::ObjectLock,
            retention(true, 30),
            retention(false, 60),
            Some(
                "the default retention of new objects is for 60 days in governance mode, was for 30 days in \
                 compliance mode",
            ),
        ),
        (P::ObjectLock, retention(false, 30), retention(true, 30), None),
        (
            P::EventBridge,
            Value::On,
            Value::Off,
            Some("the delivery of events to EventBridge is off, was on"),
        ),
        (
            P::Algorithm,
            algorithm("aws:kms"),
            algorithm("AES256"),
            Some("new objects are encrypted with AES256, was aws:kms"),
        ),
        (P::Algorithm, algorithm("aws:kms"), algorithm("aws:kms:dsse"), None),
        (P::Key, key("k-1"), key("k-2"), Some("the key is key k-2, was key k-1")),
        (P::Key, key("k-1"), key("arn:aws:kms:eu-west-1:111122223333:key/k-1"), None),
        (P::Key, key("k-1"), Value::Off, None),
        (P::SseC, Value::On, Value::Off, Some("the block on uploads with SSE-C is off, was on")),
        (
            P::PublicAccess,
            ALL,
            Value::Block(PublicAccessBlock::POLICIES),
            Some("the public access block is off (BlockPublicAcls, IgnorePublicAcls), was on"),
        ),
        (P::PublicAccess, Value::Block(PublicAccessBlock::POLICIES), ALL, None),
        (
            P::AccountPublicAccess,
            ALL,
            NONE,
            Some(
                "the public access block is off (BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, \
                 RestrictPublicBuckets), was on",
            ),
        ),
        (P::Ownership, Value::On, Value::Off, Some("the switch that disables ACLs is off, was on")),
    ]
}

fn last(protection: Protection, value: &Value) -> LastValues {
    known([(protection, value.clone())], NOON)
}

fn found(compared: &Compared) -> Vec<String> {
    compared.downgrades.iter().map(Downgrade::words).collect()
}

#[test]
fn every_protection_is_in_the_table() {
    let with_a_fall: BTreeSet<Protection> =
        table().into_iter().filter(|(.., words)| words.is_some()).map(|(one, ..)| one).collect();
    assert_eq!(with_a_fall, BTreeSet::from(Protection::ALL));
}

#[test]
fn a_protection_that_is_switched_off_is_a_downgrade_by_a_call_and_by_the_sweep() {
    let none = Protections::new();
    for (protection, from, to, words) in table() {
        let before = last(protection, &from);
        let by = call(1, &[(protection, to.clone())]);
        let compared = compare(&before, false, std::slice::from_ref(&by), (&none, NOON));
        let expected: Vec<String> = words.iter().map(|&words| words.to_owned()).collect();
        assert_eq!(found(&compared), expected, "{protection}");
        let callers = compared.downgrades.iter().map(|one| one.by.as_ref());
        assert!(callers.into_iter().all(|caller| caller == Some(&by)), "{protection}");
        assert_eq!(compared.changed.is_empty(), from == to, "{protection}");

        let read = [(protection, to.clone())].into();
        let swept = compare(&before, false, &[], (&read, NOON + Duration::HOUR));
        let expected: Vec<String> = words
            .iter()
            .map(|words| format!("{words}; s3guard knows of no call that has done it"))
            .collect();
        assert_eq!(found(&swept), expected, "{protection}");

        let mut now = before.clone();
        now.extend(swept.changed);
        let again = compare(&now, false, &[], (&read, NOON + Duration::HOUR));
        assert_eq!(again, Compared::default(), "{protection} is found once");
    }
}

#[test]
fn a_call_that_the_sweep_came_before_is_found_all_the_same_and_once() {
    let none = Protections::new();
    for (protection, from, to, words) in table().into_iter().filter(|(.., words)| words.is_some()) {
        let mut values = last(protection, &from);
        let read = [(protection, to.clone())].into();
        values.extend(compare(&values, false, &[], (&read, NOON + Duration::HOUR)).changed);
        let late = [call(1, &[(protection, to)])];
        let compared = compare(&values, false, &late, (&none, NOON + Duration::HOUR));
        assert_eq!(found(&compared), [words.unwrap()], "{protection}");
        values.extend(compared.changed);
        let again = compare(&values, false, &late, (&none, NOON + Duration::HOUR));
        assert_eq!(again, Compared::default(), "{protection}");
    }
}

#[test]
fn what_is_on_again_was_off_all_the_same() {
    let off = |minute| call(minute, &[(Protection::Versioning, Value::Off)]);
    let on = |minute| call(minute, &[(Protection::Versioning, Value::On)]);
    let values = last(Protection::Versioning, &Value::On);
    let read = [(Protection::Versioning, Value::On)].into();
    let compared = compare(&values, false, &[off(1), on(2)], (&read, NOON));
    assert_eq!(found(&compared), ["versioning is suspended, was enabled"]);
    // The event that came first is delivered last.
    let mut values = values;
    values.extend(compare(&values, false, &[on(2)], (&read, NOON)).changed);
    let compared = compare(&values, false, &[off(1)], (&Protections::new(), NOON));
    assert_eq!(found(&compared).len(), 1);
}

#[test]
fn of_a_bucket_that_is_not_known_only_what_a_call_switches_off_counts() {
    use ExpiryOf::Objects;
    use Protection as P;
    let none = Protections::new();
    let of_call = |protection: P, to: &Value, is_new| {
        let calls = [call(1, &[(protection, to.clone())])];
        !compare(&LastValues::new(), is_new, &calls, (&none, NOON)).downgrades.is_empty()
    };
    for (protection, to, expected) in [
        (P::Versioning, Value::Off, true),
        (P::Versioning, Value::On, false),
        (P::MfaDelete, Value::Off, false),
        (P::AccessLogs, Value::Off, true),
        (P::AccessLogs, logs("a"), false),
        (P::Objects, after(Objects, &[1]), true),
        (P::Objects, after(Objects, &[30]), false),
        (P::Replication, copies(&[]), true),
        (P::Replication, copies(&["a"]), false),
        (P::ObjectLock, Value::Off, true),
        (P::EventBridge, Value::Off, false),
        (P::Algorithm, algorithm("AES256"), false),
        (P::SseC, Value::Off, true),
        (P::PublicAccess, NONE, true),
        (P::PublicAccess, ALL, false),
        (P::Ownership, Value::Off, false),
    ] {
        assert_eq!(of_call(protection, &to, false), expected, "{protection} {to:?}");
        assert!(!of_call(protection, &to, true), "a new bucket had no protection");
        let read = [(protection, to.clone())].into();
        let swept = compare(&LastValues::new(), false, &[], (&read, NOON));
        assert_eq!(swept.downgrades, [], "{protection} {to:?}");
        assert_eq!(swept.changed.len(), 1, "it is known from now on");
    }
    let mut root = call(1, &[(P::MfaDelete, Value::Off)]);
    root.principal_arn = Some("arn:aws:iam::111122223333:root".to_owned());
    let compared = compare(&LastValues::new(), false, &[root], (&none, NOON));
    assert_eq!(found(&compared), ["MFA delete is off; what it was before is not known"]);
}

#[test]
fn the_third_by_one_principal_within_ten_minutes_is_a_sequence() {
    let bucket = |name: &str| name.parse::<BucketName>().unwrap();
    let fall = |seconds: i64, of: &str, principal: &str, was_on: bool| {
        let all = Protection::ALL;
        let fall = Fall {
            time: NOON + Duration::seconds(seconds),
            protection: all[usize::try_from(seconds).unwrap() % all.len()],
            principal: principal.to_owned(),
            event_id: Some(format!("{seconds}{of}")),
            was_on,
        };
        (bucket(of), fall)
    };
    let of = |falls: &[(BucketName, Fall)]| Sequence::of("m", &bucket("one"), falls);
    let three = [
        fall(0, "one", "m", false),
        fall(0, "one", "m", false),
        fall(20, "one", "m", true),
        fall(75, "one", "m", false),
        fall(71, "one", "n", true),
    ];
    assert_eq!(
        of(&three[..4]).map(|it| (it.count, it.buckets, it.took())),
        Some((3, 1, "within 2 minutes".to_owned()))
    );
    assert_eq!(of(&three).unwrap().count, 3, "of one principal");
    assert_eq!(of(&three[..3]), None, "an event that is delivered twice is one");
    let all = Protection::ALL.len();
    let same =
        [0, all, 2 * all].map(|seconds| fall(i64::try_from(seconds).unwrap(), "one", "m", true));
    assert_eq!(of(&same), None, "one protection again and again is a conflict");
    let slow = [0, 300, 601].map(|seconds| fall(seconds, "one", "m", true));
    assert_eq!(of(&slow), None);
    let of_many = |was_on| ["one", "two", "three"].map(|name| fall(0, name, "m", was_on));
    assert_eq!(of(&of_many(true)).unwrap().buckets, 3);
    assert_eq!(of(&of_many(false)), None, "the setup of many buckets");
}
