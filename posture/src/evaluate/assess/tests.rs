//! The engine's rules, as tables.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use time::OffsetDateTime;
use time::macros::datetime;

use super::*;
use crate::evaluate::tls;
use crate::model::policy::Policy;
use crate::model::setting::{
    AccessLogs, Acl, Algorithm, Encryption, Key, KeyOwner, Notifications, Ownership,
    PublicAccessBlock, Retention, SettingKind, SseC, Versioning,
};
use crate::{Age, BucketId, Grade, History, KeyState, MemoryBucket, Trigger, carry_out, inspect};

mod access;
mod coexistence;
mod encryption;
mod exhaustive;
mod keeping;
mod keys;
mod peers;
mod property;
mod refused;
mod rounds;
mod statements;

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/ours";
const NOW: OffsetDateTime = datetime!(2026-11-24 23:15:02.123 UTC);

fn id() -> BucketId {
    in_region("eu-west-1")
}

fn in_region(region: &str) -> BucketId {
    BucketId {
        name: "reports".parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        region: region.parse().unwrap(),
    }
}

/// The baseline of a new bucket.
fn baseline(grade: Grade) -> Baseline {
    let mut baseline = existing(grade);
    baseline.call_context.age = Age::New;
    baseline
}

/// The baseline of a bucket that has existed for a while, and that no call has changed.
fn existing(grade: Grade) -> Baseline {
    let mut baseline = Baseline::new(grade, Some(KEY.parse().unwrap()));
    baseline.log_bucket = Some("our-logs".parse().unwrap());
    baseline
}

/// The baseline of a grade that enforces an aspect also where clients are affected.
fn enforcing(grade: Grade, aspect: Aspect) -> Baseline {
    let mut enforces = existing(grade);
    enforces.set_mode(aspect, Mode::Enforce);
    enforces
}

/// The baseline of a grade after a call that has changed an aspect.
fn changed(grade: Grade, aspect: Aspect) -> Baseline {
    let mut changed = existing(grade);
    changed.call_context.changed.insert(aspect);
    changed
}

/// As an event that only touches what is kept has it, and the sweep: what is only reported is not read.
fn kept(grade: Grade) -> Baseline {
    let mut kept = existing(grade);
    for aspect in Aspect::ALL {
        if kept.mode(aspect) == Mode::Report {
            kept.set_mode(aspect, Mode::Off);
        }
    }
    kept
}

fn kms(key: &str, bucket_key: bool) -> Encryption {
    let algorithm = Algorithm::Kms(Key::Named(key.to_owned()));
    Encryption { algorithm, bucket_key, sse_c: SseC::Blocked }
}

fn dsse(key: Key) -> Encryption {
    Encryption { algorithm: Algorithm::Dsse(key), bucket_key: false, sse_c: SseC::Blocked }
}

fn sse_s3(sse_c: SseC) -> Encryption {
    Encryption { algorithm: Algorithm::SseS3, bucket_key: false, sse_c }
}

/// A bucket of which nothing may be read.
fn denied() -> Observed {
    Observed {
        encryption: Reading::Denied,
        public_access_block: Reading::Denied,
        policy: Reading::Denied,
        ownership: Reading::Denied,
        versioning: Reading::Denied,
        access_logs: Reading::Denied,
        notifications: Reading::Denied,
        ..Observed::unread(id())
    }
}

fn tls_policy(grade: Grade) -> Policy {
    let wanted: &[tls::Denied] = match grade {
        Grade::Speed | Grade::Hybrid => &[tls::Denied::PlainHttp],
        Grade::Security => &[tls::Denied::PlainHttp, tls::Denied::OldTls],
    };
    Policy::new(tls::merged(None, wanted, &id()).unwrap().to_string())
}

/// A bucket with which nothing is wrong at this grade, everything read.
fn safe(grade: Grade) -> Observed {
    let event_bridge = Notifications {
        xml: "<NotificationConfiguration><EventBridgeConfiguration/></NotificationConfiguration>"
            .to_owned(),
        elements: vec!["EventBridgeConfiguration".to_owned()],
    };
    let logs =
        AccessLogs { target_bucket: "our-logs".to_owned(), target_prefix: "access/".to_owned() };
    let encryption = match grade {
        Grade::Speed => sse_s3(SseC::Blocked),
        Grade::Hybrid => kms(KEY, true),
        Grade::Security => dsse(Key::Named(KEY.to_owned())),
    };
    let mut observed = Observed {
        encryption: Reading::Known(encryption),
        policy: Reading::Known(tls_policy(grade)),
        policy_is_public: Reading::Known(false),
        notifications: Reading::Known(event_bridge),
        replication: Reading::Known(crate::model::setting::Replication::default()),
        object_lock: Reading::Known(Retention { compliance: false, days: 1 }),
        ..Observed::new_bucket(id())
    };
    if grade > Grade::Speed {
        observed.versioning = Reading::Known(Versioning { enabled: true, mfa_delete: false });
    }
    if grade == Grade::Security {
        observed.access_logs = Reading::Known(logs);
    }
    observed
}

#[track_caller]
fn check(observed: &Observed, baseline: &Baseline, expected: &[Setting]) {
    let findings = assess(observed, baseline);
    let actions = plan(&findings).actions;
    let settings: Vec<Setting> = actions.into_iter().map(|action| action.set).collect();
    assert_eq!(settings, expected, "{findings:#?}");
}

#[track_caller]
fn check_not_remediated(
    observed: &Observed,
    baseline: &Baseline,
    aspect: Aspect,
    expected: &Reason,
) {
    let findings = assess(observed, baseline);
    let left = Finding::NotRemediated { aspect, reason: expected.clone() };
    assert!(findings.contains(&left), "{findings:#?}");
    let is_remediated =
        findings.iter().any(|f| f.aspect() == aspect && f.remediated_by().is_some());
    assert!(!is_remediated, "{findings:#?}");
}

/// The bucket in memory never waits, so one poll is enough.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("nothing waits"),
    }
}

/// Reconciles a bucket; returns the settings that were written.
fn guard(bucket: &MemoryBucket, wanted: &Baseline) -> Vec<SettingKind> {
    let id = bucket.truth().id;
    let baseline = |_: &Observed| wanted.clone();
    let Some(inspection) = now(inspect(bucket, &id, &baseline)).unwrap() else {
        panic!("the bucket is there");
    };
    let outcome = now(carry_out(bucket, &inspection, &baseline, &Trigger::Sweep, || NOW));
    assert!(outcome.failed.is_empty() && outcome.unrecorded.is_empty());
    outcome.done.into_iter().map(|(action, _)| action.kind()).collect()
}

#[test]
fn a_safe_bucket_is_left_alone() {
    for grade in Grade::ALL {
        assert_eq!(assess(&safe(grade), &baseline(grade)), [], "{grade}");
    }
}

#[test]
fn a_new_bucket_gets_what_its_grade_asks_for_and_s3_does_not_give() {
    let kinds = |grade| {
        let findings = assess(&Observed::new_bucket(id()), &baseline(grade));
        plan(&findings).actions.iter().map(Action::kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(Grade::Speed), [SettingKind::Policy, SettingKind::Notifications]);
    assert_eq!(
        kinds(Grade::Hybrid),
        [
            SettingKind::Policy,
            SettingKind::Encryption,
            SettingKind::Versioning,
            SettingKind::Notifications
        ]
    );
    assert_eq!(
        kinds(Grade::Security),
        [
            SettingKind::Policy,
            SettingKind::Encryption,
            SettingKind::Versioning,
            SettingKind::AccessLogs,
            SettingKind::Notifications
        ]
    );
}

#[test]
fn what_is_switched_off_is_neither_read_nor_remediated() {
    let mut baseline = baseline(Grade::Security);
    for aspect in Aspect::ALL {
        baseline.set_mode(aspect, Mode::Off);
    }
    assert_eq!(questions(&Observed::unread(id()), &baseline), []);
    assert_eq!(assess(&Observed::new_bucket(id()), &baseline), []);
}

#[test]
fn what_is_only_reported_is_not_remediated_and_says_what_was_wanted() {
    let mut baseline = baseline(Grade::Hybrid);
    for aspect in Aspect::ALL {
        baseline.set_mode(aspect, Mode::Report);
    }
    let findings = assess(&Observed::new_bucket(id()), &baseline);
    assert_eq!(plan(&findings).actions, []);
    let reported: Vec<String> = findings
        .iter()
        .filter_map(|finding| match finding {
            Finding::NotRemediated { reason, .. } => Some(reason.to_string()),
            Finding::Weak { .. } | Finding::Later { .. } => None,
        })
        .collect();
    assert!(
        reported.contains(&"not set (wanted: enabled); only reported (mode \"report\")".to_owned()),
        "{reported:#?}"
    );
}

#[test]
fn what_cannot_be_read_is_left_and_reported() {
    let cases = [
        (SettingKind::Encryption, Aspect::Encryption),
        (SettingKind::PublicAccessBlock, Aspect::PublicAccess),
        (SettingKind::Policy, Aspect::Tls),
        (SettingKind::Ownership, Aspect::Ownership),
        (SettingKind::Versioning, Aspect::Versioning),
        (SettingKind::AccessLogs, Aspect::AccessLogs),
        (SettingKind::Notifications, Aspect::Notifications),
    ];
    for (kind, aspect) in cases {
        let mut observed = safe(Grade::Security);
        let question = kind.question();
        observed.answer(question, &denied());
        let reason = Reason::NotReadable(question);
        check_not_remediated(&observed, &baseline(Grade::Security), aspect, &reason);
    }
}
