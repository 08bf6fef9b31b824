//! CloudTrail: trails.

use serde::Serialize;

use super::Tag;
use crate::cfn::{
    Value,
    kind::{BucketName, KeyArn, Text, TopicName},
};

/// `AWS::CloudTrail::Trail`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Trail {
    /// The bucket for its files. Its policy has to let CloudTrail write, before the trail is made.
    pub s3_bucket_name: Value<BucketName>,
    /// Whether it records.
    pub is_logging: bool,
    /// Its name.
    pub trail_name: Option<Value<Text>>,
    /// The folder for its files.
    pub s3_key_prefix: Option<String>,
    /// Whether it records in all regions.
    pub is_multi_region_trail: Option<bool>,
    /// Whether it records in all accounts of the organization.
    pub is_organization_trail: Option<bool>,
    /// Whether it records services without regions, such as IAM.
    pub include_global_service_events: Option<bool>,
    /// Whether changed files can be told.
    pub enable_log_file_validation: Option<bool>,
    /// The key that encrypts its files.
    #[serde(rename = "KMSKeyId")]
    pub kms_key_id: Option<Value<KeyArn>>,
    /// The topic that hears of each file.
    pub sns_topic_name: Option<Value<TopicName>>,
    /// Which calls it records; all that change something or read it, where it is not said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub advanced_event_selectors: Vec<AdvancedEventSelector>,
    /// Tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

resource! {
    Trail = "AWS::CloudTrail::Trail";
    ref {
        /// The trail's name.
        name: TrailName
    }
    get {
        /// The trail's ARN.
        arn: TrailArn = "Arn"
    }
}

impl Trail {
    /// A trail that records.
    pub fn new(bucket: Value<BucketName>) -> Self {
        Self {
            s3_bucket_name: bucket,
            is_logging: true,
            trail_name: None,
            s3_key_prefix: None,
            is_multi_region_trail: None,
            is_organization_trail: None,
            include_global_service_events: None,
            enable_log_file_validation: None,
            kms_key_id: None,
            sns_topic_name: None,
            advanced_event_selectors: Vec::new(),
            tags: Vec::new(),
        }
    }
}

/// Calls that a trail records: those for which all fields are so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AdvancedEventSelector {
    /// What they are.
    pub name: Option<&'static str>,
    /// The fields.
    pub field_selectors: Vec<FieldSelector>,
}

/// What a field of a call has to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct FieldSelector {
    /// The field, such as `readOnly`.
    pub field: &'static str,
    /// It is one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub equals: Vec<&'static str>,
    /// It is none of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_equals: Vec<&'static str>,
    /// It begins with one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub starts_with: Vec<&'static str>,
    /// It begins with none of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_starts_with: Vec<&'static str>,
    /// It ends with one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ends_with: Vec<&'static str>,
    /// It ends with none of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_ends_with: Vec<&'static str>,
}

impl FieldSelector {
    /// The field is exactly this.
    pub fn equals(field: &'static str, value: &'static str) -> Self {
        Self { field, equals: vec![value], ..Self::default() }
    }
}
