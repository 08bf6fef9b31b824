//! CloudTrail: trails.

use serde::Serialize;

use crate::cfn::{
    Value,
    kind::{BucketName, KeyArn, Text},
};

/// `AWS::CloudTrail::Trail`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_excessive_bools, reason = "these are CloudTrail's properties")]
pub struct Trail {
    /// The bucket for its log files. Its policy must allow CloudTrail to write before the trail is created.
    pub s3_bucket_name: Value<BucketName>,
    /// Whether it records.
    pub is_logging: bool,
    /// Its name.
    pub trail_name: Value<Text>,
    /// Whether it records in all Regions.
    pub is_multi_region_trail: bool,
    /// Whether it records global services, such as IAM.
    pub include_global_service_events: bool,
    /// Whether changed log files can be detected.
    pub enable_log_file_validation: bool,
    /// The key that encrypts its log files.
    #[serde(rename = "KMSKeyId")]
    pub kms_key_id: Value<KeyArn>,
    /// The calls that it records.
    pub advanced_event_selectors: [AdvancedEventSelector; 1],
}

resource! { Trail = "AWS::CloudTrail::Trail"; }

/// Calls that a trail records: those that match all fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AdvancedEventSelector {
    /// A description of the calls.
    pub name: &'static str,
    /// The fields.
    pub field_selectors: Vec<FieldSelector>,
}

/// The value that a field of a call must have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct FieldSelector {
    /// The field, such as `readOnly`.
    pub field: &'static str,
    /// Its value.
    pub equals: [&'static str; 1],
}
