//! What a message of the guard queue says.
//!
//! CloudTrail's records are read leniently, because they vary: `Host` is a text or a list, `CreateBucketConfiguration` is
//! missing in us-east-1, a list with one item is an object. Only what is needed is read: the name of the call, the
//! bucket, its Region, the time and who it was.

use std::collections::BTreeMap;

use s3guard_posture::notice::Attribute;
use s3guard_posture::report::Call;
use s3guard_posture::{AccountId, BucketName, Notice, Region, watch};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What a message asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Somebody changed this bucket.
    Changed(Changed),
    /// Look at this bucket, which the sweep found.
    LookAt(BucketName),
    /// List the Region's buckets, from here on.
    Sweep(Option<String>),
    /// Publish this, which could not be published before.
    Tell(Notice),
    /// Nothing to do, for this reason.
    Ignore(&'static str),
}

/// A bucket that somebody changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    /// The bucket.
    pub(crate) bucket: BucketName,
    /// Where the bucket is: not where the call was made, if it was made by way of us-east-1.
    pub(crate) region: Region,
    /// The call.
    pub(crate) call: Call,
}

/// A message that is not one of ours.
#[derive(Debug, Error)]
pub(crate) enum NotAnEvent {
    /// Not JSON at all.
    #[error("it is not JSON: {0}")]
    Json(serde_json::Error),
    /// JSON that is neither an event nor a message of the guard.
    #[error("it is neither an event of EventBridge nor a message of s3guard")]
    Unknown,
    /// An event without something that it must have.
    #[error("`{field}` is missing or wrong: {cause}")]
    Field {
        /// The path of the field.
        field: &'static str,
        /// What is wrong with it.
        cause: String,
    },
}

/// A message that the guard sends to itself.
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum OwnMessage {
    /// Look at a bucket.
    LookAt {
        /// Its name.
        bucket: String,
    },
    /// List the next page.
    Sweep {
        /// Where it starts.
        continuation: String,
    },
    /// Publish a notice.
    Tell(WireNotice),
}

/// A notice on its way through the queue.
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WireNotice {
    subject: String,
    text: String,
    one: BTreeMap<String, String>,
    many: BTreeMap<String, Vec<String>>,
}

impl From<&Notice> for WireNotice {
    fn from(notice: &Notice) -> Self {
        let (mut one, mut many) = (BTreeMap::new(), BTreeMap::new());
        for (name, attribute) in &notice.attributes {
            match attribute {
                Attribute::One(value) => drop(one.insert(name.clone(), value.clone())),
                Attribute::Many(values) => drop(many.insert(name.clone(), values.clone())),
            }
        }
        Self { subject: notice.subject.clone(), text: notice.text.clone(), one, many }
    }
}

impl From<WireNotice> for Notice {
    fn from(wire: WireNotice) -> Self {
        let one = wire.one.into_iter().map(|(name, value)| (name, Attribute::One(value)));
        let many = wire.many.into_iter().map(|(name, values)| (name, Attribute::Many(values)));
        Self { subject: wire.subject, text: wire.text, attributes: one.chain(many).collect() }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct WireEvent {
    source: String,
    detail_type: String,
    #[serde(default)]
    detail: Value,
}

impl OwnMessage {
    /// The body of the message.
    pub(crate) fn body(&self) -> String {
        serde_json::json!({ "s3guard": self }).to_string()
    }
}

impl Request {
    /// Reads a message. `account` is the guard's own: events of others are ignored.
    pub(crate) fn read(body: &str, account: &AccountId) -> Result<Self, NotAnEvent> {
        let value: Value = serde_json::from_str(body).map_err(NotAnEvent::Json)?;
        if let Some(own) = value.get("s3guard") {
            let own = OwnMessage::deserialize(own).map_err(|_| NotAnEvent::Unknown)?;
            return match own {
                OwnMessage::LookAt { bucket } => Ok(Self::LookAt(name("s3guard.lookAt", &bucket)?)),
                OwnMessage::Sweep { continuation } => Ok(Self::Sweep(Some(continuation))),
                OwnMessage::Tell(notice) => Ok(Self::Tell(notice.into())),
            };
        }
        let event = WireEvent::deserialize(value).map_err(|_| NotAnEvent::Unknown)?;
        match (event.source.as_str(), event.detail_type.as_str()) {
            ("aws.events", "Scheduled Event") => Ok(Self::Sweep(None)),
            ("aws.s3", "AWS API Call via CloudTrail") => changed(&event.detail, account),
            _ => Err(NotAnEvent::Unknown),
        }
    }
}

fn changed(record: &Value, account: &AccountId) -> Result<Request, NotAnEvent> {
    let event_name = text(record, "/eventName", "detail.eventName")?;
    if !watch::is_watched(event_name) {
        return Ok(Request::Ignore("the call is not one that is watched"));
    }
    if record.get("errorCode").is_some() {
        return Ok(Request::Ignore("the call failed"));
    }
    // A call from another account is reported to both; the bucket's owner is who guards it.
    let recipient = record.get("recipientAccountId").and_then(Value::as_str);
    if recipient.is_some_and(|recipient| recipient != account.as_str()) {
        return Ok(Request::Ignore("the event is another account's"));
    }
    if owner(record).is_some_and(|owner| owner != account.as_str()) {
        return Ok(Request::Ignore("the bucket is another account's"));
    }
    let field = "detail.requestParameters.bucketName";
    let bucket = name(field, text(record, "/requestParameters/bucketName", field)?)?;
    if bucket.is_directory() {
        return Ok(Request::Ignore("directory buckets have other settings"));
    }
    let when = text(record, "/eventTime", "detail.eventTime")?;
    let time =
        OffsetDateTime::parse(when, &Rfc3339).map_err(|error| wrong("detail.eventTime", &error))?;
    let event_name = event_name.to_owned();
    let call = Call { event_name, time, principal: principal(record) };
    Ok(Request::Changed(Changed { bucket, region: region(record)?, call }))
}

/// Where the bucket is: `LocationConstraint`, else the Region of the endpoint that got the call.
fn region(record: &Value) -> Result<Region, NotAnEvent> {
    let constraint = record
        .pointer("/requestParameters/CreateBucketConfiguration/LocationConstraint")
        .and_then(Value::as_str)
        .filter(|constraint| !constraint.is_empty());
    match constraint {
        Some(constraint) => {
            let field = "detail.requestParameters.CreateBucketConfiguration.LocationConstraint";
            Region::from_location_constraint(constraint).map_err(|error| wrong(field, &error))
        }
        None => text(record, "/awsRegion", "detail.awsRegion")?
            .parse()
            .map_err(|error| wrong("detail.awsRegion", &error)),
    }
}

/// The account that owns the bucket, where the record says it: the caller's account gets a copy as well.
fn owner(record: &Value) -> Option<&str> {
    let resources = record.get("resources")?.as_array()?;
    let bucket = resources.iter().find(|resource| resource["type"] == "AWS::S3::Bucket")?;
    bucket["accountId"].as_str()
}

/// Who made the call: the ARN; for an AWS service, which has none, the service; for somebody of another account that
/// account; else the kind of caller.
fn principal(record: &Value) -> String {
    let identity = &record["userIdentity"];
    let field = |name: &str| identity[name].as_str();
    if let Some(known) = field("arn").or_else(|| field("invokedBy")) {
        return known.to_owned();
    }
    match (field("accountId"), field("principalId"), field("type")) {
        (Some(account), Some(id), _) => format!("{id} of account {account}"),
        (Some(account), None, _) => format!("account {account}"),
        (None, _, kind) => kind.unwrap_or("somebody unknown").to_owned(),
    }
}

fn text<'a>(record: &'a Value, pointer: &str, field: &'static str) -> Result<&'a str, NotAnEvent> {
    record.pointer(pointer).and_then(Value::as_str).ok_or_else(|| wrong(field, &"it is not a text"))
}

fn name(field: &'static str, text: &str) -> Result<BucketName, NotAnEvent> {
    text.parse().map_err(|error| wrong(field, &error))
}

fn wrong(field: &'static str, cause: &impl ToString) -> NotAnEvent {
    NotAnEvent::Field { field, cause: cause.to_string() }
}

#[cfg(test)]
mod tests;
