use std::collections::BTreeMap;

use serde_json::Value;
use time::macros::datetime;

use super::*;
use crate::fake::{Fake, error};

const ARN: &str = "arn:aws:sns:eu-west-1:111122223333:";
const PUBLISHED: &str =
    "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>";

/// A notification about a bucket.
fn notification() -> Notification {
    let (account, region) = ("111122223333".parse().unwrap(), "eu-west-1".parse().unwrap());
    let now = datetime!(2026-11-20 12:00 UTC);
    let origin = s3guard_posture::notify::notification::Origin {
        account: &account,
        region: &region,
        stack: "s3guard",
        now,
    };
    s3guard_posture::digest::samples(&origin).remove(1)
}

/// The topics, named after their channels.
fn topics(fake: &Fake, chat_from: Severity) -> Topics {
    let arns = Channel::ALL.map(|channel| (channel, format!("{ARN}{}", channel.name())));
    Topics::new(&fake.connection(), arns, chat_from)
}

/// The fields of the forms that were sent, by the name of the topic.
fn forms(fake: &Fake) -> BTreeMap<String, Vec<(String, String)>> {
    let forms = fake.asked().into_iter().map(|asked| {
        let pairs = asked.body.split('&').map(|pair| pair.split_once('=').unwrap());
        let fields: Vec<_> = pairs.map(|(name, value)| (decoded(name), decoded(value))).collect();
        let topic = field(&fields, "TopicArn").unwrap().trim_start_matches(ARN).to_owned();
        (topic, fields)
    });
    forms.collect()
}

fn decoded(text: &str) -> String {
    let bytes = text.replace('+', " ");
    let mut parts = bytes.split('%');
    let mut all = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        all.push(u8::from_str_radix(&part[..2], 16).unwrap());
        all.extend(&part.as_bytes()[2..]);
    }
    String::from_utf8(all).unwrap()
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// An attribute's data type and value.
fn attribute<'a>(fields: &'a [(String, String)], name: &str) -> (&'a str, &'a str) {
    let (entry, _) =
        fields.iter().find(|(key, value)| key.ends_with(".Name") && value == name).unwrap();
    let entry = entry.trim_end_matches(".Name");
    let of = |part: &str| field(fields, &format!("{entry}.Value.{part}")).unwrap();
    (of("DataType"), of("StringValue"))
}

#[tokio::test]
async fn a_notification_is_a_plain_message_with_its_attributes_on_the_topic_of_each_channel() {
    let fake = Fake::answering([(200, PUBLISHED); 4]);
    let notification = notification();
    topics(&fake, Severity::Info).publish(&notification).await.unwrap();
    let forms = forms(&fake);
    assert_eq!(forms.keys().collect::<Vec<_>>(), ["chat", "document", "email", "sms"]);
    for fields in forms.values() {
        assert_eq!(field(fields, "Subject"), Some(notification.subject.as_str()));
        assert_eq!(field(fields, "MessageStructure"), None);
        assert_eq!(attribute(fields, "kind"), ("String", "bucket"));
        assert_eq!(attribute(fields, "severity"), ("String", "warning"));
        assert_eq!(attribute(fields, "bucket"), ("String.Array", r#"["s3guard-test-reports"]"#));
        assert_eq!(attribute(fields, "grade"), ("String.Array", r#"["speed"]"#));
    }
    let message = |topic: &str| field(&forms[topic], "Message").unwrap();
    assert_eq!(message("email"), notification.text);
    assert_eq!(message("sms"), notification.sms);
    let document: Value = serde_json::from_str(message("document")).unwrap();
    assert_eq!(document["kind"], "bucket-report");
    let chat: Value = serde_json::from_str(message("chat")).unwrap();
    assert_eq!((&chat["version"], &chat["source"]), (&"1.0".into(), &"custom".into()));
    for one in [&document, &chat] {
        assert_eq!(
            one["id"], notification.document.id,
            "a duplicate is recognized on each channel"
        );
    }
}

#[tokio::test]
async fn a_chat_gets_only_what_is_severe_enough() {
    let fake = Fake::answering([(200, PUBLISHED); 3]);
    topics(&fake, Severity::High).publish(&notification()).await.unwrap();
    assert_eq!(forms(&fake).into_keys().collect::<Vec<_>>(), ["document", "email", "sms"]);
}

#[tokio::test]
async fn an_error_of_one_topic_is_an_error_and_the_others_are_tried() {
    let refused = || error(403, "AuthorizationError");
    let ok = || (200, PUBLISHED.to_owned());
    let fake = Fake::answering([refused(), ok(), ok(), ok()]);
    let failed = topics(&fake, Severity::Info).publish(&notification()).await.unwrap_err();
    assert!(failed.to_string().contains(ARN), "{failed}");
    assert_eq!(forms(&fake).len(), 4);
}
