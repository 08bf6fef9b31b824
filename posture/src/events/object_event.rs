//! S3's own events about objects, as EventBridge delivers them.
//!
//! Source: Amazon S3 User Guide, "EventBridge event message structure". Keys are not URL-encoded here. Fields that are not
//! needed are not read, and new ones do not matter.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use super::cloudtrail::utc;
use super::plausible::not_in_future;
use super::read::of_account;
use super::request::{NotAnEvent, bucket};
use crate::model::change::{Change, DETAIL_TYPES};
use crate::text::named::named;
use crate::text::wire::{as_optional_time, as_time};
use crate::{AccountId, BucketName};

/// One event of S3 about one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ObjectEvent {
    /// The id that `EventBridge` gave it.
    pub id: String,
    /// What happened.
    pub change: Change,
    /// The bucket.
    #[cfg_attr(test, schemars(with = "String"))]
    pub bucket: BucketName,
    /// The key of the object.
    pub key: String,
    /// The version of the object, in a versioned bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// Its size in bytes, if S3 reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// Orders the creations and deletions of one key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequencer: Option<String>,
    /// The retention that an update has set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
    /// Whether the object may be public by the ACL that came with it, and that was not looked up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_acl_unchecked: bool,
    /// The account or service that made the request. S3 does not report the user or role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<String>,
    /// The source IP address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<String>,
    /// The time of the event.
    #[serde(with = "as_time")]
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub time: OffsetDateTime,
}

/// The retention of an object version, as far as the event has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Retention {
    /// Who may shorten it.
    pub mode: RetentionMode,
    /// Until when the version cannot be deleted, unless a hold lasts longer.
    #[serde(with = "as_optional_time", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub until: Option<OffsetDateTime>,
}

/// Who may shorten a retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum RetentionMode {
    /// Principals with `s3:BypassGovernanceRetention`.
    Governance,
    /// No one.
    Compliance,
}

named! {
    RetentionMode:
    Governance = "governance",
    Compliance = "compliance",
}

impl ObjectEvent {
    /// Whether a version was deleted permanently. In a bucket without versioning every deletion is permanent.
    pub fn is_version_deleted_for_good(&self) -> bool {
        self.change == Change::Deleted && self.version_id.is_some()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Wire<'a> {
    id: String,
    source: String,
    detail_type: String,
    #[serde(borrow)]
    account: Cow<'a, str>,
    time: String,
    detail: Detail,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Detail {
    bucket: Bucket,
    object: Object,
    requester: Option<String>,
    source_ip_address: Option<String>,
    reason: Option<String>,
    deletion_type: Option<String>,
    object_retention_event_data: Option<RetentionData>,
}

/// Fields that are not as they are documented are left out: the event counts all the same.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RetentionData {
    mode: Option<Value>,
    retain_until_date: Option<Value>,
    event_hold: Option<Value>,
    legal_hold: Option<Value>,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Object {
    key: String,
    size: Option<u64>,
    version_id: Option<String>,
    sequencer: Option<String>,
}

/// Reads a message of the object queue. Events of other accounts are refused, and those of the future.
pub fn read(body: &str, own: &AccountId, now: OffsetDateTime) -> Result<ObjectEvent, NotAnEvent> {
    let Wire { id, source, detail_type, account, time, detail } = serde_json::from_str(body)?;
    if source != "aws.s3" {
        return Err(NotAnEvent::field("source", &format!("`{source}` is not `aws.s3`")));
    }
    let change = change(&detail_type, &detail).ok_or_else(|| {
        let cause = format!("`{detail_type}` is not a type of event that s3guard knows");
        NotAnEvent::field("detail-type", &cause)
    })?;
    of_account(&account, own)?;
    let time = utc("time", &time)?;
    not_in_future(time, now)?;
    let bucket = bucket("detail.bucket.name", &detail.bucket.name)?;
    let retention = retention(&detail);
    let Object { key, size, version_id, sequencer } = detail.object;
    Ok(ObjectEvent {
        id,
        change,
        bucket,
        key,
        version_id,
        size_bytes: size,
        sequencer,
        retention,
        is_acl_unchecked: false,
        requester: detail.requester,
        source_ip: detail.source_ip_address,
        time,
    })
}

fn change(detail_type: &str, detail: &Detail) -> Option<Change> {
    let (_, changes) = DETAIL_TYPES.iter().find(|(name, _)| *name == detail_type)?;
    Some(match (changes, detail.reason.as_deref(), detail.deletion_type.as_deref()) {
        ([change], ..) => *change,
        ([Change::RetentionUpdated, ..], ..) => hold(detail).unwrap_or(Change::RetentionUpdated),
        (_, Some("Lifecycle Expiration"), _) => Change::Expired,
        (_, _, Some("Delete Marker Created")) => Change::DeleteMarkerCreated,
        _ => Change::Deleted,
    })
}

/// The hold that an update of the retention has switched.
fn hold(detail: &Detail) -> Option<Change> {
    let data = detail.object_retention_event_data.as_ref()?;
    let is_on = |hold: &Option<Value>| match hold.as_ref()?.as_str()? {
        "ON" => Some(true),
        "OFF" => Some(false),
        _ => None,
    };
    let of = |is_on: bool, on, off| if is_on { on } else { off };
    let legal = is_on(&data.legal_hold);
    let legal = legal.map(|is_on| of(is_on, Change::LegalHoldOn, Change::LegalHoldOff));
    let event = is_on(&data.event_hold);
    legal.or(event.map(|is_on| of(is_on, Change::EventHoldOn, Change::EventHoldOff)))
}

fn retention(detail: &Detail) -> Option<Retention> {
    let data = detail.object_retention_event_data.as_ref()?;
    let mode = data.mode.as_ref()?.as_str()?.to_ascii_lowercase();
    let mode = RetentionMode::ALL.into_iter().find(|one| one.name() == mode)?;
    let until = data.retain_until_date.as_ref().and_then(Value::as_str);
    Some(Retention { mode, until: until.and_then(|until| utc("until", until).ok()) })
}

#[cfg(test)]
mod tests;
