//! Any setting of a bucket by its sub-resource, and the public access block of the account.

use super::{CallError, Client, Request};

const BLOCK_PATH: &str = "/v20180820/configuration/publicAccessBlock";
const XMLNS: &str = "http://awss3control.amazonaws.com/doc/2018-08-20/";

impl Client {
    /// A setting of the bucket, as XML or JSON; `subresource` is `policy`, `versioning`, `ownershipControls` and so on.
    pub fn bucket_setting(&self, bucket: &str, subresource: &str) -> Result<String, CallError> {
        self.bucket_setting_with(bucket, subresource, &[])
    }

    /// A setting of the bucket, asked for with these headers: `x-amz-expected-bucket-owner`, say.
    pub fn bucket_setting_with(
        &self,
        bucket: &str,
        subresource: &str,
        headers: &[(&str, &str)],
    ) -> Result<String, CallError> {
        self.call("s3", "GET", &format!("/{bucket}"), &[(subresource, "")], headers, b"")
    }

    /// Sets a setting of the bucket; `body` is the whole document.
    pub fn put_bucket_setting(
        &self,
        bucket: &str,
        subresource: &str,
        body: &str,
    ) -> Result<(), CallError> {
        self.put_bucket_setting_with(bucket, subresource, &[], body)
    }

    /// Sets a setting of the bucket with these headers: `x-amz-skip-destination-validation`, say.
    pub fn put_bucket_setting_with(
        &self,
        bucket: &str,
        subresource: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<(), CallError> {
        let path = format!("/{bucket}");
        self.call("s3", "PUT", &path, &[(subresource, "")], headers, body.as_bytes()).map(drop)
    }

    /// Deletes a setting of the bucket.
    pub fn delete_bucket_setting(&self, bucket: &str, subresource: &str) -> Result<(), CallError> {
        self.call("s3", "DELETE", &format!("/{bucket}"), &[(subresource, "")], &[], b"").map(drop)
    }

    /// Sets the bucket's ACL to a canned one: `private`, `public-read`.
    pub fn put_acl(&self, bucket: &str, canned: &str) -> Result<(), CallError> {
        self.put_bucket_setting_with(bucket, "acl", &[("x-amz-acl", canned)], "")
    }

    /// The account's public access block, as XML.
    pub fn account_block(&self) -> Result<String, CallError> {
        self.on_account_block("GET", "")
    }

    /// Sets all four settings of the account's public access block to `blocked`.
    pub fn put_account_block(&self, blocked: bool) -> Result<(), CallError> {
        let settings =
            ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]
                .map(|name| format!("<{name}>{blocked}</{name}>"))
                .concat();
        let body = format!(
            "<PublicAccessBlockConfiguration xmlns=\"{XMLNS}\">{settings}</PublicAccessBlockConfiguration>"
        );
        self.on_account_block("PUT", &body).map(drop)
    }

    /// Removes the account's public access block.
    pub fn delete_account_block(&self) -> Result<(), CallError> {
        self.on_account_block("DELETE", "").map(drop)
    }

    /// Signs the host that an SDK makes of the endpoint of S3 Control.
    fn on_account_block(&self, method: &str, body: &str) -> Result<String, CallError> {
        let host = format!("{}.s3-control@{}", self.account, self.address);
        let answer = self.answer_to(&Request {
            host: &host,
            service: "s3",
            method,
            path: BLOCK_PATH,
            query: &[],
            headers: &[("x-amz-account-id", &self.account)],
            body: body.as_bytes(),
        })?;
        answer.or_refusal(|| format!("{method} s3control {BLOCK_PATH}"))
    }
}
