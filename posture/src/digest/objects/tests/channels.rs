//! A digest for each channel: of one event, of many, of ten thousand, and with hostile keys.

use expect_test::expect_file;

use super::*;
use crate::notify::notification::channels::{holds, shown};

/// Hostile keys.
const HOSTILE: [&str; 8] = [
    "a\r\nb\x1b[2J\u{0}\u{7f}\u{85}",
    "invoice\u{202e}fdp.exe\u{2066}\u{200b}\u{feff}",
    "\"quoted\" 'twice' \\ \\u{41} {{x}} ${x} %s",
    "*bold* _it_ ~no~ `code` [link](https://x) # > - 1.",
    "<!channel> <!here> <@U1> @here @channel &lt; <https://x|y> me@example.com",
    "\n\nBucket other\n  deleted for good: forged\n",
    " \u{a0}\t ",
    "../../etc/passwd?a=b&c=d#e",
];

fn with_version(event: ObjectEvent) -> ObjectEvent {
    ObjectEvent { version_id: Some("3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY".to_owned()), ..event }
}

#[test]
fn of_one_event() {
    let event = with_version(event("q3/invoice.pdf", Change::CreatedOrOverwritten, "1A"));
    expect_file!["channels/one.txt"].assert_eq(&shown(&notification_about(vec![event])));
}

#[test]
fn of_many_events_with_something_to_look_at_first() {
    let mut events = vec![
        of("payroll", with_version(event("2026/11.csv", Change::Deleted, "03"))),
        of("payroll", with_version(event("2026/11.csv", Change::Created, "02"))),
        of("payroll", event("2026/12.csv", Change::RetentionUpdated, "04")),
        of(
            "photos",
            ObjectEvent {
                size_bytes: None,
                requester: Some("s3.amazonaws.com".to_owned()),
                source_ip: None,
                ..event("b.jpg", Change::Expired, "01")
            },
        ),
        of("photos", event("c.jpg", Change::AclUpdated, "02")),
        event("a.txt", Change::CreatedOrOverwritten, "01"),
        event("a.txt", Change::MadePublic, "01"),
        event("b.txt", Change::Overwritten, "01"),
    ];
    events.extend((0..120).map(|number| {
        let marker = Change::DeleteMarkerCreated;
        of("archive", with_version(event(&format!("2019/{number:04}"), marker, "01")))
    }));
    let notification = notification_about(events);
    assert_eq!(notification.attributes["severity"], Attribute::One("critical".to_owned()));
    expect_file!["channels/many.txt"].assert_eq(&shown(&notification));
}

#[test]
fn of_ten_thousand_events() {
    let events = (0..10_000).map(|number| {
        event(&format!("in/{number:05}.csv"), Change::CreatedOrOverwritten, &format!("{number:x}"))
    });
    let notification = notification_about(events.collect());
    assert!(notification.text.lines().count() < 200, "{}", notification.text);
    expect_file!["channels/ten-thousand.txt"].assert_eq(&shown(&notification));
}

#[test]
fn of_names_that_are_hostile() {
    let of_words = |words: &str| ObjectEvent {
        version_id: Some(words.to_owned()),
        requester: Some(words.to_owned()),
        source_ip: Some(words.to_owned()),
        ..event(words, Change::Deleted, "01")
    };
    let mut events: Vec<ObjectEvent> = HOSTILE.into_iter().map(of_words).collect();
    // The longest possible key, of 1,024 bytes.
    events.push(event(&"\u{1f5dd}".repeat(256), Change::CreatedOrOverwritten, "02"));
    let owner = Some(HOSTILE[4].to_owned());
    let known = [("reports".parse().unwrap(), Known { grade: Some(Grade::Speed), owner })];
    let notifications = notifications_where(events, &Config::default(), &known.into());
    let [notification] = &notifications[..] else {
        panic!("{} notifications", notifications.len())
    };
    holds(notification).unwrap();
    expect_file!["channels/hostile.txt"].assert_eq(&shown(notification));
}

#[test]
fn a_hostile_key_in_the_subject_is_one_line_of_an_email_and_one_sms() {
    let longest = "\u{1f5dd}".repeat(256);
    let keys = HOSTILE.into_iter().chain([&longest[..]]);
    let lines = keys.map(|key| {
        let notification = notification_about(vec![event(key, Change::Deleted, "1")]);
        holds(&notification).unwrap();
        format!("{}\n{}\n", notification.subject, notification.sms)
    });
    expect![[r#"
        s3guard: deleted for good in reports: a\u{d}\u{a}b\u{1b}[2J\u{0}\u{7f}\u{85}
        s3guard: deleted for good in reports: a\u{d}\u{a}b\u{1b}[2J\u{0}\u{7f}\u{85}. 111122223333 eu-west-1

        s3guard: deleted for good in reports: invoice\u{202e}fdp.exe\u{2066}\u{200b}\u{feff}
        s3guard: deleted for good in reports: invoice\u{202e}fdp.exe\u{2066}\u{200b}\u{feff}. 111122223333 eu-west-1

        s3guard: deleted for good in reports: "quoted" 'twice' \ \u{41} {{x}} ${x} %s
        s3guard: deleted for good in reports: "quoted" 'twice' \ \u{41} {{x}} ${x} %s. 111122223333 eu-west-1

        s3guard: deleted for good in reports: *bold* _it_ ~no~ `code` [link](https\u{3a}//x) # > - 1.
        s3guard: deleted for good in reports: *bold* _it_ ~no~ `code` [link...

        s3guard: deleted for good in reports: <!channel> <!here> <@U1> @here @channel &lt; <https\u{3a}//x…
        s3guard: deleted for good in reports: <!channel> <!here> <@U1> @here @channel &lt; <https\u{3a}//x|y> me@example.com. 111122223333 eu-west-1

        s3guard: deleted for good in reports: \u{a}\u{a}Bucket other\u{a}  deleted for good: forged\u{a}
        s3guard: deleted for good in reports: \u{a}\u{a}Bucket other\u{a}  deleted for good: forged\u{a}. 111122223333 eu-west-1

        s3guard: deleted for good in reports:   \u{9} 
        s3guard: deleted for good in reports:   \u{9} . 111122223333 eu-west-1

        s3guard: deleted for good in reports: ../../etc/passwd?a=b&c=d#e
        s3guard: deleted for good in reports: ../../etc/passwd?a=b&c=d#e. 111122223333 eu-west-1

        s3guard: deleted for good in reports: 🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝…
        s3guard: deleted for good in reports
    "#]].assert_eq(&lines.collect::<Vec<_>>().join("\n"));
}

/// An event with arbitrary values.
fn any_event() -> impl Strategy<Value = ObjectEvent> {
    let words = || {
        prop_oneof![
            any::<String>(),
            "[\u{0}-\u{1f}\"\\\\]{0,1024}",
            "[\u{1f600}-\u{1f64f}]{256}",
            "[\u{202a}-\u{202e}\u{e0000}-\u{e007f}]{0,256}",
            "[<!@`>&*|]{0,60}(channel|here|everyone)[<!@`>&*|]{0,60}",
        ]
    };
    let maybe = || prop::option::of(words());
    let change = prop::sample::select(&Change::ALL[..]);
    let place = (words(), prop::sample::select(&["payroll", "photos", "reports"][..]));
    (place, change, maybe(), prop::option::of(any::<u64>()), maybe(), maybe()).prop_map(
        |((key, bucket), change, version_id, size_bytes, requester, source_ip)| ObjectEvent {
            version_id,
            size_bytes,
            requester,
            source_ip,
            ..of(bucket, event(&key, change, "1"))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn whatever_happened_every_channel_takes_it(
        events in prop::collection::vec(any_event(), 1..40),
        times in prop_oneof![Just(1_usize), 1_usize..30],
        owner in any::<String>(),
    ) {
        let owned = Known { grade: Some(Grade::Security), owner: Some(owner) };
        let known = [("payroll".parse().unwrap(), owned)].into();
        let all: Vec<ObjectEvent> =
            events.iter().cycle().take(events.len() * times).cloned().collect();
        let notifications = notifications_where(all.clone(), &Config::default(), &known);
        let mut count = 0;
        for notification in &notifications {
            holds(notification)?;
            let Body::Objects(objects) = &notification.document.body else { panic!("it is of objects") };
            prop_assert_eq!(objects.objects.len() as u64 + objects.omitted, objects.events);
            count += objects.events;
        }
        prop_assert_eq!(count, all.len() as u64);
    }
}
