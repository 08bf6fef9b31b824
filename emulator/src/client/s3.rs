//! Buckets and objects, as the careless and the careful handle them.

use super::{CallError, Client};
use crate::xml;

const XMLNS: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

impl Client {
    /// Makes a bucket in the client's region.
    pub fn create_bucket(&self, bucket: &str) -> Result<(), CallError> {
        // Only us-east-1 must not be named.
        let body = if self.region == "us-east-1" {
            String::new()
        } else {
            let region = &self.region;
            format!(
                "<CreateBucketConfiguration xmlns=\"{XMLNS}\"><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
            )
        };
        self.on_bucket("PUT", bucket, None, body.as_bytes()).map(drop)
    }

    /// Deletes an empty bucket.
    pub fn delete_bucket(&self, bucket: &str) -> Result<(), CallError> {
        self.on_bucket("DELETE", bucket, None, b"").map(drop)
    }

    /// The names of all buckets.
    pub fn list_buckets(&self) -> Result<Vec<String>, CallError> {
        Ok(xml::all(&self.call("s3", "GET", "/", &[], &[], b"")?, "Name"))
    }

    /// The keys of the bucket's objects, up to a thousand.
    pub fn list_objects(&self, bucket: &str) -> Result<Vec<String>, CallError> {
        let path = format!("/{bucket}");
        Ok(xml::all(&self.call("s3", "GET", &path, &[("list-type", "2")], &[], b"")?, "Key"))
    }

    /// Deletes every object and every version in the bucket.
    pub fn empty_bucket(&self, bucket: &str) -> Result<(), CallError> {
        let path = format!("/{bucket}");
        let versions = self.call("s3", "GET", &path, &[("versions", "")], &[], b"")?;
        let keys = xml::all(&versions, "Key");
        for (key, version) in keys.iter().zip(xml::all(&versions, "VersionId")) {
            let object = format!("/{bucket}/{key}");
            self.call("s3", "DELETE", &object, &[("versionId", &version)], &[], b"")?;
        }
        for key in self.list_objects(bucket)? {
            self.delete_object(bucket, &key)?;
        }
        Ok(())
    }

    /// A page of the bucket's objects, as XML; `query` is `prefix`, `start-after`, `max-keys` or `continuation-token`.
    pub fn list_objects_page(
        &self,
        bucket: &str,
        query: &[(&str, &str)],
    ) -> Result<String, CallError> {
        let query = [&[("list-type", "2")], query].concat();
        self.call("s3", "GET", &format!("/{bucket}"), &query, &[], b"")
    }

    /// Puts an object.
    pub fn put_object(&self, bucket: &str, key: &str, body: &[u8]) -> Result<(), CallError> {
        self.put_object_with(bucket, key, &[], body)
    }

    /// Puts an object with these headers: `if-none-match`, say.
    pub fn put_object_with(
        &self,
        bucket: &str,
        key: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<(), CallError> {
        self.call("s3", "PUT", &format!("/{bucket}/{key}"), &[], headers, body).map(drop)
    }

    /// The text of an object.
    pub fn get_object(&self, bucket: &str, key: &str) -> Result<String, CallError> {
        self.get_object_with(bucket, key, &[])
    }

    /// The text of an object, asked for with these headers.
    pub fn get_object_with(
        &self,
        bucket: &str,
        key: &str,
        headers: &[(&str, &str)],
    ) -> Result<String, CallError> {
        self.call("s3", "GET", &format!("/{bucket}/{key}"), &[], headers, b"")
    }

    /// Deletes an object.
    pub fn delete_object(&self, bucket: &str, key: &str) -> Result<(), CallError> {
        self.call("s3", "DELETE", &format!("/{bucket}/{key}"), &[], &[], b"").map(drop)
    }

    /// The bucket's default encryption, as XML.
    pub fn encryption(&self, bucket: &str) -> Result<String, CallError> {
        self.on_bucket("GET", bucket, Some("encryption"), b"")
    }

    /// Sets the default encryption; `rule` is the inside of `<Rule>`.
    pub fn put_encryption(&self, bucket: &str, rule: &str) -> Result<(), CallError> {
        let body = format!(
            "<ServerSideEncryptionConfiguration xmlns=\"{XMLNS}\"><Rule>{rule}</Rule></ServerSideEncryptionConfiguration>"
        );
        self.on_bucket("PUT", bucket, Some("encryption"), body.as_bytes()).map(drop)
    }

    /// Puts the default encryption back to S3's own.
    pub fn delete_encryption(&self, bucket: &str) -> Result<(), CallError> {
        self.on_bucket("DELETE", bucket, Some("encryption"), b"").map(drop)
    }

    /// The bucket's public access block, as XML.
    pub fn public_access_block(&self, bucket: &str) -> Result<String, CallError> {
        self.on_bucket("GET", bucket, Some("publicAccessBlock"), b"")
    }

    /// Sets all four settings of the public access block to `blocked`.
    pub fn put_public_access_block(&self, bucket: &str, blocked: bool) -> Result<(), CallError> {
        let settings =
            ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]
                .map(|name| format!("<{name}>{blocked}</{name}>"))
                .concat();
        let body = format!(
            "<PublicAccessBlockConfiguration xmlns=\"{XMLNS}\">{settings}</PublicAccessBlockConfiguration>"
        );
        self.on_bucket("PUT", bucket, Some("publicAccessBlock"), body.as_bytes()).map(drop)
    }

    /// Removes the public access block.
    pub fn delete_public_access_block(&self, bucket: &str) -> Result<(), CallError> {
        self.on_bucket("DELETE", bucket, Some("publicAccessBlock"), b"").map(drop)
    }

    /// The bucket's notifications, as XML.
    pub fn notification(&self, bucket: &str) -> Result<String, CallError> {
        self.on_bucket("GET", bucket, Some("notification"), b"")
    }

    /// Sets the notifications; `configuration` is the inside of `<NotificationConfiguration>`.
    pub fn put_notification(&self, bucket: &str, configuration: &str) -> Result<(), CallError> {
        let body = format!(
            "<NotificationConfiguration xmlns=\"{XMLNS}\">{configuration}</NotificationConfiguration>"
        );
        self.on_bucket("PUT", bucket, Some("notification"), body.as_bytes()).map(drop)
    }

    /// Lets the bucket send its objects' events to `EventBridge`.
    pub fn enable_event_bridge(&self, bucket: &str) -> Result<(), CallError> {
        self.put_notification(bucket, "<EventBridgeConfiguration/>")
    }

    fn on_bucket(
        &self,
        method: &str,
        bucket: &str,
        part: Option<&str>,
        body: &[u8],
    ) -> Result<String, CallError> {
        let query: Vec<(&str, &str)> = part.map(|part| (part, "")).into_iter().collect();
        self.call("s3", method, &format!("/{bucket}"), &query, &[], body)
    }
}
