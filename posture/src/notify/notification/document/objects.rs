//! What happened to objects.

use std::collections::BTreeMap;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_zero;

/// What happened to objects within a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Objects {
    /// When the first of it happened, in UTC.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    pub from: String,
    /// When the last of it happened, in UTC.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    pub until: String,
    /// How many events there were.
    pub events: u64,
    /// What happened in each bucket, in numbers.
    pub buckets: Vec<OfBucket>,
    /// What stands out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notable: Vec<Notable>,
    /// What happened to each object, as far as there is room: of each key in the order in which it happened; if there are
    /// more than 100 events, what matters most first.
    pub objects: Vec<Object>,
    /// How many more events there were.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted: u64,
    /// Where all events are listed: an `s3://` address in the stack's own bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<String>,
}

/// What happened in one bucket, in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema))]
pub struct OfBucket {
    /// The bucket.
    pub name: String,
    /// How many events it had.
    pub events: u64,
    /// How many bytes came in.
    pub bytes_created: u64,
    /// How often which change happened.
    pub changes: BTreeMap<String, u64>,
}

/// Something that stands out, as many deletions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Notable {
    /// What, in words.
    pub what: String,
    /// In which bucket.
    pub bucket: String,
    /// How often.
    pub count: u64,
}

/// What happened to one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Object {
    /// What happened.
    pub change: String,
    /// In which bucket.
    pub bucket: String,
    /// The object's key, as it is.
    pub key: String,
    /// Its version, in a versioned bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// Its size in bytes, where S3 says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// When, in UTC.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    pub time: String,
    /// The account or service that did it. S3 never says which user or role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<String>,
    /// From where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<String>,
}
