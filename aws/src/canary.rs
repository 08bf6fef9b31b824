//! The canary: a bucket that is created, weakened, observed while the guard remediates it, and deleted.
//!
//! Only this account can have a bucket of its name, and every call names the owner that it expects. A bucket is a canary if
//! both its name and its tags say so: a bucket that has only the name is not changed.

use aws_sdk_s3::types::{ServerSideEncryption, Tag, Tagging};
use s3guard_posture::model::names::InvalidBucketName;
use s3guard_posture::model::setting::Tags;
use s3guard_posture::{AccountId, BucketName, Reading, Region};

use crate::bucket::Bucket;
use crate::emptying::{Emptying, Outcome};
use crate::error::Answer as _;
use crate::{AwsError, Buckets, Connection, new_bucket, wait};

mod inbox;

pub use self::inbox::{Inbox, inboxes};
pub use crate::trails::is_logging;

/// The prefix of the names of all canaries.
pub const PREFIX: &str = "s3guard-canary-";
/// The tag of a canary: its value is the stack whose guard it verifies.
pub const STACK_TAG: &str = "s3guard:canary";
/// The tag with the time until which a run may be using it, in RFC 3339.
pub const UNTIL_TAG: &str = "s3guard:canary-until";

/// A canary in one account and Region.
#[derive(Clone, Debug)]
pub struct Canary {
    bucket: Bucket,
}

impl Canary {
    /// The name of a canary, which only this account can have.
    ///
    /// Source: Amazon S3 User Guide, "Account regional namespaces for general purpose buckets".
    pub fn name_of(
        id: &str,
        owner: &AccountId,
        region: &Region,
    ) -> Result<BucketName, InvalidBucketName> {
        format!("{PREFIX}{id}-{owner}-{region}-an").parse()
    }

    /// The canary of this name; it may not exist yet.
    pub fn new(connection: &Connection, name: BucketName, owner: AccountId) -> Self {
        Self { bucket: Bucket::new(connection, name, owner) }
    }

    /// Its name.
    pub fn name(&self) -> &BucketName {
        &self.bucket.id.name
    }

    /// Creates the bucket with these tags. Without tags it would not be recognized as a canary: if they cannot be set, the
    /// bucket is deleted.
    pub async fn create(&self, tags: &Tags) -> Result<(), AwsError> {
        new_bucket::create(&self.bucket).await?;
        let tag = async || self.tag(tags).await;
        let tagged = wait::retry(new_bucket::pauses(), new_bucket::is_unknown, tag).await;
        if tagged.is_err() {
            // It is empty, and no other account can have created a bucket of this name.
            // One attempt: if it fails, the bucket is removed with everything else that the run created.
            let _ = on_bucket!(self.bucket, delete_bucket).send().await;
        }
        tagged
    }

    async fn tag(&self, tags: &Tags) -> Result<(), AwsError> {
        let tag = |(key, value): (&String, &String)| {
            Tag::builder().key(key).value(value).build().expect("key and value are given")
        };
        let set = Tagging::builder().set_tag_set(Some(tags.iter().map(tag).collect()));
        let set = set.build().expect("the tags are given");
        let answer = on_bucket!(self.bucket, put_bucket_tagging).tagging(set).send().await;
        answer.named("PutBucketTagging", self.bucket.object("")).map(drop)
    }

    /// Puts an object, encrypted with S3's own keys: the caller needs no permission for the bucket's key.
    pub async fn put(&self, key: &str, body: &str) -> Result<(), AwsError> {
        let call =
            on_bucket!(self.bucket, put_object).key(key).body(body.as_bytes().to_vec().into());
        let call = call.server_side_encryption(ServerSideEncryption::Aes256);
        call.send().await.named("PutObject", self.bucket.object(key)).map(drop)
    }

    /// Deletes an object without naming a version.
    pub async fn delete_object(&self, key: &str) -> Result<(), AwsError> {
        let answer = on_bucket!(self.bucket, delete_object).key(key).send().await;
        answer.named("DeleteObject", self.bucket.object(key)).map(drop)
    }

    /// Deletes the bucket with all versions of all objects, if it exists.
    pub async fn remove(&self) -> Result<(), AwsError> {
        let mut emptying = Emptying::of(self.bucket.clone());
        // There are no multipart uploads, so the caller needs no permission to list them.
        emptying.aborts_uploads = false;
        let (tally, outcome) = emptying.remove(|_| {}).await?;
        let (call, why) = match outcome {
            Outcome::Gone => return Ok(()),
            Outcome::Holds => {
                let why = tally.first_failure.unwrap_or_else(|| tally.locks.to_string());
                ("DeleteObjects", format!("an object could not be deleted: {why}"))
            }
            Outcome::Refilled => {
                ("DeleteBucket", "new objects keep being written to it".to_owned())
            }
        };
        Err(AwsError::other(call, self.bucket.object(""), why))
    }
}

/// Reads a whole object: the package of a stack, in the code bucket.
pub async fn package(
    connection: &Connection,
    owner: &AccountId,
    (bucket, key): (&BucketName, &str),
) -> Result<Vec<u8>, AwsError> {
    let bucket = Bucket::new(connection, bucket.clone(), owner.clone());
    let missing = || AwsError::other("GetObject", bucket.object(key), "it does not exist");
    bucket.get(key).await?.ok_or_else(missing)
}

/// The account's buckets of the Region that are named like a canary, with their tags.
pub async fn canaries(
    connection: &Connection,
    owner: &AccountId,
) -> Result<Vec<(BucketName, Reading<Tags>)>, AwsError> {
    let end = format!("-{owner}-{}-an", connection.region());
    let is_canary = |name: &str| name.starts_with(PREFIX) && name.ends_with(&end);
    let buckets = Buckets::new(connection, owner.clone(), None);
    buckets.tagged(|name| is_canary(name.as_str())).await
}

#[cfg(test)]
mod tests;
