//! What S3's events do not have about objects, read from S3. The buckets are in the connection's Region.

use s3guard_posture::model::setting::Ownership;
use s3guard_posture::{BucketName, Reading};

use super::{Buckets, settings};
use crate::AwsError;
use crate::error::{Answer as _, seen};

impl Buckets {
    /// Whether a version has replaced an older one. A version behind a delete marker was already deleted.
    ///
    /// It is one call: the versions listed after a version are the older ones of its key, then other keys.
    ///
    /// Source: Amazon S3 API Reference, `ListObjectVersions`.
    pub async fn has_overwritten(
        &self,
        bucket: &BucketName,
        key: &str,
        version_id: &str,
    ) -> Result<bool, AwsError> {
        let at = self.at(bucket, self.connection.region());
        let call = on_bucket!(at, list_object_versions).prefix(key);
        let call = call.key_marker(key).version_id_marker(version_id).max_keys(1);
        let answer = call.send().await.named("ListObjectVersions", at.object(""))?;
        Ok(answer.versions().iter().any(|version| version.key() == Some(key)))
    }

    /// Whether an object of the bucket can be public by the ACL that it is created with: ACLs are not disabled, and the
    /// bucket's public access block neither refuses nor ignores public ones.
    ///
    /// The account's block is not read: S3 returns an ACL as it is effective.
    ///
    /// Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage".
    pub async fn creates_public_objects(&self, bucket: &BucketName) -> Result<bool, AwsError> {
        let at = self.at(bucket, self.connection.region());
        match seen(settings::ownership(&at).await)? {
            None | Some(Reading::Known(Ownership::BucketOwnerEnforced)) => return Ok(false),
            Some(_) => {}
        }
        let block = seen(settings::public_access_block(&at).await)?;
        Ok(!block.is_some_and(|block| {
            block.known().is_some_and(|block| block.block_public_acls || block.ignore_public_acls)
        }))
    }

    /// Whether an object's ACL makes it public. `None` if the object no longer exists, or ACLs are disabled.
    pub async fn is_public(
        &self,
        bucket: &BucketName,
        key: &str,
        version_id: Option<&str>,
    ) -> Result<Option<bool>, AwsError> {
        let at = self.at(bucket, self.connection.region());
        let call = on_bucket!(at, get_object_acl).key(key);
        let answer = call.set_version_id(version_id.map(str::to_owned)).send().await;
        let absent = ["NoSuchKey", "NoSuchVersion", "MethodNotAllowed"];
        let object = format!("an object of {}", at.object(""));
        let answer = answer.optional("GetObjectAcl", object, &absent)?;
        Ok(answer.map(|answer| settings::is_public(answer.grants())))
    }
}

#[cfg(test)]
mod tests;
