//! S3's own events about objects, as EventBridge delivers them.
//!
//! Source: Amazon S3 User Guide, "EventBridge event message structure". Keys are not URL-encoded here. Fields that are not
//! needed are not read, and new ones do not matter.

use serde::Deserialize;
use thiserror::Error;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use crate::BucketName;
use crate::objects::{Change, ObjectEvent};

/// All that S3 tells of objects: the types of its events, each with the changes that it can be.
///
/// Source: Amazon S3 User Guide, "Amazon S3 event notification types and `EventBridge`".
pub const DETAIL_TYPES: [(&str, &[Change]); 13] = [
    ("Object Created", &[Change::CreatedOrOverwritten]),
    ("Object Deleted", &[Change::Deleted, Change::DeleteMarkerCreated, Change::Expired]),
    ("Object Restore Initiated", &[Change::RestoreInitiated]),
    ("Object Restore Completed", &[Change::RestoreCompleted]),
    ("Object Restore Expired", &[Change::RestoreExpired]),
    ("Object Storage Class Changed", &[Change::Moved]),
    ("Object Access Tier Changed", &[Change::Moved]),
    ("Object ACL Updated", &[Change::AclUpdated]),
    ("Object Tags Added", &[Change::TagsAdded]),
    ("Object Tags Deleted", &[Change::TagsDeleted]),
    ("Object Annotation Created", &[Change::AnnotationCreated]),
    ("Object Annotation Removed", &[Change::AnnotationRemoved]),
    ("Object Retention Updated", &[Change::RetentionUpdated]),
];

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
