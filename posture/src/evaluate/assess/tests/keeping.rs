//! Versions, access logs, notifications, copies, rules that delete, locks.

use super::*;
use crate::model::destination::Destination;
use crate::model::setting::{Expiry, ExpiryOf, Lifecycle, Replication};

fn versioned() -> Observed {
    let versioning = Reading::Known(Versioning { enabled: true, mfa_delete: false });
    Observed { versioning, ..safe(Grade::Speed) }
}

#[test]
fn events_that_other_accounts_receive_are_reported_unless_they_are_trusted() {
    let xml = "<NotificationConfiguration><QueueConfiguration><Id>arn</Id><Queue>\
               arn:aws:sqs:eu-west-1:444455556666:events</Queue></QueueConfiguration>\
               <TopicConfiguration><Topic>arn:aws:sns:eu-west-1:111122223333:own</Topic>\
               </TopicConfiguration><EventBridgeConfiguration/></NotificationConfiguration>";
    let elements = ["QueueConfiguration", "TopicConfiguration", "EventBridgeConfiguration"];
    let notifications =
        Notifications { xml: xml.to_owned(), elements: elements.map(str::to_owned).into() };
    let bucket = Observed { notifications: Reading::Known(notifications), ..safe(Grade::Speed) };
    let reason = "its events are sent to arn:aws:sqs:eu-west-1:444455556666:events of account \
                  444455556666";
    let reason = Reason::SentElsewhere(reason.to_owned());
    let mut baseline = baseline(Grade::Speed);
    check_not_remediated(&bucket, &baseline, Aspect::Notifications, &reason);
    baseline.trusted.accounts = ["444455556666".parse().unwrap()].into();
    assert_eq!(assess(&bucket, &baseline), []);
}

#[test]
fn versions_are_kept_from_grade_hybrid_on() {
    let enabled = Setting::Versioning(Some(Versioning { enabled: true, mfa_delete: false }));
    let suspended = Versioning { enabled: false, mfa_delete: false };
    for reading in [Reading::Absent, Reading::Known(suspended)] {
        let bucket = |grade| Observed { versioning: reading, ..safe(grade) };
        check(&bucket(Grade::Hybrid), &baseline(Grade::Hybrid), std::slice::from_ref(&enabled));
        check(&bucket(Grade::Speed), &baseline(Grade::Speed), &[]);
    }
    let locked = Versioning { enabled: false, mfa_delete: true };
    let locked = Observed { versioning: Reading::Known(locked), ..safe(Grade::Hybrid) };
    check_not_remediated(&locked, &baseline(Grade::Hybrid), Aspect::Versioning, &Reason::MfaDelete);
}

#[test]
fn access_is_logged_to_our_bucket_unless_it_is_logged_elsewhere() {
    let grade = Grade::Security;
    let silent = Observed { access_logs: Reading::Absent, ..safe(grade) };
    let ours = AccessLogs {
        target_bucket: "our-logs".to_owned(),
        target_prefix: "access/reports/".to_owned(),
    };
    check(&silent, &baseline(grade), &[Setting::AccessLogs(Some(ours))]);
    let theirs = AccessLogs { target_bucket: "theirs".to_owned(), target_prefix: String::new() };
    let theirs = Observed { access_logs: Reading::Known(theirs), ..safe(grade) };
    check(&theirs, &baseline(grade), &[]);
    let mut nowhere = baseline(grade);
    nowhere.log_bucket = None;
    let reason = Reason::NoLogBucket("eu-west-1".parse().unwrap());
    check_not_remediated(&silent, &nowhere, Aspect::AccessLogs, &reason);
}

#[test]
fn notifications_gain_event_bridge_and_lose_nothing() {
    let theirs =
        "<NotificationConfiguration><TopicConfiguration><Topic>t</Topic></TopicConfiguration>";
    let reading = |rest: &str, elements: &[&str]| {
        Reading::Known(Notifications {
            xml: format!("{theirs}{rest}</NotificationConfiguration>"),
            elements: elements.iter().map(|&e| e.to_owned()).collect(),
        })
    };
    let bucket =
        Observed { notifications: reading("", &["TopicConfiguration"]), ..safe(Grade::Speed) };
    let plan = plan(&assess(&bucket, &baseline(Grade::Speed)));
    let [Action { set: Setting::Notifications(merged), .. }] = &plan.actions[..] else {
        panic!("{plan:?}");
    };
    assert!(merged.xml.starts_with(theirs) && merged.event_bridge());
    let new =
        Observed { notifications: reading("<New/>", &["TopicConfiguration", "New"]), ..bucket };
    let reason = Reason::UnknownNotifications("New".to_owned());
    check_not_remediated(&new, &baseline(Grade::Speed), Aspect::Notifications, &reason);
}

#[test]
fn replicas_in_other_accounts_rules_that_delete_soon_and_lost_locks_are_reported() {
    let report = |what: &str| Reason::NeverWritten(what.to_owned());
    let sent = |what: &str| Reason::SentElsewhere(what.to_owned());
    let to = |arn: &str, account: Option<&str>| {
        let destinations = [Destination::new(arn, account, &id().account)].into();
        let replication = Replication { destinations, without_kms: false };
        Observed { replication: Reading::Known(replication), ..versioned() }
    };
    let copies = to("arn:aws:s3:::copies", Some("444455556666"));
    let soon = Lifecycle::new([Expiry::after(ExpiryOf::Objects, 1)]);
    let old = Lifecycle::new([Expiry::after(ExpiryOf::OldVersions, 1)]);
    let cases = [
        (
            copies.clone(),
            Aspect::Replication,
            sent("its objects are copied to copies of account 444455556666"),
        ),
        (
            to("arn:aws:s3:::collector", None),
            Aspect::Replication,
            sent("its objects are copied to collector, whose owner no event names"),
        ),
        (
            Observed { lifecycle: Reading::Known(soon), ..safe(Grade::Speed) },
            Aspect::Lifecycle,
            report("objects are deleted after 1 day"),
        ),
        (
            Observed { lifecycle: Reading::Known(old), ..safe(Grade::Speed) },
            Aspect::Lifecycle,
            report("old versions are deleted after 1 day"),
        ),
        (
            Observed { object_lock: Reading::Absent, ..versioned() },
            Aspect::ObjectLock,
            report("its new objects are not locked"),
        ),
    ];
    for (bucket, aspect, reason) in cases {
        check_not_remediated(&bucket, &changed(Grade::Speed, aspect), aspect, &reason);
    }
    let mut trusting = baseline(Grade::Speed);
    trusting.trusted.accounts = ["444455556666".parse().unwrap()].into();
    assert_eq!(assess(&copies, &trusting), []);
    // Most buckets have neither, and without versions neither is read.
    let plain =
        Observed { object_lock: Reading::Absent, replication: Reading::Absent, ..versioned() };
    assert_eq!(assess(&plain, &existing(Grade::Speed)), []);
    let unread = Observed::unread(id());
    let unversioned = Observed { versioning: Reading::Absent, ..unread };
    let asked = questions(&unversioned, &existing(Grade::Speed));
    assert!(!asked.iter().any(|one| matches!(one, Question::Replication | Question::ObjectLock)));
    let late = Lifecycle::new([Expiry::after(ExpiryOf::Objects, 30)]);
    let late = Observed { lifecycle: Reading::Known(late), ..safe(Grade::Speed) };
    assert_eq!(assess(&late, &baseline(Grade::Speed)), []);
}
