//! Buckets: reads and writes their settings, lists them.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use futures_util::future::join_all;
use s3guard_posture::{Account, AccountId, Action, BucketName, Observed, Question, Region};

use crate::{AwsError, Connection};

mod answers;
mod encryption;

/// The buckets of one account, seen from one Region.
#[derive(Clone, Debug)]
pub struct Buckets {
    connection: Connection,
    client: Client,
    owner: AccountId,
}

/// One page of a list of buckets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The buckets of the Region.
    pub buckets: Vec<BucketName>,
    /// Names that no bucket should have, as S3 gave them.
    pub strange: Vec<String>,
    /// Where the next page starts, if there is one.
    pub continuation: Option<String>,
}

impl Buckets {
    /// The buckets of `owner`. Every call says whose bucket it expects, so that no other account's is touched.
    pub fn new(connection: &Connection, owner: AccountId) -> Self {
        Self { client: Client::new(&connection.config), connection: connection.clone(), owner }
    }

    /// Lists the buckets of the connection's Region, a thousand at a time.
    pub async fn list(&self, continuation: Option<String>) -> Result<Page, AwsError> {
        let region = self.connection.region();
        let call = self
            .client
            .list_buckets()
            .max_buckets(1000)
            .bucket_region(region.as_str())
            .set_continuation_token(continuation);
        let answer = match call.send().await {
            Ok(answer) => answer,
            Err(error) => {
                return Err(AwsError::new(
                    "ListBuckets",
                    format!("account `{}`", self.owner),
                    &error,
                ));
            }
        };
        // An endpoint that does not know the parameter lists every Region's.
        let is_here = |bucket: &&aws_sdk_s3::types::Bucket| {
            bucket.bucket_region().is_none_or(|there| there == region.as_str())
        };
        let mut page = Page {
            buckets: Vec::new(),
            strange: Vec::new(),
            continuation: answer.continuation_token().map(str::to_owned),
        };
        for name in answer.buckets().iter().filter(is_here).filter_map(|bucket| bucket.name()) {
            match name.parse() {
                Ok(name) => page.buckets.push(name),
                Err(_) => page.strange.push(name.to_owned()),
            }
        }
        Ok(page)
    }

    /// The client for a bucket of this Region: S3 answers only there.
    fn client(&self, region: &Region) -> Client {
        if region == self.connection.region() {
            self.client.clone()
        } else {
            Client::new(&self.connection.in_region(region).config)
        }
    }
}

impl Account for Buckets {
    type Error = AwsError;

    async fn observe(
        &self,
        bucket: &BucketName,
        ask: &[Question],
        mut observed: Observed,
    ) -> Result<Option<Observed>, AwsError> {
        let client = self.client(&observed.region);
        let asked =
            ask.iter().map(|question| answers::ask(&client, &self.owner, bucket, *question));
        for answer in join_all(asked).await {
            match answer? {
                Some(answer) => answer.put_into(&mut observed),
                None => return Ok(None),
            }
        }
        Ok(Some(observed))
    }

    async fn apply(
        &self,
        bucket: &BucketName,
        region: &Region,
        action: &Action,
    ) -> Result<bool, AwsError> {
        let client = self.client(region);
        let (name, owner) = (bucket.as_str(), self.owner.as_str());
        match action {
            Action::SetEncryption(encryption) => {
                let call = client
                    .put_bucket_encryption()
                    .bucket(name)
                    .expected_bucket_owner(owner)
                    .server_side_encryption_configuration(encryption::to_sdk(encryption));
                is_there("PutBucketEncryption", bucket, call.send().await)
            }
            Action::SetPublicAccessBlock(block) => {
                let call = client
                    .put_public_access_block()
                    .bucket(name)
                    .expected_bucket_owner(owner)
                    .public_access_block_configuration(
                        aws_sdk_s3::types::PublicAccessBlockConfiguration::builder()
                            .block_public_acls(block.block_public_acls)
                            .ignore_public_acls(block.ignore_public_acls)
                            .block_public_policy(block.block_public_policy)
                            .restrict_public_buckets(block.restrict_public_buckets)
                            .build(),
                    );
                is_there("PutPublicAccessBlock", bucket, call.send().await)
            }
        }
    }
}

/// Turns the answer to a write into whether the bucket is there.
fn is_there<T, E, R>(
    call: &'static str,
    bucket: &BucketName,
    answer: Result<T, SdkError<E, R>>,
) -> Result<bool, AwsError>
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug + 'static,
{
    match answer {
        Ok(_) => Ok(true),
        Err(error) if error.code() == Some("NoSuchBucket") => Ok(false),
        Err(error) => Err(AwsError::new(call, format!("bucket `{bucket}`"), &error)),
    }
}

#[cfg(test)]
mod tests;
