//! What S3's events do not say of objects, asked of S3.

use aws_sdk_s3::Client;
use s3guard_posture::model::setting::Tags;
use s3guard_posture::{AccountId, BucketName, Reading};

use crate::buckets::{is_public, tags};
use crate::error::Answer as _;
use crate::{AwsError, Connection};

/// The objects of an account's buckets, in the connection's Region.
#[derive(Clone, Debug)]
pub struct Objects {
    client: Client,
    owner: AccountId,
}

impl Objects {
    /// The objects of this account.
    pub fn new(connection: &Connection, owner: AccountId) -> Self {
        Self { client: Client::new(&connection.config), owner }
    }

    /// Whether a version has taken the place of an older one. One behind a delete marker was not there any more.
    ///
    /// It is one call: what is listed from a version on are the older ones of its key, then other keys.
    ///
    /// Source: Amazon S3 API Reference, `ListObjectVersions`.
    pub async fn has_overwritten(
        &self,
        bucket: &BucketName,
        key: &str,
        version_id: &str,
    ) -> Result<bool, AwsError> {
        let answer = self
            .client
            .list_object_versions()
            .bucket(bucket.as_str())
            .expected_bucket_owner(self.owner.as_str())
            .prefix(key)
            .key_marker(key)
            .version_id_marker(version_id)
            .max_keys(1)
            .send()
            .await
            .named("ListObjectVersions", format!("bucket `{bucket}`"))?;
        Ok(answer.versions().iter().any(|version| version.key() == Some(key)))
    }

    /// Whether an object's ACL lets everybody at it. `None` if the object is not there any more, or has no ACL that
    /// counts.
    pub async fn is_public(
        &self,
        bucket: &BucketName,
        key: &str,
        version_id: Option<&str>,
    ) -> Result<Option<bool>, AwsError> {
        let answer = self
            .client
            .get_object_acl()
            .bucket(bucket.as_str())
            .expected_bucket_owner(self.owner.as_str())
            .key(key)
            .set_version_id(version_id.map(str::to_owned))
            .send()
            .await;
        let absent = ["NoSuchKey", "NoSuchVersion", "MethodNotAllowed"];
        let object = format!("an object of bucket `{bucket}`");
        let answer = answer.optional("GetObjectAcl", object, &absent)?;
        Ok(answer.map(|answer| is_public(answer.grants())))
    }

    /// The tags of a bucket.
    pub async fn bucket_tags(&self, bucket: &BucketName) -> Result<Reading<Tags>, AwsError> {
        tags(&self.client, &self.owner, bucket).await
    }
}

#[cfg(test)]
mod tests;
