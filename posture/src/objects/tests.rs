use expect_test::expect;
use proptest::prelude::*;
use time::macros::datetime;

use super::*;
use crate::notice::Attribute;

fn event(key: &str, change: Change, sequencer: &str) -> ObjectEvent {
    ObjectEvent {
        change,
        bucket: "reports".parse().unwrap(),
        key: key.to_owned(),
        version_id: None,
        size_bytes: Some(1_536),
        sequencer: Some(sequencer.to_owned()),
        requester: Some("111122223333".to_owned()),
        source_ip: Some("192.0.2.1".to_owned()),
        time: datetime!(2026-11-20 12:00:00 UTC),
    }
}

fn told(events: Vec<ObjectEvent>) -> Notice {
    let (account, region) = ("111122223333".parse().unwrap(), "eu-west-1".parse().unwrap());
    let now = datetime!(2026-11-20 12:05:00 UTC);
    digest(events, &Origin { account: &account, region: &region, stack: "s3guard", now }).unwrap()
}

#[test]
fn one_event_is_told_in_the_subject() {
    let notice = told(vec![event("q3/invoice.pdf", Change::CreatedOrOverwritten, "1A")]);
    expect![[r#"
        s3guard: created or overwritten: q3/invoice.pdf in reports

        Account 111122223333, eu-west-1

        Bucket reports

          created or overwritten: q3/invoice.pdf
            1.5 KiB, by account 111122223333 from 192.0.2.1, 2026-11-20 12:00:00 UTC
    "#]]
    .assert_eq(&format!("{}\n\n{}", notice.subject, notice.text));
}

#[test]
fn many_events_are_one_message_in_the_order_in_which_they_happened() {
    let other = ObjectEvent {
        bucket: "photos".parse().unwrap(),
        size_bytes: None,
        requester: Some("s3.amazonaws.com".to_owned()),
        source_ip: None,
        ..event("b.jpg", Change::Expired, "01")
    };
    let notice = told(vec![
        event("a.txt", Change::Deleted, "0055AED6DCD9028200"),
        event("a.txt", Change::CreatedOrOverwritten, "0055AED6DCD90281E5"),
        other,
        event("a.txt", Change::CreatedOrOverwritten, "0055AED6DCD90281E5"),
    ]);
    expect![[r#"
        s3guard: 3 changes to objects in 2 buckets

        Account 111122223333, eu-west-1

        Bucket photos

          deleted by a lifecycle rule: b.jpg
            by s3.amazonaws.com, 2026-11-20 12:00:00 UTC

        Bucket reports

          created or overwritten: a.txt
            1.5 KiB, by account 111122223333 from 192.0.2.1, 2026-11-20 12:00:00 UTC

          deleted for good: a.txt
            1.5 KiB, by account 111122223333 from 192.0.2.1, 2026-11-20 12:00:00 UTC
    "#]]
    .assert_eq(&format!("{}\n\n{}", notice.subject, notice.text));
    assert_eq!(
        notice.attributes["bucket"],
        Attribute::Many(vec!["photos".to_owned(), "reports".to_owned()])
    );
    assert_eq!(
        notice.attributes["action"],
        Attribute::Many(vec!["created".to_owned(), "deleted".to_owned()])
    );
    assert_eq!(notice.attributes["severity"], Attribute::One("warning".to_owned()));
}

#[test]
fn a_shorter_sequencer_is_filled_up_with_zeros() {
    let order = |sequencer: &str| event("k", Change::Deleted, sequencer).order();
    assert!(order("0055AED6DCD90281E5") > order("0055AED6"));
    assert!(order("00A") == order("00a000"));
    assert!(order("00B") > order("00AFFF"));
}

#[test]
fn ten_thousand_events_are_one_message_that_sns_takes() {
    let key = "k".repeat(1024);
    let events = (0..10_000)
        .map(|n| event(&format!("{key}{n}"), Change::CreatedOrOverwritten, &format!("{n:x}")))
        .collect();
    let notice = told(events);
    assert!(notice.text.len() <= TEXT_BYTES_MAX, "{}", notice.text.len());
    assert!(notice.text.ends_with("and 9900 more changes\n"), "{}", &notice.text[..200]);
    assert_eq!(notice.subject, "s3guard: 10000 changes to objects in reports");
}

#[test]
fn a_text_is_cut_before_it_is_too_long_for_sns() {
    // Each of these is shown as nine characters.
    let key = "\u{e0000}".repeat(1024);
    let events = (0..NAMED_MAX)
        .map(|n| event(&format!("{key}{n}"), Change::CreatedOrOverwritten, &format!("{n:x}")))
        .collect();
    let notice = told(events);
    assert!(notice.text.len() <= TEXT_BYTES_MAX, "{}", notice.text.len());
    assert!(notice.text.contains(" more changes\n"));
}

#[test]
fn a_key_cannot_forge_a_line() {
    let notice = told(vec![event("a\n\nBucket other\n\x1b[2J", Change::Deleted, "1")]);
    assert!(notice.text.contains("deleted for good: a\\u{a}\\u{a}Bucket other"), "{}", notice.text);
}

#[test]
fn sizes_are_told_in_units_of_1024() {
    let cases = [(0, "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (1024, "1.0 KiB")];
    for (bytes, words) in cases {
        assert_eq!(shown_size(bytes), words);
    }
    assert_eq!(shown_size(5 * 1024 * 1024 * 1024), "5.0 GiB");
    assert_eq!(shown_size(u64::MAX), "16777215.9 TiB");
}

proptest! {
    #[test]
    fn any_key_makes_a_message_of_one_line_an_event(key in any::<String>()) {
        let notice = told(vec![event(&key, Change::CreatedOrOverwritten, "1")]);
        prop_assert_eq!(notice.text.lines().count(), 6);
        prop_assert!(notice.text.len() <= TEXT_BYTES_MAX);
        prop_assert!(notice.subject.chars().count() < 100);
    }
}
