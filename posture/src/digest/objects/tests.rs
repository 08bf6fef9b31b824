use std::collections::BTreeMap;

use expect_test::expect;
use proptest::prelude::*;
use time::macros::datetime;

use super::*;
use crate::config::{Subscription, Threshold};
use crate::digest::window::{Digest, Known, Window};
use crate::events::object_event::{ObjectEvent, Retention, RetentionMode};
use crate::model::change::Change;
use crate::model::severity::Severity;
use crate::notify::notification::document::Body;
use crate::notify::notification::{Attribute, Origin};
use crate::{BucketName, Config, Grade, Notification};

mod channels;

fn event(key: &str, change: Change, sequencer: &str) -> ObjectEvent {
    ObjectEvent {
        id: format!("{key}{sequencer}"),
        change,
        bucket: "reports".parse().unwrap(),
        key: key.to_owned(),
        version_id: None,
        size_bytes: Some(1_536),
        sequencer: Some(sequencer.to_owned()),
        retention: None,
        is_acl_unchecked: false,
        requester: Some("111122223333".to_owned()),
        source_ip: Some("192.0.2.1".to_owned()),
        time: datetime!(2026-11-20 12:00:00 UTC),
    }
}

fn of(bucket: &str, event: ObjectEvent) -> ObjectEvent {
    ObjectEvent { bucket: bucket.parse().unwrap(), ..event }
}

fn digest(events: Vec<ObjectEvent>) -> Digest {
    let window = Window::at(datetime!(2026-11-20 12:01:00 UTC), 300);
    Digest::new(window, window.end(), events)
}

fn known() -> BTreeMap<BucketName, Known> {
    let secret = Known { grade: Some(Grade::Security), owner: Some("payroll team".to_owned()) };
    [
        ("payroll".parse().unwrap(), secret),
        ("reports".parse().unwrap(), Known { grade: Some(Grade::Speed), owner: None }),
    ]
    .into()
}

fn notifications_for(events: Vec<ObjectEvent>, config: &Config) -> Vec<Notification> {
    notifications_where(events, config, &known())
}

fn notifications_where(
    events: Vec<ObjectEvent>,
    config: &Config,
    known: &BTreeMap<BucketName, Known>,
) -> Vec<Notification> {
    let scene = Scene {
        origin: Origin {
            account: &"111122223333".parse().unwrap(),
            region: &"eu-west-1".parse().unwrap(),
            stack: "s3guard",
            now: datetime!(2026-11-20 13:00 UTC),
        },
        ledger: Some(&"s3guard-ledger".parse().unwrap()),
        known,
        alarming: &Alarming::default(),
        subscriptions: config.subscriptions(),
    };
    notifications_of(&digest(events), &scene)
}

fn notification_about(events: Vec<ObjectEvent>) -> Notification {
    let notifications = notifications_for(events, &Config::default());
    let [notification] = &notifications[..] else {
        panic!("{} notifications", notifications.len())
    };
    notification.clone()
}

#[test]
fn many_events_are_counted_by_bucket_and_what_matters_comes_first() {
    let version =
        |event| ObjectEvent { version_id: Some("3sL4kqtJlcpXroDTDm".to_owned()), ..event };
    let notification = notification_about(vec![
        of("payroll", version(event("2026/11.csv", Change::Deleted, "03"))),
        of("payroll", event("2026/11.csv", Change::Created, "02")),
        of(
            "photos",
            ObjectEvent {
                size_bytes: None,
                requester: Some("s3.amazonaws.com".to_owned()),
                source_ip: None,
                ..event("b.jpg", Change::Expired, "01")
            },
        ),
        event("a.txt", Change::CreatedOrOverwritten, "01"),
        event("a.txt", Change::MadePublic, "01"),
        event("b.txt", Change::CreatedOrOverwritten, "01"),
    ]);
    let subject = "s3guard critical: 1 object made public by its ACL in reports (and 2 more)";
    assert_eq!(notification.subject, subject);
    let first = "\nTo check first\n  1 object made public by its ACL in reports\n  1 version deleted for good in payroll\n  \
                 2 changes in payroll, a bucket of grade security\n\nBucket payroll\n";
    assert!(notification.text.contains(first), "{}", notification.text);
    let many = |names: &[&str]| Attribute::Many(names.iter().map(ToString::to_string).collect());
    assert_eq!(notification.attributes["bucket"], many(&["payroll", "photos", "reports"]));
    assert_eq!(notification.attributes["action"], many(&["acl", "created", "deleted"]));
    assert_eq!(notification.attributes["severity"], Attribute::One("critical".to_owned()));
}

#[test]
fn an_object_that_is_created_public_is_critical_and_one_that_was_not_looked_up_is_said() {
    let unchecked = ObjectEvent {
        is_acl_unchecked: true,
        ..event("b.txt", Change::CreatedOrOverwritten, "02")
    };
    let notification = notification_about(vec![
        event("a.txt", Change::CreatedPublic, "01"),
        unchecked.clone(),
        ObjectEvent { sequencer: Some("03".to_owned()), ..unchecked },
    ]);
    let subject = "s3guard critical: 1 object made public by its ACL in reports";
    assert_eq!(notification.subject, subject);
    let text = notification.text.replace("\n    ", " ");
    let words =
        "2 created objects may be public: ACLs count in this bucket, and these were not looked up";
    assert!(text.contains(words), "{text}");
    assert!(text.contains("created, public by its ACL: a.txt"), "{text}");
    let action = Attribute::Many(vec!["created".to_owned()]);
    assert_eq!(notification.attributes["action"], action);
}

#[test]
fn a_retention_is_shown_with_its_mode_and_date() {
    let retention = Retention {
        mode: RetentionMode::Compliance,
        until: Some(datetime!(2027-01-02 00:00:00 UTC)),
    };
    let changed = |change, retention| ObjectEvent { retention, ..event("a", change, "01") };
    let notification = notification_about(vec![
        changed(Change::RetentionUpdated, Some(retention)),
        changed(Change::EventHoldOff, None),
    ]);
    let text = notification.text.replace('\u{a0}', " ");
    assert!(text.contains("mode compliance until 2027-01-02 00:00:00 UTC"), "{text}");
    assert!(text.contains("event hold off: a"), "{text}");
}

#[test]
fn a_mass_deletion_is_an_alert() {
    let deleted = |n: usize| {
        let marker = event(&format!("{n:04}"), Change::DeleteMarkerCreated, &format!("{n:x}"));
        of("archive", marker)
    };
    let few = notification_about((0..99).map(deleted).collect());
    assert_eq!(few.attributes["severity"], Attribute::One("info".to_owned()));
    let many = notification_about((0..100).map(deleted).collect());
    assert_eq!(many.attributes["severity"], Attribute::One("high".to_owned()));
    assert_eq!(many.subject, "s3guard high: 100 objects deleted in archive");
}

#[test]
fn thresholds_count_in_one_bucket_and_grow_with_each_early_end() {
    let alarming = Alarming([(Threshold::Deleted, 3)].into());
    let is_reached = |alarming: &Alarming, events: &[ObjectEvent], before: u32| {
        let before = [("one".parse().unwrap(), before)].into();
        !alarming.alerting(events, &before).is_empty()
    };
    let deleted = |bucket: &str, count: usize| {
        let one = |n: usize| of(bucket, event(&n.to_string(), Change::Deleted, "1"));
        (0..count).map(one).collect::<Vec<_>>()
    };
    let spread = [deleted("one", 2), deleted("two", 2)].concat();
    assert!(!is_reached(&alarming, &spread, 0));
    assert!(is_reached(&alarming, &deleted("one", 3), 0));
    assert!(!is_reached(&alarming, &deleted("one", 29), 1));
    assert!(is_reached(&alarming, &deleted("one", 30), 1));
    assert!(!is_reached(&alarming, &deleted("one", 30), u32::MAX));
    // Deletions by a lifecycle rule are intended; ten versions deleted permanently are many.
    let expired = vec![event("k", Change::Expired, "1"); 1_000];
    assert!(!is_reached(&Alarming::default(), &expired, 0));
    let mut versions = deleted("one", 10);
    assert!(!is_reached(&Alarming::default(), &versions, 0));
    for event in &mut versions {
        event.version_id = Some("v".to_owned());
    }
    assert!(is_reached(&Alarming::default(), &versions, 0));
}

#[test]
fn each_audience_gets_what_it_asked_for_and_nothing_else() {
    let config = r#"{"subscription":[
        {"name":"payroll","email":"p@example.com","bucket":["payroll"]},
        {"name":"grave","email":"g@example.com","severity":"high"},
        {"name":"tags","email":"t@example.com","action":["tags"],"severity":"warning"},
        {"name":"secret","email":"s@example.com","grade":["security"],"action":["deleted"]},
        {"name":"all","email":"a@example.com"}]}"#;
    let config = Config::from_json(config).unwrap();
    let events = vec![
        of("payroll", event("a", Change::Created, "1")),
        event("b", Change::MadePublic, "2"),
        event("c", Change::TagsAdded, "3"),
        event("d", Change::Deleted, "4"),
        of("photos", event("e", Change::TagsAdded, "5")),
        of("photos", event("f", Change::Deleted, "6")),
    ];
    let notifications = notifications_for(events.clone(), &config);
    let got = |subscription: &Subscription| {
        let mut keys = Vec::new();
        for notification in &notifications {
            let texts = |name: &str| match notification.attributes.get(name) {
                Some(Attribute::One(text)) => vec![text.as_str()],
                Some(Attribute::Many(texts)) => texts.iter().map(String::as_str).collect(),
                None => Vec::new(),
            };
            let severity = Severity::ALL.into_iter();
            let severity = severity.clone().find(|one| one.name() == texts("severity")[0]).unwrap();
            let (actions, buckets, grades) = (texts("action"), texts("bucket"), texts("grade"));
            if subscription.wants(texts("kind")[0], &actions, &buckets, severity, &grades) {
                let is_listed = |key: &&str| notification.text.contains(&format!(": {key}\n"));
                keys.extend(events.iter().map(|event| &event.key[..]).filter(is_listed));
            }
        }
        keys.sort_unstable();
        keys
    };
    let got: Vec<_> = config
        .subscriptions()
        .iter()
        .map(|subscription| (subscription.name(), got(subscription).join(" ")))
        .collect();
    let expected =
        [("payroll", "a"), ("grave", "b"), ("tags", ""), ("secret", ""), ("all", "a b c d e f")];
    assert_eq!(got, expected.map(|(name, keys)| (name, keys.to_owned())));
}

#[test]
fn what_must_not_go_together_makes_as_few_messages_as_can_be() {
    let config = r#"{"subscription":[
        {"name":"prod","email":"p@example.com","bucket":["prod-*"],"severity":"high"}]}"#;
    let config = Config::from_json(config).unwrap();
    // Neither the info about these buckets nor the alert about that bucket matches.
    let created = |n: usize| of(&format!("prod-{n:03}"), event("k", Change::Created, "1"));
    let deleted = |n: usize| of("scratch", event(&n.to_string(), Change::Deleted, "1"));
    let events = (0..99).map(created).chain((0..100).map(deleted)).collect();
    assert_eq!(notifications_for(events, &config).len(), 2);
}

#[test]
fn a_message_speaks_of_a_hundred_buckets_at_most() {
    let one = |n: usize| of(&format!("bucket-{n:03}"), event("k", Change::Created, "1"));
    let notifications = notifications_for((0..250).map(one).collect(), &Config::default());
    let named = |notification: &Notification| match &notification.attributes["bucket"] {
        Attribute::Many(names) => names.len(),
        Attribute::One(_) => 1,
    };
    assert_eq!(notifications.iter().map(named).collect::<Vec<_>>(), [100, 100, 50]);
}

#[test]
fn a_key_cannot_forge_a_line() {
    let notification =
        notification_about(vec![event("a\n\nBucket other\n\x1b[2J", Change::Deleted, "1")]);
    assert!(
        notification.text.contains("deleted for good: a\\u{a}\\u{a}Bucket other"),
        "{}",
        notification.text
    );
}

#[test]
fn sizes_are_in_units_of_1024() {
    let cases = [(0, "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (1024, "1.0 KiB")];
    for (bytes, words) in cases {
        assert_eq!(text::shown_size(bytes), words);
    }
    assert_eq!(text::shown_size(5 * 1024 * 1024 * 1024), "5.0 GiB");
    assert_eq!(text::shown_size(u64::MAX), "16777215.9 TiB");
}

proptest! {
    #[test]
    fn any_key_makes_a_message_of_as_many_lines(key in any::<String>()) {
        let plain = notification_about(vec![event("k", Change::CreatedOrOverwritten, "1")]);
        let notification = notification_about(vec![event(&key, Change::CreatedOrOverwritten, "1")]);
        // A long one has a line of its own.
        let lines = notification.text.lines().count() - plain.text.lines().count();
        let shown = crate::text::unlinked(&key, 1024);
        prop_assert!(lines == 0 || lines == 1 && shown.chars().count() > 40, "{}", notification.text);
        prop_assert!(notification.subject.chars().count() < 100);
    }

    #[test]
    fn a_line_is_too_long_only_if_it_is_one_key_or_address(
        bucket in "[a-z]{3,63}",
        key in "[a-z/]{1,90}",
        version_id in prop::option::of("[a-zA-Z0-9]{32,64}"),
        change in prop::sample::select(&Change::ALL[..]),
        from in prop::sample::select(&["192.0.2.1", "2001:db8:85a3:8d3:1319:8a2e:370:7348"][..]),
        requester in prop::sample::select(&["111122223333", "lambda.amazonaws.com"][..]),
        owner in "([a-zé]{1,20} ){0,20}[a-z]{1,20}",
    ) {
        let event = ObjectEvent {
            version_id,
            source_ip: Some(from.to_owned()),
            requester: Some(requester.to_owned()),
            ..of(&bucket, event(&key, change, "1"))
        };
        let owned = Known { grade: Some(Grade::Security), owner: Some(owner) };
        let known = [(bucket.parse().unwrap(), owned)].into();
        let notifications = notifications_where(vec![event; 3], &Config::default(), &known);
        for line in notifications[0].text.lines() {
            prop_assert!(line.chars().count() <= 72 || !line.trim().contains(' '), "{}", line);
        }
    }
}
