//! The canary: a bucket that is made to be weakened, seen mended, and removed again.
//!
//! Its name can only be this account's, and every call says whose bucket it expects. Whether a bucket is a canary is told
//! by its name and its tags together: what has only the name is not touched.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketNamespace, CreateBucketConfiguration, Delete, ObjectIdentifier,
    ServerSideEncryption, Tag, Tagging,
};
use s3guard_posture::model::names::InvalidBucketName;
use s3guard_posture::model::setting::Tags;
use s3guard_posture::{AccountId, BucketName, Reading, Region};

use crate::buckets::tags;
use crate::{AwsError, Connection};

mod deployed;
mod inbox;

pub use deployed::{is_logging, package};
pub use inbox::{Inbox, inboxes};

/// What the names of all canaries begin with.
pub const PREFIX: &str = "s3guard-canary-";
/// The tag of a canary: its value is the stack whose guard it tries.
pub const STACK_TAG: &str = "s3guard:canary";
/// The tag that says until when somebody may be at it, as RFC 3339.
pub const UNTIL_TAG: &str = "s3guard:canary-until";

/// How long a new bucket may stay unknown to parts of S3, and how often that is looked at.
const UNKNOWN_ATTEMPTS_MAX: u32 = 20;
const UNKNOWN_DELAY: Duration = Duration::from_millis(1500);
/// How often a bucket is emptied that something comes into meanwhile.
const EMPTYINGS_MAX: u32 = 5;

/// A canary in one account and Region.
#[derive(Clone, Debug)]
pub struct Canary {
    client: Client,
    name: BucketName,
    owner: AccountId,
    region: Region,
}

impl Canary {
    /// The name of a canary: only this account can have it.
    ///
    /// Source: Amazon S3 User Guide, "Account regional namespaces for general purpose buckets".
    ///
    /// # Errors
    ///
    /// If no bucket can be called so.
    pub fn name_of(
        id: &str,
        owner: &AccountId,
        region: &Region,
    ) -> Result<BucketName, InvalidBucketName> {
        format!("{PREFIX}{id}-{owner}-{region}-an").parse()
    }

    /// The canary of this name, which may not exist yet.
    pub fn new(connection: &Connection, name: BucketName, owner: AccountId) -> Self {
        let client = Client::new(&connection.config);
        Self { client, name, owner, region: connection.region().clone() }
    }

    /// Its name.
    pub fn name(&self) -> &BucketName {
        &self.name
    }

    /// Makes the bucket, with these tags. Without tags it would never be taken for a canary: where they cannot be set the
    /// bucket is removed again.
    ///
    /// # Errors
    ///
    /// If it cannot be made, or not be tagged.
    pub async fn create(&self, tags: &Tags) -> Result<(), AwsError> {
        // us-east-1 is the Region of a bucket without a constraint, and refuses its own name.
        let constraint = (self.region.as_str() != "us-east-1").then(|| {
            CreateBucketConfiguration::builder()
                .location_constraint(BucketLocationConstraint::from(self.region.as_str()))
                .build()
        });
        self.client
            .create_bucket()
            .bucket(self.name.as_str())
            .bucket_namespace(BucketNamespace::AccountRegional)
            .set_create_bucket_configuration(constraint)
            .send()
            .await
            .map_err(|error| AwsError::new("CreateBucket", self.object(), &error))?;
        let tagged = self.tag(tags).await;
        if tagged.is_err() {
            // Nothing is in it yet, and nobody else could have made a bucket of this name.
            let _ = self.delete().await;
        }
        tagged
    }

    async fn tag(&self, tags: &Tags) -> Result<(), AwsError> {
        let tag = |(key, value): (&String, &String)| {
            Tag::builder().key(key).value(value).build().expect("key and value are given")
        };
        let set = Tagging::builder().set_tag_set(Some(tags.iter().map(tag).collect()));
        let set = set.build().expect("the tags are given");
        let mut attempt = 0;
        loop {
            let call = self.client.put_bucket_tagging().bucket(self.name.as_str());
            let call = call.expected_bucket_owner(self.owner.as_str()).tagging(set.clone());
            match call.send().await {
                Ok(_) => return Ok(()),
                Err(error)
                    if attempt < UNKNOWN_ATTEMPTS_MAX
                        && matches!(error.code(), Some("NoSuchBucket" | "OperationAborted")) =>
                {
                    attempt += 1;
                    tokio::time::sleep(UNKNOWN_DELAY).await;
                }
                Err(error) => {
                    return Err(AwsError::new("PutBucketTagging", self.object(), &error));
                }
            }
        }
    }

    /// Puts an object, encrypted with S3's own keys: no permission for the bucket's key is needed.
    ///
    /// # Errors
    ///
    /// If S3 does not take it.
    pub async fn put(&self, key: &str, body: &str) -> Result<(), AwsError> {
        let call = self
            .client
            .put_object()
            .bucket(self.name.as_str())
            .expected_bucket_owner(self.owner.as_str())
            .key(key)
            .server_side_encryption(ServerSideEncryption::Aes256)
            .body(body.as_bytes().to_vec().into());
        match call.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(AwsError::new("PutObject", self.object_named(key), &error)),
        }
    }

    /// Deletes an object, as anybody would: without naming a version.
    ///
    /// # Errors
    ///
    /// If S3 refuses.
    pub async fn delete_object(&self, key: &str) -> Result<(), AwsError> {
        let call = self.client.delete_object().bucket(self.name.as_str()).key(key);
        match call.expected_bucket_owner(self.owner.as_str()).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(AwsError::new("DeleteObject", self.object_named(key), &error)),
        }
    }

    /// Removes the bucket with all versions of all objects. `false` if there was none.
    ///
    /// # Errors
    ///
    /// If it cannot be emptied or deleted.
    pub async fn remove(&self) -> Result<bool, AwsError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            if !self.empty().await? {
                return Ok(false);
            }
            match self.delete().await {
                Err(error)
                    if attempt < EMPTYINGS_MAX
                        && matches!(error.code(), Some("BucketNotEmpty" | "OperationAborted")) =>
                {
                    tokio::time::sleep(UNKNOWN_DELAY).await;
                }
                deleted => return deleted,
            }
        }
    }

    /// Deletes every version and every delete marker. `false` if there is no such bucket.
    async fn empty(&self) -> Result<bool, AwsError> {
        loop {
            let call = self.client.list_object_versions().bucket(self.name.as_str());
            let page = match call.expected_bucket_owner(self.owner.as_str()).send().await {
                Ok(page) => page,
                Err(error) if error.code() == Some("NoSuchBucket") => return Ok(false),
                Err(error) => {
                    return Err(AwsError::new("ListObjectVersions", self.object(), &error));
                }
            };
            let versions = page.versions().iter().map(|one| (one.key(), one.version_id()));
            let markers = page.delete_markers().iter().map(|one| (one.key(), one.version_id()));
            let ids: Vec<ObjectIdentifier> = versions
                .chain(markers)
                .filter_map(|(key, version)| {
                    let id = ObjectIdentifier::builder().key(key?);
                    id.set_version_id(version.map(str::to_owned)).build().ok()
                })
                .collect();
            if ids.is_empty() {
                return Ok(true);
            }
            let delete = Delete::builder().set_objects(Some(ids)).quiet(true).build();
            let call = self.client.delete_objects().bucket(self.name.as_str());
            let call = call.expected_bucket_owner(self.owner.as_str());
            let call = call.delete(delete.expect("there are objects"));
            let answer = call.send().await;
            let answer =
                answer.map_err(|error| AwsError::new("DeleteObjects", self.object(), &error))?;
            if let Some(left) = answer.errors().first() {
                let why = format!(
                    "an object is left: {} {}",
                    left.code().unwrap_or("Unknown"),
                    left.message().unwrap_or_default()
                );
                return Err(AwsError::other("DeleteObjects", self.object(), why.trim_end()));
            }
        }
    }

    async fn delete(&self) -> Result<bool, AwsError> {
        let call = self.client.delete_bucket().bucket(self.name.as_str());
        match call.expected_bucket_owner(self.owner.as_str()).send().await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("NoSuchBucket") => Ok(false),
            Err(error) => Err(AwsError::new("DeleteBucket", self.object(), &error)),
        }
    }

    fn object(&self) -> String {
        format!("bucket `{}`", self.name)
    }

    fn object_named(&self, key: &str) -> String {
        format!("object `{key}` in bucket `{}`", self.name)
    }
}

/// The account's buckets of the Region that have a canary's name, with their tags.
///
/// # Errors
///
/// If they cannot be listed, or the tags of one not be read for another reason than that it is not allowed.
pub async fn canaries(
    connection: &Connection,
    owner: &AccountId,
) -> Result<Vec<(BucketName, Reading<Tags>)>, AwsError> {
    let client = Client::new(&connection.config);
    let region = connection.region();
    let end = format!("-{owner}-{region}-an");
    let mut found = Vec::new();
    let mut page = None;
    loop {
        let answer = client
            .list_buckets()
            .max_buckets(1000)
            .prefix(PREFIX)
            .bucket_region(region.as_str())
            .set_continuation_token(page)
            .send()
            .await
            .map_err(|error| AwsError::new("ListBuckets", format!("account `{owner}`"), &error))?;
        // An endpoint that does not know the parameters lists all there are.
        let names = answer.buckets().iter().filter_map(|bucket| bucket.name());
        let names = names.filter(|name| name.starts_with(PREFIX) && name.ends_with(&end));
        for name in names.filter_map(|name| name.parse().ok()) {
            match tags(&client, owner, &name).await {
                Ok(tags) => found.push((name, tags)),
                // Somebody is removing it this moment.
                Err(error) if error.code() == Some("NoSuchBucket") => {}
                Err(error) => return Err(error),
            }
        }
        page = answer.continuation_token().map(str::to_owned);
        if page.is_none() {
            return Ok(found);
        }
    }
}

#[cfg(test)]
mod tests;
