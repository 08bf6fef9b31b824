//! S3's own events about objects, as EventBridge delivers them.
//!
//! Source: Amazon S3 User Guide, "EventBridge event message structure". Keys are not URL-encoded here. Fields that are not
//! needed are not read, and new ones do not matter.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::cloudtrail::utc;
use super::plausible::not_in_future;
use super::read::of_account;
use super::request::{NotAnEvent, bucket};
use crate::model::change::{Change, DETAIL_TYPES};
use crate::text::wire::as_time;
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

impl ObjectEvent {
    /// What orders the creations and deletions of one key as they happened; other events have none.
    ///
    /// Sequencers are hexadecimal, and the shorter one is filled up with zeros at its end.
    ///
    /// Source: Amazon S3 User Guide, "Event message structure".
    pub(crate) fn sequence(&self) -> Option<String> {
        let sequencer = self.sequencer.as_deref()?.to_ascii_uppercase();
        Some(sequencer.trim_end_matches('0').to_owned())
    }

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
    let Object { key, size, version_id, sequencer } = detail.object;
    Ok(ObjectEvent {
        id,
        change,
        bucket,
        key,
        version_id,
        size_bytes: size,
        sequencer,
        requester: detail.requester,
        source_ip: detail.source_ip_address,
        time,
    })
}

fn change(detail_type: &str, detail: &Detail) -> Option<Change> {
    let (_, changes) = DETAIL_TYPES.iter().find(|(name, _)| *name == detail_type)?;
    Some(match (changes, detail.reason.as_deref(), detail.deletion_type.as_deref()) {
        ([change], ..) => *change,
        (_, Some("Lifecycle Expiration"), _) => Change::Expired,
        (_, _, Some("Delete Marker Created")) => Change::DeleteMarkerCreated,
        _ => Change::Deleted,
    })
}

#[cfg(test)]
mod tests;
