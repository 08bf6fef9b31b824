//! A bucket. Every call names the owner that it expects.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::ServerSideEncryption;
use s3guard_posture::{AccountId, BucketId, BucketName, KeyArn};

use crate::error::Answer as _;
use crate::{AwsError, Connection};

/// A bucket, with a client of its Region.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    pub(crate) client: Client,
    pub(crate) id: BucketId,
}

/// An object that counts only if a key encrypts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Encrypted {
    /// It counts.
    Content(Vec<u8>),
    /// It does not count, for this reason: another principal may have written it.
    Foreign(String),
    /// It does not exist.
    Absent,
}

impl Bucket {
    /// A bucket in the connection's Region.
    pub(crate) fn new(connection: &Connection, name: BucketName, account: AccountId) -> Self {
        let id = BucketId { name, account, region: connection.region().clone() };
        Self { client: Client::new(&connection.config), id }
    }

    /// The bucket as an error names it, or an object of this key in it.
    pub(crate) fn object(&self, key: &str) -> String {
        match key {
            "" => format!("bucket `{}`", self.id.name),
            key => format!("object `{key}` in bucket `{}`", self.id.name),
        }
    }

    /// Reads a whole object; `None` if it does not exist.
    pub(crate) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, AwsError> {
        let answer = on_bucket!(self, get_object).key(key).send().await;
        let object = self.object(key);
        let Some(answer) = answer.optional("GetObject", &object, &["NoSuchKey"])? else {
            return Ok(None);
        };
        let bytes = answer.body.collect().await;
        let bytes = bytes.map_err(|error| AwsError::other("GetObject", object, error))?;
        Ok(Some(bytes.into_bytes().into()))
    }

    /// Reads an object that counts only if one of these KMS keys encrypts it and it has at most so many bytes, with its `ETag`, which
    /// is empty if it is not known. Of others only the headers are read.
    pub(crate) async fn get_encrypted(
        &self,
        key: &str,
        kms_keys: &[KeyArn],
        max_bytes: u64,
    ) -> Result<(Encrypted, String), AwsError> {
        let object = self.object(key);
        let answer = on_bucket!(self, get_object).key(key).send().await;
        let answer = match answer.optional("GetObject", &object, &["NoSuchKey"]) {
            Ok(Some(answer)) => answer,
            Ok(None) => return Ok((Encrypted::Absent, String::new())),
            Err(error) => return self.foreign(key, kms_keys, error).await,
        };
        let etag = answer.e_tag().unwrap_or_default().to_owned();
        let of = (answer.server_side_encryption(), answer.ssekms_key_id());
        if let Some(cause) = other_encryption(of, kms_keys) {
            return Ok((Encrypted::Foreign(cause), etag));
        }
        // The body of an answer is not longer than its header says.
        let bytes = answer.content_length().and_then(|bytes| u64::try_from(bytes).ok());
        if bytes.is_none_or(|bytes| bytes > max_bytes) {
            let bytes = bytes.map_or_else(|| "an unknown number of".to_owned(), |n| n.to_string());
            let cause = format!("it has {bytes} bytes, and at most {max_bytes} are valid");
            return Ok((Encrypted::Foreign(cause), etag));
        }
        let bytes = answer.body.collect().await;
        let bytes = bytes.map_err(|error| AwsError::other("GetObject", object, error))?;
        Ok((Encrypted::Content(bytes.into_bytes().into()), etag))
    }

    /// Whether an object could not be read because another key encrypts it; otherwise the error of reading it. The headers
    /// can be read without permission to use the key.
    ///
    /// Source: Amazon S3 API Reference, `HeadObject`, "Permissions"; Amazon S3 User Guide, "Using server-side encryption
    /// with customer-provided keys".
    async fn foreign(
        &self,
        key: &str,
        kms_keys: &[KeyArn],
        error: AwsError,
    ) -> Result<(Encrypted, String), AwsError> {
        let code = error.code().unwrap_or_default();
        if code == "InvalidRequest" {
            let cause = "the key of its encryption is with its writer".to_owned();
            return Ok((Encrypted::Foreign(cause), String::new()));
        }
        if !error.is_denied() && !code.starts_with("KMS.") {
            return Err(error);
        }
        let Ok(head) = on_bucket!(self, head_object).key(key).send().await else {
            return Err(error);
        };
        let of = (head.server_side_encryption(), head.ssekms_key_id());
        let cause = other_encryption(of, kms_keys).ok_or(error)?;
        Ok((Encrypted::Foreign(cause), head.e_tag().unwrap_or_default().to_owned()))
    }
}

/// The encryption of an object, if it is not by one of these KMS keys.
fn other_encryption(
    (algorithm, key): (Option<&ServerSideEncryption>, Option<&str>),
    kms_keys: &[KeyArn],
) -> Option<String> {
    if algorithm == Some(&ServerSideEncryption::AwsKms)
        && kms_keys.iter().any(|one| key == Some(one.as_str()))
    {
        return None;
    }
    let algorithm = algorithm.map_or("none", ServerSideEncryption::as_str);
    let key = key.map_or_else(String::new, |key| format!(" with key `{key}`"));
    Some(format!("its encryption is {algorithm}{key}, and not aws:kms with the stack's key"))
}

#[cfg(test)]
mod tests;
