//! S3's own events about objects, as EventBridge delivers them.
//!
//! Source: Amazon S3 User Guide, "EventBridge event message structure". Keys are not URL-encoded here. Fields that are not
//! needed are not read, and new ones do not matter.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use super::wire::{as_text, as_time};
use crate::BucketName;
use crate::model::change::Change;

/// One event of S3 about one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ObjectEvent {
    /// The id that `EventBridge` gave it.
    pub id: String,
    /// What happened.
    pub change: Change,
    /// Where.
    #[serde(with = "as_text")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub bucket: BucketName,
    /// To which object.
    pub key: String,
    /// To which version of it, in a versioned bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// Its size in bytes, where S3 says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// Orders the creations and deletions of one key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequencer: Option<String>,
    /// The account or service that did it. S3 never says which user or role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<String>,
    /// From where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<String>,
    /// When.
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

    /// Whether a version was deleted that nobody can bring back: in a bucket without versions every deletion is so.
    pub fn is_version_deleted_for_good(&self) -> bool {
        self.change == Change::Deleted && self.version_id.is_some()
    }
}

/// A message that is not an event about an object.
#[derive(Debug, Error)]
pub enum NotAnObjectEvent {
    /// Not JSON, or without something that every event has.
    #[error("it is not an event of S3 about an object: {0}")]
    Form(#[from] serde_json::Error),
    /// From somewhere else.
    #[error("its source is `{0}` and not `aws.s3`")]
    Source(String),
    /// A type that we do not know.
    #[error("`{0}` is not a type of event that s3guard knows")]
    Type(String),
    /// A value that cannot be.
    #[error("`{field}` is wrong: {cause}")]
    Field {
        /// The path of the field.
        field: &'static str,
        /// What is wrong with it.
        cause: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Wire {
    id: String,
    source: String,
    detail_type: String,
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

/// Reads a message of the object queue.
pub fn read(body: &str) -> Result<ObjectEvent, NotAnObjectEvent> {
    let wire: Wire = serde_json::from_str(body)?;
    if wire.source != "aws.s3" {
        return Err(NotAnObjectEvent::Source(wire.source));
    }
    let change =
        change(&wire.detail_type, &wire.detail).ok_or(NotAnObjectEvent::Type(wire.detail_type))?;
    let bucket: BucketName =
        wire.detail.bucket.name.parse().map_err(|error| wrong("detail.bucket.name", &error))?;
    let time =
        OffsetDateTime::parse(&wire.time, &Rfc3339).map_err(|error| wrong("time", &error))?;
    let time = time.checked_to_offset(UtcOffset::UTC);
    let Object { key, size, version_id, sequencer } = wire.detail.object;
    Ok(ObjectEvent {
        id: wire.id,
        change,
        bucket,
        key,
        version_id,
        size_bytes: size,
        sequencer,
        requester: wire.detail.requester,
        source_ip: wire.detail.source_ip_address,
        time: time.ok_or_else(|| wrong("time", &"it is too far away"))?,
    })
}

fn change(detail_type: &str, detail: &Detail) -> Option<Change> {
    Some(match detail_type {
        "Object Created" => Change::CreatedOrOverwritten,
        "Object Deleted" => match (detail.reason.as_deref(), detail.deletion_type.as_deref()) {
            (Some("Lifecycle Expiration"), _) => Change::Expired,
            (_, Some("Delete Marker Created")) => Change::DeleteMarkerCreated,
            _ => Change::Deleted,
        },
        "Object ACL Updated" => Change::AclUpdated,
        "Object Tags Added" => Change::TagsAdded,
        "Object Tags Deleted" => Change::TagsDeleted,
        "Object Restore Initiated" => Change::RestoreInitiated,
        "Object Restore Completed" => Change::RestoreCompleted,
        "Object Restore Expired" => Change::RestoreExpired,
        "Object Storage Class Changed" | "Object Access Tier Changed" => Change::Moved,
        "Object Annotation Created" => Change::AnnotationCreated,
        "Object Annotation Removed" => Change::AnnotationRemoved,
        "Object Retention Updated" => Change::RetentionUpdated,
        _ => return None,
    })
}

fn wrong(field: &'static str, cause: &impl ToString) -> NotAnObjectEvent {
    NotAnObjectEvent::Field { field, cause: cause.to_string() }
}

#[cfg(test)]
mod tests;
