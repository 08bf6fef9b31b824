//! Buckets, their settings and their objects, and the public access block of the account.

use std::collections::BTreeMap;

use super::{CallError, Client};
use crate::{http, xml};

const XMLNS: &str = "http://s3.amazonaws.com/doc/2006-03-01/";
const BLOCK_PATH: &str = "/v20180820/configuration/publicAccessBlock";

impl Client {
    /// Creates a bucket in the client's region.
    pub fn create_bucket(&self, bucket: &str) -> Result<(), CallError> {
        // Only us-east-1 must not be named.
        let body = if self.region == "us-east-1" {
            String::new()
        } else {
            let region = format!("<LocationConstraint>{}</LocationConstraint>", self.region);
            document("CreateBucketConfiguration", &region)
        };
        self.call("s3", "PUT", &format!("/{bucket}"), body).map(drop)
    }

    /// Deletes an empty bucket.
    pub fn delete_bucket(&self, bucket: &str) -> Result<(), CallError> {
        self.call("s3", "DELETE", &format!("/{bucket}"), "").map(drop)
    }

    /// The names of all buckets.
    pub fn list_buckets(&self) -> Result<Vec<String>, CallError> {
        Ok(xml::all(&self.call("s3", "GET", "/", "")?, "Name"))
    }

    /// The keys of the bucket's objects, up to a thousand.
    pub fn list_objects(&self, bucket: &str) -> Result<Vec<String>, CallError> {
        Ok(xml::all(&self.call("s3", "GET", &format!("/{bucket}?list-type=2"), "")?, "Key"))
    }

    /// Deletes every object and every version in the bucket.
    pub fn empty_bucket(&self, bucket: &str) -> Result<(), CallError> {
        let versions = self.bucket_setting(bucket, "versions")?;
        let keys = xml::all(&versions, "Key");
        for (key, version) in keys.iter().zip(xml::all(&versions, "VersionId")) {
            let target = format!("/{bucket}/{}?versionId={version}", http::encoded(key));
            self.call("s3", "DELETE", &target, "")?;
        }
        for key in self.list_objects(bucket)? {
            self.delete_object(bucket, &key)?;
        }
        Ok(())
    }

    /// Puts an object.
    pub fn put_object(&self, bucket: &str, key: &str, body: &[u8]) -> Result<(), CallError> {
        self.call("s3", "PUT", &format!("/{bucket}/{}", http::encoded(key)), body).map(drop)
    }

    /// Puts an object. Returns its version; empty in a bucket without versions.
    pub fn put_version(&self, bucket: &str, key: &str, body: &[u8]) -> Result<String, CallError> {
        let target = format!("/{bucket}/{}", http::encoded(key));
        let (mut headers, _) = self.exchange("s3", "PUT", &target, body)?;
        Ok(headers.remove("x-amz-version-id").unwrap_or_default())
    }

    /// The headers that S3 returns of an object, in lower case; an empty `version` is the current one.
    pub fn head_object(
        &self,
        bucket: &str,
        key: &str,
        version: &str,
    ) -> Result<BTreeMap<String, String>, CallError> {
        let query = if version.is_empty() { "" } else { "?versionId=" };
        let target = format!("/{bucket}/{}{query}{version}", http::encoded(key));
        self.exchange("s3", "HEAD", &target, b"").map(|(headers, _)| headers)
    }

    /// The text of an object.
    pub fn get_object(&self, bucket: &str, key: &str) -> Result<String, CallError> {
        self.call("s3", "GET", &format!("/{bucket}/{}", http::encoded(key)), "")
    }

    /// Deletes an object.
    pub fn delete_object(&self, bucket: &str, key: &str) -> Result<(), CallError> {
        self.call("s3", "DELETE", &format!("/{bucket}/{}", http::encoded(key)), "").map(drop)
    }

    /// The keys of all objects that begin with this.
    pub fn list_under(&self, bucket: &str, prefix: &str) -> Result<Vec<String>, CallError> {
        let (mut keys, mut next) = (Vec::new(), String::new());
        loop {
            let prefix = http::encoded(prefix);
            let target = format!("/{bucket}?list-type=2&prefix={prefix}{next}");
            let page = self.call("s3", "GET", &target, "")?;
            keys.extend(xml::all(&page, "Key"));
            let Some(token) = xml::text(&page, "NextContinuationToken") else { return Ok(keys) };
            next = format!("&continuation-token={}", http::encoded(&token).replace('/', "%2F"));
        }
    }

    /// A setting of the bucket, as XML or JSON, by its sub-resource: `policy`, `versioning`.
    pub fn bucket_setting(&self, bucket: &str, subresource: &str) -> Result<String, CallError> {
        self.call("s3", "GET", &format!("/{bucket}?{subresource}"), "")
    }

    /// Sets a setting of the bucket; `body` is the whole document.
    pub fn put_bucket_setting(
        &self,
        bucket: &str,
        subresource: &str,
        body: &str,
    ) -> Result<(), CallError> {
        self.call("s3", "PUT", &format!("/{bucket}?{subresource}"), body).map(drop)
    }

    /// Deletes a setting of the bucket.
    pub fn delete_bucket_setting(&self, bucket: &str, subresource: &str) -> Result<(), CallError> {
        self.call("s3", "DELETE", &format!("/{bucket}?{subresource}"), "").map(drop)
    }

    /// Sets the bucket's ACL to a canned one: `private`, `public-read`.
    pub fn put_acl(&self, bucket: &str, canned: &str) -> Result<(), CallError> {
        self.with_header("x-amz-acl", canned).put_bucket_setting(bucket, "acl", "")
    }

    /// The bucket's default encryption, as XML.
    pub fn encryption(&self, bucket: &str) -> Result<String, CallError> {
        self.bucket_setting(bucket, "encryption")
    }

    /// Sets the default encryption; `rule` is the content of `<Rule>`.
    pub fn put_encryption(&self, bucket: &str, rule: &str) -> Result<(), CallError> {
        let rule = format!("<Rule>{rule}</Rule>");
        let body = document("ServerSideEncryptionConfiguration", &rule);
        self.put_bucket_setting(bucket, "encryption", &body)
    }

    /// The bucket's public access block, as XML.
    pub fn public_access_block(&self, bucket: &str) -> Result<String, CallError> {
        self.bucket_setting(bucket, "publicAccessBlock")
    }

    /// Sets all four settings of the bucket's public access block.
    pub fn put_public_access_block(&self, bucket: &str, blocked: bool) -> Result<(), CallError> {
        self.put_bucket_setting(bucket, "publicAccessBlock", &block(blocked))
    }

    /// Removes the bucket's public access block.
    pub fn delete_public_access_block(&self, bucket: &str) -> Result<(), CallError> {
        self.delete_bucket_setting(bucket, "publicAccessBlock")
    }

    /// The bucket's notifications, as XML.
    pub fn notification(&self, bucket: &str) -> Result<String, CallError> {
        self.bucket_setting(bucket, "notification")
    }

    /// Sets the notifications; `configuration` is the content of `<NotificationConfiguration>`.
    pub fn put_notification(&self, bucket: &str, configuration: &str) -> Result<(), CallError> {
        let body = document("NotificationConfiguration", configuration);
        self.put_bucket_setting(bucket, "notification", &body)
    }

    /// The account's public access block, as XML.
    pub fn account_block(&self) -> Result<String, CallError> {
        self.on_account_block("GET", "")
    }

    /// Sets all four settings of the account's public access block.
    pub fn put_account_block(&self, blocked: bool) -> Result<(), CallError> {
        self.on_account_block("PUT", &block(blocked)).map(drop)
    }

    /// Removes the account's public access block.
    pub fn delete_account_block(&self) -> Result<(), CallError> {
        self.on_account_block("DELETE", "").map(drop)
    }

    fn on_account_block(&self, method: &str, body: &str) -> Result<String, CallError> {
        self.with_header("x-amz-account-id", &self.account).call("s3", method, BLOCK_PATH, body)
    }
}

fn document(name: &str, content: &str) -> String {
    format!("<{name} xmlns=\"{XMLNS}\">{content}</{name}>")
}

fn block(blocked: bool) -> String {
    let settings =
        ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]
            .map(|name| format!("<{name}>{blocked}</{name}>"));
    document("PublicAccessBlockConfiguration", &settings.concat())
}
