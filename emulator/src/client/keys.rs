//! KMS keys: made, looked at, and taken out of use.

use serde_json::{Value, json};

use super::{CallError, Client};

impl Client {
    /// Makes a key for encryption and gives its ARN.
    pub fn create_key(&self) -> Result<String, CallError> {
        let made = self.kms("CreateKey", &json!({}))?;
        Ok(made["KeyMetadata"]["Arn"].as_str().unwrap_or_default().to_owned())
    }

    /// The metadata of a key, given by its ARN, id or alias.
    pub fn describe_key(&self, key: &str) -> Result<Value, CallError> {
        Ok(self.kms("DescribeKey", &json!({ "KeyId": key }))?["KeyMetadata"].clone())
    }

    /// Makes a key useless until it is enabled again.
    pub fn disable_key(&self, key: &str) -> Result<(), CallError> {
        self.kms("DisableKey", &json!({ "KeyId": key })).map(drop)
    }

    /// Lets a key be deleted in a week.
    pub fn schedule_key_deletion(&self, key: &str) -> Result<(), CallError> {
        let input = json!({ "KeyId": key, "PendingWindowInDays": 7 });
        self.kms("ScheduleKeyDeletion", &input).map(drop)
    }

    /// Gives a key another name: `alias/mine`.
    pub fn create_alias(&self, alias: &str, key: &str) -> Result<(), CallError> {
        self.kms("CreateAlias", &json!({ "AliasName": alias, "TargetKeyId": key })).map(drop)
    }

    fn kms(&self, operation: &str, input: &Value) -> Result<Value, CallError> {
        let target = format!("TrentService.{operation}");
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", &target)];
        let answer = self.call("kms", "POST", "/", &[], &headers, input.to_string().as_bytes())?;
        Ok(serde_json::from_str(&answer).unwrap_or_default())
    }
}
