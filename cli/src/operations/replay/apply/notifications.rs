//! Notifications: the elements of the request, and XML as S3 would return it.

use std::fmt::Write as _;

use s3guard_posture::events::field::{at, items};
use s3guard_posture::model::setting::Notifications;
use serde_json::Value as Json;

const ROOT: &str = "NotificationConfiguration";
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// The configuration that is set; an empty one is written as an empty text.
pub(crate) fn read(parameters: &Json) -> Option<Notifications> {
    let mut notifications = Notifications::default();
    let mut xml = format!("<{ROOT} xmlns=\"{NAMESPACE}\">");
    let root = at(parameters, &[ROOT])?;
    if !root.as_str().is_some_and(|text| text.trim().is_empty()) {
        for (name, value) in elements(root.as_object()?) {
            for item in items(value) {
                notifications.elements.push(name.clone());
                element(&mut xml, name, item);
            }
        }
    }
    let _ = write!(xml, "</{ROOT}>");
    notifications.xml = xml;
    Some(notifications)
}

/// The fields that were elements and not attributes.
fn elements(fields: &serde_json::Map<String, Json>) -> impl Iterator<Item = (&String, &Json)> {
    fields.iter().filter(|(name, _)| !name.starts_with("xmlns") && !name.contains(':'))
}

/// Writes a JSON value as the XML that it was.
fn element(xml: &mut String, name: &str, value: &Json) {
    let _ = write!(xml, "<{name}>");
    match value {
        Json::Object(fields) => {
            for (name, value) in elements(fields) {
                items(value).for_each(|item| element(xml, name, item));
            }
        }
        Json::Array(values) => values.iter().for_each(|value| element(xml, name, value)),
        Json::String(text) => {
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            xml.push_str(&text);
        }
        Json::Bool(_) | Json::Number(_) => {
            let _ = write!(xml, "{value}");
        }
        Json::Null => {}
    }
    let _ = write!(xml, "</{name}>");
}
