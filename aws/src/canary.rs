//! The canary: a bucket that is made to be weakened, seen mended, and removed again.
//!
//! Its name can only be this account's, and every call says whose bucket it expects. Whether a bucket is a canary is told
//! by its name and its tags together: what has only the name is not touched.

use aws_sdk_s3::types::{ServerSideEncryption, Tag, Tagging};
use s3guard_posture::model::names::InvalidBucketName;
use s3guard_posture::model::setting::Tags;
use s3guard_posture::{AccountId, BucketName, Reading, Region};
use time::OffsetDateTime;

use crate::bucket::Bucket;
use crate::emptying::{Emptying, Outcome};
use crate::error::Answer as _;
use crate::{AwsError, Buckets, Connection, new_bucket, wait};

mod inbox;

pub use self::inbox::{Inbox, inboxes};
pub use crate::trails::is_logging;

/// What the names of all canaries begin with.
pub const PREFIX: &str = "s3guard-canary-";
/// The tag of a canary: its value is the stack whose guard it tries.
pub const STACK_TAG: &str = "s3guard:canary";
/// The tag that says until when somebody may be at it, as RFC 3339.
pub const UNTIL_TAG: &str = "s3guard:canary-until";

/// A canary in one account and Region.
#[derive(Clone, Debug)]
pub struct Canary {
    bucket: Bucket,
}

impl Canary {
    /// The name of a canary: only this account can have it.
    ///
    /// Source: Amazon S3 User Guide, "Account regional namespaces for general purpose buckets".
    pub fn name_of(
        id: &str,
        owner: &AccountId,
        region: &Region,
    ) -> Result<BucketName, InvalidBucketName> {
        format!("{PREFIX}{id}-{owner}-{region}-an").parse()
    }

    /// The canary of this name, which may not exist yet.
    pub fn new(connection: &Connection, name: BucketName, owner: AccountId) -> Self {
        Self { bucket: Bucket::new(connection, name, owner) }
    }

    /// Its name.
    pub fn name(&self) -> &BucketName {
        &self.bucket.id.name
    }

    /// Makes the bucket, with these tags. Without tags it would never be taken for a canary: where they cannot be set the
    /// bucket is removed again.
    pub async fn create(&self, tags: &Tags) -> Result<(), AwsError> {
        new_bucket::create(&self.bucket).await?;
        let tag = async || self.tag(tags).await;
        let tagged = wait::retry(new_bucket::pauses(), new_bucket::is_unknown, tag).await;
        if tagged.is_err() {
            // Nothing is in it yet, and nobody else could have made a bucket of this name.
            // One attempt: what is left is removed as the rest of what was made.
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

    /// Puts an object, encrypted with S3's own keys: no permission for the bucket's key is needed.
    pub async fn put(&self, key: &str, body: &str) -> Result<(), AwsError> {
        let call =
            on_bucket!(self.bucket, put_object).key(key).body(body.as_bytes().to_vec().into());
        let call = call.server_side_encryption(ServerSideEncryption::Aes256);
        call.send().await.named("PutObject", self.bucket.object(key)).map(drop)
    }

    /// Deletes an object, as anybody would: without naming a version.
    pub async fn delete_object(&self, key: &str) -> Result<(), AwsError> {
        let answer = on_bucket!(self.bucket, delete_object).key(key).send().await;
        answer.named("DeleteObject", self.bucket.object(key)).map(drop)
    }

    /// Removes the bucket with all versions of all objects, if there is one.
    pub async fn remove(&self) -> Result<(), AwsError> {
        let mut emptying = Emptying::of(self.bucket.clone());
        // Nobody uploads to it in parts, so the caller needs no permission to look for that.
        emptying.aborts_uploads = false;
        let (tally, outcome) = emptying.remove(|_| {}).await?;
        let (call, why) = match outcome {
            Outcome::Gone => return Ok(()),
            Outcome::Holds => {
                let why = tally.first_failure.unwrap_or_else(|| tally.locks.to_string());
                ("DeleteObjects", format!("an object is left: {why}"))
            }
            Outcome::Refilled => ("DeleteBucket", "it is written to again and again".to_owned()),
        };
        Err(AwsError::other(call, self.bucket.object(""), why))
    }
}

/// Reads an object whole: the package of a stack, in the bucket for code.
pub async fn package(
    connection: &Connection,
    owner: &AccountId,
    (bucket, key): (&BucketName, &str),
) -> Result<Vec<u8>, AwsError> {
    let bucket = Bucket::new(connection, bucket.clone(), owner.clone());
    let missing = || AwsError::other("GetObject", bucket.object(key), "it does not exist");
    bucket.get(key).await?.ok_or_else(missing)
}

/// The account's buckets of the Region that have a canary's name, with their tags.
pub async fn canaries(
    connection: &Connection,
    owner: &AccountId,
) -> Result<Vec<(BucketName, Reading<Tags>)>, AwsError> {
    let end = format!("-{owner}-{}-an", connection.region());
    let is_canary = |name: &str| name.starts_with(PREFIX) && name.ends_with(&end);
    let buckets = Buckets::new(connection, owner.clone(), None, OffsetDateTime::now_utc);
    buckets.tagged(|name| is_canary(name.as_str())).await
}

#[cfg(test)]
mod tests;
