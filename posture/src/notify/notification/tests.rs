use expect_test::expect;
use proptest::prelude::*;
use serde_json::Value;
use time::macros::datetime;

use super::document::{Bucket, Objects, Test};
use super::*;
use crate::digest::samples;
use crate::events::object_event::ObjectEvent;
use crate::model::attributes::Kind;
use crate::model::change::Change;

mod page;

use channels::holds;

fn owned() -> (AccountId, Region) {
    ("111122223333".parse().unwrap(), "eu-west-1".parse().unwrap())
}

fn with_origin<T>(of: impl FnOnce(&Origin<'_>) -> T) -> T {
    let (account, region) = owned();
    let now = datetime!(2026-11-20 12:00:05 UTC);
    of(&Origin { account: &account, region: &region, stack: "s3guard", now })
}

/// The samples: notifications of each kind.
fn of_kinds() -> Vec<Notification> {
    with_origin(samples)
}

fn report(bucket: &str) -> Notification {
    let mut notification = of_kinds().into_iter().nth(1).unwrap();
    let Body::BucketReport(report) = &mut notification.document.body else {
        unreachable!("the second")
    };
    bucket.clone_into(&mut report.bucket);
    bucket.clone_into(&mut notification.document.buckets[0].name);
    notification.text = format!("Bucket  {bucket}\n");
    let bucket = Attribute::Many(vec![bucket.to_owned()]);
    notification.attributes.insert("bucket".to_owned(), bucket);
    notification
}

/// A notification with this text for all values from outside, this many times.
fn hostile(words: &str, many: usize) -> Notification {
    let object = ObjectEvent {
        id: words.to_owned(),
        change: Change::Created,
        bucket: "reports".parse().unwrap(),
        key: words.to_owned(),
        version_id: Some(words.to_owned()),
        size_bytes: Some(u64::MAX),
        sequencer: Some(words.to_owned()),
        retention: None,
        is_acl_unchecked: false,
        time: OffsetDateTime::UNIX_EPOCH,
        requester: Some(words.to_owned()),
        source_ip: Some(words.to_owned()),
    };
    let bucket = Bucket {
        name: words.chars().take(63).collect(),
        grade: Some(crate::Grade::Speed),
        owner: Some(words.to_owned()),
        console: words.to_owned(),
    };
    let objects = Objects {
        from: String::new(),
        until: String::new(),
        events: many as u64,
        buckets: Vec::new(),
        notable: Vec::new(),
        objects: vec![object; many],
        omitted: 0,
        whole: Some(format!("s3://bucket/{}", "k".repeat(100))),
    };
    with_origin(|origin| {
        Draft {
            origin: *origin,
            id: "id".to_owned(),
            severity: Severity::Info,
            actions: vec!["created"],
            buckets: vec![bucket; many],
            title: format!("s3guard {words}"),
            text: format!("{words}\n").repeat(many),
            sms: sms("s3guard ", words, words),
            body: Body::Objects(objects),
        }
        .into()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn whatever_is_in_it_it_is_a_message_that_every_channel_takes(
        words in prop_oneof![
            any::<String>(),
            "[\"\\\\\u{0}-\u{1f}]{0,300}",
            "[\u{202a}-\u{202e}\u{2066}-\u{2069}]{0,300}",
            "[\u{1f600}-\u{1f64f}\u{e0000}-\u{e007f}]{0,300}",
            "[<!@`>&*]{0,40}(channel|here|everyone)[<!@`>&*]{0,40}",
        ],
        many in prop_oneof![0_usize..4, 60_usize..90],
    ) {
        holds(&hostile(&words, many))?;
    }
}

#[test]
fn a_key_is_no_markup_and_no_mention_in_chat() {
    let notification = hostile("<!channel> `@here` *a* &lt; <https://x|b> me@example.com", 1);
    let chat: Value = serde_json::from_str(&notification.message(Channel::Chat)).unwrap();
    let said = |path: &str| chat.pointer(path).unwrap().as_str().unwrap().to_owned();
    expect![[r#"
        *info* in account 111122223333, eu-west-1
        ```
        \u{3c}!channel\u{3e} \u{60}\u{40}here\u{60} *a* \u{26}lt; \u{3c}https://x|b\u{3e} me@example.com
        ```"#]].assert_eq(&said("/content/description"));
    expect![[r#"s3guard \u{3c}!channel\u{3e} \u{60}\u{40}here\u{60} \u{2a}a\u{2a} \u{26}lt; \u{3c}https://x|b\u{3e} me@example.com"#]].assert_eq(&said("/content/title"));
}

#[test]
fn the_worst_that_fits_nowhere_is_cut_and_says_so() {
    for words in ["\"".repeat(1024), "\u{0}".repeat(1024), "\u{1f600}".repeat(400)] {
        let notification = hostile(&words, 220);
        holds(&notification).unwrap();
        let Body::Objects(objects) = &notification.document.body else {
            panic!("it is of objects")
        };
        assert_eq!(objects.objects.len() as u64 + objects.omitted, 220);
        let (_, end) = notification.text.rsplit_once("\nand ").unwrap();
        assert!(end.contains(" more lines\n\nAll of it: s3://bucket/kkk"), "{end}");
        let more: usize = end.split(' ').next().unwrap().parse().unwrap();
        let kept = notification.text.lines().filter(|line| **line == words).count();
        assert_eq!(kept + more, 220, "every line is there or counted");
        // It is not shortened more than necessary.
        let size = notification.message(Channel::Document).len() + notification.overhead_bytes();
        assert!(size > MESSAGE_BYTES_MAX * 3 / 4, "{size}");
    }
}

#[test]
fn each_kind_has_a_sample_that_is_a_test_wherever_it_is_read() {
    let samples = of_kinds();
    let kinds: BTreeSet<String> = samples
        .iter()
        .map(|sample| {
            let document: Value = serde_json::from_str(&sample.document.json()).unwrap();
            assert_eq!(document["kind"], sample.document.kind());
            document["kind"].as_str().unwrap().to_owned()
        })
        .collect();
    let all = [
        "alarm",
        "bucket-report",
        "conflict",
        "coverage-gap",
        "exemptions-ending",
        "flood",
        "foreign-objects",
        "joined",
        "objects",
        "suppressions-used",
        "test",
        "unguarded-regions",
    ];
    assert_eq!(kinds.iter().map(String::as_str).collect::<Vec<_>>(), all);
    for sample in &samples {
        holds(sample).unwrap();
        assert!(sample.subject.starts_with("TEST: "), "{}", sample.subject);
        assert!(sample.text.starts_with("TEST: "), "{}", sample.text);
        assert!(sample.sms.starts_with("s3guard TEST"), "{}", sample.sms);
        assert!(sample.document.test && sample.document.json().contains(r#""test":true"#));
        let chat: Value = serde_json::from_str(&sample.message(Channel::Chat)).unwrap();
        assert!(chat["content"]["title"].as_str().unwrap().starts_with("TEST: "));
    }
    let ids: BTreeSet<&str> = samples.iter().map(|sample| sample.document.id.as_str()).collect();
    assert_eq!(ids.len(), samples.len(), "{ids:?}");
}

#[test]
fn the_samples_are_short_messages_too() {
    let all: Vec<String> =
        of_kinds().iter().map(|s| format!("{}\n{}\n", s.subject, s.sms)).collect();
    expect![[r#"
        TEST: s3guard: notifications arrive here
        s3guard TEST: notifications arrive here. 111122223333 eu-west-1

        TEST: s3guard reverted a weakening of s3guard-test-reports
        s3guard TEST reverted a weakening of s3guard-test-reports: DeleteBucketPublicAccessBlock by IAM user test. 111122223333 eu-west-1

        TEST: CRITICAL: bucket s3guard-test-reports stays public (bucket policy)
        s3guard TEST CRITICAL: bucket s3guard-test-reports stays public (bucket policy): DeleteBucketPublicAccessBlock by IAM user test. 111122223333 eu-west-1

        TEST: s3guard: the sweep found 2 buckets to protect
        s3guard TEST: the sweep found 2 buckets to protect: s3guard-test-photos, s3guard-test-reports

        TEST: s3guard: conflict over s3guard-test-reports with test
        s3guard TEST: conflict over s3guard-test-reports with test. 111122223333 eu-west-1

        TEST: s3guard received no event about a bucket in eu-west-1
        s3guard TEST received no event about a bucket in eu-west-1: s3guard-test-photos

        TEST: s3guard: an exemption ends on 2026-11-21
        s3guard TEST: an exemption ends on 2026-11-21: s3guard-test-reports. 111122223333 eu-west-1

        TEST: s3guard applies a suppression to s3guard-test-reports
        s3guard TEST applies a suppression to s3guard-test-reports, by IAM user mary. 111122223333 eu-west-1

        TEST: s3guard ignores an object in its ledger that it has not written
        s3guard TEST ignores a foreign object in its ledger: state/s3guard-test-reports.json. 111122223333 eu-west-1

        TEST: s3guard: test has made 300 calls on buckets within 5 minutes
        s3guard TEST: test has made 300 calls on buckets within 5 minutes. 111122223333 eu-west-1

        TEST: s3guard: 1 bucket in 1 Region has no guard
        s3guard TEST: 1 bucket in 1 Region has no guard: eu-north-1. 111122223333 eu-west-1

        TEST: s3guard: an alarm is in state ALARM: s3guard-GuardDlqAlarm
        s3guard TEST: an alarm is in state ALARM: s3guard-GuardDlqAlarm (A bucket event could not be handled and is in the queue GuardDlq. Fix the cause, then redriv...

        TEST: s3guard: deleted for good in s3guard-test-reports: test/report.pdf
        s3guard TEST: deleted for good in s3guard-test-reports: test/report.pdf. 111122223333 eu-west-1
    "#]].assert_eq(&all.join("\n"));
}

#[test]
fn many_reports_are_one_that_every_filter_still_finds() {
    let mut one = report("reports");
    let mut other = report("finance");
    one.document.severity = Severity::Info;
    other.document.severity = Severity::High;
    let failed = Attribute::Many(vec!["failed".to_owned()]);
    other.attributes.insert("action".to_owned(), failed);
    assert_eq!(Notification::joined(Vec::new()), Vec::new());
    assert_eq!(Notification::joined(vec![one.clone()]), vec![one.clone()]);
    for order in [vec![one.clone(), other.clone()], vec![other, one]] {
        let joined = Notification::joined(order);
        let [joined] = &joined[..] else { panic!("{joined:?}") };
        // The worst leads.
        let worst = "HIGH: s3guard reverted a weakening of finance (and 1 more)";
        assert_eq!(joined.subject, worst);
        assert!(
            joined.text.contains("Bucket  reports\n") && joined.text.contains("Bucket  finance\n")
        );
        let many =
            |names: &[&str]| Attribute::Many(names.iter().map(ToString::to_string).collect());
        assert_eq!(joined.attributes["severity"], Attribute::One("high".to_owned()));
        assert_eq!(joined.attributes["bucket"], many(&["finance", "reports"]));
        assert_eq!(joined.attributes["action"], many(&["failed", "protected", "weakened"]));
        assert_eq!(joined.attributes["grade"], many(&["speed"]));
        assert_eq!(joined.attributes["kind"], Attribute::One("bucket".to_owned()));
        let sms =
            "s3guard HIGH: reverted a weakening of finance (and 1 more). All: finance, reports";
        assert_eq!(joined.sms, sms);
    }
}

#[test]
fn more_buckets_than_an_attribute_can_have_are_split_into_several_notifications() {
    let mut notifications: Vec<Notification> =
        (0..250).map(|number| report(&format!("bucket-{number:03}-{}", "x".repeat(52)))).collect();
    let other = of_kinds().remove(0);
    notifications.insert(7, other.clone());
    let joined = Notification::joined(notifications);
    let counts: Vec<usize> =
        joined.iter().map(|notification| notification.list("bucket").len()).collect();
    assert_eq!(counts, [100, 100, 50, 0]);
    assert_eq!(joined[3], other, "what is no report stays by itself");
    let ids: BTreeSet<&str> =
        joined.iter().map(|notification| notification.document.id.as_str()).collect();
    // The reports here are copies of one, and so are their ids.
    assert!(ids.len() >= 2);
    for notification in &joined {
        holds(notification).unwrap();
        assert_eq!(notification.document.omitted, 0, "there is room for a hundred reports");
    }
}

#[test]
fn an_empty_list_is_no_attribute() {
    let test = with_origin(|origin| {
        let body = Body::Test(Test { message: "…".to_owned() });
        Notification::from(Draft {
            origin: *origin,
            id: String::new(),
            severity: Severity::Info,
            actions: vec!["test"],
            buckets: Vec::new(),
            title: "s3guard".to_owned(),
            text: String::new(),
            sms: "s3guard".to_owned(),
            body,
        })
    });
    let names: Vec<&String> = test.attributes.keys().collect();
    assert_eq!(names, ["account", "action", "kind", "region", "severity"]);
}
