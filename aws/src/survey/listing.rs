//! Lists the buckets of all Regions, a thousand at a time: S3 refuses to list the buckets of a large account at once.
//!
//! Source: Amazon S3 API Reference, `ListBuckets`.

use s3guard_posture::{BucketName, Region};

use super::Survey;
use crate::AwsError;
use crate::error::Answer as _;

/// A page of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedPage {
    /// The buckets.
    pub buckets: Vec<ListedBucket>,
    /// Names that are not valid, as S3 returned them.
    pub strange: Vec<String>,
    /// Where the next page starts, if there is one.
    pub continuation: Option<String>,
}

/// A bucket in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedBucket {
    /// Its name.
    pub name: BucketName,
    /// Its Region; that of the connection, if S3 does not name it.
    pub region: Region,
}

impl Survey {
    /// Lists a page of buckets of all Regions.
    pub async fn list(&self, continuation: Option<String>) -> Result<ListedPage, AwsError> {
        let region = self.of_region(self.connection.region());
        let list = async || {
            let call = region.client.list_buckets().max_buckets(1000);
            let call = call.set_continuation_token(continuation.clone());
            call.send().await.named("ListBuckets", format!("account `{}`", self.owner))
        };
        let answer = self.asked(&region.limiter, list).await?;
        let mut page = ListedPage {
            continuation: answer.continuation_token().map(str::to_owned),
            ..ListedPage::default()
        };
        for bucket in answer.buckets() {
            let Some(name) = bucket.name() else { continue };
            let region = bucket.bucket_region().and_then(|region| region.parse().ok());
            match name.parse::<BucketName>() {
                Ok(name) => {
                    let region = region.unwrap_or_else(|| self.connection.region().clone());
                    page.buckets.push(ListedBucket { name, region });
                }
                Err(_) => page.strange.push(name.to_owned()),
            }
        }
        Ok(page)
    }
}
