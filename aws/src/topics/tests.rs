use serde_json::Value;
use time::macros::datetime;

use super::*;
use crate::fake::{Fake, error};

const ARN: &str = "arn:aws:sns:eu-west-1:111122223333:topic";
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

/// The fields of the form that was sent.
fn fields(fake: &Fake) -> Vec<(String, String)> {
    let asked = fake.asked();
    let decoded = |text: &str| {
        let bytes = text.replace('+', " ");
        let mut parts = bytes.split('%');
        let mut all = parts.next().unwrap().as_bytes().to_vec();
        for part in parts {
            all.push(u8::from_str_radix(&part[..2], 16).unwrap());
            all.extend(&part.as_bytes()[2..]);
        }
        String::from_utf8(all).unwrap()
    };
    let pairs = asked[0].body.split('&').map(|pair| pair.split_once('=').unwrap());
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
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
async fn a_notification_is_published_for_each_protocol_with_its_attributes() {
    let fake = Fake::answering([(200, PUBLISHED)]);
    let notification = notification();
    Topic::new(&fake.connection(), ARN).publish(&notification).await.unwrap();
    let fields = fields(&fake);
    assert_eq!(field(&fields, "TopicArn"), Some(ARN));
    assert_eq!(field(&fields, "Subject"), Some(notification.subject.as_str()));
    assert_eq!(field(&fields, "MessageStructure"), Some("json"));
    let message: Value = serde_json::from_str(field(&fields, "Message").unwrap()).unwrap();
    assert_eq!(message["email"], notification.text);
    assert_eq!(message["sms"], notification.sms);
    let document: Value = serde_json::from_str(message["default"].as_str().unwrap()).unwrap();
    assert_eq!(document["kind"], "bucket-report");
    assert_eq!(attribute(&fields, "kind"), ("String", "bucket"));
    assert_eq!(attribute(&fields, "bucket"), ("String.Array", r#"["s3guard-test-reports"]"#));
    assert_eq!(attribute(&fields, "grade"), ("String.Array", r#"["speed"]"#));
}

#[tokio::test]
async fn for_chat_it_is_published_as_one_json() {
    let fake = Fake::answering([(200, PUBLISHED)]);
    let notification = notification();
    Topic::new(&fake.connection(), ARN).publish_chat(&notification).await.unwrap();
    let fields = fields(&fake);
    assert_eq!(field(&fields, "MessageStructure"), None);
    let message: Value = serde_json::from_str(field(&fields, "Message").unwrap()).unwrap();
    assert_eq!((&message["version"], &message["source"]), (&"1.0".into(), &"custom".into()));
    assert_eq!(attribute(&fields, "severity"), ("String", "warning"));
}

#[tokio::test]
async fn an_error_of_sns_names_the_topic() {
    let fake = Fake::answering([error(403, "AuthorizationError")]);
    let refused = Topic::new(&fake.connection(), ARN).publish(&notification()).await.unwrap_err();
    assert!(refused.to_string().contains(ARN), "{refused}");
}
