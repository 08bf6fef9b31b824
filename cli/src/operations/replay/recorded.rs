//! Events as they were recorded: found in every form in which they are kept.

use std::str::FromStr;

use anyhow::{anyhow, bail};
use s3guard_posture::Tool;
use s3guard_posture::events::{self, field};
use serde_json::{Value as Json, json};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use crate::operations::replay::replayed::Head;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Recorded {
    /// Where it stood in what was read, as `line 3` or `Records[0]`; empty if there was nothing else.
    pub(crate) place: String,
    pub(crate) form: RecordedForm,
}

/// The form in which it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RecordedForm {
    /// An event as EventBridge delivers it.
    Event(Json),
    /// The body of a message in a queue of the guard, and the event in it, if there is one.
    Message { body: String, event: Option<Json> },
    /// Nothing that an account sends, for this reason.
    Unknown(String),
}

/// Reads recorded events in their order; those of `lookup-events`, which lists the newest first, in reverse order.
///
/// These forms are known, alone, as a list or one on each line:
///
/// - an event as EventBridge delivers it
/// - a record of CloudTrail, which is put into EventBridge's envelope
/// - a log file of CloudTrail: `{"Records":[…]}`
/// - the output of `aws cloudtrail lookup-events`: `{"Events":[{"CloudTrailEvent":"…"}]}`
/// - the body of a message of the guard: `{"s3guard":…}`
/// - a batch of SQS, as Lambda gets it, and the output of `aws sqs receive-message`
///
/// A line that is not JSON is reported, and the other lines are read.
pub(crate) fn parse(bytes: &[u8]) -> anyhow::Result<Vec<Recorded>> {
    let text = str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        anyhow!("it is not text: line {line} is not UTF-8")
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let error = match serde_json::from_str(text) {
        Ok(value) => return Ok(unfold(value, "")),
        Err(error) => error,
    };
    let mut lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty()).peekable();
    let Some((first, _)) = lines.peek() else { bail!("it is empty") };
    if !serde_json::from_str(first).is_ok_and(|first: Json| first.is_object()) {
        bail!("it is neither JSON nor JSON lines: {error}");
    }
    let found = lines.flat_map(|(line, number)| {
        let place = format!("line {number}");
        match serde_json::from_str(line) {
            Ok(value) => unfold(value, &place),
            Err(error) => vec![Recorded { place, form: no_json(&error) }],
        }
    });
    Ok(found.collect())
}

/// Takes the events out of what holds many.
fn unfold(mut value: Json, place: &str) -> Vec<Recorded> {
    let all = |items: Vec<Json>, before: &str| -> Vec<Recorded> {
        let of = |(index, item)| Recorded {
            place: format!("{place}{before}[{index}]"),
            form: of_list(item),
        };
        items.into_iter().enumerate().map(of).collect()
    };
    if let Json::Array(items) = value {
        return all(items, "");
    }
    for name in ["Records", "Events", "Messages"] {
        if let Some(Json::Array(items)) = value.get_mut(name).map(Json::take) {
            let mut found =
                all(items, &if place.is_empty() { name.to_owned() } else { format!(", {name}") });
            if name == "Events" {
                found.reverse();
            }
            return found;
        }
    }
    vec![Recorded { place: place.to_owned(), form: RecordedForm::of(value) }]
}

/// One of many, which may hold its event as text.
fn of_list(item: Json) -> RecordedForm {
    match item.get("CloudTrailEvent") {
        Some(Json::String(text)) => {
            serde_json::from_str(text).map_or_else(|error| no_json(&error), RecordedForm::of)
        }
        Some(_) | None => RecordedForm::of(item),
    }
}

fn no_json(error: &serde_json::Error) -> RecordedForm {
    RecordedForm::Unknown(format!("it is not JSON: {error}"))
}

impl Recorded {
    /// A field of the event, as `account` or `region`.
    pub(crate) fn field<T: FromStr>(&self, name: &str) -> Option<T> {
        field::text(self.event()?, &[name])?.parse().ok()
    }

    /// The event, if it is one or holds one.
    pub(crate) fn event(&self) -> Option<&Json> {
        match &self.form {
            RecordedForm::Event(event) => Some(event),
            RecordedForm::Message { event, .. } => event.as_ref(),
            RecordedForm::Unknown(_) => None,
        }
    }

    pub(crate) fn time(&self) -> Option<OffsetDateTime> {
        let text = time(self.event()?)?;
        OffsetDateTime::parse(&text, &Rfc3339).ok()?.checked_to_offset(UtcOffset::UTC)
    }

    pub(crate) fn head(&self) -> Head {
        let Some(event) = self.event() else {
            return Head { name: self.kind(), ..Head::default() };
        };
        let call = field::text(event, &["detail", "eventName"]);
        let detail = event.get("detail").unwrap_or(&Json::Null);
        let parameter = |name| field::text(detail, &["requestParameters", name]);
        let bucket = || field::text(detail, &["bucket", "name"]);
        let tagged = || {
            let arn = events::unescaped(&parameter("resourceArn")?);
            let bucket = arn.split_once(":s3:::").map(|(_, bucket)| bucket.to_owned());
            Some(bucket.unwrap_or(arn))
        };
        let principal = call.is_some().then(|| events::principal(detail));
        let service = || events::source(detail).filter(|source| principal.as_ref() != Some(source));
        let tool = || {
            let tool = events::tool(detail);
            let named = if tool == Tool::Service { service() } else { None };
            named.unwrap_or_else(|| tool.to_string())
        };
        Head {
            bucket: parameter("bucketName").or_else(tagged).or_else(bucket),
            region: field::text(event, &["region"]),
            time: time(event),
            tool: call.is_some().then(tool),
            principal,
            name: call.or_else(|| field::text(event, &["detail-type"])).or_else(|| self.kind()),
        }
    }

    /// The kind of a message of the guard.
    fn kind(&self) -> Option<String> {
        let RecordedForm::Message { body, .. } = &self.form else { return None };
        let body: Json = serde_json::from_str(body).ok()?;
        Some(body.get("s3guard")?.as_object()?.keys().next()?.clone())
    }
}

fn time(event: &Json) -> Option<String> {
    field::text(event, &["detail", "eventTime"]).or_else(|| field::text(event, &["time"]))
}

impl RecordedForm {
    fn of(value: Json) -> Self {
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
        let body = value.get("body").or_else(|| value.get("Body")).and_then(Json::as_str);
        if let Some(body) = body {
            return Self::message(body.to_owned());
        }
        let what =
            "it is neither an EventBridge event, nor a CloudTrail record, nor a message of s3guard";
        Self::Unknown(what.to_owned())
    }

    fn message(body: String) -> Self {
        let read = |text: &str| serde_json::from_str::<Json>(text).ok();
        let inner = read(&body).and_then(|value| match value.get("s3guard") {
            None => Some(value),
            Some(own) => read(own.get("again")?.get("body")?.as_str()?),
        });
        Self::Message { body, event: inner.filter(|inner| inner.get("detail-type").is_some()) }
    }
}

/// Puts a record of CloudTrail into the envelope in which EventBridge delivers it.
///
/// Source: Amazon EventBridge User Guide, "AWS service events delivered via AWS CloudTrail".
fn enveloped(record: &Json) -> Json {
    let text = |name: &str| field::text(record, &[name]);
    let source = text("eventSource").unwrap_or_default();
    let detail_type = match text("eventType").as_deref() {
        Some("AwsServiceEvent") => "AWS Service Event via CloudTrail",
        Some("AwsConsoleSignIn") => "AWS Console Sign In via CloudTrail",
        Some(_) | None => "AWS API Call via CloudTrail",
    };
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
