//! Notifications are kept byte for byte.

use s3guard_posture::model::setting::Notifications;
use sha2::{Digest as _, Sha256};

use super::super::notifications::parse;
use super::*;

/// A configuration with elements that the SDK does not know, formatted as no serializer does.
const THEIRS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <NotificationConfiguration xmlns='http://s3.amazonaws.com/doc/2006-03-01/'>\n  \
    <QueueConfiguration><Id>a &amp; b &#228;\u{e4}</Id>  <Queue>arn:aws:sqs:eu-west-1:111122223333:q</Queue>\
    <Event>s3:New:*</Event><New x=\"1\"/></QueueConfiguration><!-- theirs -->\n\
    <TopicConfiguration><Topic>arn:aws:sns:eu-west-1:111122223333:t</Topic><Event>s3:ObjectCreated:*</Event>\
    </TopicConfiguration></NotificationConfiguration>\n";

fn theirs() -> Notifications {
    let elements = ["QueueConfiguration", "TopicConfiguration"].map(str::to_owned).to_vec();
    Notifications { xml: THEIRS.to_owned(), elements }
}

#[tokio::test]
async fn what_s3_gives_is_read_byte_for_byte() {
    check(Question::Notifications, (200, THEIRS), |observed| {
        observed.notifications = Reading::Known(theirs());
    })
    .await;
}

#[tokio::test]
async fn the_names_of_the_roots_elements_are_read() {
    for (inner, elements) in [
        ("", vec![]),
        ("<EventBridgeConfiguration/>", vec!["EventBridgeConfiguration"]),
        ("<A><EventBridgeConfiguration/></A>", vec!["A"]),
        ("<a:EventBridgeConfiguration xmlns:a=\"other\"/>", vec!["a:EventBridgeConfiguration"]),
        ("<!-- <EventBridgeConfiguration/> -->", vec![]),
    ] {
        let xml = format!("<NotificationConfiguration>{inner}</NotificationConfiguration>");
        let elements = elements.into_iter().map(str::to_owned).collect();
        check(Question::Notifications, (200, &xml), |observed| {
            observed.notifications = Reading::Known(Notifications { xml: xml.clone(), elements });
        })
        .await;
    }
}

#[tokio::test]
async fn what_is_no_notification_configuration_is_an_error() {
    let fake = Fake::answering([(200, "<Other/>")]);
    assert!(seen(&fake, Question::Notifications).await.is_err());
    for (body, why) in [
        (&b"<Other/>"[..], "its root is `Other`"),
        (b"<NotificationConfiguration><A/><B b=></NotificationConfiguration>", "it is not XML"),
        (b"", "error parsing XML: no root element"),
        (b"<NotificationConfiguration>\xff</NotificationConfiguration>", "it is not UTF-8"),
    ] {
        assert_eq!(parse(body.to_vec()), Err(why.to_owned()));
    }
}

/// 32 bytes in hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

#[tokio::test]
async fn what_is_written_is_what_was_given_and_signed_as_it_is_sent() {
    let fake = Fake::answering([(200, "")]);
    let ours = theirs().with_event_bridge().unwrap();
    let setting = Setting::Notifications(ours.clone());
    assert_eq!(buckets(&fake, None).apply(&reports(), &setting).await, Ok(true));
    let [asked] = &fake.asked()[..] else { panic!("{}", fake.wire()) };
    assert_eq!(asked.body, ours.xml);
    assert!(
        asked.body.starts_with(THEIRS.trim_end().trim_end_matches("</NotificationConfiguration>"))
    );
    let sha256 = hex(&Sha256::digest(&ours.xml));
    assert_eq!(asked.header("x-amz-content-sha256"), Some(sha256.as_str()));
    assert_eq!(asked.header("content-length"), Some(ours.xml.len().to_string().as_str()));
    let signed = asked.header("authorization").unwrap();
    let names = signed.split("SignedHeaders=").nth(1).unwrap().split(',').next().unwrap();
    expect_test::expect!["content-length;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-expected-bucket-owner;x-amz-skip-destination-validation;x-amz-user-agent"].assert_eq(names);
    let names: Vec<&str> = asked.headers.iter().map(|(name, _)| name.as_str()).collect();
    expect_test::expect!["amz-sdk-invocation-id;amz-sdk-request;authorization;content-length;content-type;user-agent;x-amz-content-sha256;x-amz-date;x-amz-expected-bucket-owner;x-amz-skip-destination-validation;x-amz-user-agent"].assert_eq(&names.join(";"));
    assert_eq!(asked.header("x-amz-skip-destination-validation"), Some("true"));
    assert_eq!(asked.line, "PUT https://reports.s3.eu-west-1.amazonaws.com/?notification");
}

#[tokio::test(start_paused = true)]
async fn a_second_attempt_sends_the_same() {
    let fake = Fake::answering([error(503, "SlowDown"), (200, String::new())]);
    let setting = Setting::Notifications(theirs());
    assert_eq!(buckets(&fake, None).apply(&reports(), &setting).await, Ok(true));
    let bodies: Vec<String> = fake.asked().into_iter().map(|asked| asked.body).collect();
    assert_eq!(bodies, [THEIRS, THEIRS]);
}
