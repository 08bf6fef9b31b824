//! For tests: a notification for each channel, and the limits of the channels.

use proptest::prelude::*;
use serde_json::Value;

use super::{BUCKETS_MAX, Document, MESSAGE_BYTES_MAX, Notification, TEXT_BYTES_MAX, chat, sms};
use crate::contract::Channel;
use crate::text::shown_json;

/// A notification by channel.
pub(crate) fn shown(notification: &Notification) -> String {
    let mut document = serde_json::from_str(&notification.document.json()).unwrap();
    abridge(&mut document);
    format!(
        "== email: {}\n{}\n== sms\n{}\n\n== document\n{}\n\n== chat\n{}\n",
        notification.subject,
        notification.text,
        notification.sms,
        pretty(&document),
        pretty(&serde_json::from_str(&notification.message(Channel::Chat)).unwrap()),
    )
}

fn pretty(value: &Value) -> String {
    shown_json(&serde_json::to_string_pretty(value).unwrap())
}

/// Shortens a long list of objects.
fn abridge(document: &mut Value) {
    if let Some(Value::Array(objects)) = document.pointer_mut("/body/objects")
        && objects.len() > 10
    {
        let more = objects.len() - 3;
        objects.truncate(3);
        objects.push(format!("({more} more, not shown here)").into());
    }
}

/// Checks the limits of every channel.
pub(crate) fn holds(notification: &Notification) -> Result<(), TestCaseError> {
    for channel in Channel::ALL {
        let size = notification.message(channel).len() + notification.overhead_bytes();
        prop_assert!(size <= MESSAGE_BYTES_MAX, "{}: {}", channel.name(), size);
    }
    prop_assert!(notification.text.len() <= TEXT_BYTES_MAX, "{}", notification.text.len());
    prop_assert!(
        (1..100).contains(&notification.subject.chars().count()),
        "{}",
        notification.subject
    );
    prop_assert!(!notification.subject.chars().any(char::is_control));
    prop_assert!(
        sms::fits(&notification.sms) && notification.sms.starts_with("s3guard"),
        "{:?}",
        notification.sms
    );
    prop_assert!(notification.attributes.len() <= 10);
    for attribute in notification.attributes.values() {
        if let ("String.Array", value) = attribute.wire() {
            let values: Vec<String> = serde_json::from_str(&value).unwrap();
            prop_assert!(!values.is_empty() && values.len() <= BUCKETS_MAX);
        }
    }
    prop_assert_eq!(notification.message(Channel::Email), notification.text.as_str());
    prop_assert_eq!(notification.message(Channel::Sms), notification.sms.as_str());
    let document = notification.message(Channel::Document);
    let document: Document = serde_json::from_str(&document).unwrap();
    prop_assert_eq!(&document, &notification.document);

    let chat = notification.message(Channel::Chat);
    prop_assert!(chat.len() <= MESSAGE_BYTES_MAX / 2);
    let chat: Value = serde_json::from_str(&chat).unwrap();
    let content = &chat["content"];
    let length = |text: &Value| text.as_str().unwrap().chars().count();
    prop_assert!((1..=chat::TITLE_MAX).contains(&length(&content["title"])));
    prop_assert!((1..=chat::DESCRIPTION_MAX).contains(&length(&content["description"])));
    let each = |list: &str, max: usize| {
        let items = content[list].as_array().into_iter().flatten();
        items.map(length).all(|length| (1..=max).contains(&length))
    };
    prop_assert!(each("nextSteps", chat::STEP_MAX) && each("keywords", chat::KEYWORD_MAX));
    let shown = content["description"].as_str().unwrap();
    // Only our own links have an ampersand.
    let ours = notification.document.buckets.iter().map(|bucket| &bucket.console);
    let ours = ours.filter(|console| console.starts_with("https://"));
    let shown = ours.fold(shown.to_owned(), |shown, console| shown.replace(console, ""));
    prop_assert!(!shown.contains(['<', '>', '&']) && !shown.contains("@here"), "{}", shown);
    Ok(())
}
