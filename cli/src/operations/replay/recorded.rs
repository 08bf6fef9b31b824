//! An event as somebody has kept it.

use s3guard_posture::events;
use s3guard_posture::events::field;
use s3guard_posture::{AccountId, Region};
use serde_json::{Value as Json, json};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use crate::operations::replay::replayed::Head;

/// The types of events that `EventBridge` makes of CloudTrail's records.
///
/// Source: Amazon EventBridge User Guide, "AWS service events delivered via AWS CloudTrail".
const DETAIL_TYPES: [(&str, &str); 2] = [
    ("AwsServiceEvent", "AWS Service Event via CloudTrail"),
    ("AwsConsoleSignIn", "AWS Console Sign In via CloudTrail"),
];
/// Of everything else.
pub(crate) const CALL: &str = "AWS API Call via CloudTrail";

/// Something that was recorded, and where it stood.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Recorded {
    /// Where it stood in what was read, as `line 3` or `Records[0]`; empty if there was nothing else.
    pub(crate) place: String,
    pub(crate) came: Came,
}

/// How it came.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Came {
    /// As `EventBridge` delivers it.
    Event(Json),
    /// As the body of a message in a queue of the guard, and the event that it holds, if it holds one.
    Message { body: String, event: Option<Json> },
    /// As nothing that an account would ever send, for this reason.
    Unknown(String),
}

impl Recorded {
    pub(crate) fn new(place: impl Into<String>, came: Came) -> Self {
        Self { place: place.into(), came }
    }

    /// The same, from a file of this name.
    #[must_use]
    pub(crate) fn of_file(self, name: &str) -> Self {
        let separator = if self.place.is_empty() { "" } else { ", " };
        Self { place: format!("{name}{separator}{}", self.place), ..self }
    }

    /// The account on whose bus it came, if it says that.
    pub(crate) fn account(&self) -> Option<AccountId> {
        field::text(self.event()?, &["account"])?.parse().ok()
    }

    /// The Region in which it came, if it says that.
    pub(crate) fn region(&self) -> Option<Region> {
        field::text(self.event()?, &["region"])?.parse().ok()
    }

    /// The event, if it is one or holds one.
    pub(crate) fn event(&self) -> Option<&Json> {
        match &self.came {
            Came::Event(event) => Some(event),
            Came::Message { event, .. } => event.as_ref(),
            Came::Unknown(_) => None,
        }
    }

    /// When it happened, if it says that.
    pub(crate) fn time(&self) -> Option<OffsetDateTime> {
        let event = self.event()?;
        let text = field::text(event, &["detail", "eventTime"])
            .or_else(|| field::text(event, &["time"]))?;
        OffsetDateTime::parse(&text, &Rfc3339).ok()?.checked_to_offset(UtcOffset::UTC)
    }

    /// What can be said of it at first sight.
    pub(crate) fn head(&self) -> Head {
        let Some(event) = self.event() else {
            return Head { name: self.kind(), ..Head::default() };
        };
        let call = field::text(event, &["detail", "eventName"]);
        let detail = event.get("detail").unwrap_or(&Json::Null);
        let parameter = |name| field::text(detail, &["requestParameters", name]);
        let bucket = || field::text(detail, &["bucket", "name"]);
        Head {
            bucket: parameter("bucketName").or_else(|| parameter("resourceArn")).or_else(bucket),
            region: field::text(event, &["region"]),
            time: field::text(detail, &["eventTime"]).or_else(|| field::text(event, &["time"])),
            principal: call.is_some().then(|| events::principal(detail)),
            tool: call.is_some().then(|| events::tool(detail).to_string()),
            name: call.or_else(|| field::text(event, &["detail-type"])).or_else(|| self.kind()),
        }
    }

    /// What kind of message it is, if it is one of the guard.
    fn kind(&self) -> Option<String> {
        let Came::Message { body, .. } = &self.came else { return None };
        let body: Json = serde_json::from_str(body).ok()?;
        Some(body.get("s3guard")?.as_object()?.keys().next()?.clone())
    }
}

impl Came {
    /// Tells what a JSON value is.
    pub(crate) fn of(value: Json) -> Self {
        let has = |name: &str| value.get(name).is_some();
        if has("s3guard") {
            return Self::message(value.to_string());
        }
        if has("detail-type") || has("source") && has("detail") {
            return Self::Event(value);
        }
        if has("eventName") && (has("eventSource") || has("eventVersion")) {
            return Self::Event(enveloped(&value));
        }
        for name in ["body", "Body"] {
            if let Some(Json::String(body)) = value.get(name) {
                return Self::message(body.clone());
            }
        }
        let what = "it is neither an event of EventBridge, nor a record of CloudTrail, nor a message of s3guard";
        Self::Unknown(what.to_owned())
    }

    /// The body of a message.
    pub(crate) fn message(body: String) -> Self {
        let read = |text: &str| serde_json::from_str::<Json>(text).ok();
        let inner = read(&body).and_then(|value| match value.get("s3guard") {
            None => Some(value),
            Some(own) => read(own.get("again")?.get("body")?.as_str()?),
        });
        Self::Message { body, event: inner.filter(|inner| inner.get("detail-type").is_some()) }
    }
}

/// Puts a record of CloudTrail into the envelope in which `EventBridge` delivers it.
///
/// Source: Amazon EventBridge User Guide, "AWS service events delivered via AWS CloudTrail".
fn enveloped(record: &Json) -> Json {
    let text = |name: &str| field::text(record, &[name]);
    let source = text("eventSource").unwrap_or_default();
    let kind = text("eventType").unwrap_or_default();
    let detail_type =
        DETAIL_TYPES.iter().find(|(of, _)| *of == kind).map_or(CALL, |(_, name)| name);
    json!({
        "version": "0",
        "id": text("eventID"),
        "detail-type": detail_type,
        "source": format!("aws.{}", source.trim_end_matches(".amazonaws.com")),
        "account": text("recipientAccountId"),
        "time": text("eventTime"),
        "region": text("awsRegion"),
        "resources": [],
        "detail": record,
    })
}
