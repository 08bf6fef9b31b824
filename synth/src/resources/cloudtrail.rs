//! CloudTrail: trails.

use serde::{Serialize, Serializer};
use serde_json::json;

use crate::cfn::{
    Value,
    kind::{BucketName, KeyArn, Text},
};

/// `AWS::CloudTrail::Trail`, of the write management events of all Regions
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trail {
    /// The bucket for its log files. Its policy must allow CloudTrail to write before the trail is created.
    pub bucket_name: Value<BucketName>,
    /// Its name.
    pub name: Value<Text>,
    /// The key that encrypts its log files.
    pub kms_key: Value<KeyArn>,
}

resource! { Trail = "AWS::CloudTrail::Trail"; }

impl Serialize for Trail {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let field = |name: &str, value: &str| json!({ "Field": name, "Equals": [value] });
        json!({
            "S3BucketName": self.bucket_name,
            "IsLogging": true,
            "TrailName": self.name,
            "IsMultiRegionTrail": true,
            "IncludeGlobalServiceEvents": true,
            "EnableLogFileValidation": true,
            "KMSKeyId": self.kms_key,
            "AdvancedEventSelectors": [{
                "Name": "write management events",
                "FieldSelectors": [field("eventCategory", "Management"), field("readOnly", "false")],
            }],
        })
        .serialize(serializer)
    }
}
