//! A bucket. Every call names the owner that it expects.

use aws_sdk_s3::Client;
use s3guard_posture::{AccountId, BucketId, BucketName};

use crate::error::Answer as _;
use crate::{AwsError, Connection};

/// A bucket, with a client of its Region.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    pub(crate) client: Client,
    pub(crate) id: BucketId,
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
}
